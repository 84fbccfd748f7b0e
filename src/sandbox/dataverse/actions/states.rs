//! States and their reasons, for the actions that change them. No record is written here.

use crate::sandbox::data::{Schema, Table};
use crate::sandbox::dataverse::refusal::Refusal;
use crate::sandbox::world::{Changes, Link, Row, Value, World};

/// A table that every organisation has.
pub(super) fn table(name: &str) -> Result<&'static Table, Refusal> {
    let missing = || Refusal::new(400, "0x80041102", format!("The entity with a name = '{name}' was not found."));
    Schema::of_sandbox().by_name(name).ok_or_else(missing)
}

/// The record a link leads to.
pub(super) fn row(world: &World, link: Link) -> Result<&Row, Refusal> {
    let table = Schema::of_sandbox().table(link.table);
    world.row(table, link.id).ok_or_else(|| Refusal::no_record(table, link.id))
}

/// A value of a record by the column's name.
pub(super) fn cell<'row>(table: &Table, row: &'row Row, column: &str) -> Option<&'row Value> {
    row.value(table.place(column)?)
}

/// The state a record is in.
pub(super) fn state(table: &Table, row: &Row) -> i64 {
    cell(table, row, "statecode").and_then(Value::as_whole).unwrap_or_default()
}

/// Puts a value where the table has such a column.
pub(super) fn set(changes: &mut Changes, table: &Table, column: &str, value: Option<Value>) {
    if let Some(place) = table.place(column) {
        changes.retain(|(written, _)| *written != place);
        changes.push((place, value));
    }
}

/// The changes that bring a record into `state` for the reason `status`; -1 stands for the state's first reason.
pub(super) fn into_state(table: &Table, state: i64, status: i64) -> Result<Changes, Refusal> {
    let mut changes = Changes::new();
    set(&mut changes, table, "statecode", Some(Value::Whole(state)));
    if status != -1 {
        let labels = table.place("statuscode").map(|place| table.column(place).labels()).unwrap_or_default();
        if !labels.iter().any(|label| label.value == status && label.state == Some(state)) {
            let message =
                format!("{status} is not a valid status code for state code {state} on {}.", table.logical_name);
            return Err(Refusal::new(400, "0x80048408", message));
        }
        set(&mut changes, table, "statuscode", Some(Value::Whole(status)));
    }
    Ok(changes)
}
