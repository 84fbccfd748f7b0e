//! `connections rename`: another name for a saved connection. Its secrets are filed under its id and are not touched.

use crate::connection::ConnectionName;
use crate::context::Context;
use crate::environment;
use crate::problem::{Exit, Problem};

pub(super) fn rename(context: &Context, old: &str, new: &str) -> Result<Exit, Problem> {
    let (old, new) = (ConnectionName::parse(old)?, ConnectionName::parse(new)?);
    let (renamed, is_default) = context.registry()?.change(|connections| {
        connections.rename(&old, &new)?;
        Ok((connections.choose(Some(&new))?.clone(), connections.is_default(&new)))
    })?;
    if old == new {
        context.screen.note(&format!("`{new}` ({}) is called that already", renamed.tenant_url));
        return Ok(Exit::Done);
    }
    let still = if is_default { "; it is still the default connection" } else { "" };
    context.screen.note(&format!("`{old}` ({}) is called `{new}` now{still}", renamed.tenant_url));
    if context.environment.text(environment::CONNECTION)? == Some(old.as_str()) {
        let variable = environment::CONNECTION.name;
        context
            .screen
            .warn(&format!("{variable} still names `{old}`; set it to `{new}` for the commands of this shell"));
    }
    Ok(Exit::Done)
}
