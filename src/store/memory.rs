//! A vault for one run: what is put in is gone with the process. Nothing here touches a disk or a keyring.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use crate::connection::{ConnectionId, StoreKind};
use crate::store::{SecretRecord, StoreError, Vault};

/// A vault that keeps nothing after the run: for connections that come from the environment, and for trying things.
#[derive(Debug)]
pub struct MemoryVault {
    kind: StoreKind,
    kept: Mutex<BTreeMap<ConnectionId, SecretRecord>>,
}

impl MemoryVault {
    /// An empty vault that stands in for one of this `kind`.
    #[must_use]
    pub fn new(kind: StoreKind) -> Self {
        Self { kind, kept: Mutex::default() }
    }
}

impl Vault for MemoryVault {
    fn kind(&self) -> StoreKind {
        self.kind
    }

    fn lock_places(&self) -> Vec<PathBuf> {
        Vec::new()
    }

    fn probe(&self) -> Result<(), StoreError> {
        Ok(())
    }

    fn read(&self, id: &ConnectionId) -> Result<Option<SecretRecord>, StoreError> {
        Ok(self.kept.lock().unwrap_or_else(PoisonError::into_inner).get(id).cloned())
    }

    fn write(&self, id: &ConnectionId, record: &SecretRecord) -> Result<(), StoreError> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).insert(id.clone(), record.clone());
        Ok(())
    }

    fn remove(&self, id: &ConnectionId) -> Result<(), StoreError> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).remove(id);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crate::store::secrets::tests::secrets;

    use super::*;

    #[test]
    fn what_is_kept_is_there_until_it_is_removed() {
        let vault = MemoryVault::new(StoreKind::Keyring);
        let (one, two) = (ConnectionId::random(), ConnectionId::random());
        vault.probe().unwrap();
        vault.write(&one, &SecretRecord::unbound(secrets(&[("a", "1")]))).unwrap();
        vault.write(&one, &SecretRecord::unbound(secrets(&[("a", "2")]))).unwrap();
        assert!(vault.read(&one).unwrap().unwrap().secrets().is_same_as(&secrets(&[("a", "2")])));
        assert!(vault.read(&two).unwrap().is_none());
        vault.remove(&one).unwrap();
        vault.remove(&one).unwrap();
        assert!(vault.read(&one).unwrap().is_none());
    }
}
