//! What can go wrong between a finished answer and the person or program that reads it. Never the data itself.

use std::io;
use std::str::Utf8Error;

use crate::output::phrases;
use crate::problem::{Diagnose, Phrase};

/// Output that did not arrive, or an answer that could not be asked for.
#[derive(Debug, thiserror::Error)]
pub enum OutputError {
    /// The reader of standard output has gone, as `head` does when it has seen enough. A success, told to nobody.
    #[error("nobody reads the output any more")]
    ClosedPipe,
    /// Standard output refused the bytes: the disk is full, for example.
    #[error("writing to standard output failed")]
    Failed(#[source] io::Error),
    /// Standard input, or the terminal, could not be read.
    #[error("reading from standard input failed")]
    Unreadable(#[source] io::Error),
    /// Standard input holds more than was bargained for.
    #[error("standard input holds more than {limit} bytes")]
    TooLong {
        /// The most that is accepted, in bytes.
        limit: usize,
    },
    /// Standard input should be text.
    #[error("standard input is not valid UTF-8")]
    NotText(#[source] Utf8Error),
    /// Standard input should hold something.
    #[error("standard input is empty")]
    Empty,
    /// A question would have to be asked, and there is no terminal or questions are forbidden.
    #[error("an answer is needed, and it can't be asked for here")]
    NoTerminal {
        /// The flag that gives the answer instead, as typed: `--yes`.
        flag: &'static str,
    },
    /// Ctrl-C, or the end of the input, at a question.
    #[error("interrupted at a question")]
    Interrupted,
    /// The time that was allowed for the whole command ran out at a question.
    #[error("the question was not answered in the time that `--wait` allows")]
    QuestionOver,
    /// A question has become needless while it stood.
    #[error("the question was withdrawn")]
    Withdrawn,
    /// The answer to a question was no.
    #[error("the answer was no")]
    Declined,
    /// A new passphrase was typed twice, differently each time.
    #[error("the two entries differ")]
    Differ,
    /// `--output` or `D365CONN_OUTPUT` names no format.
    #[error("`{given}` is not an output format")]
    UnknownFormat {
        /// What was typed.
        given: String,
    },
    /// `--jq` is no jq expression.
    #[error("the jq expression is wrong at character {place}: {what}, before {}", before(rest))]
    BadFilter {
        /// Where it goes wrong, in characters from 1.
        place: usize,
        /// What stands there.
        rest: String,
        /// What is wrong.
        what: String,
    },
    /// `--jq` can't be applied to what came.
    #[error("the jq expression can't be applied to this record: {said}")]
    FilterFailed {
        /// What jq says.
        said: String,
    },
    /// `--jq` beside a format that is not JSON.
    #[error("`--jq` writes what the expression makes, so `--output {given}` has no say")]
    FilterBesideFormat {
        /// What was typed.
        given: String,
    },
    /// `-o id` for rows that have no id.
    #[error("these rows have no id to print")]
    NoId,
}

impl OutputError {
    /// What a failed write to standard output means.
    #[must_use]
    pub fn of_writing(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe { Self::ClosedPipe } else { Self::Failed(error) }
    }
}

/// What stands at the place where an expression goes wrong.
fn before(rest: &str) -> String {
    if rest.is_empty() { "its end".to_owned() } else { format!("`{}`", rest.escape_debug()) }
}

impl Diagnose for OutputError {
    fn phrase(&self) -> &'static Phrase {
        match self {
            Self::ClosedPipe => &phrases::CLOSED_PIPE,
            Self::Failed(_) => &phrases::WRITE_FAILED,
            Self::Unreadable(_) => &phrases::READ_FAILED,
            Self::TooLong { .. } => &phrases::INPUT_TOO_LONG,
            Self::NotText(_) => &phrases::INPUT_NOT_TEXT,
            Self::Empty => &phrases::INPUT_EMPTY,
            Self::NoTerminal { .. } => &phrases::NO_TERMINAL,
            Self::Interrupted | Self::Withdrawn => &phrases::INTERRUPTED,
            Self::QuestionOver => &phrases::QUESTION_OVER,
            Self::Declined => &phrases::DECLINED,
            Self::Differ => &phrases::ENTRIES_DIFFER,
            Self::UnknownFormat { .. } => &phrases::UNKNOWN_FORMAT,
            Self::NoId => &phrases::NO_ID,
            Self::BadFilter { .. } => &phrases::BAD_FILTER,
            Self::FilterFailed { .. } => &phrases::FILTER_FAILED,
            Self::FilterBesideFormat { .. } => &phrases::FILTER_BESIDE_FORMAT,
        }
    }

    fn facts(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::TooLong { limit } => vec![("limit", limit.to_string())],
            Self::NoTerminal { flag } => vec![("flag", (*flag).to_owned())],
            Self::UnknownFormat { given } => vec![("given", given.clone())],
            Self::ClosedPipe
            | Self::Failed(_)
            | Self::Unreadable(_)
            | Self::NotText(_)
            | Self::Empty
            | Self::Interrupted
            | Self::QuestionOver
            | Self::Withdrawn
            | Self::Declined
            | Self::Differ
            | Self::BadFilter { .. }
            | Self::FilterFailed { .. }
            | Self::FilterBesideFormat { .. }
            | Self::NoId => Vec::new(),
        }
    }
}
