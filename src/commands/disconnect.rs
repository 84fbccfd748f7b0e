//! `disconnect`: forget a connection and its secrets. It needs no network and works on what is left of a connection.

use clap::Args;

use crate::commands::CommandError;
use crate::commands::default_connection::default_name;
use crate::commands::forgetting::forget_secrets;
use crate::commands::{orphans, remains};
use crate::connection::{Connection, ConnectionName};
use crate::context::Context;
use crate::problem::{Exit, Problem};
use crate::settings::Target;
use crate::store::StoreError;

/// Forget a connection and its secrets
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  d365conn disconnect contoso
  d365conn disconnect --all --yes

Without a name the only saved connection is meant, and a person or --yes has to agree;
where several are saved the name is needed, whichever is the default.

Entra honours tokens that it issued until they end. To end them now, sign out
everywhere at https://myaccount.microsoft.com, or ask an administrator to revoke the
user's sessions.")]
pub struct Disconnect {
    /// The connection; may be left out where only one is saved
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
            return match &self.name {
                Some(name) => Err(remains::forget(context, &ConnectionName::parse(name)?, unreadable)?),
                None => remains::forget_all(context, unreadable),
            };
        }
        let connections = self.meant(context)?;
        let before = default_name(&context.registry()?.read()?);
        // What no connection owns goes with the rest of it; one connection goes alone.
        let found = if self.all { orphans::find(context) } else { Ok(None) };
        let orphans = match found {
            Ok(found) => found.unwrap_or_default(),
            Err(problem) if connections.is_empty() => return Err(problem),
            // A store that can't be opened is told with the connections in it.
            Err(problem) => {
                context.trace().decision(|| format!("could not look for secrets left behind: {problem}"));
                Vec::new()
            }
        };
        for orphan in &orphans {
            context.screen.note(&format!("belongs to no connection: {}", orphan.line()));
        }
        match (connections.len(), orphans.len()) {
            _ if !self.all => {}
            (0, 0) => context.screen.note("there is no connection to forget"),
            (0, left) => context.confirm(&format!("Remove {} that no connection owns?", orphans::counted(left)))?,
            (some, 0) => context.confirm(&format!("Forget {} and their secrets?", counted(some)))?,
            (some, left) => context.confirm(&format!(
                "Forget {} and their secrets, and {} that no connection owns?",
                counted(some),
                orphans::counted(left)
            ))?,
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
        tell_of_default(context, before.as_ref())?;
        let removed = orphans::remove(context, &orphans)?;
        if removed > 0 {
            context.screen.note(&format!("removed {} that no connection owned", orphans::counted(removed)));
        }
        if let Some(connection) = connections.first().filter(|_| !self.all && left.is_none()) {
            orphans::tell(context, connection.store);
        }
        left.map_or(Ok(Exit::Done), |left| Err(left.into()))
    }

    /// What is to be forgotten: all of it, which is asked about later; what was named, by the argument or by `-c`; else what a
    /// person or `--yes` agrees to.
    fn meant(&self, context: &Context) -> Result<Vec<Connection>, Problem> {
        if self.all {
            return context.saved_connections(None, true);
        }
        if self.name.is_some() || context.settings.names_connection() {
            return Ok(vec![context.saved_connection(self.name.as_deref())?]);
        }
        let connection = match context.target()? {
            // The default is what other commands use, and nobody has said that it shall go.
            Target::Default => {
                let connections = context.registry()?.read()?;
                match connections.only() {
                    Some(only) => only.clone(),
                    None if connections.is_empty() => return Err(StoreError::NoConnection.into()),
                    None => {
                        let names: Vec<&str> = connections.iter().map(|saved| saved.name.as_str()).collect();
                        return Err(CommandError::WhichToForget { known: names.join(", ") }.into());
                    }
                }
            }
            Target::Named(_) | Target::Environment(_) => context.saved_connection(None)?,
        };
        let Connection { name, tenant_url, .. } = &connection;
        context.confirm(&format!("Forget `{name}` ({tenant_url}) and its secrets?"))?;
        Ok(vec![connection])
    }
}

/// Says so where the default connection is gone, and what is used instead.
fn tell_of_default(context: &Context, before: Option<&ConnectionName>) -> Result<(), Problem> {
    let left = context.registry()?.read()?;
    let Some(gone) = before.filter(|before| left.default().is_none() && left.find(before).is_none()) else {
        return Ok(());
    };
    let then = match left.only() {
        Some(only) => format!("; `{}` is the only one left, and is used where none is named", only.name),
        None if left.is_empty() => return Ok(()),
        None => "; choose one with `d365conn connections use NAME`".to_owned(),
    };
    context.screen.note(&format!("`{gone}` was the default connection, and none is now{then}"));
    Ok(())
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
