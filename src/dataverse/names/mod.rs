//! The names in a question for rows: whether the table has them, asked before the question is sent.

mod asked;
mod judge;
mod mend;
mod mentions;
mod token;

pub use asked::Asked;
