//! From how a connection signs in, and what is kept of it, to the credential that is shown: the one place that knows which
//! flow needs which secret. Nothing is asked here.

use crate::auth::{AppCredential, IdentityEndpoint};
use crate::connection::Flow;
use crate::environment::Environment;
use crate::problem::Problem;
use crate::session::SessionError;
use crate::session::kept::CLIENT_SECRET;
use crate::store::Secrets;

/// What there is to make a credential of.
#[derive(Clone, Copy)]
pub struct Means<'a> {
    /// How it signs in.
    pub flow: &'a Flow,
    /// Its secrets.
    pub secrets: &'a Secrets,
    /// Where a runner or a machine says whom to ask for more.
    pub environment: &'a Environment,
    /// The connection, for messages.
    pub connection: &'a str,
    /// Where its secrets are, for messages.
    pub store: &'static str,
}

impl Means<'_> {
    /// The credential; `None` for the flows of persons.
    ///
    /// # Errors
    /// When a secret that it needs is not there.
    pub fn credential(self) -> Result<Option<AppCredential>, Problem> {
        let Self { flow, secrets, environment, connection, store } = self;
        match flow {
            Flow::Secret => {
                let gone = || SessionError::ClientSecretGone { connection: connection.to_owned(), store };
                let secret = secrets.find(CLIENT_SECRET).cloned().ok_or_else(gone)?;
                Ok(Some(AppCredential::Secret(secret)))
            }
            Flow::Browser | Flow::Device | Flow::AccessToken | Flow::RefreshToken => Ok(None),
            Flow::ManagedIdentity { identity } => {
                let endpoint = IdentityEndpoint::of(environment)?;
                Ok(Some(AppCredential::ManagedIdentity { endpoint, identity: identity.clone() }))
            }
            Flow::Az => Ok(Some(AppCredential::AzureCli(environment.clone()))),
            Flow::Certificate { .. } | Flow::Federated { .. } => {
                Err(SessionError::FlowNotServed { connection: connection.to_owned(), flow: flow.word() }.into())
            }
        }
    }
}
