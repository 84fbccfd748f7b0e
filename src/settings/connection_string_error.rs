//! What can be wrong with a connection string, or keeps one from being used. Never a piece of its text, which may be a
//! password; what to do about it is in `connection_string_phrases.rs`.

use crate::problem::{Diagnose, Phrase};
use crate::settings::connection_string_phrases as phrases;

/// A connection string that can't be used. Parts are counted from 1.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the fields are the facts that the text of each variant names")]
pub enum ConnectionStringError {
    /// Nothing but blanks.
    #[error("the connection string is empty")]
    Empty,
    /// Not `Name=value;Name=value`.
    #[error("part {part} of the connection string can't be read: {reason}")]
    Unreadable { part: usize, reason: &'static str },
    /// A name that XRM tooling doesn't know.
    #[error("part {part} of the connection string has a name that is not known")]
    UnknownPart { part: usize },
    /// A part that is there twice, perhaps under two names.
    #[error("part {part} of the connection string says `{name}` once more")]
    Twice { part: usize, name: &'static str },
    /// A part that is needed.
    #[error("the connection string has no `{name}`")]
    Missing { name: &'static str },
    /// A kind of sign-in that is none.
    #[error("the `AuthType` of the connection string is not known")]
    UnknownAuthType,
    /// A `LoginPrompt` that is none.
    #[error("the `LoginPrompt` of the connection string is not known")]
    UnknownLoginPrompt,
    /// A sign-in with a user's password.
    #[error("the connection string signs in with a user's password ({auth_type})")]
    SignInRetired { auth_type: &'static str, tenant_url: Option<String> },
    /// An application with a certificate.
    #[error("the connection string signs in an application with a certificate from the store of Windows")]
    CertificateNotSaved { tenant_url: String, client_id: String },
}

impl Diagnose for ConnectionStringError {
    fn phrase(&self) -> &'static Phrase {
        match self {
            Self::Empty => &phrases::EMPTY,
            Self::Unreadable { .. } => &phrases::UNREADABLE,
            Self::UnknownPart { .. } => &phrases::UNKNOWN_PART,
            Self::Twice { .. } => &phrases::TWICE,
            Self::Missing { .. } => &phrases::INCOMPLETE,
            Self::UnknownAuthType => &phrases::UNKNOWN_AUTH_TYPE,
            Self::UnknownLoginPrompt => &phrases::UNKNOWN_LOGIN_PROMPT,
            Self::SignInRetired { .. } => &phrases::PASSWORD,
            Self::CertificateNotSaved { .. } => &phrases::CERTIFICATE,
        }
    }

    fn facts(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::Unreadable { part, .. } | Self::UnknownPart { part } => vec![("part", part.to_string())],
            Self::Twice { part, name } => vec![("part", part.to_string()), ("name", (*name).to_owned())],
            Self::Missing { name } => vec![("name", (*name).to_owned())],
            Self::SignInRetired { tenant_url, .. } => {
                // Where the address could not be read either, a pattern stands for it.
                let address = tenant_url.clone().unwrap_or_else(|| "https://ORG.crm.dynamics.com".to_owned());
                vec![("tenant_url", address)]
            }
            Self::CertificateNotSaved { tenant_url, client_id } => {
                vec![("tenant_url", tenant_url.clone()), ("client_id", client_id.clone())]
            }
            Self::Empty | Self::UnknownAuthType | Self::UnknownLoginPrompt => Vec::new(),
        }
    }
}
