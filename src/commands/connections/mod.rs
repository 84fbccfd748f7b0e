//! `connections` and its words, one file each. What they share is what they show of a connection.

mod choose;
mod describe;
mod discover;
mod list;
mod set;
mod show;
mod word;

pub use word::Connections;
