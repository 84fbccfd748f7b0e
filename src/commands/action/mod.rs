//! `action`: any action or function of the organisation, built-in or custom: which there are, what they take, and doing them.

mod list;
mod run;
mod show;
mod told;
mod word;

pub use word::Action;
