//! A verb that closes a record with an activity that tells of it, as a value that a noun's row can hold. Opportunities and
//! cases, of whose end more is told, have files of their own.

use clap::{Args, Command, FromArgMatches as _};

use crate::commands::CommandError;
use crate::commands::records::Place;
use crate::commands::records::which::Which;
use crate::context::Context;
use crate::dataverse::SentOrShown;
use crate::dataverse::crm::{Closing, Ending as Told, close};
use crate::problem::{Exit, Problem};

/// How a record ends.
#[derive(Debug, Clone, Copy)]
pub struct Ending {
    /// The action, and what it takes. Source: Microsoft Learn, "Web API action reference".
    pub action: Closing,
    /// What the state is numbered. Source: Microsoft Learn, "Table reference".
    pub state: i64,
    /// The word for it afterwards.
    pub done: &'static str,
    /// The activity's title when nobody gives one.
    pub title: &'static str,
    /// What it is for.
    pub about: &'static str,
    /// Something to type behind the program's name.
    pub example: &'static str,
}

#[derive(Debug, Args)]
struct Typed {
    #[command(flatten)]
    which: Which,
    /// The status reason, by its label or number; the organisation's default for the state when left out
    #[arg(long, value_name = "REASON")]
    reason: Option<String>,
    /// The title of the activity that tells of it
    #[arg(long, value_name = "TEXT")]
    subject: Option<String>,
    /// More about it
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,
}

impl Ending {
    /// Its flags and its help.
    pub(super) fn shape(&self, command: Command) -> Command {
        Typed::augment_args(command).about(self.about).after_help(format!("Examples:\n  d365conn {}", self.example))
    }

    /// Does what was typed behind its word.
    pub(super) fn run(&self, matches: &clap::ArgMatches, context: &Context, place: &Place) -> Result<Exit, Problem> {
        let typed =
            Typed::from_arg_matches(matches).map_err(|error| CommandError::Usage { said: error.to_string() })?;
        let Typed { which, reason, subject, description } = typed;
        which.change(context, place, async |opened, id| {
            let status = opened.client.reason(&opened.table, self.state, reason.as_deref()).await?;
            let subject = subject.unwrap_or_else(|| self.title.to_owned());
            let told = Told { status: status.value, subject, description, ..Told::default() };
            let SentOrShown::Sent(_) = opened.client.call(&close(self.action, &opened.table, id, &told)).await? else {
                return Ok(Exit::Done);
            };
            opened.turned(&id, self.done, &status)
        })
    }
}
