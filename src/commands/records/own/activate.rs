//! `activate`: an inactive record is active again. It changes nothing but state and reason.

use clap::Args;

use crate::commands::records::Place;
use crate::commands::records::own::Deed;
use crate::commands::records::own::state::Standing;
use crate::context::Context;
use crate::problem::{Exit, Problem};

/// Microsoft Learn, "Table reference": state 0 is Active.
const STATE: i64 = 0;

/// Make an inactive record active
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  d365conn accounts activate INACTIVE_ACCOUNT_ID")]
pub struct Activate {
    #[command(flatten)]
    standing: Standing,
}

impl Deed for Activate {
    const WORD: &'static str = "activate";

    fn run(self, context: &Context, place: &Place) -> Result<Exit, Problem> {
        self.standing.change(context, place, STATE, "activated")
    }
}
