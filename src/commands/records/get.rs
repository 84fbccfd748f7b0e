//! `get`: one record by its id, its name or values of its columns. What a record looks like on the wire is not known here.

use clap::Args;

use crate::commands::records::cells::Cells;
use crate::commands::records::columns::{Selection, selected};
use crate::commands::records::opened::{Aim, Opened};
use crate::commands::records::{Place, parties};
use crate::context::Context;
use crate::dataverse::{Asked, Expand, Reference, Wanted};
use crate::output::{Column, Format, sink};
use crate::problem::{Exit, Problem};

/// Read one record
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  d365conn accounts get ACCOUNT_ID
  d365conn accounts get ACCOUNT_ID --select name,revenue -o json
  d365conn accounts get accountnumber=NL-0007
  d365conn accounts get name=\"Alder Freight\" statecode=Active
  d365conn accounts get \"Alder Freight\"
  d365conn accounts get ACCOUNT_ID --select name --expand \"primarycontactid($select=fullname)\" -o json")]
pub struct Get {
    /// The record's id, its name, or `column=value` words that tell it from all others
    #[arg(required = true, value_name = "ID|KEY=VALUE|NAME")]
    record: Vec<String>,
    /// Columns to show, separated by commas; all when left out
    #[arg(long, value_name = "COLUMNS", value_delimiter = ',')]
    select: Option<Vec<String>>,
    /// Related records that come along, such as `primarycontactid($select=fullname)`
    #[arg(long, value_name = "ODATA")]
    expand: Option<String>,
    /// Show who takes part in the activity, in the place of its columns
    #[arg(long, conflicts_with_all = ["select", "expand"])]
    parties: bool,
    #[command(flatten)]
    cells: Cells,
}

impl Get {
    /// Reads it and shows it.
    pub(super) fn run(self, context: &Context, place: &Place) -> Result<Exit, Problem> {
        let reference = Reference::of_words(&self.record)?;
        let selection = selected(self.select.as_deref())?;
        let expand = self.expand.as_deref().map(Expand::parse).transpose()?;
        place.open(context, Aim::Read, async |opened| {
            let Opened { client, table, format, .. } = opened;
            if self.parties {
                let id = client.find_record(table, &reference).await?;
                return parties::show(opened, &id).await;
            }
            let asked = match &selection {
                _ if *format == Format::Id => vec![table.id_column.clone()],
                Selection::Usual => Vec::new(),
                named => named.of(client, table).await?,
            };
            client.check_names(table, Asked { expand: expand.as_ref(), ..Asked::default() }).await?;
            let annotations = self.cells.wants_labels(*format);
            let wanted = Wanted { table, select: &asked, expand: expand.as_ref(), annotations };
            let record = client.find(wanted, &reference).await?;
            let expanded = expand.iter().flat_map(Expand::names).filter(|_| !asked.is_empty());
            let shown: Vec<&str> = asked.iter().map(String::as_str).chain(expanded).collect();
            let columns: Vec<Column> = shown.into_iter().map(Column::named).collect();
            let options = self.cells.options(table, true);
            let mut sink = sink(*format, &context.screen, options);
            sink.begin(&columns)?;
            sink.row(&record)?;
            sink.end()?;
            Ok(Exit::Done)
        })
    }
}
