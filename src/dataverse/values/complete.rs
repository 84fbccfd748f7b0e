//! Whether the columns of a record exist, may be written, and are all there that the platform needs. Pure.

use crate::dataverse::values::{Purpose, ValueError};
use crate::dataverse::{Body, ColumnDefinition, ColumnKind, Definition, Required, addressing};

/// Columns that the platform fills when nobody does.
const FILLED: [&str; 4] = ["ownerid", "owningbusinessunit", "transactioncurrencyid", "organizationid"];

/// What a name in a body stands for.
pub(super) enum Place<'a> {
    /// A column.
    Column(&'a ColumnDefinition),
    /// A lookup by the navigation property to one of its tables.
    Navigation(&'a ColumnDefinition, &'a str),
    /// A collection, or an annotation that concerns no column.
    Other,
}

/// What `name` stands for, in a word or in JSON.
pub(super) fn place<'a>(table: &'a Definition, name: &str) -> Result<Place<'a>, ValueError> {
    let own = name.strip_suffix("@odata.bind").unwrap_or(name);
    if own.contains('@') {
        return Ok(Place::Other);
    }
    let is_binding = own.len() < name.len();
    let way = table.many_to_one.iter().find(|way| way.navigation == own);
    if let Some(column) = way.and_then(|way| table.column(&way.column))
        && (is_binding || table.column(own).is_none())
    {
        return Ok(Place::Navigation(column, way.map_or("", |way| way.table.as_str())));
    }
    if let Some(column) = table.column(own).filter(|_| !is_binding) {
        return Ok(Place::Column(column));
    }
    let is_collection = table.one_to_many.iter().any(|way| way.navigation == own)
        || table.many_to_many.iter().any(|way| way.navigation == own)
        || own.ends_with("_activity_parties");
    if is_collection { Ok(Place::Other) } else { Err(unknown(table, own, is_binding)) }
}

fn unknown(table: &Definition, name: &str, is_binding: bool) -> ValueError {
    if !is_binding {
        return addressing::unknown(table, name);
    }
    // The lookup's own name is what people try first, and its letters are often all that is wrong.
    let meant = table.many_to_one.iter().filter(|way| way.column == name || way.navigation.eq_ignore_ascii_case(name));
    let near = meant.map(|way| format!("{}@odata.bind", way.navigation)).collect();
    ValueError::UnknownColumn { table: table.names.logical_name.clone(), column: name.to_owned(), near }
}

/// Refuses a column that can't be written now.
pub(super) fn check_access(table: &Definition, column: &ColumnDefinition, purpose: Purpose) -> Result<(), ValueError> {
    let may_be_written = match purpose {
        Purpose::Create => column.is_creatable,
        // The service takes a primary key in a change for the record that it is.
        Purpose::Change => column.is_updatable || column.name == table.names.id_column,
    };
    if may_be_written {
        return Ok(());
    }
    let when = match (column.is_creatable || column.is_updatable, purpose) {
        (false, _) => "",
        (true, Purpose::Create) => " when a record is created",
        (true, Purpose::Change) => " in a change",
    };
    let table = table.names.logical_name.clone();
    Err(ValueError::ReadOnlyColumn { table, column: column.name.clone(), when })
}

/// Refuses a name in JSON that the table does not know or take.
pub(super) fn check_name(table: &Definition, name: &str, purpose: Purpose) -> Result<(), ValueError> {
    match place(table, name)? {
        Place::Column(column) | Place::Navigation(column, _) => check_access(table, column, purpose),
        Place::Other => Ok(()),
    }
}

/// Refuses a new record without its primary name or a lookup, where the platform itself needs one. Everything else that is
/// marked as required has a default, or is wanted by forms alone. `filled` is a column that somebody else fills.
pub(super) fn check_complete(table: &Definition, body: &Body, filled: Option<&str>) -> Result<(), ValueError> {
    let is_given = |column: &ColumnDefinition| {
        if filled == Some(&column.name) {
            return true;
        }
        let ways = table.many_to_one.iter().filter(|way| way.column == column.name);
        let mut names = ways.map(|way| way.navigation.as_str()).chain([column.name.as_str()]);
        names.any(|name| body.column_names().any(|given| given.strip_suffix("@odata.bind").unwrap_or(given) == name))
    };
    let is_needed = |column: &&ColumnDefinition| {
        let is_name = table.names.name_column.as_deref() == Some(&column.name);
        let is_lookup = column.kind == ColumnKind::Lookup && !FILLED.contains(&column.name.as_str());
        column.required == Required::System && column.is_creatable && (is_name || is_lookup)
    };
    let missing = table.columns.iter().filter(is_needed).filter(|column| !is_given(column));
    let columns: Vec<String> = missing.map(|column| column.name.clone()).collect();
    if columns.is_empty() {
        return Ok(());
    }
    Err(ValueError::Missing { table: table.names.logical_name.clone(), columns })
}
