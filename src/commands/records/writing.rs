//! Writing one record, for every verb that fills columns: its flags, the body from what was typed, and what is shown of it
//! afterwards. Which write it is, is each verb's own.

use clap::Args;

use crate::commands::records::Place;
use crate::commands::records::manner::{Logic, Returned};
use crate::commands::records::opened::{Aim, Opened};
use crate::commands::records::values::Values;
use crate::commands::summary;
use crate::context::Context;
use crate::dataverse::{Body, Purpose, RecordId, Reference, SentOrShown, Table, Write};
use crate::problem::{Exit, Problem};

/// What is written, and how.
#[derive(Debug, Args)]
pub struct Writing {
    #[command(flatten)]
    values: Values,
    #[command(flatten)]
    logic: Logic,
    #[command(flatten)]
    returned: Returned,
}

impl Writing {
    /// The words that give columns their values, taken out.
    pub(super) fn take_words(&mut self) -> Vec<String> {
        std::mem::take(&mut self.values.words)
    }

    /// Puts them back.
    pub(super) fn put_words(&mut self, words: Vec<String>) {
        self.values.words = words;
    }

    /// Makes the change that `write` makes of the body, and of the id of the record that `changed` means, and shows or tells
    /// what came of it.
    ///
    /// # Errors
    /// A value that can't be read or does not fit, and what the write met.
    pub(super) fn run(
        self,
        context: &Context,
        place: &Place,
        purpose: Purpose,
        changed: Option<&Reference>,
        write: impl AsyncFnOnce(&Opened<'_>, Body, Option<RecordId>) -> Result<Write, Problem>,
    ) -> Result<Exit, Problem> {
        let mut typed = self.values.read(context)?;
        place.open(context, Aim::Change, async |opened| {
            let Opened { table, format, .. } = opened;
            let client = match &typed.time_zone {
                Some(zone) => &opened.client.clone().in_time_zone(zone)?,
                None => &opened.client,
            };
            let id = match changed {
                Some(reference) => Some(opened.find(reference).await?),
                None => None,
            };
            if let Some(id) = &id {
                typed = typed.unprinted(context, client, table, id).await?;
            }
            let manner = self.returned.manner(client, table, self.logic.headers(), *format).await?;
            let body = typed.fill(client, table, purpose).await?;
            if let Some(name) = name_in(&body, table) {
                // What it is called from now on.
                let _ = opened.called.set(name);
            }
            if let Some(zone) = client.told_zone() {
                context.screen.note(&format!("days begin at midnight of {zone}"));
            }
            let write = write(opened, body, id).await?;
            let SentOrShown::Sent(written) = client.write_in(&write, &manner).await? else {
                return Ok(Exit::Done);
            };
            match (&written.record, written.is_new) {
                (Some(record), is_new) => {
                    let column = table.name_column.as_deref().and_then(|column| record.cell(column));
                    let name = column.map(|cell| cell.text().into_owned()).filter(|name| !name.is_empty());
                    let name = name.as_deref().or(opened.called.get().map(String::as_str));
                    summary::tell(context, if is_new { "created" } else { "changed" }, table, &written.id, name);
                    self.returned.show(context, *format, &manner, table, record)
                }
                (None, true) => opened.created(&written.id),
                (None, false) => opened.changed(&written.id, "changed"),
            }
        })
    }
}

/// The name that a body gives its record.
fn name_in(body: &Body, table: &Table) -> Option<String> {
    let json = body.value(table.name_column.as_deref()?)?;
    serde_json::from_str::<String>(json).ok().filter(|name| !name.is_empty())
}
