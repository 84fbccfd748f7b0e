//! `delete`: records by their ids or keys, or by a condition. One goes without a question; several ask, or need `--yes`.

use clap::Args;

use crate::commands::records::manner::Logic;
use crate::commands::records::which::which;
use crate::commands::records::{Place, delete_many};
use crate::commands::summary;
use crate::context::Context;
use crate::dataverse::{Manner, Write, is_rehearsal};
use crate::problem::{Exit, Problem};

/// Delete records
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  d365conn accounts delete ACCOUNT_ID
  d365conn accounts delete accountnumber=NL-0001
  d365conn contacts delete CONTACT_ID CONTACT_ID_2 --yes
  d365conn accounts delete --filter \"accountnumber eq 'NL-0007'\" --expect-count 1")]
pub struct Delete {
    /// The records' ids, or `column=value` that tells one apart
    #[arg(required_unless_present = "filter", value_name = "ID|KEY=VALUE")]
    ids: Vec<String>,
    /// Every record for which this OData condition holds; they are counted before anything is deleted
    #[arg(long, value_name = "ODATA", conflicts_with_all = ["ids", "if_match", "Logic"])]
    filter: Option<String>,
    /// Delete nothing unless exactly so many records match
    #[arg(long, value_name = "N", requires = "filter", conflicts_with = "ids")]
    expect_count: Option<u64>,
    /// Only if the record still has this version
    #[arg(long, value_name = "ETAG")]
    if_match: Option<String>,
    #[command(flatten)]
    logic: Logic,
}

impl Delete {
    /// Deletes them, one after the other; the first refusal ends it.
    pub(super) fn run(self, context: &Context, place: &Place) -> Result<Exit, Problem> {
        if let Some(filter) = &self.filter {
            return delete_many::run(context, place, filter, self.expect_count);
        }
        let references = self.ids.iter().map(|id| which(id)).collect::<Result<Vec<_>, _>>()?;
        let format = context.format()?;
        let client = context.client()?;
        client.check_writable()?;
        if references.len() > 1 && !context.only_shows_changes() {
            let place = context.warning_of_target();
            context.confirm(&format!("Delete {} records{place}?", references.len()))?;
        }
        context.block_on(async {
            let table = place.table(&client).await?;
            let mut ids = Vec::new();
            for reference in &references {
                ids.push(client.find_record(&table, reference).await?);
            }
            let manner = Manner { headers: self.logic.headers(), ..Manner::default() };
            for id in ids {
                let write = Write::Delete { table: table.clone(), id, if_match: self.if_match.clone() };
                match client.write_in(&write, &manner).await {
                    Ok(_) => summary::changed(context, format, &table, &id, "deleted")?,
                    // It was shown; so are the others.
                    Err(problem) if is_rehearsal(&problem) => Exit::Done,
                    Err(problem) => return Err(problem),
                };
            }
            Ok(Exit::Done)
        })
    }
}
