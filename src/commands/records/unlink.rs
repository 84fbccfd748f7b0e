//! `unlink`: the tie between two records ends; both stay.

use clap::Args;

use crate::commands::records::Place;
use crate::commands::summary;
use crate::context::Context;
use crate::dataverse::{Other, RecordId};
use crate::problem::{Exit, Problem};

/// End the tie between a record and another one
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  d365conn accounts unlink ACCOUNT_ID primarycontactid
  d365conn accounts unlink ACCOUNT_ID contact_customer_accounts CONTACT_ID")]
pub struct Unlink {
    /// The record's id
    id: String,
    /// Navigation property, relationship or lookup; `d365conn tables show` lists them
    #[arg(value_name = "RELATIONSHIP")]
    relationship: String,
    /// The other record, where there may be several: its id, or `table:ID`
    other: Option<String>,
}

impl Unlink {
    /// Takes them apart.
    pub(super) fn run(self, context: &Context, place: &Place) -> Result<Exit, Problem> {
        let id = RecordId::parse(&self.id)?;
        let other = self.other.as_deref().map(Other::parse).transpose()?;
        let format = context.format()?;
        let client = context.client()?;
        client.check_writable()?;
        context.block_on(async {
            let table = place.table(&client).await?;
            let other_table = other.as_ref().and_then(|other| other.table.as_deref());
            let relationship = client.relationship(&table, &self.relationship, other_table).await?;
            client.unlink(&table, id, &relationship, other.map(|other| other.id)).await?;
            summary::changed(context, format, &table, &id, "unlinked")
        })
    }
}
