//! Several requests in one: operations as a user writes them, the multipart message they travel in, and the verdict that
//! each gets.

mod answers;
mod carried;
mod error;
mod mime;
mod operation;
mod phrases;
mod run;
mod wire;

pub(super) use carried::{carry, unpack};
pub use error::BatchError;
pub use operation::{Operation, operations};
pub use phrases::BATCH_PHRASES;
pub use run::{Course, MOST_OPERATIONS, Outcome, Verdict};
