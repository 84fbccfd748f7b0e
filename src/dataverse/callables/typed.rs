//! One value as typed, in the form its type has: JSON in the body of an action, a literal in the address of a function. Pure.

use serde_json::json;

use crate::dataverse::call::NAMESPACE;
use crate::dataverse::callables::declared::Sort;
use crate::dataverse::callables::{CallableError, Callables, Parameter};
use crate::dataverse::encode::string_literal;
use crate::dataverse::values::{Reference, link};
use crate::dataverse::{RecordId, Table};

/// A value that is known to fit, or needs a table to be looked up first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value {
    /// As JSON.
    Json(String),
    /// One of a few, by its name.
    Choice(String),
    /// A bare literal: a number, a truth, a date, a GUID. As JSON some stand in quotes.
    Bare {
        /// The text.
        text: String,
        /// Whether JSON puts it in quotes.
        is_quoted: bool,
    },
    /// Text.
    Text(String),
    /// Records, each by table and what was typed for it; several where `is_list`.
    Records {
        /// Them.
        records: Vec<(String, Reference)>,
        /// Whether the type is a collection.
        is_list: bool,
    },
}

impl Value {
    /// Reads what was typed behind `=`.
    pub fn parse(callables: &Callables, parameter: &Parameter, typed: &str) -> Result<Self, CallableError> {
        let bad = |wanted: &str| CallableError::BadValue {
            parameter: parameter.name.clone(),
            typed: typed.to_owned(),
            wanted: wanted.to_owned(),
        };
        match callables.sort(&parameter.kind) {
            Sort::Primitive(kind) => primitive(kind, typed).map_err(bad),
            Sort::Choice(members) => {
                let found = members.iter().find(|member| member.eq_ignore_ascii_case(typed));
                let wanted = || bad(&format!("one of {}", members.join(", ")));
                found.map(|member| Self::Choice(member.clone())).ok_or_else(wanted)
            }
            Sort::Record(table) => {
                let record = record(table, typed).ok_or_else(|| bad("a record such as `account:ID`"))?;
                Ok(Self::Records { records: vec![record], is_list: false })
            }
            Sort::Several(inner) => match callables.sort(inner) {
                Sort::Record(table) => {
                    let records: Option<Vec<_>> = typed.split(',').map(|part| record(table, part.trim())).collect();
                    let records = records.ok_or_else(|| bad("records such as `account:ID,account:ID`"))?;
                    Ok(Self::Records { records, is_list: true })
                }
                _ => Err(bad("a list, written as JSON: `parameter:=[…]`")),
            },
            Sort::Complex => Err(bad("an object, written as JSON: `parameter:={…}`")),
        }
    }

    /// As JSON in a body; `found` gives what its records are, in their order.
    pub fn to_json(&self, found: &mut dyn Iterator<Item = &(Table, RecordId)>) -> String {
        match self {
            Self::Json(json) => json.clone(),
            Self::Choice(text) | Self::Text(text) | Self::Bare { text, is_quoted: true } => json!(text).to_string(),
            Self::Bare { text, is_quoted: false } => text.clone(),
            Self::Records { records, is_list } => {
                let one = |(table, id): &(Table, RecordId)| {
                    let kind = format!("{NAMESPACE}{}", table.logical_name);
                    format!("{{{}:\"{id}\",\"@odata.type\":{}}}", json!(table.id_column), json!(kind))
                };
                listed(found.take(records.len()).map(one), *is_list)
            }
        }
    }

    /// As a literal in an address. Source: Microsoft Learn, "Use Web API functions".
    pub fn to_literal(&self, parameter: &Parameter, found: &mut dyn Iterator<Item = &(Table, RecordId)>) -> String {
        match self {
            // A text as JSON is a text all the same.
            Self::Json(json) => match serde_json::from_str::<String>(json) {
                Ok(text) if parameter.kind == "Edm.String" => string_literal(&text),
                Ok(text) if parameter.kind.starts_with("Edm.") => text,
                _ => json.clone(),
            },
            Self::Choice(member) => format!("{NAMESPACE}{}'{member}'", parameter.kind),
            Self::Bare { text, .. } => text.clone(),
            Self::Text(text) => string_literal(text),
            Self::Records { records, is_list } => {
                let one = |(table, id): &(Table, RecordId)| format!("{{'@odata.id':'{}({id})'}}", table.entity_set);
                listed(found.take(records.len()).map(one), *is_list)
            }
        }
    }

    /// The records that have to be found, each with the name of its table.
    pub fn records(&self) -> &[(String, Reference)] {
        if let Self::Records { records, .. } = self { records } else { &[] }
    }
}

fn listed(parts: impl Iterator<Item = String>, is_list: bool) -> String {
    let parts = parts.collect::<Vec<_>>().join(",");
    if is_list { format!("[{parts}]") } else { parts }
}

/// A record as a lookup names one; where the type says of which table it is, a word in front may be part of a name.
fn record(table: Option<&str>, typed: &str) -> Option<(String, Reference)> {
    let link = link(typed).ok()?;
    match (link.table, table) {
        (Some(word), Some(table)) if word != table && matches!(link.reference, Reference::Name(_)) => {
            Some((table.to_owned(), Reference::parse(typed).ok()?))
        }
        (Some(word), _) => Some((word.to_owned(), link.reference)),
        (None, table) => Some((table?.to_owned(), link.reference)),
    }
}

/// Dates and times go out as they were typed, once they are known to be some.
fn primitive(kind: &str, typed: &str) -> Result<Value, &'static str> {
    let bare = |text: &str, is_quoted| Ok(Value::Bare { text: text.to_owned(), is_quoted });
    let is_json_number = || serde_json::from_str::<serde_json::Number>(typed).is_ok();
    match kind {
        "Edm.Boolean" if matches!(typed, "true" | "false") => bare(typed, false),
        "Edm.Boolean" => Err("`true` or `false`"),
        "Edm.Int16" | "Edm.Int32" | "Edm.Byte" if typed.parse::<i32>().is_ok() => bare(typed, false),
        "Edm.Int64" if typed.parse::<i64>().is_ok() => bare(typed, false),
        "Edm.Int16" | "Edm.Int32" | "Edm.Int64" | "Edm.Byte" => Err("a whole number such as `12`"),
        "Edm.Decimal" | "Edm.Double" | "Edm.Single" if is_json_number() => bare(typed, false),
        "Edm.Decimal" | "Edm.Double" | "Edm.Single" => Err("a number such as `1250.50`"),
        "Edm.Guid" => match RecordId::parse(typed) {
            Ok(id) => bare(&id.to_string(), true),
            Err(_) => Err("an id of 8-4-4-4-12 hexadecimal digits"),
        },
        "Edm.Date" if typed.parse::<jiff::civil::Date>().is_ok() && typed.len() == 10 => bare(typed, true),
        "Edm.Date" => Err("a day such as `2026-03-31`"),
        "Edm.DateTimeOffset" if typed.parse::<jiff::Timestamp>().is_ok() => bare(&typed.replace(' ', "T"), true),
        "Edm.DateTimeOffset" => Err("a moment such as `2026-03-31T09:00:00Z`"),
        _ => Ok(Value::Text(typed.to_owned())),
    }
}
