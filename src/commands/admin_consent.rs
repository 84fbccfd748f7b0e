//! `connect --admin-consent`: an administrator grants an app its permissions for everybody, so that users are not asked.
//! The page itself and its answer are `session::admin_consent`'s.

use serde_json::{Value, json};

use crate::auth::{Granted, RedirectUri};
use crate::commands::browser_flags::{BrowserFlags, Opening};
use crate::commands::sign_in_words::{invite, no_browser_words, turned_away_words};
use crate::commands::signing_in::browser;
use crate::connection::client_id_of;
use crate::context::Context;
use crate::output::{Format, object};
use crate::problem::{Diagnose, Exit, Phrase, Problem, Who};
use crate::session::{Asking, ConsentWanted, SignIn, Step, Wait};
use crate::tenant::{Discovery, TenantUrl};

/// What `connect` was told that matters here.
pub(super) struct Asked {
    pub tenant_url: Option<TenantUrl>,
    pub discovery: Discovery,
    pub tenant: Option<String>,
    pub client_id: Option<String>,
    pub redirect_uri: Option<String>,
    pub browser: BrowserFlags,
    pub wait: Wait,
}

/// A request for consent that lacks what it needs.
#[derive(Debug, thiserror::Error)]
pub enum ConsentError {
    /// No app of one's own was named.
    #[error("consent is given to an app of your own, and none was named")]
    AppNeeded,
    /// Neither an organisation nor a tenant was named.
    #[error("consent is given in one tenant, and none was named")]
    TenantNeeded,
}

impl Diagnose for ConsentError {
    fn phrase(&self) -> &'static Phrase {
        match self {
            Self::AppNeeded => &CONSENT_APP_NEEDED,
            Self::TenantNeeded => &CONSENT_TENANT_NEEDED,
        }
    }
}

/// The phrases of this file.
pub const CONSENT_PHRASES: &[&Phrase] = &[&CONSENT_APP_NEEDED, &CONSENT_TENANT_NEEDED];

static CONSENT_APP_NEEDED: Phrase = Phrase {
    code: "commands/consent-app-needed",
    exit: Exit::Usage,
    who: Who::AppOwner,
    meaning: "the managed app's permissions are its publisher's affair; an app of your own has a client id that can be named",
    remedy: &[
        "name it: `d365conn connect --admin-consent --client-id ID --tenant-url https://ORG.crm.dynamics.com`",
        "to register one, follow `d365conn app setup`",
    ],
};

static CONSENT_TENANT_NEEDED: Phrase = Phrase {
    code: "commands/consent-tenant-needed",
    exit: Exit::Usage,
    who: Who::You,
    meaning: "an organisation knows its own tenant, and without one the tenant has to be said",
    remedy: &[
        "name the organisation: `d365conn connect --admin-consent --client-id ID --tenant-url https://ORG.crm.dynamics.com`",
        "name the tenant: `d365conn connect --admin-consent --client-id ID --tenant GUID`, with the Tenant ID from Entra admin center → Overview",
    ],
};

/// Opens the page, waits for the administrator, and reports.
///
/// # Errors
/// Whatever stood in the way, or that the administrator declined.
pub(super) fn ask(context: &Context, asked: Asked) -> Result<Exit, Problem> {
    let format = context.format()?;
    let client_id = client_id_of(&asked.client_id.ok_or(ConsentError::AppNeeded)?)?;
    if asked.tenant_url.is_none() && asked.tenant.is_none() {
        return Err(ConsentError::TenantNeeded.into());
    }
    let wanted = ConsentWanted {
        tenant_url: asked.tenant_url,
        resource: asked.discovery.url().clone(),
        tenant: asked.tenant,
        client_id,
        redirect_uri: asked.redirect_uri.as_deref().map(RedirectUri::parse).transpose()?.unwrap_or_default(),
        no_graph: asked.browser.no_graph,
        wait: asked.wait,
    };
    let opening = asked.browser.opening();
    let browser = browser(context, opening)?;
    let granted = context.block_on(async {
        let sign_in = SignIn {
            http: context.http()?,
            clock: &context.clock,
            browser: &browser,
            trace: &context.trace(),
            environment: &context.environment,
            claims: None,
            max_wait: context.settings.max_wait,
            paste: None,
        };
        sign_in.ask_for_consent(&wanted, &|step| show(context, &wanted, &step, opening)).await
    })?;
    report(context, format, &wanted, &granted, &asked.discovery)
}

fn show<'a>(context: &'a Context, wanted: &ConsentWanted, step: &Step<'_>, opening: Opening) -> Option<Asking<'a>> {
    let screen = &context.screen;
    match step {
        Step::AuthorityFound(authority) => {
            context.trace().decision(|| format!("asking for consent in tenant {}", authority.tenant()));
        }
        Step::ReadyToOpen { registered, url } => {
            screen.note(&format!(
                "app {} must have this redirect URI registered: {registered}; an administrator of the tenant signs in and accepts",
                wanted.client_id
            ));
            return invite(context, opening, "as an administrator", url, true);
        }
        Step::BrowserNotOpened(_) if !opening.is_forbidden() => screen.warn(&no_browser_words(step)),
        Step::TurnedAway(why) => screen.warn(turned_away_words(*why)),
        Step::StillWaiting => {
            screen.note("still waiting; if the browser shows an error, run `d365conn explain AADSTS…` with its number");
        }
        Step::BrowserNotOpened(_) | Step::CodeToType { .. } | Step::CodeReceived => {}
    }
    None
}

fn report(
    context: &Context,
    format: Format,
    wanted: &ConsentWanted,
    granted: &Granted,
    discovery: &Discovery,
) -> Result<Exit, Problem> {
    if format.is_json() {
        let fields: [(&str, Value); 3] = [
            ("client_id", json!(wanted.client_id)),
            ("tenant", json!(granted.tenant)),
            ("scopes", json!(granted.scopes)),
        ];
        object(&context.screen, format, &fields)?;
    }
    let scopes = if granted.scopes.is_empty() { "its permissions".to_owned() } else { granted.scopes.join(" ") };
    context
        .screen
        .note(&format!("app {} was granted {scopes} for everybody in tenant {}", wanted.client_id, granted.tenant));
    let address = wanted.tenant_url.as_ref().map_or_else(|| discovery.example(), ToString::to_string);
    context.screen.note(&format!("next: d365conn connect --tenant-url {address} --client-id {}", wanted.client_id));
    Ok(Exit::Done)
}
