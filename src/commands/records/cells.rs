//! How the cells of records are shown, for every verb that shows some. Which columns they are is not known here.

use clap::Args;

use crate::dataverse::Table;
use crate::output::{Format, SinkOptions};

/// The flags.
#[derive(Debug, Args)]
pub struct Cells {
    /// Show names and labels instead of ids and numbers, also in a pipe
    #[arg(long)]
    labels: bool,
    /// Put a ' before text that a spreadsheet would run as a formula (CSV)
    #[arg(long)]
    csv_safe: bool,
}

impl Cells {
    /// Whether the service is asked for names and labels: a person reads them, a script asks for them.
    pub(in crate::commands) fn wants_labels(&self, format: Format) -> bool {
        self.labels || format == Format::Table
    }

    /// What the sink has to know; `single` where one record is meant.
    pub(super) fn options(&self, table: &Table, single: bool) -> SinkOptions {
        self.options_of(Some(table.id_column.clone()), single)
    }

    /// The same where the table may not be known.
    pub(in crate::commands) fn options_of(&self, id_column: Option<String>, single: bool) -> SinkOptions {
        SinkOptions { id_column, labels: self.labels, single, csv_safe: self.csv_safe }
    }
}
