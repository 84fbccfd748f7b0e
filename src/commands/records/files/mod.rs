//! `files`: files out of a record, into one, and away from one.

mod courier;
mod delete;
mod download;
mod given;
mod upload;
mod word;

pub(super) use courier::Memory;
pub(super) use given::Given;
pub use word::Files;
