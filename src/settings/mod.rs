//! What was meant: flags over environment over defaults, each value once. Nothing here opens anything but a file the user named.

mod bundle;
mod connection_string;
mod connection_string_error;
mod connection_string_phrases;
mod credential;
mod duration;
mod error;
mod federated;
mod given_certificate;
mod given_secret;
mod header;
mod phrases;
mod resolve;
mod text;

pub use bundle::{BUNDLE_LIMIT, GivenBundle, bundle_text_from_file};
pub use connection_string::{ConnectionString, LoginPrompt, Method};
pub use connection_string_error::ConnectionStringError;
pub use connection_string_phrases::CONNECTION_STRING_PHRASES;
pub use credential::{Credential, EnvironmentConnection, chosen_identity};
pub use duration::parse_duration;
pub use error::SettingsError;
pub use federated::{assertion_source, federated_token_file};
pub use given_certificate::{GivenCertificate, certificate_from_environment, certificate_password_from_environment};
pub use given_secret::{
    SecretOrigin, client_secret_from_environment, secret_from_bytes, secret_from_file, secret_from_string_file,
};
pub use header::parse_header_text;
pub use phrases::PHRASES;
pub use resolve::{Changes, Flags, Settings, Target};
pub use text::text_of;
