//! A reverse proxy on the loopback interface that adds the bearer, so that a program which knows HTTP and no OAuth can
//! reach the organisation. How a token is made is not known here.

mod ending;
mod error;
mod flat;
mod forward;
mod gather;
mod headers;
mod judge;
mod links;
mod passage;
mod phrases;
mod refusal;
mod scope;
mod seats;
mod server;

pub use ending::Ending;
pub use error::ProxyError;
pub use phrases::PHRASES;
pub use refusal::Refusal;
pub use scope::Scope;
pub use server::{Options, Proxy};
