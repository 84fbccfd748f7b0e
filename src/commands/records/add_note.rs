//! `add-note`: a note on a record, with a file where one is given. What kinds of files the organisation takes is not known
//! here.

use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use clap::Args;
use serde_json::{Map, Value};

use crate::commands::records::Place;
use crate::commands::records::files::{Given, Memory};
use crate::commands::records::which::Which;
use crate::commands::summary;
use crate::context::Context;
use crate::dataverse::{BLOCK, Body, RecordId, SentOrShown, Source as _, mime_type};
use crate::problem::{Exit, Problem};
use crate::settings::Changes;

/// The table that keeps notes.
const NOTES: &str = "annotation";

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
        let mut given = self.file.as_deref().map(Given::open).transpose()?;
        if let Some(given) = given.as_mut().filter(|given| given.length() <= BLOCK) {
            let length = given.length();
            let bytes = given.read(0, usize::try_from(length).unwrap_or(usize::MAX))?;
            let is_shown = context.settings.changes == Changes::Shown;
            let body = if is_shown { format!("({length} bytes)") } else { STANDARD.encode(bytes) };
            attach(&mut note, &given.name(), &body);
        }
        self.which.change(context, place, async |opened, id| {
            let bound = format!("/{}({id})", opened.table.entity_set);
            note.insert(format!("objectid_{}@odata.bind", opened.table.logical_name), bound.into());
            let body = Body::parse(Some(&Value::Object(note).to_string()), &[] as &[&str])?;
            let notes = Place::Named(NOTES.to_owned()).table(&opened.client).await?;
            let (client, fresh) = (&opened.client, RecordId::random());
            let Some(mut large) = given.filter(|given| given.length() > BLOCK) else {
                let SentOrShown::Sent(made) = client.create(&notes, fresh, &body).await? else {
                    return Ok(Exit::Done);
                };
                return summary::created(context, opened.format, &notes, &made, self.subject.as_deref());
            };
            let holder = client.holder(&notes, fresh, "documentbody").await?;
            client.check_file(&holder, &large.name(), large.length()).await?;
            // The note comes first, because blocks belong to a record; a file that breaks off is gone on with there.
            let made = client.create(&notes, fresh, &body).await?.answer();
            let mut memory = Memory::of(context, client, &holder)?;
            let sent = memory.see_through(client, &holder, &mut large).await;
            let Some(made) = made else { return sent.map(|_| Exit::Done) };
            if let Err(problem) = sent {
                context.screen.note(&format!(
                    "the note {made} has no file yet; put it there with `d365conn records annotation files upload {made} \
                     documentbody FILE`"
                ));
                return Err(problem);
            }
            summary::created(context, opened.format, &notes, &made, self.subject.as_deref())
        })
    }
}

fn attach(note: &mut Map<String, Value>, name: &str, body: &str) {
    note.insert("isdocument".to_owned(), true.into());
    note.insert("mimetype".to_owned(), mime_type(name).into());
    note.insert("filename".to_owned(), name.into());
    note.insert("documentbody".to_owned(), body.into());
}
