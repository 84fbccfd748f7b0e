//! `get`: one record by its id. What a record looks like on the wire is not known here.

use clap::Args;

use crate::commands::records::Place;
use crate::commands::records::cells::Cells;
use crate::commands::records::columns::{Selection, selected};
use crate::context::Context;
use crate::dataverse::RecordId;
use crate::output::{Column, Format, sink};
use crate::problem::{Exit, Problem};

/// Read one record
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  d365conn accounts get ACCOUNT_ID
  d365conn accounts get ACCOUNT_ID --select name,revenue -o json")]
pub struct Get {
    /// The record's id
    id: String,
    /// Columns to show, separated by commas; all when left out
    #[arg(long, value_name = "COLUMNS", value_delimiter = ',')]
    select: Option<Vec<String>>,
    #[command(flatten)]
    cells: Cells,
}

impl Get {
    /// Reads it and shows it.
    pub(super) fn run(self, context: &Context, place: &Place) -> Result<Exit, Problem> {
        let id = RecordId::parse(&self.id)?;
        let selection = selected(self.select.as_deref())?;
        let format = context.format()?;
        let client = context.client()?;
        context.block_on(async {
            let table = place.table(&client).await?;
            let shown = match &selection {
                _ if format == Format::Id => vec![table.id_column.clone()],
                Selection::Usual => Vec::new(),
                named => named.of(&table),
            };
            let record = client.get(&table, &id, &shown, self.cells.wants_labels(format)).await?;
            let columns: Vec<Column> = shown.iter().map(Column::named).collect();
            let options = self.cells.options(&table, true);
            let mut sink = sink(format, &context.screen, options);
            sink.begin(&columns)?;
            sink.row(&record)?;
            sink.end()?;
            Ok(Exit::Done)
        })
    }
}
