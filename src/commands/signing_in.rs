//! What `connect` and `reconnect` share: the store is tried first, one process at a time signs in under a name, and the
//! connection is kept when it has been proved. How a sign-in works is not known here.

use std::cell::Cell;
use std::pin::Pin;
use std::time::Duration;

use crate::auth::{Browser, Claims};
use crate::clock::real_limit;
use crate::commands::CommandError;
use crate::commands::browser_flags::Opening;
use crate::commands::keeping::{overtaken, save};
use crate::commands::other_way::{browser_is_agreed, device_question};
use crate::commands::sign_in_words::{greet, no_browser_words, show, show_overtaken, show_wait};
use crate::connection::{App, Connection, Flow, SAMPLE_CLIENT_ID};
use crate::context::Context;
use crate::output::prompt;
use crate::problem::{Exit, Problem};
use crate::secret::Secret;
use crate::session::{Asking, OnStep, Paste, SessionError, SignIn, SignedIn, Step, Wanted};
use crate::store::{DemandBook, SignInTurn, StoreError};

/// Signs in, proves and saves. Of several processes that want the same, one opens the browser.
pub(super) fn connect(context: &Context, mut wanted: Wanted, opening: Opening) -> Result<Exit, Problem> {
    let format = context.format()?;
    let before = standing(context, &wanted)?;
    let browser = match wanted.flow {
        Flow::Browser => browser(context, opening)?,
        Flow::Device if context.settings.no_input => return Err(CommandError::NobodyToEnterTheCode.into()),
        _ => Browser::Nobody,
    };
    // A store that can't keep secrets is found out before the user is troubled.
    match before.filter(|_| wanted.replaces.is_some()) {
        Some(before) => context.vault_of(&before)?.probe()?,
        None => context.vault(wanted.store)?.probe()?,
    }
    let settings = wanted.settings();
    let turn = take_turn(context, &wanted)?;
    if let Some(connection) = made_meanwhile(context, &wanted, &turn, &settings)? {
        show_overtaken(context, &wanted);
        greet(context, format, &connection, None, None)?;
        return Ok(Exit::Done);
    }
    let before = standing(context, &wanted)?;
    let claims = demanded(context, before.as_ref())?;
    let signed_in = sign_in_or_otherwise(context, &mut wanted, &browser, opening, claims.as_ref())?;
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
        match SignInTurn::take(places, &wanted.name, wanted.wait.left(), on_wait).await {
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
    opening: Opening,
    claims: Option<&Claims>,
) -> Result<SignedIn, Problem> {
    let is_otherwise = Cell::new(false);
    let refused = {
        let shown: &Wanted = wanted;
        let is_otherwise = &is_otherwise;
        let on_step = move |step: Step<'_>| {
            let Step::BrowserNotOpened(_) = &step else { return show(context, shown, &step, opening) };
            let told = no_browser_words(&step);
            let Some(asked) = device_question(context, shown, opening) else {
                return show(context, shown, &step, opening);
            };
            let asking: Asking<'_> = Box::pin(async move {
                if asked.await? {
                    is_otherwise.set(true);
                    return Err(CommandError::NobodyAtTheBrowser.into());
                }
                context.screen.warn(&told);
                Ok(())
            });
            Some(asking)
        };
        match sign_in(context, shown, browser, opening, claims, &on_step) {
            Err(problem) if is_otherwise.get() || browser_is_agreed(context, shown, &problem)? => problem,
            ended => return ended,
        }
    };
    context.trace().decision(|| format!("signing in the other way: {refused}"));
    let (browser, flow) = match wanted.flow {
        Flow::Device => (context.browser.clone(), Flow::Browser),
        _ => (Browser::Nobody, Flow::Device),
    };
    wanted.flow = flow;
    let shown: &Wanted = wanted;
    let on_step = move |step: Step<'_>| show(context, shown, &step, Opening::Browser);
    sign_in(context, shown, &browser, Opening::Browser, claims, &on_step)
}

fn sign_in<'a>(
    context: &'a Context,
    wanted: &'a Wanted,
    browser: &Browser,
    opening: Opening,
    claims: Option<&Claims>,
    on_step: &OnStep<'a>,
) -> Result<SignedIn, Problem> {
    tell_of_sample_app(context, wanted);
    let (asks, trace) = (|| paste(context), context.trace());
    let work = async {
        let (http, clock, trace, max_wait) = (context.http()?, &context.clock, &trace, context.settings.max_wait);
        let paste: Option<&Paste<'_>> = if opening == Opening::Pasted { Some(&asks) } else { None };
        let environment = &context.environment;
        let sign_in = SignIn { http, clock, browser, trace, environment, claims, max_wait, paste };
        sign_in.run(wanted, on_step).await
    };
    context.block_on(within(wanted, work))
}

/// A little more than what is allowed, so that whoever waits inside tells what for.
const SLACK: Duration = Duration::from_millis(1500);

/// Does what a sign-in needs within the time that `--wait` allows for the whole command.
pub(super) async fn within<T>(wanted: &Wanted, work: impl Future<Output = Result<T, Problem>>) -> Result<T, Problem> {
    let Some(left) = wanted.wait.left_of_typed() else { return work.await };
    let over = || SessionError::WaitOver { waited: wanted.wait.in_all(), again: wanted.command() };
    real_limit(left + SLACK, work).await.unwrap_or_else(|| Err(over().into()))
}

/// Asks for the address at which the browser ended. What it holds is nobody's to see.
pub(super) fn paste(context: &Context) -> Pin<Box<dyn Future<Output = Result<Secret, Problem>> + '_>> {
    let question = "Paste the address at which the browser ended";
    let asked = prompt::ask_meanwhile(&context.screen, |screen| prompt::secret(screen, question, "--auth device"));
    Box::pin(async { Ok(asked.await?) })
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
pub(super) fn browser(context: &Context, opening: Opening) -> Result<Browser, Problem> {
    if opening == Opening::Pasted && !context.screen.can_ask() {
        return Err(CommandError::NobodyAtTheBrowser.into());
    }
    if opening.is_forbidden() {
        return Ok(Browser::Nobody);
    }
    if context.settings.no_input || !context.screen.is_terminal_stderr() {
        return Err(CommandError::NobodyAtTheBrowser.into());
    }
    Ok(context.browser.clone())
}
