//! `resolve`: a case is closed with what solved it, and an activity tells of it.

use clap::Args;

use crate::commands::records::Place;
use crate::commands::records::own::Deed;
use crate::commands::records::which::Which;
use crate::context::Context;
use crate::dataverse::SentOrShown;
use crate::dataverse::crm::{Resolution, close_incident};
use crate::problem::{Exit, Problem};

/// Microsoft Learn, "Incident table reference": state 1 is Resolved.
const RESOLVED: i64 = 1;

/// Close a case with what solved it
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  d365conn incidents resolve INCIDENT_ID --subject \"Filter cleaned\"
  d365conn incidents resolve INCIDENT_ID --subject \"Pump replaced\" --minutes 45 --reason \"Information Provided\"")]
pub struct Resolve {
    #[command(flatten)]
    which: Which,
    /// What solved it, in a few words
    #[arg(long, value_name = "TEXT")]
    subject: String,
    /// More about it
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,
    /// How long it took, in minutes
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(..=i64::from(i32::MAX)))]
    minutes: Option<u32>,
    /// The status reason, by its label or number; the organisation's default for the state when left out
    #[arg(long, value_name = "REASON")]
    reason: Option<String>,
}

impl Deed for Resolve {
    const WORD: &'static str = "resolve";

    fn run(self, context: &Context, place: &Place) -> Result<Exit, Problem> {
        self.which.change(context, place, async |opened, id| {
            let status = opened.client.reason(&opened.table, RESOLVED, self.reason.as_deref()).await?;
            let resolution = Resolution {
                status: status.value,
                subject: self.subject,
                description: self.description,
                minutes: self.minutes,
            };
            let SentOrShown::Sent(_) = opened.client.call(&close_incident(&opened.table, id, &resolution)).await?
            else {
                return Ok(Exit::Done);
            };
            opened.turned(&id, "resolved", &status)
        })
    }
}
