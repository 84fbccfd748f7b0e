//! `connections`: what is saved, and which of it is the default. It opens neither network nor keyring.

use clap::{ArgAction, Args, Subcommand};
use serde_json::{Value, json};

use crate::commands::CommandError;
use crate::connection::{Connection, ConnectionName};
use crate::context::Context;
use crate::output::{Column, Format, SinkOptions, object, objects};
use crate::problem::{Exit, Problem};
use crate::store::Health;

/// The keys of `connections list`, in order; they are promised.
const LIST_KEYS: [&str; 11] =
    ["name", "tenant_url", "default", "auth", "app", "store", "user", "status", "label", "read_only", "sandbox"];

/// Those of them that fit on a terminal side by side; `connections show` has the others.
const TABLE_KEYS: [&str; 5] = ["name", "tenant_url", "user", "status", "default"];

/// List, show and choose saved connections
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  d365conn connections list\n  d365conn connections use contoso")]
pub struct Connections {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// List the saved connections
    #[command(after_help = "Examples:\n  d365conn connections list\n  d365conn connections list -o json")]
    List,
    /// Show one connection
    #[command(after_help = "Examples:\n  d365conn connections show\n  d365conn connections show contoso -o json")]
    Show {
        /// The connection; the default one when left out
        name: Option<String>,
    },
    /// Change what a saved connection allows and says
    #[command(
        after_help = "Examples:\n  d365conn connections set contoso --read-only true\n  d365conn connections set contoso --label production"
    )]
    Set {
        /// The connection
        name: String,
        /// Whether every write through this connection is refused
        #[arg(long, value_name = "TRUE|FALSE", action = ArgAction::Set)]
        read_only: Option<bool>,
        /// A note shown before anything destructive; an empty one removes it
        #[arg(long, value_name = "TEXT")]
        label: Option<String>,
    },
    /// Make a connection the default
    #[command(after_help = "Examples:\n  d365conn connections use contoso")]
    Use {
        /// The connection
        name: String,
    },
}

impl Connections {
    /// Does it.
    ///
    /// # Errors
    /// When the connections can't be read, or there is none of that name.
    pub fn run(self, context: &Context) -> Result<Exit, Problem> {
        match self.action {
            Action::List => list(context),
            Action::Show { name } => show(context, name.as_deref()),
            Action::Set { name, read_only, label } => set(context, &name, read_only, label),
            Action::Use { name } => choose(context, &name),
        }
    }
}

fn list(context: &Context) -> Result<Exit, Problem> {
    let format = context.format()?;
    let connections = context.registry()?.read()?;
    if format == Format::Table && connections.is_empty() {
        let advice = "no connection yet; make one with d365conn connect --tenant-url https://ORG.crm.dynamics.com";
        context.screen.note(advice);
        return Ok(Exit::Done);
    }
    let options = SinkOptions { id_column: Some("name".to_owned()), ..SinkOptions::default() };
    let rows =
        connections.iter().map(|connection| describe(context, connection, connections.is_default(&connection.name)));
    let keys: &[&str] = if format == Format::Table { &TABLE_KEYS } else { &LIST_KEYS };
    let columns: Vec<Column> = keys.iter().copied().map(Column::named).collect();
    objects(&context.screen, format, &columns, rows, options)?;
    Ok(Exit::Done)
}

fn show(context: &Context, name: Option<&str>) -> Result<Exit, Problem> {
    let connection = context.saved_connection(name)?;
    let is_default = context.registry()?.read()?.is_default(&connection.name);
    let fields = describe(context, &connection, is_default);
    object(&context.screen, context.format()?, &fields)?;
    Ok(Exit::Done)
}

fn set(context: &Context, name: &str, read_only: Option<bool>, label: Option<String>) -> Result<Exit, Problem> {
    if read_only.is_none() && label.is_none() {
        return Err(CommandError::NothingToSet.into());
    }
    let name = ConnectionName::parse(name)?;
    let changed = context.registry()?.change(|connections| {
        let mut connection = connections.choose(Some(&name))?.clone();
        connection.read_only = read_only.unwrap_or(connection.read_only);
        if let Some(label) = label {
            connection.label = Some(label).filter(|label| !label.is_empty());
        }
        connections.put(connection.clone());
        Ok(connection)
    })?;
    let writes = if changed.read_only { "refuses every write" } else { "allows writes" };
    let label = changed.label.map_or_else(|| "no label".to_owned(), |label| format!("the label \"{label}\""));
    context.screen.note(&format!("{name} ({}) {writes} and has {label}", changed.tenant_url));
    Ok(Exit::Done)
}

fn choose(context: &Context, name: &str) -> Result<Exit, Problem> {
    let chosen = context.saved_connection(Some(name))?;
    context.registry()?.change(|connections| Ok(connections.set_default(&chosen.name)?))?;
    context.screen.note(&format!("{} ({}) is the default connection now", chosen.name, chosen.tenant_url));
    Ok(Exit::Done)
}

/// What is known of a connection without asking anybody.
fn describe(context: &Context, connection: &Connection, is_default: bool) -> Vec<(String, Value)> {
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
