//! What `connect` and `reconnect` share: the store is tried first, the sign-in is shown as it goes, and the connection is
//! saved when it has been proved. How a sign-in works is not known here.

use crate::auth::{Browser, Claims};
use crate::clock::Clock;
use crate::commands::CommandError;
use crate::commands::forgetting::forget_secrets;
use crate::commands::keeping::{Kept, NotKept};
use crate::commands::other_store;
use crate::commands::sign_in_words::{greet, show, show_overtaken, show_wait};
use crate::connection::{App, Connection, ConnectionId, Flow, SAMPLE_CLIENT_ID};
use crate::context::Context;
use crate::problem::{Exit, Problem};
use crate::session::{SessionError, SignIn, SignedIn, Wanted, secrets_of};
use crate::store::{Connections, DemandBook, SignInTurn, StoreError};

/// Signs in, proves and saves. Of several processes that want the same, one opens the browser.
pub(super) fn connect(context: &Context, mut wanted: Wanted, is_browser_forbidden: bool) -> Result<Exit, Problem> {
    let format = context.format()?;
    let before = standing(context, &wanted)?;
    let browser = browser(context, is_browser_forbidden)?;
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
        greet(context, format, &connection, None)?;
        return Ok(Exit::Done);
    }
    wanted.wait = wanted.wait.saturating_sub(began.elapsed());
    let before = standing(context, &wanted)?;
    let signed_in = sign_in(context, &wanted, before.as_ref(), &browser, is_browser_forbidden)?;
    if let Some(before) = before.as_ref().filter(|_| wanted.replaces.is_some()) {
        let is_other = !before.account.user_id.is_empty() && before.account.user_id != signed_in.account.user_id;
        if is_other {
            return Err(SessionError::OtherUser {
                connection: wanted.name.to_string(),
                expected: before.account.user.clone(),
                found: signed_in.account.user,
            }
            .into());
        }
    }
    let connection = save(context, &wanted, &signed_in)?;
    if let Err(error) = turn.finish(&settings) {
        context.trace().decision(|| format!("could not tell those who wait: {error}"));
    }
    greet(context, format, &connection, signed_in.display_name.as_deref())?;
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

fn sign_in(
    context: &Context,
    wanted: &Wanted,
    before: Option<&Connection>,
    browser: &Browser,
    is_browser_forbidden: bool,
) -> Result<SignedIn, Problem> {
    tell_of_sample_app(context, wanted);
    let demands = DemandBook::new(context.places()?);
    let claims = before.and_then(|before| demands.of(&before.id)).and_then(|demand| Claims::parse(&demand));
    context.block_on(async {
        let (http, clock, trace) = (context.http()?, &context.clock, &context.trace());
        let sign_in = SignIn { http, clock, browser, trace, claims: claims.as_ref() };
        sign_in.run(wanted, &|step| show(context, wanted, &step, is_browser_forbidden)).await
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

/// Keeps the connection and its secrets.
///
/// A reconnect saves only what is still there, where it still is: what another command did while the user was in the
/// browser stands.
pub(super) fn save(context: &Context, wanted: &Wanted, signed_in: &SignedIn) -> Result<Connection, Problem> {
    let id = wanted.replaces.clone().unwrap_or_else(ConnectionId::random);
    let find = |connections: &Connections| match connections.iter().find(|saved| saved.id == id) {
        _ if wanted.replaces.is_none() => Ok(None),
        None => Err(overtaken(wanted, "disconnected")),
        Some(saved) if saved.store != wanted.store => Err(overtaken(wanted, "moved to another store")),
        Some(saved) => Ok(Some(saved.clone())),
    };
    let secrets = secrets_of(&signed_in.tokens, wanted.client_secret.as_ref());
    let issued = signed_in.tokens.refresh_token.as_ref().map(|_| context.clock.now());
    let keep_in = |store| {
        let kept = Kept { id: &id, store, secrets: &secrets, issued };
        let list = |connections: &mut Connections| {
            let connection = Connection { store, ..renewed(wanted, signed_in, &id, find(connections)?) };
            let replaced = connections.put(connection.clone());
            if wanted.becomes_default {
                connections.set_default(&connection.name)?;
            }
            Ok((connection, replaced))
        };
        kept.keep(context, |connections| find(connections).map(drop), list)
    };
    let outcome = match keep_in(wanted.store) {
        Err(NotKept::Refused(refusal)) => keep_in(other_store::agreed(context, wanted, refusal)?),
        outcome => outcome,
    };
    let (connection, replaced) = outcome.map_err(Problem::from)?;
    if let Some(replaced) = replaced.filter(|replaced| replaced.id != id) {
        retire(context, &replaced, &connection);
    }
    Ok(connection)
}

fn overtaken(wanted: &Wanted, change: &'static str) -> Problem {
    let (connection, tenant_url) = (wanted.name.to_string(), wanted.tenant_url.to_string());
    SessionError::Overtaken { connection, change, tenant_url }.into()
}

/// The connection as it is saved; of one that stands already, what a user says about it stays as it is by now.
fn renewed(wanted: &Wanted, signed_in: &SignedIn, id: &ConnectionId, standing: Option<Connection>) -> Connection {
    let connection = Connection {
        id: id.clone(),
        name: wanted.name.clone(),
        tenant_url: wanted.tenant_url.clone(),
        app: wanted.app.clone(),
        flow: Flow::Browser,
        store: wanted.store,
        account: signed_in.account.clone(),
        redirect_uri: wanted.redirect_uri.clone(),
        response_mode: wanted.response_mode,
        no_graph: wanted.no_graph,
        tenant_override: wanted.tenant.clone(),
        label: wanted.label.clone(),
        read_only: wanted.read_only,
        has_client_secret: wanted.client_secret.is_some(),
    };
    match standing {
        None => connection,
        Some(standing) => {
            Connection { name: standing.name, label: standing.label, read_only: standing.read_only, ..connection }
        }
    }
}

/// The connection that stood under this name has gone; so do its secrets. What is new works, so nothing here fails it.
fn retire(context: &Context, replaced: &Connection, connection: &Connection) {
    let screen = &context.screen;
    screen.note(&format!(
        "`{}` replaces the connection of that name, which signed in with {} app {}",
        connection.name,
        if matches!(replaced.app, App::Own { .. }) { "your" } else { "the managed" },
        replaced.app.client_id()
    ));
    if replaced.read_only && !connection.read_only {
        screen.warn(&format!(
            "`{}` was read-only before and allows writes now; --read-only keeps it so",
            connection.name
        ));
    }
    let left = match forget_secrets(context, replaced, || Ok(())) {
        Ok(None) => return,
        Ok(Some(left)) => left.to_string(),
        Err(problem) => format!("the secrets of the connection it replaces are still there: {problem}"),
    };
    screen.warn(&left);
}
