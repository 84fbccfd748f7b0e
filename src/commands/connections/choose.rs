//! `connections use`: which saved connection is the default. Nothing else of it changes.

use crate::context::Context;
use crate::problem::{Exit, Problem};

pub(super) fn choose(context: &Context, name: &str) -> Result<Exit, Problem> {
    let chosen = context.saved_connection(Some(name))?;
    context.registry()?.change(|connections| Ok(connections.set_default(&chosen.name)?))?;
    context.screen.note(&format!("{} ({}) is the default connection now", chosen.name, chosen.tenant_url));
    Ok(Exit::Done)
}
