//! Why the Azure CLI gave no token, with the facts of it. Never a token.

use crate::auth::{aadsts, machine_phrases as says};
use crate::child::ChildError;
use crate::problem::{Diagnose, Phrase};

/// The id under which Entra knows the Azure CLI, the same everywhere.
const CLIENT_ID: &str = "04b07795-8ddb-461a-bbee-02f9e1bf7b46";

/// No token from the Azure CLI.
#[derive(Debug, thiserror::Error)]
pub enum AzureCliError {
    /// It is not installed, or does not start.
    #[error("the Azure CLI can't be asked")]
    Missing(#[source] ChildError),
    /// It did not answer in time.
    #[error("the Azure CLI did not answer")]
    TooSlow(#[source] ChildError),
    /// Nobody is signed in to it.
    #[error("nobody is signed in to the Azure CLI")]
    SignedOut {
        /// The organisation's address.
        tenant_url: String,
        /// The organisation's tenant.
        tenant: String,
    },
    /// Entra refused it.
    #[error("Entra refused the Azure CLI: {}", title(*code, text))]
    Refused {
        /// The number after `AADSTS`.
        code: u32,
        /// Its words, cut.
        text: String,
        /// The organisation's address.
        tenant_url: String,
        /// The organisation's tenant.
        tenant: String,
    },
    /// Entra asks it for a pause.
    #[error("the Azure CLI is asked for fewer requests: {text}")]
    Busy {
        /// Its words, cut.
        text: String,
    },
    /// It has no network.
    #[error("the Azure CLI reaches nobody: {text}")]
    Unreachable {
        /// Its words, cut.
        text: String,
    },
    /// Anything else.
    #[error("the Azure CLI failed{}", reason(text))]
    Failed {
        /// Its words, cut.
        text: String,
        /// The organisation's address.
        tenant_url: String,
    },
}

impl Diagnose for AzureCliError {
    fn phrase(&self) -> &'static Phrase {
        match self {
            Self::Missing(_) => &says::AZ_MISSING,
            Self::TooSlow(_) => &says::AZ_TOO_SLOW,
            Self::SignedOut { .. } => &says::AZ_SIGNED_OUT,
            Self::Refused { code, .. } => match aadsts::find(*code).map(|row| row.phrase) {
                // Whatever ends a session ends it in the Azure CLI, and is mended there.
                Some(phrase) if says::ENDS_OF_A_SESSION.contains(&phrase.code) => &says::AZ_SIGNED_OUT,
                Some(phrase) => phrase,
                None => &says::AZ_FAILED,
            },
            Self::Busy { .. } => &says::AZ_BUSY,
            Self::Unreachable { .. } => &says::AZ_UNREACHABLE,
            Self::Failed { .. } => &says::AZ_FAILED,
        }
    }

    fn facts(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::Missing(_) | Self::TooSlow(_) | Self::Busy { .. } | Self::Unreachable { .. } => Vec::new(),
            Self::SignedOut { tenant_url, tenant } => {
                vec![("tenant_url", tenant_url.clone()), ("tenant", tenant.clone())]
            }
            Self::Refused { tenant_url, tenant, .. } => vec![
                ("tenant_url", tenant_url.clone()),
                ("tenant", tenant.clone()),
                ("client_id", CLIENT_ID.to_owned()),
                ("login_host", "login.microsoftonline.com".to_owned()),
            ],
            Self::Failed { tenant_url, .. } => vec![("tenant_url", tenant_url.clone())],
        }
    }

    fn service_code(&self) -> Option<String> {
        match self {
            Self::Refused { code, .. } => Some(format!("AADSTS{code}")),
            _ => None,
        }
    }
}

impl AzureCliError {
    /// Whether only a person at the Azure CLI can help.
    pub(in crate::auth) fn is_signed_out(&self) -> bool {
        self.phrase().is(&says::AZ_SIGNED_OUT)
    }
}

fn title(code: u32, text: &str) -> String {
    aadsts::find(code).map_or_else(|| text.to_owned(), |row| row.title.to_owned())
}

fn reason(text: &str) -> String {
    if text.is_empty() { String::new() } else { format!(": {text}") }
}
