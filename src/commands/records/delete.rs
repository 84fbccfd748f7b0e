//! `delete`: records by their ids or keys, or by a condition. One goes without a question; several ask, or need `--yes`.

use clap::Args;

use crate::commands::records::manner::Logic;
use crate::commands::records::many_error::ManyError;
use crate::commands::records::opened::{Aim, Opened};
use crate::commands::records::which::{of_id, of_key};
use crate::commands::records::{Place, delete_many};
use crate::context::Context;
use crate::dataverse::{Manner, RecordId, SentOrShown, Write};
use crate::problem::{Exit, Problem};
use crate::settings::parse_header_text;

/// Delete records
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  d365conn accounts delete ACCOUNT_ID
  d365conn accounts delete --key accountnumber=NL-0001
  d365conn contacts delete CONTACT_ID CONTACT_ID_2 --yes
  d365conn accounts delete --filter \"accountnumber eq 'NL-0007'\" --expect-count 1

With `-` in the place of the ids they come on stdin, one a line, as `-o id` writes them: a list
may be piped into `d365conn tasks delete - --yes`, or `--expect-count N` instead of `--yes`.")]
pub struct Delete {
    /// The records' ids; `-` alone reads them from stdin, one a line
    #[arg(required_unless_present_any = ["filter", "key"], value_name = "ID")]
    ids: Vec<String>,
    /// In the place of the ids: `column=value` that tells one record apart, once for each column of a key
    #[arg(long, value_name = "COLUMN=VALUE", conflicts_with_all = ["ids", "filter"])]
    key: Vec<String>,
    /// Every record for which this OData condition holds; they are counted before anything is deleted
    #[arg(long, value_name = "ODATA", conflicts_with_all = ["ids", "if_match", "Logic"])]
    filter: Option<String>,
    /// Delete nothing unless exactly so many records match, or so many ids come on stdin
    #[arg(long, value_name = "N", conflicts_with = "key")]
    expect_count: Option<u64>,
    /// Only if the record still has this version
    #[arg(long, value_name = "ETAG", value_parser = parse_header_text)]
    if_match: Option<String>,
    #[command(flatten)]
    logic: Logic,
}

/// So many bytes of ids are taken from a pipe: more than a million ids.
const MOST_PIPED: usize = 64 << 20;
/// So many deletions are shown one by one where none is sent.
const MOST_SHOWN: usize = 50;

impl Delete {
    /// Deletes them, one after the other; the first refusal ends it.
    pub(super) fn run(self, context: &Context, place: &Place) -> Result<Exit, Problem> {
        if let Some(filter) = &self.filter {
            return delete_many::run(context, place, filter, self.expect_count);
        }
        let is_piped = matches!(self.ids.as_slice(), [only] if only == "-");
        let words = if is_piped { piped(context)? } else { self.ids.clone() };
        let references = match self.key.as_slice() {
            [] => words.iter().map(|id| of_id(id, place)).collect::<Result<Vec<_>, _>>()?,
            key => vec![of_key(key)?],
        };
        if is_piped && self.if_match.is_none() && self.logic.headers().is_empty() {
            return delete_many::run_ids(context, place, &references, self.expect_count);
        }
        if is_piped {
            delete_many::check_count(self.expect_count, references.len())?;
        } else if self.expect_count.is_some() {
            return Err(ManyError::NamedOneByOne.into());
        }
        let at = context.warning_of_target();
        let is_seen = context.screen.can_ask();
        let deed = async |opened: &Opened<'_>| {
            let mut ids = Vec::new();
            for reference in &references {
                let id = opened.find(reference).await?;
                // One that is named twice goes once.
                if ids.iter().all(|(known, _)| *known != id) {
                    let name = opened.read_name(&id).await?;
                    ids.push((id, name));
                }
            }
            if is_seen && ids.len() > 1 {
                context.confirm_change(&format!("Delete {} records{at}: {}?", ids.len(), told(&ids)))?;
            }
            let manner = Manner { headers: self.logic.headers(), ..Manner::default() };
            let count = ids.len();
            for (id, name) in ids {
                let write = Write::Delete { table: opened.table.clone(), id, if_match: self.if_match.clone() };
                match opened.client.write_in(&write, &manner).await? {
                    SentOrShown::Sent(_) => {
                        opened.changed_called(&id, "deleted", name.as_deref())?;
                    }
                    SentOrShown::Shown if count > MOST_SHOWN => {
                        context.screen.note(&format!("{count} records would be deleted; the first request is shown"));
                        break;
                    }
                    SentOrShown::Shown => {}
                }
            }
            Ok(Exit::Done)
        };
        let question = format!("Delete {} records{at}?", references.len());
        // Somebody at a terminal is asked once the names are known; a script has to say yes before anything is asked.
        let aim = if references.len() > 1 && !is_seen { Aim::ChangeIf(&question) } else { Aim::Change };
        place.open(context, aim, deed)
    }
}

/// The ids on stdin, one a line, as `-o id` writes them.
fn piped(context: &Context) -> Result<Vec<String>, Problem> {
    let bytes = context.screen.read_stdin_to_end(MOST_PIPED)?;
    let text = String::from_utf8_lossy(&bytes);
    Ok(text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect())
}

/// Some of the records, by what people call them.
fn told(records: &[(RecordId, Option<String>)]) -> String {
    const MOST: usize = 5;
    let one = |(id, name): &(RecordId, Option<String>)| name.clone().unwrap_or_else(|| id.to_string());
    let more = if records.len() > MOST { ", …" } else { "" };
    format!("{}{more}", records.iter().take(MOST).map(one).collect::<Vec<_>>().join(", "))
}
