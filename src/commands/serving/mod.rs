//! Handing a token to other programs: `token` prints one, `exec` runs a program with one. What they share is how the token
//! is got and how build runners are told to keep it out of their logs. Nothing here asks Dataverse for anything.

mod error;
mod exec;
mod inheritance;
mod lease;
mod masks;
mod phrases;
mod token;

pub use error::ServingError;
pub use exec::Exec;
pub use phrases::PHRASES;
pub use token::Token;
