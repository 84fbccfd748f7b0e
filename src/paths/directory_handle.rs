//! A directory of ours that is held open: judged once, and then what happens to its name doesn't matter.

#[cfg(unix)]
use std::fs;
use std::fs::{File, OpenOptions};
use std::io;
#[cfg(unix)]
use std::io::ErrorKind;
use std::path::Path;

use crate::paths::PathError;
#[cfg(not(unix))]
use crate::paths::without_following;

/// A directory of ours, held open after it was judged: what happens to its name afterwards doesn't matter.
#[cfg(unix)]
pub(super) type Held = File;
/// Windows judges by the file's own access list, which is inherited from the user's profile.
#[cfg(not(unix))]
pub(super) type Held = ();

/// Opens a directory of ours, `None` when there is none. It must be this user's, and nobody else may write in it: what
/// others may do is taken back. One of the system's own, as a mounted one, is fine where others can't exchange our files.
#[cfg(unix)]
pub(super) fn held(directory: &Path) -> Result<Option<Held>, PathError> {
    use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
    let refuse = |reason: String| Err(PathError::NotOurs { path: directory.to_owned(), reason });
    let unreadable = |source| PathError::Unreadable { path: directory.to_owned(), source };
    let flags = (rustix::fs::OFlags::DIRECTORY | rustix::fs::OFlags::NONBLOCK).bits().cast_signed();
    let handle = match OpenOptions::new().read(true).custom_flags(flags).open(directory) {
        Ok(handle) => handle,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unreadable(error)),
    };
    let metadata = handle.metadata().map_err(unreadable)?;
    let (user, mode) = (rustix::process::geteuid().as_raw(), metadata.mode());
    let (others_write, sticky) = (mode & 0o022 != 0, mode & 0o1000 != 0);
    if metadata.uid() == user {
        if others_write && let Err(error) = handle.set_permissions(fs::Permissions::from_mode(mode & 0o7755)) {
            return refuse(format!("others may write in it, and that can't be taken back: {error}"));
        }
    } else if metadata.uid() != 0 {
        return refuse(format!("it belongs to user id {}, not to {user}", metadata.uid()));
    } else if others_write && !sticky {
        return refuse("every user may write in it".to_owned());
    }
    Ok(Some(handle))
}

#[cfg(not(unix))]
pub(super) fn held(directory: &Path) -> Result<Option<Held>, PathError> {
    let _ = directory;
    Ok(Some(()))
}

/// Opens the file of that name in the directory that is held, for reading.
#[cfg(unix)]
pub(super) fn open_in(directory: &Held, path: &Path) -> io::Result<File> {
    use rustix::fs::{Mode, OFlags, openat};
    let name = path.file_name().ok_or(ErrorKind::InvalidInput)?;
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    Ok(File::from(openat(directory, name, flags, Mode::empty())?))
}

#[cfg(not(unix))]
pub(super) fn open_in(_directory: &Held, path: &Path) -> io::Result<File> {
    without_following(OpenOptions::new().read(true)).open(path)
}
