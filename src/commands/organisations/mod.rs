//! Finding organisations and connecting to them: which there are, which one is wanted, and with whose sign-in. The words
//! that lead here are `connect` and `connections discover`; no protocol is known here.

mod choice;
mod cloud_flag;
mod error;
mod found;
mod lender;
mod listed;
mod sharing;

pub use choice::{choose, must_choose};
pub use cloud_flag::cloud;
pub use error::{ORGANISATIONS_PHRASES, OrganisationsError};
pub use found::{Found, find, find_in_browser};
pub use lender::{discovery_for, lender_in};
pub use listed::{KEYS, Listed, TABLE_KEYS, listed};
pub use sharing::{connect_chosen, connect_sharing, lend, mended, store_beside, tell_of_browser, with_settings_of};
