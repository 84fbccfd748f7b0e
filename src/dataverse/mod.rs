//! Rows in and out of one organisation, over the Dataverse Web API. It has never heard of refresh tokens, nor of what a
//! row looks like on a screen.

mod attachments;
mod batch;
mod body;
mod call;
mod callables;
mod client;
pub mod codes;
mod count;
pub mod crm;
mod discovery;
mod encode;
mod error;
mod expand;
mod file_error;
mod file_name;
mod finding;
mod id;
mod impersonation;
mod manner;
mod metadata;
mod mime_type;
mod nearest;
mod outcome;
mod owners;
mod page;
mod phrases;
mod query;
mod raw;
mod reader;
mod reasons;
mod refusal;
mod relating;
mod rows;
mod tables;
mod values;
mod verb_error;
mod whoami;
mod write;

pub use attachments::Attachment;
pub use batch::{BATCH_PHRASES, BatchError, Course, MOST_OPERATIONS, Operation, Outcome, Verdict, operations};
pub use body::Body;
pub use call::{Arguments, Bound, Call};
pub use callables::{Callable, CallableError, Callables, Given, Parameter};
pub use client::{Client, ClientParts, Rehearsal};
pub use discovery::{Instance, instances};
pub use error::{DataverseError, Lost, is_rehearsal};
pub use expand::Expand;
pub use file_error::{FILE_PHRASES, FileError};
pub use file_name::safe_file_name;
pub use finding::key_of_words;
pub use id::RecordId;
pub use manner::Manner;
pub use metadata::{
    AlternateKey, Catalog, Choice, ColumnDefinition, ColumnKind, Definition, Detail, ManyToMany, ManyToOne, OneToMany,
    Required, TableNames,
};
pub use mime_type::mime_type;
pub use outcome::{Made, answer_records, made_records};
pub use owners::Owner;
pub use page::{PageError, Side, Splitter};
pub use phrases::{PHRASES, VALUE_PHRASES};
pub use query::Query;
pub use raw::{Raw, RawAnswer};
pub use refusal::Refusal;
pub use relating::{Other, Relationship};
pub use rows::RowStream;
pub use tables::{Table, find_table};
pub use values::{Purpose, Reference, ValueError, Word, fill};
pub use verb_error::VerbError;
pub use whoami::{Organisation, User, WhoAmI};
pub use write::{Only, Write, Written};
