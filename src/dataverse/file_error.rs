//! What can go wrong with a file that a record keeps, and what to do about it.

use crate::dataverse::RecordId;
use crate::problem::{Diagnose, Exit, Phrase, Who};

/// The phrases of files.
pub const FILE_PHRASES: &[&Phrase] = &[&NO_FILES, &EMPTY, &DAMAGED];

/// A file that could not be taken out or put in.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// The column does not hold files.
    #[error("`{}` of {table} holds no attachment", column.escape_debug())]
    NoFiles {
        /// The table.
        table: String,
        /// The column.
        column: String,
    },
    /// There is no file in this record.
    #[error("{column} of {id} is empty")]
    Empty {
        /// The record.
        id: RecordId,
        /// The column.
        column: String,
    },
    /// What is there is not base64.
    #[error("the file in {id} is damaged")]
    Damaged {
        /// The record.
        id: RecordId,
        /// What the decoder said.
        #[source]
        cause: base64::DecodeError,
    },
}

static NO_FILES: Phrase = Phrase {
    code: "dataverse/no-files",
    exit: Exit::Usage,
    who: Who::You,
    meaning: "attachments are in `documentbody` of a note and in `body` of an email's attachment",
    remedy: &[
        "find the note: `d365conn records annotation list --select filename,annotationid --filter \"isdocument eq true\"`",
        "run `d365conn tables show {table} --columns` to see what the table has",
    ],
};

static EMPTY: Phrase = Phrase {
    code: "dataverse/file-empty",
    exit: Exit::NotFound,
    who: Who::You,
    meaning: "the record keeps no file",
    remedy: &["see which notes have one: `d365conn records annotation list --filter \"isdocument eq true\"`"],
};

static DAMAGED: Phrase = Phrase {
    code: "dataverse/file-damaged",
    exit: Exit::Failed,
    who: Who::You,
    meaning: "it was stored by something that does not write base64",
    remedy: &["look at what is there: `d365conn records annotation get ID --select documentbody -o json`"],
};

impl Diagnose for FileError {
    fn phrase(&self) -> &'static Phrase {
        match self {
            Self::NoFiles { .. } => &NO_FILES,
            Self::Empty { .. } => &EMPTY,
            Self::Damaged { .. } => &DAMAGED,
        }
    }

    fn facts(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::NoFiles { table, column } => vec![("table", table.clone()), ("column", column.clone())],
            Self::Empty { id, column } => vec![("id", id.to_string()), ("column", column.clone())],
            Self::Damaged { id, .. } => vec![("id", id.to_string())],
        }
    }
}
