//! Rows in and out of one organisation, over the Dataverse Web API. It has never heard of refresh tokens, nor of what a
//! row looks like on a screen.

mod body;
mod client;
pub mod codes;
mod count;
mod discovery;
mod encode;
mod error;
mod expand;
mod id;
mod metadata;
mod nearest;
mod page;
mod phrases;
mod query;
mod raw;
mod reader;
mod refusal;
mod rows;
mod tables;
mod whoami;
mod write;

pub use body::Body;
pub use client::{Client, ClientParts};
pub use discovery::{Instance, instances};
pub use error::{DataverseError, Lost};
pub use expand::Expand;
pub use id::RecordId;
pub use metadata::{
    AlternateKey, Catalog, Choice, ColumnDefinition, ColumnKind, Definition, Detail, ManyToMany, ManyToOne, OneToMany,
    Required, TableNames,
};
pub use page::{PageError, Side, Splitter};
pub use phrases::PHRASES;
pub use query::Query;
pub use raw::{Raw, RawAnswer};
pub use refusal::Refusal;
pub use rows::RowStream;
pub use tables::{Table, find_table};
pub use whoami::{Organisation, User, WhoAmI};
pub use write::{Write, Written};
