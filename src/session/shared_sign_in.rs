//! One sign-in for several resources: the refresh token of a user and an app opens the discovery service, and then every
//! organisation whose users sign in at the same place. It is never sent anywhere else, and nothing is stored here but a
//! newer refresh token of the connection that lends its own.

use std::sync::Arc;
use std::time::Duration;

use crate::auth::{self, Applicant, AuthError, Authority, Proof, TokenSet};
use crate::clock::{Clock, real_limit};
use crate::connection::{App, Connection};
use crate::dataverse::{Client, ClientParts, Instance, instances};
use crate::net::{AccessToken, Http, Origin, TokenFuture, TokenSource, Trace};
use crate::paths::Places;
use crate::problem::{Diagnose as _, Problem};
use crate::secret::{Secret, masked};
use crate::session::kept::{CLIENT_SECRET, REFRESH_TOKEN};
use crate::session::stored::{stored_secrets, testimony};
use crate::session::{OnStep, SessionError, SharingError, SignIn, SignedIn, Step, Wanted};
use crate::store::{CredentialLock, HealthBook, ResidentVault, Secrets};
use crate::tenant::Discovery;

/// The longest that anything is waited for under the lock: others wait for it too.
const LONGEST_RENEWAL: Duration = Duration::from_secs(30);
/// How long another process may hold the lender before we say so.
const LOCK_WAIT: Duration = Duration::from_secs(30);

/// A sign-in that may serve further resources.
#[derive(Debug, Clone)]
pub struct SharedSignIn {
    /// The app that signed in; refresh tokens are bound to it.
    pub app: App,
    /// Its secret, where it has one.
    pub client_secret: Option<Secret>,
    authority: Authority,
    refresh_token: Secret,
    /// The id of the tenant that it was made in, where the authority was told another name of it.
    tenant: Option<String>,
    /// The saved connection it comes from; `None` for one that was just made.
    connection: Option<String>,
}

/// What a request for another token needs of the world.
#[derive(Clone, Copy)]
pub struct Tools<'a> {
    /// The client.
    pub http: &'a Http,
    /// The time.
    pub clock: &'a Clock,
    /// Where decisions are told.
    pub trace: &'a Trace,
    /// How long a busy service may keep us waiting.
    pub max_wait: Duration,
}

/// Why a sign-in was not shared.
#[derive(Debug)]
pub enum NotShared {
    /// Entra says no, or must not be asked: a sign-in in the browser may do it.
    Refused(SharingError),
    /// Something that another sign-in would meet too.
    Failed(Problem),
}

impl<E: Into<Problem>> From<E> for NotShared {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

impl NotShared {
    /// The same as a problem, where nothing else is tried.
    #[must_use]
    pub fn into_problem(self) -> Problem {
        match self {
            Self::Refused(error) => error.into(),
            Self::Failed(problem) => problem,
        }
    }
}

/// A saved connection that lends its sign-in.
#[derive(Clone, Copy)]
pub struct Lender<'a> {
    /// The connection.
    pub connection: &'a Connection,
    /// Where its secrets are.
    pub vault: &'a ResidentVault,
    /// Where its lock is.
    pub places: &'a Places,
}

impl Lender<'_> {
    /// Its sign-in, as it is stored now.
    ///
    /// # Errors
    /// When the store can't be read, or has no refresh token of it.
    pub fn lend(&self) -> Result<SharedSignIn, Problem> {
        self.lend_from(&self.stored()?)
    }

    /// Asks which organisations its user can reach. The lock is held meanwhile: what Entra gives in exchange for the
    /// refresh token is kept with the connection, as after every renewal.
    ///
    /// # Errors
    /// [`NotShared`].
    pub async fn discover(
        &self,
        tools: Tools<'_>,
        discovery: &Discovery,
    ) -> Result<(SharedSignIn, Vec<Instance>), NotShared> {
        let mut patience = tools.max_wait;
        let (shared, tokens) = loop {
            let lock = CredentialLock::acquire(self.vault.vault(), &self.connection.id, LOCK_WAIT).await?;
            let mut secrets = self.stored()?;
            let mut shared = self.lend_from(&secrets)?;
            let asked = real_limit(LONGEST_RENEWAL, shared.token_for(tools, discovery)).await;
            let asked = asked.ok_or_else(|| {
                let connection = self.connection.name.to_string();
                SessionError::RenewalTooSlow { connection, seconds: LONGEST_RENEWAL.as_secs() }
            })?;
            match asked {
                Ok(tokens) => {
                    self.keep(tools, &mut secrets, &tokens);
                    break (shared, tokens);
                }
                Err(error) => {
                    let Some(pause) = error.pause().filter(|pause| *pause <= patience) else {
                        let not_shared = shared.refused(error, "the discovery service");
                        self.mark_if_dead(tools, &not_shared);
                        return Err(not_shared);
                    };
                    drop(lock);
                    patience = patience.saturating_sub(pause);
                    tools.clock.wait(pause).await;
                }
            }
        };
        let found = list(tools, discovery, &tokens).await?;
        Ok((shared, found))
    }

    /// Keeps the refresh token that Entra gave in exchange.
    fn keep(&self, tools: Tools<'_>, secrets: &mut Secrets, tokens: &TokenSet) {
        let Some(newest) = tokens.refresh_token.clone() else { return };
        secrets.insert(REFRESH_TOKEN, newest);
        // Entra keeps the one before valid, so a store that is full today costs nothing.
        if let Err(error) = self.vault.write(secrets) {
            tools.trace.decision(|| format!("could not keep the newer refresh token: {error}"));
        }
    }

    /// Notes that only a reconnect helps, where Entra says of the very token that is stored that it will never be good
    /// again. That consent or a policy is missing for another resource says nothing about the connection itself.
    fn mark_if_dead(&self, tools: Tools<'_>, not_shared: &NotShared) {
        let NotShared::Refused(SharingError::Refused { cause, .. }) = not_shared else { return };
        let AuthError::Refused(refusal) = &**cause else { return };
        if !matches!(refusal.error.suberror.as_deref(), Some("bad_token" | "token_expired")) {
            return;
        }
        let code = cause.service_code().unwrap_or_else(|| cause.phrase().code.to_owned());
        let book = HealthBook::new(self.places);
        let reason = masked(&cause.to_string()).into_owned();
        let marked = book.set_needs_reconnect(&self.connection.id, masked(&code), reason, tools.clock.now());
        if let Err(unmarked) = marked {
            tools.trace.decision(|| format!("could not mark the connection: {unmarked}"));
        }
    }

    fn stored(&self) -> Result<Secrets, Problem> {
        stored_secrets(self.vault)
    }

    fn lend_from(&self, secrets: &Secrets) -> Result<SharedSignIn, Problem> {
        let connection = self.connection;
        if connection.flow.is_unattended() {
            let (connection, flow) = (connection.name.to_string(), connection.flow.word());
            return Err(SharingError::NobodyToLend { connection, flow }.into());
        }
        let none = || SessionError::no_refresh_token(connection);
        Ok(SharedSignIn {
            app: connection.app.clone(),
            client_secret: secrets.find(CLIENT_SECRET).cloned(),
            authority: Authority::for_tenant(&connection.tenant_url, &connection.account.tenant)?,
            refresh_token: secrets.find(REFRESH_TOKEN).cloned().ok_or_else(none)?,
            tenant: testimony(secrets).and_then(|said| said.tenant),
            connection: Some(connection.name.to_string()),
        })
    }
}

impl SignIn<'_> {
    /// Signs in for the discovery service, where no connection can lend its sign-in, and asks which organisations the user
    /// can reach. `draft` is the connection that will be wanted, with the service in the place of its organisation.
    ///
    /// # Errors
    /// Whatever stood in the way; nothing has been stored.
    pub async fn discover(
        &self,
        draft: &Wanted,
        discovery: &Discovery,
        on_step: &OnStep<'_>,
    ) -> Result<(SharedSignIn, Vec<Instance>), Problem> {
        let authority = match &draft.tenant {
            Some(tenant) => Authority::for_tenant(discovery.url(), tenant)?,
            None => Authority::for_any_tenant(discovery.url())?,
        };
        drop(on_step(Step::AuthorityFound(&authority)));
        let tokens = self.ask(draft, &authority, &discovery.scope(), on_step).await?;
        let authority = match &tokens.id_claims {
            Some(claims) if !authority.is_tenant_known() => authority.with_tenant(&claims.tid)?,
            _ => authority,
        };
        let refresh_token = tokens.refresh_token.clone().ok_or(SharingError::NothingToShare)?;
        let shared = SharedSignIn {
            app: draft.app.clone(),
            client_secret: draft.client_secret.clone(),
            authority,
            refresh_token,
            tenant: None,
            connection: None,
        };
        let tools = Tools { http: self.http, clock: self.clock, trace: self.trace, max_wait: self.max_wait };
        let found = list(tools, discovery, &tokens).await?;
        Ok((shared, found))
    }

    /// Signs in to another organisation without a browser, and proves it. The organisation itself says where its users
    /// sign in, and only if that is where this sign-in was made, in the same tenant, is the refresh token shown there again.
    ///
    /// # Errors
    /// [`NotShared`].
    pub async fn run_shared(&self, wanted: &Wanted, shared: &SharedSignIn) -> Result<SignedIn, NotShared> {
        let authority = self.authority(wanted).await?;
        if authority.origin() != shared.authority.origin() {
            return Err(NotShared::Refused(SharingError::OtherLogin {
                tenant_url: wanted.tenant_url.to_string(),
                theirs: authority.host().to_owned(),
                ours: shared.authority.host().to_owned(),
            }));
        }
        if !shared.is_of(authority.tenant()) {
            return Err(NotShared::Refused(SharingError::OtherTenant {
                tenant_url: wanted.tenant_url.to_string(),
                theirs: authority.tenant().to_owned(),
                ours: shared.authority.tenant().to_owned(),
            }));
        }
        let authority = &shared.authority;
        self.trace.decision(|| format!("asking {} for {} without a browser", authority.origin(), wanted.tenant_url));
        let applicant = Applicant {
            http: self.http,
            clock: self.clock,
            authority,
            tenant_url: &wanted.tenant_url,
            client_id: shared.app.client_id(),
            proof: Proof::by_secret(shared.client_secret.as_ref()),
            patience: self.max_wait,
        };
        let renewed = auth::refresh(&applicant, &shared.refresh_token).await;
        let mut tokens = renewed.map_err(|error| shared.refused(error, wanted.tenant_url.as_str()))?;
        // An answer without one leaves the one that was shown good (RFC 6749 §6); the connection needs one of its own.
        tokens.refresh_token.get_or_insert_with(|| shared.refresh_token.clone());
        let account = self.prove(wanted, authority, &tokens).await?;
        let display_name = tokens.id_claims.as_ref().and_then(|claims| claims.name.clone());
        Ok(SignedIn { tokens, account, app: wanted.app.clone(), display_name })
    }
}

impl SharedSignIn {
    /// Whether it was made in this tenant.
    fn is_of(&self, tenant: &str) -> bool {
        let names = [Some(self.authority.tenant()), self.tenant.as_deref()];
        names.into_iter().flatten().any(|name| name.eq_ignore_ascii_case(tenant))
    }

    /// A token for the discovery service; keeps the refresh token that comes with it.
    async fn token_for(&mut self, tools: Tools<'_>, discovery: &Discovery) -> Result<TokenSet, AuthError> {
        tools
            .trace
            .decision(|| format!("asking {} for {} without a browser", self.authority.origin(), discovery.url()));
        let applicant = Applicant {
            http: tools.http,
            clock: tools.clock,
            authority: &self.authority,
            tenant_url: discovery.url(),
            client_id: self.app.client_id(),
            proof: Proof::by_secret(self.client_secret.as_ref()),
            // The lock of the lender is held: pauses are waited out without it.
            patience: Duration::ZERO,
        };
        let tokens = auth::refresh_for(&applicant, &self.refresh_token, &discovery.scope()).await?;
        if let Some(newest) = &tokens.refresh_token {
            self.refresh_token = newest.clone();
        }
        Ok(tokens)
    }

    /// What Entra refuses may be granted in the browser; everything else may not.
    fn refused(&self, error: AuthError, place: &str) -> NotShared {
        let AuthError::Refused(_) = &error else { return NotShared::Failed(error.into()) };
        let place = place.to_owned();
        NotShared::Refused(match &self.connection {
            Some(connection) => SharingError::Refused {
                connection: connection.clone(),
                place,
                cause: Box::new(error.with_connection(connection)),
            },
            None => SharingError::JustRefused { place, cause: Box::new(error) },
        })
    }
}

/// Asks the service itself. Its bearer is pinned to its own origin.
async fn list(tools: Tools<'_>, discovery: &Discovery, tokens: &TokenSet) -> Result<Vec<Instance>, Problem> {
    let token = AccessToken { secret: tokens.access_token.clone(), expires_on: Some(tokens.expires_on) };
    let client = Client::new(ClientParts {
        http: tools.http.clone(),
        origin: Origin::of(discovery.url()),
        tokens: Arc::new(DiscoveryToken { token, host: discovery.url().host().to_owned() }),
        clock: tools.clock.clone(),
        max_wait: tools.max_wait,
        read_only: None,
        trace: tools.trace.clone(),
    });
    Ok(instances(&client).await?)
}

/// The token of one listing. It was issued a moment ago, so a service that rejects it would reject the next one.
struct DiscoveryToken {
    token: AccessToken,
    host: String,
}

impl TokenSource for DiscoveryToken {
    fn token(&self) -> TokenFuture<'_> {
        Box::pin(async { Ok(self.token.clone()) })
    }

    fn token_instead_of<'a>(&'a self, _rejected: &'a AccessToken, _challenges: &'a [String]) -> TokenFuture<'a> {
        Box::pin(async { Err(SharingError::DiscoveryRejected { host: self.host.clone() }.into()) })
    }
}
