//! `delete`: records by their ids or keys, or by a condition. One goes without a question; several ask, or need `--yes`.

use clap::Args;

use crate::commands::records::manner::Logic;
use crate::commands::records::opened::{Aim, Opened};
use crate::commands::records::which::which;
use crate::commands::records::{Place, delete_many};
use crate::context::Context;
use crate::dataverse::{Manner, Write};
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
        let references = self.ids.iter().map(|id| which(id, place)).collect::<Result<Vec<_>, _>>()?;
        let deed = async |opened: &Opened<'_>| {
            let mut ids = Vec::new();
            for reference in &references {
                let id = opened.client.find_record(&opened.table, reference).await?;
                // One that is named twice goes once.
                if !ids.contains(&id) {
                    ids.push(id);
                }
            }
            let manner = Manner { headers: self.logic.headers(), ..Manner::default() };
            for id in ids {
                let write = Write::Delete { table: opened.table.clone(), id, if_match: self.if_match.clone() };
                match opened.client.write_in(&write, &manner).await {
                    Ok(_) => opened.changed(&id, "deleted")?,
                    // It was shown; so are the others.
                    Err(error) if error.is_rehearsal() => Exit::Done,
                    Err(error) => return Err(error.into()),
                };
            }
            Ok(Exit::Done)
        };
        let question = format!("Delete {} records{}?", references.len(), context.warning_of_target());
        let aim = if references.len() > 1 { Aim::ChangeIf(&question) } else { Aim::Change };
        place.open(context, aim, deed)
    }
}
