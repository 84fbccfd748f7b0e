//! `link`: a record is tied to another one through a relationship of its table.

use clap::Args;

use crate::commands::records::Place;
use crate::commands::summary;
use crate::context::Context;
use crate::dataverse::{Other, RecordId};
use crate::problem::{Exit, Problem};

/// Tie a record to another one
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  d365conn accounts link ACCOUNT_ID primarycontactid CONTACT_ID
  d365conn accounts link ACCOUNT_ID contact_customer_accounts CONTACT_ID
  d365conn contacts link CONTACT_ID parentcustomerid account:ACCOUNT_ID")]
pub struct Link {
    /// The record's id
    id: String,
    /// Navigation property, relationship or lookup; `d365conn tables show` lists them
    #[arg(value_name = "RELATIONSHIP")]
    relationship: String,
    /// The other record: its id, or `table:ID` where several tables are possible
    other: String,
}

impl Link {
    /// Ties them together.
    pub(super) fn run(self, context: &Context, place: &Place) -> Result<Exit, Problem> {
        let (id, other) = (RecordId::parse(&self.id)?, Other::parse(&self.other)?);
        let format = context.format()?;
        let client = context.client()?;
        client.check_writable()?;
        context.block_on(async {
            let table = place.table(&client).await?;
            let relationship = client.relationship(&table, &self.relationship, other.table.as_deref()).await?;
            let is_new = client.link(&table, id, &relationship, other.id).await?;
            let done = if is_new { "linked" } else { "found linked already:" };
            summary::changed(context, format, &table, &id, done)
        })
    }
}
