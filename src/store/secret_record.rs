//! What is kept for one connection: its secrets, what they were made for and which configuration they belong to. Secrets
//! come out only against a connection for which they were made.

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::connection::{Binding, Connection};
use crate::store::{ConfigurationId, Secrets, StoreError};

/// The form in which a keyring keeps it, since secrets say what they were made for.
const VERSION: u32 = 2;

/// What stands before the secrets in that form.
const MIDDLE: &[u8] = b",\"secrets\":";

/// The secrets of one connection as a vault keeps them.
#[derive(Debug, Clone)]
pub struct SecretRecord {
    about: About,
    secrets: Secrets,
}

/// What a record says besides its secrets; nothing in one that an older release wrote.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct About {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) configuration: Option<ConfigurationId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) made_for: Option<Binding>,
}

#[derive(Deserialize)]
struct Versioned {
    version: u32,
    #[serde(flatten)]
    about: About,
}

impl SecretRecord {
    /// Secrets made for `connection`, in this configuration.
    #[must_use]
    pub fn new(connection: &Connection, configuration: ConfigurationId, secrets: Secrets) -> Self {
        let made_for = Some(Binding::of(connection));
        Self { about: About { configuration: Some(configuration), made_for }, secrets }
    }

    /// The same in this configuration: a copy is its own, wherever the record was made.
    #[must_use]
    pub fn owned_by(self, configuration: ConfigurationId) -> Self {
        Self { about: About { configuration: Some(configuration), ..self.about }, ..self }
    }

    /// Secrets of an older release.
    pub(super) fn unbound(secrets: Secrets) -> Self {
        Self { about: About::default(), secrets }
    }

    /// Whether both hold the same secrets, made for the same.
    #[must_use]
    pub fn is_same_as(&self, other: &Self) -> bool {
        self.about == other.about && self.secrets.is_same_as(&other.secrets)
    }

    /// What the secrets were made for, where the record says so.
    pub(super) fn made_for(&self) -> Option<&Binding> {
        self.about.made_for.as_ref()
    }

    /// To look at what they say of themselves.
    pub(super) fn secrets(&self) -> &Secrets {
        &self.secrets
    }

    /// To be used, after it was judged for what.
    pub(super) fn into_secrets(self) -> Secrets {
        self.secrets
    }

    /// The two halves in which an encrypted file keeps it: what it says of itself, and its secrets.
    pub(super) fn halves(&self) -> (Vec<u8>, Zeroizing<Vec<u8>>) {
        // Names and ids: JSON refuses none of them.
        let about = if self.about == About::default() {
            Vec::new()
        } else {
            serde_json::to_vec(&self.about).unwrap_or_default()
        };
        (about, self.secrets.to_bytes())
    }

    /// Reads [`SecretRecord::halves`].
    ///
    /// # Errors
    /// As [`SecretRecord::from_bytes`].
    pub(super) fn of_halves(about: &[u8], secrets: &[u8]) -> Result<Self, StoreError> {
        Ok(Self { about: About::from_half(about)?, secrets: Secrets::from_bytes(secrets)? })
    }

    /// What a keyring keeps, in memory that is wiped: JSON that begins with whose it is, so that the first part of a value
    /// that was never finished tells it too.
    pub(super) fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let secrets = self.secrets.to_bytes();
        let about = serde_json::to_vec(&self.about).unwrap_or_default();
        let Some(map) = Secrets::map_in(&secrets).filter(|_| self.about != About::default()) else { return secrets };
        let mut bytes = Zeroizing::new(Vec::with_capacity(about.len() + secrets.len() + 64));
        bytes.extend_from_slice(format!("{{\"version\":{VERSION},").as_bytes());
        bytes
            .extend_from_slice(about.strip_prefix(b"{").and_then(|about| about.strip_suffix(b"}")).unwrap_or_default());
        bytes.extend_from_slice(MIDDLE);
        bytes.extend_from_slice(map);
        bytes.push(b'}');
        bytes
    }

    /// Reads [`SecretRecord::to_bytes`], and what older releases wrote.
    ///
    /// # Errors
    /// [`StoreError::SecretsNewer`], [`StoreError::SecretsDamaged`]. Neither shows anything of the bytes.
    pub(super) fn from_bytes(bytes: &[u8]) -> Result<Self, StoreError> {
        let damaged = |_| StoreError::SecretsDamaged { reason: "what is kept for it can't be read" };
        let Versioned { version, about } = serde_json::from_slice(bytes).map_err(damaged)?;
        match version {
            VERSION => Ok(Self { about, secrets: Secrets::from_current(bytes)? }),
            _ => Secrets::from_bytes(bytes).map(Self::unbound),
        }
    }
}

impl About {
    /// What a record says of itself, out of its half of an encrypted file.
    pub(super) fn from_half(half: &[u8]) -> Result<Self, StoreError> {
        if half.is_empty() {
            return Ok(Self::default());
        }
        serde_json::from_slice(half)
            .map_err(|_| StoreError::SecretsDamaged { reason: "what it says of itself can't be read" })
    }

    /// The same out of the first part of what a keyring keeps, whether or not the rest was ever written.
    pub(super) fn from_beginning(part: &[u8]) -> Option<Self> {
        let end = part.windows(MIDDLE.len()).position(|window| window == MIDDLE)?;
        let mut head = part[..end].to_vec();
        head.push(b'}');
        let Versioned { version, about } = serde_json::from_slice(&head).ok()?;
        (version == VERSION).then_some(about)
    }
}

#[cfg(test)]
mod tests {
    use crate::store::configuration::ConfigurationSeed;
    use crate::store::connections::tests::connection;
    use crate::store::secrets::tests::secrets;

    use super::*;

    fn record() -> SecretRecord {
        let configuration = ConfigurationSeed::random().id_in(std::path::Path::new("/c"));
        SecretRecord::new(&connection("one"), configuration, secrets(&[("refresh-token", "r\"1"), ("a", "b")]))
    }

    #[test]
    fn what_is_kept_is_read_in_both_forms() {
        let record = record();
        assert!(SecretRecord::from_bytes(&record.to_bytes()).unwrap().is_same_as(&record));
        let (about, text) = record.halves();
        assert!(SecretRecord::of_halves(&about, &text).unwrap().is_same_as(&record));
    }

    #[test]
    fn what_an_older_release_kept_says_nothing_of_itself_and_stays_as_it_is() {
        let old = br#"{"version":1,"secrets":{"refresh-token":"r1"}}"#;
        let read = SecretRecord::from_bytes(old).unwrap();
        assert_eq!(read.made_for(), None);
        assert_eq!(read.to_bytes().as_slice(), old);
        let (about, text) = read.halves();
        assert!(about.is_empty() && text.as_slice() == old);
    }

    #[test]
    fn a_later_form_is_no_damage_and_nonsense_is() {
        let later = br#"{"version":3,"secrets":7}"#;
        assert!(matches!(SecretRecord::from_bytes(later), Err(StoreError::SecretsNewer { version: 3 })));
        for bad in [&b""[..], b"{}", b"[]", br#"{"version":2}"#, br#"{"version":2,"made_for":7,"secrets":{}}"#] {
            assert!(matches!(SecretRecord::from_bytes(bad), Err(StoreError::SecretsDamaged { .. })));
        }
    }

    #[test]
    fn the_beginning_of_what_was_never_finished_tells_whose_it_is() {
        let record = record();
        let bytes = record.to_bytes();
        assert_eq!(About::from_beginning(&bytes[..bytes.len() - 3]), Some(record.about));
        assert_eq!(About::from_beginning(br#"{"version":1,"secrets":{"a":"b"}}"#), None);
        assert_eq!(About::from_beginning(b"{\"version\":2,\"configur"), None);
    }
}
