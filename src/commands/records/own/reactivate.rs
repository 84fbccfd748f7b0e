//! `reactivate`: a resolved or cancelled case is active again. It changes nothing but state and reason.

use clap::Args;

use crate::commands::records::Place;
use crate::commands::records::own::Deed;
use crate::commands::records::own::state::Standing;
use crate::context::Context;
use crate::problem::{Exit, Problem};

/// Microsoft Learn, "Table reference": state 0 is Active.
const STATE: i64 = 0;

/// Open a resolved or cancelled case again
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  d365conn incidents reactivate CLOSED_INCIDENT_ID
  d365conn incidents reactivate CLOSED_INCIDENT_ID --reason Researching")]
pub struct Reactivate {
    #[command(flatten)]
    standing: Standing,
}

impl Deed for Reactivate {
    const WORD: &'static str = "reactivate";

    fn run(self, context: &Context, place: &Place) -> Result<Exit, Problem> {
        self.standing.change(context, place, STATE, "reactivated")
    }
}
