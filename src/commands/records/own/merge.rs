//! `merge`: two records become one. The first stays and takes over what is chosen; the second goes out of use.

use clap::Args;

use crate::commands::CommandError;
use crate::commands::records::Place;
use crate::commands::records::opened::{Aim, Opened};
use crate::commands::records::own::Deed;
use crate::commands::records::which::{of_id, of_key};
use crate::commands::records::which_error::WhichError;
use crate::context::Context;
use crate::dataverse::{RecordId, SentOrShown, VerbError, crm};
use crate::problem::{Exit, Problem};

/// Merge two records into one
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  d365conn accounts merge ACCOUNT_ID ACCOUNT_ID_2 --yes
  d365conn contacts merge CONTACT_ID CONTACT_ID_2 --take jobtitle,telephone1 --yes")]
pub struct Merge {
    /// The ids of the record that stays, and of the one that goes out of use; what hangs on that moves to the other
    #[arg(value_name = "ID OTHER_ID", num_args = 0..=2, required_unless_present_all = ["key", "other_key"])]
    ids: Vec<String>,
    /// In the place of the first id: `column=value` that tells the record apart, once for each column of a key
    #[arg(long, value_name = "COLUMN=VALUE")]
    key: Vec<String>,
    /// The same in the place of the second id
    #[arg(long, value_name = "COLUMN=VALUE")]
    other_key: Vec<String>,
    /// Columns whose values the first takes over from the second, separated by commas
    #[arg(long, value_name = "COLUMNS", value_delimiter = ',')]
    take: Vec<String>,
}

impl Deed for Merge {
    const WORD: &'static str = "merge";

    fn run(self, context: &Context, place: &Place) -> Result<Exit, Problem> {
        let mut ids = self.ids.iter();
        let mut one = |key: &[String], name: &'static str| match (key, key.is_empty().then(|| ids.next()).flatten()) {
            ([], Some(id)) => Ok((of_id(id, place)?, id.clone())),
            ([], None) => {
                let said = format!("the following required arguments were not provided: <{name}>");
                Err(Problem::from(CommandError::Usage { said }))
            }
            (key, _) => Ok((of_key(key)?, key.join(" "))),
        };
        let (stays, stays_typed) = one(&self.key, "ID")?;
        let (goes, goes_typed) = one(&self.other_key, "OTHER_ID")?;
        if let Some(more) = ids.next() {
            return Err(WhichError::NamedTwice { word: more.clone() }.into());
        }
        if stays == goes {
            return Err(VerbError::MergedWithItself.into());
        }
        if self.take.iter().any(|column| column.trim().is_empty()) {
            return Err(CommandError::EmptyColumn.into());
        }
        let at = context.warning_of_target();
        let question = |goes: &str, stays: &str| format!("Merge {goes} into {stays}{at}? It can't be undone.");
        let is_seen = context.screen.can_ask();
        let blind = question(&goes_typed, &stays_typed);
        // Somebody at a terminal is asked once the names are known; a script has to say yes before anything is asked.
        let aim = if is_seen { Aim::Change } else { Aim::ChangeIf(&blind) };
        place.open(context, aim, async |opened| {
            let Opened { client, table, .. } = opened;
            let target = opened.find(&stays).await?;
            let subordinate = opened.find(&goes).await?;
            if target == subordinate {
                return Err(VerbError::MergedWithItself.into());
            }
            let target_name = opened.read_name(&target).await?;
            if is_seen {
                let subordinate_name = opened.read_name(&subordinate).await?;
                let told = |id: &RecordId, name: &Option<String>| match name {
                    Some(name) => format!("{name} ({id})"),
                    None => id.to_string(),
                };
                context
                    .confirm_change(&question(&told(&subordinate, &subordinate_name), &told(&target, &target_name)))?;
            }
            let taken = client.values_to_take(table, subordinate, &self.take).await?;
            let SentOrShown::Sent(_) = client.call(&crm::merge(table, target, subordinate, &taken)).await? else {
                return Ok(Exit::Done);
            };
            context.screen.note(&format!("{} {subordinate} is inactive now", table.logical_name));
            opened.changed_called(&target, "merged into", target_name.as_deref())
        })
    }
}
