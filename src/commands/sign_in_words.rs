//! What is said during a sign-in and at its end. Nothing is decided here.

use serde_json::json;

use crate::auth::{Authority, DeviceCode};
use crate::connection::{App, Connection, Flow, SAMPLE_CLIENT_ID};
use crate::context::Context;
use crate::output::{Format, Lines, object, prompt};
use crate::problem::Problem;
use crate::session::{Step, Wanted};

pub(super) fn show(
    context: &Context,
    wanted: &Wanted,
    step: &Step<'_>,
    is_browser_forbidden: bool,
) -> Result<(), Problem> {
    let screen = &context.screen;
    match step {
        Step::AuthorityFound(authority) => {
            context.trace().decision(|| format!("{} is guarded by {}", wanted.tenant_url, authority.origin()));
        }
        Step::ReadyToOpen { registered, url } => {
            if let App::Own { client_id } = &wanted.app {
                screen.note(&format!("app {client_id} must have this redirect URI registered: {registered}"));
            }
            // The address is the only way on when nothing is opened, so --quiet does not silence it then.
            let invitation =
                |begin: &str| Lines::of(&format!("{begin}open this address to sign in:")).blank().address(url).blank();
            if is_browser_forbidden {
                screen.say(&invitation(""));
            } else {
                if matches!(wanted.app, App::Own { .. }) && screen.can_ask() {
                    prompt::press_enter(screen, "Press Enter to open the browser", "--no-browser")?;
                }
                screen.note_lines(&invitation("opening the browser; if it stays shut, "));
            }
        }
        Step::BrowserNotOpened(problem) => {
            if !is_browser_forbidden {
                screen.warn(&format!("no browser could be opened: {problem}; open the address above by hand"));
            }
        }
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
    Ok(())
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
