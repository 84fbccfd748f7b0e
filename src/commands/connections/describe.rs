//! A saved connection as an object of output. Nobody is asked for it.

use serde_json::{Value, json};

use crate::commands::connections::life::{days_left, ending, known};
use crate::connection::Connection;
use crate::context::Context;
use crate::store::Health;

/// The fields of one connection, in their order.
pub(super) type Fields = Vec<(&'static str, Value)>;

/// What is known of a connection without asking anybody. Keys are promised: new ones come at the end.
pub(super) fn describe(context: &Context, connection: &Connection, is_default: bool) -> Fields {
    let noted = context.noted(&connection.id);
    let now = context.clock.now();
    let (status, code, reason) = match known(&noted, now) {
        Health::Ok => ("ok", None, None),
        Health::NeedsReconnect { code, reason, .. } => ("needs-reconnect", Some(code), Some(reason)),
        Health::Unknown => ("unknown", None, None),
    };
    let idle_until = ending(&noted).map(|ending| ending.at);
    let account = &connection.account;
    vec![
        ("name", json!(connection.name.as_str())),
        ("tenant_url", json!(connection.tenant_url.as_str())),
        ("default", json!(is_default)),
        ("auth", json!(connection.flow.word())),
        ("app", json!(connection.app.word())),
        ("client_id", json!(connection.app.client_id())),
        ("store", json!(connection.store.word())),
        ("user", json!(account.user)),
        ("status", json!(status)),
        ("status_code", json!(code)),
        ("status_reason", json!(reason)),
        ("label", json!(connection.label)),
        ("read_only", json!(connection.read_only)),
        ("sandbox", json!(connection.tenant_url.is_sandbox())),
        ("cloud", json!(connection.tenant_url.cloud().name)),
        ("tenant", json!(account.tenant)),
        ("organisation_id", json!(account.organisation_id)),
        ("user_id", json!(account.user_id)),
        ("redirect_uri", json!(connection.redirect_uri)),
        ("refresh_token_issued", json!(noted.refresh_token_issued.map(|at| at.to_string()))),
        ("refresh_token_idle_until", json!(idle_until.map(|at| at.to_string()))),
        ("days_left", json!(idle_until.map(|at| days_left(at, now)))),
    ]
}
