//! What a write says when it is done: the id as data, the sentence for people. No request is made here.

use serde_json::json;

use crate::context::Context;
use crate::dataverse::{RecordId, Table};
use crate::output::{Format, object};
use crate::problem::{Exit, Problem};

/// A new record: its id goes to stdout, so that the next command can use it.
pub(super) fn created(
    context: &Context,
    format: Format,
    table: &Table,
    id: &RecordId,
    name: Option<&str>,
) -> Result<Exit, Problem> {
    tell(context, "created", table, id, name);
    if is_for_programs(format) {
        show(context, format, table, id)?;
    } else {
        context.screen.line(&id.to_string())?;
    }
    Ok(Exit::Done)
}

/// A record that was changed or deleted: nothing but JSON asks for data.
pub(super) fn changed(
    context: &Context,
    format: Format,
    table: &Table,
    id: &RecordId,
    what: &str,
    name: Option<&str>,
) -> Result<Exit, Problem> {
    tell(context, what, table, id, name);
    match format {
        Format::Json | Format::Ndjson => show(context, Format::Ndjson, table, id)?,
        Format::Id => context.screen.line(&id.to_string())?,
        Format::Table | Format::Csv | Format::Tsv => {}
    }
    Ok(Exit::Done)
}

/// Says which record was made or changed: by its id, and by its name where that is known.
pub(super) fn tell(context: &Context, what: &str, table: &Table, id: &RecordId, name: Option<&str>) {
    let name = name.map(|name| format!(" ({})", shown(name))).unwrap_or_default();
    context.screen.note(&format!("{what} {} {id}{name}", table.logical_name));
}

/// A name on one line, which no name makes long.
fn shown(name: &str) -> String {
    const LONGEST: usize = 100;
    let line: String = name.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    match line.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

fn is_for_programs(format: Format) -> bool {
    matches!(format, Format::Json | Format::Ndjson)
}

fn show(context: &Context, format: Format, table: &Table, id: &RecordId) -> Result<(), Problem> {
    let fields = vec![("table".to_owned(), json!(table.logical_name)), ("id".to_owned(), json!(id.to_string()))];
    Ok(object(&context.screen, format, &fields)?)
}
