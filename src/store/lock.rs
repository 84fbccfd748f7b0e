//! Keeping other processes out: OS locks with a deadline. A lock file's existence means nothing, and a lock is never stolen.

use std::fs::{File, TryLockError};
use std::io::{Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::clock::{Clock, real_pause, real_pause_blocking};
use crate::connection::ConnectionId;
use crate::paths::{self, PathError};
use crate::store::{StoreError, Vault};

/// The directory of locks in the state directory.
const LOCKS: &str = "locks";

/// How often a taken lock is tried again.
const PACE: Duration = Duration::from_millis(20);

/// The right to use up and replace one connection's secrets, among all processes that share the vault. Given back when
/// dropped, or when the process ends in any way.
///
/// The lock belongs to the secrets, not to the configuration that names them: its file lies where the [`Vault`] says. A
/// vault of this process alone has none.
#[derive(Debug)]
pub struct CredentialLock {
    _file: Option<File>,
}

impl CredentialLock {
    /// Waits until nobody else holds the lock of this connection's secrets in `vault`, for `wait` at most.
    ///
    /// Who needs the secrets in two vaults at once uses [`CredentialLock::acquire_both`]; and who needs the list of
    /// connections too takes that last.
    ///
    /// # Errors
    /// [`StoreError::LockTimeout`] with the owner's process id, [`StoreError::LockUnusable`] where the file system has no
    /// locks, [`StoreError::Files`].
    pub async fn acquire(vault: &dyn Vault, id: &ConnectionId, wait: Duration) -> Result<Self, StoreError> {
        let Some((mut file, path)) = open(vault, id)? else { return Ok(Self { _file: None }) };
        wait_for(&mut file, &path, wait).await?;
        Ok(Self { _file: Some(file) })
    }

    /// The locks of this connection's secrets in both vaults, for as long as they are held; one where it is the same.
    ///
    /// # Errors
    /// As [`CredentialLock::acquire`].
    pub async fn acquire_both(
        keyring: &dyn Vault,
        file: &dyn Vault,
        id: &ConnectionId,
        wait: Duration,
    ) -> Result<Vec<Self>, StoreError> {
        let (first, second) = (open(keyring, id)?, open(file, id)?);
        let is_one = matches!((&first, &second), (Some((_, one)), Some((_, other))) if one == other);
        let mut locks = Vec::new();
        for (mut file, path) in [first, second.filter(|_| !is_one)].into_iter().flatten() {
            wait_for(&mut file, &path, wait).await?;
            locks.push(Self { _file: Some(file) });
        }
        Ok(locks)
    }

    /// The lock if it is free now; `None` when somebody else holds it.
    ///
    /// # Errors
    /// As [`CredentialLock::acquire`], but for the time-out.
    pub fn acquire_if_free(vault: &dyn Vault, id: &ConnectionId) -> Result<Option<Self>, StoreError> {
        let Some((mut file, path)) = open(vault, id)? else { return Ok(Some(Self { _file: None })) };
        if !is_taken(&file, &path)? {
            return Ok(None);
        }
        sign(&mut file);
        Ok(Some(Self { _file: Some(file) }))
    }
}

/// The lock's file in the first of the vault's places that takes writes. Every process asks in the same order, so whoever
/// can write in the first place meets everybody else who can.
fn open(vault: &dyn Vault, id: &ConnectionId) -> Result<Option<(File, PathBuf)>, StoreError> {
    let places = vault.lock_places();
    let last = places.len().saturating_sub(1);
    for (number, place) in places.into_iter().enumerate() {
        let path = place.join(format!("{id}.lock"));
        match paths::open_lock(&path) {
            Ok(file) => return Ok(Some((file, path))),
            // What can't be trusted is never passed over, only what can't be written.
            Err(PathError::ReadOnly { .. } | PathError::Unwritable { .. }) if number < last => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(None)
}

/// Takes the lock on `file`, for `wait` at most.
pub(super) async fn wait_for(file: &mut File, path: &Path, wait: Duration) -> Result<(), StoreError> {
    let deadline = Clock::steady() + wait;
    while !is_taken(file, path)? {
        if Clock::steady() >= deadline {
            return Err(StoreError::LockTimeout { pid: owner(file), seconds: wait.as_secs() });
        }
        real_pause(PACE).await;
    }
    sign(file);
    Ok(())
}

/// The same for one of our files: keeps this thread waiting. The lock is given back when the file is dropped.
pub(super) fn hold(path: &Path, wait: Duration) -> Result<File, StoreError> {
    let mut file = paths::open_lock(path)?;
    let deadline = Clock::steady() + wait;
    while !is_taken(&file, path)? {
        if Clock::steady() >= deadline {
            return Err(StoreError::LockTimeout { pid: owner(&mut file), seconds: wait.as_secs() });
        }
        real_pause_blocking(PACE);
    }
    sign(&mut file);
    if let Some(state) = path.parent().filter(|locks| locks.ends_with(LOCKS)).and_then(Path::parent) {
        paths::sweep_below(state, &file);
    }
    Ok(file)
}

/// Takes the lock if it is free, and says whether it is now ours.
pub(super) fn is_taken(file: &File, path: &Path) -> Result<bool, StoreError> {
    match file.try_lock() {
        Ok(()) => Ok(true),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(source)) => Err(StoreError::LockUnusable { path: path.to_owned(), source }),
    }
}

/// Leaves our process id in the file, for the message of whoever waits in vain. The lock holds without it.
pub(super) fn sign(file: &mut File) {
    let _ = file.set_len(0).and_then(|()| file.rewind()).and_then(|()| write!(file, "{}", std::process::id()));
}

/// Whose lock it is, by its signature. Windows doesn't let anybody read what is locked: then the owner stays unknown.
pub(super) fn owner(file: &mut File) -> Option<u32> {
    let mut text = String::new();
    file.rewind().and_then(|()| file.take(16).read_to_string(&mut text)).ok()?;
    text.parse().ok()
}

#[cfg(test)]
mod tests {
    use crate::connection::StoreKind;
    use crate::store::{MemoryVault, SecretRecord};

    use super::*;

    /// A vault that keeps nothing and locks in these places.
    struct Lockable(Vec<PathBuf>);

    impl Vault for Lockable {
        fn kind(&self) -> StoreKind {
            StoreKind::Keyring
        }

        fn lock_places(&self) -> Vec<PathBuf> {
            self.0.clone()
        }

        fn probe(&self) -> Result<(), StoreError> {
            Ok(())
        }

        fn read(&self, _: &ConnectionId) -> Result<Option<SecretRecord>, StoreError> {
            Ok(None)
        }

        fn write(&self, _: &ConnectionId, _: &SecretRecord) -> Result<(), StoreError> {
            Ok(())
        }

        fn remove(&self, _: &ConnectionId) -> Result<(), StoreError> {
            Ok(())
        }
    }

    fn vault(home: &tempfile::TempDir) -> Lockable {
        Lockable(vec![home.path().join("locks")])
    }

    fn run<T>(future: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
    }

    #[test]
    fn a_held_lock_keeps_others_out_and_names_its_owner() {
        let home = tempfile::tempdir().unwrap();
        let (vault, id) = (vault(&home), ConnectionId::random());
        run(async {
            let held = CredentialLock::acquire(&vault, &id, Duration::ZERO).await.unwrap();
            assert!(CredentialLock::acquire_if_free(&vault, &id).unwrap().is_none());
            match CredentialLock::acquire(&vault, &id, Duration::from_millis(60)).await.unwrap_err() {
                StoreError::LockTimeout { pid, .. } if cfg!(unix) => assert_eq!(pid, Some(std::process::id())),
                StoreError::LockTimeout { .. } => {}
                other => panic!("{other}"),
            }
            let other = CredentialLock::acquire(&vault, &ConnectionId::random(), Duration::ZERO).await;
            assert!(other.is_ok(), "another connection's lock is another lock");
            drop(held);
            assert!(CredentialLock::acquire_if_free(&vault, &id).unwrap().is_some());
        });
    }

    #[test]
    fn a_lock_file_without_a_lock_means_nothing() {
        let home = tempfile::tempdir().unwrap();
        let (vault, id) = (vault(&home), ConnectionId::random());
        paths::write_own(&home.path().join("locks").join(format!("{id}.lock")), b"1").unwrap();
        assert!(run(CredentialLock::acquire(&vault, &id, Duration::ZERO)).is_ok());
    }

    #[test]
    fn who_waits_goes_on_when_the_owner_lets_go() {
        let home = tempfile::tempdir().unwrap();
        let (vault, id) = (vault(&home), ConnectionId::random());
        run(async {
            let held = CredentialLock::acquire(&vault, &id, Duration::ZERO).await.unwrap();
            let (waited, ()) = tokio::join!(CredentialLock::acquire(&vault, &id, Duration::from_secs(30)), async {
                tokio::task::yield_now().await;
                drop(held);
            });
            assert!(waited.is_ok());
        });
    }

    #[test]
    fn the_second_place_is_for_a_first_one_that_takes_no_writes() {
        let home = tempfile::tempdir().unwrap();
        paths::write_own(&home.path().join("file"), b"").unwrap();
        let (first, second) = (home.path().join("first"), home.path().join("second"));
        let id = ConnectionId::random();
        let both = Lockable(vec![first.clone(), second.clone()]);
        assert!(CredentialLock::acquire_if_free(&both, &id).unwrap().is_some());
        assert!(first.exists() && !second.exists());
        // No directory can be made below a file.
        let unwritable = Lockable(vec![home.path().join("file/locks"), second.clone()]);
        assert!(CredentialLock::acquire_if_free(&unwritable, &id).unwrap().is_some());
        assert!(second.join(format!("{id}.lock")).exists());
        let nowhere = Lockable(vec![home.path().join("file/locks")]);
        assert!(matches!(CredentialLock::acquire_if_free(&nowhere, &id), Err(StoreError::Files(_))));
    }

    #[cfg(unix)]
    #[test]
    fn a_place_that_can_t_be_trusted_is_not_passed_over() {
        let home = tempfile::tempdir().unwrap();
        let id = ConnectionId::random();
        let first = home.path().join("first");
        paths::write_own(&first.join("target"), b"").unwrap();
        std::os::unix::fs::symlink(first.join("target"), first.join(format!("{id}.lock"))).unwrap();
        let both = Lockable(vec![first, home.path().join("second")]);
        let refused = CredentialLock::acquire_if_free(&both, &id);
        assert!(matches!(refused, Err(StoreError::Files(PathError::NotOurs { .. }))), "{refused:?}");
    }

    #[test]
    fn a_vault_of_this_process_alone_needs_no_lock() {
        let (vault, id) = (MemoryVault::new(StoreKind::Keyring), ConnectionId::random());
        let held = CredentialLock::acquire_if_free(&vault, &id).unwrap();
        assert!(held.is_some() && CredentialLock::acquire_if_free(&vault, &id).unwrap().is_some());
    }
}
