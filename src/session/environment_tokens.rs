//! Tokens for the connection that lives in the environment: in memory only. No file is written and no keyring opened.

use std::time::Duration;

use tokio::sync::Mutex;

use crate::auth::{self, AppCredential, Applicant, AuthError, Authority, Claims, Proof};
use crate::clock::Clock;
use crate::environment::Environment;
use crate::net::{AccessToken, Http, TokenFuture, Trace};
use crate::problem::Problem;
use crate::secret::Secret;
use crate::session::SessionError;
use crate::session::credential::Means;
use crate::session::kept::{Held, Need, environment_secrets};
use crate::session::source::Provider;
use crate::settings::{Credential, EnvironmentConnection};

/// The tokens of an environment-only connection.
pub struct EnvironmentTokens {
    connection: EnvironmentConnection,
    environment: Environment,
    http: Http,
    clock: Clock,
    trace: Trace,
    /// How long a busy service may keep us waiting, in sum.
    max_wait: Duration,
    managed_client_id: String,
    gained: Mutex<Gained>,
}

/// What the tokens of an environment-only connection need of the world.
pub struct EnvironmentTools {
    /// Where a runner or a machine says how its own credential is had.
    pub environment: Environment,
    /// The client.
    pub http: Http,
    /// The time.
    pub clock: Clock,
    /// Where decisions are told.
    pub trace: Trace,
    /// How long a busy service may keep us waiting, in sum.
    pub max_wait: Duration,
    /// The app of a refresh token beside which none is named.
    pub managed_client_id: String,
}

/// What was had from Entra so far.
#[derive(Default)]
struct Gained {
    authority: Option<Authority>,
    held: Option<Held>,
    /// A refresh token that Entra gave in exchange for the one from the environment.
    rotated: Option<Secret>,
}

impl EnvironmentTokens {
    /// The tokens of `connection`. Nothing is asked for yet.
    #[must_use]
    pub fn new(connection: EnvironmentConnection, tools: EnvironmentTools) -> Self {
        let EnvironmentTools { environment, http, clock, trace, max_wait, managed_client_id } = tools;
        trace.decision(|| format!("using the {} from the environment", connection.credential.word()));
        let gained = Mutex::default();
        Self { connection, environment, http, clock, trace, max_wait, managed_client_id, gained }
    }

    async fn valid_token(&self, need: Need<'_>) -> Result<AccessToken, Problem> {
        if let Credential::AccessToken(secret) = &self.connection.credential {
            return match need.rejected {
                None => Ok(AccessToken { secret: secret.clone(), expires_on: None }),
                Some(_) => Err(SessionError::TokenRejected.into()),
            };
        }
        // One task at a time: the others find its token.
        let mut gained = self.gained.lock().await;
        if let Some(held) = gained.held.as_ref().filter(|held| need.is_met_by(held, self.clock.now())) {
            return Ok(held.token.clone());
        }
        let tokens = self.ask_entra(&mut gained, need.claims).await?;
        let token = AccessToken { secret: tokens.access_token.clone(), expires_on: Some(tokens.expires_on) };
        if tokens.refresh_token.is_some() {
            if gained.rotated.is_none() {
                self.trace.decision(|| {
                    "Entra gave a new refresh token, which an environment can't keep: this run goes on with it, the next \
                     one begins with the old one again"
                        .to_owned()
                });
            }
            gained.rotated = tokens.refresh_token;
        }
        gained.held = Some(Held { token: token.clone(), claims: need.claims.cloned() });
        Ok(token)
    }

    async fn ask_entra(&self, gained: &mut Gained, claims: Option<&Claims>) -> Result<auth::TokenSet, Problem> {
        let credential = self.credential()?;
        let authority = match &gained.authority {
            Some(authority) => authority.clone(),
            None => gained.authority.insert(self.authority().await?).clone(),
        };
        let tell = |of: &str| self.trace.decision(|| format!("asking {of} for a token"));
        let applicant = |client_id, proof| Applicant {
            http: &self.http,
            clock: &self.clock,
            authority: &authority,
            tenant_url: &self.connection.tenant_url,
            client_id,
            proof,
            patience: self.max_wait,
        };
        match &self.connection.credential {
            Credential::App { client_id, .. } => {
                let credential = credential.ok_or(SessionError::TokenRejected)?;
                tell(&credential.source(&authority, client_id));
                Ok(credential.token(&applicant(client_id, Proof::Nothing), claims).await?)
            }
            Credential::RefreshToken { client_id, client_secret, token, variable } => {
                let client_id = client_id.as_deref().unwrap_or(&self.managed_client_id);
                let token = gained.rotated.as_ref().unwrap_or(token);
                tell(authority.origin().as_str());
                let applicant = applicant(client_id, Proof::by_secret(client_secret.as_ref()));
                let renewed = auth::refresh_with(&applicant, token, claims).await;
                Ok(renewed.map_err(|error| refused(error, variable))?)
            }
            Credential::AccessToken(_) => Err(SessionError::TokenRejected.into()),
        }
    }

    /// What an application shows; what is wrong with it is found out before anybody is asked.
    fn credential(&self) -> Result<Option<AppCredential>, Problem> {
        let Credential::App { flow, secret, certificate, .. } = &self.connection.credential else { return Ok(None) };
        let secrets = environment_secrets(flow, secret.as_ref(), certificate.as_ref());
        let (connection, store, now) = (self.connection.tenant_url.host(), "environment", self.clock.now());
        Means { flow, secrets: &secrets, environment: &self.environment, connection, store, now }.credential()
    }

    async fn authority(&self) -> Result<Authority, Problem> {
        match &self.connection.tenant {
            Some(tenant) => Ok(Authority::for_tenant(&self.connection.tenant_url, tenant)?),
            None => Ok(auth::discover(&self.http, &self.connection.tenant_url).await?),
        }
    }
}

/// A token that is mangled is no request that we got wrong: Entra calls both malformed.
fn refused(error: AuthError, variable: &'static str) -> Problem {
    let is_token = match &error {
        AuthError::Refused(refusal) => {
            let class = refusal.error.error.as_str();
            error.is_dead_grant() && class == "invalid_grant" || class == "invalid_request"
        }
        _ => false,
    };
    if is_token { SessionError::GivenTokenRefused { variable, cause: Box::new(error) }.into() } else { error.into() }
}

impl Provider for EnvironmentTokens {
    fn meeting<'a>(&'a self, need: Need<'a>) -> TokenFuture<'a> {
        Box::pin(self.valid_token(need))
    }
}
