//! What can go wrong with saved connections and their secrets, with the facts. What to do about it is in `phrases.rs`.

use std::fmt;
use std::io;
use std::path::PathBuf;

use crate::connection::ConnectionName;
use crate::paths::PathError;
use crate::problem::{Diagnose, Phrase, Problem};
use crate::store::nearest::nearest;
use crate::store::phrases;

/// A failure of this room. Never a secret in it.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the fields are the facts that the text of each variant names")]
pub enum StoreError {
    /// No saved connection has that name.
    #[error("there is no connection `{name}`")]
    UnknownConnection { name: ConnectionName, known: Vec<ConnectionName> },
    /// Another connection has that name.
    #[error("there is already a connection `{name}`, for {tenant_url}")]
    NameTaken { name: ConnectionName, tenant_url: String },
    /// No connection is saved.
    #[error("no connection is saved yet")]
    NoConnection,
    /// Several connections are saved, and none is the default.
    #[error("there are {} connections and none of them is the default", known.len())]
    NoDefault { known: Vec<ConnectionName> },
    /// The connections file is not what any release wrote.
    #[error("`{}` is damaged{}: {reason}", path.display(), at(*line))]
    RegistryDamaged { path: PathBuf, line: Option<usize>, reason: String },
    /// The connections file was written by a later release.
    #[error("`{}` has version {version}, which this release of d365conn doesn't know", path.display())]
    RegistryNewer { path: PathBuf, version: i64 },
    /// Somebody else held a lock for too long.
    #[error("{} kept what this command needs locked for {seconds} s", owner(*pid))]
    LockTimeout { pid: Option<u32>, seconds: u64 },
    /// The file system has no working locks.
    #[error("`{}` can't be locked", path.display())]
    LockUnusable { path: PathBuf, source: io::Error },
    /// No keyring is running, or none can be reached.
    #[error("the keyring can't be reached: {detail}")]
    StoreAbsent { detail: String },
    /// A saved connection keeps its secrets in the keyring, and there is none here.
    #[error("the secrets of connection `{connection}` live in the keyring, which can't be reached: {detail}")]
    LivesInKeyring { connection: ConnectionName, tenant_url: String, detail: String },
    /// The keyring is locked, and nobody unlocked it.
    #[error("the keyring is locked: {detail}")]
    StoreLocked { detail: String },
    /// The keyring never answered.
    #[error("the keyring did not answer within {seconds} s")]
    StoreTimeout { seconds: u64 },
    /// The keyring refused.
    #[error("the keyring refused: {detail}")]
    StoreDenied { detail: String },
    /// The store failed in a way of its own.
    #[error("the secret store failed: {detail}")]
    StoreFailed { detail: String },
    /// The secrets of one connection are not as they were written.
    #[error("the secrets of this connection are damaged: {reason}")]
    SecretsDamaged { reason: &'static str },
    /// The secrets of one connection were written by a later release.
    #[error("the secrets of this connection have version {version}, which this release of d365conn doesn't know")]
    SecretsNewer { version: u32 },
    /// The list of connections says something else than what the secrets of a connection were made for.
    #[error(
        "the secrets of connection `{connection}` were made for the {} {made_for}, and the list of connections says {listed}",
        in_words(key)
    )]
    MadeForAnother { connection: ConnectionName, key: &'static str, made_for: String, listed: String, path: PathBuf },
    /// The passphrase doesn't open the encrypted file.
    #[error("the passphrase doesn't open `{}`", path.display())]
    WrongPassphrase { path: PathBuf },
    /// A passphrase without a letter in it.
    #[error("the passphrase of the encrypted secret file is empty")]
    EmptyPassphrase,
    /// A passphrase that is to be chosen and is too short.
    #[error("the new passphrase has fewer than {least} characters")]
    ShortPassphrase { least: usize },
    /// The passphrase could not be had.
    #[error(transparent)]
    Passphrase(Refusal),
    /// The encrypted file is not as it was written.
    #[error("`{}` is damaged: {reason}", path.display())]
    FileDamaged { path: PathBuf, reason: &'static str },
    /// The encrypted file was written by a later release.
    #[error("`{}` has version {version}, which this release of d365conn doesn't know", path.display())]
    FileNewer { path: PathBuf, version: u16 },
    /// There is no encrypted file where a connection's secrets should be.
    #[error("the encrypted secret file `{}` is gone", path.display())]
    FileVanished { path: PathBuf },
    /// One of our files can't be read or written.
    #[error(transparent)]
    Files(#[from] PathError),
}

fn at(line: Option<usize>) -> String {
    line.map(|line| format!(" at line {line}")).unwrap_or_default()
}

fn in_words(key: &str) -> &'static str {
    match key {
        "tenant" => "tenant",
        "client_id" => "app",
        "id" => "connection with the id",
        _ => "organisation",
    }
}

fn owner(pid: Option<u32>) -> String {
    pid.map_or_else(|| "another process".to_owned(), |pid| format!("process {pid}"))
}

/// Why there is no passphrase, in the words of whoever was to bring it.
#[derive(Debug)]
pub struct Refusal(pub(super) Problem);

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for Refusal {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.diagnosis().source()
    }
}

impl Diagnose for StoreError {
    fn phrase(&self) -> &'static Phrase {
        match self {
            Self::UnknownConnection { .. } => &phrases::UNKNOWN_CONNECTION,
            Self::NameTaken { .. } => &phrases::NAME_TAKEN,
            Self::NoConnection => &phrases::NO_CONNECTION,
            Self::NoDefault { .. } => &phrases::NO_DEFAULT,
            Self::RegistryDamaged { .. } => &phrases::REGISTRY_DAMAGED,
            Self::RegistryNewer { .. } => &phrases::REGISTRY_NEWER,
            Self::LockTimeout { .. } => &phrases::LOCK_TIMEOUT,
            Self::LockUnusable { .. } => &phrases::LOCK_UNUSABLE,
            Self::StoreAbsent { .. } => &phrases::KEYRING_ABSENT,
            Self::LivesInKeyring { .. } => &phrases::LIVES_IN_KEYRING,
            Self::StoreLocked { .. } => &phrases::KEYRING_LOCKED,
            Self::StoreTimeout { .. } => &phrases::KEYRING_TIMEOUT,
            Self::StoreDenied { .. } => &phrases::KEYRING_DENIED,
            Self::StoreFailed { .. } => &phrases::FAILED,
            Self::SecretsDamaged { .. } => &phrases::SECRETS_DAMAGED,
            Self::SecretsNewer { .. } => &phrases::SECRETS_NEWER,
            Self::MadeForAnother { .. } => &phrases::MADE_FOR_ANOTHER,
            Self::WrongPassphrase { .. } => &phrases::WRONG_PASSPHRASE,
            Self::EmptyPassphrase => &phrases::EMPTY_PASSPHRASE,
            Self::ShortPassphrase { .. } => &phrases::SHORT_PASSPHRASE,
            Self::Passphrase(refusal) => refusal.0.phrase(),
            Self::FileDamaged { .. } => &phrases::FILE_DAMAGED,
            Self::FileNewer { .. } => &phrases::FILE_NEWER,
            Self::FileVanished { .. } => &phrases::FILE_VANISHED,
            Self::Files(error) => error.phrase(),
        }
    }

    fn facts(&self) -> Vec<(&'static str, String)> {
        let path = |path: &PathBuf| ("path", path.display().to_string());
        let known = |names: &[ConnectionName]| {
            ("known", names.iter().map(ConnectionName::as_str).collect::<Vec<_>>().join(", "))
        };
        match self {
            Self::UnknownConnection { name, known: names } => {
                let meant = nearest(name.as_str(), names.iter().map(ConnectionName::as_str));
                let mut facts = vec![("name", name.to_string())];
                facts.extend(meant.map(|meant| ("nearest", meant.to_owned())));
                facts.extend((!names.is_empty()).then(|| known(names)));
                facts
            }
            Self::NameTaken { name, tenant_url } => {
                vec![("name", name.to_string()), ("tenant_url", tenant_url.clone())]
            }
            Self::NoDefault { known: names } => vec![known(names)],
            Self::RegistryDamaged { path: at, line, reason } => {
                let mut facts = vec![path(at), ("reason", reason.clone())];
                facts.extend(line.map(|line| ("line", line.to_string())));
                facts
            }
            Self::RegistryNewer { path: at, version } => vec![path(at), ("version", version.to_string())],
            Self::FileNewer { path: at, version } => vec![path(at), ("version", version.to_string())],
            Self::SecretsNewer { version } => vec![("version", version.to_string())],
            Self::LockTimeout { pid, seconds } => {
                let mut facts = vec![("seconds", seconds.to_string())];
                facts.extend(pid.map(|pid| ("pid", pid.to_string())));
                facts
            }
            Self::StoreTimeout { seconds } => vec![("seconds", seconds.to_string())],
            Self::StoreAbsent { detail }
            | Self::StoreLocked { detail }
            | Self::StoreDenied { detail }
            | Self::StoreFailed { detail } => vec![("detail", detail.clone())],
            Self::LivesInKeyring { connection, tenant_url, detail } => vec![
                ("connection", connection.to_string()),
                ("tenant_url", tenant_url.clone()),
                ("detail", detail.clone()),
            ],
            Self::MadeForAnother { connection, key, made_for, listed, path: at } => vec![
                ("connection", connection.to_string()),
                ("key", (*key).to_owned()),
                ("made_for", made_for.clone()),
                ("listed", listed.clone()),
                path(at),
            ],
            Self::SecretsDamaged { reason } => vec![("reason", (*reason).to_owned())],
            Self::FileDamaged { path: at, reason } => vec![path(at), ("reason", (*reason).to_owned())],
            Self::LockUnusable { path: at, .. }
            | Self::WrongPassphrase { path: at }
            | Self::FileVanished { path: at } => {
                vec![path(at)]
            }
            Self::ShortPassphrase { least } => vec![("least", least.to_string())],
            Self::NoConnection | Self::EmptyPassphrase => Vec::new(),
            Self::Passphrase(refusal) => refusal.0.diagnosis().facts(),
            Self::Files(error) => error.facts(),
        }
    }

    fn service_code(&self) -> Option<String> {
        match self {
            Self::Passphrase(refusal) => refusal.0.diagnosis().service_code(),
            _ => None,
        }
    }

    fn trace(&self) -> Option<String> {
        match self {
            Self::Passphrase(refusal) => refusal.0.diagnosis().trace(),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> ConnectionName {
        ConnectionName::parse(text).unwrap()
    }

    fn remedy(error: &StoreError) -> Vec<String> {
        error.phrase().remedy_with(&error.facts())
    }

    #[test]
    fn a_mistyped_name_is_answered_with_the_one_that_was_meant() {
        let known = vec![name("contoso"), name("fabrikam")];
        let close = StoreError::UnknownConnection { name: name("contsoo"), known: known.clone() };
        assert!(remedy(&close).first().is_some_and(|line| line.contains("`contoso`")), "{:?}", remedy(&close));
        let far = StoreError::UnknownConnection { name: name("northwind"), known };
        assert!(!remedy(&far).iter().any(|line| line.contains("was meant")), "{:?}", remedy(&far));
        let none = StoreError::UnknownConnection { name: name("northwind"), known: vec![] };
        assert!(remedy(&none).iter().any(|line| line.contains("d365conn connect ")), "{:?}", remedy(&none));
    }

    #[test]
    fn the_owner_of_a_lock_is_named_when_it_is_known() {
        let known = StoreError::LockTimeout { pid: Some(4711), seconds: 30 };
        assert_eq!(known.to_string(), "process 4711 kept what this command needs locked for 30 s");
        assert!(remedy(&known).iter().any(|line| line.contains("4711")));
        let unknown = StoreError::LockTimeout { pid: None, seconds: 30 };
        assert!(unknown.to_string().starts_with("another process"));
        assert!(!remedy(&unknown).is_empty());
    }

    #[test]
    fn what_lies_beneath_is_said_once() {
        let source = io::Error::other("the disk is on fire");
        let problem = Problem::from(StoreError::from(PathError::Unwritable { path: "/x".into(), source }));
        assert_eq!(problem.to_string(), "`/x` can't be written");
        assert_eq!(problem.causes(), ["the disk is on fire"]);
        assert_eq!(problem.phrase().code, "paths/unwritable");
    }
}
