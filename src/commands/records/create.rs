//! `create`: a new record from words or JSON. The id is made on this side, so that a lost answer can't make a second one.

use clap::Args;

use crate::commands::records::Place;
use crate::commands::records::values::Values;
use crate::commands::summary;
use crate::context::Context;
use crate::dataverse::RecordId;
use crate::problem::{Exit, Problem};

/// Create a record
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  d365conn accounts create name=\"Fjord & Co\" telephone1=\"+47 55 00 11 22\"
  d365conn accounts create --data '{\"name\": \"Fjord & Co\", \"numberofemployees\": 12}'
  d365conn contacts create lastname=Lund creditlimit:=1250.50")]
pub struct Create {
    #[command(flatten)]
    values: Values,
}

impl Create {
    /// Creates it and prints its id.
    pub(super) fn run(self, context: &Context, place: &Place) -> Result<Exit, Problem> {
        let body = self.values.body(context)?;
        let format = context.format()?;
        let client = context.client()?;
        context.block_on(async {
            let table = place.table(&client).await?;
            let id = client.create(&table, RecordId::random(), &body).await?;
            summary::created(context, format, &table, &id)
        })
    }
}
