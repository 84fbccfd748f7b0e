//! The store of one saved connection: its secrets come out only for what they were made for, and go in bound to what the
//! connection is now. A keyring that is not there is told as what it means for this connection. It never looks for the
//! secrets elsewhere.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::connection::{Connection, Difference, Witness};
use crate::problem::Problem;
use crate::store::{CredentialLock, Registry, SecretRecord, Secrets, StoreError, Vault};

/// Finds the token among secrets, and what it says of itself: what a token is, is not known in this room.
pub type Testimony = fn(&Secrets) -> Option<Witness>;

/// Shows a line to people.
type Tell = Box<dyn Fn(&str) + Send + Sync>;

/// A vault that knows whose secrets it is asked for.
pub struct ResidentVault {
    inner: Arc<dyn Vault>,
    connection: Connection,
    registry: Registry,
    testimony: Testimony,
    tell: Option<Tell>,
    told: AtomicBool,
}

impl ResidentVault {
    /// `inner`, asked on behalf of `connection`, which stands in `registry`.
    #[must_use]
    pub fn new(inner: Arc<dyn Vault>, connection: &Connection, registry: Registry, testimony: Testimony) -> Self {
        let connection = connection.clone();
        Self { inner, connection, registry, testimony, tell: None, told: AtomicBool::new(false) }
    }

    /// Calls `tell` once with a line for people, where it could only be taken from the list what secrets were made for.
    #[must_use]
    pub fn telling(mut self, tell: impl Fn(&str) + Send + Sync + 'static) -> Self {
        self.tell = Some(Box::new(tell));
        self
    }

    /// The connection.
    #[must_use]
    pub fn connection(&self) -> &Connection {
        &self.connection
    }

    /// The vault as everybody has it, for its locks.
    #[must_use]
    pub fn vault(&self) -> &dyn Vault {
        self.inner.as_ref()
    }

    /// As [`Vault::probe`].
    ///
    /// # Errors
    /// Why it can keep nothing.
    pub fn probe(&self) -> Result<(), StoreError> {
        self.inner.probe().map_err(|error| self.told(error))
    }

    /// The connection's secrets; `None` when none are kept for it.
    ///
    /// # Errors
    /// [`StoreError::MadeForAnother`] where they were made for something else than the connection is now; why they can't
    /// be read.
    pub fn read(&self) -> Result<Option<Secrets>, StoreError> {
        let Some(record) = self.inner.read(&self.connection.id).map_err(|error| self.told(error))? else {
            return Ok(None);
        };
        if let Some(difference) = self.difference(&record) {
            let Difference { key, made_for, listed } = difference;
            let (connection, path) = (self.connection.name.clone(), self.registry.path().to_owned());
            return Err(StoreError::MadeForAnother { connection, key, made_for, listed, path });
        }
        if record.made_for().is_none() {
            self.bind(&record);
        }
        Ok(Some(record.into_secrets()))
    }

    /// What the connection is now that the record was not made for.
    fn difference(&self, record: &SecretRecord) -> Option<Difference> {
        if let Some(made_for) = record.made_for() {
            return made_for.difference(&self.connection);
        }
        // An older release wrote it: its own token is asked instead.
        let witness = (self.testimony)(record.secrets());
        if witness.is_none()
            && let Some(tell) = &self.tell
            && !self.told.swap(true, Ordering::Relaxed)
        {
            tell(&format!(
                "an older release kept the secrets of `{}`, and no token among them says what they were made for: that is taken \
                 from the list of connections, {}",
                self.connection.name, self.connection.tenant_url
            ));
        }
        witness?.difference(&self.connection)
    }

    /// Keeps a record of an older release in the present form, which says what it was made for. Where that can't be now,
    /// the next renewal does it.
    fn bind(&self, record: &SecretRecord) {
        let Ok(Some(_lock)) = CredentialLock::acquire_if_free(self.vault(), &self.connection.id) else { return };
        let is_unchanged = |now: SecretRecord| now.is_same_as(record);
        if self.inner.read(&self.connection.id).ok().flatten().is_some_and(is_unchanged) {
            let _ = self.write(record.secrets());
        }
    }

    /// Keeps these secrets for the connection instead of those before, bound to what it is now.
    ///
    /// # Errors
    /// Why they could not be kept.
    pub fn write(&self, secrets: &Secrets) -> Result<(), StoreError> {
        let record = self.record(secrets)?;
        self.inner.write(&self.connection.id, &record).map_err(|error| self.told(error))
    }

    /// What [`ResidentVault::write`] keeps.
    ///
    /// # Errors
    /// When the list of connections, which says which configuration this is, can't be read or written.
    pub fn record(&self, secrets: &Secrets) -> Result<SecretRecord, StoreError> {
        Ok(SecretRecord::new(&self.connection, self.registry.ensured_configuration()?, secrets.clone()))
    }

    /// Whether the connection is in the list still; where that can't be told, it is.
    ///
    /// # Errors
    /// As [`Registry::read`].
    pub fn is_listed(&self) -> Result<bool, Problem> {
        Ok(self.registry.read()?.iter().any(|saved| saved.id == self.connection.id))
    }

    fn told(&self, error: StoreError) -> StoreError {
        match error {
            StoreError::StoreAbsent { detail } => StoreError::LivesInKeyring {
                connection: self.connection.name.clone(),
                tenant_url: self.connection.tenant_url.to_string(),
                detail,
            },
            other => other,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use crate::connection::{ConnectionId, StoreKind};
    use crate::paths::Places;
    use crate::problem::Diagnose as _;
    use crate::store::MemoryVault;
    use crate::store::connections::tests::connection;
    use crate::store::secrets::tests::secrets;
    use crate::tenant::TenantUrl;

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

        fn read(&self, _: &ConnectionId) -> Result<Option<SecretRecord>, StoreError> {
            Err((self.0)())
        }

        fn write(&self, _: &ConnectionId, _: &SecretRecord) -> Result<(), StoreError> {
            Err((self.0)())
        }

        fn remove(&self, _: &ConnectionId) -> Result<(), StoreError> {
            Err((self.0)())
        }
    }

    fn registry(home: &tempfile::TempDir) -> Registry {
        Registry::new(&Places { config: home.path().join("config"), state: home.path().join("state") })
    }

    fn read(complaint: fn() -> StoreError) -> StoreError {
        let home = tempfile::tempdir().unwrap();
        let vault =
            ResidentVault::new(Arc::new(Complaining(complaint)), &connection("contoso"), registry(&home), |_| None);
        vault.read().unwrap_err()
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

    #[test]
    fn secrets_come_out_for_what_they_were_made_for_only() {
        let home = tempfile::tempdir().unwrap();
        let kept = Arc::new(MemoryVault::new(StoreKind::File));
        let made = connection("contoso");
        let vault = |connection: &Connection| {
            ResidentVault::new(Arc::clone(&kept) as Arc<dyn Vault>, connection, registry(&home), |_| None)
        };
        vault(&made).write(&secrets(&[("a", "b")])).unwrap();
        assert!(vault(&made).read().unwrap().is_some_and(|read| read.is_same_as(&secrets(&[("a", "b")]))));
        let moved = Connection { tenant_url: TenantUrl::parse("https://evil.crm4.dynamics.com").unwrap().url, ..made };
        let error = vault(&moved).read().unwrap_err();
        assert_eq!(error.phrase().code, "store/made-for-another");
        assert_eq!(error.phrase().exit.code(), 11);
        let told = error.to_string();
        assert!(
            told.contains("https://contoso.crm4.dynamics.com") && told.contains("https://evil.crm4.dynamics.com"),
            "{told}"
        );
    }

    #[test]
    fn secrets_of_an_older_release_are_judged_by_their_token_and_bound_then() {
        let home = tempfile::tempdir().unwrap();
        let kept = Arc::new(MemoryVault::new(StoreKind::File));
        let made = connection("contoso");
        kept.write(&made.id, &SecretRecord::unbound(secrets(&[("a", "b")]))).unwrap();
        let said: Testimony = |_| {
            Some(Witness { audiences: vec!["https://fabrikam.crm4.dynamics.com".to_owned()], ..Witness::default() })
        };
        let judged = ResidentVault::new(Arc::clone(&kept) as Arc<dyn Vault>, &made, registry(&home), said);
        assert_eq!(judged.read().unwrap_err().phrase().code, "store/made-for-another");
        assert!(kept.read(&made.id).unwrap().unwrap().made_for().is_none(), "it was bound all the same");
        let lines = Arc::new(std::sync::Mutex::new(Vec::new()));
        let heard = Arc::clone(&lines);
        let silent = ResidentVault::new(Arc::clone(&kept) as Arc<dyn Vault>, &made, registry(&home), |_| None)
            .telling(move |line| heard.lock().unwrap().push(line.to_owned()));
        assert!(silent.read().unwrap().is_some());
        assert!(kept.read(&made.id).unwrap().unwrap().made_for().is_some(), "it is not bound");
        assert!(silent.read().unwrap().is_some());
        assert_eq!(lines.lock().unwrap().len(), 1, "{lines:?}");
    }
}
