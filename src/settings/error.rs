//! What can be wrong with what was typed or set, before anything is opened.

use crate::environment;
use crate::problem::{Diagnose, Phrase};
use crate::settings::phrases;

/// A contradiction or a gap in flags and environment.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// Two variables that exclude each other.
    #[error("both {first} and {second} are set")]
    Contradiction {
        /// One of them.
        first: &'static str,
        /// The other.
        second: &'static str,
    },
    /// A group of variables that is only half there.
    #[error("{present} is set, but {missing} is not")]
    HalfSet {
        /// What is there.
        present: &'static str,
        /// What is missing, as words.
        missing: &'static str,
    },
    /// A place for a secret with nothing in it.
    #[error("{origin} holds no secret: it is empty")]
    EmptySecret {
        /// Where it should have come from.
        origin: String,
    },
    /// A place for a secret with more in it than a secret.
    #[error("{origin} holds more than one line")]
    SeveralLines {
        /// Where it came from.
        origin: String,
    },
    /// A saved connection is needed, and the environment describes one that is not saved.
    #[error("the connection of {address} lives in the environment and is not saved")]
    NotSaved {
        /// The organisation's address.
        address: String,
    },
    /// A file or stdin that is not text.
    #[error("{origin} is not valid UTF-8 text")]
    NotText {
        /// Where it came from.
        origin: String,
    },
    /// Text in another encoding.
    #[error("{origin} is {encoding}")]
    OtherEncoding {
        /// The file, or `stdin`.
        origin: String,
        /// What it looks like.
        encoding: &'static str,
    },
    /// A value that a variable can't have.
    #[error("{variable} can't be `{value}`", value = value.escape_debug())]
    UnknownValue {
        /// The variable.
        variable: &'static str,
        /// Its value.
        value: String,
        /// What it may be.
        choices: &'static str,
    },
}

impl Diagnose for SettingsError {
    fn phrase(&self) -> &'static Phrase {
        match self {
            Self::Contradiction { .. } => &phrases::CONTRADICTION,
            Self::HalfSet { .. } => &phrases::HALF_SET,
            Self::EmptySecret { .. } => &phrases::EMPTY_SECRET,
            Self::SeveralLines { .. } => &phrases::SEVERAL_LINES,
            Self::NotSaved { .. } => &phrases::NOT_SAVED,
            Self::NotText { .. } => &phrases::NOT_TEXT,
            Self::OtherEncoding { .. } => &phrases::OTHER_ENCODING,
            Self::UnknownValue { .. } => &phrases::UNKNOWN_VALUE,
        }
    }

    fn facts(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::Contradiction { first, second } => {
                let mut facts = vec![("first", (*first).to_owned()), ("second", (*second).to_owned())];
                // Only the choice of a connection can be made with a flag.
                if *first == environment::CONNECTION.name {
                    facts.push(("stored", "NAME".to_owned()));
                }
                facts
            }
            Self::HalfSet { present, missing } => {
                vec![("present", (*present).to_owned()), ("missing", (*missing).to_owned())]
            }
            Self::EmptySecret { origin }
            | Self::SeveralLines { origin }
            | Self::NotText { origin }
            | Self::OtherEncoding { origin, .. } => {
                vec![("origin", origin.clone())]
            }
            Self::NotSaved { address } => vec![("address", address.clone())],
            Self::UnknownValue { variable, choices, .. } => {
                vec![("variable", (*variable).to_owned()), ("choices", (*choices).to_owned())]
            }
        }
    }
}
