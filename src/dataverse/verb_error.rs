//! What can go wrong with the CRM's own verbs, before the service is asked to do anything. What the service itself refuses
//! is in `error.rs`.

use crate::dataverse::nearest::any_of;
use crate::dataverse::phrases::verbs;
use crate::problem::{Diagnose, Phrase};

/// Why a verb was not carried out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VerbError {
    /// A reason that the state does not have.
    #[error("there is no reason `{}` here", typed.escape_debug())]
    UnknownReason {
        /// As typed.
        typed: String,
        /// Those there are.
        choices: Vec<String>,
    },
    /// A label or number of several reasons.
    #[error("`{}` may be {} reasons", typed.escape_debug(), candidates.len())]
    AmbiguousReason {
        /// As typed.
        typed: String,
        /// Each as it can be typed.
        candidates: Vec<String>,
    },
    /// The table has no such state.
    #[error("this organisation has no status reason for state {state} of the table")]
    NoSuchState {
        /// The state.
        state: i64,
    },
    /// Nobody of that name.
    #[error("there is no user or team `{}`", typed.escape_debug())]
    NoSuchOwner {
        /// As typed.
        typed: String,
    },
    /// A table in front whose records own nothing.
    #[error("a record is owned by a user or a team, and `{}` is a record of {table}", typed.escape_debug())]
    NotAnOwner {
        /// As typed.
        typed: String,
        /// Logical name of the table in front.
        table: String,
    },
    /// Several of that name.
    #[error("`{}` may be {} users or teams", typed.escape_debug(), candidates.len())]
    AmbiguousOwner {
        /// As typed.
        typed: String,
        /// Them.
        candidates: Vec<String>,
    },
    /// No such relationship.
    #[error("the table {table} has no relationship `{}`", typed.escape_debug())]
    UnknownRelationship {
        /// As typed.
        typed: String,
        /// The table.
        table: String,
        /// Names that look like it, the nearest first.
        near: Vec<String>,
    },
    /// The relationship leads to several tables.
    #[error("`{}` leads to {}", relationship.escape_debug(), targets.join(" or "))]
    AmbiguousRelationship {
        /// As typed.
        relationship: String,
        /// The tables.
        targets: Vec<String>,
    },
    /// A name that both sides of a relationship have.
    #[error("`{}` names {} ways between the two tables", relationship.escape_debug(), ways.len())]
    SeveralWays {
        /// As typed.
        relationship: String,
        /// Their navigation properties.
        ways: Vec<String>,
    },
    /// The relationship does not lead to that table.
    #[error("`{}` leads to {}, not to that table", relationship.escape_debug(), targets.join(" or "))]
    WrongOther {
        /// As typed.
        relationship: String,
        /// Where it leads.
        targets: Vec<String>,
    },
    /// Which of the many.
    #[error("`{relationship}` leads to many records, and none was named")]
    OtherNeeded {
        /// The relationship.
        relationship: String,
    },
    /// A record into itself.
    #[error("a record can't be merged into itself")]
    MergedWithItself,
    /// Not a day.
    #[error("`{}` is not a day", text.escape_debug())]
    BadDay {
        /// As typed.
        text: String,
    },
    /// Not an amount of money.
    #[error("`{}` is not an amount", text.escape_debug())]
    BadAmount {
        /// As typed.
        text: String,
    },
}

impl Diagnose for VerbError {
    fn phrase(&self) -> &'static Phrase {
        match self {
            Self::UnknownReason { .. } => &verbs::UNKNOWN_REASON,
            Self::AmbiguousReason { .. } => &verbs::AMBIGUOUS_REASON,
            Self::NoSuchState { .. } => &verbs::NO_SUCH_STATE,
            Self::NoSuchOwner { .. } => &verbs::NO_SUCH_OWNER,
            Self::NotAnOwner { .. } => &verbs::NOT_AN_OWNER,
            Self::AmbiguousOwner { .. } => &verbs::AMBIGUOUS_OWNER,
            Self::UnknownRelationship { .. } => &verbs::UNKNOWN_RELATIONSHIP,
            Self::AmbiguousRelationship { .. } => &verbs::AMBIGUOUS_RELATIONSHIP,
            Self::SeveralWays { .. } => &verbs::SEVERAL_WAYS,
            Self::WrongOther { .. } => &verbs::WRONG_OTHER,
            Self::OtherNeeded { .. } => &verbs::OTHER_NEEDED,
            Self::MergedWithItself => &verbs::MERGED_WITH_ITSELF,
            Self::BadDay { .. } => &verbs::BAD_DAY,
            Self::BadAmount { .. } => &verbs::BAD_AMOUNT,
        }
    }

    fn facts(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::UnknownReason { choices, .. } => vec![("choices", choices.join(", "))],
            Self::SeveralWays { ways, .. } => vec![("ways", any_of(ways))],
            Self::AmbiguousReason { candidates, .. } => vec![("candidates", any_of(candidates))],
            Self::AmbiguousOwner { candidates, .. } => vec![("candidates", candidates.join("; "))],
            Self::UnknownRelationship { table, near, .. } => {
                let mut facts = vec![("table", table.clone())];
                if !near.is_empty() {
                    facts.push((
                        "nearest",
                        near.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(" or "),
                    ));
                }
                facts
            }
            _ => Vec::new(),
        }
    }
}
