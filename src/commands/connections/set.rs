//! `connections set`: what a saved connection allows and says. Signing in again is not needed for any of it.

use crate::commands::CommandError;
use crate::connection::ConnectionName;
use crate::context::Context;
use crate::problem::{Exit, Problem};

pub(super) fn set(
    context: &Context,
    name: &str,
    read_only: Option<bool>,
    label: Option<String>,
) -> Result<Exit, Problem> {
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
