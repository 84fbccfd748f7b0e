//! Connects to an organisation with a sign-in that exists already; where Entra refuses that, with the browser. What a
//! sign-in consists of is not known here.

use crate::auth::Browser;
use crate::commands::browser_flags::Opening;
use crate::commands::keeping::save;
use crate::commands::organisations::{OrganisationsError, find, find_in_browser, must_choose};
use crate::commands::sign_in_words::greet;
use crate::commands::signing_in::{browser, connect, standing, within};
use crate::connection::{Connection, ConnectionName, Flow, StoreKind};
use crate::context::Context;
use crate::environment;
use crate::problem::{Diagnose as _, Exit, Problem};
use crate::session::{Lender, NotShared, SharedSignIn, SharingError, SignIn, Wanted};
use crate::settings::Settings;
use crate::tenant::{Discovery, TenantUrl};

/// The sign-in of a saved connection, as it is stored now.
///
/// # Errors
/// When its secrets can't be read, or hold no refresh token.
pub fn lend(context: &Context, lender: &Connection) -> Result<SharedSignIn, Problem> {
    let vault = context.vault_of(lender)?;
    Lender { connection: lender, vault: &vault, places: context.places()? }.lend()
}

/// `wanted` with the app of `lender`, and with its settings where `wanted` has none of its own.
#[must_use]
pub fn with_settings_of(lender: &Connection, shared: &SharedSignIn, wanted: Wanted) -> Wanted {
    Wanted {
        // Whoever signed in by a code has no browser where this runs.
        flow: if lender.flow == Flow::Device { Flow::Device } else { wanted.flow },
        app: shared.app.clone(),
        client_secret: shared.client_secret.clone(),
        certificate_password: None,
        certificate: None,
        redirect_uri: wanted.redirect_uri.or_else(|| lender.redirect_uri.clone()),
        no_graph: wanted.no_graph || lender.no_graph,
        login_hint: wanted.login_hint.or_else(|| Some(lender.account.user.clone()).filter(|user| !user.is_empty())),
        ..wanted
    }
}

/// Where the secrets go: as flag and environment say, else beside those of the connection that lends its sign-in.
///
/// # Errors
/// When the environment names no store.
pub fn store_beside(
    context: &Context,
    flag: Option<StoreKind>,
    lender: Option<&Connection>,
) -> Result<StoreKind, Problem> {
    match lender {
        Some(lender) if flag.is_none() && !context.environment.is_set(environment::STORE) => Ok(lender.store),
        _ => Settings::store(flag, &context.environment),
    }
}

/// Finds the organisations, lets one be chosen, and connects to it. `draft` is the wanted connection with the discovery
/// service in the place of its organisation; without `name` it is named after what is chosen.
///
/// # Errors
/// Whatever stood in the way.
pub fn connect_chosen(
    context: &Context,
    discovery: &Discovery,
    lender: Option<&Connection>,
    draft: Wanted,
    name: Option<&str>,
    opening: Opening,
) -> Result<Exit, Problem> {
    let found = match lender.map(|lender| find(context, discovery, lender)) {
        Some(Ok(found)) => found,
        Some(Err(NotShared::Refused(refused))) => {
            tell_of_browser(context, &refused);
            find_in_browser(context, discovery, &draft, opening)?
        }
        Some(Err(not_shared)) => return Err(not_shared.into_problem()),
        None => find_in_browser(context, discovery, &draft, opening)?,
    };
    let chosen = must_choose(context, discovery, &found.listed)?;
    let Some(tenant_url) = chosen.usable.clone() else {
        return Err(OrganisationsError::NoneUsable { count: found.listed.len() }.into());
    };
    let name = ConnectionName::parse(name.unwrap_or_else(|| tenant_url.organisation()))?;
    connect_sharing(context, Wanted { tenant_url, name, ..draft }, &found.shared, opening)
}

/// Says that Entra refused to go on without a browser.
pub fn tell_of_browser(context: &Context, refused: &SharingError) {
    let code = refused.service_code().map(|code| format!(" ({code})")).unwrap_or_default();
    context.screen.note(&format!("{refused}{code}; the browser can ask for it"));
}

/// Connects with `shared`, proves and saves. Where Entra refuses, and a browser may be opened, it is opened.
///
/// # Errors
/// Whatever stood in the way; an existing connection of that name is then as it was.
pub fn connect_sharing(
    context: &Context,
    wanted: Wanted,
    shared: &SharedSignIn,
    opening: Opening,
) -> Result<Exit, Problem> {
    let format = context.format()?;
    standing(context, &wanted)?;
    context.vault(wanted.store)?.probe()?;
    let trace = context.trace();
    let sign_in = SignIn {
        http: context.http()?,
        clock: &context.clock,
        browser: &Browser::Nobody,
        trace: &trace,
        environment: &context.environment,
        claims: None,
        max_wait: context.settings.max_wait,
        paste: None,
    };
    let signed_in = context.block_on(within(&wanted, async { Ok(sign_in.run_shared(&wanted, shared).await) }))?;
    let refused = match signed_in {
        Ok(signed_in) => {
            let saved = save(context, &wanted, &signed_in)?;
            context.screen.note("no browser was needed: the sign-in that was there opens this organisation too");
            let (name, default) = (signed_in.display_name.as_deref(), saved.default.as_deref());
            greet(context, format, &saved.connection, name, default)?;
            return Ok(Exit::Done);
        }
        Err(NotShared::Refused(refused)) => refused,
        Err(NotShared::Failed(problem)) => return Err(problem),
    };
    if wanted.flow == Flow::Browser && browser(context, opening).is_err() {
        return Err(refused.into());
    }
    tell_of_browser(context, &refused);
    connect(context, wanted, opening)
}

/// Judges the address of an organisation, and tells what was mended of it.
///
/// # Errors
/// When it is none.
pub fn mended(context: &Context, text: &str) -> Result<TenantUrl, Problem> {
    let parsed = TenantUrl::parse(text)?;
    if !parsed.repairs.is_empty() {
        let repairs: Vec<String> = parsed.repairs.iter().map(ToString::to_string).collect();
        context.screen.note(&format!("{}: using {}", repairs.join(", "), parsed.url));
    }
    Ok(parsed.url)
}
