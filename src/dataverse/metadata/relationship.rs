//! How tables hang together, by the names that bodies and addresses need. Their spelling is never derived: the same platform
//! writes `primarycontactid`, `customerid_account` and `new_CustomerId`.

use serde::{Deserialize, Serialize};

/// A lookup of this table, to one table that it may lead to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ManyToOne {
    /// Schema name of the relationship.
    pub name: String,
    /// The lookup column.
    pub column: String,
    /// The table it leads to; `owner` for users and teams together.
    pub table: String,
    /// The navigation property, as it is written before `@odata.bind` and in `$expand`.
    pub navigation: String,
}

/// A lookup of another table that leads here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OneToMany {
    /// Schema name of the relationship.
    pub name: String,
    /// The other table.
    pub table: String,
    /// Its lookup.
    pub column: String,
    /// The collection on this table.
    pub navigation: String,
}

/// Pairs of records of two tables.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ManyToMany {
    /// Schema name of the relationship.
    pub name: String,
    /// The other table.
    pub table: String,
    /// The collection on this table.
    pub navigation: String,
    /// The table that holds the pairs.
    pub pairs: String,
}
