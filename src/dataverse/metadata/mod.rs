//! What an organisation says about its tables: names, columns, choices, keys, relationships. Asked for once, kept in memory
//! and on disk. No record is read here.

mod ask;
mod catalog;
mod column;
mod definition;
mod parse;
mod paths;
mod relationship;
mod sent;

pub use catalog::Catalog;
pub use column::{Choice, ColumnDefinition, ColumnKind, Detail, Required};
pub use definition::{AlternateKey, Definition, TableNames};
pub use relationship::{ManyToMany, ManyToOne, OneToMany};
