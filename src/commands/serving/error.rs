//! Why a token is not handed out. What stood in the way of getting one is told by the rooms below.

use crate::commands::serving::phrases;
use crate::problem::{Diagnose, Phrase};

/// A token that is not handed out.
#[derive(Debug, thiserror::Error)]
pub enum ServingError {
    /// `token -o` with a word of the tables' formats, or none.
    #[error("`{given}` is no output of `token`", given = given.escape_debug())]
    UnknownShape {
        /// What was typed.
        given: String,
    },
    /// `token` would write to a screen.
    #[error("standard output is a terminal, and the token would stay on it")]
    OnTerminal,
    /// A token writes whatever its user may write.
    #[error("connection `{connection}` is read-only, and a token is not")]
    ReadOnly {
        /// The connection.
        connection: String,
    },
    /// A new token is as old as tokens get, and that is not enough.
    #[error("a token that lasts {wanted} was asked for, and {lasts}")]
    TooLong {
        /// What `--min-ttl` says.
        wanted: String,
        /// How long one lasts, as a clause.
        lasts: String,
    },
    /// A token from outside ends too soon and can't be renewed.
    #[error("a token that lasts {wanted} was asked for, and the one in D365CONN_ACCESS_TOKEN {lasts}")]
    EndsSooner {
        /// What `--min-ttl` says.
        wanted: String,
        /// What is known of its end, as a predicate.
        lasts: String,
    },
    /// A bearer is one word of ASCII (RFC 6750 §2.1); another text breaks the line or the header that it is put into.
    #[error("the access token holds a character that no bearer has")]
    Unfit,
    /// `exec` in a program that `exec` runs.
    #[error("`exec` runs already, for `{connection}`", connection = connection.escape_debug())]
    Nested {
        /// What the outer one handed out.
        connection: String,
    },
}

impl Diagnose for ServingError {
    fn phrase(&self) -> &'static Phrase {
        match self {
            Self::UnknownShape { .. } => &phrases::UNKNOWN_SHAPE,
            Self::OnTerminal => &phrases::ON_TERMINAL,
            Self::ReadOnly { .. } => &phrases::READ_ONLY,
            Self::TooLong { .. } => &phrases::TOO_LONG,
            Self::EndsSooner { .. } => &phrases::ENDS_SOONER,
            Self::Unfit => &phrases::UNFIT,
            Self::Nested { .. } => &phrases::NESTED,
        }
    }

    fn facts(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::ReadOnly { connection } | Self::Nested { connection } => vec![("connection", connection.clone())],
            Self::TooLong { wanted, .. } | Self::EndsSooner { wanted, .. } => vec![("wanted", wanted.clone())],
            Self::UnknownShape { .. } | Self::OnTerminal | Self::Unfit => Vec::new(),
        }
    }
}
