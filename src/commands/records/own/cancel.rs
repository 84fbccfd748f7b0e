//! `cancel`: a case is closed without a solution. It changes nothing but state and reason.

use clap::Args;

use crate::commands::records::Place;
use crate::commands::records::own::Deed;
use crate::commands::records::own::state::Standing;
use crate::context::Context;
use crate::problem::{Exit, Problem};

/// Microsoft Learn, "Table reference": state 2 is Canceled.
const STATE: i64 = 2;

/// Close a case without a solution
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  d365conn incidents cancel INCIDENT_ID")]
pub struct Cancel {
    #[command(flatten)]
    standing: Standing,
}

impl Deed for Cancel {
    const WORD: &'static str = "cancel";

    fn run(self, context: &Context, place: &Place) -> Result<Exit, Problem> {
        self.standing.change(context, place, STATE, "cancelled")
    }
}
