//! `update`: some columns of one record. It never creates one by accident.

use clap::Args;

use crate::commands::records::Place;
use crate::commands::records::values::Values;
use crate::commands::summary;
use crate::context::Context;
use crate::dataverse::RecordId;
use crate::problem::{Exit, Problem};

/// Change a record
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  d365conn accounts update ACCOUNT_ID telephone1=\"+47 55 00 11 33\"
  d365conn accounts update ACCOUNT_ID description= --data '{\"numberofemployees\": 13}'")]
pub struct Update {
    /// The record's id
    id: String,
    #[command(flatten)]
    values: Values,
}

impl Update {
    /// Changes it.
    pub(super) fn run(self, context: &Context, place: &Place) -> Result<Exit, Problem> {
        let id = RecordId::parse(&self.id)?;
        let body = self.values.body(context)?;
        let format = context.format()?;
        let client = context.client()?;
        context.block_on(async {
            let table = place.table(&client).await?;
            client.update(&table, &id, &body).await?;
            summary::changed(context, format, &table, &id, "changed")
        })
    }
}
