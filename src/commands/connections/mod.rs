//! `connections` and its words, one file each. What they share is what they show of a connection.

mod check;
mod checked;
mod choose;
mod describe;
mod discover;
mod error;
mod export;
mod import;
mod import_string;
mod life;
mod list;
mod moving;
mod rename;
mod set;
mod show;
mod word;

pub use error::{ChangeError, PHRASES};
pub use word::Connections;
