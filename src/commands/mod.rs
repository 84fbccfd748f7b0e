//! The words that may be typed, one file each: what they take, what they show as help, and one `run` that arranges the
//! rooms below. No command knows a protocol.

pub mod action;
pub mod admin_consent;
pub mod api;
pub mod app;
mod auth_flags;
pub mod batch;
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
mod kept;
mod look_alike;
pub mod man;
mod moving_error;
mod moving_phrases;
pub mod naming;
pub mod organisations;
mod other_store;
mod other_way;
mod phrases;
pub mod proxy;
pub mod reconnect;
pub mod records;
mod remains;
pub mod sandbox;
pub mod serving;
mod sign_in_words;
mod signing_in;
mod summary;
pub mod tables;
pub mod version;
pub mod whoami;

pub use error::CommandError;
pub use phrases::{PHRASES, phrasebook};
