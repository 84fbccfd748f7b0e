//! The organisation behind the sandbox: records, their values, the rules the platform keeps by itself.

mod files;
mod prices;
mod row;
mod rules;
mod store;
mod value;

pub(crate) use files::{Files, StoredFile, Transfer};
pub(crate) use prices::document_column;
pub(crate) use row::{Changes, Row};
pub(crate) use store::{World, made_id};
pub(crate) use value::{Link, Value, day_of, folded};
