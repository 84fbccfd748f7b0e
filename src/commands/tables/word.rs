//! What may be typed after `tables`, and which of its words is meant. Nothing is done here.

use clap::{Args, Subcommand};

use crate::commands::tables::list::List;
use crate::commands::tables::show::Show;
use crate::context::Context;
use crate::problem::{Exit, Problem};

/// List tables, and show their columns, choices, relationships and keys
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  d365conn tables list\n  d365conn tables show account --columns")]
pub struct Tables {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    List(List),
    Show(Show),
}

impl Tables {
    /// Does it.
    ///
    /// # Errors
    /// Whatever the action met.
    pub fn run(self, context: &Context) -> Result<Exit, Problem> {
        match self.action {
            Action::List(list) => list.run(context),
            Action::Show(show) => show.run(context),
        }
    }
}
