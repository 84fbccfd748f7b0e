//! Tokens for the connection that lives in the environment: in memory only. No file is written and no keyring opened.

use std::time::Duration;

use tokio::sync::Mutex;

use crate::auth::{self, Applicant, Authority};
use crate::clock::Clock;
use crate::net::{AccessToken, Http, TokenFuture, TokenSource, Trace};
use crate::problem::Problem;
use crate::secret::Secret;
use crate::session::SessionError;
use crate::settings::{Credential, EnvironmentConnection};

/// A token this close to its end is renewed.
const MARGIN: Duration = Duration::from_secs(300);

/// The tokens of an environment-only connection.
pub struct EnvironmentTokens {
    connection: EnvironmentConnection,
    http: Http,
    clock: Clock,
    trace: Trace,
    held: Mutex<Held>,
}

#[derive(Default)]
struct Held {
    authority: Option<Authority>,
    token: Option<AccessToken>,
    /// A refresh token that Entra gave in exchange for the one from the environment.
    rotated: Option<Secret>,
}

impl EnvironmentTokens {
    /// The tokens of `connection`. Nothing is asked for yet.
    #[must_use]
    pub fn new(connection: EnvironmentConnection, http: Http, clock: Clock, trace: Trace) -> Self {
        trace.decision(|| format!("using the {} from the environment", connection.credential.word()));
        Self { connection, http, clock, trace, held: Mutex::default() }
    }

    async fn valid_token(&self, rejected: Option<&AccessToken>) -> Result<AccessToken, Problem> {
        if let Credential::AccessToken(secret) = &self.connection.credential {
            return match rejected {
                None => Ok(AccessToken { secret: secret.clone(), expires_on: None }),
                Some(_) => Err(SessionError::TokenRejected.into()),
            };
        }
        // One task at a time: the others find its token.
        let mut held = self.held.lock().await;
        let soon = self.clock.now().saturating_add(MARGIN).unwrap_or(jiff::Timestamp::MAX);
        if let Some(token) = &held.token {
            let is_rejected = rejected.is_some_and(|rejected| rejected.secret.is_same_as(&token.secret));
            if !is_rejected && token.expires_on.is_none_or(|end| end > soon) {
                return Ok(token.clone());
            }
        }
        let tokens = self.ask_entra(&mut held).await?;
        let token = AccessToken { secret: tokens.access_token.clone(), expires_on: Some(tokens.expires_on) };
        if tokens.refresh_token.is_some() {
            if held.rotated.is_none() {
                self.trace.decision(|| {
                    "Entra gave a new refresh token, which an environment can't keep: this run goes on with it, the next \
                     one begins with the old one again"
                        .to_owned()
                });
            }
            held.rotated = tokens.refresh_token;
        }
        held.token = Some(token.clone());
        Ok(token)
    }

    async fn ask_entra(&self, held: &mut Held) -> Result<auth::TokenSet, Problem> {
        let authority = match &held.authority {
            Some(authority) => authority.clone(),
            None => held.authority.insert(self.authority().await?).clone(),
        };
        self.trace.decision(|| format!("asking {} for a token", authority.origin()));
        let applicant = |client_id, client_secret| Applicant {
            http: &self.http,
            clock: &self.clock,
            authority: &authority,
            tenant_url: &self.connection.tenant_url,
            client_id,
            client_secret,
        };
        match &self.connection.credential {
            Credential::ClientSecret { client_id, client_secret } => {
                Ok(auth::app_token(&applicant(client_id, Some(client_secret))).await?)
            }
            Credential::RefreshToken { client_id, client_secret, token } => {
                let token = held.rotated.as_ref().unwrap_or(token);
                Ok(auth::refresh(&applicant(client_id, client_secret.as_ref()), token).await?)
            }
            Credential::AccessToken(_) => Err(SessionError::TokenRejected.into()),
        }
    }

    async fn authority(&self) -> Result<Authority, Problem> {
        match &self.connection.tenant {
            Some(tenant) => Ok(Authority::for_tenant(&self.connection.tenant_url, tenant)?),
            None => Ok(auth::discover(&self.http, &self.connection.tenant_url).await?),
        }
    }
}

impl TokenSource for EnvironmentTokens {
    fn token(&self) -> TokenFuture<'_> {
        Box::pin(self.valid_token(None))
    }

    fn token_instead_of<'a>(&'a self, rejected: &'a AccessToken) -> TokenFuture<'a> {
        Box::pin(self.valid_token(Some(rejected)))
    }
}
