//! Rows of tables, under the nouns people use: `accounts`, `contacts`, … and `records TABLE` for every other table.

mod add_note;
mod assign;
mod cells;
mod columns;
mod count;
mod create;
mod delete;
mod delete_many;
mod files;
mod get;
mod link;
mod list;
mod manner;
mod many_error;
mod noun;
mod nouns;
mod open;
mod opened;
mod own;
mod showing;
mod unlink;
mod update;
mod upsert;
mod values;
mod verbs;
mod which;
mod writing;

pub(super) use cells::Cells;
pub use many_error::MANY_PHRASES;
pub use noun::Noun;
pub use nouns::NOUNS;
pub use own::OwnVerb;
pub use showing::{Limit, columns_of, peek, resolved, show};
pub use verbs::{Place, Records, Verb};
pub(super) use which::sure;
