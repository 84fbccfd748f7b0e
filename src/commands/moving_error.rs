//! What can go wrong in taking connections to another machine, and in letting one go from a list that can't be read.
//! Bundles and connection strings bring their own errors.

use crate::commands::moving_phrases as phrases;
use crate::problem::{Diagnose, Phrase};
use crate::store::StoreError;

/// A connection that could not be moved, or not be let go as a whole.
#[derive(Debug, thiserror::Error)]
pub(super) enum MovingError {
    /// Several connections for one bundle.
    #[error("{count} connections were named for one bundle")]
    SeveralForOneBundle { count: usize },
    /// A name that another connection has here.
    #[error("there is already a connection `{name}` here, for {other}")]
    NameTaken { name: String, other: String },
    /// The secrets are gone, and the entry stays in a list that can't be read.
    #[error("the secrets of {names} are removed, but the list of connections still names it")]
    EntryLeft { names: String, path: String, source: StoreError },
    /// The list doesn't tell where the secrets are.
    #[error("what is left of the list of connections doesn't tell where the secrets of {names} are")]
    NotFound { names: String, path: String, secrets: String, source: StoreError },
}

impl Diagnose for MovingError {
    fn phrase(&self) -> &'static Phrase {
        match self {
            Self::SeveralForOneBundle { .. } => &phrases::SEVERAL_FOR_ONE_BUNDLE,
            Self::NameTaken { .. } => &phrases::NAME_TAKEN,
            Self::EntryLeft { .. } => &phrases::ENTRY_LEFT,
            Self::NotFound { .. } => &phrases::SECRETS_NOT_FOUND,
        }
    }

    fn facts(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::SeveralForOneBundle { count } => vec![("count", count.to_string())],
            Self::NameTaken { name, other } => vec![("name", name.clone()), ("other", other.clone())],
            Self::EntryLeft { names, path, .. } => vec![("names", names.clone()), ("path", path.clone())],
            Self::NotFound { names, path, secrets, .. } => {
                vec![("names", names.clone()), ("path", path.clone()), ("secrets", secrets.clone())]
            }
        }
    }
}
