//! Files that are kept inside a record as base64: those of notes and of emails. File and image columns are not.
//! Source: Microsoft Learn, "Annotation (Note) table" and "Use file attachments with notes".

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use crate::dataverse::file_error::FileError;
use crate::dataverse::{Body, Client, RecordId, Table, Write, mime_type};
use crate::problem::Problem;
use crate::record::Record;

/// The tables that keep a file in a record, and the column that holds it.
const HOLDERS: [(&str, &str); 2] = [("annotation", "documentbody"), ("activitymimeattachment", "body")];

/// A file out of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attachment {
    /// What the service calls it: not to be trusted as a path.
    pub name: String,
    /// What is in it.
    pub bytes: Vec<u8>,
}

impl Client {
    /// The file in `column` of a record.
    ///
    /// # Errors
    /// [`FileError`] when the column holds no files, or this record's is empty or damaged, and whatever kept it away.
    pub async fn attachment(&self, table: &Table, id: &RecordId, column: &str) -> Result<Attachment, Problem> {
        check(table, column)?;
        let select = [column.to_owned(), "filename".to_owned()];
        let record = self.get(table, id, &select, false).await?;
        Ok(read(&record, column, *id)?)
    }

    /// Puts a file into `column` of a record, in the place of the one that is there.
    ///
    /// # Errors
    /// [`FileError::NoFiles`], and as [`Client::write`].
    pub async fn attach(
        &self,
        table: &Table,
        id: &RecordId,
        column: &str,
        attachment: &Attachment,
    ) -> Result<(), Problem> {
        check(table, column)?;
        let body = Body::parse(Some(&written(table, column, attachment)), &[] as &[&str])?;
        self.write(&Write::Update { table: table.clone(), id: *id, body, if_match: None }).await.map(drop)
    }
}

fn check(table: &Table, column: &str) -> Result<(), FileError> {
    if HOLDERS.contains(&(table.logical_name.as_str(), column)) {
        return Ok(());
    }
    Err(FileError::NoFiles { table: table.logical_name.clone(), column: column.to_owned() })
}

fn read(record: &Record, column: &str, id: RecordId) -> Result<Attachment, FileError> {
    let text = |name: &str| record.cell(name).map(|cell| cell.text().into_owned()).unwrap_or_default();
    let body = text(column);
    if body.is_empty() {
        return Err(FileError::Empty { id, column: column.to_owned() });
    }
    // Old clients broke the lines of what they stored.
    let body: String = body.split_ascii_whitespace().collect();
    let bytes = STANDARD.decode(body).map_err(|cause| FileError::Damaged { id, cause })?;
    Ok(Attachment { name: text("filename"), bytes })
}

fn written(table: &Table, column: &str, attachment: &Attachment) -> String {
    let mut body = json!({
        "filename": attachment.name,
        "mimetype": mime_type(&attachment.name),
        column: STANDARD.encode(&attachment.bytes),
    });
    if table.logical_name == "annotation" {
        body["isdocument"] = true.into();
    }
    body.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id() -> RecordId {
        RecordId::parse("5d0c0001-1111-ef11-8400-000d3ab1c111").expect("an id")
    }

    fn taken(json: &str) -> Result<Attachment, FileError> {
        read(&Record::parse(json.to_owned()).expect("a record"), "documentbody", id())
    }

    #[test]
    fn a_file_is_read_whatever_its_lines_and_a_damaged_one_is_none() {
        let file = taken("{\"filename\":\"a.txt\",\"documentbody\":\"aGVs\\r\\nbG8=\"}").expect("a file");
        assert_eq!((file.name.as_str(), file.bytes.as_slice()), ("a.txt", &b"hello"[..]));
        assert!(matches!(taken("{\"filename\":\"a.txt\",\"documentbody\":null}"), Err(FileError::Empty { .. })));
        assert!(matches!(taken("{\"documentbody\":\"a\"}"), Err(FileError::Damaged { .. })));
    }
}
