//! The one room that knows both tokens and stores: signing in, and a valid token for a connection whenever one is due.

mod admin_consent;
mod credential;
mod environment_tokens;
mod error;
mod fixed;
mod kept;
mod phrases;
mod prompt_wait;
mod shared_sign_in;
mod sharing_error;
mod sign_in;
mod source;
mod stored;
mod tokens;
mod travel;
mod wait;
mod wanted;

pub use admin_consent::ConsentWanted;
pub use credential::{Means, certificate_of, certificate_to_keep};
pub use environment_tokens::{EnvironmentTokens, EnvironmentTools};
pub use error::SessionError;
pub use fixed::FixedToken;
pub use kept::{CERTIFICATE, CERTIFICATE_PASSWORD, CLIENT_SECRET, secrets_of};
pub use phrases::PHRASES;
pub use prompt_wait::{Asking, OnStep};
pub use shared_sign_in::{Lender, NotShared, SharedSignIn, Tools};
pub use sharing_error::{SHARING_PHRASES, SharingError};
pub use sign_in::{Paste, SignIn, SignedIn, Step};
pub use stored::{client_secret_gone, stored_secrets, testimony};
pub use tokens::{Session, SessionParts};
pub use travel::{environment_connection, packed};
pub use wait::Wait;
pub use wanted::Wanted;
