//! `connections show`: everything that is saved of one connection. Secrets are not looked at.

use crate::commands::connections::describe::describe;
use crate::context::Context;
use crate::output::object;
use crate::problem::{Exit, Problem};

pub(super) fn show(context: &Context, name: Option<&str>) -> Result<Exit, Problem> {
    let connection = context.saved_connection(name)?;
    let is_default = context.registry()?.read()?.is_default(&connection.name);
    let fields = describe(context, &connection, is_default);
    object(&context.screen, context.format()?, &fields)?;
    Ok(Exit::Done)
}
