//! Signs an app in by its own secret: no user, no browser, no refresh token.

use oauth2::Scope;

use crate::auth::token_endpoint::Errand;
use crate::auth::{Applicant, AuthError, Claims, Leg, TokenSet, app_scope, claims_parameter};

/// A token for the app itself (RFC 6749 §4.4). It opens the organisation only where an administrator made an application
/// user for the app; that is Dataverse's to say.
///
/// # Errors
/// [`AuthError`].
pub async fn app_token(applicant: &Applicant<'_>) -> Result<TokenSet, AuthError> {
    app_token_with(applicant, None).await
}

/// The same for a token that must hold what a challenge demanded.
///
/// # Errors
/// [`AuthError`].
pub async fn app_token_with(applicant: &Applicant<'_>, demanded: Option<&Claims>) -> Result<TokenSet, AuthError> {
    let errand = Errand::of(applicant, Leg::App);
    let client = applicant.client()?;
    let answer = client
        .exchange_client_credentials()
        .add_scope(Scope::new(app_scope(applicant.tenant_url)))
        .add_extra_param("claims", claims_parameter(demanded))
        .request_async(&errand)
        .await;
    applicant.tokens(answer)
}
