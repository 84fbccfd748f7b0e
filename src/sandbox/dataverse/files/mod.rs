//! Files and pictures in columns of records: up and down, whole and in pieces. Files inside notes are known elsewhere, but
//! for those that come and go in blocks.

mod blocks;
mod column;
mod limits;
mod range;
mod ranges;

#[cfg(test)]
mod tests;

pub(super) use blocks::perform;
pub(super) use column::answer;
pub(super) use limits::{check_image, check_note};
