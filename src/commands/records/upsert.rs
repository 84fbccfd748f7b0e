//! `upsert`: changes the record that a key leads to, or makes it. The service decides which, in one step.

use clap::Args;

use crate::commands::records::Place;
use crate::commands::records::writing::Writing;
use crate::context::Context;
use crate::dataverse::{Only, Purpose, key_of_words};
use crate::problem::{Exit, Problem};

/// Change the record with a key, or create it
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  d365conn accounts upsert --key accountnumber=AC-77 name=\"Fjord & Co\" revenue=125000
  d365conn accounts upsert --key accountnumber=NL-0001 telephone1=\"+47 55 00 11 33\" --update-only
  d365conn contacts upsert --key emailaddress1=ida.holm@fjord.example lastname=Holm --create-only

The key is an alternate key of the table (`d365conn tables show account --keys`), all of its
columns; --key is given once for each.")]
pub struct Upsert {
    /// The key: `column=value`, once for each of its columns
    #[arg(long, required = true, value_name = "COLUMN=VALUE")]
    key: Vec<String>,
    #[command(flatten)]
    writing: Writing,
    /// Only if there is no such record
    #[arg(long, conflicts_with = "update_only")]
    create_only: bool,
    /// Only if there is such a record
    #[arg(long)]
    update_only: bool,
}

impl Upsert {
    /// Does it, and says which it was.
    pub(super) fn run(self, context: &Context, place: &Place) -> Result<Exit, Problem> {
        let (key, only) = (key_of_words(&self.key)?, self.only());
        self.writing.run(context, place, Purpose::Change, None, async |opened, body, _| {
            Ok(opened.client.upsert(&opened.table, &key, body, only).await?)
        })
    }

    fn only(&self) -> Option<Only> {
        match (self.create_only, self.update_only) {
            (true, _) => Some(Only::Create),
            (_, true) => Some(Only::Update),
            _ => None,
        }
    }
}
