//! Keeping a connection that has just signed in: its secrets, what points at them, and the end of the one whose place it
//! takes. Nobody is asked anything here.

use crate::commands::default_connection::{default_name, default_words};
use crate::commands::forgetting::forget_secrets;
use crate::commands::kept::{Kept, NotKept};
use crate::commands::other_store;
use crate::connection::{App, Connection, ConnectionId};
use crate::context::Context;
use crate::problem::Problem;
use crate::session::{SessionError, SignedIn, Wanted, secrets_of};
use crate::store::Connections;

/// Another command changed the connection while the user was in the browser.
pub(super) fn overtaken(wanted: &Wanted, change: &'static str) -> Problem {
    let (connection, tenant_url) = (wanted.name.to_string(), wanted.tenant_url.to_string());
    SessionError::Overtaken { connection, change, tenant_url }.into()
}

/// A connection that was kept.
pub(super) struct Saved {
    /// The connection.
    pub(super) connection: Connection,
    /// What is to be said of the default connection.
    pub(super) default: Option<String>,
}

/// Keeps the connection and its secrets.
///
/// A reconnect saves only what is still there, where it still is: what another command did while the user was in the
/// browser stands.
pub(super) fn save(context: &Context, wanted: &Wanted, signed_in: &SignedIn) -> Result<Saved, Problem> {
    let id = wanted.replaces.clone().unwrap_or_else(ConnectionId::random);
    let find = |connections: &Connections| match connections.iter().find(|saved| saved.id == id) {
        _ if wanted.replaces.is_none() => Ok(None),
        None => Err(overtaken(wanted, "disconnected")),
        Some(saved) if saved.store != wanted.store => Err(overtaken(wanted, "moved to another store")),
        Some(saved) => Ok(Some(saved.clone())),
    };
    let secrets = secrets_of(&signed_in.tokens, wanted);
    let issued = signed_in.tokens.refresh_token.as_ref().map(|_| context.clock.now());
    let keep_in = |store| {
        let made_for = Connection { store, ..renewed(wanted, signed_in, &id, None) };
        let kept = Kept { connection: &made_for, secrets: &secrets, issued };
        let list = |connections: &mut Connections| {
            let connection = Connection { store, ..renewed(wanted, signed_in, &id, find(connections)?) };
            let before = default_name(connections);
            let replaced = connections.put_as(connection.clone(), wanted.default_wish);
            let after = default_name(connections);
            let default = default_words(before.as_ref(), after.as_ref(), &connection.name, wanted.default_wish);
            // Who signs in again has said nothing about the default.
            let default = default.filter(|_| wanted.replaces.is_none());
            Ok((Saved { connection, default }, replaced))
        };
        kept.keep(context, |connections| find(connections).map(drop), list)
    };
    let outcome = match keep_in(wanted.store) {
        Err(NotKept::Refused(refusal)) => keep_in(other_store::agreed(context, wanted, refusal)?),
        outcome => outcome,
    };
    let (saved, replaced) = outcome.map_err(Problem::from)?;
    if let Some(replaced) = replaced.filter(|replaced| replaced.id != id) {
        retire(context, &replaced, &saved.connection);
    }
    Ok(saved)
}

/// The connection as it is saved; of one that stands already, what a user says about it stays as it is by now.
fn renewed(wanted: &Wanted, signed_in: &SignedIn, id: &ConnectionId, standing: Option<Connection>) -> Connection {
    let connection = Connection {
        id: id.clone(),
        name: wanted.name.clone(),
        tenant_url: wanted.tenant_url.clone(),
        app: signed_in.app.clone(),
        flow: wanted.flow.clone(),
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
