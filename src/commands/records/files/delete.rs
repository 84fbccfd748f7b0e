//! `files delete`: a file away from a record, which stays. Where inside a record it is kept is not known here.

use clap::Args;

use crate::commands::records::Place;
use crate::commands::records::which::Which;
use crate::context::Context;
use crate::problem::{Exit, Problem};

/// Remove a record's file; the record stays
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  d365conn records nl_project files delete nl_code=NLP-001 nl_contract
  d365conn records annotation files delete NOTE_ID documentbody")]
pub(super) struct Delete {
    #[command(flatten)]
    which: Which,
    /// The column that keeps the file
    column: String,
}

impl Delete {
    pub(super) fn run(self, context: &Context, place: &Place) -> Result<Exit, Problem> {
        self.which.change(context, place, async |opened, id| {
            let holder = opened.client.holder(&opened.table, id, &self.column).await?;
            opened.client.remove_file(&holder).await?;
            opened.changed(&id, "changed")
        })
    }
}
