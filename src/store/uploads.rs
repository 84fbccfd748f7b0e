//! What is remembered of files that are on their way up in blocks: how much has arrived, in files without a secret, and the
//! tokens that name the uploads, among the secrets of the connection. Nothing here knows what a block is.
//!
//! A token alone opens nothing, but with any token of the organisation it writes to somebody's upload: so it is kept where
//! the connection's own secrets are, and where a connection keeps none, an upload that broke off begins anew.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::paths::{self, Places};
use crate::secret::Secret;
use crate::store::{CredentialLock, ResidentVault, StoreError};

const VERSION: u32 = 1;
/// Far more than a note may be long.
const LIMIT: u64 = 64 * 1024;
/// No service is known to remember an upload for longer.
const LIFE: SignedDuration = SignedDuration::from_hours(24);
/// How long another process may hold the lock on the connection's secrets.
const LOCK_WAIT: Duration = Duration::from_secs(30);
/// What the names of the tokens among a connection's secrets begin with.
const PREFIX: &str = "upload_";

/// How much of a file has arrived.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UploadNote {
    version: u32,
    /// When it began.
    begun_at: Timestamp,
    /// What the file is called.
    pub name: String,
    /// How many bytes it has.
    pub length: u64,
    /// How many blocks have arrived.
    pub blocks: u64,
    /// SHA-256 of the bytes that have arrived, in base64url.
    pub digest: String,
    /// What stood in the file's place before.
    pub before: Option<String>,
}

/// One upload as it is remembered: of the file to one place over one connection.
pub struct UploadMemory {
    path: PathBuf,
    token_name: String,
    vault: Arc<ResidentVault>,
}

impl UploadNote {
    /// Of an upload that has just begun.
    #[must_use]
    pub fn new(begun_at: Timestamp, name: String, length: u64, before: Option<String>) -> Self {
        Self { version: VERSION, begun_at, name, length, blocks: 0, digest: String::new(), before }
    }
}

impl UploadMemory {
    /// What is remembered of uploads to `place` over the connection whose secrets are in `vault`. Touches nothing.
    #[must_use]
    pub fn new(places: &Places, vault: Arc<ResidentVault>, place: &str) -> Self {
        let id = &vault.connection().id;
        let digest = Sha256::digest(format!("{id}\n{place}"));
        let name = URL_SAFE_NO_PAD.encode(&digest[..12]);
        let path = places.state.join("uploads").join(format!("{name}.json"));
        Self { path, token_name: format!("{PREFIX}{name}"), vault }
    }

    /// What was noted, with its token, unless it is too old or damaged to go on with.
    #[must_use]
    pub fn find(&self, now: Timestamp) -> Option<(UploadNote, Secret)> {
        let bytes = paths::read_own(&self.path, LIMIT).ok().flatten()?;
        let note: UploadNote = serde_json::from_slice(&bytes).ok()?;
        if note.version != VERSION || now.duration_since(note.begun_at) > LIFE {
            return None;
        }
        let token = self.vault.read().ok().flatten()?.find(&self.token_name)?.clone();
        Some((note, token))
    }

    /// Notes how far it is.
    ///
    /// # Errors
    /// [`StoreError::Files`].
    pub fn note(&self, note: &UploadNote) -> Result<(), StoreError> {
        // Numbers and text: there is nothing in a note that JSON could refuse.
        Ok(paths::write_own(&self.path, &serde_json::to_vec(note).unwrap_or_default())?)
    }

    /// Keeps the token that names the upload to the service.
    ///
    /// # Errors
    /// When the vault takes nothing.
    pub async fn keep_token(&self, token: &Secret) -> Result<(), StoreError> {
        self.change(Some(token)).await
    }

    /// Forgets the upload; that there is none is fine.
    ///
    /// # Errors
    /// When the vault takes nothing, or the note can't be removed.
    pub async fn forget(&self) -> Result<(), StoreError> {
        paths::remove_own(&self.path)?;
        self.change(None).await
    }

    async fn change(&self, token: Option<&Secret>) -> Result<(), StoreError> {
        let _lock = CredentialLock::acquire(self.vault.vault(), &self.vault.connection().id, LOCK_WAIT).await?;
        // Whoever disconnected meanwhile has no secrets left to stand beside.
        let Some(mut secrets) = self.vault.read()? else { return Ok(()) };
        match token {
            Some(token) => {
                secrets.insert(self.token_name.clone(), token.clone());
            }
            None if secrets.take(&self.token_name).is_none() => return Ok(()),
            None => {}
        }
        self.vault.write(&secrets)
    }
}

/// Whether a secret of that name belongs to an upload: it stays on this machine.
#[must_use]
pub fn is_of_upload(name: &str) -> bool {
    name.starts_with(PREFIX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connection::StoreKind;
    use crate::store::connections::tests::connection;
    use crate::store::{MemoryVault, Registry, Secrets};

    #[test]
    fn an_upload_is_remembered_for_a_day_and_its_token_is_in_no_file() {
        let home = tempfile::tempdir().unwrap();
        let places = Places { config: home.path().to_owned(), state: home.path().join("state") };
        let inner = Arc::new(MemoryVault::new(StoreKind::File));
        let vault = ResidentVault::new(inner, &connection("one"), Registry::new(&places), |_| None);
        let vault = Arc::new(vault);
        let mut secrets = Secrets::new();
        secrets.insert("refresh_token", Secret::new("r3fresh"));
        vault.write(&secrets).unwrap();
        let memory = UploadMemory::new(&places, Arc::clone(&vault), "nl_project/1/nl_contract");
        let now: Timestamp = "2026-11-23T09:00:00Z".parse().unwrap();
        assert!(memory.find(now).is_none());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(memory.keep_token(&Secret::new("t0ken"))).unwrap();
        let note = UploadNote { blocks: 3, ..UploadNote::new(now, "a.pdf".into(), 9, None) };
        memory.note(&note).unwrap();
        let (found, token) = memory.find(now).unwrap();
        assert_eq!((found, token.expose()), (note, "t0ken"));
        let written = paths::read_own(&memory.path, LIMIT).unwrap().unwrap();
        assert!(!String::from_utf8(written).unwrap().contains("t0ken"));
        assert!(memory.find(now + SignedDuration::from_hours(25)).is_none());
        let elsewhere = UploadMemory::new(&places, Arc::clone(&vault), "nl_project/2/nl_contract");
        assert!(elsewhere.find(now).is_none());
        runtime.block_on(memory.forget()).unwrap();
        assert!(memory.find(now).is_none());
        let left = vault.read().unwrap().unwrap();
        assert_eq!(left.names().collect::<Vec<_>>(), ["refresh_token"]);
    }
}
