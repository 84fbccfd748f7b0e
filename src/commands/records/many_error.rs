//! What can go wrong when a condition or a pipe chooses the records, and what to do about it. Nothing here deletes anything.

use crate::problem::{Diagnose, Exit, Phrase, Who};

/// The phrases of choosing by a condition.
pub const MANY_PHRASES: &[&Phrase] = &[&EMPTY_FILTER, &COUNT_DIFFERS, &IDS_DIFFER, &NAMED_ONE_BY_ONE];

/// Records that were not chosen after all.
#[derive(Debug, thiserror::Error)]
pub enum ManyError {
    /// A condition that holds for everything.
    #[error("`--filter` is empty")]
    EmptyFilter,
    /// Another number of records than expected.
    #[error("{found} records match, and {expected} were expected")]
    CountDiffers {
        /// What was expected.
        expected: u64,
        /// What there is.
        found: u64,
    },
    /// A count of ids that stand in the command.
    #[error("`--expect-count` counts what `--filter` finds or what comes on stdin")]
    NamedOneByOne,
    /// Another number of ids than expected.
    #[error("{found} different ids were given, and {expected} were expected")]
    IdsDiffer {
        /// What was expected.
        expected: u64,
        /// What there is.
        found: u64,
    },
}

static IDS_DIFFER: Phrase = Phrase {
    code: "commands/ids-differ",
    exit: Exit::Conflict,
    who: Who::You,
    meaning: "nothing was deleted",
    remedy: &["if they are the right ones, run the command again with `--expect-count {found}`"],
};

static NAMED_ONE_BY_ONE: Phrase = Phrase {
    code: "commands/named-one-by-one",
    exit: Exit::Usage,
    who: Who::You,
    meaning: "records that are named one by one need no count; nothing was deleted",
    remedy: &["leave `--expect-count` out, or put `-` in the place of the ids and the ids on stdin, one a line"],
};

static EMPTY_FILTER: Phrase = Phrase {
    code: "commands/empty-filter",
    exit: Exit::Usage,
    who: Who::You,
    meaning: "an empty condition would choose every record of the table",
    remedy: &[
        "name a condition: `--filter \"statecode eq 1\"`; for truly all of them `--filter \"createdon ne null\"`",
    ],
};

static COUNT_DIFFERS: Phrase = Phrase {
    code: "commands/count-differs",
    exit: Exit::Conflict,
    who: Who::You,
    meaning: "nothing was deleted",
    remedy: &[
        "look at them first: `list` takes the same `--filter`",
        "if they are the right ones, run the command again with `--expect-count {found}`",
    ],
};

impl Diagnose for ManyError {
    fn phrase(&self) -> &'static Phrase {
        match self {
            Self::EmptyFilter => &EMPTY_FILTER,
            Self::CountDiffers { .. } => &COUNT_DIFFERS,
            Self::IdsDiffer { .. } => &IDS_DIFFER,
            Self::NamedOneByOne => &NAMED_ONE_BY_ONE,
        }
    }

    fn facts(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::EmptyFilter | Self::NamedOneByOne => Vec::new(),
            Self::CountDiffers { expected, found } | Self::IdsDiffer { expected, found } => {
                vec![("expected", expected.to_string()), ("found", found.to_string())]
            }
        }
    }
}
