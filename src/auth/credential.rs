//! What is shown instead of a person: an application's credential, and the one way from it to a token. Each kind does its
//! part in a file of its own; where it is kept is not known here.

use crate::auth::{Applicant, AuthError, Claims, Proof, TokenSet, app_token_with};
use crate::secret::Secret;

/// What can be shown again whenever a token is due, without a person.
#[derive(Debug, Clone)]
pub enum AppCredential {
    /// The client secret of an app.
    Secret(Secret),
}

impl AppCredential {
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
        }
    }
}
