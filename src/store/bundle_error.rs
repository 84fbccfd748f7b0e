//! What can be wrong with a bundle, with the facts. What to do about it is in `bundle_phrases.rs`.

use crate::problem::{Diagnose, Phrase};
use crate::store::bundle_phrases as phrases;

/// A bundle that can't be used, or can't be made. Never a secret in it. `origin` says where it came from: a file, a variable.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the fields are the facts that the text of each variant names")]
pub enum BundleError {
    /// Something else than the letters of base64.
    #[error("what came from {origin} is no bundle: it is not base64")]
    NotBase64 { origin: String },
    /// Its end is missing.
    #[error("the bundle from {origin} is cut off")]
    Cut { origin: String },
    /// It is not as any release wrote it.
    #[error("the bundle from {origin} is damaged: {reason}")]
    Damaged { origin: String, reason: &'static str },
    /// A later release wrote it.
    #[error("the bundle from {origin} has version {version}, which this release of d365conn doesn't know")]
    Newer { origin: String, version: u16 },
    /// It is in order, and the passphrase is another one.
    #[error("the passphrase doesn't open the bundle from {origin}")]
    WrongPassphrase { origin: String },
    /// Making the key takes more memory than there is.
    #[error("there is not enough memory to open the bundle from {origin}")]
    NoMemory { origin: String },
    /// A connection without anything that another machine could sign in with.
    #[error("connection `{connection}` has neither a refresh token nor a client secret")]
    NothingToCarry { connection: String },
}

impl Diagnose for BundleError {
    fn phrase(&self) -> &'static Phrase {
        match self {
            Self::NotBase64 { .. } => &phrases::NOT_BASE64,
            Self::Cut { .. } => &phrases::CUT,
            Self::Damaged { .. } => &phrases::DAMAGED,
            Self::Newer { .. } => &phrases::NEWER,
            Self::WrongPassphrase { .. } => &phrases::WRONG_PASSPHRASE,
            Self::NoMemory { .. } => &phrases::NO_MEMORY,
            Self::NothingToCarry { .. } => &phrases::NOTHING_TO_CARRY,
        }
    }

    fn facts(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::NotBase64 { origin }
            | Self::Cut { origin }
            | Self::WrongPassphrase { origin }
            | Self::NoMemory { origin } => vec![("origin", origin.clone())],
            Self::Damaged { origin, reason } => vec![("origin", origin.clone()), ("reason", (*reason).to_owned())],
            Self::Newer { origin, version } => vec![("origin", origin.clone()), ("version", version.to_string())],
            Self::NothingToCarry { connection } => vec![("connection", connection.clone())],
        }
    }
}
