//! `merge`: two records become one. The first stays and takes over what is chosen; the second goes out of use.

use clap::Args;

use crate::commands::CommandError;
use crate::commands::records::Place;
use crate::commands::records::opened::{Aim, Opened};
use crate::commands::records::own::Deed;
use crate::commands::records::which::which;
use crate::context::Context;
use crate::dataverse::{VerbError, crm};
use crate::problem::{Exit, Problem};

/// Merge two records into one
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  d365conn accounts merge ACCOUNT_ID ACCOUNT_ID_2 --yes
  d365conn contacts merge CONTACT_ID CONTACT_ID_2 --take jobtitle,telephone1 --yes")]
pub struct Merge {
    /// The record that stays: its id, or `column=value` that tells it apart
    #[arg(value_name = "ID|KEY=VALUE")]
    target: String,
    /// The record that goes out of use; what hangs on it moves to the other
    #[arg(value_name = "OTHER_ID|KEY=VALUE")]
    subordinate: String,
    /// Columns whose values the first takes over from the second, separated by commas
    #[arg(long, value_name = "COLUMNS", value_delimiter = ',')]
    take: Vec<String>,
}

impl Deed for Merge {
    const WORD: &'static str = "merge";

    fn run(self, context: &Context, place: &Place) -> Result<Exit, Problem> {
        let (stays, goes) = (which(&self.target, place)?, which(&self.subordinate, place)?);
        if stays == goes {
            return Err(VerbError::MergedWithItself.into());
        }
        if self.take.iter().any(|column| column.trim().is_empty()) {
            return Err(CommandError::EmptyColumn.into());
        }
        let at = context.warning_of_target();
        let question = format!("Merge {} into {}{at}? It can't be undone.", self.subordinate, self.target);
        place.open(context, Aim::ChangeIf(&question), async |opened| {
            let Opened { client, table, .. } = opened;
            let target = client.find_record(table, &stays).await?;
            let subordinate = client.find_record(table, &goes).await?;
            if target == subordinate {
                return Err(VerbError::MergedWithItself.into());
            }
            let taken = client.values_to_take(table, subordinate, &self.take).await?;
            client.call(&crm::merge(table, target, subordinate, &taken)).await?;
            context.screen.note(&format!("{} {subordinate} is inactive now", table.logical_name));
            opened.changed(&target, "merged into")
        })
    }
}
