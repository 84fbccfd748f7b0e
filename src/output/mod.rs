//! Bytes to the user: the screen, the formats of rows and objects, problems as people and programs read them. It has
//! never heard of HTTP.

mod csv;
mod error;
mod fields;
mod filter;
mod filtered;
mod formula;
mod id;
mod json;
mod layout;
#[cfg(unix)]
mod line;
mod lines;
mod lookup;
mod ndjson;
mod phrases;
pub mod problem;
mod progress;
pub mod prompt;
mod question;
mod rows;
mod screen;
mod standard;
mod style;
mod table;
pub mod term;
mod tsv;

pub use error::OutputError;
pub use fields::{object, objects};
pub use filter::Filter;
pub use filtered::passed;
pub use formula::{guarded, is_formula_like, unguarded};
pub use lines::Lines;
pub use phrases::PHRASES;
pub use progress::Progress;
pub use rows::{Column, Format, RowSink, SinkOptions, sink};
pub use screen::{Captured, ColorChoice, Screen, ScreenOptions, Stdio, Terminals, tell_of_panic};
pub use standard::{StandardInput, StandardOutput};
pub use style::Style;
