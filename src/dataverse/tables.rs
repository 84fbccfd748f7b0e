//! A table, by the names that requests need. Columns, relationships and choices are told elsewhere.

use serde::Deserialize;

/// A table, by the names that requests need.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Table {
    /// Logical name: `account`.
    #[serde(rename = "LogicalName")]
    pub logical_name: String,
    /// Entity set name, as in addresses: `accounts`.
    #[serde(rename = "EntitySetName")]
    pub entity_set: String,
    /// Column of the primary key: `accountid`.
    #[serde(rename = "PrimaryIdAttribute")]
    pub id_column: String,
    /// Column of the name people know a record by, if the table has one: `name`.
    #[serde(rename = "PrimaryNameAttribute", default)]
    pub name_column: Option<String>,
}
