//! One value as typed, in the form its type has: JSON in the body of an action, a literal in the address of a function. Pure.

use serde_json::json;

use crate::dataverse::call::NAMESPACE;
use crate::dataverse::callables::declared::Sort;
use crate::dataverse::callables::{CallableError, Callables, Parameter};
use crate::dataverse::encode::string_literal;
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
    /// Records, each by table and id; several where `is_list`.
    Records {
        /// Them.
        records: Vec<(String, RecordId)>,
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

    /// As JSON in a body; `table` knows the tables of records.
    pub fn to_json(&self, table: &dyn Fn(&str) -> Table) -> String {
        match self {
            Self::Json(json) => json.clone(),
            Self::Choice(text) | Self::Text(text) | Self::Bare { text, is_quoted: true } => json!(text).to_string(),
            Self::Bare { text, is_quoted: false } => text.clone(),
            Self::Records { records, is_list } => {
                let one = |(name, id): &(String, RecordId)| {
                    let table = table(name);
                    let kind = format!("{NAMESPACE}{}", table.logical_name);
                    format!("{{{}:\"{id}\",\"@odata.type\":{}}}", json!(table.id_column), json!(kind))
                };
                listed(records.iter().map(one), *is_list)
            }
        }
    }

    /// As a literal in an address. Source: Microsoft Learn, "Use Web API functions".
    pub fn to_literal(&self, parameter: &Parameter, table: &dyn Fn(&str) -> Table) -> String {
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
                let one =
                    |(name, id): &(String, RecordId)| format!("{{'@odata.id':'{}({id})'}}", table(name).entity_set);
                listed(records.iter().map(one), *is_list)
            }
        }
    }

    /// The names of the tables that have to be looked up.
    pub fn tables(&self) -> impl Iterator<Item = &str> {
        let records: &[(String, RecordId)] = if let Self::Records { records, .. } = self { records } else { &[] };
        records.iter().map(|(table, _)| table.as_str())
    }
}

fn listed(parts: impl Iterator<Item = String>, is_list: bool) -> String {
    let parts = parts.collect::<Vec<_>>().join(",");
    if is_list { format!("[{parts}]") } else { parts }
}

fn record(table: Option<&str>, typed: &str) -> Option<(String, RecordId)> {
    let (name, id) = match typed.split_once(':') {
        Some((name, id)) => (name.trim().to_owned(), id),
        None => (table?.to_owned(), typed),
    };
    RecordId::parse(id).ok().map(|id| (name, id)).filter(|(name, _)| !name.is_empty())
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
