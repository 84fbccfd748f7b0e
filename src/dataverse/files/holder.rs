//! Which column of a table keeps a file, and how. Nothing is fetched or sent here.

use crate::dataverse::client::Client;
use crate::dataverse::files::FileError;
use crate::dataverse::{ColumnDefinition, ColumnKind, DataverseError, Detail, RecordId, Table};

/// A column of a record that keeps a file.
#[derive(Debug, Clone)]
pub struct Holder {
    /// The table.
    pub table: Table,
    /// The record.
    pub id: RecordId,
    /// The column.
    pub column: String,
    /// How it keeps it.
    pub kind: HolderKind,
    /// What else the table has for it: the columns with the file's name, the image's id, the moment it came.
    pub(super) beside: Vec<String>,
}

/// How a column keeps a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HolderKind {
    /// A column of files.
    File,
    /// A column of images.
    Image,
    /// The body of a note.
    Note,
    /// The body of an attachment of an email.
    Attachment,
}

/// The tables that keep a file in the record itself, and the column that holds it. Source: Microsoft Learn, "Use file
/// attachments with notes".
const BODIES: [(&str, &str, HolderKind); 2] =
    [("annotation", "documentbody", HolderKind::Note), ("activitymimeattachment", "body", HolderKind::Attachment)];

impl HolderKind {
    /// Whether the file is part of the record, as base64.
    #[must_use]
    pub const fn is_body(self) -> bool {
        matches!(self, Self::Note | Self::Attachment)
    }
}

impl Client {
    /// The column `column` of a record, if it keeps files.
    ///
    /// # Errors
    /// [`FileError::NoFiles`] with those that do, [`crate::dataverse::ValueError::UnknownColumn`], or whatever kept the answer away.
    pub async fn holder(&self, table: &Table, id: RecordId, column: &str) -> Result<Holder, DataverseError> {
        let holder =
            |kind, column: &str, beside| Holder { table: table.clone(), id, column: column.to_owned(), kind, beside };
        let body = BODIES.iter().find(|(name, ..)| *name == table.logical_name);
        if let Some((_, name, kind)) = body {
            if column.eq_ignore_ascii_case(name) {
                let beside = ["filename", "filesize"].map(str::to_owned).to_vec();
                return Ok(holder(*kind, name, beside));
            }
            return Err(no_files(table, column, vec![(*name).to_owned()]));
        }
        let definition = self.definition(&table.logical_name, &[]).await?;
        let name = column.to_lowercase();
        let known = |name: &str| definition.column(name).is_some();
        let Some(found) = definition.column(&name).filter(|found| found.name == name) else {
            return Err(definition.unknown(column).into());
        };
        let (kind, endings) = match found.kind {
            ColumnKind::File => (HolderKind::File, &["_name"][..]),
            ColumnKind::Image => (HolderKind::Image, &["id", "_timestamp"][..]),
            _ => {
                let keeps = |column: &&ColumnDefinition| matches!(column.kind, ColumnKind::File | ColumnKind::Image);
                let others = definition.columns.iter().filter(keeps).map(|column| column.name.clone()).collect();
                return Err(no_files(table, column, others));
            }
        };
        let beside = endings.iter().map(|ending| format!("{name}{ending}")).filter(|name| known(name)).collect();
        Ok(holder(kind, &name, beside))
    }

    /// The most bytes that the column takes, where it says so; notes and attachments don't.
    ///
    /// # Errors
    /// Whatever kept the answer away.
    pub async fn most_bytes(&self, holder: &Holder) -> Result<Option<u64>, DataverseError> {
        let detail = match holder.kind {
            HolderKind::File => Detail::File,
            HolderKind::Image => Detail::Image,
            HolderKind::Note | HolderKind::Attachment => return Ok(None),
        };
        let definition = self.definition(&holder.table.logical_name, &[detail]).await?;
        let most = definition.column(&holder.column).and_then(|column| column.most_kibibytes);
        Ok(most.map(|most| most.saturating_mul(1024)))
    }
}

fn no_files(table: &Table, column: &str, others: Vec<String>) -> DataverseError {
    FileError::NoFiles { table: table.logical_name.clone(), column: column.to_owned(), others }.into()
}
