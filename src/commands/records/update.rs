//! `update`: changes the columns that are named, and never creates a record.

use clap::Args;

use crate::commands::records::Place;
use crate::commands::records::manner::{Logic, Returned};
use crate::commands::records::values::Values;
use crate::commands::records::which::which;
use crate::commands::summary;
use crate::context::Context;
use crate::dataverse::{Purpose, Write};
use crate::problem::{Exit, Problem};

/// Change a record
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  d365conn accounts update ACCOUNT_ID telephone1=\"+47 55 00 11 33\"
  d365conn accounts update ACCOUNT_ID description= --data '{\"numberofemployees\": 13}'
  d365conn accounts update accountnumber=NL-0001 creditonhold=yes --return=name,creditonhold

--if-match takes the record's version as `get --select '*' -o json` shows it under @odata.etag:
the change is refused (exit 7) when somebody was faster.")]
pub struct Update {
    /// The record's id, or `column=value` that tells it apart
    #[arg(value_name = "ID|KEY=VALUE")]
    id: String,
    #[command(flatten)]
    values: Values,
    /// Only if the record still has this version
    #[arg(long, value_name = "ETAG")]
    if_match: Option<String>,
    #[command(flatten)]
    logic: Logic,
    #[command(flatten)]
    returned: Returned,
}

impl Update {
    /// Changes it.
    pub(super) fn run(self, context: &Context, place: &Place) -> Result<Exit, Problem> {
        let reference = which(&self.id)?;
        let typed = self.values.read(context)?;
        let format = context.format()?;
        let client = context.client()?;
        context.block_on(async {
            client.check_writable()?;
            let table = place.table(&client).await?;
            let manner = self.returned.manner(&client, &table, self.logic.headers(), format).await?;
            let body = typed.fill(&client, &table, Purpose::Change).await?;
            let id = client.find_record(&table, &reference).await?;
            let write = Write::Update { table, id, body, if_match: self.if_match };
            let written = client.write_in(&write, &manner).await?;
            match &written.record {
                Some(record) => self.returned.show(context, format, &manner, write.table(), record),
                None => summary::changed(context, format, write.table(), &id, "changed"),
            }
        })
    }
}
