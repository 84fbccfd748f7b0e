//! A verb that does nothing but bring a record into a state, as a value that a noun's row can hold. How a record is brought
//! into a state is not known here.

use clap::{ArgMatches, Args as _, Command, FromArgMatches as _};

use crate::commands::CommandError;
use crate::commands::records::Place;
use crate::commands::records::own::state::Standing;
use crate::context::Context;
use crate::problem::{Exit, Problem};

/// A turn in the life of a record.
#[derive(Debug, Clone, Copy)]
pub struct Turn {
    /// What the state is numbered. Source: Microsoft Learn, "Table reference".
    pub state: i64,
    /// The word for it afterwards.
    pub done: &'static str,
    /// What it is for.
    pub about: &'static str,
    /// Something to type behind the program's name.
    pub example: &'static str,
}

impl Turn {
    /// Its flags and its help.
    pub(super) fn shape(&self, command: Command) -> Command {
        Standing::augment_args(command).about(self.about).after_help(format!("Examples:\n  d365conn {}", self.example))
    }

    /// Does what was typed behind its word.
    pub(super) fn run(&self, matches: &ArgMatches, context: &Context, place: &Place) -> Result<Exit, Problem> {
        let standing =
            Standing::from_arg_matches(matches).map_err(|error| CommandError::Usage { said: error.to_string() })?;
        standing.change(context, place, self.state, self.done)
    }
}
