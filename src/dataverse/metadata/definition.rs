//! One table as its organisation defines it, with ways to look its parts up. Nothing is asked for here.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::dataverse::Table;
use crate::dataverse::metadata::{ColumnDefinition, Detail, ManyToMany, ManyToOne, OneToMany};

/// The relationship that stands for users and teams together.
const OWNER: &str = "owner";

/// The names of a table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableNames {
    /// Logical name: `account`.
    pub logical_name: String,
    /// Schema name: `Account`.
    pub schema_name: String,
    /// Entity set name: `accounts`.
    pub entity_set: String,
    /// What people call it, in the user's language.
    pub label: Option<String>,
    /// Column of the primary key.
    pub id_column: String,
    /// Column of the name people know a record by.
    pub name_column: Option<String>,
    /// Number that stands for it in addresses of the app.
    pub type_code: Option<i64>,
    /// Whether its records are activities.
    pub is_activity: bool,
    /// Whether somebody made it.
    pub is_custom: bool,
}

/// A set of columns that tells records apart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlternateKey {
    /// Logical name.
    pub name: String,
    /// What people call it.
    pub label: Option<String>,
    /// Its columns, by logical name.
    pub columns: Vec<String>,
    /// `Active` when it can be used; `Pending`, `InProgress` and `Failed` before that.
    pub status: String,
}

/// A table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Definition {
    /// Its names.
    pub names: TableNames,
    /// Its columns, in the order of their names.
    pub columns: Vec<ColumnDefinition>,
    /// Its alternate keys.
    pub keys: Vec<AlternateKey>,
    /// Its lookups, once for each table they may lead to.
    pub many_to_one: Vec<ManyToOne>,
    /// Lookups of other tables that lead here.
    pub one_to_many: Vec<OneToMany>,
    /// Pairs with other tables.
    pub many_to_many: Vec<ManyToMany>,
    /// What was asked for beyond the names and kinds of columns.
    pub(super) known: BTreeSet<Detail>,
}

impl TableNames {
    /// What requests need.
    #[must_use]
    pub fn to_table(&self) -> Table {
        Table {
            logical_name: self.logical_name.clone(),
            entity_set: self.entity_set.clone(),
            id_column: self.id_column.clone(),
            name_column: self.name_column.clone(),
        }
    }
}

impl Definition {
    /// A column by its logical name, or by the name that a lookup has in a record.
    #[must_use]
    pub fn column(&self, name: &str) -> Option<&ColumnDefinition> {
        let lookup = name.strip_prefix('_').and_then(|name| name.strip_suffix("_value"));
        let find = |name: &str| self.columns.binary_search_by(|column| column.name.as_str().cmp(name)).ok();
        find(name).or_else(|| find(lookup?)).map(|place| &self.columns[place])
    }

    /// The navigation property by which `column` leads to `table`.
    #[must_use]
    pub fn navigation(&self, column: &str, table: &str) -> Option<&ManyToOne> {
        let mut ways = self.many_to_one.iter().filter(|way| way.column == column);
        let is_owner = matches!(table, "systemuser" | "team");
        ways.clone().find(|way| way.table == table).or_else(|| ways.find(|way| is_owner && way.table == OWNER))
    }

    /// The alternate key of exactly these columns, in any order, if it can be used.
    #[must_use]
    pub fn key_of(&self, columns: &[impl AsRef<str>]) -> Option<&AlternateKey> {
        let wanted: BTreeSet<&str> = columns.iter().map(AsRef::as_ref).collect();
        let is_it = |key: &&AlternateKey| key.columns.iter().map(String::as_str).collect::<BTreeSet<_>>() == wanted;
        self.keys.iter().filter(|key| key.status == "Active").find(is_it)
    }

    /// The tables that a lookup may lead to.
    #[must_use]
    pub fn targets<'a>(&'a self, column: &'a ColumnDefinition) -> Vec<&'a str> {
        if !column.targets.is_empty() {
            return column.targets.iter().map(String::as_str).collect();
        }
        let ways = self.many_to_one.iter().filter(|way| way.column == column.name);
        ways.flat_map(|way| if way.table == OWNER { vec!["systemuser", "team"] } else { vec![way.table.as_str()] })
            .collect()
    }
}
