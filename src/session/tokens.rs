//! A valid access token for a saved connection: cached, else refreshed, by one process at a time, and saved before it is
//! used. Nothing here opens a browser.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;

use crate::auth::{self, Applicant, AuthError, Authority, TokenSet};
use crate::clock::Clock;
use crate::connection::Connection;
use crate::net::{AccessToken, Http, TokenFuture, TokenSource, Trace};
use crate::output::Screen;
use crate::paths::Places;
use crate::problem::{Diagnose as _, Problem};
use crate::secret::Secret;
use crate::session::SessionError;
use crate::store::{CredentialLock, HealthBook, Secrets, Vault};

/// Under what the vault keeps what.
pub(super) const REFRESH_TOKEN: &str = "refresh_token";
const ACCESS_TOKEN: &str = "access_token";
const EXPIRES_ON: &str = "expires_on";
/// The name of an app's client secret among a connection's secrets.
pub const CLIENT_SECRET: &str = "client_secret";

/// A token this close to its end is renewed (entra.md §7.6: every Microsoft library uses five minutes).
const MARGIN: Duration = Duration::from_secs(300);
/// How long another process may hold the lock before we say so.
const LOCK_WAIT: Duration = Duration::from_secs(30);

/// What a session is made of.
pub struct SessionParts {
    /// The connection.
    pub connection: Connection,
    /// The client.
    pub http: Http,
    /// Where its secrets are.
    pub vault: Arc<dyn Vault>,
    /// Where its lock and its health are.
    pub places: Places,
    /// The time.
    pub clock: Clock,
    /// Where decisions are told.
    pub trace: Trace,
    /// Where a warning goes that must not be missed.
    pub screen: Screen,
}

/// The tokens of one saved connection.
pub struct Session {
    parts: SessionParts,
    health: HealthBook,
    /// The token this process used last.
    held: Mutex<Option<AccessToken>>,
}

impl Session {
    /// The session of a connection. Nothing is opened yet.
    #[must_use]
    pub fn new(parts: SessionParts) -> Self {
        let health = HealthBook::new(&parts.places);
        Self { parts, health, held: Mutex::new(None) }
    }

    /// A token that is valid and is not `rejected`.
    ///
    /// Everybody else's refresh is seen: the store is read before the lock is taken and again under it, so of a hundred
    /// processes one asks Entra and the others find its token (security rule 17).
    async fn valid_token(&self, rejected: Option<&AccessToken>) -> Result<AccessToken, Problem> {
        let now = self.parts.clock.now();
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(token) = held.filter(|token| is_usable(token, rejected, now)) {
            return Ok(token);
        }
        if let Some(token) = stored_token(&self.stored()?).filter(|token| is_usable(token, rejected, now)) {
            return Ok(self.hold(token));
        }
        let lock = CredentialLock::acquire(&self.parts.places, &self.parts.connection.id, LOCK_WAIT).await?;
        let secrets = self.stored()?;
        if let Some(token) = stored_token(&secrets).filter(|token| is_usable(token, rejected, self.parts.clock.now())) {
            self.parts.trace.decision(|| "another process renewed the token".to_owned());
            return Ok(self.hold(token));
        }
        let renewed = self.renew(secrets, rejected).await;
        drop(lock);
        renewed.map(|token| self.hold(token))
    }

    /// Asks Entra, under the lock.
    async fn renew(&self, secrets: Secrets, rejected: Option<&AccessToken>) -> Result<AccessToken, Problem> {
        let Some(refresh_token) = secrets.find(REFRESH_TOKEN).cloned() else {
            let connection = self.parts.connection.name.to_string();
            return Err(SessionError::NoRefreshToken { connection }.into());
        };
        match self.ask_entra(&refresh_token, &secrets).await {
            Ok(tokens) => Ok(self.save(secrets, &tokens)),
            Err(error) if error.is_dead_grant() => self.try_a_newer_one(&refresh_token, error).await,
            // The old token still has some minutes: enough for this request, and the next one asks again.
            Err(error) => {
                match stored_token(&secrets).filter(|token| is_alive(token, rejected, self.parts.clock.now())) {
                    Some(token) => {
                        self.parts.trace.decision(|| format!("could not renew the token yet: {error}"));
                        Ok(token)
                    }
                    None => Err(self.about_this_connection(error)),
                }
            }
        }
    }

    /// Entra says the refresh token is dead. If the store holds another one by now, that one is tried, once.
    async fn try_a_newer_one(&self, sent: &Secret, error: AuthError) -> Result<AccessToken, Problem> {
        let now_stored = self.stored()?;
        let newer = now_stored.find(REFRESH_TOKEN).filter(|newer| !newer.is_same_as(sent)).cloned();
        let error = match newer {
            None => error,
            Some(newer) => match self.ask_entra(&newer, &now_stored).await {
                Ok(tokens) => return Ok(self.save(now_stored, &tokens)),
                Err(error) => error,
            },
        };
        if error.is_dead_grant() {
            let code = error.service_code().unwrap_or_else(|| error.phrase().code.to_owned());
            let id = &self.parts.connection.id;
            let marked = self.health.set_needs_reconnect(id, &code, error.to_string(), self.parts.clock.now());
            if let Err(unmarked) = marked {
                self.parts.trace.decision(|| format!("could not mark the connection: {unmarked}"));
            }
        }
        Err(self.about_this_connection(error))
    }

    async fn ask_entra(&self, refresh_token: &Secret, secrets: &Secrets) -> Result<TokenSet, AuthError> {
        let SessionParts { connection, http, clock, trace, .. } = &self.parts;
        let authority = Authority::for_tenant(&connection.tenant_url, &connection.account.tenant)?;
        trace.decision(|| format!("asking {} for a new token", authority.origin()));
        let applicant = Applicant {
            http,
            clock,
            authority: &authority,
            tenant_url: &connection.tenant_url,
            client_id: connection.app.client_id(),
            client_secret: secrets.find(CLIENT_SECRET),
        };
        auth::refresh(&applicant, refresh_token).await
    }

    /// Saves before use. Entra keeps the old refresh token valid, so when saving fails this run may still go on.
    fn save(&self, mut secrets: Secrets, tokens: &TokenSet) -> AccessToken {
        put_tokens(&mut secrets, tokens);
        let id = &self.parts.connection.id;
        if let Err(error) = self.parts.vault.write(id, &secrets) {
            self.parts.screen.warn(&format!(
                "the renewed token of connection `{}` could not be saved: {error}; this run goes on, the next one renews again",
                self.parts.connection.name
            ));
        } else if let Err(unmarked) = self.health.set_ok(id) {
            self.parts.trace.decision(|| format!("could not mark the connection: {unmarked}"));
        }
        AccessToken { secret: tokens.access_token.clone(), expires_on: Some(tokens.expires_on) }
    }

    fn stored(&self) -> Result<Secrets, Problem> {
        let SessionParts { connection, vault, .. } = &self.parts;
        let gone =
            || SessionError::SecretsGone { connection: connection.name.to_string(), store: connection.store.word() };
        Ok(vault.read(&connection.id)?.ok_or_else(gone)?)
    }

    fn hold(&self, token: AccessToken) -> AccessToken {
        *self.held.lock().unwrap_or_else(PoisonError::into_inner) = Some(token.clone());
        token
    }

    fn about_this_connection(&self, error: AuthError) -> Problem {
        error.with_connection(self.parts.connection.name.as_str()).into()
    }
}

impl TokenSource for Session {
    fn token(&self) -> TokenFuture<'_> {
        Box::pin(self.valid_token(None))
    }

    fn token_instead_of<'a>(&'a self, rejected: &'a AccessToken) -> TokenFuture<'a> {
        Box::pin(self.valid_token(Some(rejected)))
    }
}

/// What the vault keeps of a sign-in.
#[must_use]
pub fn secrets_of(tokens: &TokenSet, client_secret: Option<&Secret>) -> Secrets {
    let mut secrets = Secrets::default();
    put_tokens(&mut secrets, tokens);
    if let Some(client_secret) = client_secret {
        secrets.insert(CLIENT_SECRET, client_secret.clone());
    }
    secrets
}

/// Puts new tokens in; an answer without a refresh token leaves the old one (RFC 6749 §6).
fn put_tokens(secrets: &mut Secrets, tokens: &TokenSet) {
    if let Some(refresh_token) = &tokens.refresh_token {
        secrets.insert(REFRESH_TOKEN, refresh_token.clone());
    }
    secrets.insert(ACCESS_TOKEN, tokens.access_token.clone());
    secrets.insert(EXPIRES_ON, Secret::new(tokens.expires_on.to_string()));
}

fn stored_token(secrets: &Secrets) -> Option<AccessToken> {
    let secret = secrets.find(ACCESS_TOKEN)?.clone();
    let expires_on = secrets.find(EXPIRES_ON)?.expose().parse().ok()?;
    Some(AccessToken { secret, expires_on: Some(expires_on) })
}

/// Far enough from its end to be used without a thought.
fn is_usable(token: &AccessToken, rejected: Option<&AccessToken>, now: Timestamp) -> bool {
    is_alive(token, rejected, now.saturating_add(MARGIN).unwrap_or(Timestamp::MAX))
}

fn is_alive(token: &AccessToken, rejected: Option<&AccessToken>, at: Timestamp) -> bool {
    let is_rejected = rejected.is_some_and(|rejected| rejected.secret.is_same_as(&token.secret));
    !is_rejected && token.expires_on.is_none_or(|end| end > at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(text: &str, expires_on: i64) -> AccessToken {
        AccessToken { secret: Secret::new(text), expires_on: Timestamp::from_second(expires_on).ok() }
    }

    #[test]
    fn a_token_is_renewed_five_minutes_ahead() {
        let now = Timestamp::from_second(1000).unwrap();
        for (end, usable) in [(999, false), (1300, false), (1301, true)] {
            assert_eq!(is_usable(&token("a", end), None, now), usable, "{end}");
        }
        assert!(is_alive(&token("a", 1300), None, now));
    }

    #[test]
    fn a_rejected_token_is_not_used_again_however_young() {
        let now = Timestamp::from_second(1000).unwrap();
        assert!(!is_usable(&token("a", 9999), Some(&token("a", 9999)), now));
        assert!(is_usable(&token("b", 9999), Some(&token("a", 9999)), now));
    }
}
