//! `delete`: records by their ids, or by a condition. One goes without a question; several ask, or need `--yes`.

use clap::Args;

use crate::commands::records::{Place, delete_many};
use crate::commands::summary;
use crate::context::Context;
use crate::dataverse::RecordId;
use crate::problem::{Exit, Problem};

/// Delete records
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  d365conn accounts delete ACCOUNT_ID
  d365conn contacts delete CONTACT_ID CONTACT_ID_2 --yes
  d365conn accounts delete --filter \"accountnumber eq 'NL-0007'\" --expect-count 1")]
pub struct Delete {
    /// The records' ids
    #[arg(required_unless_present = "filter", value_name = "ID")]
    ids: Vec<String>,
    /// Every record for which this OData condition holds; they are counted before anything is deleted
    #[arg(long, value_name = "ODATA", conflicts_with = "ids")]
    filter: Option<String>,
    /// Delete nothing unless exactly so many records match
    #[arg(long, value_name = "N", requires = "filter", conflicts_with = "ids")]
    expect_count: Option<u64>,
}

impl Delete {
    /// Deletes them, one after the other; the first refusal ends it.
    pub(super) fn run(self, context: &Context, place: &Place) -> Result<Exit, Problem> {
        if let Some(filter) = &self.filter {
            return delete_many::run(context, place, filter, self.expect_count);
        }
        let ids = self.ids.iter().map(|id| RecordId::parse(id)).collect::<Result<Vec<_>, _>>()?;
        let format = context.format()?;
        let client = context.client()?;
        if ids.len() > 1 {
            let place = context.warning_of_target();
            context.confirm(&format!("Delete {} records{place}?", ids.len()))?;
        }
        context.block_on(async {
            let table = place.table(&client).await?;
            for id in &ids {
                client.delete(&table, id).await?;
                summary::changed(context, format, &table, id, "deleted")?;
            }
            Ok(Exit::Done)
        })
    }
}
