//! d365conn, under construction: the rooms so far.
pub mod auth;
pub mod clock;
pub mod connection;
pub mod dataverse;
pub mod environment;
pub mod net;
pub mod output;
pub mod paths;
pub mod problem;
pub mod record;
pub mod sandbox;
pub mod secret;
pub mod session;
pub mod settings;
pub mod store;
pub mod tenant;
