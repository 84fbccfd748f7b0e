//! A verb of one noun, as a value that its row can hold: the word, its flags and what it does. No verb is done here.

use clap::{ArgMatches, Args, Command, FromArgMatches};

use crate::commands::CommandError;
use crate::commands::records::Place;
use crate::commands::records::own::{Ending, Turn};
use crate::context::Context;
use crate::problem::{Exit, Problem};

/// What a verb of one noun is made of, where it has flags and requests of its own.
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
#[derive(Debug, Clone, Copy)]
pub struct OwnVerb {
    /// The word typed.
    pub word: &'static str,
    kind: Kind,
}

#[derive(Clone, Copy)]
enum Kind {
    /// One that does what its own file says.
    Deed { shape: fn(Command) -> Command, run: fn(&ArgMatches, &Context, &Place) -> Result<Exit, Problem> },
    /// One that does nothing but bring a record into a state.
    Turn(Turn),
    /// One that closes a record with an activity that tells of it.
    Ending(Ending),
}

impl std::fmt::Debug for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Deed { .. } => f.write_str("Deed"),
            Self::Turn(turn) => turn.fmt(f),
            Self::Ending(ending) => ending.fmt(f),
        }
    }
}

impl OwnVerb {
    /// The verb `D`.
    #[must_use]
    pub const fn of<D: Deed>() -> Self {
        Self { word: D::WORD, kind: Kind::Deed { shape: D::augment_args, run: typed::<D> } }
    }

    /// The verb that brings a record into a state.
    #[must_use]
    pub const fn turning(word: &'static str, turn: Turn) -> Self {
        Self { word, kind: Kind::Turn(turn) }
    }

    /// The verb that closes a record.
    #[must_use]
    pub const fn ending(word: &'static str, ending: Ending) -> Self {
        Self { word, kind: Kind::Ending(ending) }
    }

    /// Its part of the command line.
    #[must_use]
    pub fn command(&self) -> Command {
        let command = Command::new(self.word);
        match &self.kind {
            Kind::Deed { shape, .. } => shape(command),
            Kind::Turn(turn) => turn.shape(command),
            Kind::Ending(ending) => ending.shape(command),
        }
    }

    /// Does what was typed behind its word.
    ///
    /// # Errors
    /// Whatever the verb met.
    pub fn run(&self, matches: &ArgMatches, context: &Context, place: &Place) -> Result<Exit, Problem> {
        match &self.kind {
            Kind::Deed { run, .. } => run(matches, context, place),
            Kind::Turn(turn) => turn.run(matches, context, place),
            Kind::Ending(ending) => ending.run(matches, context, place),
        }
    }
}

fn typed<D: Deed>(matches: &ArgMatches, context: &Context, place: &Place) -> Result<Exit, Problem> {
    let deed = D::from_arg_matches(matches).map_err(|error| CommandError::Usage { said: error.to_string() })?;
    deed.run(context, place)
}
