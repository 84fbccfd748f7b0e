//! Actions and functions: what the service does beyond rows, and what the demo company added. Rows are written elsewhere.

mod cases;
mod custom;
mod declared;
mod documents;
mod given;
mod merging;
mod perform;
mod sales;
mod states;
mod teams;

#[cfg(test)]
mod tests;

pub(super) use declared::{OPERATIONS, Operation, RESULTS};
pub(super) use given::{Given, payload};
pub(super) use perform::{bound, unbound};
