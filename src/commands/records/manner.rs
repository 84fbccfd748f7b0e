//! How a change is made and what is shown of it, for every verb that writes. What the flags do is the service's business.

use clap::Args;

use crate::commands::records::cells::Cells;
use crate::commands::records::columns::{Selection, selected};
use crate::context::Context;
use crate::dataverse::{Client, Manner, Table};
use crate::output::{Column, Format, sink};
use crate::problem::{Exit, Problem};
use crate::record::Record;
use crate::settings::parse_header_text;

/// What the service does beside the change.
#[derive(Debug, Args)]
pub struct Logic {
    /// Skip custom plug-ins and workflows (needs the privilege prvBypassCustomBusinessLogic)
    #[arg(long, help_heading = "Business logic")]
    bypass_plugins: bool,
    /// Start no Power Automate flow
    #[arg(long, help_heading = "Business logic")]
    bypass_flows: bool,
    /// Refuse what the organisation's duplicate detection rules find twice
    #[arg(long, help_heading = "Business logic")]
    detect_duplicates: bool,
    /// Put what is made into this unmanaged solution
    #[arg(long, value_name = "NAME", value_parser = parse_header_text, help_heading = "Business logic")]
    solution: Option<String>,
}

impl Logic {
    /// The headers that say so. Source: Microsoft Learn, "Use optional parameters".
    pub(super) fn headers(&self) -> Vec<(&'static str, String)> {
        let flags = [
            (self.bypass_plugins, "MSCRM.BypassBusinessLogicExecution", "CustomSync,CustomAsync"),
            (self.bypass_flows, "MSCRM.SuppressCallbackRegistrationExpanderJob", "true"),
            (self.detect_duplicates, "MSCRM.SuppressDuplicateDetection", "false"),
        ];
        let switched = flags.into_iter().filter(|(is_set, ..)| *is_set);
        let mut headers: Vec<_> = switched.map(|(_, name, value)| (name, value.to_owned())).collect();
        headers.extend(self.solution.iter().map(|name| ("MSCRM.SolutionUniqueName", name.clone())));
        headers
    }
}

/// What comes back.
#[derive(Debug, Args)]
pub struct Returned {
    /// Show the record as it stands afterwards: the usual columns, or these (`--return=name,revenue`, `--return='*'`)
    #[arg(long = "return", value_name = "COLUMNS", num_args = 0..=1, require_equals = true)]
    #[expect(clippy::option_option, reason = "left out, without a value, and with one are three things")]
    columns: Option<Option<String>>,
    #[command(flatten)]
    cells: Cells,
}

impl Returned {
    /// The manner of a change with these headers.
    ///
    /// # Errors
    /// When no column is named between two commas, or one is unknown.
    pub(super) async fn manner(
        &self,
        client: &Client,
        table: &Table,
        headers: Vec<(&'static str, String)>,
        format: Format,
    ) -> Result<Manner, Problem> {
        let returned = match &self.columns {
            None => None,
            Some(_) => Some(self.selection()?.of(client, table).await?),
        };
        Ok(Manner { headers, returned, annotations: self.columns.is_some() && self.cells.wants_labels(format) })
    }

    fn selection(&self) -> Result<Selection, Problem> {
        let names: Option<Vec<String>> =
            self.columns.as_ref().and_then(Option::as_deref).map(|names| names.split(',').map(str::to_owned).collect());
        selected(names.as_deref())
    }

    /// Shows the record that came back of a change made in this manner.
    ///
    /// # Errors
    /// When it can't be shown.
    pub(super) fn show(
        &self,
        context: &Context,
        format: Format,
        manner: &Manner,
        table: &Table,
        record: &Record,
    ) -> Result<Exit, Problem> {
        let columns: Vec<Column> = manner.returned.iter().flatten().map(Column::named).collect();
        let mut sink = sink(format, &context.screen, self.cells.options(table, true));
        sink.begin(&columns)?;
        sink.row(record)?;
        sink.end()?;
        Ok(Exit::Done)
    }
}
