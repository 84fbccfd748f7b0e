//! Rows in and out of one organisation, over the Dataverse Web API. It has never heard of refresh tokens, nor of what a
//! row looks like on a screen.

mod body;
mod client;
pub mod codes;
mod discovery;
mod encode;
mod error;
mod finding;
mod id;
mod impersonation;
mod manner;
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
mod values;
mod whoami;
mod write;

pub use body::Body;
pub use client::{Client, ClientParts, Rehearsal};
pub use discovery::{Instance, instances};
pub use error::{DataverseError, Lost, is_rehearsal};
pub use finding::key_of_words;
pub use id::RecordId;
pub use manner::Manner;
pub use metadata::{
    AlternateKey, Catalog, Choice, ColumnDefinition, ColumnKind, Definition, Detail, ManyToMany, ManyToOne, OneToMany,
    Required, TableNames,
};
pub use page::{PageError, Side, Splitter};
pub use phrases::{PHRASES, VALUE_PHRASES};
pub use query::Query;
pub use raw::{Raw, RawAnswer};
pub use refusal::Refusal;
pub use rows::RowStream;
pub use tables::{Table, find_table};
pub use values::{Purpose, Reference, ValueError, Word, fill};
pub use whoami::{Organisation, User, WhoAmI};
pub use write::{Only, Write, Written};
