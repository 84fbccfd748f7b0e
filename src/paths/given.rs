//! Writing a file where the user said: whole or not at all, for its owner alone, and never over another one unasked.
//! Nothing here knows what is inside.

use std::fs;
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use crate::paths::{TEMPORARY, owner_only, sync};
use crate::problem::{Diagnose, Exit, Phrase, Who};

/// Writes `bytes` to `path` as a file of its owner (0600). What stands there is replaced only where `replaces` says so, and
/// only if it is a file; a symbolic link then stays, and what it points at is replaced.
///
/// # Errors
/// [`GivenError`]. What stood there is then as it was.
pub fn write_given(path: &Path, bytes: &[u8], replaces: bool) -> Result<(), GivenError> {
    let failed = |source| GivenError::Unwritable { path: path.to_owned(), source };
    let exists = || GivenError::Exists { path: path.to_owned() };
    let target = match fs::metadata(path) {
        Ok(metadata) if !metadata.is_file() => return Err(GivenError::NotAFile { path: path.to_owned() }),
        Ok(_) if !replaces => return Err(exists()),
        Ok(_) => fs::canonicalize(path).map_err(failed)?,
        Err(_) => path.to_owned(),
    };
    // A bare name has an empty parent, which is the working directory.
    let directory = target.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut temporary =
        tempfile::Builder::new().prefix(TEMPORARY.0).suffix(TEMPORARY.1).tempfile_in(directory).map_err(failed)?;
    owner_only(temporary.as_file()).map_err(failed)?;
    temporary.write_all(bytes).map_err(failed)?;
    temporary.as_file().sync_all().map_err(failed)?;
    let kept = if replaces { temporary.persist(&target) } else { temporary.persist_noclobber(&target) };
    kept.map_err(|error| match error.error.kind() {
        ErrorKind::AlreadyExists => exists(),
        _ => failed(error.error),
    })?;
    sync(directory);
    Ok(())
}

/// `path` as it leads there from every directory; links are not followed.
#[must_use]
pub fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

/// Why a file could not be written where the user said.
#[derive(Debug, thiserror::Error)]
pub enum GivenError {
    /// There is one.
    #[error("there is already a file `{path}`", path = path.display())]
    Exists {
        /// Where.
        path: PathBuf,
    },
    /// There is something that is no file.
    #[error("`{path}` is no plain file", path = path.display())]
    NotAFile {
        /// Where.
        path: PathBuf,
    },
    /// Somebody else is writing it.
    #[error("the file `{path}` is arriving already", path = path.display())]
    Arriving {
        /// Where.
        path: PathBuf,
    },
    /// The operating system refuses.
    #[error("the file `{path}` can't be written", path = path.display())]
    Unwritable {
        /// Where.
        path: PathBuf,
        /// What it said.
        source: io::Error,
    },
}

impl Diagnose for GivenError {
    fn phrase(&self) -> &'static Phrase {
        match self {
            Self::Exists { .. } => &FILE_EXISTS,
            Self::NotAFile { .. } => &FILE_NOT_PLAIN,
            Self::Arriving { .. } => &FILE_ARRIVING,
            Self::Unwritable { .. } => &FILE_UNWRITABLE,
        }
    }

    fn facts(&self) -> Vec<(&'static str, String)> {
        let (Self::Exists { path } | Self::NotAFile { path } | Self::Arriving { path } | Self::Unwritable { path, .. }) =
            self;
        vec![("path", path.display().to_string())]
    }
}

/// The phrases of this file.
pub const GIVEN_PHRASES: &[&Phrase] = &[&FILE_EXISTS, &FILE_NOT_PLAIN, &FILE_ARRIVING, &FILE_UNWRITABLE];

static FILE_EXISTS: Phrase = Phrase {
    code: "paths/file-exists",
    exit: Exit::Usage,
    who: Who::You,
    meaning: "a file is not written over unasked, and it was left as it is",
    remedy: &["name another file", "add `--force` to replace `{path}`"],
};

static FILE_NOT_PLAIN: Phrase = Phrase {
    code: "paths/file-not-plain",
    exit: Exit::Usage,
    who: Who::You,
    meaning: "a directory, a pipe or a device stands there, and it was left as it is",
    remedy: &[
        "name a file in a directory that exists",
        "leave the file out, and send standard output where it should go",
    ],
};

static FILE_ARRIVING: Phrase = Phrase {
    code: "paths/file-arriving",
    exit: Exit::Conflict,
    who: Who::You,
    meaning: "another run of d365conn is downloading the same file to the same place",
    remedy: &["wait for it to end (`pgrep -a d365conn` shows it), or name another file than `{path}`"],
};

static FILE_UNWRITABLE: Phrase = Phrase {
    code: "paths/file-unwritable",
    exit: Exit::Usage,
    who: Who::You,
    meaning: "nothing was written, and nothing that was there was changed",
    remedy: &["see who may write there with `ls -ld \"$(dirname '{path}')\"`, or name a file in another directory"],
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_never_written_over_unasked() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("contoso.bundle");
        let code = |bytes: &[u8], replaces| write_given(&path, bytes, replaces).map_err(|error| error.phrase().code);
        assert_eq!(code(b"one", false), Ok(()));
        assert_eq!(code(b"two", false), Err("paths/file-exists"));
        assert_eq!(fs::read(&path).unwrap(), b"one");
        assert_eq!(code(b"two", true), Ok(()));
        assert_eq!(fs::read(&path).unwrap(), b"two");
        assert_eq!(home.path().read_dir().unwrap().count(), 1, "something was left behind");
        let elsewhere = write_given(&home.path().join("lost/x"), b"x", false).unwrap_err();
        assert_eq!(elsewhere.phrase().code, "paths/file-unwritable");
        let directory = write_given(home.path(), b"x", true).unwrap_err();
        assert_eq!(directory.phrase().code, "paths/file-not-plain");
    }

    #[cfg(unix)]
    #[test]
    fn it_is_its_owners_alone_and_a_link_stays_a_link() {
        use std::os::unix::fs::{PermissionsExt as _, symlink};

        let home = tempfile::tempdir().unwrap();
        let (real, link) = (home.path().join("real"), home.path().join("link"));
        fs::write(&real, "old").unwrap();
        fs::set_permissions(&real, fs::Permissions::from_mode(0o644)).unwrap();
        symlink(&real, &link).unwrap();
        write_given(&link, b"new", true).unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read(&real).unwrap(), b"new");
        assert_eq!(fs::metadata(&real).unwrap().permissions().mode() & 0o777, 0o600);
        // A link that leads nowhere is something all the same.
        let lost = home.path().join("lost");
        symlink(home.path().join("nowhere"), &lost).unwrap();
        assert_eq!(write_given(&lost, b"x", false).unwrap_err().phrase().code, "paths/file-exists");
    }
}
