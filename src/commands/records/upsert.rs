//! `upsert`: changes the record that a key leads to, or makes it. The service decides which, in one step.

use clap::Args;

use crate::commands::records::Place;
use crate::commands::records::manner::{Logic, Returned};
use crate::commands::records::values::Values;
use crate::commands::summary;
use crate::context::Context;
use crate::dataverse::{Client, Only, Purpose, Table, Write, key_of_words};
use crate::problem::{Exit, Problem};

/// Change the record with a key, or create it
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  d365conn accounts upsert --key accountnumber=AC-77 name=\"Fjord & Co\" revenue=125000
  d365conn accounts upsert --key accountnumber=NL-0001 telephone1=\"+47 55 00 11 33\" --update-only
  d365conn contacts upsert --key emailaddress1=ida.holm@fjord.example lastname=Holm --create-only

The key is an alternate key of the table (`d365conn tables show account --keys`), all of its
columns; --key is given once for each.")]
pub struct Upsert {
    /// The key: `column=value`, once for each of its columns
    #[arg(long, required = true, value_name = "COLUMN=VALUE")]
    key: Vec<String>,
    #[command(flatten)]
    values: Values,
    /// Only if there is no such record
    #[arg(long, conflicts_with = "update_only")]
    create_only: bool,
    /// Only if there is such a record
    #[arg(long)]
    update_only: bool,
    #[command(flatten)]
    logic: Logic,
    #[command(flatten)]
    returned: Returned,
}

impl Upsert {
    /// Does it, and says which it was.
    pub(super) fn run(self, context: &Context, place: &Place) -> Result<Exit, Problem> {
        let key = key_of_words(&self.key)?;
        let typed = self.values.read(context)?;
        let format = context.format()?;
        let client = context.client()?;
        context.block_on(async {
            client.check_writable()?;
            let table = place.table(&client).await?;
            let manner = self.returned.manner(&client, &table, self.logic.headers(), format).await?;
            let body = typed.fill(&client, &table, Purpose::Change).await?;
            let write = self.write(&client, &table, &key, body).await?;
            let written = client.write_in(&write, &manner).await?;
            match (&written.record, written.is_new) {
                (Some(record), _) => self.returned.show(context, format, &manner, &table, record),
                (None, true) => summary::created(context, format, &table, &written.id),
                (None, false) => summary::changed(context, format, &table, &written.id, "changed"),
            }
        })
    }

    fn only(&self) -> Option<Only> {
        match (self.create_only, self.update_only) {
            (true, _) => Some(Only::Create),
            (_, true) => Some(Only::Update),
            _ => None,
        }
    }

    /// The write: by the key itself, or, where a value can't stand in an address, by what a search for it finds.
    async fn write(
        &self,
        client: &Client,
        table: &Table,
        key: &[(String, String)],
        body: crate::dataverse::Body,
    ) -> Result<Write, Problem> {
        if let Some(key) = client.key_for_upsert(table, key).await? {
            return Ok(Write::Upsert { table: table.clone(), key, body, only: self.only() });
        }
        client.upsert_by_search(table, key, body, self.only()).await
    }
}
