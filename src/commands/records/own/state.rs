//! Bringing a record into a state, for every verb that does nothing else: the reason is looked up among the organisation's
//! own and both are sent together. Which state a verb means is said by its own file.

use clap::Args;

use crate::commands::records::Place;
use crate::commands::records::which::Which;
use crate::context::Context;
use crate::dataverse::{Body, SentOrShown};
use crate::problem::{Exit, Problem};

/// Which record, and why.
#[derive(Debug, Args)]
pub struct Standing {
    #[command(flatten)]
    which: Which,
    /// The status reason, by its label or number; the organisation's default for the state when left out
    #[arg(long, value_name = "REASON")]
    reason: Option<String>,
}

impl Standing {
    /// Brings the record into `state`; `done` is the word for it.
    pub(super) fn change(self, context: &Context, place: &Place, state: i64, done: &str) -> Result<Exit, Problem> {
        self.which.change(context, place, async |opened, id| {
            let reason = opened.client.reason(&opened.table, state, self.reason.as_deref()).await?;
            let body = Body::parse(None, &[format!("statecode:={state}"), format!("statuscode:={}", reason.value)])?;
            let SentOrShown::Sent(()) = opened.client.update(&opened.table, &id, &body).await? else {
                return Ok(Exit::Done);
            };
            opened.turned(&id, done, &reason)
        })
    }
}
