//! The one room that knows both tokens and stores: signing in, and a valid token for a connection whenever one is due.

mod environment_tokens;
mod error;
mod fixed;
mod kept;
mod phrases;
mod sign_in;
mod tokens;
mod travel;
mod wanted;

pub use environment_tokens::EnvironmentTokens;
pub use error::SessionError;
pub use fixed::FixedToken;
pub use kept::{CLIENT_SECRET, secrets_of};
pub use phrases::PHRASES;
pub use sign_in::{SignIn, SignedIn, Step};
pub use tokens::{Session, SessionParts};
pub use travel::{environment_connection, packed};
pub use wanted::Wanted;
