//! Values as people type them, judged by what the table says of its columns, and made into what the Web API takes.

mod choice;
mod complete;
mod digits;
mod error;
mod fill;
mod nested;
mod parties;
mod reference;
mod typed;
mod word;

pub(in crate::dataverse) use choice::{Chosen, offered, one as one_choice};
pub use error::ValueError;
pub(in crate::dataverse) use fill::lookup_as_value;
pub use fill::{Purpose, fill};
pub use reference::{Link, Reference, key_of_words, link};
pub(in crate::dataverse) use typed::json as typed_json;
pub use word::{Value, Word};
