//! Which configuration a record of secrets belongs to. Several lists of connections may share one keyring: each removes
//! what is its own and nothing else. Nothing here touches a file.

use std::fmt;
use std::path::Path;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// A random id that stands in `connections.toml`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct ConfigurationSeed(uuid::Uuid);

impl ConfigurationSeed {
    /// A new one.
    pub(super) fn random() -> Self {
        Self(uuid::Uuid::new_v4())
    }

    /// The id of the configuration that has this one in its list, in `directory`. A list that was copied elsewhere goes its
    /// own way from then on: it is another configuration, and owns nothing that the first one keeps.
    pub(super) fn id_in(self, directory: &Path) -> ConfigurationId {
        let digest =
            Sha256::new().chain_update(self.0).chain_update(directory.as_os_str().as_encoded_bytes()).finalize();
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&digest[..16]);
        ConfigurationId(uuid::Builder::from_random_bytes(bytes).into_uuid())
    }
}

/// The name of a configuration in each of its records.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ConfigurationId(uuid::Uuid);

impl ConfigurationId {
    /// What stands in a trial entry, if it is one.
    pub(super) fn parse(text: &str) -> Option<Self> {
        uuid::Uuid::try_parse(text).ok().map(Self)
    }
}

impl fmt::Display for ConfigurationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.hyphenated().fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copied_list_is_another_configuration() {
        let seed = ConfigurationSeed::random();
        assert_eq!(seed.id_in(Path::new("/a")), seed.id_in(Path::new("/a")));
        assert_ne!(seed.id_in(Path::new("/a")), seed.id_in(Path::new("/b")));
        assert_ne!(seed.id_in(Path::new("/a")), ConfigurationSeed::random().id_in(Path::new("/a")));
        let id = seed.id_in(Path::new("/a"));
        assert_eq!(ConfigurationId::parse(&id.to_string()), Some(id));
    }
}
