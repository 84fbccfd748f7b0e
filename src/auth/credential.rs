//! What is shown instead of a person: an application's credential, and the one way from it to a token. Each kind does its
//! part in a file of its own; where it is kept is not known here.

use crate::auth::{
    Applicant, AuthError, Authority, Claims, IdentityEndpoint, Proof, TokenSet, app_token_with, azure_cli_token,
    managed_identity_token,
};
use crate::connection::ManagedIdentity;
use crate::environment::Environment;
use crate::secret::Secret;

/// What can be shown again whenever a token is due, without a person.
#[derive(Debug, Clone)]
pub enum AppCredential {
    /// The client secret of an app.
    Secret(Secret),
    /// The identity of this machine.
    ManagedIdentity {
        /// Who gives out its tokens.
        endpoint: IdentityEndpoint,
        /// Which one.
        identity: ManagedIdentity,
    },
    /// Whoever is signed in to the Azure CLI, which is run in this environment without our secrets.
    AzureCli(Environment),
}

impl AppCredential {
    /// Who is asked for a token of `client_id`, for a trace.
    #[must_use]
    pub fn source(&self, authority: &Authority, client_id: &str) -> String {
        match self {
            Self::Secret(_) => format!("{} as app {client_id}", authority.origin()),
            Self::ManagedIdentity { endpoint, .. } => endpoint.to_string(),
            Self::AzureCli(_) => "the Azure CLI".to_owned(),
        }
    }

    /// A token for the organisation of `applicant`, whose own proof is left aside; one that holds what a challenge
    /// `demanded`, where one did. It opens the organisation only where an administrator made an application user for the
    /// app; that is Dataverse's to say.
    ///
    /// # Errors
    /// [`AuthError`]; [`AuthError::is_refused_credential`] says whether the same credential will be refused again.
    pub async fn token(&self, applicant: &Applicant<'_>, demanded: Option<&Claims>) -> Result<TokenSet, AuthError> {
        match self {
            Self::Secret(secret) => {
                app_token_with(&Applicant { proof: Proof::Secret(secret), ..*applicant }, demanded).await
            }
            Self::ManagedIdentity { endpoint, identity } => {
                managed_identity_token(applicant.http, applicant.clock, endpoint, identity, applicant.tenant_url).await
            }
            Self::AzureCli(environment) => {
                let Applicant { clock, tenant_url, authority, .. } = applicant;
                azure_cli_token(environment, clock, tenant_url, authority.tenant()).await
            }
        }
    }
}
