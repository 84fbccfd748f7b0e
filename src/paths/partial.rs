//! A file that is still arriving: it stands beside its place under another name, takes its own when it is whole, and is
//! gone on with by whoever wants the same again. Nothing here knows what is inside.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};
use tempfile::TempPath;

use crate::paths::{GivenError, judge, owner_only, sync, without_following};

/// What the name of a file that is still arriving ends with.
const ENDING: &str = "d365conn-part";
/// Of the name of the file to come, so much stands in front: file systems take 255 bytes.
const LONGEST: usize = 180;

/// A file that is still arriving.
#[derive(Debug)]
pub struct Partial {
    file: File,
    path: PathBuf,
    target: PathBuf,
    replaces: bool,
    length: u64,
}

impl Partial {
    /// Begins the file at `target`, or goes on with the one of the same `mark` that was broken off. A mark says what is
    /// inside; what was begun there under other marks is removed, because it has changed since.
    ///
    /// What stands at the target is replaced only where `replaces` says so, and only if it is a file; a symbolic link then
    /// stays, and what it points at is replaced.
    ///
    /// # Errors
    /// [`GivenError`]. What stood there is then as it was.
    pub fn open(target: &Path, mark: &str, replaces: bool) -> Result<Self, GivenError> {
        let failed = |source| GivenError::Unwritable { path: target.to_owned(), source };
        let target = free_place(target, replaces)?;
        let name = names(&target);
        let path = directory_of(&target).join(format!("{name}{}.{ENDING}", short(mark)));
        let mut options = OpenOptions::new();
        options.read(true).append(true).create(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = without_following(&mut options).open(&path).map_err(failed)?;
        let metadata = file.metadata().map_err(failed)?;
        if judge(&path, &metadata).is_err() {
            return Err(GivenError::NotAFile { path });
        }
        // A file system without locks has no second process that minds them.
        if matches!(file.try_lock(), Err(TryLockError::WouldBlock)) {
            return Err(GivenError::Arriving { path: target });
        }
        owner_only(&file).map_err(failed)?;
        remove_others(directory_of(&target), &name, &path);
        Ok(Self { file, path, target, replaces, length: metadata.len() })
    }

    /// Asks whether a file may begin at `target`, and touches nothing.
    ///
    /// # Errors
    /// [`GivenError`], as far as it can be told now.
    pub fn check(target: &Path, replaces: bool) -> Result<(), GivenError> {
        let target = free_place(target, replaces)?;
        let directory = directory_of(&target);
        match fs::metadata(directory) {
            Ok(metadata) if metadata.is_dir() => Ok(()),
            Ok(_) => Err(GivenError::NotAFile { path: directory.to_owned() }),
            Err(source) => Err(GivenError::Unwritable { path: target, source }),
        }
    }

    /// How many bytes are there.
    #[must_use]
    pub fn length(&self) -> u64 {
        self.length
    }

    /// Takes back everything behind `length` bytes.
    ///
    /// # Errors
    /// [`GivenError::Unwritable`].
    pub fn cut(&mut self, length: u64) -> Result<(), GivenError> {
        self.file.set_len(length).map_err(|source| self.failed(source))?;
        self.length = length;
        Ok(())
    }

    /// Takes what follows.
    ///
    /// # Errors
    /// [`GivenError::Unwritable`].
    pub fn append(&mut self, bytes: &[u8]) -> Result<(), GivenError> {
        self.file.write_all(bytes).map_err(|source| self.failed(source))?;
        self.length += bytes.len() as u64;
        Ok(())
    }

    /// It is whole: forced to the disk, it takes its name.
    ///
    /// # Errors
    /// [`GivenError::Exists`] when somebody else has put a file there, [`GivenError::Unwritable`].
    pub fn finish(self) -> Result<PathBuf, GivenError> {
        self.file.sync_all().map_err(|source| self.failed(source))?;
        let temporary = TempPath::try_from_path(&self.path).map_err(|source| self.failed(source))?;
        let kept =
            if self.replaces { temporary.persist(&self.target) } else { temporary.persist_noclobber(&self.target) };
        kept.map_err(|error| {
            let told = match error.error.kind() {
                ErrorKind::AlreadyExists => GivenError::Exists { path: self.target.clone() },
                _ => self.failed(error.error),
            };
            // What has arrived is not lost for want of a name.
            let _ = error.path.keep();
            told
        })?;
        sync(directory_of(&self.target));
        Ok(self.target.clone())
    }

    /// It is not wanted any more.
    pub fn discard(mut self) {
        let _ = fs::remove_file(&self.path);
        self.length = 1;
    }

    fn failed(&self, source: io::Error) -> GivenError {
        GivenError::Unwritable { path: self.target.clone(), source }
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        if self.length == 0 {
            // Nothing has arrived: there is nothing to go on with.
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Where a file that is called `target` is going to be, if it may be there.
fn free_place(target: &Path, replaces: bool) -> Result<PathBuf, GivenError> {
    let exists = || GivenError::Exists { path: target.to_owned() };
    match fs::metadata(target) {
        Ok(metadata) if !metadata.is_file() => Err(GivenError::NotAFile { path: target.to_owned() }),
        Ok(_) if !replaces => Err(exists()),
        Ok(_) => fs::canonicalize(target).map_err(|source| GivenError::Unwritable { path: target.to_owned(), source }),
        // A link that leads nowhere is something all the same.
        Err(_) if !replaces && fs::symlink_metadata(target).is_ok() => Err(exists()),
        Err(_) => Ok(target.to_owned()),
    }
}

/// What the names of everything that is arriving at `target` begin with.
fn names(target: &Path) -> String {
    let name = target.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let end = (0..=LONGEST.min(name.len())).rev().find(|end| name.is_char_boundary(*end)).unwrap_or_default();
    format!(".{}.", &name[..end])
}

fn short(mark: &str) -> String {
    URL_SAFE_NO_PAD.encode(&Sha256::digest(mark)[..12])
}

/// A bare name has an empty parent, which is the working directory.
fn directory_of(target: &Path) -> &Path {
    target.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Removes what was begun under other marks, unless somebody is at it.
fn remove_others(directory: &Path, name: &str, own: &Path) {
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        let path = entry.path();
        let is_other = entry.file_name().to_str().is_some_and(|other| {
            let mark = other.strip_prefix(name).and_then(|rest| rest.strip_suffix(&format!(".{ENDING}")));
            mark.is_some_and(|mark| {
                mark.len() == 16 && mark.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
            })
        });
        if !is_other || path.file_name() == own.file_name() {
            continue;
        }
        let is_idle = without_following(OpenOptions::new().read(true)).open(&path).is_ok_and(|file| {
            let is_ours = file.metadata().is_ok_and(|metadata| judge(&path, &metadata).is_ok());
            is_ours && file.try_lock().is_ok()
        });
        if is_idle {
            let _ = fs::remove_file(path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::Diagnose as _;

    fn code<T>(result: Result<T, GivenError>) -> &'static str {
        result.err().map_or("", |error| error.phrase().code)
    }

    #[test]
    fn what_was_broken_off_is_gone_on_with_and_takes_its_name_when_it_is_whole() {
        let home = tempfile::tempdir().unwrap();
        let target = home.path().join("a.pdf");
        let mut partial = Partial::open(&target, "one", false).unwrap();
        partial.append(b"hello ").unwrap();
        assert_eq!(code(Partial::open(&target, "one", false)), "paths/file-arriving");
        drop(partial);
        assert!(!target.exists());
        let mut partial = Partial::open(&target, "one", false).unwrap();
        assert_eq!(partial.length(), 6);
        partial.cut(5).unwrap();
        partial.append(b" world").unwrap();
        assert_eq!(partial.finish().unwrap(), target);
        assert_eq!(fs::read(&target).unwrap(), b"hello world");
        assert_eq!(home.path().read_dir().unwrap().count(), 1, "something was left behind");
    }

    #[test]
    fn another_mark_begins_anew_and_nothing_leaves_nothing() {
        let home = tempfile::tempdir().unwrap();
        let target = home.path().join("a.pdf");
        Partial::open(&target, "one", false).unwrap().append(b"old").unwrap();
        let partial = Partial::open(&target, "two", false).unwrap();
        assert_eq!(partial.length(), 0);
        assert_eq!(home.path().read_dir().unwrap().count(), 1);
        drop(partial);
        assert_eq!(home.path().read_dir().unwrap().count(), 0);
    }

    #[test]
    fn a_file_that_is_there_stays_as_it_is_unless_it_may_go() {
        let home = tempfile::tempdir().unwrap();
        let target = home.path().join("a.pdf");
        fs::write(&target, b"precious").unwrap();
        assert_eq!(code(Partial::open(&target, "one", false)), "paths/file-exists");
        assert_eq!(code(Partial::open(home.path(), "one", true)), "paths/file-not-plain");
        let mut partial = Partial::open(&target, "one", true).unwrap();
        partial.append(b"new").unwrap();
        assert_eq!(fs::read(&target).unwrap(), b"precious");
        partial.finish().unwrap();
        assert_eq!(fs::read(&target).unwrap(), b"new");
        let late = home.path().join("late");
        let mut partial = Partial::open(&late, "one", false).unwrap();
        partial.append(b"new").unwrap();
        fs::write(&late, b"somebody else's").unwrap();
        assert_eq!(code(partial.finish()), "paths/file-exists");
        assert_eq!(fs::read(&late).unwrap(), b"somebody else's");
    }

    #[cfg(unix)]
    #[test]
    fn a_link_in_its_way_is_not_followed() {
        let home = tempfile::tempdir().unwrap();
        let (target, victim) = (home.path().join("a.pdf"), home.path().join("victim"));
        fs::write(&victim, b"precious").unwrap();
        let way = home.path().join(format!("{}{}.{ENDING}", names(&target), short("one")));
        std::os::unix::fs::symlink(&victim, way).unwrap();
        assert_eq!(code(Partial::open(&target, "one", false)), "paths/file-unwritable");
        assert_eq!(fs::read(&victim).unwrap(), b"precious");
    }
}
