//! A saved connection as an object of output. Nobody is asked for it.

use serde_json::{Value, json};

use crate::connection::Connection;
use crate::context::Context;
use crate::store::Health;

/// What is known of a connection without asking anybody.
pub(super) fn describe(context: &Context, connection: &Connection, is_default: bool) -> Vec<(String, Value)> {
    let health = context.health(&connection.id);
    let (status, code, reason) = match &health {
        Health::Ok => ("ok", None, None),
        Health::NeedsReconnect { code, reason, .. } => ("needs-reconnect", Some(code.clone()), Some(reason.clone())),
        Health::Unknown => ("unknown", None, None),
    };
    let account = &connection.account;
    [
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
    ]
    .into_iter()
    .map(|(key, value)| (key.to_owned(), value))
    .collect()
}
