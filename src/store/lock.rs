//! Keeping other processes out: OS locks with a deadline. A lock file's existence means nothing, and a lock is never stolen.

use std::fs::{File, TryLockError};
use std::io::{Read as _, Seek as _, Write as _};
use std::path::Path;
use std::time::Duration;

use crate::clock::{Clock, real_pause, real_pause_blocking};
use crate::connection::ConnectionId;
use crate::paths::{self, Places};
use crate::store::StoreError;

/// How often a taken lock is tried again.
const PACE: Duration = Duration::from_millis(20);

/// The right to use up and replace one connection's secrets, among all processes of this user. Given back when dropped, or
/// when the process ends in any way.
#[derive(Debug)]
pub struct CredentialLock {
    _file: File,
}

impl CredentialLock {
    /// Waits until nobody else holds the lock of this connection, for `wait` at most.
    ///
    /// # Errors
    /// [`StoreError::LockTimeout`] with the owner's process id, [`StoreError::LockUnusable`] where the file system has no
    /// locks, [`StoreError::Files`].
    pub async fn acquire(places: &Places, id: &ConnectionId, wait: Duration) -> Result<Self, StoreError> {
        let path = places.state.join("locks").join(format!("{id}.lock"));
        let mut file = paths::open_lock(&path)?;
        let deadline = Clock::steady() + wait;
        while !is_taken(&file, &path)? {
            if Clock::steady() >= deadline {
                return Err(timeout(&mut file, wait));
            }
            real_pause(PACE).await;
        }
        sign(&mut file);
        Ok(Self { _file: file })
    }
}

/// The same for one of our files: keeps this thread waiting. The lock is given back when the file is dropped.
pub(super) fn hold(path: &Path, wait: Duration) -> Result<File, StoreError> {
    let mut file = paths::open_lock(path)?;
    let deadline = Clock::steady() + wait;
    while !is_taken(&file, path)? {
        if Clock::steady() >= deadline {
            return Err(timeout(&mut file, wait));
        }
        real_pause_blocking(PACE);
    }
    sign(&mut file);
    Ok(file)
}

/// Takes the lock if it is free, and says whether it is now ours.
fn is_taken(file: &File, path: &Path) -> Result<bool, StoreError> {
    match file.try_lock() {
        Ok(()) => Ok(true),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(source)) => Err(StoreError::LockUnusable { path: path.to_owned(), source }),
    }
}

/// Leaves our process id in the file, for the message of whoever waits in vain. The lock holds without it.
fn sign(file: &mut File) {
    let _ = file.set_len(0).and_then(|()| file.rewind()).and_then(|()| write!(file, "{}", std::process::id()));
}

fn timeout(file: &mut File, wait: Duration) -> StoreError {
    let mut text = String::new();
    // Windows doesn't let anybody read what is locked: then the owner stays unknown.
    let pid = file.rewind().and_then(|()| file.take(16).read_to_string(&mut text)).ok().and_then(|_| text.parse().ok());
    StoreError::LockTimeout { pid, seconds: wait.as_secs() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(home: &tempfile::TempDir) -> Places {
        Places { config: home.path().join("config"), state: home.path().join("state") }
    }

    fn run<T>(future: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
    }

    #[test]
    fn a_held_lock_keeps_others_out_and_names_its_owner() {
        let home = tempfile::tempdir().unwrap();
        let (places, id) = (places(&home), ConnectionId::random());
        run(async {
            let held = CredentialLock::acquire(&places, &id, Duration::ZERO).await.unwrap();
            match CredentialLock::acquire(&places, &id, Duration::from_millis(60)).await.unwrap_err() {
                StoreError::LockTimeout { pid, .. } if cfg!(unix) => assert_eq!(pid, Some(std::process::id())),
                StoreError::LockTimeout { .. } => {}
                other => panic!("{other}"),
            }
            let other = CredentialLock::acquire(&places, &ConnectionId::random(), Duration::ZERO).await;
            assert!(other.is_ok(), "another connection's lock is another lock");
            drop(held);
            assert!(CredentialLock::acquire(&places, &id, Duration::ZERO).await.is_ok());
        });
    }

    #[test]
    fn a_lock_file_without_a_lock_means_nothing() {
        let home = tempfile::tempdir().unwrap();
        let (places, id) = (places(&home), ConnectionId::random());
        paths::write_own(&places.state.join("locks").join(format!("{id}.lock")), b"1").unwrap();
        assert!(run(CredentialLock::acquire(&places, &id, Duration::ZERO)).is_ok());
    }

    #[test]
    fn who_waits_goes_on_when_the_owner_lets_go() {
        let home = tempfile::tempdir().unwrap();
        let (places, id) = (places(&home), ConnectionId::random());
        run(async {
            let held = CredentialLock::acquire(&places, &id, Duration::ZERO).await.unwrap();
            let (waited, ()) = tokio::join!(CredentialLock::acquire(&places, &id, Duration::from_secs(30)), async {
                tokio::task::yield_now().await;
                drop(held);
            });
            assert!(waited.is_ok());
        });
    }
}
