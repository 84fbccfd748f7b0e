//! `count`: how many records there are, exactly, however many. How they are counted is not known here.

use clap::Args;

use crate::commands::records::Place;
use crate::commands::records::opened::{Aim, Opened};
use crate::context::Context;
use crate::dataverse::Asked;
use crate::output::{Format, object};
use crate::problem::{Exit, Problem};

/// Count records
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  d365conn accounts count
  d365conn leads count --filter \"leadqualitycode eq 3\"")]
pub struct Count {
    /// Only records for which this OData condition holds
    #[arg(long, value_name = "ODATA")]
    filter: Option<String>,
}

impl Count {
    /// Counts them and prints the number.
    pub(super) fn run(self, context: &Context, place: &Place) -> Result<Exit, Problem> {
        place.open(context, Aim::Read, async |opened| {
            let Opened { client, table, format, .. } = opened;
            client.check_names(table, Asked { filter: self.filter.as_deref(), ..Asked::default() }).await?;
            let count = client.count(table, self.filter.as_deref()).await?;
            match *format {
                Format::Json | Format::Ndjson => {
                    let fields =
                        [("table", table.logical_name.clone().into()), ("count", serde_json::Value::from(count))];
                    object(&context.screen, *format, &fields)?;
                }
                _ => context.screen.line(&count.to_string())?,
            }
            Ok(Exit::Done)
        })
    }
}
