//! Why a machine's identity gave no token, with the facts of it. Never the token, the header or the key.

use crate::auth::{aadsts, machine_phrases as says};
use crate::connection::ManagedIdentity;
use crate::net::NetError;
use crate::paths::PathError;
use crate::problem::{Diagnose, Phrase};

/// A machine without a token.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// Nobody answers there, or somebody else does.
    #[error("there is no managed identity here: {looked_for} does not answer as Azure does")]
    Absent {
        /// Service and place, and why that one.
        looked_for: String,
        /// What the system said, if nobody answered.
        #[source]
        cause: Option<Box<NetError>>,
    },
    /// The address in the environment leads away from the machine. Nothing was sent to it.
    #[error("{variable} leads to {address}, which is not on this machine")]
    ForeignEndpoint {
        /// The variable.
        variable: &'static str,
        /// Scheme and host in it.
        address: String,
    },
    /// The service has an identity, in a way that is not spoken here.
    #[error("the managed identity of {service} is had in another way")]
    Unserved {
        /// The service.
        service: &'static str,
    },
    /// One identity was chosen where there is no choice.
    #[error("{service} does not offer the choice of an identity")]
    OnlyOne {
        /// The service.
        service: &'static str,
    },
    /// Several, and none was chosen.
    #[error("{service} has several identities for this machine, and none was chosen")]
    Several {
        /// The service.
        service: &'static str,
    },
    /// None, or none of that name.
    #[error("{service} has no such identity for this machine{}", named(identity))]
    NoIdentity {
        /// The service.
        service: &'static str,
        /// The one that was asked for.
        identity: ManagedIdentity,
    },
    /// The header of the environment is not the endpoint's.
    #[error("{service} does not accept what proves that the request comes from this machine")]
    HeaderRefused {
        /// The service.
        service: &'static str,
    },
    /// The agent of Azure Arc names no key of its own.
    #[error("the challenge of Azure Arc names no key of its agent")]
    OddChallenge,
    /// The agent's key may not be read.
    #[error("the key of Azure Arc at {path} can't be read")]
    KeyUnreadable {
        /// Where it is.
        path: String,
        /// What the system said.
        #[source]
        cause: PathError,
    },
    /// It answers, again and again, that it can't.
    #[error("{service} at {host} is out of order (status {status})")]
    OutOfOrder {
        /// The host.
        host: String,
        /// The service.
        service: &'static str,
        /// The HTTP status.
        status: u16,
    },
    /// Any other refusal.
    #[error("{service} refused a token (status {status}){}", reason(text))]
    Refused {
        /// The service.
        service: &'static str,
        /// The HTTP status.
        status: u16,
        /// Its words, cut.
        text: String,
        /// The AADSTS number in it.
        code: Option<u32>,
        /// The organisation's address.
        tenant_url: String,
    },
}

impl Diagnose for IdentityError {
    fn phrase(&self) -> &'static Phrase {
        match self {
            Self::Absent { .. } => &says::IDENTITY_ABSENT,
            Self::ForeignEndpoint { .. } => &says::IDENTITY_ENDPOINT_FOREIGN,
            Self::Unserved { .. } => &says::IDENTITY_SERVICE_UNSERVED,
            Self::OnlyOne { .. } => &says::IDENTITY_IS_THE_ONLY_ONE,
            Self::Several { .. } => &says::IDENTITIES_SEVERAL,
            Self::NoIdentity { .. } => &says::IDENTITY_UNKNOWN,
            Self::HeaderRefused { .. } => &says::IDENTITY_HEADER_REFUSED,
            Self::OddChallenge => &says::ARC_CHALLENGE,
            Self::KeyUnreadable { .. } => &says::ARC_KEY,
            Self::OutOfOrder { .. } => &says::IDENTITY_OUT_OF_ORDER,
            Self::Refused { code, .. } => code.and_then(aadsts::find).map_or(&says::IDENTITY_REFUSED, |row| row.phrase),
        }
    }

    fn facts(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::Absent { looked_for, .. } => vec![("looked_for", looked_for.clone())],
            Self::ForeignEndpoint { variable, .. } => vec![("variable", (*variable).to_owned())],
            Self::Unserved { service }
            | Self::OnlyOne { service }
            | Self::Several { service }
            | Self::HeaderRefused { service } => vec![("service", (*service).to_owned())],
            Self::NoIdentity { service, identity } => {
                let id = id_of(identity).map(|id| ("identity", id.to_owned()));
                [("service", (*service).to_owned())].into_iter().chain(id).collect()
            }
            Self::OddChallenge => Vec::new(),
            Self::KeyUnreadable { path, .. } => vec![("path", path.clone())],
            Self::OutOfOrder { service, status, .. } => {
                vec![("service", (*service).to_owned()), ("status", status.to_string())]
            }
            Self::Refused { service, status, tenant_url, .. } => vec![
                ("service", (*service).to_owned()),
                ("status", status.to_string()),
                ("tenant_url", tenant_url.clone()),
            ],
        }
    }

    fn service_code(&self) -> Option<String> {
        match self {
            Self::Refused { code, .. } => code.map(|code| format!("AADSTS{code}")),
            _ => None,
        }
    }
}

impl IdentityError {
    /// Whether the same request will be refused again, however often it is sent.
    pub(in crate::auth) fn is_final(&self) -> bool {
        matches!(self, Self::NoIdentity { .. } | Self::Several { .. })
    }
}

fn id_of(identity: &ManagedIdentity) -> Option<&str> {
    match identity {
        ManagedIdentity::System => None,
        ManagedIdentity::ClientId(id) | ManagedIdentity::ObjectId(id) | ManagedIdentity::ResourceId(id) => Some(id),
    }
}

fn named(identity: &ManagedIdentity) -> String {
    id_of(identity).map_or_else(String::new, |id| format!(": {id}"))
}

fn reason(text: &str) -> String {
    if text.is_empty() { String::new() } else { format!(": {text}") }
}
