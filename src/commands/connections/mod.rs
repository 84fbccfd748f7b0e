//! `connections` and its words, one file each. What they share is what they show of a connection.

mod choose;
mod describe;
mod export;
mod import;
mod import_string;
mod list;
mod set;
mod show;
mod word;

pub use word::Connections;
