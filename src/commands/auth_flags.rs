//! `--auth`, and that no flag of one way to sign in is typed beside another. How any of them signs in is not known here.

use clap::{Args, ValueEnum};

use crate::commands::CommandError;
use crate::commands::certificate_flags::{CertificateFlags, Opened};
use crate::commands::federated_flags::FederatedFlags;
use crate::connection::{Flow, ManagedIdentity, client_id_of};
use crate::context::Context;
use crate::environment::Environment;
use crate::problem::Problem;
use crate::settings::chosen_identity;

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
    #[command(flatten)]
    identity: IdentityFlags,
}

/// Which of the machine's identities, of which one is.
#[derive(Debug, Args)]
#[group(multiple = false)]
pub struct IdentityFlags {
    /// With `--auth managed-identity`: the client id of the identity, where the machine has several
    #[arg(id = "identity_client_id", long = "identity-client-id", value_name = "ID")]
    client: Option<String>,
    /// With `--auth managed-identity`: the object (principal) id of the identity
    #[arg(id = "identity_object_id", long = "identity-object-id", value_name = "ID")]
    object: Option<String>,
    /// With `--auth managed-identity`: the Azure resource id of the identity
    #[arg(id = "identity_resource_id", long = "identity-resource-id", value_name = "ID")]
    resource: Option<String>,
}

impl IdentityFlags {
    /// The one that a flag names, else the one that the environment does.
    fn chosen(&self, environment: &Environment) -> Result<ManagedIdentity, Problem> {
        Ok(match (&self.client, &self.object, &self.resource) {
            (Some(id), ..) => ManagedIdentity::ClientId(client_id_of(id)?),
            (_, Some(id), _) => ManagedIdentity::ObjectId(client_id_of(id)?),
            (.., Some(id)) => ManagedIdentity::of_resource_id(id)?,
            (None, None, None) => chosen_identity(environment)?,
        })
    }

    /// Its flags, which no other way to sign in has.
    fn bound(&self) -> [Bound; 3] {
        let Self { client, object, resource } = self;
        let flows = &["managed-identity"];
        [
            Bound { flag: "--identity-client-id", is_typed: client.is_some(), flows },
            Bound { flag: "--identity-object-id", is_typed: object.is_some(), flows },
            Bound { flag: "--identity-resource-id", is_typed: resource.is_some(), flows },
        ]
    }
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
    /// The identity that Azure gave this machine
    ManagedIdentity,
    /// Whoever is signed in to the Azure CLI of this computer
    Az,
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
            Some(AuthFlag::ManagedIdentity) => "managed-identity",
            Some(AuthFlag::Az) => Flow::Az.word(),
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
            Some(AuthFlag::ManagedIdentity) => {
                plain(Flow::ManagedIdentity { identity: self.identity.chosen(&context.environment)? })
            }
            Some(AuthFlag::Az) => plain(Flow::Az),
        })
    }

    /// The flags that go with one way to sign in each.
    pub(super) fn bound(&self) -> impl Iterator<Item = Bound> {
        self.certificate.bound().into_iter().chain(self.federated.bound()).chain(self.identity.bound())
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
