//! d365conn, under construction: the rooms so far.
pub mod clock;
pub mod environment;
pub mod problem;
pub mod record;
pub mod secret;
pub mod tenant;
