//! What may be typed after `connections`, and which of its words is meant. Nothing is done here.

use clap::{ArgAction, Args, Subcommand};

use crate::commands::connections::discover::Discover;
use crate::commands::connections::{choose, list, set, show};
use crate::context::Context;
use crate::problem::{Exit, Problem};

/// List, show and choose saved connections
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  d365conn connections list\n  d365conn connections use contoso")]
pub struct Connections {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// List the saved connections
    #[command(after_help = "Examples:\n  d365conn connections list\n  d365conn connections list -o json")]
    List,
    /// List the organisations you can reach, and connect to one of them
    #[command(
        after_help = "Examples:\n  d365conn connections discover\n  d365conn connections discover -o json\n  d365conn -c contoso connections discover -o id\n\nA saved connection's sign-in asks for the list; no browser opens while that works.\nOn a terminal you may choose one by its number, and it is connected to with the same\nsign-in. In a script: d365conn connect --tenant-url URL --from NAME."
    )]
    Discover(Box<Discover>),
    /// Show one connection
    #[command(after_help = "Examples:\n  d365conn connections show\n  d365conn connections show contoso -o json")]
    Show {
        /// The connection; the default one when left out
        name: Option<String>,
    },
    /// Change what a saved connection allows and says
    #[command(
        after_help = "Examples:\n  d365conn connections set contoso --read-only true\n  d365conn connections set contoso --label production"
    )]
    Set {
        /// The connection
        name: String,
        /// Whether every write through this connection is refused
        #[arg(long, value_name = "TRUE|FALSE", action = ArgAction::Set)]
        read_only: Option<bool>,
        /// A note shown before anything destructive; an empty one removes it
        #[arg(long, value_name = "TEXT")]
        label: Option<String>,
    },
    /// Make a connection the default
    #[command(after_help = "Examples:\n  d365conn connections use contoso")]
    Use {
        /// The connection
        name: String,
    },
}

impl Connections {
    /// Does it.
    ///
    /// # Errors
    /// When the connections can't be read, or there is none of that name.
    pub fn run(self, context: &Context) -> Result<Exit, Problem> {
        match self.action {
            Action::List => list::list(context),
            Action::Discover(it) => it.run(context),
            Action::Show { name } => show::show(context, name.as_deref()),
            Action::Set { name, read_only, label } => set::set(context, &name, read_only, label),
            Action::Use { name } => choose::choose(context, &name),
        }
    }
}
