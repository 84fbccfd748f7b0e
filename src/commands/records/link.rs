//! `link`: a record is tied to another one through a relationship of its table.

use clap::Args;

use crate::commands::records::Place;
use crate::commands::records::opened::Opened;
use crate::commands::records::which::{Which, WordsBehind, change};
use crate::context::Context;
use crate::dataverse::{Other, SentOrShown};
use crate::problem::{Exit, Problem};

/// Tie a record to another one
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  d365conn accounts link ACCOUNT_ID primarycontactid CONTACT_ID
  d365conn accounts link ACCOUNT_ID contact_customer_accounts CONTACT_ID
  d365conn contacts link CONTACT_ID parentcustomerid account:ACCOUNT_ID
  d365conn contacts link CONTACT_ID parentcustomerid account@accountnumber=NL-0007
  d365conn accounts link --key accountnumber=NL-0001 primarycontactid CONTACT_ID")]
pub struct Link {
    #[command(flatten)]
    which: Which,
    /// Navigation property, relationship or lookup; `d365conn tables show` lists them
    #[arg(value_name = "RELATIONSHIP", required_unless_present = "key")]
    relationship: Option<String>,
    /// The other record: its id, `column=value` or its name; `table:ID`, `table@column=value` or `table:"Name"` where several
    /// tables are possible
    #[arg(value_name = "OTHER", required_unless_present = "key")]
    other: Option<String>,
}

impl Link {
    /// Ties them together.
    pub(super) fn run(self, context: &Context, place: &Place) -> Result<Exit, Problem> {
        let words = [self.relationship.as_ref(), self.other.as_ref()];
        let behind = WordsBehind { words, names: ["RELATIONSHIP", "OTHER"], needed: 2 };
        let (reference, [relationship, other]) = self.which.with_words(place, behind)?;
        let (relationship, other) = (relationship.unwrap_or_default(), Other::parse(&other.unwrap_or_default())?);
        change(context, place, &reference, async |opened, id| {
            let Opened { client, table, .. } = opened;
            let (relationship, other) = client.relationship(table, &relationship, Some(&other)).await?;
            let SentOrShown::Sent(is_new) = client.link(table, id, &relationship, other).await? else {
                return Ok(Exit::Done);
            };
            opened.changed(&id, if is_new { "linked" } else { "found linked already:" })
        })
    }
}
