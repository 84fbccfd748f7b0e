//! A token that is what it is: handed in from outside, or just issued. It can't be renewed here.

use crate::net::{AccessToken, TokenFuture, TokenSource};
use crate::session::SessionError;
use crate::session::kept::lone_app;

/// Always the same token.
#[derive(Debug)]
pub struct FixedToken(AccessToken);

impl FixedToken {
    /// This one.
    #[must_use]
    pub fn new(token: AccessToken) -> Self {
        Self(token)
    }
}

impl TokenSource for FixedToken {
    fn token(&self) -> TokenFuture<'_> {
        Box::pin(async { Ok(self.0.clone()) })
    }

    fn token_instead_of<'a>(&'a self, _rejected: &'a AccessToken, _challenges: &'a [String]) -> TokenFuture<'a> {
        Box::pin(async { Err(SessionError::TokenRejected.into()) })
    }

    fn app_of(&self, token: &AccessToken) -> Option<String> {
        lone_app(token)
    }
}
