//! `disqualify`: a lead that leads nowhere is closed. It changes nothing but state and reason.

use clap::Args;

use crate::commands::records::Place;
use crate::commands::records::own::Deed;
use crate::commands::records::own::state::Standing;
use crate::context::Context;
use crate::problem::{Exit, Problem};

/// Microsoft Learn, "Table reference": state 2 is Disqualified.
const STATE: i64 = 2;

/// Close a lead that leads nowhere
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  d365conn leads disqualify LEAD_ID
  d365conn leads disqualify LEAD_ID --reason \"No Longer Interested\"")]
pub struct Disqualify {
    #[command(flatten)]
    standing: Standing,
}

impl Deed for Disqualify {
    const WORD: &'static str = "disqualify";

    fn run(self, context: &Context, place: &Place) -> Result<Exit, Problem> {
        self.standing.change(context, place, STATE, "disqualified")
    }
}
