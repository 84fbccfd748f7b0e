//! `files delete`: a file away from a record, which stays. Where inside a record it is kept is not known here.

use clap::Args;

use crate::commands::records::Place;
use crate::commands::records::which::{Which, WordsBehind, change};
use crate::context::Context;
use crate::dataverse::SentOrShown;
use crate::problem::{Exit, Problem};

/// Remove a record's file; the record stays
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  d365conn records nl_project files delete --key nl_code=NLP-001 nl_contract
  d365conn records annotation files delete NOTE_ID documentbody")]
pub(super) struct Delete {
    #[command(flatten)]
    which: Which,
    /// The column that keeps the file
    #[arg(required_unless_present = "key")]
    column: Option<String>,
}

impl Delete {
    pub(super) fn run(self, context: &Context, place: &Place) -> Result<Exit, Problem> {
        let behind = WordsBehind { words: [self.column.as_ref()], names: ["COLUMN"], needed: 1 };
        let (reference, [column]) = self.which.with_words(place, behind)?;
        let column = column.unwrap_or_default();
        change(context, place, &reference, async |opened, id| {
            let name = opened.read_name(&id).await?;
            let holder = opened.client.holder(&opened.table, id, &column).await?;
            let SentOrShown::Sent(()) = opened.client.remove_file(&holder).await? else {
                return Ok(Exit::Done);
            };
            opened.changed_called(&id, "changed", name.as_deref())
        })
    }
}
