//! `connections set`: what a saved connection allows and says, and where its secrets are. No sign-in is needed for any of it.

use clap::{ArgAction, Args};

use crate::commands::CommandError;
use crate::commands::connect::StoreFlag;
use crate::commands::connections::moving::move_secrets;
use crate::connection::{Connection, ConnectionName, StoreKind};
use crate::context::Context;
use crate::problem::{Exit, Problem};

/// Change what a saved connection allows and says, and where its secrets are
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  d365conn connections set contoso --read-only true
  d365conn connections set contoso --label production
  d365conn connections set contoso --store file

--store moves the secrets: the old store lets go of them when the new one has proved
that it has them. D365CONN_STORE moves nothing; it is for new connections.")]
pub(super) struct Set {
    /// The connection
    name: String,
    /// Whether every write through this connection is refused
    #[arg(long, value_name = "TRUE|FALSE", action = ArgAction::Set)]
    read_only: Option<bool>,
    /// A note shown before anything destructive
    #[arg(long, value_name = "TEXT")]
    label: Option<String>,
    /// Remove the note
    #[arg(long, conflicts_with = "label")]
    no_label: bool,
    /// Move the secrets to this store
    #[arg(long, value_enum, value_name = "STORE")]
    store: Option<StoreFlag>,
}

impl Set {
    pub(super) fn run(self, context: &Context) -> Result<Exit, Problem> {
        if self.read_only.is_none() && !self.sets_label() && self.store.is_none() {
            return Err(CommandError::NothingToSet.into());
        }
        let name = ConnectionName::parse(&self.name)?;
        let store = self.store.map(StoreKind::from);
        let before = context.registry()?.read()?.choose(Some(&name))?.clone();
        let change = || {
            context.registry()?.change(|connections| {
                let mut connection = connections.choose(Some(&name))?.clone();
                connection.read_only = self.read_only.unwrap_or(connection.read_only);
                if self.sets_label() {
                    connection.label.clone_from(&self.label);
                }
                connection.store = store.unwrap_or(connection.store);
                connections.put(connection.clone());
                Ok(connection)
            })
        };
        let outcome = match store {
            None => change(),
            Some(store) => move_secrets(context, &name, store, change),
        };
        // Whatever else may be wrong then, what was asked for is done and is told.
        let after = match &outcome {
            Ok(after) => Some(after.clone()),
            Err(_) => context.registry()?.read()?.find(&name).filter(|after| **after != before).cloned(),
        };
        if let Some(after) = after {
            context.screen.note(&format!(
                "{name} ({}) {}",
                after.tenant_url,
                self.told(&before, &after, outcome.is_ok())
            ));
        }
        if outcome.as_ref().is_ok_and(|after| after.read_only && !before.read_only) {
            context.screen.note(
                "a running `d365conn proxy` refuses writes from now on; a token handed out before lasts until its end",
            );
        }
        outcome.map(|_| Exit::Done)
    }

    const fn sets_label(&self) -> bool {
        self.label.is_some() || self.no_label
    }

    /// What was asked for, and whether it made a difference.
    fn told(&self, before: &Connection, after: &Connection, is_whole: bool) -> String {
        let mut told = Vec::new();
        if self.read_only.is_some() {
            let writes = if after.read_only { "refuses every write" } else { "allows writes" };
            told.push(format!("{writes}{}", since(before.read_only == after.read_only)));
        }
        if self.sets_label() {
            let label =
                after.label.as_ref().map_or_else(|| "no label".to_owned(), |label| format!("the label \"{label}\""));
            told.push(format!("has {label}{}", since(before.label == after.label)));
        }
        if self.store.is_some() {
            let place = after.store.place();
            let gone = format!(", and no longer in the {}", before.store.place());
            let gone = if is_whole && before.store != after.store { gone.as_str() } else { "" };
            told.push(format!("has its secrets in the {place}{}{gone}", since(before.store == after.store)));
        }
        told.join(", ")
    }
}

fn since(is_old: bool) -> &'static str {
    if is_old { " already" } else { " now" }
}
