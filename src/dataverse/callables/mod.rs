//! The actions and functions that an organisation has, read from its `$metadata`, and how what was typed becomes their
//! parameters. Which of them a verb of the CRM uses is known elsewhere.

mod arguments;
mod ask;
mod csdl;
mod declared;
mod error;
pub(super) mod phrases;
mod typed;

pub use arguments::Given;
pub use declared::{Callable, Callables, Parameter};
pub use error::CallableError;
