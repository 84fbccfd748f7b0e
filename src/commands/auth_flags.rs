//! `--auth`, and that no flag of one way to sign in is typed beside another. How any of them signs in is not known here.

use clap::{Args, ValueEnum};

use crate::commands::CommandError;
use crate::connection::{Flow, ManagedIdentity, client_id_of};
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
    /// How to sign in.
    ///
    /// # Errors
    /// When what goes with it, a flag or a variable, is no id.
    pub(super) fn flow(&self, environment: &Environment) -> Result<Flow, Problem> {
        Ok(match self.auth {
            None | Some(AuthFlag::Browser) => Flow::Browser,
            Some(AuthFlag::Device) => Flow::Device,
            Some(AuthFlag::Secret) => Flow::Secret,
            Some(AuthFlag::ManagedIdentity) => Flow::ManagedIdentity { identity: self.identity.chosen(environment)? },
            Some(AuthFlag::Az) => Flow::Az,
        })
    }

    /// The flags of a machine's identity, which no other way to sign in has.
    pub(super) fn bound(&self) -> [Bound; 3] {
        let IdentityFlags { client, object, resource } = &self.identity;
        let flows = &["managed-identity"];
        [
            Bound { flag: "--identity-client-id", is_typed: client.is_some(), flows },
            Bound { flag: "--identity-object-id", is_typed: object.is_some(), flows },
            Bound { flag: "--identity-resource-id", is_typed: resource.is_some(), flows },
        ]
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
