//! What every place for secrets can do. Nothing here says how.

use std::collections::BTreeSet;
use std::path::PathBuf;

use crate::connection::{ConnectionId, StoreKind};
use crate::store::{ConfigurationId, SecretRecord, StoreError};

/// What is kept under a name that no connection of this configuration has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unowned {
    /// What it is filed under.
    pub name: String,
    /// Which configuration it says that it belongs to.
    pub configuration: Option<ConfigurationId>,
    /// The organisation that it was made for, if it says so.
    pub address: Option<String>,
}

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

    /// What is kept for a connection; `None` when there is nothing. Its secrets come out of it through a
    /// [`ResidentVault`](crate::store::ResidentVault) only.
    ///
    /// # Errors
    /// Why that can't be told; [`StoreError::SecretsDamaged`] when they are there in part.
    fn read(&self, id: &ConnectionId) -> Result<Option<SecretRecord>, StoreError>;

    /// Keeps this for a connection instead of what was there before. After a failure either the old or the new ones are
    /// kept, whole.
    ///
    /// # Errors
    /// Why they could not be kept.
    fn write(&self, id: &ConnectionId, record: &SecretRecord) -> Result<(), StoreError>;

    /// Forgets the secrets of a connection, damaged ones too; that there are none is fine.
    ///
    /// # Errors
    /// Why they could not be removed.
    fn remove(&self, id: &ConnectionId) -> Result<(), StoreError>;

    /// What is kept here, of whatever configuration, under other names than `owned`: of dead trials and of values that were
    /// never finished too.
    ///
    /// # Errors
    /// Why that can't be told.
    fn unowned(&self, owned: &BTreeSet<String>) -> Result<Vec<Unowned>, StoreError> {
        let _ = owned;
        Ok(Vec::new())
    }

    /// Removes what is kept under the name of an [`Unowned`]; that there is nothing is fine.
    ///
    /// # Errors
    /// Why it could not be removed.
    fn clear(&self, name: &str) -> Result<(), StoreError> {
        let _ = name;
        Ok(())
    }
}
