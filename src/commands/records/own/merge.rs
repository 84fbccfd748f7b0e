//! `merge`: two records become one. The first stays and takes over what is chosen; the second goes out of use.

use clap::Args;

use crate::commands::CommandError;
use crate::commands::records::Place;
use crate::commands::records::own::Deed;
use crate::commands::summary;
use crate::context::Context;
use crate::dataverse::{RecordId, VerbError, crm};
use crate::problem::{Exit, Problem};

/// Merge two records into one
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  d365conn accounts merge ACCOUNT_ID ACCOUNT_ID_2 --yes
  d365conn contacts merge CONTACT_ID CONTACT_ID_2 --take jobtitle,telephone1 --yes")]
pub struct Merge {
    /// The record that stays
    target: String,
    /// The record that goes out of use; what hangs on it moves to the other
    subordinate: String,
    /// Columns whose values the first takes over from the second, separated by commas
    #[arg(long, value_name = "COLUMNS", value_delimiter = ',')]
    take: Vec<String>,
}

impl Deed for Merge {
    const WORD: &'static str = "merge";

    fn run(self, context: &Context, place: &Place) -> Result<Exit, Problem> {
        let (target, subordinate) = (RecordId::parse(&self.target)?, RecordId::parse(&self.subordinate)?);
        if target == subordinate {
            return Err(VerbError::MergedWithItself.into());
        }
        if self.take.iter().any(|column| column.trim().is_empty()) {
            return Err(CommandError::EmptyColumn.into());
        }
        let format = context.format()?;
        let client = context.client()?;
        client.check_writable()?;
        let at = context.warning_of_target();
        context.confirm(&format!("Merge {subordinate} into {target}{at}? It can't be undone."))?;
        context.block_on(async {
            let table = place.table(&client).await?;
            let taken = client.values_to_take(&table, subordinate, &self.take).await?;
            client.call(&crm::merge(&table, target, subordinate, &taken)).await?;
            context.screen.note(&format!("{} {subordinate} is inactive now", table.logical_name));
            summary::changed(context, format, &table, &target, "merged into")
        })
    }
}
