//! The parts of a table as rows to show. Nothing is asked for here.

use serde_json::{Value, json};

use crate::dataverse::{ColumnDefinition, ColumnKind, Definition};

/// A row: its fields in order.
pub(super) type Fields = Vec<(&'static str, Value)>;

/// The keys of `--columns`, in order, and how many of them fit on a terminal; all four lists are promised.
pub(super) const COLUMNS: ([&str; 14], usize) = (
    [
        "name",
        "type",
        "label",
        "required",
        "writable",
        "detail",
        "longest",
        "least",
        "most",
        "precision",
        "format",
        "targets",
        "schema_name",
        "is_readable",
    ],
    6,
);
/// The keys of `--choices`.
pub(super) const CHOICES: ([&str; 4], usize) = (["column", "value", "label", "state"], 4);
/// The keys of `--relationships`.
pub(super) const RELATIONSHIPS: ([&str; 5], usize) = (["navigation", "kind", "table", "column", "name"], 4);
/// The keys of `--keys`.
pub(super) const KEYS: ([&str; 4], usize) = (["name", "columns", "status", "label"], 4);

/// The columns that people and programs use; those that accompany another are left out.
pub(super) fn columns(table: &Definition) -> Vec<Fields> {
    let own = table.columns.iter().filter(|column| column.part_of.is_none());
    own.map(|column| {
        vec![
            ("name", json!(column.name)),
            ("type", json!(column.kind.word())),
            ("label", json!(column.label)),
            ("required", json!(column.required.word())),
            ("writable", json!(writable(column))),
            ("detail", json!(detail(table, column))),
            ("longest", json!(column.longest)),
            ("least", number(column.least.as_deref())),
            ("most", number(column.most.as_deref())),
            ("precision", json!(column.precision)),
            ("format", json!(column.format)),
            ("targets", json!(targets(table, column))),
            ("schema_name", json!(column.schema_name)),
            ("is_readable", json!(column.is_readable)),
        ]
    })
    .collect()
}

/// Each label of each choice.
pub(super) fn choices(table: &Definition) -> Vec<Fields> {
    let mut rows = Vec::new();
    for column in &table.columns {
        for choice in &column.choices {
            rows.push(vec![
                ("column", json!(column.name)),
                ("value", json!(choice.value)),
                ("label", json!(choice.label)),
                ("state", json!(choice.state)),
            ]);
        }
    }
    rows
}

/// Each way to another table, by the name that bodies and `--expand` need.
pub(super) fn relationships(table: &Definition) -> Vec<Fields> {
    let row = |navigation: &str, kind: &str, other: &str, column: Option<&str>, name: &str| {
        vec![
            ("navigation", json!(navigation)),
            ("kind", json!(kind)),
            ("table", json!(other)),
            ("column", json!(column)),
            ("name", json!(name)),
        ]
    };
    let lookups =
        table.many_to_one.iter().map(|it| row(&it.navigation, "lookup", &it.table, Some(&it.column), &it.name));
    let collections =
        table.one_to_many.iter().map(|it| row(&it.navigation, "collection", &it.table, Some(&it.column), &it.name));
    let pairs = table.many_to_many.iter().map(|it| row(&it.navigation, "many to many", &it.table, None, &it.name));
    lookups.chain(collections).chain(pairs).collect()
}

/// Each alternate key.
pub(super) fn keys(table: &Definition) -> Vec<Fields> {
    let rows = table.keys.iter().map(|key| {
        vec![
            ("name", json!(key.name)),
            ("columns", json!(key.columns.join(","))),
            ("status", json!(key.status)),
            ("label", json!(key.label)),
        ]
    });
    rows.collect()
}

fn writable(column: &ColumnDefinition) -> &'static str {
    match (column.is_creatable, column.is_updatable) {
        (true, true) => "yes",
        (true, false) => "on create",
        (false, true) => "on update",
        (false, false) => "no",
    }
}

/// What a person has to know to write one, in a few words.
fn detail(table: &Definition, column: &ColumnDefinition) -> String {
    match column.kind {
        ColumnKind::Text | ColumnKind::Memo => column.longest.map(|most| format!("at most {most}")).unwrap_or_default(),
        ColumnKind::Whole | ColumnKind::Decimal | ColumnKind::Money | ColumnKind::Double => {
            match (&column.least, &column.most) {
                (Some(least), Some(most)) => format!("{least} to {most}"),
                _ => String::new(),
            }
        }
        ColumnKind::Date => column.behavior.clone().unwrap_or_default(),
        ColumnKind::Lookup => targets(table, column).join(", "),
        _ if !column.choices.is_empty() => format!("{} choices", column.choices.len()),
        _ => String::new(),
    }
}

fn targets<'a>(table: &'a Definition, column: &'a ColumnDefinition) -> Vec<&'a str> {
    if column.kind == ColumnKind::Lookup { table.targets(column) } else { Vec::new() }
}

/// A limit: as a number where that loses nothing, else with its digits as text.
fn number(digits: Option<&str>) -> Value {
    let Some(digits) = digits else { return Value::Null };
    digits.parse::<i64>().map_or_else(|_| json!(digits), |whole| json!(whole))
}
