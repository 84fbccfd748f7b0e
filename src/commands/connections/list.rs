//! `connections list`: every saved connection and how it is known to be. It asks neither network nor keyring.

use crate::commands::connections::describe::describe;
use crate::context::Context;
use crate::output::{Column, Format, SinkOptions, objects};
use crate::problem::{Exit, Problem};

/// The keys of `connections list`, in order; they are promised.
const LIST_KEYS: [&str; 11] =
    ["name", "tenant_url", "default", "auth", "app", "store", "user", "status", "label", "read_only", "sandbox"];

/// Those of them that fit on a terminal side by side; `connections show` has the others.
const TABLE_KEYS: [&str; 5] = ["name", "tenant_url", "user", "status", "default"];

pub(super) fn list(context: &Context) -> Result<Exit, Problem> {
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
