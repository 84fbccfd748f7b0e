//! The word `action` and those behind it. Each has a file of its own.

use clap::{Args, Subcommand};

use crate::commands::action::{list, run, show};
use crate::context::Context;
use crate::problem::{Exit, Problem};

/// List, explain and run actions and functions, built-in and custom
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  d365conn action list --custom
  d365conn action show nl_Escalate
  d365conn action run nl_WorkingDays From=2026-03-02 Until=2026-03-31")]
pub struct Action {
    #[command(subcommand)]
    word: Word,
}

#[derive(Debug, Subcommand)]
enum Word {
    List(list::List),
    Show(show::Show),
    Run(run::Run),
}

impl Action {
    /// Does it.
    ///
    /// # Errors
    /// Whatever it met.
    pub fn run(self, context: &Context) -> Result<Exit, Problem> {
        match self.word {
            Word::List(list) => list.run(context),
            Word::Show(show) => show.run(context),
            Word::Run(run) => run.run(context),
        }
    }
}
