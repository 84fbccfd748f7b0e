//! `--auth`, and that no flag of one way to sign in is typed beside another. How any of them signs in is not known here.

use clap::{Args, ValueEnum};

use crate::commands::CommandError;
use crate::commands::certificate_flags::{CertificateFlags, Opened};
use crate::commands::federated_flags::FederatedFlags;
use crate::connection::Flow;
use crate::context::Context;
use crate::problem::Problem;

/// The flag that says how to sign in.
#[derive(Debug, Args)]
pub struct AuthFlags {
    /// How to sign in: `browser` when left out
    #[arg(long, value_enum, value_name = "HOW")]
    auth: Option<AuthFlag>,
    #[command(flatten)]
    certificate: CertificateFlags,
    #[command(flatten)]
    federated: FederatedFlags,
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
    /// An application of your own, with the key of a certificate
    Certificate,
    /// An application of your own, for which another identity provider vouches, as in GitHub Actions or Azure Pipelines
    Federated,
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
    /// How to sign in, as far as the word says it.
    pub(super) fn word(&self) -> &'static str {
        match self.auth {
            None | Some(AuthFlag::Browser) => Flow::Browser.word(),
            Some(AuthFlag::Device) => Flow::Device.word(),
            Some(AuthFlag::Secret) => Flow::Secret.word(),
            Some(AuthFlag::Certificate) => "certificate",
            Some(AuthFlag::Federated) => "federated",
        }
    }

    /// How to sign in, with what is named or found for it; a certificate is opened.
    ///
    /// # Errors
    /// When something that goes with it is missing or can't be read.
    pub(super) fn opened(&self, context: &Context) -> Result<Opened, Problem> {
        let plain = |flow| Opened { flow, password: None, kept: None };
        Ok(match self.auth {
            None | Some(AuthFlag::Browser) => plain(Flow::Browser),
            Some(AuthFlag::Device) => plain(Flow::Device),
            Some(AuthFlag::Secret) => plain(Flow::Secret),
            Some(AuthFlag::Certificate) => self.certificate.open(context)?,
            Some(AuthFlag::Federated) => plain(self.federated.flow(context)?),
        })
    }

    /// The flags that go with one way to sign in each.
    pub(super) fn bound(&self) -> impl Iterator<Item = Bound> {
        self.certificate.bound().into_iter().chain(self.federated.bound())
    }
}

/// Refuses the first of `flags` that is typed and belongs to another way to sign in than `flow`.
///
/// # Errors
/// [`CommandError::FlagOfAnotherFlow`].
pub(super) fn refuse_foreign(flow: &'static str, flags: impl IntoIterator<Item = Bound>) -> Result<(), Problem> {
    let foreign = flags.into_iter().find(|bound| bound.is_typed && !bound.flows.contains(&flow));
    match foreign {
        None => Ok(()),
        Some(Bound { flag, flows, .. }) => {
            let flows = flows.join("` or `--auth ");
            Err(CommandError::FlagOfAnotherFlow { flag, flows, flow }.into())
        }
    }
}
