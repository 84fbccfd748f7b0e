//! A connection's secrets under their names, and the one form in which a vault keeps them. Nothing here knows what they mean.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{self, Deserialize, Deserializer, Visitor};
use serde::ser::{SerializeMap, Serializer};
use zeroize::Zeroizing;

use crate::secret::Secret;
use crate::store::StoreError;

const VERSION: u32 = 1;

/// What [`Secrets::to_bytes`] begins with.
const BEFORE_THE_MAP: &[u8] = b"{\"version\":1,\"secrets\":";

/// Ends of the names of what is kept among secrets, is none, and may be shown: a moment, a place, what a service demands.
const OPEN: [&str; 3] = ["_on", "_path", "claims"];

fn is_open(name: &str) -> bool {
    OPEN.iter().any(|end| name.ends_with(end))
}

/// The secrets of one connection, by name: `refresh-token`, `client-secret` and so on. Whoever puts one in names it.
#[derive(Clone, Default)]
pub struct Secrets {
    by_name: BTreeMap<String, Secret>,
}

impl Secrets {
    /// No secrets.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Puts a secret in, and hands back the one it replaces.
    pub fn insert(&mut self, name: impl Into<String>, secret: Secret) -> Option<Secret> {
        self.by_name.insert(name.into(), secret)
    }

    /// The secret of that name.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<&Secret> {
        self.by_name.get(name)
    }

    /// Takes the secret of that name out.
    pub fn take(&mut self, name: &str) -> Option<Secret> {
        self.by_name.remove(name)
    }

    /// The names, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.by_name.keys().map(String::as_str)
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.by_name.is_empty()
    }

    /// Whether both hold the same secrets under the same names.
    #[must_use]
    pub fn is_same_as(&self, other: &Self) -> bool {
        self.by_name.len() == other.by_name.len()
            && self
                .by_name
                .iter()
                .all(|(name, secret)| other.find(name).is_some_and(|theirs| theirs.is_same_as(secret)))
    }

    /// What a vault keeps: JSON, `{"version":1,"secrets":{"name":"text"}}`, in memory that is wiped.
    pub(super) fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        // An escaped byte takes six, so this is enough: a buffer that grows would leave copies behind.
        let room =
            self.by_name.iter().map(|(name, secret)| 6 * (name.len() + secret.expose().len()) + 8).sum::<usize>() + 64;
        let mut bytes = Zeroizing::new(Vec::with_capacity(room));
        // Writing text under text keys into memory can't fail.
        let _ = serde_json::to_writer(&mut *bytes, &Written { version: VERSION, secrets: self });
        bytes
    }

    /// What stands for the map alone in the `bytes` of [`Secrets::to_bytes`].
    pub(super) fn map_in(bytes: &[u8]) -> Option<&[u8]> {
        bytes.strip_prefix(BEFORE_THE_MAP).and_then(|rest| rest.strip_suffix(b"}"))
    }

    /// The secrets out of JSON that holds them under `secrets`, whatever else it says.
    pub(super) fn from_current(bytes: &[u8]) -> Result<Self, StoreError> {
        let damaged = |_| StoreError::SecretsDamaged { reason: "what is kept for it can't be read" };
        let read: Read = serde_json::from_slice(bytes).map_err(damaged)?;
        let take = |(name, text): (String, Text)| {
            let secret = if is_open(&name) { Secret::unwatched(text.0.as_str()) } else { Secret::new(text.0.as_str()) };
            (name, secret)
        };
        Ok(Self { by_name: read.secrets.into_iter().map(take).collect() })
    }

    /// Reads [`Secrets::to_bytes`].
    ///
    /// # Errors
    /// [`StoreError::SecretsNewer`], [`StoreError::SecretsDamaged`]. Neither shows anything of the bytes.
    pub(super) fn from_bytes(bytes: &[u8]) -> Result<Self, StoreError> {
        let damaged = |_| StoreError::SecretsDamaged { reason: "what is kept for it can't be read" };
        match serde_json::from_slice::<Head>(bytes).map_err(damaged)?.version {
            VERSION => {}
            version if version > VERSION => return Err(StoreError::SecretsNewer { version }),
            _ => return Err(StoreError::SecretsDamaged { reason: "no release wrote what is kept for it" }),
        }
        Self::from_current(bytes)
    }
}

impl fmt::Debug for Secrets {
    /// Names only.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.by_name.keys()).finish()
    }
}

#[derive(serde::Serialize)]
struct Written<'a> {
    version: u32,
    #[serde(serialize_with = "exposed")]
    secrets: &'a Secrets,
}

fn exposed<S: Serializer>(secrets: &Secrets, serializer: S) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(Some(secrets.by_name.len()))?;
    for (name, secret) in &secrets.by_name {
        map.serialize_entry(name, secret.expose())?;
    }
    SerializeMap::end(map)
}

#[derive(serde::Deserialize)]
struct Head {
    version: u32,
}

#[derive(serde::Deserialize)]
struct Read {
    secrets: BTreeMap<String, Text>,
}

/// A text of which nothing is left behind.
struct Text(Zeroizing<String>);

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Taking;
        impl Visitor<'_> for Taking {
            type Value = Text;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Text, E> {
                Ok(Text(Zeroizing::new(text.to_owned())))
            }
        }
        deserializer.deserialize_str(Taking)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use proptest::prelude::*;

    use super::*;

    pub(in crate::store) fn secrets(pairs: &[(&str, &str)]) -> Secrets {
        let mut secrets = Secrets::new();
        for (name, text) in pairs {
            secrets.insert(*name, Secret::new(*text));
        }
        secrets
    }

    #[test]
    fn secrets_show_their_names_only() {
        assert_eq!(format!("{:?}", secrets(&[("refresh-token", "0.AXo")])), r#"{"refresh-token"}"#);
    }

    #[test]
    fn the_oldest_form_is_read_and_others_are_told_apart_without_showing_them() {
        let oldest = br#"{"version":1,"secrets":{"client-secret":"a\"b","refresh-token":"0.AXo"}}"#;
        let expected = secrets(&[("client-secret", "a\"b"), ("refresh-token", "0.AXo")]);
        assert!(Secrets::from_bytes(oldest).unwrap().is_same_as(&expected));
        assert_eq!(expected.to_bytes().as_slice(), oldest);
        let newer = Secrets::from_bytes(br#"{"version":2,"vault":[]}"#);
        assert!(matches!(newer, Err(StoreError::SecretsNewer { version: 2 })));
        for damaged in
            ["", "{}", r#"{"version":0,"secrets":{}}"#, r#"{"version":1,"secrets":{"a":"hunter2"}"#, "hunter2"]
        {
            let error = Secrets::from_bytes(damaged.as_bytes()).unwrap_err();
            assert!(matches!(error, StoreError::SecretsDamaged { .. }));
            assert!(!format!("{error:?}{error}").contains("hunter2"), "{error:?}");
        }
    }

    proptest! {
        #[test]
        fn whatever_is_put_in_comes_out(pairs in prop::collection::vec((".{0,12}", "\\PC{0,40}|[\\x00-\\x20\"]{0,9}"), 0..4)) {
            let mut secrets = Secrets::new();
            for (name, text) in pairs {
                secrets.insert(name, Secret::new(text));
            }
            let bytes = secrets.to_bytes();
            prop_assert!(Secrets::from_bytes(&bytes).unwrap().is_same_as(&secrets));
        }

        #[test]
        fn the_buffer_never_grows(text in "[\\x00-\\x7f]{0,200}") {
            let secrets = secrets(&[("a", &text)]);
            let room = secrets.by_name.iter().map(|(name, secret)| 6 * (name.len() + secret.expose().len()) + 8).sum::<usize>() + 64;
            prop_assert!(secrets.to_bytes().len() <= room);
        }
    }
}
