//! `win`: an opportunity is won, and an activity tells of it.

use clap::Args;

use crate::commands::records::Place;
use crate::commands::records::own::Deed;
use crate::commands::records::own::closing::Closing;
use crate::context::Context;
use crate::problem::{Exit, Problem};

/// Close an opportunity as won
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  d365conn opportunities win OPPORTUNITY_ID
  d365conn opportunities win OPPORTUNITY_ID --revenue 125000.50 --close-date 2026-03-31")]
pub struct Win {
    #[command(flatten)]
    closing: Closing,
}

impl Deed for Win {
    const WORD: &'static str = "win";

    fn run(self, context: &Context, place: &Place) -> Result<Exit, Problem> {
        self.closing.close(context, place, true)
    }
}
