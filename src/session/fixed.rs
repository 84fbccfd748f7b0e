//! A token that is what it is: handed in from outside, or just issued. It can't be renewed here.

use crate::net::{AccessToken, TokenFuture};
use crate::session::SessionError;
use crate::session::kept::Need;
use crate::session::source::Provider;

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

impl Provider for FixedToken {
    fn meeting<'a>(&'a self, need: Need<'a>) -> TokenFuture<'a> {
        let is_refused = need.rejected.is_some();
        Box::pin(async move { if is_refused { Err(SessionError::TokenRejected.into()) } else { Ok(self.0.clone()) } })
    }
}
