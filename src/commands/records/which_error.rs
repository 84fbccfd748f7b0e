//! What can go wrong in saying which record is to be changed, and what to do about it. Nothing is looked for here.

use crate::problem::{Diagnose, Exit, Phrase, Who};

/// The phrases of naming a record.
pub const WHICH_PHRASES: &[&Phrase] = &[&WORD_FOR_RECORD, &NAMED_TWICE];

/// A record that was not named.
#[derive(Debug, thiserror::Error)]
pub enum WhichError {
    /// A value stands where the id belongs.
    #[error("`{}` is a value, and which record is meant was not said", word.escape_debug())]
    WordForRecord {
        /// As typed.
        word: String,
    },
    /// An id and a key.
    #[error("the record is named twice: by `--key`, and by `{}`", word.escape_debug())]
    NamedTwice {
        /// As typed.
        word: String,
    },
}

static WORD_FOR_RECORD: Phrase = Phrase {
    code: "commands/which-record",
    exit: Exit::Usage,
    who: Who::You,
    meaning: "a change needs the record's id as the first word, or `--key column=value`; a variable that is empty in the shell leaves no word at all; nothing was sent",
    remedy: &[
        "put the record's id before the values: `ID \"{word}\"`",
        "if that names the record, write `--key \"{word}\"`",
    ],
};

static NAMED_TWICE: Phrase = Phrase {
    code: "commands/record-named-twice",
    exit: Exit::Usage,
    who: Who::You,
    meaning: "a record is named by its id or by `--key`, and it is not clear which is meant; nothing was sent",
    remedy: &["leave one of them out"],
};

impl Diagnose for WhichError {
    fn phrase(&self) -> &'static Phrase {
        match self {
            Self::WordForRecord { .. } => &WORD_FOR_RECORD,
            Self::NamedTwice { .. } => &NAMED_TWICE,
        }
    }

    fn facts(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::WordForRecord { word } => vec![("word", for_a_shell(word))],
            Self::NamedTwice { .. } => Vec::new(),
        }
    }
}

/// What stands between double quotes in a shell and means itself; `column=value` for what does not.
fn for_a_shell(word: &str) -> String {
    let is_odd = |c: char| matches!(c, '"' | '\\' | '$' | '`' | '!') || c.is_control();
    if word.contains(is_odd) { "column=value".to_owned() } else { word.to_owned() }
}
