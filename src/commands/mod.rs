//! The words that may be typed, one file each: what they take, what they show as help, and one `run` that arranges the
//! rooms below. No command knows a protocol.

pub mod browser_flags;
pub mod client_secret;
pub mod completions;
pub mod connect;
pub mod connections;
pub mod demo;
pub mod disconnect;
pub mod doctor;
mod error;
pub mod explain;
mod forgetting;
mod keeping;
pub mod man;
mod phrases;
pub mod reconnect;
pub mod records;
pub mod sandbox;
mod sign_in_words;
mod signing_in;
mod summary;
pub mod version;
pub mod whoami;

pub use error::CommandError;
pub use phrases::{PHRASES, phrasebook};
