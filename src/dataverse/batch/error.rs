//! What can go wrong with a batch as such: its lines, its size, an answer that does not come. Refusals of single
//! operations are Dataverse's own.

use crate::dataverse::batch::phrases;
use crate::problem::{Diagnose, Phrase};

/// A batch, or one operation of it, that was not carried out.
#[derive(Debug, thiserror::Error)]
pub enum BatchError {
    /// A line that is no operation.
    #[error("line {line}, column {column}: {why}")]
    BadLine {
        /// Its number, from 1.
        line: usize,
        /// The column in characters, from 1.
        column: usize,
        /// What is wrong there.
        why: String,
    },
    /// A header that asks for another method.
    #[error("line {line}: the header {name} asks for another method than the operation itself")]
    MethodOverride {
        /// Its number, from 1.
        line: usize,
        /// The header's name.
        name: String,
    },
    /// There is no operation at all.
    #[error("there is no operation")]
    Nothing,
    /// More operations than one change set may hold.
    #[error("{count} operations are too many for one change set")]
    TooMany {
        /// How many.
        count: usize,
    },
    /// The answer to the batch was lost or can't be read.
    #[error("it is not known whether this operation was carried out: {why}")]
    Unknown {
        /// How the answer was lost.
        why: String,
    },
    /// The batch was not taken, so the operation was not carried out.
    #[error("the operation was not carried out: {why}")]
    NotSent {
        /// Why.
        why: String,
    },
    /// The batch ended before.
    #[error("the operation was not carried out: one before it failed")]
    NotReached,
    /// The service asked for more patience than is allowed.
    #[error("the operation was not carried out: the service was too busy")]
    Busy,
}

impl Diagnose for BatchError {
    fn phrase(&self) -> &'static Phrase {
        match self {
            Self::BadLine { .. } => &phrases::BAD_LINE,
            Self::MethodOverride { .. } => &phrases::METHOD_OVERRIDE,
            Self::Nothing => &phrases::NOTHING,
            Self::TooMany { .. } => &phrases::TOO_MANY,
            Self::Unknown { .. } => &phrases::UNKNOWN,
            Self::NotSent { .. } => &phrases::NOT_SENT,
            Self::NotReached => &phrases::NOT_REACHED,
            Self::Busy => &phrases::BUSY,
        }
    }

    fn facts(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::BadLine { line, column, .. } => vec![("line", line.to_string()), ("column", column.to_string())],
            _ => Vec::new(),
        }
    }
}
