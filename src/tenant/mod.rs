//! The organisation's address and the clouds it may live in: pure values, judged offline. No I/O of any kind here.

mod cloud;
mod discovery;
mod error;
mod foreign;
mod judge;
mod mend;
mod phrases;
mod url;

pub use cloud::{CLOUDS, Cloud, SANDBOX};
pub use discovery::Discovery;
pub use error::TenantError;
pub use phrases::PHRASES;
pub use url::{Parsed, Repair, TenantUrl};
