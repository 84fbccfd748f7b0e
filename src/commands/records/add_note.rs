//! `add-note`: a note on a record, with a file where one is given. What kinds of files the organisation takes is not known
//! here.

use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use clap::Args;
use serde_json::{Map, Value};

use crate::commands::records::Place;
use crate::commands::records::which::Which;
use crate::commands::summary;
use crate::context::Context;
use crate::dataverse::{Body, RecordId, Table, mime_type};
use crate::paths::read_given;
use crate::problem::{Exit, Problem};

/// The most that an organisation can allow a file to have. Source: Microsoft Learn, "Annotation (Note) table".
pub(super) const LARGEST_FILE: u64 = 131_072_000;

/// Write a note on a record
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  d365conn accounts add-note ACCOUNT_ID --text \"Called back, will decide on Monday\"
  d365conn accounts add-note ACCOUNT_ID --subject Contract --file contract.pdf")]
pub struct AddNote {
    #[command(flatten)]
    which: Which,
    /// What the note says
    #[arg(long, value_name = "TEXT", required_unless_present_any = ["subject", "file"])]
    text: Option<String>,
    /// Its title
    #[arg(long, value_name = "TEXT")]
    subject: Option<String>,
    /// A file to keep with it; organisations take 5 MB at most unless they allow more
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
}

impl AddNote {
    /// Writes it and prints its id.
    pub(super) fn run(self, context: &Context, place: &Place) -> Result<Exit, Problem> {
        let mut note = Map::new();
        let texts = [("subject", self.subject.as_deref()), ("notetext", self.text.as_deref())];
        for (column, text) in texts {
            note.extend(text.map(|text| (column.to_owned(), Value::from(text))));
        }
        if let Some(file) = &self.file {
            attach(&mut note, file, &read_given(file, LARGEST_FILE)?);
        }
        self.which.change(context, place, async |opened, id| {
            let bound = format!("/{}({id})", opened.table.entity_set);
            note.insert(format!("objectid_{}@odata.bind", opened.table.logical_name), bound.into());
            let body = Body::parse(Some(&Value::Object(note).to_string()), &[] as &[&str])?;
            let notes = notes();
            let made = opened.client.create(&notes, RecordId::random(), &body).await?;
            summary::created(context, opened.format, &notes, &made)
        })
    }
}

fn attach(note: &mut Map<String, Value>, path: &Path, bytes: &[u8]) {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    note.insert("isdocument".to_owned(), true.into());
    note.insert("mimetype".to_owned(), mime_type(&name).into());
    note.insert("filename".to_owned(), name.into());
    note.insert("documentbody".to_owned(), STANDARD.encode(bytes).into());
}

/// The table of notes.
fn notes() -> Table {
    Table {
        logical_name: "annotation".to_owned(),
        entity_set: "annotations".to_owned(),
        id_column: "annotationid".to_owned(),
        name_column: Some("subject".to_owned()),
    }
}
