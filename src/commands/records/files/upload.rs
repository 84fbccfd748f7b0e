//! `files upload`: a file into a record; one that broke off is gone on with. Where inside a record it is kept is not known
//! here.

use std::path::PathBuf;

use clap::Args;

use crate::commands::records::Place;
use crate::commands::records::files::{Given, Memory};
use crate::commands::records::which::{Which, WordsBehind, change};
use crate::context::Context;
use crate::dataverse::{SentOrShown, Source as _};
use crate::problem::{Exit, Problem};

/// Put a file into a record
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  d365conn records annotation files upload NOTE_ID documentbody contract.pdf
  d365conn records nl_project files upload --key nl_code=NLP-001 nl_contract contract.pdf

A file of more than 4 MiB goes in blocks. An upload that broke off is gone on with by the same command within a day, with
the first block that is missing, if the file is still the same.")]
pub(super) struct Upload {
    #[command(flatten)]
    which: Which,
    /// The column that keeps the file
    #[arg(required_unless_present = "key")]
    column: Option<String>,
    /// The file
    #[arg(required_unless_present = "key")]
    file: Option<String>,
}

impl Upload {
    pub(super) fn run(self, context: &Context, place: &Place) -> Result<Exit, Problem> {
        let words = [self.column.as_ref(), self.file.as_ref()];
        let behind = WordsBehind { words, names: ["COLUMN", "FILE"], needed: 2 };
        let (reference, [column, file]) = self.which.with_words(place, behind)?;
        let column = column.unwrap_or_default();
        let mut given = Given::open(&PathBuf::from(file.unwrap_or_default()))?;
        change(context, place, &reference, async |opened, id| {
            let client = &opened.client;
            let holder = client.holder(&opened.table, id, &column).await?;
            client.check_file(&holder, &given.name(), given.length()).await?;
            let mut memory = Memory::of(context, client, &holder)?;
            let SentOrShown::Sent(()) = memory.see_through(client, &holder, &mut given).await? else {
                return Ok(Exit::Done);
            };
            opened.changed(&id, "changed")
        })
    }
}
