//! `open`: a record's address in the app, printed, or opened in the browser. Whether there is a record of an id is not asked.

use clap::Args;

use crate::commands::CommandError;
use crate::commands::records::Place;
use crate::commands::records::opened::{Aim, Opened};
use crate::context::Context;
use crate::dataverse::Reference;
use crate::output::{Format, object};
use crate::problem::{Exit, Problem};

/// Show where a record is in the app
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  d365conn accounts open ACCOUNT_ID
  d365conn accounts open accountnumber=NL-0007")]
pub struct Open {
    /// The record's id, `column=value` that tells it apart, or its name
    #[arg(value_name = "ID|KEY=VALUE|NAME")]
    record: String,
    /// Open it in the browser
    #[arg(long)]
    browser: bool,
}

impl Open {
    /// Prints the address. Source: Microsoft Learn, "Open forms, views, dialogs with a URL".
    pub(super) fn run(self, context: &Context, place: &Place) -> Result<Exit, Problem> {
        let reference = Reference::parse(&self.record)?;
        if self.browser && (context.settings.no_input || !context.screen.is_terminal_stderr()) {
            return Err(CommandError::NobodyAtTheApp.into());
        }
        place.open(context, Aim::Read, async |opened| {
            let Opened { client, table, format, .. } = opened;
            let id = client.find_record(table, &reference).await?;
            let name = &table.logical_name;
            let url = format!("{}/main.aspx?pagetype=entityrecord&etn={name}&id={id}", client.address());
            if self.browser {
                context.browser.open(&url)?;
            }
            match format {
                Format::Json | Format::Ndjson => {
                    let fields = [("table", name.clone()), ("id", id.to_string()), ("url", url)];
                    object(&context.screen, *format, &fields.map(|(key, value)| (key, value.into())))?;
                }
                Format::Id => context.screen.line(&id.to_string())?,
                Format::Table | Format::Csv | Format::Tsv => context.screen.line(&url)?,
            }
            Ok(Exit::Done)
        })
    }
}
