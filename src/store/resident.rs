//! The store of one saved connection: the same as everybody's, but a keyring that is not there is told as what it means for
//! this connection. It never looks for the secrets elsewhere.

use std::path::PathBuf;
use std::sync::Arc;

use crate::connection::{Connection, ConnectionId, ConnectionName, StoreKind};
use crate::store::{Secrets, StoreError, Vault};

/// A vault that knows whose secrets it is asked for.
pub struct ResidentVault {
    inner: Arc<dyn Vault>,
    connection: ConnectionName,
    tenant_url: String,
}

impl ResidentVault {
    /// `inner`, asked on behalf of `connection`.
    #[must_use]
    pub fn new(inner: Arc<dyn Vault>, connection: &Connection) -> Self {
        Self { inner, connection: connection.name.clone(), tenant_url: connection.tenant_url.to_string() }
    }

    fn told(&self, error: StoreError) -> StoreError {
        match error {
            StoreError::StoreAbsent { detail } => StoreError::LivesInKeyring {
                connection: self.connection.clone(),
                tenant_url: self.tenant_url.clone(),
                detail,
            },
            other => other,
        }
    }
}

impl Vault for ResidentVault {
    fn kind(&self) -> StoreKind {
        self.inner.kind()
    }

    fn lock_places(&self) -> Vec<PathBuf> {
        self.inner.lock_places()
    }

    fn probe(&self) -> Result<(), StoreError> {
        self.inner.probe().map_err(|error| self.told(error))
    }

    fn read(&self, id: &ConnectionId) -> Result<Option<Secrets>, StoreError> {
        self.inner.read(id).map_err(|error| self.told(error))
    }

    fn write(&self, id: &ConnectionId, secrets: &Secrets) -> Result<(), StoreError> {
        self.inner.write(id, secrets).map_err(|error| self.told(error))
    }

    fn remove(&self, id: &ConnectionId) -> Result<(), StoreError> {
        self.inner.remove(id).map_err(|error| self.told(error))
    }
}

#[cfg(test)]
mod tests {
    use crate::problem::Diagnose as _;
    use crate::store::connections::tests::connection;

    use super::*;

    /// A keyring that complains, whatever it is asked.
    struct Complaining(fn() -> StoreError);

    impl Vault for Complaining {
        fn kind(&self) -> StoreKind {
            StoreKind::Keyring
        }

        fn lock_places(&self) -> Vec<PathBuf> {
            Vec::new()
        }

        fn probe(&self) -> Result<(), StoreError> {
            Err((self.0)())
        }

        fn read(&self, _: &ConnectionId) -> Result<Option<Secrets>, StoreError> {
            Err((self.0)())
        }

        fn write(&self, _: &ConnectionId, _: &Secrets) -> Result<(), StoreError> {
            Err((self.0)())
        }

        fn remove(&self, _: &ConnectionId) -> Result<(), StoreError> {
            Err((self.0)())
        }
    }

    fn read(complaint: fn() -> StoreError) -> StoreError {
        let connection = connection("contoso");
        let vault = ResidentVault::new(Arc::new(Complaining(complaint)), &connection);
        vault.read(&connection.id).unwrap_err()
    }

    #[test]
    fn a_connection_that_meets_no_keyring_says_where_it_lives_and_how_it_moves() {
        let error = read(|| StoreError::StoreAbsent { detail: "no bus".to_owned() });
        assert_eq!(error.phrase().code, "store/lives-in-keyring");
        assert!(error.to_string().contains("`contoso`") && error.to_string().contains("no bus"), "{error}");
        let remedy = error.phrase().remedy_with(&error.facts()).join("\n");
        assert!(remedy.contains("d365conn connections set contoso --store file"), "{remedy}");
        assert!(remedy.contains("--tenant-url https://contoso.crm4.dynamics.com"), "{remedy}");
    }

    #[test]
    fn a_keyring_that_is_there_keeps_its_own_words() {
        let error = read(|| StoreError::StoreLocked { detail: "locked".to_owned() });
        assert_eq!(error.phrase().code, "store/keyring-locked");
    }
}
