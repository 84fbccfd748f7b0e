//! What may be typed after `connections`, and which of its words is meant. Nothing is done here.

use clap::{Args, Subcommand};

use crate::commands::connections::check::Check;
use crate::commands::connections::discover::Discover;
use crate::commands::connections::export::Export;
use crate::commands::connections::import::Import;
use crate::commands::connections::set::Set;
use crate::commands::connections::{choose, list, rename, show};
use crate::context::Context;
use crate::problem::{Exit, Problem};

/// List, show, choose, change and check saved connections
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
    Set(Set),
    Export(Export),
    Import(Box<Import>),
    /// Make a connection the default
    #[command(after_help = "Examples:\n  d365conn connections use contoso")]
    Use {
        /// The connection
        name: String,
    },
    /// Give a connection another name
    #[command(after_help = "Examples:\n  d365conn connections rename contoso contoso-prod")]
    Rename {
        /// The connection
        old: String,
        /// What to call it from now on
        new: String,
    },
    Check(Check),
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
            Action::Set(it) => it.run(context),
            Action::Export(it) => it.run(context),
            Action::Import(it) => it.run(context),
            Action::Use { name } => choose::choose(context, &name),
            Action::Rename { old, new } => rename::rename(context, &old, &new),
            Action::Check(it) => it.run(context),
        }
    }
}
