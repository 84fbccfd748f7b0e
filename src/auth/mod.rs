//! Signing in at Entra: from an organisation's address to tokens, and from any refusal to words a person can act on.
//! Nothing here stores a secret, prints, or asks Dataverse for rows.

mod aadsts;
mod admin_consent;
mod authority;
mod authorize;
mod bearer;
mod browser;
mod callback;
mod challenge;
mod claims;
mod client_secret;
mod credential;
mod device;
mod discovery;
mod entra_error;
mod entra_phrases;
mod error;
mod graph;
mod id_token;
mod loopback;
mod phrases;
mod redeem;
mod redirect_uri;
mod refresh;
mod rehearsal;
#[cfg(test)]
mod stand_in;
mod token;
mod token_endpoint;

pub use aadsts::{AADSTS, Aadsts, find};
pub use admin_consent::{AdminConsentDeclined, AdminConsentRequest, Granted};
pub use authority::{Authority, OIDC_SCOPES, app_scope, dataverse_scope, graph_origin, graph_scope};
pub use authorize::{Authorization, Prompt, SignInRequest, admin_consent_url};
pub use bearer::BearerClaims;
pub use browser::Browser;
pub use callback::{Awaited, CallbackRequest, Code, Expected, Outcome, judge};
pub use challenge::{Challenge, ChallengeError};
pub use claims::{Claims, claims_parameter};
pub use client_secret::{app_token, app_token_with};
pub use credential::AppCredential;
pub use device::DeviceCode;
pub use discovery::{check_metadata, discover};
pub use entra_error::EntraError;
pub use entra_phrases::DEVICE_FORBIDDEN_CODE as DEVICE_FORBIDDEN;
pub use error::{AuthError, Leg, Refusal};
pub use graph::{Me, me};
pub use id_token::IdClaims;
pub use loopback::Listener;
pub use phrases::PHRASES;
pub use redeem::{redeem, redeem_for};
pub use redirect_uri::RedirectUri;
pub use refresh::{REFRESH_TOKEN_IDLE, refresh, refresh_for, refresh_with};
pub use rehearsal::{Rehearsal, rehearse};
pub use token::TokenSet;
pub use token_endpoint::{Applicant, Proof};
