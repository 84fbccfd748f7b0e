//! `open`: a record's address in the app, printed, or opened in the browser. Whether there is such a record is not asked.

use clap::Args;

use crate::commands::CommandError;
use crate::commands::records::Place;
use crate::context::Context;
use crate::dataverse::RecordId;
use crate::output::{Format, object};
use crate::problem::{Exit, Problem};

/// Show where a record is in the app
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  d365conn accounts open ACCOUNT_ID")]
pub struct Open {
    /// The record's id
    id: String,
    /// Open it in the browser
    #[arg(long)]
    browser: bool,
}

impl Open {
    /// Prints the address. Source: Microsoft Learn, "Open forms, views, dialogs with a URL".
    pub(super) fn run(self, context: &Context, place: &Place) -> Result<Exit, Problem> {
        let id = RecordId::parse(&self.id)?;
        let format = context.format()?;
        if self.browser && (context.settings.no_input || !context.screen.is_terminal_stderr()) {
            return Err(CommandError::NobodyAtTheApp.into());
        }
        let client = context.client()?;
        let table = match place {
            Place::Noun(noun) => noun.table(),
            named @ Place::Named(_) => context.block_on(named.table(&client))?,
        };
        let url = format!("{}/main.aspx?pagetype=entityrecord&etn={}&id={id}", client.address(), table.logical_name);
        if self.browser {
            context.browser.open(&url)?;
        }
        match format {
            Format::Json | Format::Ndjson => {
                let fields = [("table", table.logical_name), ("id", id.to_string()), ("url", url)];
                object(&context.screen, format, &fields.map(|(key, value)| (key, value.into())))?;
            }
            Format::Id => context.screen.line(&id.to_string())?,
            Format::Table | Format::Csv | Format::Tsv => context.screen.line(&url)?,
        }
        Ok(Exit::Done)
    }
}
