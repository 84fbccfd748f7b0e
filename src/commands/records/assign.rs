//! `assign`: another user or team owns a record. Sharing is not done here.

use clap::Args;

use crate::commands::records::Place;
use crate::commands::summary;
use crate::context::Context;
use crate::dataverse::{Body, RecordId};
use crate::problem::{Exit, Problem};

/// Give a record to a user or a team
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  d365conn accounts assign ACCOUNT_ID --to \"Inès Moreau\"
  d365conn contacts assign CONTACT_ID --to user:ines.moreau@northlight.example
  d365conn accounts assign ACCOUNT_ID --to team:Northlight")]
pub struct Assign {
    /// The record's id
    id: String,
    /// The user or team: name, sign-in name or id; `user:` or `team:` in front says which of them
    #[arg(long, value_name = "USER|TEAM")]
    to: String,
}

impl Assign {
    /// Gives it away.
    pub(super) fn run(self, context: &Context, place: &Place) -> Result<Exit, Problem> {
        let id = RecordId::parse(&self.id)?;
        let format = context.format()?;
        let client = context.client()?;
        client.check_writable()?;
        context.block_on(async {
            let table = place.table(&client).await?;
            let owner = client.owner(&self.to).await?;
            let body = Body::parse(None, &[format!("ownerid@odata.bind={}", owner.reference())])?;
            client.update(&table, &id, &body).await?;
            context.screen.note(&format!("the owner is {} now", owner.name));
            summary::changed(context, format, &table, &id, "assigned")
        })
    }
}
