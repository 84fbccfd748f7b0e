//! The tables of the organisation: which there are, and what each is made of.

mod list;
mod parts;
mod show;
mod word;

pub use word::Tables;
