//! `assign`: another user or team owns a record. Sharing is not done here.

use clap::Args;

use crate::commands::records::Place;
use crate::commands::records::which::Which;
use crate::context::Context;
use crate::dataverse::SentOrShown;
use crate::problem::{Exit, Problem};

/// Give a record to a user or a team
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  d365conn accounts assign ACCOUNT_ID --to \"Inès Moreau\"
  d365conn contacts assign CONTACT_ID --to user:ines.moreau@northlight.example
  d365conn accounts assign ACCOUNT_ID --to team:Northlight")]
pub struct Assign {
    #[command(flatten)]
    which: Which,
    /// The user or team: name, sign-in name or id; `user:` or `team:` in front says which of them
    #[arg(long, value_name = "USER|TEAM")]
    to: String,
}

impl Assign {
    /// Gives it away.
    pub(super) fn run(self, context: &Context, place: &Place) -> Result<Exit, Problem> {
        self.which.change(context, place, async |opened, id| {
            let owner = opened.client.owner(&self.to).await?;
            let SentOrShown::Sent(()) = opened.client.assign(&opened.table, &id, &owner).await? else {
                return Ok(Exit::Done);
            };
            context.screen.note(&format!("the owner is {} now", owner.name));
            opened.changed(&id, "assigned")
        })
    }
}
