//! `lose`: an opportunity is lost, and an activity tells of it.

use clap::Args;

use crate::commands::records::Place;
use crate::commands::records::own::Deed;
use crate::commands::records::own::closing::Closing;
use crate::context::Context;
use crate::problem::{Exit, Problem};

/// Close an opportunity as lost
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  d365conn opportunities lose OPPORTUNITY_ID
  d365conn opportunities lose OPPORTUNITY_ID --reason Out-Sold --description \"They had boats.\"")]
pub struct Lose {
    #[command(flatten)]
    closing: Closing,
}

impl Deed for Lose {
    const WORD: &'static str = "lose";

    fn run(self, context: &Context, place: &Place) -> Result<Exit, Problem> {
        self.closing.close(context, place, false)
    }
}
