//! Where a client gets its bearer from. Nothing here knows how a token is made.

use std::future::Future;
use std::pin::Pin;

use jiff::Timestamp;

use crate::problem::Problem;
use crate::secret::Secret;

/// A bearer with the moment after which it is worthless.
#[derive(Debug, Clone)]
pub struct AccessToken {
    /// The bearer.
    pub secret: Secret,
    /// When it ends; `None` when nobody said so (a token handed in from outside).
    pub expires_on: Option<Timestamp>,
}

/// The answer of a [`TokenSource`], later.
pub type TokenFuture<'a> = Pin<Box<dyn Future<Output = Result<AccessToken, Problem>> + Send + 'a>>;

/// Gives a valid access token whenever one is needed.
pub trait TokenSource: Send + Sync {
    /// A token that is valid now.
    fn token(&self) -> TokenFuture<'_>;

    /// A token to try instead of `rejected`, which the service answered with 401. `challenges` are the values of
    /// `WWW-Authenticate` that came with it, as they came: they may demand claims of the next token.
    fn token_instead_of<'a>(&'a self, rejected: &'a AccessToken, challenges: &'a [String]) -> TokenFuture<'a>;

    /// Takes note that the token given instead was answered with 401 as well, with these challenges. Nothing else will be
    /// tried now; what they demand may be met by the next sign-in.
    fn take_note(&self, _challenges: &[String]) {}

    /// The client id of the app that speaks for itself by `token`, for telling people; `None` where a person does, or where
    /// nobody knows.
    fn app_of(&self, _token: &AccessToken) -> Option<String> {
        None
    }
}
