//! The steps of `connect`: find the authority, listen, let the browser ask, redeem, prove; where no person is needed, show
//! the credential and prove. It says what happens through
//! [`Step`]s and never prints; it stores nothing.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use crate::auth::{
    self, Applicant, AuthError, Authority, Authorization, BearerClaims, Browser, Claims, Code, DeviceCode, Listener,
    Proof, RedirectUri, Rehearsal, SignInRequest, TokenSet, TurnedAway,
};
use crate::clock::{Clock, real_limit};
use crate::connection::{Account, App, Flow};
use crate::dataverse::{Client, ClientParts};
use crate::environment::Environment;
use crate::net::{AccessToken, Http, Origin, Trace};
use crate::problem::Problem;
use crate::secret::Secret;
use crate::session::credential::Means;
use crate::session::kept::given_secrets;
use crate::session::prompt_wait::Meanwhile;
use crate::session::{FixedToken, OnStep, SessionError, Wanted};

/// How long Entra may take to say beforehand what it thinks of a sign-in.
const LONGEST_REHEARSAL: Duration = Duration::from_secs(3);
/// More than any code for a device lives.
const LONGEST_CODE: Duration = Duration::from_secs(24 * 3600);
/// How long a busy organisation may keep the proof waiting.
const LONGEST_PROOF: Duration = Duration::from_secs(60);

/// What happens during a sign-in, for whoever shows it.
#[derive(Debug)]
pub enum Step<'a> {
    /// The organisation named who guards it.
    AuthorityFound(&'a Authority),
    /// The listener stands; the browser is about to be opened at this address.
    ReadyToOpen {
        /// The redirect URI as it must be registered.
        registered: &'a str,
        /// The sign-in address.
        url: &'a str,
    },
    /// No browser could be opened; the address has to be opened by hand.
    BrowserNotOpened(&'a Problem),
    /// A code waits to be typed on another device.
    CodeToType {
        /// The code and its page.
        device: &'a DeviceCode,
        /// Where the user will sign in.
        authority: &'a Authority,
    },
    /// Something came to the listener that was turned away; the wait goes on.
    TurnedAway(TurnedAway),
    /// Twenty seconds went by without an answer.
    StillWaiting,
    /// The user has signed in; the rest needs no user.
    CodeReceived,
}

/// What a sign-in brought.
#[derive(Debug)]
pub struct SignedIn {
    /// The tokens.
    pub tokens: TokenSet,
    /// Who it is, and where.
    pub account: Account,
    /// The app that signed in: the one that was wanted, or the one that the token names where nobody can know beforehand.
    pub app: App,
    /// The name of the user or of the application, for the greeting.
    pub display_name: Option<String>,
}

/// What a sign-in needs of the world.
pub struct SignIn<'a> {
    /// The client.
    pub http: &'a Http,
    /// The time.
    pub clock: &'a Clock,
    /// What opens the page.
    pub browser: &'a Browser,
    /// Where decisions are told.
    pub trace: &'a Trace,
    /// Where a runner or a machine says how its own credential is had.
    pub environment: &'a Environment,
    /// What an earlier refusal demands of this sign-in.
    pub claims: Option<&'a Claims>,
    /// How long a busy service may keep us waiting, in sum.
    pub max_wait: Duration,
    /// Asks for the address at which the browser ended, where no browser can reach this computer.
    pub paste: Option<&'a Paste<'a>>,
}

/// Asks a person for an address.
pub type Paste<'a> = dyn Fn() -> Pin<Box<dyn Future<Output = Result<Secret, Problem>> + 'a>> + 'a;

impl SignIn<'_> {
    /// Signs in. What `on_step` hands back to be asked may end it with a problem, such as an interruption.
    ///
    /// # Errors
    /// Whatever stood in the way; nothing has been stored.
    pub async fn run(&self, wanted: &Wanted, on_step: &OnStep<'_>) -> Result<SignedIn, Problem> {
        let secrets = given_secrets(wanted);
        let (name, store, now) = (wanted.name.as_str(), wanted.store.word(), self.clock.now());
        let (flow, environment) = (&wanted.flow, self.environment);
        // What is wrong with a credential is found out before anybody is asked.
        let credential = Means { flow, secrets: &secrets, environment, connection: name, store, now }.credential()?;
        let authority = self.authority(wanted).await?;
        if let Some(made_for) =
            wanted.bound_tenant.as_ref().filter(|bound| !bound.eq_ignore_ascii_case(authority.tenant()))
        {
            let (connection, tenant_url) = (wanted.name.to_string(), wanted.tenant_url.to_string());
            let (made_for, found) = (made_for.clone(), authority.tenant().to_owned());
            return Err(SessionError::OtherTenant { connection, tenant_url, made_for, found }.into());
        }
        drop(on_step(Step::AuthorityFound(&authority)));
        let Some(credential) = credential else {
            let tokens = if wanted.flow == Flow::Device {
                self.ask_elsewhere(wanted, &authority, on_step).await?
            } else {
                self.ask(wanted, &authority, &auth::dataverse_scope(&wanted.tenant_url), on_step).await?
            };
            let account = self.prove(wanted, &authority, &tokens).await?;
            let display_name = self.display_name(wanted, &authority, &tokens).await;
            return Ok(SignedIn { tokens, account, app: wanted.app.clone(), display_name });
        };
        self.trace.decision(|| format!("asking {} for a token", credential.source(&authority, wanted.app.client_id())));
        let applicant = Applicant { proof: Proof::Nothing, ..self.applicant(wanted, &authority) };
        let tokens = credential.token(&applicant, self.claims).await?;
        let mut account = self.prove(wanted, &authority, &tokens).await?;
        let claims = BearerClaims::of(&tokens.access_token);
        // Whoever is signed in to another program may be a person.
        account.user = claims.user().unwrap_or_default().to_owned();
        let app = match (&wanted.flow, claims.app()) {
            (Flow::ManagedIdentity { .. } | Flow::Az, Some(client_id)) => App::Own { client_id: client_id.to_owned() },
            _ => wanted.app.clone(),
        };
        // An application may not be allowed to read its own record; no name is no failure.
        let user = self.client(wanted, &tokens).user(&account.user_id).await.ok();
        let display_name = user.map(|user| user.full_name).filter(|name| !name.is_empty());
        Ok(SignedIn { tokens, account, app, display_name })
    }

    /// Lets the browser ask the user, and redeems what comes back for the resource of `scope`.
    pub(super) async fn ask(
        &self,
        wanted: &Wanted,
        authority: &Authority,
        scope: &str,
        on_step: &OnStep<'_>,
    ) -> Result<TokenSet, Problem> {
        let redirect_uri = match &wanted.redirect_uri {
            Some(uri) => RedirectUri::parse(uri)?,
            None => RedirectUri::default(),
        };
        let listener = Listener::bind(&redirect_uri).await?;
        let uri = listener.redirect_uri();
        let mut request = SignInRequest {
            tenant_url: &wanted.tenant_url,
            authority,
            client_id: wanted.app.client_id(),
            redirect_uri: &uri,
            response_mode: wanted.response_mode,
            // Microsoft's own apps may not ask for Graph beside Dataverse (AADSTS65002).
            no_graph: wanted.no_graph || matches!(wanted.app, App::Managed { .. }),
            login_hint: None,
            prompt: None,
            claims: None,
        };
        let known = self.rehearsed(&request, scope).await?;
        request.authority = &known;
        request.login_hint = wanted.login_hint.as_deref();
        request.prompt = wanted.prompt;
        request.claims = self.claims;
        let authorization = request.to_authorization_for(scope)?;
        let turned_away = |why| {
            drop(on_step(Step::TurnedAway(why)));
        };
        let answer = async {
            tokio::select! {
                biased;
                code = listener.code(&authorization, turned_away) => Ok(code?),
                code = self.pasted(&listener, &authorization, on_step) => code,
            }
        };
        let waiting = Meanwhile::new(self.browser, wanted.wait, on_step);
        let is_late = || timed_out(wanted, &authorization.redirect_uri);
        let code = waiting.answer((redirect_uri.to_register(), &authorization.url), answer, is_late).await?;
        // Nothing else is expected.
        drop(listener);
        drop(on_step(Step::CodeReceived));
        Ok(auth::redeem_for(&self.applicant(wanted, authority), &authorization, code, scope).await?)
    }

    /// The code out of an address that a person copies here, where that is wanted: judged as if the browser had come with it.
    async fn pasted(
        &self,
        listener: &Listener,
        authorization: &Authorization,
        on_step: &OnStep<'_>,
    ) -> Result<Code, Problem> {
        let Some(paste) = self.paste else { return std::future::pending().await };
        loop {
            let address = paste().await?;
            let outcome = auth::judge_address(address.expose(), listener.expected(authorization));
            match auth::code_of(outcome, authorization) {
                Ok(code) => return Ok(code?),
                Err(why) => drop(on_step(Step::TurnedAway(why))),
            }
        }
    }

    /// Asks Entra, without a user and before one is troubled, whether the sign-in can come back at all, and who it says it
    /// is. Only what holds whoever signs in is an error; of everything else the browser has to show what it is.
    async fn rehearsed(&self, request: &SignInRequest<'_>, scope: &str) -> Result<Authority, Problem> {
        let rehearsal = request.to_authorization_for(scope)?;
        let (rehearsed, known) = tokio::join!(
            real_limit(LONGEST_REHEARSAL, auth::rehearse(self.http, &rehearsal)),
            real_limit(LONGEST_REHEARSAL, auth::check_metadata(self.http, request.authority)),
        );
        match rehearsed {
            Some(Err(error @ AuthError::Refused(_))) => return Err(error.into()),
            Some(Ok(Rehearsal::Registered)) => {
                self.trace.decision(|| "Entra knows the app and its redirect URI".to_owned());
            }
            _ => self
                .trace
                .decision(|| "Entra does not say beforehand whether it knows the app and its redirect URI".to_owned()),
        }
        Ok(known.and_then(Result::ok).unwrap_or_else(|| request.authority.clone()))
    }

    /// Lets a browser on any other device ask the user.
    async fn ask_elsewhere(
        &self,
        wanted: &Wanted,
        authority: &Authority,
        on_step: &OnStep<'_>,
    ) -> Result<TokenSet, Problem> {
        let applicant = Applicant { proof: Proof::Nothing, ..self.applicant(wanted, authority) };
        let device = DeviceCode::ask(&applicant).await?;
        drop(on_step(Step::CodeToType { device: &device, authority }));
        // Without a time of its own the wait lasts as long as the code.
        let seconds = |left: Duration| left.as_secs() + u64::from(left.subsec_nanos() > 0);
        let wait = wanted.wait.left_of_typed().map_or(LONGEST_CODE, |left| Duration::from_secs(seconds(left)));
        let tokens = device.wait_for_user(&applicant, self.claims, wait).await?;
        drop(on_step(Step::CodeReceived));
        Ok(tokens)
    }

    fn applicant<'a>(&'a self, wanted: &'a Wanted, authority: &'a Authority) -> Applicant<'a> {
        Applicant {
            http: self.http,
            clock: self.clock,
            authority,
            tenant_url: &wanted.tenant_url,
            client_id: wanted.app.client_id(),
            proof: Proof::by_secret(wanted.client_secret.as_ref()),
            patience: wanted.wait.left_of_typed().map_or(self.max_wait, |left| left.min(self.max_wait)),
        }
    }

    pub(super) async fn authority(&self, wanted: &Wanted) -> Result<Authority, Problem> {
        let found = auth::discover(self.http, &wanted.tenant_url).await?;
        Ok(match &wanted.tenant {
            Some(tenant) => found.with_tenant(tenant)?,
            None => found,
        })
    }

    /// The connection works when the organisation says who we are.
    pub(super) async fn prove(
        &self,
        wanted: &Wanted,
        authority: &Authority,
        tokens: &TokenSet,
    ) -> Result<Account, Problem> {
        let ids = self.client(wanted, tokens).who_am_i().await?;
        let claims = tokens.id_claims.as_ref();
        let tenant = claims.map_or_else(|| authority.tenant().to_owned(), |claims| claims.tid.clone());
        Ok(Account {
            user: claims.and_then(|claims| claims.preferred_username.clone()).unwrap_or_default(),
            tenant: if wanted.tenant.is_some() { authority.tenant().to_owned() } else { tenant },
            organisation_id: ids.organisation_id,
            user_id: ids.user_id,
        })
    }

    fn client(&self, wanted: &Wanted, tokens: &TokenSet) -> Client {
        let access_token = AccessToken { secret: tokens.access_token.clone(), expires_on: Some(tokens.expires_on) };
        Client::new(ClientParts {
            http: self.http.clone(),
            origin: Origin::of(&wanted.tenant_url),
            tokens: Arc::new(FixedToken::new(access_token)),
            clock: self.clock.clone(),
            max_wait: LONGEST_PROOF,
            read_only: Some(wanted.name.to_string()),
            trace: self.trace.clone(),
        })
    }

    /// The name in Entra's ID token, else what Graph says; no name is no failure.
    async fn display_name(&self, wanted: &Wanted, authority: &Authority, tokens: &TokenSet) -> Option<String> {
        if let Some(name) = tokens.id_claims.as_ref().and_then(|claims| claims.name.clone()) {
            return Some(name);
        }
        if wanted.no_graph || matches!(wanted.app, App::Managed { .. }) {
            return None;
        }
        let scope = auth::graph_scope(&wanted.tenant_url);
        let applicant = self.applicant(wanted, authority);
        let graph = auth::refresh_for(&applicant, tokens.refresh_token.as_ref()?, &scope).await.ok()?;
        let origin = auth::graph_origin(&wanted.tenant_url);
        auth::me(self.http, &origin, &graph.access_token).await.ok()??.display_name
    }
}

/// That nobody came, with what can be typed instead.
fn timed_out(wanted: &Wanted, redirect_uri: &str) -> Problem {
    let again = wanted.command();
    let client_id = wanted.app.client_id();
    let is_own = matches!(wanted.app, App::Own { .. });
    let leaner = (is_own && !wanted.no_graph && wanted.replaces.is_none()).then(|| format!("{again} --no-graph"));
    let consent =
        format!("d365conn connect --admin-consent --tenant-url {} --client-id {client_id}", wanted.tenant_url);
    AuthError::TimedOut {
        waited: wanted.wait.in_all(),
        redirect_uri: redirect_uri.to_owned(),
        again,
        consent: is_own.then_some(consent),
        leaner,
    }
    .into()
}
