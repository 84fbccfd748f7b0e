//! A file that the user pointed at, read piece by piece: however large it is, little of it is in memory. Nothing here knows
//! where the pieces go.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

use crate::paths::PathError;

/// A plain file that is open for reading.
#[derive(Debug)]
pub struct Sought {
    file: File,
    path: PathBuf,
    length: u64,
}

impl Sought {
    /// Opens `path`; links are followed.
    ///
    /// # Errors
    /// [`PathError::GivenMissing`], [`PathError::GivenDirectory`], [`PathError::GivenNotPlain`] for what has no length, as a
    /// pipe, [`PathError::GivenEmpty`], [`PathError::GivenUnreadable`].
    pub fn open(path: &Path) -> Result<Self, PathError> {
        let unreadable = |source: io::Error| match source.kind() {
            ErrorKind::NotFound => PathError::GivenMissing { path: path.to_owned() },
            _ => PathError::GivenUnreadable { path: path.to_owned(), source },
        };
        // Asked before it is opened: whoever opens a pipe waits for its other end.
        let metadata = fs::metadata(path).map_err(unreadable)?;
        if metadata.is_dir() {
            return Err(PathError::GivenDirectory { path: path.to_owned() });
        }
        if !metadata.is_file() {
            return Err(PathError::GivenNotPlain { path: path.to_owned() });
        }
        let file = File::open(path).map_err(unreadable)?;
        let metadata = file.metadata().map_err(unreadable)?;
        if metadata.len() == 0 {
            return Err(PathError::GivenEmpty { path: path.to_owned() });
        }
        Ok(Self { file, path: path.to_owned(), length: metadata.len() })
    }

    /// How many bytes it had when it was opened.
    #[must_use]
    pub fn length(&self) -> u64 {
        self.length
    }

    /// Its name without the directories.
    #[must_use]
    pub fn name(&self) -> String {
        self.path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
    }

    /// The `length` bytes that begin at `offset`.
    ///
    /// # Errors
    /// [`PathError::GivenChanged`] when they are there no more, [`PathError::GivenUnreadable`].
    pub fn read(&mut self, offset: u64, length: usize) -> Result<Vec<u8>, PathError> {
        let mut bytes = vec![0; length];
        let read = self.file.seek(SeekFrom::Start(offset)).and_then(|_| self.file.read_exact(&mut bytes));
        read.map_err(|source| match source.kind() {
            ErrorKind::UnexpectedEof => PathError::GivenChanged { path: self.path.clone() },
            _ => PathError::GivenUnreadable { path: self.path.clone(), source },
        })?;
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::Diagnose as _;

    #[test]
    fn a_file_is_read_from_anywhere_and_one_that_shrank_is_told() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("a.bin");
        fs::write(&path, b"hello world").unwrap();
        let mut file = Sought::open(&path).unwrap();
        assert_eq!((file.length(), file.name().as_str()), (11, "a.bin"));
        assert_eq!(file.read(6, 5).unwrap(), b"world");
        assert_eq!(file.read(0, 5).unwrap(), b"hello");
        fs::write(&path, b"hello").unwrap();
        assert_eq!(file.read(6, 5).unwrap_err().phrase().code, "paths/file-changed");
    }

    #[test]
    fn what_is_no_file_with_something_in_it_is_refused() {
        let home = tempfile::tempdir().unwrap();
        let empty = home.path().join("empty");
        fs::write(&empty, b"").unwrap();
        for (path, code) in [
            (home.path().join("nothing"), "paths/file-missing"),
            (home.path().to_owned(), "paths/file-is-directory"),
            (empty, "paths/file-empty"),
        ] {
            assert_eq!(Sought::open(&path).unwrap_err().phrase().code, code);
        }
        #[cfg(unix)]
        assert_eq!(Sought::open(Path::new("/dev/null")).unwrap_err().phrase().code, "paths/file-no-length");
    }
}
