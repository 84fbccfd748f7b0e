//! What every place for secrets can do. Nothing here says how.

use std::path::PathBuf;

use crate::connection::{ConnectionId, StoreKind};
use crate::store::{Secrets, StoreError};

/// A place for the secrets of connections.
///
/// The calls block: a keyring may wait for a person, a file for its passphrase. Call them on a thread that may wait. They
/// take no [`CredentialLock`](crate::store::CredentialLock): whoever reads, changes and writes holds it around all three.
pub trait Vault: Send + Sync {
    /// Which kind of store it is: recorded with every connection, never switched silently.
    fn kind(&self) -> StoreKind;

    /// Where the [`CredentialLock`](crate::store::CredentialLock) of what it keeps is taken: directories that are the same
    /// for every process that shares this vault, the best first; none when no other process can.
    fn lock_places(&self) -> Vec<PathBuf>;

    /// Proves that it can keep something: writes, reads and removes a throw-away record. To be called before a browser
    /// opens, so that no sign-in is lost to a store that turns out to be locked.
    ///
    /// # Errors
    /// Why it can't.
    fn probe(&self) -> Result<(), StoreError>;

    /// The secrets of a connection; `None` when none are kept for it.
    ///
    /// # Errors
    /// Why that can't be told; [`StoreError::SecretsDamaged`] when they are there in part.
    fn read(&self, id: &ConnectionId) -> Result<Option<Secrets>, StoreError>;

    /// Keeps these secrets for a connection instead of those before. After a failure either the old or the new ones are
    /// kept, whole.
    ///
    /// # Errors
    /// Why they could not be kept.
    fn write(&self, id: &ConnectionId, secrets: &Secrets) -> Result<(), StoreError>;

    /// Forgets the secrets of a connection, damaged ones too; that there are none is fine.
    ///
    /// # Errors
    /// Why they could not be removed.
    fn remove(&self, id: &ConnectionId) -> Result<(), StoreError>;
}
