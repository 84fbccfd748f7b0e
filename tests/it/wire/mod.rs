//! Hostile and odd bytes on the wire, against the library's own client; in `whole` against commands. What a user sees else is
//! tested elsewhere.

mod batch;
mod breaks;
mod counting;
mod days;
mod dripping;
mod files;
mod hostile;
mod outbound_proxy;
mod paging;
mod proxy;
mod refusing;
mod reported;
mod sending;
mod stage;
mod waiting;
mod whole;
mod writing;
