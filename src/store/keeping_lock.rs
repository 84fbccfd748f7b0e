//! The lock between keeping secrets and writing the list that names them. Those who keep share it; who looks for secrets
//! that no connection owns has it alone.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::clock::{Clock, real_pause_blocking};
use crate::paths::{self, Places};
use crate::store::{StoreError, lock};

/// How long the others are waited for: a keyring may be waiting for a person.
const PATIENCE: Duration = Duration::from_secs(30);
const PACE: Duration = Duration::from_millis(20);

/// Given back when dropped, or when the process ends in any way.
#[derive(Debug)]
pub struct KeepingLock {
    _file: File,
}

impl KeepingLock {
    /// For secrets that are about to be kept, until the list names them. Many processes may have it at once.
    ///
    /// # Errors
    /// [`StoreError::LockTimeout`], [`StoreError::LockUnusable`], [`StoreError::Files`].
    pub fn shared(places: &Places) -> Result<Self, StoreError> {
        Self::wait(places, File::try_lock_shared)
    }

    /// For looking at what is kept and at the list together: nobody is between the two.
    ///
    /// # Errors
    /// As [`KeepingLock::shared`].
    pub fn exclusive(places: &Places) -> Result<Self, StoreError> {
        Self::wait(places, File::try_lock)
    }

    /// The same if nobody has it now.
    ///
    /// # Errors
    /// As [`KeepingLock::shared`], but for the time-out.
    pub fn exclusive_if_free(places: &Places) -> Result<Option<Self>, StoreError> {
        let path = path_in(places);
        let file = paths::open_lock(&path)?;
        Ok(lock::is_taken(&file, &path)?.then_some(Self { _file: file }))
    }

    fn wait(places: &Places, take: fn(&File) -> Result<(), TryLockError>) -> Result<Self, StoreError> {
        let path = path_in(places);
        let file = paths::open_lock(&path)?;
        let deadline = Clock::steady() + PATIENCE;
        while !is_taken(&file, &path, take)? {
            if Clock::steady() >= deadline {
                return Err(StoreError::LockTimeout { pid: None, seconds: PATIENCE.as_secs() });
            }
            real_pause_blocking(PACE);
        }
        Ok(Self { _file: file })
    }
}

fn is_taken(file: &File, path: &Path, take: fn(&File) -> Result<(), TryLockError>) -> Result<bool, StoreError> {
    match take(file) {
        Ok(()) => Ok(true),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(source)) => Err(StoreError::LockUnusable { path: path.to_owned(), source }),
    }
}

fn path_in(places: &Places) -> PathBuf {
    places.state.join("locks").join("keeping.lock")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_may_keep_at_once_and_nobody_while_another_looks() {
        let home = tempfile::tempdir().unwrap();
        let places = Places { config: home.path().join("config"), state: home.path().join("state") };
        let (one, two) = (KeepingLock::shared(&places).unwrap(), KeepingLock::shared(&places).unwrap());
        assert!(KeepingLock::exclusive_if_free(&places).unwrap().is_none());
        drop(one);
        assert!(KeepingLock::exclusive_if_free(&places).unwrap().is_none());
        drop(two);
        let alone = KeepingLock::exclusive(&places).unwrap();
        assert!(KeepingLock::exclusive_if_free(&places).unwrap().is_none());
        drop(alone);
        assert!(KeepingLock::shared(&places).is_ok());
    }
}
