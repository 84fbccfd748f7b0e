//! `--auth`, and that no flag of one way to sign in is typed beside another. How any of them signs in is not known here.

use clap::{Args, ValueEnum};

use crate::commands::CommandError;
use crate::connection::Flow;
use crate::problem::Problem;

/// The flag that says how to sign in.
#[derive(Debug, Args)]
pub struct AuthFlags {
    /// How to sign in: `browser` when left out
    #[arg(long, value_enum, value_name = "HOW")]
    auth: Option<AuthFlag>,
}

/// Values of `--auth`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum AuthFlag {
    /// A person, in the browser of this computer
    Browser,
    /// A person, in a browser on another device that is shown a code here
    Device,
    /// An application of your own, with its client secret and no person
    Secret,
}

/// A flag that belongs to some ways to sign in only.
pub(super) struct Bound {
    /// As it is typed.
    pub(super) flag: &'static str,
    /// Whether it is.
    pub(super) is_typed: bool,
    /// The words of the flows it belongs to.
    pub(super) flows: &'static [&'static str],
}

impl AuthFlags {
    /// How to sign in.
    pub(super) fn flow(&self) -> Flow {
        match self.auth {
            None | Some(AuthFlag::Browser) => Flow::Browser,
            Some(AuthFlag::Device) => Flow::Device,
            Some(AuthFlag::Secret) => Flow::Secret,
        }
    }
}

/// Refuses the first of `flags` that is typed and belongs to another way to sign in than `flow`.
///
/// # Errors
/// [`CommandError::FlagOfAnotherFlow`].
pub(super) fn refuse_foreign(flow: &Flow, flags: impl IntoIterator<Item = Bound>) -> Result<(), Problem> {
    let foreign = flags.into_iter().find(|bound| bound.is_typed && !bound.flows.contains(&flow.word()));
    match foreign {
        None => Ok(()),
        Some(Bound { flag, flows, .. }) => {
            let flows = flows.join("` or `--auth ");
            Err(CommandError::FlagOfAnotherFlow { flag, flows, flow: flow.word() }.into())
        }
    }
}
