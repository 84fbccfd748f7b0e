//! `unlink`: the tie between two records ends; both stay.

use clap::Args;

use crate::commands::records::Place;
use crate::commands::records::opened::Opened;
use crate::commands::records::which::{Which, WordsBehind, change};
use crate::context::Context;
use crate::dataverse::{Other, SentOrShown};
use crate::problem::{Exit, Problem};

/// End the tie between a record and another one
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  d365conn accounts unlink ACCOUNT_ID primarycontactid
  d365conn accounts unlink ACCOUNT_ID contact_customer_accounts CONTACT_ID")]
pub struct Unlink {
    #[command(flatten)]
    which: Which,
    /// Navigation property, relationship or lookup; `d365conn tables show` lists them
    #[arg(value_name = "RELATIONSHIP", required_unless_present = "key")]
    relationship: Option<String>,
    /// The other record, where there may be several: its id, `column=value` or its name, perhaps with `table:` in front
    other: Option<String>,
}

impl Unlink {
    /// Takes them apart.
    pub(super) fn run(self, context: &Context, place: &Place) -> Result<Exit, Problem> {
        let words = [self.relationship.as_ref(), self.other.as_ref()];
        let behind = WordsBehind { words, names: ["RELATIONSHIP", "OTHER"], needed: 1 };
        let (reference, [relationship, other]) = self.which.with_words(place, behind)?;
        let relationship = relationship.unwrap_or_default();
        let other = other.as_deref().map(Other::parse).transpose()?;
        change(context, place, &reference, async |opened, id| {
            let Opened { client, table, .. } = opened;
            let (relationship, other) = client.relationship(table, &relationship, other.as_ref()).await?;
            let SentOrShown::Sent(()) = client.unlink(table, id, &relationship, other).await? else {
                return Ok(Exit::Done);
            };
            opened.changed(&id, "unlinked")
        })
    }
}
