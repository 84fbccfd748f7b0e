//! What can go wrong between what was typed and an action that is sent. What the service refuses is told elsewhere.

use crate::dataverse::callables::phrases;
use crate::problem::{Diagnose, Phrase};

/// Why an action or function was not sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CallableError {
    /// No such action or function.
    #[error("there is no action or function `{}`", typed.escape_debug())]
    Unknown {
        /// As typed.
        typed: String,
        /// Names that look like it, the nearest first.
        near: Vec<String>,
    },
    /// It is bound, and not to what was named.
    #[error("{name} is done to something else")]
    Bound {
        /// Its name.
        name: String,
        /// The flags that say to what, one for each that is possible.
        bound: Vec<String>,
    },
    /// It stands for itself.
    #[error("{name} is not done to a record")]
    NotBound {
        /// Its name.
        name: String,
    },
    /// A parameter that it does not have.
    #[error("{name} has no parameter `{}`", typed.escape_debug())]
    UnknownParameter {
        /// Its name.
        name: String,
        /// As typed.
        typed: String,
        /// The parameters it has.
        known: Vec<String>,
    },
    /// Parameters that it can't do without.
    #[error("{name} needs {}", missing.join(", "))]
    Missing {
        /// Its name.
        name: String,
        /// Those that are missing.
        missing: Vec<String>,
        /// The parameters it has.
        known: Vec<String>,
    },
    /// A value that does not fit.
    #[error("`{}` is not {wanted}, which the parameter {parameter} takes", typed.escape_debug())]
    BadValue {
        /// The parameter.
        parameter: String,
        /// As typed.
        typed: String,
        /// What it should be, with an example.
        wanted: String,
    },
    /// The same parameter twice.
    #[error("the parameter {parameter} is given twice")]
    Twice {
        /// The parameter.
        parameter: String,
    },
}

impl Diagnose for CallableError {
    fn phrase(&self) -> &'static Phrase {
        match self {
            Self::Unknown { .. } => &phrases::UNKNOWN_ACTION,
            Self::Bound { .. } => &phrases::BOUND,
            Self::NotBound { .. } => &phrases::NOT_BOUND,
            Self::UnknownParameter { .. } => &phrases::UNKNOWN_PARAMETER,
            Self::Missing { .. } => &phrases::MISSING_PARAMETER,
            Self::BadValue { .. } => &phrases::BAD_PARAMETER,
            Self::Twice { .. } => &phrases::PARAMETER_TWICE,
        }
    }

    fn facts(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::Unknown { near, .. } if !near.is_empty() => {
                let near: Vec<String> = near.iter().map(|name| format!("`{name}`")).collect();
                vec![("nearest", near.join(" or "))]
            }
            Self::Bound { name, bound } => vec![("action", name.clone()), ("bound", bound.join("` or `"))],
            Self::NotBound { name } => vec![("action", name.clone())],
            Self::UnknownParameter { name, known, .. } | Self::Missing { name, known, .. } => {
                vec![("action", name.clone()), ("parameters", known.join(", "))]
            }
            _ => Vec::new(),
        }
    }
}
