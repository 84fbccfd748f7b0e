//! `disconnect`: forget a connection and its secrets. It needs no network and works on what is left of a connection.

use clap::Args;

use crate::commands::CommandError;
use crate::commands::forgetting::forget_secrets;
use crate::commands::remains;
use crate::connection::{Connection, ConnectionName};
use crate::context::Context;
use crate::problem::{Exit, Problem};

/// Forget a connection and its secrets
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  d365conn disconnect contoso
  d365conn disconnect --all --yes

Entra honours tokens that it issued until they end. To end them now, sign out
everywhere at https://myaccount.microsoft.com, or ask an administrator to revoke the
user's sessions.")]
pub struct Disconnect {
    /// The connection; the default one when left out
    #[arg(conflicts_with = "all")]
    name: Option<String>,
    /// Every saved connection
    #[arg(long)]
    all: bool,
}

impl Disconnect {
    /// Forgets it.
    ///
    /// # Errors
    /// When there is none of that name, or secrets are left where they can't be removed; the connection is gone all the same.
    pub fn run(self, context: &Context) -> Result<Exit, Problem> {
        if (self.all || self.name.is_some())
            && let Some(unreadable) = remains::unreadable(context)?
        {
            let name = self.name.as_deref().map(ConnectionName::parse).transpose()?;
            return Err(remains::forget(context, name.as_ref(), unreadable)?);
        }
        let connections = context.saved_connections(self.name.as_deref(), self.all)?;
        if connections.is_empty() {
            context.screen.note("there is no connection to forget");
        } else if self.all {
            context.confirm(&format!("Forget {} and their secrets?", counted(connections.len())))?;
        }
        // One store that can't be opened is no reason to keep what is in another.
        let mut left = None;
        for connection in &connections {
            if let Some(more) = forget(context, connection)?
                && let Some(told) = left.replace(more)
            {
                context.screen.warn(&told.to_string());
            }
        }
        if !connections.is_empty() {
            context.screen.note("a token that was handed out before lasts until its end");
        }
        left.map_or(Ok(Exit::Done), |left| Err(left.into()))
    }
}

fn counted(connections: usize) -> String {
    if connections == 1 { "1 connection".to_owned() } else { format!("{connections} connections") }
}

/// Forgets one, and hands back what is left of it.
fn forget(context: &Context, connection: &Connection) -> Result<Option<CommandError>, Problem> {
    let left = forget_secrets(context, connection, || {
        context.registry()?.change(|connections| {
            // By its id: meanwhile it may have another name, and its name another connection.
            let named = connections.iter().find(|saved| saved.id == connection.id).map(|saved| saved.name.clone());
            if let Some(name) = named {
                connections.remove(&name);
            }
            Ok(())
        })
    })?;
    let Connection { name, tenant_url, store, .. } = connection;
    if left.is_none() {
        let place = store.place();
        context.screen.note(&format!("forgot `{name}` ({tenant_url}) and removed its secrets from the {place}"));
    }
    Ok(left)
}
