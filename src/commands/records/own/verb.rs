//! A verb of one noun, as a value that its row can hold: the word, its flags and what it does. No verb is done here.

use clap::{ArgMatches, Args, Command, FromArgMatches};

use crate::commands::CommandError;
use crate::commands::records::Place;
use crate::context::Context;
use crate::problem::{Exit, Problem};

/// What a verb of one noun is made of.
pub trait Deed: Args + FromArgMatches {
    /// The word typed.
    const WORD: &'static str;

    /// Does it.
    ///
    /// # Errors
    /// Whatever it met.
    fn run(self, context: &Context, place: &Place) -> Result<Exit, Problem>;
}

/// A verb of one noun.
#[derive(Clone, Copy)]
pub struct OwnVerb {
    /// The word typed.
    pub word: &'static str,
    shape: fn(Command) -> Command,
    run: fn(&ArgMatches, &Context, &Place) -> Result<Exit, Problem>,
}

impl std::fmt::Debug for OwnVerb {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.word)
    }
}

impl OwnVerb {
    /// The verb `D`.
    #[must_use]
    pub const fn of<D: Deed>() -> Self {
        Self { word: D::WORD, shape: D::augment_args, run: typed::<D> }
    }

    /// Its part of the command line.
    #[must_use]
    pub fn command(&self) -> Command {
        (self.shape)(Command::new(self.word))
    }

    /// Does what was typed behind its word.
    ///
    /// # Errors
    /// Whatever the verb met.
    pub fn run(&self, matches: &ArgMatches, context: &Context, place: &Place) -> Result<Exit, Problem> {
        (self.run)(matches, context, place)
    }
}

fn typed<D: Deed>(matches: &ArgMatches, context: &Context, place: &Place) -> Result<Exit, Problem> {
    let deed = D::from_arg_matches(matches).map_err(|error| CommandError::Usage { said: error.to_string() })?;
    deed.run(context, place)
}
