//! Columns with values made into what leads to one record: the key of an address where they are an alternate key, else a
//! condition. Pure; nobody is asked whether there is such a record.
//!
//! Source: Microsoft Learn, "Use an alternate key to reference a record".

use crate::dataverse::encode::string_literal;
use crate::dataverse::values::typed_json;
use crate::dataverse::{ColumnDefinition, ColumnKind, DataverseError, Definition, Detail, RecordId, Table, users};

/// What a value in the key of an address can't hold, encoded or not.
const FORBIDDEN_IN_KEYS: [char; 11] = ['/', '<', '>', '*', '%', '&', ':', '\\', '?', '+', '#'];

/// What leads to one record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Address {
    /// The key in an address, not encoded: a GUID, or `accountnumber='A-17'`.
    Key(String),
    /// An OData condition that has to hold for one record alone, and what it says, for people.
    Condition { filter: String, what: String },
}

impl Address {
    /// By the name people know a record of `table` by, which for a user is the sign-in name as well; none where the table has
    /// no such column.
    pub(super) fn of_name(table: &Table, name: &str) -> Option<Self> {
        let column = table.name_column.as_ref()?;
        let filter = match table.logical_name.as_str() {
            "systemuser" => users::filter(name, true),
            _ => format!("{column} eq {}", string_literal(name)),
        };
        Some(Self::Condition { filter, what: format!("called `{name}`") })
    }

    /// By columns of a table.
    ///
    /// # Errors
    /// [`crate::dataverse::ValueError::UnknownColumn`], or what is wrong with a value.
    pub(super) fn of_columns(table: &Definition, parts: &[(String, String)]) -> Result<Self, DataverseError> {
        let names: Vec<&str> = parts.iter().map(|(name, _)| name.as_str()).collect();
        let can_stand = |value: &str| !value.is_empty() && !value.contains(FORBIDDEN_IN_KEYS);
        let is_key = table.key_of(&names).is_some() && parts.iter().all(|(_, value)| can_stand(value));
        let mut written = Vec::with_capacity(parts.len());
        for (name, value) in parts {
            let column = table.column(name).ok_or_else(|| table.unknown(name))?;
            written.push(if is_key {
                format!("{}={}", column.property(), literal(table, column, value)?)
            } else {
                comparison(table, column, value)?
            });
        }
        Ok(if is_key {
            Self::Key(written.join(","))
        } else {
            Self::Condition { filter: written.join(" and "), what: told(parts) }
        })
    }
}

/// What has to be known of a column beyond its kind before it can be compared with what was typed.
pub(super) fn detail_for_comparing(column: &ColumnDefinition) -> Option<Detail> {
    let is_plain = matches!(column.kind, ColumnKind::Text | ColumnKind::Memo | ColumnKind::Lookup);
    column.kind.detail().filter(|_| !is_plain)
}

fn comparison(table: &Definition, column: &ColumnDefinition, value: &str) -> Result<String, DataverseError> {
    let property = column.property();
    Ok(match column.kind {
        _ if value.is_empty() => format!("{property} eq null"),
        ColumnKind::Choices => {
            let values = literal(table, column, value)?.replace(',', "\",\"");
            format!("Microsoft.Dynamics.CRM.ContainValues(PropertyName='{property}',PropertyValues=[\"{values}\"])")
        }
        _ => format!("{property} eq {}", literal(table, column, value)?),
    })
}

/// A value as OData writes it: texts in quotes, nothing else.
fn literal(table: &Definition, column: &ColumnDefinition, value: &str) -> Result<String, DataverseError> {
    let json = || typed_json(&table.names.logical_name, column, value);
    Ok(match column.kind {
        ColumnKind::Text | ColumnKind::Memo | ColumnKind::Table | ColumnKind::Other => string_literal(value),
        ColumnKind::Lookup => RecordId::parse(value)?.to_string(),
        _ => json()?.trim_matches('"').to_owned(),
    })
}

fn told(parts: &[(String, String)]) -> String {
    let one = |(column, value): &(String, String)| match value.as_str() {
        "" => format!("empty {column}"),
        value => format!("{column} `{value}`"),
    };
    format!("with {}", parts.iter().map(one).collect::<Vec<_>>().join(" and "))
}
