//! `update`: changes the columns that are named, and never creates a record.

use clap::Args;

use crate::commands::records::Place;
use crate::commands::records::which::Which;
use crate::commands::records::writing::Writing;
use crate::context::Context;
use crate::dataverse::{Purpose, Write};
use crate::problem::{Exit, Problem};
use crate::settings::parse_header_text;

/// Change a record
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  d365conn accounts update ACCOUNT_ID telephone1=\"+47 55 00 11 33\"
  d365conn accounts update ACCOUNT_ID description= --data '{\"numberofemployees\": 13}'
  d365conn accounts update --key accountnumber=NL-0001 creditonhold=yes --return=name,creditonhold

--if-match takes the record's version as `get --select '*' -o json` shows it under @odata.etag:
the change is refused (exit 7) when somebody was faster.")]
pub struct Update {
    #[command(flatten)]
    which: Which,
    #[command(flatten)]
    writing: Writing,
    /// Only if the record still has this version
    #[arg(long, value_name = "ETAG", value_parser = parse_header_text)]
    if_match: Option<String>,
}

impl Update {
    /// Changes it.
    pub(super) fn run(self, context: &Context, place: &Place) -> Result<Exit, Problem> {
        let (which, mut writing) = (self.which, self.writing);
        let (reference, words) = which.with_some(place, writing.take_words())?;
        writing.put_words(words);
        writing.run(context, place, Purpose::Change, Some(&reference), async |opened, body, id| {
            let id = match id {
                Some(id) => id,
                None => opened.find(&reference).await?,
            };
            Ok(Write::Update { table: opened.table.clone(), id, body, if_match: self.if_match })
        })
    }
}
