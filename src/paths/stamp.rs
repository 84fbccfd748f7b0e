//! What the file system says of a file without opening it: enough to know that it is the one that was read, never what is in
//! it.

use std::path::Path;
use std::time::{Duration, SystemTime};

use jiff::Timestamp;

/// Clocks of file systems are coarse: a file may change twice under one time that is younger than this.
const COARSEST: Duration = Duration::from_secs(3);

/// What a file is known by from outside. Two that are equal and settled are of the same content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    length: u64,
    written: SystemTime,
    /// Device, number and the time of the last change of any kind, which nobody can set back.
    #[cfg(unix)]
    place: (u64, u64, i64, i64),
}

impl Stamp {
    /// Of the file at `path`; `None` when there is none, or it says nothing of the kind.
    #[must_use]
    pub fn of(path: &Path) -> Option<Self> {
        let metadata = std::fs::symlink_metadata(path).ok()?;
        Some(Self {
            length: metadata.len(),
            written: metadata.modified().ok()?,
            #[cfg(unix)]
            place: {
                use std::os::unix::fs::MetadataExt as _;
                (metadata.dev(), metadata.ino(), metadata.ctime(), metadata.ctime_nsec())
            },
        })
    }

    /// Whether whatever changes the file from `now` on gives it another stamp.
    #[must_use]
    pub fn is_settled(&self, now: Timestamp) -> bool {
        let is_old = |time: Option<Timestamp>| {
            let age = time.and_then(|time| Duration::try_from(now.duration_since(time)).ok());
            age.is_some_and(|age| age >= COARSEST)
        };
        #[cfg(unix)]
        if !is_old(Timestamp::from_second(self.place.2).ok()) {
            return false;
        }
        is_old(Timestamp::try_from(self.written).ok())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_was_written_just_now_is_not_settled_and_one_in_its_place_has_another_stamp() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("list");
        assert_eq!(Stamp::of(&path), None);
        std::fs::write(&path, "one").unwrap();
        let first = Stamp::of(&path).unwrap();
        let written = Timestamp::try_from(first.written).unwrap();
        assert!(!first.is_settled(written) && !first.is_settled(written + Duration::from_secs(1)));
        assert!(!first.is_settled(written - Duration::from_secs(60)), "a clock that was put back proves nothing");
        assert!(first.is_settled(written + Duration::from_secs(60)));
        std::fs::write(home.path().join("other"), "two").unwrap();
        std::fs::rename(home.path().join("other"), &path).unwrap();
        assert_ne!(Stamp::of(&path), Some(first));
    }
}
