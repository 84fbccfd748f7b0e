//! `reopen`: a won or lost opportunity is open again. It changes nothing but state and reason.

use clap::Args;

use crate::commands::records::Place;
use crate::commands::records::own::Deed;
use crate::commands::records::own::state::Standing;
use crate::context::Context;
use crate::problem::{Exit, Problem};

/// Microsoft Learn, "Table reference": state 0 is Open.
const STATE: i64 = 0;

/// Open a won or lost opportunity again
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  d365conn opportunities reopen CLOSED_OPPORTUNITY_ID")]
pub struct Reopen {
    #[command(flatten)]
    standing: Standing,
}

impl Deed for Reopen {
    const WORD: &'static str = "reopen";

    fn run(self, context: &Context, place: &Place) -> Result<Exit, Problem> {
        self.standing.change(context, place, STATE, "reopened")
    }
}
