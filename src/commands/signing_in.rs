//! What `connect` and `reconnect` share: the store is tried first, the sign-in is shown as it goes, and the connection is
//! saved when it has been proved. How a sign-in works is not known here.

use crate::auth::Browser;
use crate::commands::CommandError;
use crate::commands::forgetting::{LOCK_WAIT, forget_secrets};
use crate::commands::sign_in_words::{greet, show};
use crate::connection::{App, Connection, ConnectionId, Flow, SAMPLE_CLIENT_ID};
use crate::context::Context;
use crate::problem::{Exit, Problem};
use crate::session::{SessionError, SignIn, SignedIn, Wanted, secrets_of};
use crate::store::{CredentialLock, HealthBook};

/// Signs in, proves and saves.
pub(super) fn connect(context: &Context, wanted: &Wanted, is_browser_forbidden: bool) -> Result<Exit, Problem> {
    let format = context.format()?;
    let before = before(context, wanted)?;
    let browser = browser(context, is_browser_forbidden)?;
    // A store that can't keep secrets is found out before the user is troubled.
    context.vault(wanted.store)?.probe()?;
    tell_of_sample_app(context, wanted);
    let signed_in = context.block_on(async {
        let sign_in =
            SignIn { http: context.http()?, clock: &context.clock, browser: &browser, trace: &context.trace() };
        sign_in.run(wanted, &|step| show(context, wanted, &step, is_browser_forbidden)).await
    })?;
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
    let connection = save(context, wanted, &signed_in)?;
    greet(context, format, &connection, &signed_in)?;
    Ok(Exit::Done)
}

/// The connection that has this name now.
///
/// # Errors
/// When it is another organisation's.
pub(super) fn before(context: &Context, wanted: &Wanted) -> Result<Option<Connection>, Problem> {
    let before = context.registry()?.read()?.find(&wanted.name).cloned();
    match before.as_ref().filter(|before| before.tenant_url != wanted.tenant_url) {
        None => Ok(before),
        Some(other) => {
            let (connection, other) = (wanted.name.to_string(), other.tenant_url.to_string());
            Err(SessionError::NameTaken { connection, other }.into())
        }
    }
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

/// Secrets first, then the connection that points at them; a failure in between leaves what was there before, because a
/// new connection's secrets are filed under an id of their own.
pub(super) fn save(context: &Context, wanted: &Wanted, signed_in: &SignedIn) -> Result<Connection, Problem> {
    let id = wanted.replaces.clone().unwrap_or_else(ConnectionId::random);
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
    let places = context.places()?;
    let vault = context.vault(wanted.store)?;
    let secrets = secrets_of(&signed_in.tokens, wanted.client_secret.as_ref());
    let lock = context.block_on(async { Ok(CredentialLock::acquire(places, &id, LOCK_WAIT).await?) })?;
    vault.write(&id, &secrets)?;
    let saved = context.registry()?.change(|connections| {
        let replaced = connections.put(connection.clone());
        if wanted.becomes_default {
            connections.set_default(&connection.name)?;
        }
        Ok(replaced)
    });
    let replaced = match saved {
        Ok(replaced) => replaced.filter(|replaced| replaced.id != id),
        Err(problem) => {
            if wanted.replaces.is_none() {
                // Secrets that no connection points at would never be found again.
                let _ = vault.remove(&id);
            }
            return Err(problem);
        }
    };
    if let Err(error) = HealthBook::new(places).set_ok(&id) {
        context.trace().decision(|| format!("could not mark the connection: {error}"));
    }
    drop(lock);
    if let Some(replaced) = replaced {
        retire(context, &replaced, &connection);
    }
    Ok(connection)
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
    let left = match forget_secrets(context, replaced) {
        Ok(None) => return,
        Ok(Some(left)) => left.to_string(),
        Err(problem) => format!("the secrets of the connection it replaces are still there: {problem}"),
    };
    screen.warn(&left);
}
