//! What every source of tokens in this room is: somebody who gives a token that meets a need. Where it comes from is told
//! beside this file.

use crate::auth::{BearerClaims, Claims};
use crate::net::{AccessToken, TokenFuture, TokenSource};
use crate::session::kept::Need;

/// Gives a token that meets a need.
pub(super) trait Provider: Send + Sync {
    /// The token.
    fn meeting<'a>(&'a self, need: Need<'a>) -> TokenFuture<'a>;

    /// As [`TokenSource::take_note`].
    fn note_demand(&self, _claims: &Claims) {}
}

impl<P: Provider> TokenSource for P {
    fn token(&self) -> TokenFuture<'_> {
        self.meeting(Need::default())
    }

    fn token_instead_of<'a>(&'a self, rejected: &'a AccessToken, challenges: &'a [String]) -> TokenFuture<'a> {
        Box::pin(async move {
            let claims = Claims::of_challenge(challenges.iter().map(String::as_str));
            self.meeting(Need { rejected: Some(rejected), claims: claims.as_ref(), is_renewal: false }).await
        })
    }

    fn take_note(&self, challenges: &[String]) {
        if let Some(claims) = Claims::of_challenge(challenges.iter().map(String::as_str)) {
            self.note_demand(&claims);
        }
    }

    fn app_of(&self, token: &AccessToken) -> Option<String> {
        BearerClaims::of(&token.secret).lone_app().map(str::to_owned)
    }
}
