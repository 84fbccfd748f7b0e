//! What is said during a sign-in and at its end. Nothing is decided here.

use serde_json::json;

use crate::auth::{Authority, DeviceCode, TurnedAway};
use crate::commands::browser_flags::Opening;
use crate::connection::{App, Connection, Flow, SAMPLE_CLIENT_ID};
use crate::context::Context;
use crate::environment;
use crate::output::{Format, Lines, object, prompt};
use crate::problem::Problem;
use crate::session::{Asking, Step, Wanted};

/// Says what a step is about; hands back what has to be asked for it.
pub(super) fn show<'a>(context: &'a Context, wanted: &Wanted, step: &Step<'_>, opening: Opening) -> Option<Asking<'a>> {
    let screen = &context.screen;
    match step {
        Step::AuthorityFound(authority) => {
            context.trace().decision(|| format!("{} is guarded by {}", wanted.tenant_url, authority.origin()));
        }
        Step::ReadyToOpen { registered, url } => {
            if let App::Own { client_id } = &wanted.app {
                screen.note(&format!("app {client_id} must have this redirect URI registered: {registered}"));
            }
            let waits_for_enter = matches!(wanted.app, App::Own { .. });
            return invite(context, opening, "to sign in", url, waits_for_enter);
        }
        Step::BrowserNotOpened(_) => {
            if !opening.is_forbidden() {
                screen.warn(&no_browser_words(step));
            }
        }
        Step::TurnedAway(why) => screen.warn(turned_away_words(*why)),
        Step::CodeToType { device, authority } => {
            screen.say(&code_to_type(context, wanted, device, authority));
        }
        Step::StillWaiting => {
            screen.note("still waiting; if the browser shows an error, run `d365conn explain AADSTS…` with its number");
        }
        Step::CodeReceived if wanted.flow == Flow::Device => {
            screen.note("somebody has signed in with the code; asking who we are");
        }
        Step::CodeReceived => screen.note("the browser has answered; asking for tokens and who we are"),
    }
    None
}

/// Shows the address of a sign-in page, after Enter where a person has to make ready first.
pub(super) fn invite<'a>(
    context: &'a Context,
    opening: Opening,
    errand: &str,
    url: &str,
    waits_for_enter: bool,
) -> Option<Asking<'a>> {
    let screen = &context.screen;
    // The address is the only way on when nothing is opened, so --quiet does not silence it then.
    let first = |begin: &str| Lines::of(&format!("{begin}open this address {errand}:")).blank().address(url).blank();
    if opening.is_forbidden() {
        let mut lines = first("");
        if opening == Opening::Pasted {
            lines = lines.line(
                "the browser ends at an address that begins with http://localhost, perhaps on a page that can't be reached; \
                 copy that whole address",
            );
        }
        screen.say(&lines);
        return None;
    }
    let invitation = first("opening the browser; if it stays shut, ");
    let note = move || {
        screen.note_lines(&invitation);
        if is_far_away(context) {
            screen.note(
                "the browser runs on another computer? End this with Ctrl-C and add --paste: the address at which the browser \
                 ends is then pasted here",
            );
        }
    };
    if !waits_for_enter || !screen.can_ask() {
        note();
        return None;
    }
    let asked = prompt::ask_meanwhile(screen, |screen| {
        prompt::press_enter(screen, "Press Enter to open the browser", "--no-browser")
    });
    Some(Box::pin(async move {
        asked.await?;
        note();
        Ok(())
    }))
}

/// Whether the person at the terminal sits elsewhere, so that no browser of theirs reaches this computer.
fn is_far_away(context: &Context) -> bool {
    [environment::SSH_CONNECTION, environment::CODESPACES]
        .into_iter()
        .any(|variable| context.environment.is_set(variable))
}

/// That nothing opens the address, and what to do.
pub(super) fn no_browser_words(step: &Step<'_>) -> String {
    let Step::BrowserNotOpened(problem) = step else { return String::new() };
    format!("no browser could be opened: {problem}; open the address above by hand")
}

/// What the listener refused, and what helps. The wait goes on: the same address can be opened again.
pub(super) const fn turned_away_words(why: TurnedAway) -> &'static str {
    match why {
        TurnedAway::TooLong => {
            "the browser's answer was refused: with more than 64 KB it is too long, most likely for too many cookies of \
             localhost; delete them in that browser, or open the address above in a private window"
        }
        TurnedAway::ForeignHost => {
            "an answer was refused, because it was addressed to another host than this computer; where a program forwards \
             the port, add --paste and paste the address at which the browser ended"
        }
        TurnedAway::ForeignPage => {
            "a request was refused, because another page or a script sent it; still waiting for the sign-in"
        }
        TurnedAway::NotTheAnswer => {
            "an answer was refused, because it does not belong to this sign-in: another attempt, a page reloaded, or an \
             address that was not copied whole; still waiting"
        }
    }
}

/// What the person at another device has to know. The code stands alone on its line, to be copied.
fn code_to_type(context: &Context, wanted: &Wanted, device: &DeviceCode, authority: &Authority) -> Lines {
    let DeviceCode { verification_uri, user_code, expires_on, .. } = device;
    let app = match &wanted.app {
        App::Managed { client_id } if client_id == SAMPLE_CLIENT_ID => format!("Microsoft's sample app ({client_id})"),
        App::Managed { client_id } => format!("the managed app ({client_id})"),
        App::Own { client_id } => format!("your app {client_id}"),
    };
    let until = context.clock.on_the_wall(*expires_on).strftime("%H:%M");
    let warning = format!(
        "It lets {app} act as you in {}, tenant {}. Enter it only because you have just started this yourself: a code that \
         somebody sends you signs them in as you.",
        wanted.tenant_url,
        authority.tenant(),
    );
    Lines::of("on any device with a browser, open")
        .blank()
        .address(verification_uri)
        .blank()
        .line(&format!("and enter this code, which is good until {until}:"))
        .blank()
        .line(user_code)
        .blank()
        .line(&warning)
        .blank()
}

pub(super) fn greet(
    context: &Context,
    format: Format,
    connection: &Connection,
    display_name: Option<&str>,
    default: Option<&str>,
) -> Result<(), Problem> {
    let account = &connection.account;
    if matches!(format, Format::Json | Format::Ndjson) {
        let fields = vec![
            ("name".to_owned(), json!(connection.name.as_str())),
            ("tenant_url".to_owned(), json!(connection.tenant_url.as_str())),
            ("user".to_owned(), json!(account.user)),
            ("user_id".to_owned(), json!(account.user_id)),
            ("organisation_id".to_owned(), json!(account.organisation_id)),
            ("store".to_owned(), json!(connection.store.word())),
        ];
        object(&context.screen, format, &fields)?;
    }
    let who = match (display_name, account.user.as_str()) {
        (name, "") if connection.flow.is_unattended() => {
            let name = name.map_or_else(String::new, |name| format!(" {name}"));
            format!("application{name} (app {})", connection.app.client_id())
        }
        (Some(name), "") => name.to_owned(),
        (Some(name), user) => format!("{name} ({user})"),
        (None, "") => format!("user {}", account.user_id),
        (None, user) => user.to_owned(),
    };
    let sandbox = if connection.tenant_url.is_sandbox() { " (sandbox)" } else { "" };
    context.screen.note(&format!(
        "connected to {}{sandbox} as {who}; saved as `{}`, its secrets in the {}",
        connection.tenant_url,
        connection.name,
        connection.store.place(),
    ));
    if let Some(default) = default {
        context.screen.note(default);
    }
    context.screen.note(&format!("next: d365conn -c {} accounts list", connection.name));
    Ok(())
}

/// Somebody else is at the browser already.
pub(super) fn show_wait(context: &Context, wanted: &Wanted, pid: Option<u32>) {
    let process = pid.map_or_else(|| "another process".to_owned(), |pid| format!("process {pid}"));
    let name = &wanted.name;
    context.screen.note(&format!(
        "{process} is signing in to `{name}` already; waiting for it instead of opening a second browser"
    ));
}

/// Somebody else did what was wanted.
pub(super) fn show_overtaken(context: &Context, wanted: &Wanted) {
    let name = &wanted.name;
    context.screen.note(&format!("another process has signed in to `{name}` meanwhile, with the same settings"));
}
