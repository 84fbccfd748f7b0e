//! A valid access token for a saved connection: cached, else refreshed, by one process at a time, and saved before it is
//! used. Nothing here opens a browser.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;

use crate::auth::{self, AppCredential, Applicant, AuthError, Authority, BearerClaims, Claims, Proof, TokenSet};
use crate::clock::{Clock, real_limit};
use crate::connection::Connection;
use crate::environment::Environment;
use crate::net::{AccessToken, Http, TokenFuture, Trace};
use crate::output::Screen;
use crate::paths::Places;
use crate::problem::{Diagnose as _, Problem};
use crate::secret::{Secret, masked};
use crate::session::SessionError;
use crate::session::credential::Means;
use crate::session::kept::{CLIENT_SECRET, GIVEN, Held, Need, REFRESH_TOKEN, put_tokens, stored_token};
use crate::session::source::Provider;
use crate::session::stored::stored_secrets;
use crate::store::{CredentialLock, DemandBook, HealthBook, ResidentVault, Secrets};

/// The longest that anything is waited for under the lock: others wait for it too.
const LONGEST_RENEWAL: Duration = Duration::from_secs(30);
/// How long another process may hold the lock before we say so.
const LOCK_WAIT: Duration = Duration::from_secs(30);

/// What a session is made of.
pub struct SessionParts {
    /// The connection.
    pub connection: Connection,
    /// The client.
    pub http: Http,
    /// Where its secrets are.
    pub vault: Arc<ResidentVault>,
    /// Where a runner or a machine says how its own credential is had.
    pub environment: Environment,
    /// Where its health and what is demanded of it are.
    pub places: Places,
    /// The time.
    pub clock: Clock,
    /// Where decisions are told.
    pub trace: Trace,
    /// Where a warning goes that must not be missed.
    pub screen: Screen,
    /// How long a busy service may keep us waiting, in sum.
    pub max_wait: Duration,
}

/// The tokens of one saved connection.
pub struct Session {
    parts: SessionParts,
    health: HealthBook,
    demands: DemandBook,
    /// The token this process used last.
    held: Mutex<Option<Held>>,
}

impl Session {
    /// The session of a connection. Nothing is opened yet.
    #[must_use]
    pub fn new(parts: SessionParts) -> Self {
        let (health, demands) = (HealthBook::new(&parts.places), DemandBook::new(&parts.places));
        Self { parts, health, demands, held: Mutex::new(None) }
    }

    /// A token that was issued just now, whatever the cache holds: the proof that the refresh token, or the
    /// credential, still works. `None` for a connection that has neither. The new
    /// tokens are saved like any others.
    ///
    /// # Errors
    /// As those of [`crate::net::TokenSource::token`].
    pub async fn renewed(&self) -> Result<Option<AccessToken>, Problem> {
        if !self.parts.connection.flow.is_unattended() && self.stored()?.find(REFRESH_TOKEN).is_none() {
            return Ok(None);
        }
        self.valid_token(Need { is_renewal: true, ..Need::default() }).await.map(Some)
    }

    /// A token that meets the need.
    ///
    /// Everybody else's refresh is seen: the store is read before the lock is taken and again under it, so of a hundred
    /// processes one asks Entra and the others find its token (security rule 17).
    async fn valid_token(&self, need: Need<'_>) -> Result<AccessToken, Problem> {
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(held) = held.filter(|held| need.is_met_by(held, self.now())) {
            return Ok(held.token);
        }
        let mut patience = self.parts.max_wait;
        loop {
            let stored = stored_token(&self.stored()?);
            if let Some(met) = stored.clone().filter(|stored| need.is_met_by(stored, self.now())) {
                return Ok(self.hold(met));
            }
            let lock = match self.lock(need, stored.as_ref()).await? {
                Access::Lock(lock) => lock,
                Access::Token(token) => return Ok(token),
            };
            let secrets = self.stored()?;
            if let Some(met) = stored_token(&secrets).filter(|stored| need.is_met_by(stored, self.now())) {
                self.parts.trace.decision(|| "another process renewed the token".to_owned());
                return Ok(self.hold(met));
            }
            let renewed = real_limit(LONGEST_RENEWAL, self.renew(&secrets, need)).await;
            let renewed = renewed.unwrap_or_else(|| self.too_slow(&secrets, need));
            drop(lock);
            match renewed {
                Ok(held) => return Ok(self.hold(held)),
                // Nobody has to wait for a lock because we are asked to wait.
                Err(NotRenewed { pause: Some(pause), .. }) if pause <= patience => {
                    patience = patience.saturating_sub(pause);
                    self.parts.trace.decision(|| format!("waiting {pause:?}, as asked, before the next try"));
                    self.parts.clock.wait(pause).await;
                }
                Err(not_renewed) => return Err(not_renewed.problem),
            }
        }
    }

    /// What becomes of a renewal that took too long: the present token for now, if it is good for one more request.
    fn too_slow(&self, secrets: &Secrets, need: Need<'_>) -> Result<Held, NotRenewed> {
        let stored = stored_token(secrets).filter(|stored| need.is_barely_met_by(stored, self.now()));
        stored.ok_or_else(|| {
            let connection = self.parts.connection.name.to_string();
            let problem = SessionError::RenewalTooSlow { connection, seconds: LONGEST_RENEWAL.as_secs() };
            Problem::from(problem).into()
        })
    }

    /// The lock, unless the token that is stored does as well: while somebody else renews it, it is good for one request
    /// more, and where the lock can't be had at all it is better than nothing.
    async fn lock(&self, need: Need<'_>, stored: Option<&Held>) -> Result<Access, Problem> {
        let SessionParts { connection, vault, trace, .. } = &self.parts;
        let instead = |is_enough: &dyn Fn(&Held) -> bool, why: &dyn std::fmt::Display| {
            let token = stored.filter(|stored| is_enough(stored))?.token.clone();
            trace.decision(|| format!("using the present token for now: {why}"));
            Some(Access::Token(token))
        };
        let taken = match CredentialLock::acquire_if_free(vault.vault(), &connection.id) {
            Ok(Some(lock)) => return Ok(Access::Lock(lock)),
            Ok(None) => {
                let is_enough = |stored: &Held| need.is_briefly_met_by(stored, self.now());
                if let Some(token) = instead(&is_enough, &"another process is renewing it") {
                    return Ok(token);
                }
                CredentialLock::acquire(vault.vault(), &connection.id, LOCK_WAIT).await
            }
            Err(error) => Err(error),
        };
        match taken {
            Ok(lock) => Ok(Access::Lock(lock)),
            Err(error) => {
                let is_enough = |stored: &Held| need.is_barely_met_by(stored, self.now());
                instead(&is_enough, &error).ok_or_else(|| error.into())
            }
        }
    }

    /// Asks Entra, under the lock.
    async fn renew(&self, secrets: &Secrets, need: Need<'_>) -> Result<Held, NotRenewed> {
        if let Some(credential) = self.credential(secrets)? {
            return self.renew_by(&credential, secrets, need).await;
        }
        let Some(refresh_token) = secrets.find(REFRESH_TOKEN).cloned() else {
            return Err(Problem::from(SessionError::no_refresh_token(&self.parts.connection)).into());
        };
        match self.ask_entra(&refresh_token, secrets, need).await {
            Ok(tokens) => Ok(self.save(|stored| is_same(stored, secrets, REFRESH_TOKEN), &tokens, need)),
            Err(error) if error.is_dead_grant() => self.try_a_newer_one(&refresh_token, need, error).await,
            Err(error) => self.make_do(secrets, need, error),
        }
    }

    /// What is shown instead of a refresh token, where the connection needs no person.
    fn credential(&self, secrets: &Secrets) -> Result<Option<AppCredential>, Problem> {
        let SessionParts { connection, environment, .. } = &self.parts;
        let (name, store) = (connection.name.as_str(), connection.store.word());
        Means { flow: &connection.flow, secrets, environment, connection: name, store, now: self.now() }.credential()
    }

    /// Shows the credential once more.
    async fn renew_by(
        &self,
        credential: &AppCredential,
        secrets: &Secrets,
        need: Need<'_>,
    ) -> Result<Held, NotRenewed> {
        let SessionParts { connection, trace, .. } = &self.parts;
        let authority =
            Authority::for_tenant(&connection.tenant_url, &connection.account.tenant).map_err(Problem::from)?;
        trace.decision(|| {
            format!("asking {} for a new token", credential.source(&authority, connection.app.client_id()))
        });
        match credential.token(&self.applicant(&authority, Proof::Nothing), need.claims).await {
            Ok(tokens) => {
                self.check_user(&tokens)?;
                // What was forgotten stays forgotten, and what was given since is proved by whoever gave it.
                Ok(self.save(|stored| GIVEN.iter().all(|name| is_same(stored, secrets, name)), &tokens, need))
            }
            Err(error) if error.is_refused_credential() => {
                let code = error.service_code().unwrap_or_else(|| error.phrase().code.to_owned());
                self.mark_dead(&code, &error.to_string());
                Err(self.about_this_connection(error))
            }
            Err(error) => self.make_do(secrets, need, error),
        }
    }

    /// Whoever is signed in to another program may have changed: a connection goes on as who it was made for, or not at all.
    fn check_user(&self, tokens: &TokenSet) -> Result<(), Problem> {
        let Connection { name, account, .. } = &self.parts.connection;
        let claims = BearerClaims::of(&tokens.access_token);
        match claims.user() {
            Some(found) if !account.user.is_empty() && !found.eq_ignore_ascii_case(&account.user) => {
                let (connection, expected) = (name.to_string(), account.user.clone());
                Err(SessionError::LentByAnother { connection, expected, found: found.to_owned() }.into())
            }
            _ => Ok(()),
        }
    }

    /// The old token may still have some minutes: enough for this request, and the next one asks again.
    fn make_do(&self, secrets: &Secrets, need: Need<'_>, error: AuthError) -> Result<Held, NotRenewed> {
        match stored_token(secrets).filter(|stored| need.is_barely_met_by(stored, self.now())) {
            Some(stored) => {
                self.parts.trace.decision(|| format!("could not renew the token yet: {error}"));
                Ok(stored)
            }
            None => Err(self.about_this_connection(error)),
        }
    }

    /// Entra says the refresh token is dead. If the store holds another one by now, that one is tried, once. Only what was
    /// proved dead, and is still what the store holds, is called dead (security rule 19).
    async fn try_a_newer_one(&self, sent: &Secret, need: Need<'_>, error: AuthError) -> Result<Held, NotRenewed> {
        let now_stored = self.stored()?;
        let newer = now_stored.find(REFRESH_TOKEN).filter(|newer| !newer.is_same_as(sent)).cloned();
        let error = match newer {
            None => error,
            Some(newer) => match self.ask_entra(&newer, &now_stored, need).await {
                Ok(tokens) => {
                    return Ok(self.save(|stored| is_same(stored, &now_stored, REFRESH_TOKEN), &tokens, need));
                }
                Err(error) => error,
            },
        };
        if error.is_dead_grant() {
            let code = error.service_code().unwrap_or_else(|| error.phrase().code.to_owned());
            self.mark_dead(&code, &error.to_string());
            // Entra may say itself what the next sign-in must satisfy; else it is what the organisation said.
            let demanded = error.demanded_claims();
            if let Some(claims) = demanded.as_ref().or(need.claims) {
                self.demand(claims);
            }
        }
        Err(self.about_this_connection(error))
    }

    async fn ask_entra(
        &self,
        refresh_token: &Secret,
        secrets: &Secrets,
        need: Need<'_>,
    ) -> Result<TokenSet, AuthError> {
        let authority = self.authority_to_ask(need)?;
        let applicant = self.applicant(&authority, Proof::by_secret(secrets.find(CLIENT_SECRET)));
        auth::refresh_with(&applicant, refresh_token, need.claims).await
    }

    fn authority_to_ask(&self, need: Need<'_>) -> Result<Authority, AuthError> {
        let SessionParts { connection, trace, .. } = &self.parts;
        let authority = Authority::for_tenant(&connection.tenant_url, &connection.account.tenant)?;
        trace.decision(|| {
            let more = if need.claims.is_some() { " that holds what the organisation demands" } else { "" };
            format!("asking {} for a new token{more}", authority.origin())
        });
        Ok(authority)
    }

    fn applicant<'a>(&'a self, authority: &'a Authority, proof: Proof<'a>) -> Applicant<'a> {
        let SessionParts { connection, http, clock, .. } = &self.parts;
        let client_id = connection.app.client_id();
        // Pauses are waited out without the lock.
        let patience = Duration::ZERO;
        Applicant { http, clock, authority, tenant_url: &connection.tenant_url, client_id, proof, patience }
    }

    /// Saves before use, unless the store no longer holds what was sent, as `is_as_before` judges: what came since stays, and
    /// what was forgotten stays forgotten, even if whoever did that took another lock than ours.
    ///
    /// Entra keeps the old refresh token valid, so when saving fails this run may still go on.
    fn save(&self, is_as_before: impl Fn(&Secrets) -> bool, tokens: &TokenSet, need: Need<'_>) -> Held {
        let SessionParts { connection, vault, trace, screen, .. } = &self.parts;
        let written = vault.read().and_then(|stored| match stored {
            Some(mut stored) if is_as_before(&stored) => {
                put_tokens(&mut stored, tokens, need.claims);
                vault.write(&stored).map(|()| true)
            }
            Some(_) | None => Ok(false),
        });
        match written {
            Ok(true) => {
                let issued = tokens.refresh_token.as_ref().map(|_| self.now());
                if let Err(unmarked) = self.health.set_renewed(&connection.id, issued) {
                    trace.decision(|| format!("could not mark the connection: {unmarked}"));
                }
                self.demand_nothing();
            }
            Ok(false) => trace.decision(|| {
                format!("connection `{}` was changed meanwhile; the renewed token is not saved", connection.name)
            }),
            Err(error) => screen.warn(&format!(
                "the renewed token of connection `{}` could not be saved: {error}; this run goes on, the next one renews again",
                connection.name
            )),
        }
        let token = AccessToken { secret: tokens.access_token.clone(), expires_on: Some(tokens.expires_on) };
        Held { token, claims: need.claims.cloned() }
    }

    fn stored(&self) -> Result<Secrets, Problem> {
        stored_secrets(&self.parts.vault)
    }

    fn hold(&self, held: Held) -> AccessToken {
        let token = held.token.clone();
        *self.held.lock().unwrap_or_else(PoisonError::into_inner) = Some(held);
        token
    }

    fn now(&self) -> Timestamp {
        self.parts.clock.now()
    }

    fn mark_dead(&self, code: &str, reason: &str) {
        // A file of ours is written: whatever the service said about what it was sent stays out of it.
        let reason = masked(reason).into_owned();
        let marked = self.health.set_needs_reconnect(&self.parts.connection.id, masked(code), reason, self.now());
        if let Err(unmarked) = marked {
            self.parts.trace.decision(|| format!("could not mark the connection: {unmarked}"));
        }
    }

    /// Keeps what the next sign-in must satisfy.
    fn demand(&self, claims: &Claims) {
        if let Err(error) = self.demands.note(&self.parts.connection.id, claims.to_json()) {
            self.parts.trace.decision(|| format!("could not note what the organisation demands: {error}"));
        }
    }

    /// A demand is kept until a token was had, then forgotten: it is made again if it is still meant.
    fn demand_nothing(&self) {
        if let Err(error) = self.demands.strike(&self.parts.connection.id) {
            self.parts.trace.decision(|| format!("could not strike what the organisation demanded: {error}"));
        }
    }

    fn about_this_connection(&self, error: AuthError) -> NotRenewed {
        let pause = error.pause();
        NotRenewed { problem: error.with_connection(self.parts.connection.name.as_str()).into(), pause }
    }
}

/// Whether both hold the same under this name, or both nothing.
fn is_same(one: &Secrets, other: &Secrets, name: &str) -> bool {
    match (one.find(name), other.find(name)) {
        (Some(one), Some(other)) => one.is_same_as(other),
        (one, other) => one.is_none() && other.is_none(),
    }
}

/// Why there is no new token.
struct NotRenewed {
    problem: Problem,
    /// When it may be asked for again, where whoever was asked said so.
    pause: Option<Duration>,
}

impl From<Problem> for NotRenewed {
    fn from(problem: Problem) -> Self {
        Self { problem, pause: None }
    }
}

/// What came of asking for the lock.
enum Access {
    /// It is held.
    Lock(CredentialLock),
    /// It is not needed.
    Token(AccessToken),
}

impl Provider for Session {
    fn meeting<'a>(&'a self, need: Need<'a>) -> TokenFuture<'a> {
        Box::pin(self.valid_token(need))
    }

    fn note_demand(&self, claims: &Claims) {
        // Whoever signed in again meanwhile has another token: nothing was said about that one.
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let stored = self.stored().ok().and_then(|secrets| stored_token(&secrets));
        if let (Some(held), Some(stored)) = (held, stored)
            && held.token.secret.is_same_as(&stored.token.secret)
        {
            self.mark_dead(
                "dataverse/claims-challenge",
                "the organisation demands more of the sign-in than a renewal can give",
            );
            self.demand(claims);
        }
    }
}
