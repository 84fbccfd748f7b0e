//! `connections import --from connection-string`: what a connection string says, signed in as `connect` would. How such a
//! string is read is not known here.

use std::path::Path;

use crate::auth::{Prompt, RedirectUri};
use crate::commands::CommandError;
use crate::commands::auth_flags::refuse_foreign;
use crate::commands::connections::import::Import;
use crate::commands::signing_in::connect;
use crate::connection::{App, ConnectionName, Flow, SAMPLE_CLIENT_ID, StoreKind};
use crate::context::Context;
use crate::output::prompt;
use crate::problem::{Exit, Problem};
use crate::session::Wanted;
use crate::settings::{
    ConnectionString, ConnectionStringError, LoginPrompt, Method, Settings, secret_from_string_file,
};

/// The flag that a script uses where a person is asked.
const FLAG: &str = "--from";

pub(super) fn import(flags: Import, context: &Context, file: Option<&Path>) -> Result<Exit, Problem> {
    let wait = flags.browser.begin_wait(context);
    let text = match file {
        Some(file) => secret_from_string_file(file)?,
        // Whoever pastes it shall not see what is in it.
        None if context.screen.can_ask() => prompt::secret(&context.screen, "Connection string", FLAG)?,
        None => context.screen.read_stdin_secret()?,
    };
    // The address in it may be shown again; its secrets are watched one by one.
    let read = ConnectionString::parse(&text.into_unwatched())?;
    let tenant_url = read.tenant_url.url;
    if !read.tenant_url.repairs.is_empty() {
        let repairs: Vec<String> = read.tenant_url.repairs.iter().map(ToString::to_string).collect();
        context.screen.note(&format!("{}: using {tenant_url}", repairs.join(", ")));
    }
    let client_id = || read.client_id.clone().unwrap_or_default();
    let (flow, redirect_uri, user_name, asked) = match read.method {
        Method::Browser { redirect_uri, user_name, prompt } => (Flow::Browser, redirect_uri, user_name, prompt),
        Method::ClientSecret => (Flow::Secret, None, None, LoginPrompt::Auto),
        Method::Certificate => {
            let tenant_url = tenant_url.to_string();
            return Err(ConnectionStringError::CertificateNotSaved { tenant_url, client_id: client_id() }.into());
        }
    };
    refuse_foreign(flow.word(), flags.browser.bound())?;
    if !read.left_aside.is_empty() {
        context.screen.note(&format!("left aside, because it means nothing here: {}", read.left_aside.join(", ")));
    }
    let app = match read.client_id.as_deref() {
        // The id that XRM tooling takes when none is given: the managed app of last resort.
        Some(SAMPLE_CLIENT_ID) => App::Managed { client_id: SAMPLE_CLIENT_ID.to_owned() },
        other => context.app(other)?,
    };
    if matches!(app, App::Managed { .. }) && read.client_secret.is_some() {
        return Err(CommandError::SecretOfNobody.into());
    }
    let name = ConnectionName::parse(flags.name.as_deref().unwrap_or_else(|| tenant_url.organisation()))?;
    let asks = match (flags.browser.prompt, asked) {
        (Some(flag), _) => Some(Prompt::from(flag)),
        (None, LoginPrompt::Auto) => None,
        (None, LoginPrompt::Always) => Some(Prompt::Login),
        (None, LoginPrompt::SelectAccount) => Some(Prompt::SelectAccount),
    };
    // Entra refuses a hint beside the question which user it shall be.
    let user_name = user_name.filter(|_| asks != Some(Prompt::SelectAccount));
    let (response_mode, opening) = (flags.browser.response_mode()?.unwrap_or_default(), flags.browser.opening());
    let wanted = Wanted {
        name,
        flow,
        redirect_uri: redirect_uri_of(context, &app, redirect_uri)?,
        app,
        client_secret: read.client_secret,
        certificate_password: None,
        certificate: None,
        tenant: None,
        response_mode,
        no_graph: flags.browser.no_graph,
        login_hint: flags.browser.login_hint.or(user_name),
        prompt: asks,
        wait,
        store: Settings::store(flags.store.map(StoreKind::from), &context.environment)?,
        read_only: false,
        label: None,
        default_wish: flags.default.wish(),
        bound_tenant: None,
        replaces: None,
        tenant_url,
    };
    connect(context, wanted, opening)
}

/// XRM tooling reads the answer out of a window of its own, so its redirect URIs are often no addresses of this computer.
fn redirect_uri_of(context: &Context, app: &App, given: Option<String>) -> Result<Option<String>, Problem> {
    let Some(given) = given else { return Ok(None) };
    let is_web = |scheme: &str| given.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme));
    if is_web("http://") || is_web("https://") {
        RedirectUri::parse(&given)?;
        return Ok(Some(given));
    }
    if matches!(app, App::Own { .. }) {
        context.screen.warn(&format!(
            "the redirect URI of the string belongs to a window of XRM tooling; http://localhost is used instead, which \
             app {} must have too, under \"Mobile and desktop applications\"",
            app.client_id()
        ));
    }
    Ok(None)
}
