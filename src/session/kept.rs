//! How tokens lie among a connection's secrets, and which of them is good for what is needed. Pure: nothing here asks a
//! store or Entra.

use std::time::Duration;

use jiff::Timestamp;

use crate::auth::{Claims, TokenSet};
use crate::connection::Flow;
use crate::net::AccessToken;
use crate::secret::Secret;
use crate::session::Wanted;
use crate::store::Secrets;

/// Under what the vault keeps what.
pub(super) const REFRESH_TOKEN: &str = "refresh_token";
const ACCESS_TOKEN: &str = "access_token";
const EXPIRES_ON: &str = "expires_on";
/// What the access token was demanded to hold, if anything.
const CLAIMS: &str = "claims";
/// The name of an app's client secret among a connection's secrets.
pub const CLIENT_SECRET: &str = "client_secret";
/// That of the password of an app's certificate.
pub const CERTIFICATE_PASSWORD: &str = "certificate_password";
/// That of the certificate itself with its key, where it was asked to be kept: base64.
pub const CERTIFICATE: &str = "certificate";
/// What a user gave: it changes by a sign-in only.
pub(super) const GIVEN: [&str; 3] = [CLIENT_SECRET, CERTIFICATE_PASSWORD, CERTIFICATE];

/// A token this close to its end is renewed (entra.md §7.6: every Microsoft library uses five minutes).
const MARGIN: Duration = Duration::from_secs(300);
/// A token that lives this long carries one request to its end while somebody else is busy renewing it.
const BRIEFLY: Duration = Duration::from_secs(60);

/// A token as this process or the vault holds it.
#[derive(Debug, Clone)]
pub(super) struct Held {
    pub token: AccessToken,
    pub claims: Option<Claims>,
}

/// What a token is needed for.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Need<'a> {
    /// The service refused this one.
    pub rejected: Option<&'a AccessToken>,
    /// The service demanded these of the next one.
    pub claims: Option<&'a Claims>,
    /// No token is good enough that exists already: the refresh token is to be proved.
    pub is_renewal: bool,
}

impl Need<'_> {
    /// Far enough from its end to be used without a thought.
    pub(super) fn is_met_by(&self, held: &Held, now: Timestamp) -> bool {
        self.is_met_for(held, now, MARGIN)
    }

    /// Good for one request, though it is time to renew it.
    pub(super) fn is_briefly_met_by(&self, held: &Held, now: Timestamp) -> bool {
        self.is_met_for(held, now, BRIEFLY)
    }

    /// Not over yet: better than failing.
    pub(super) fn is_barely_met_by(&self, held: &Held, now: Timestamp) -> bool {
        self.is_met_for(held, now, Duration::ZERO)
    }

    fn is_met_for(&self, held: &Held, now: Timestamp, margin: Duration) -> bool {
        let at = now.saturating_add(margin).unwrap_or(Timestamp::MAX);
        let is_rejected = self.rejected.is_some_and(|rejected| rejected.secret.is_same_as(&held.token.secret));
        let has_claims = self.claims.is_none_or(|claims| held.claims.as_ref() == Some(claims));
        !self.is_renewal && !is_rejected && has_claims && held.token.expires_on.is_none_or(|end| end > at)
    }
}

/// What the vault keeps of a sign-in.
#[must_use]
pub fn secrets_of(tokens: &TokenSet, wanted: &Wanted) -> Secrets {
    let mut secrets = given_secrets(wanted);
    put_tokens(&mut secrets, tokens, None);
    secrets
}

/// The secrets that the user gave for a sign-in.
pub(super) fn given_secrets(wanted: &Wanted) -> Secrets {
    let mut secrets = Secrets::default();
    let given = [&wanted.client_secret, &wanted.certificate_password, &wanted.certificate];
    for (name, secret) in GIVEN.into_iter().zip(given) {
        if let Some(secret) = secret {
            secrets.insert(name, secret.clone());
        }
    }
    secrets
}

/// Puts new tokens in; an answer without a refresh token leaves the old one (RFC 6749 §6).
pub(super) fn put_tokens(secrets: &mut Secrets, tokens: &TokenSet, claims: Option<&Claims>) {
    if let Some(refresh_token) = &tokens.refresh_token {
        secrets.insert(REFRESH_TOKEN, refresh_token.clone());
    }
    secrets.insert(ACCESS_TOKEN, tokens.access_token.clone());
    secrets.insert(EXPIRES_ON, Secret::unwatched(tokens.expires_on.to_string()));
    match claims {
        Some(claims) => secrets.insert(CLAIMS, Secret::unwatched(claims.to_json())),
        None => secrets.take(CLAIMS),
    };
}

/// The access token among `secrets`.
pub(super) fn stored_token(secrets: &Secrets) -> Option<Held> {
    let secret = secrets.find(ACCESS_TOKEN)?.clone();
    let expires_on = secrets.find(EXPIRES_ON)?.expose().parse().ok()?;
    let claims = secrets.find(CLAIMS).and_then(|claims| Claims::parse(claims.expose()));
    Some(Held { token: AccessToken { secret, expires_on: Some(expires_on) }, claims })
}

/// The secrets of a connection that lives in the environment.
pub(super) fn environment_secrets(flow: &Flow, secret: Option<&Secret>, certificate: Option<&Secret>) -> Secrets {
    let mut secrets = Secrets::default();
    let name = match flow {
        Flow::Secret => CLIENT_SECRET,
        Flow::Certificate { .. } => CERTIFICATE_PASSWORD,
        _ => return secrets,
    };
    for (name, secret) in [(name, secret), (CERTIFICATE, certificate)] {
        if let Some(secret) = secret {
            secrets.insert(name, secret.clone());
        }
    }
    secrets
}

/// Takes the access token out, with what is known of it: whoever has the refresh token asks for one of its own.
pub(super) fn drop_access_token(secrets: &mut Secrets) {
    for name in [ACCESS_TOKEN, EXPIRES_ON, CLAIMS] {
        secrets.take(name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held(text: &str, expires_on: i64) -> Held {
        let token = AccessToken { secret: Secret::new(text), expires_on: Timestamp::from_second(expires_on).ok() };
        Held { token, claims: None }
    }

    fn now() -> Timestamp {
        Timestamp::from_second(1000).unwrap()
    }

    #[test]
    fn a_token_is_renewed_five_minutes_ahead_and_good_until_its_end() {
        let need = Need::default();
        for (end, expected) in [
            (999, [false, false, false]),
            (1000, [false, false, false]),
            (1001, [false, false, true]),
            (1060, [false, false, true]),
            (1061, [false, true, true]),
            (1300, [false, true, true]),
            (1301, [true, true, true]),
        ] {
            let held = held("a", end);
            let met = [
                need.is_met_by(&held, now()),
                need.is_briefly_met_by(&held, now()),
                need.is_barely_met_by(&held, now()),
            ];
            assert_eq!(met, expected, "{end}");
        }
    }

    #[test]
    fn a_rejected_token_is_not_used_again_however_young() {
        let rejected = held("a", 9999).token;
        let need = Need { rejected: Some(&rejected), ..Need::default() };
        assert!(!need.is_barely_met_by(&held("a", 9999), now()));
        assert!(need.is_met_by(&held("b", 9999), now()));
    }

    #[test]
    fn a_demand_is_met_only_by_a_token_that_was_asked_for_with_it() {
        let (one, other) = (Claims::parse(r#"{"a":1}"#).unwrap(), Claims::parse(r#"{"a":2}"#).unwrap());
        let need = Need { claims: Some(&one), ..Need::default() };
        assert!(!need.is_met_by(&held("a", 9999), now()));
        assert!(!need.is_met_by(&Held { claims: Some(other), ..held("a", 9999) }, now()));
        assert!(need.is_met_by(&Held { claims: Some(one.clone()), ..held("a", 9999) }, now()));
        assert!(Need::default().is_met_by(&Held { claims: Some(one.clone()), ..held("a", 9999) }, now()));
    }

    #[test]
    fn a_renewal_is_met_by_nothing_that_exists() {
        let need = Need { is_renewal: true, ..Need::default() };
        assert!(!need.is_barely_met_by(&held("a", 9999), now()));
    }
}
