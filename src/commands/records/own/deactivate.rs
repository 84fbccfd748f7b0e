//! `deactivate`: a record is put out of use and stays. It changes nothing but state and reason.

use clap::Args;

use crate::commands::records::Place;
use crate::commands::records::own::Deed;
use crate::commands::records::own::state::Standing;
use crate::context::Context;
use crate::problem::{Exit, Problem};

/// Microsoft Learn, "Table reference": state 1 is Inactive.
const STATE: i64 = 1;

/// Make a record inactive
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  d365conn accounts deactivate ACCOUNT_ID
  d365conn contacts deactivate CONTACT_ID --reason Inactive")]
pub struct Deactivate {
    #[command(flatten)]
    standing: Standing,
}

impl Deed for Deactivate {
    const WORD: &'static str = "deactivate";

    fn run(self, context: &Context, place: &Place) -> Result<Exit, Problem> {
        self.standing.change(context, place, STATE, "deactivated")
    }
}
