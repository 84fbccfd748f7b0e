//! Hostile and odd bytes on the wire, against the library's own client. What a user sees of it is tested elsewhere.

mod batch;
mod breaks;
mod counting;
mod files;
mod paging;
mod proxy;
mod refusing;
mod sending;
mod stage;
mod waiting;
mod writing;
