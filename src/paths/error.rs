//! What can go wrong with a file, and what to do about it. Nothing here touches one.

use std::io;
use std::path::{Path, PathBuf};

use crate::problem::{Diagnose, Exit, Phrase, Who};

/// What can go wrong with a file.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the fields are the path and what the operating system said about it")]
pub enum PathError {
    /// The platform's directory can't be told from the environment.
    #[error("there is no place for d365conn's files: `{missing}` is not set to an absolute path")]
    NoHome { missing: &'static str, variable: &'static str },
    /// One of our own variables names a relative directory.
    #[error("`{variable}` is `{path}`, which is not an absolute path", path = path.display())]
    Relative { variable: &'static str, path: PathBuf },
    /// Something stands where a file or directory of ours should, and can't be trusted.
    #[error("`{path}` can't be trusted: {reason}", path = path.display())]
    NotOurs { path: PathBuf, reason: String },
    /// A file of ours can't be read.
    #[error("`{path}` can't be read", path = path.display())]
    Unreadable { path: PathBuf, source: io::Error },
    /// A file of ours can't be written, locked or removed.
    #[error("`{path}` can't be written", path = path.display())]
    Unwritable { path: PathBuf, source: io::Error },
    /// The disk or the user's share of it is full. What was there before is intact.
    #[error("there is no room left to write `{path}`", path = path.display())]
    Full { path: PathBuf, source: io::Error },
    /// The file system takes no writes.
    #[error("`{path}` is on a file system that takes no writes", path = path.display())]
    ReadOnly { path: PathBuf, source: io::Error },
    /// A file of ours is far larger than we ever write it.
    #[error("`{path}` is larger than {limit} bytes", path = path.display())]
    TooLarge { path: PathBuf, limit: u64 },
    /// A file that the user named is not there.
    #[error("there is no file `{path}`", path = path.display())]
    GivenMissing { path: PathBuf },
    /// A file that the user named can't be read.
    #[error("the file `{path}` can't be read", path = path.display())]
    GivenUnreadable { path: PathBuf, source: io::Error },
    /// What the user named is a directory.
    #[error("`{path}` is a directory, not a file", path = path.display())]
    GivenDirectory { path: PathBuf },
    /// What the user named has no length, as a pipe or a device.
    #[error("`{path}` is no plain file", path = path.display())]
    GivenNotPlain { path: PathBuf },
    /// A file that the user named holds nothing.
    #[error("the file `{path}` is empty", path = path.display())]
    GivenEmpty { path: PathBuf },
    /// A file that the user named got shorter while it was read.
    #[error("the file `{path}` changed while it was read", path = path.display())]
    GivenChanged { path: PathBuf },
    /// A file that the user named is too large for what it should hold.
    #[error("the file `{path}` is larger than {limit} bytes", path = path.display())]
    GivenTooLarge { path: PathBuf, limit: u64 },
}

impl Diagnose for PathError {
    fn phrase(&self) -> &'static Phrase {
        match self {
            Self::NoHome { .. } => &NO_HOME,
            Self::Relative { .. } => &RELATIVE,
            Self::NotOurs { .. } => &NOT_OURS,
            Self::Unreadable { .. } => &UNREADABLE,
            Self::Unwritable { .. } => &UNWRITABLE,
            Self::Full { .. } => &FULL,
            Self::ReadOnly { .. } => &READ_ONLY,
            Self::TooLarge { .. } => &TOO_LARGE,
            Self::GivenMissing { .. } => &GIVEN_MISSING,
            Self::GivenUnreadable { .. } => &GIVEN_UNREADABLE,
            Self::GivenDirectory { .. } => &GIVEN_DIRECTORY,
            Self::GivenNotPlain { .. } => &GIVEN_NOT_PLAIN,
            Self::GivenEmpty { .. } => &GIVEN_EMPTY,
            Self::GivenChanged { .. } => &GIVEN_CHANGED,
            Self::GivenTooLarge { .. } => &GIVEN_TOO_LARGE,
        }
    }

    fn facts(&self) -> Vec<(&'static str, String)> {
        let at = |path: &Path| {
            let directory = path.parent().unwrap_or(path);
            vec![("path", path.display().to_string()), ("directory", directory.display().to_string())]
        };
        match self {
            Self::NoHome { missing, variable } => {
                vec![("missing", (*missing).to_owned()), ("variable", (*variable).to_owned())]
            }
            Self::Relative { variable, path } => {
                vec![("variable", (*variable).to_owned()), ("path", path.display().to_string())]
            }
            Self::NotOurs { path, .. }
            | Self::Unreadable { path, .. }
            | Self::Unwritable { path, .. }
            | Self::Full { path, .. }
            | Self::ReadOnly { path, .. }
            | Self::TooLarge { path, .. }
            | Self::GivenMissing { path }
            | Self::GivenUnreadable { path, .. }
            | Self::GivenDirectory { path }
            | Self::GivenNotPlain { path }
            | Self::GivenEmpty { path }
            | Self::GivenChanged { path }
            | Self::GivenTooLarge { path, .. } => at(path),
        }
    }
}

/// The phrases of this door.
pub const PHRASES: &[&Phrase] = &[
    &NO_HOME,
    &RELATIVE,
    &NOT_OURS,
    &UNREADABLE,
    &UNWRITABLE,
    &FULL,
    &READ_ONLY,
    &TOO_LARGE,
    &GIVEN_MISSING,
    &GIVEN_UNREADABLE,
    &GIVEN_DIRECTORY,
    &GIVEN_NOT_PLAIN,
    &GIVEN_EMPTY,
    &GIVEN_CHANGED,
    &GIVEN_TOO_LARGE,
];

static NO_HOME: Phrase = Phrase {
    code: "paths/no-home",
    exit: Exit::Store,
    who: Who::You,
    meaning: "connections and their state are kept in the user's own directories, and the environment doesn't say where those are",
    remedy: &[
        "set `D365CONN_CONFIG_DIR` and `D365CONN_STATE_DIR` to directories of this user, as absolute paths",
        "set `{missing}`, as a sign-in shell does",
        "where nothing should be kept, set `D365CONN_TENANT_URL` and a credential and leave out `--connection`",
    ],
};

static RELATIVE: Phrase = Phrase {
    code: "paths/relative-directory",
    exit: Exit::Usage,
    who: Who::You,
    meaning: "where secrets are kept must not depend on the directory a command is typed in",
    remedy: &["set `{variable}` to an absolute path, such as `$HOME/.config/d365conn`, or unset it"],
};

static NOT_OURS: Phrase = Phrase {
    code: "paths/not-ours",
    exit: Exit::Store,
    who: Who::You,
    meaning: "d365conn keeps its files as plain files of one user under one name; through anything else, somebody else could read or change them",
    remedy: &[
        "look at it with `ls -ld '{path}'`, move it away, and run the command again",
        "set `D365CONN_CONFIG_DIR` and `D365CONN_STATE_DIR` to directories that don't exist yet: d365conn creates them",
    ],
};

static UNREADABLE: Phrase = Phrase {
    code: "paths/unreadable",
    exit: Exit::Store,
    who: Who::You,
    meaning: "it is one of d365conn's own files, and nothing was changed",
    remedy: &["give this user the right to read it: `chmod u+rwX '{directory}' '{path}'`"],
};

static UNWRITABLE: Phrase = Phrase {
    code: "paths/unwritable",
    exit: Exit::Store,
    who: Who::You,
    meaning: "it is one of d365conn's own files; what it held before is still there",
    remedy: &[
        "give this user the right to write in its directory: `chmod u+rwx '{directory}'`",
        "set `D365CONN_CONFIG_DIR` and `D365CONN_STATE_DIR` to directories that this user can write in",
    ],
};

static FULL: Phrase = Phrase {
    code: "paths/disk-full",
    exit: Exit::Store,
    who: Who::You,
    meaning: "the disk, or this user's share of it, is full; what the file held before is still there",
    remedy: &["make room (`df -h '{directory}'` shows the disk), then run the command again"],
};

static READ_ONLY: Phrase = Phrase {
    code: "paths/read-only",
    exit: Exit::Store,
    who: Who::You,
    meaning: "nothing can be saved there; what the file held before is still there",
    remedy: &[
        "set `D365CONN_CONFIG_DIR` and `D365CONN_STATE_DIR` to directories on a writable disk",
        "where nothing should be kept, set `D365CONN_TENANT_URL` and a credential and leave out `--connection`",
    ],
};

static TOO_LARGE: Phrase = Phrase {
    code: "paths/too-large",
    exit: Exit::Store,
    who: Who::You,
    meaning: "d365conn never writes this file so large: something else did",
    remedy: &["move it away (`mv '{path}' '{path}.bad'`), or put a backup of it back, and run the command again"],
};

static GIVEN_MISSING: Phrase = Phrase {
    code: "paths/file-missing",
    exit: Exit::Usage,
    who: Who::You,
    meaning: "a path that doesn't begin at the root is followed from the directory in which the command runs",
    remedy: &["check the path with `ls -l '{path}'`, and name the file that is there"],
};

static GIVEN_UNREADABLE: Phrase = Phrase {
    code: "paths/file-unreadable",
    exit: Exit::Usage,
    who: Who::You,
    meaning: "the file is there, but this user can't read it",
    remedy: &["check the rights with `ls -l '{path}'`, and give this user the right to read it"],
};

static GIVEN_DIRECTORY: Phrase = Phrase {
    code: "paths/file-is-directory",
    exit: Exit::Usage,
    who: Who::You,
    meaning: "one file is needed here",
    remedy: &["name a file inside it: `ls '{path}'` shows them"],
};

static GIVEN_NOT_PLAIN: Phrase = Phrase {
    code: "paths/file-no-length",
    exit: Exit::Usage,
    who: Who::You,
    meaning: "it is a pipe or a device, and how long it is has to be known before the first byte is sent",
    remedy: &["write it to a file first (`cat '{path}' > FILE`), and name that file"],
};

static GIVEN_EMPTY: Phrase = Phrase {
    code: "paths/file-empty",
    exit: Exit::Usage,
    who: Who::You,
    meaning: "there is nothing in it to be sent",
    remedy: &["check the path with `ls -l '{path}'`, and name the file that you mean"],
};

static GIVEN_CHANGED: Phrase = Phrase {
    code: "paths/file-changed",
    exit: Exit::Conflict,
    who: Who::You,
    meaning: "somebody wrote to it while it was being sent; half of the old and half of the new is what nobody wants",
    remedy: &["wait until nobody writes to `{path}`, and run the command again"],
};

static GIVEN_TOO_LARGE: Phrase = Phrase {
    code: "paths/file-too-large",
    exit: Exit::Usage,
    who: Who::You,
    meaning: "no file of the kind that is needed here is so large, so it is probably another one",
    remedy: &["check the path with `ls -l '{path}'`, and name the right file"],
};
