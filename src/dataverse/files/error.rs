//! What can go wrong with a file that a record keeps, and what to do about it.

use crate::dataverse::RecordId;
use crate::problem::{Diagnose, Exit, Phrase, Who};

/// The phrases of files.
pub const FILE_PHRASES: &[&Phrase] =
    &[&NO_FILES, &NO_FILE_COLUMNS, &EMPTY, &DAMAGED, &CHANGED, &WRONG_LENGTH, &TOO_LARGE, &BLOCKED];

/// A file that could not be taken out or put in.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// The column does not hold files.
    #[error("`{}` of {table} holds no files{}", column.escape_debug(), told(others))]
    NoFiles {
        /// The table.
        table: String,
        /// The column.
        column: String,
        /// Those that do.
        others: Vec<String>,
    },
    /// There is no file in this record.
    #[error("{column} of {id} is empty")]
    Empty {
        /// The table.
        table: String,
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
    /// Somebody put another file there while this one was fetched.
    #[error("the file in {column} of {id} was replaced while it was fetched")]
    Changed {
        /// The record.
        id: RecordId,
        /// The column.
        column: String,
    },
    /// More or fewer bytes came than the file has.
    #[error("the file has {expected} bytes, and {got} came")]
    WrongLength {
        /// What the service said.
        expected: u64,
        /// What came.
        got: u64,
    },
    /// More than the column takes.
    #[error("the file has {length} bytes, and {column} takes {most}")]
    TooLarge {
        /// The column.
        column: String,
        /// What it has.
        length: u64,
        /// What it may have.
        most: u64,
    },
    /// The organisation takes no files of this kind.
    #[error("the organisation takes no files whose names end with `.{}`", ending.escape_debug())]
    Blocked {
        /// The file's name.
        name: String,
        /// What it ends with.
        ending: String,
    },
}

fn told(others: &[String]) -> String {
    if others.is_empty() { String::new() } else { format!("; these do: {}", others.join(", ")) }
}

static NO_FILES: Phrase = Phrase {
    code: "dataverse/no-files",
    exit: Exit::Usage,
    who: Who::You,
    meaning: "files are kept in columns of the kinds file and image, in `documentbody` of a note and in `body` of an email's attachment",
    remedy: &[
        "name one of the columns that hold files",
        "see what the table has: `d365conn tables show {table} --columns`",
    ],
};

static NO_FILE_COLUMNS: Phrase = Phrase {
    code: "dataverse/no-file-columns",
    exit: Exit::Usage,
    who: Who::You,
    meaning: "the table has no column of the kinds file and image",
    remedy: &[
        "put the file into a note on the record: `d365conn records {table} add-note ID --file FILE`",
        "a maker adds a column: make.powerapps.com, Tables, {table}, Columns, New column, data type File",
    ],
};

static EMPTY: Phrase = Phrase {
    code: "dataverse/file-empty",
    exit: Exit::NotFound,
    who: Who::You,
    meaning: "the record keeps no file there",
    remedy: &["see what the record holds: `d365conn records {table} get {id}`"],
};

static DAMAGED: Phrase = Phrase {
    code: "dataverse/file-damaged",
    exit: Exit::Failed,
    who: Who::You,
    meaning: "it was stored by something that does not write base64",
    remedy: &["look at what is there: `d365conn records annotation get {id} --select documentbody -o json`"],
};

static CHANGED: Phrase = Phrase {
    code: "dataverse/file-replaced",
    exit: Exit::Conflict,
    who: Who::You,
    meaning: "half of the old file and half of the new one is what nobody wants, so nothing was kept",
    remedy: &["run the command again: it fetches the file that is there now"],
};

static WRONG_LENGTH: Phrase = Phrase {
    code: "dataverse/file-length",
    exit: Exit::Unreachable,
    who: Who::You,
    meaning: "something on the way cuts answers short, and a file with a part missing was not given its name",
    remedy: &[
        "run the command again: it goes on where it stopped",
        "see whether a proxy stands in between: `d365conn doctor`",
    ],
};

static TOO_LARGE: Phrase = Phrase {
    code: "dataverse/file-too-large",
    exit: Exit::Usage,
    who: Who::You,
    meaning: "nothing was sent: the service would refuse it after the last byte",
    remedy: &[
        "send a smaller file",
        "for a column, a maker raises \"Maximum file size\": make.powerapps.com, Tables, the table, Columns, {column}, Advanced options",
        "for notes, an administrator raises it: admin.powerplatform.microsoft.com, Environments, the environment, Settings, Email, Email settings, Maximum file size for attachments",
    ],
};

static BLOCKED: Phrase = Phrase {
    code: "dataverse/file-blocked",
    exit: Exit::Usage,
    who: Who::DataverseAdmin,
    meaning: "nothing was sent: an administrator lists the endings that are not taken",
    remedy: &[
        "pack the file: `zip FILE.zip '{name}'`",
        "have `{ending}` taken off the list: admin.powerplatform.microsoft.com, Environments, the environment, Settings, Product, Privacy + Security, Blocked attachments",
    ],
};

impl Diagnose for FileError {
    fn phrase(&self) -> &'static Phrase {
        match self {
            Self::NoFiles { others, .. } if others.is_empty() => &NO_FILE_COLUMNS,
            Self::NoFiles { .. } => &NO_FILES,
            Self::Empty { .. } => &EMPTY,
            Self::Damaged { .. } => &DAMAGED,
            Self::Changed { .. } => &CHANGED,
            Self::WrongLength { .. } => &WRONG_LENGTH,
            Self::TooLarge { .. } => &TOO_LARGE,
            Self::Blocked { .. } => &BLOCKED,
        }
    }

    fn facts(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::NoFiles { table, column, .. } => vec![("table", table.clone()), ("column", column.clone())],
            Self::Empty { table, id, column } => {
                vec![("table", table.clone()), ("id", id.to_string()), ("column", column.clone())]
            }
            Self::Damaged { id, .. } => vec![("id", id.to_string())],
            Self::Changed { id, column } => vec![("id", id.to_string()), ("column", column.clone())],
            Self::WrongLength { .. } => Vec::new(),
            Self::TooLarge { column, .. } => vec![("column", column.clone())],
            Self::Blocked { name, ending } => vec![("name", name.clone()), ("ending", ending.clone())],
        }
    }
}
