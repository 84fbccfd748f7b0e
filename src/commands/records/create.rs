//! `create`: a new record from words or JSON. The id is made on this side, so that a lost answer can't make a second one.

use clap::Args;

use crate::commands::CommandError;
use crate::commands::records::Place;
use crate::commands::summary;
use crate::context::Context;
use crate::dataverse::{Body, RecordId};
use crate::problem::{Exit, Problem};

/// Create a record
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  d365conn accounts create name=\"Fjord & Co\" telephone1=\"+47 55 00 11 22\"
  d365conn accounts create --data '{\"name\": \"Fjord & Co\", \"numberofemployees\": 12}'
  d365conn contacts create lastname=Lund creditlimit:=1250.50")]
pub struct Create {
    /// `column=text`, or `column:=JSON` for numbers, booleans and null
    #[arg(value_name = "COLUMN=VALUE")]
    values: Vec<String>,
    /// A JSON object: as text, `@file`, or `-` for stdin
    #[arg(long, value_name = "JSON|@FILE|-")]
    data: Option<String>,
}

impl Create {
    /// Creates it and prints its id.
    pub(super) fn run(self, context: &Context, place: &Place) -> Result<Exit, Problem> {
        if self.values.is_empty() && self.data.is_none() {
            return Err(CommandError::NoValue.into());
        }
        let body = Body::parse(context.json_argument(self.data.as_deref())?.as_deref(), &self.values)?;
        let format = context.format()?;
        let client = context.client()?;
        context.block_on(async {
            let table = place.table(&client).await?;
            let id = client.create(&table, RecordId::random(), &body).await?;
            summary::created(context, format, &table, &id)
        })
    }
}
