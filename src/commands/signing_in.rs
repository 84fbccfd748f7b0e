//! What `connect` and `reconnect` share: the store is tried first, one process at a time signs in under a name, and the
//! connection is kept when it has been proved. How a sign-in works is not known here.

use std::cell::Cell;
use std::time::Duration;

use crate::auth::{Browser, Claims};
use crate::clock::Clock;
use crate::commands::CommandError;
use crate::commands::keeping::{overtaken, save};
use crate::commands::other_way::{browser_is_agreed, device_is_agreed};
use crate::commands::sign_in_words::{greet, show, show_overtaken, show_wait};
use crate::connection::{App, Connection, Flow, SAMPLE_CLIENT_ID};
use crate::context::Context;
use crate::problem::{Exit, Problem};
use crate::session::{SessionError, SignIn, SignedIn, Step, Wanted};
use crate::store::{DemandBook, SignInTurn, StoreError};

/// Signs in, proves and saves. Of several processes that want the same, one opens the browser.
pub(super) fn connect(context: &Context, mut wanted: Wanted, is_browser_forbidden: bool) -> Result<Exit, Problem> {
    let format = context.format()?;
    let before = standing(context, &wanted)?;
    let browser = match wanted.flow {
        Flow::Browser => browser(context, is_browser_forbidden)?,
        Flow::Device if context.settings.no_input => return Err(CommandError::NobodyToEnterTheCode.into()),
        _ => Browser::Nobody,
    };
    // A store that can't keep secrets is found out before the user is troubled.
    match before.filter(|_| wanted.replaces.is_some()) {
        Some(before) => context.vault_of(&before)?.probe()?,
        None => context.vault(wanted.store)?.probe()?,
    }
    let settings = wanted.settings();
    let began = Clock::steady();
    let turn = take_turn(context, &wanted)?;
    if let Some(connection) = made_meanwhile(context, &wanted, &turn, &settings)? {
        show_overtaken(context, &wanted);
        greet(context, format, &connection, None, None)?;
        return Ok(Exit::Done);
    }
    // Whole seconds, as `--wait` counts: who had nobody to wait for has lost none.
    wanted.wait = wanted.wait.saturating_sub(Duration::from_secs(began.elapsed().as_secs()));
    let before = standing(context, &wanted)?;
    let claims = demanded(context, before.as_ref())?;
    let signed_in = sign_in_or_otherwise(context, &mut wanted, &browser, is_browser_forbidden, claims.as_ref())?;
    if let Some(before) = before.as_ref().filter(|_| wanted.replaces.is_some()) {
        let is_other = !before.account.user_id.is_empty() && before.account.user_id != signed_in.account.user_id;
        if is_other {
            let (connection, found) = (wanted.name.to_string(), signed_in.account.user);
            let expected = before.account.user.clone();
            return Err(match wanted.flow {
                Flow::Az => SessionError::LentByAnother { connection, expected, found },
                _ => SessionError::OtherUser { connection, expected, found },
            }
            .into());
        }
    }
    let saved = save(context, &wanted, &signed_in)?;
    if let Err(error) = turn.finish(&settings) {
        context.trace().decision(|| format!("could not tell those who wait: {error}"));
    }
    greet(context, format, &saved.connection, signed_in.display_name.as_deref(), saved.default.as_deref())?;
    Ok(Exit::Done)
}

/// The connection whose place is taken: the one that signs in again, or the one that has the name now, unless it is
/// another organisation's.
pub(super) fn standing(context: &Context, wanted: &Wanted) -> Result<Option<Connection>, Problem> {
    let connections = context.registry()?.read()?;
    if let Some(id) = &wanted.replaces {
        let standing = connections.iter().find(|saved| saved.id == *id).cloned();
        return standing.map(Some).ok_or_else(|| overtaken(wanted, "disconnected"));
    }
    let standing = connections.find(&wanted.name).cloned();
    match standing.as_ref().filter(|standing| standing.tenant_url != wanted.tenant_url) {
        None => Ok(standing),
        Some(other) => {
            let other = other.tenant_url.to_string();
            Err(SessionError::NameTaken { connection: wanted.name.to_string(), other }.into())
        }
    }
}

/// Waits until nobody else signs in under this name, as long as one would wait for the user.
fn take_turn(context: &Context, wanted: &Wanted) -> Result<SignInTurn, Problem> {
    let places = context.places()?;
    context.block_on(async {
        let on_wait = |pid| show_wait(context, wanted, pid);
        match SignInTurn::take(places, &wanted.name, wanted.wait, on_wait).await {
            Err(StoreError::LockTimeout { pid, seconds }) => {
                Err(SessionError::SignInElsewhere { connection: wanted.name.to_string(), pid, seconds }.into())
            }
            taken => Ok(taken?),
        }
    })
}

/// The connection as somebody else has just made it, if that is the one that was wanted here.
fn made_meanwhile(
    context: &Context,
    wanted: &Wanted,
    turn: &SignInTurn,
    settings: &str,
) -> Result<Option<Connection>, Problem> {
    if !turn.was_overtaken(settings) {
        return Ok(None);
    }
    let Some(made) = standing(context, wanted)? else { return Ok(None) };
    let is_wanted = match &wanted.client_secret {
        None => true,
        Some(secret) => context.stored_client_secret(&made).is_ok_and(|stored| stored.is_same_as(secret)),
    };
    Ok(Some(made).filter(|made| is_wanted && made.app == wanted.app))
}

/// What an earlier refusal demands of this sign-in.
fn demanded(context: &Context, before: Option<&Connection>) -> Result<Option<Claims>, Problem> {
    let demands = DemandBook::new(context.places()?);
    Ok(before.and_then(|before| demands.of(&before.id)).and_then(|demand| Claims::parse(&demand)))
}

/// Signs in as `wanted`; where that can't be, and a person at the terminal agrees, in the other way a person has. Then
/// `wanted` says so.
fn sign_in_or_otherwise(
    context: &Context,
    wanted: &mut Wanted,
    browser: &Browser,
    is_browser_forbidden: bool,
    claims: Option<&Claims>,
) -> Result<SignedIn, Problem> {
    let is_otherwise = Cell::new(false);
    let on_step = |step: Step<'_>| {
        if matches!(step, Step::BrowserNotOpened(_)) && device_is_agreed(context, wanted, is_browser_forbidden)? {
            is_otherwise.set(true);
            return Err(CommandError::NobodyAtTheBrowser.into());
        }
        show(context, wanted, &step, is_browser_forbidden)
    };
    let refused = match sign_in(context, wanted, browser, claims, &on_step) {
        Err(problem) if is_otherwise.get() || browser_is_agreed(context, wanted, &problem)? => problem,
        ended => return ended,
    };
    context.trace().decision(|| format!("signing in the other way: {refused}"));
    let (browser, flow) = match wanted.flow {
        Flow::Device => (context.browser.clone(), Flow::Browser),
        _ => (Browser::Nobody, Flow::Device),
    };
    wanted.flow = flow;
    sign_in(context, wanted, &browser, claims, &|step| show(context, wanted, &step, false))
}

fn sign_in(
    context: &Context,
    wanted: &Wanted,
    browser: &Browser,
    claims: Option<&Claims>,
    on_step: &dyn Fn(Step<'_>) -> Result<(), Problem>,
) -> Result<SignedIn, Problem> {
    tell_of_sample_app(context, wanted);
    context.block_on(async {
        let (http, clock, trace, max_wait) =
            (context.http()?, &context.clock, &context.trace(), context.settings.max_wait);
        let sign_in = SignIn { http, clock, browser, trace, environment: &context.environment, claims, max_wait };
        sign_in.run(wanted, on_step).await
    })
}

/// Says so where the app is one that Microsoft publishes for trying things out.
pub(super) fn tell_of_sample_app(context: &Context, wanted: &Wanted) {
    if wanted.app.client_id() == SAMPLE_CLIENT_ID
        && matches!(wanted.app, App::Managed { .. })
        && !wanted.tenant_url.is_sandbox()
    {
        context.screen.note(
            "signing in with Microsoft's sample app, which is for development; for production register an app of \
             your own (`d365conn app setup` says how) and pass --client-id",
        );
    }
}

/// What may open the page. Without a terminal nothing is opened unasked.
pub(super) fn browser(context: &Context, is_forbidden: bool) -> Result<Browser, Problem> {
    if is_forbidden {
        return Ok(Browser::Nobody);
    }
    if context.settings.no_input || !context.screen.is_terminal_stderr() {
        return Err(CommandError::NobodyAtTheBrowser.into());
    }
    Ok(context.browser.clone())
}
