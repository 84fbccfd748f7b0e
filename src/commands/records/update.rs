//! `update`: some columns of one record. It never creates one by accident.

use clap::Args;

use crate::commands::CommandError;
use crate::commands::records::Place;
use crate::commands::summary;
use crate::context::Context;
use crate::dataverse::{Body, RecordId};
use crate::problem::{Exit, Problem};

/// Change a record
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  d365conn accounts update ACCOUNT_ID telephone1=\"+47 55 00 11 33\"
  d365conn accounts update ACCOUNT_ID description= --data '{\"numberofemployees\": 13}'")]
pub struct Update {
    /// The record's id
    id: String,
    /// `column=text` (`column=` clears it), or `column:=JSON` for numbers, booleans and null
    #[arg(value_name = "COLUMN=VALUE")]
    values: Vec<String>,
    /// A JSON object: as text, `@file`, or `-` for stdin
    #[arg(long, value_name = "JSON|@FILE|-")]
    data: Option<String>,
}

impl Update {
    /// Changes it.
    pub(super) fn run(self, context: &Context, place: &Place) -> Result<Exit, Problem> {
        let id = RecordId::parse(&self.id)?;
        if self.values.is_empty() && self.data.is_none() {
            return Err(CommandError::NoValue.into());
        }
        let body = Body::parse(context.json_argument(self.data.as_deref())?.as_deref(), &self.values)?;
        let format = context.format()?;
        let client = context.client()?;
        context.block_on(async {
            let table = place.table(&client).await?;
            client.update(&table, &id, &body).await?;
            summary::changed(context, format, &table, &id, "changed")
        })
    }
}
