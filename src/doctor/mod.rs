//! Examining a connection, link by link, and explaining codes. Every finding ends in a phrase.

mod checks;
mod examine;
mod explain;
mod finding;

pub use examine::{OutOfTime, PHRASES, Scope, Subject, examine};
pub use explain::{Explanation, explain, explain_all};
pub use finding::{CHECKS, Examination, Finding, Verdict};
