//! What was meant: flags over environment over defaults, each value once. Nothing here opens anything but a file the user named.

mod credential;
mod duration;
mod error;
mod phrases;
mod resolve;

pub use credential::{
    Credential, EnvironmentConnection, SecretOrigin, client_secret_from_environment, secret_from_bytes,
    secret_from_file,
};
pub use duration::parse_duration;
pub use error::SettingsError;
pub use phrases::PHRASES;
pub use resolve::{Flags, Settings, Target};
