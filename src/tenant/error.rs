//! Why an address was refused. It holds the part at fault and never the whole text, which may carry a password before an
//! `@` or a token in a query.

use crate::problem::{Diagnose, Phrase};
use crate::tenant::foreign::Product;
use crate::tenant::phrases;

/// A text that is not an organisation's address: which part is wrong, and the repaired address where there is one.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{mistake}")]
pub struct TenantError {
    mistake: Mistake,
    suggestion: Option<String>,
}

impl TenantError {
    pub(super) fn new(mistake: Mistake, suggestion: Option<String>) -> Self {
        Self { mistake, suggestion }
    }

    /// The address that was probably meant. It is offered to the user, never used unasked.
    #[must_use]
    pub fn suggestion(&self) -> Option<&str> {
        self.suggestion.as_deref()
    }
}

/// The part of an address that is wrong. Hosts are lower-case ASCII.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Mistake {
    #[error("the organisation address names no host")]
    NoHost,
    #[error("the address holds the control character {character}")]
    ControlCharacter { character: String },
    #[error("the address holds {character}, which is not an ASCII character")]
    NotAscii { character: String },
    #[error("the host holds the encoded label `{label}`")]
    Punycode { label: String },
    #[error("the address holds a backslash")]
    Backslash,
    #[error("the address begins with `{scheme}` instead of `https://`")]
    Scheme { scheme: String },
    #[error("the address begins with `http://` instead of `https://`")]
    Http { host: String },
    #[error("the address holds user information before an `@`, and leads to `{host}`")]
    UserInformation { host: String },
    #[error("the host is percent-encoded")]
    PercentEncoded,
    #[error("the address goes on with `:{port}` after the host")]
    Port { port: String, host: String },
    #[error("the host `{host}` is an IP address")]
    IpAddress { host: String },
    #[error("the host `{host}` is this machine's name for itself")]
    Localhost { host: String },
    #[error("the sandbox's address lacks a usable port")]
    SandboxPort,
    #[error("the sandbox's address goes on after its port")]
    SandboxPath,
    #[error("the host `{host}` ends with a dot")]
    TrailingDot { host: String },
    #[error("the host has an empty label between two dots")]
    EmptyLabel,
    #[error("the host is {length} characters long")]
    LongHost { length: usize },
    #[error("a label of the host is {length} characters long")]
    LongLabel { length: usize },
    #[error("the host holds `{character}`")]
    HostCharacter { character: char },
    #[error("the label `{label}` of the host begins or ends with a hyphen")]
    Hyphen { label: String },
    #[error("the host `{host}` has {count} labels before the region")]
    ExtraLabel { host: String, count: usize },
    #[error("the host `{host}` lacks the organisation's name or its region")]
    Incomplete { host: String },
    #[error("`{host}` is not an organisation: Microsoft keeps `{label}` for a service of its own")]
    ServiceLabel { host: String, label: String },
    #[error("the host `{host}` only looks like an organisation's")]
    LookAlike { host: String },
    #[error("the host `{host}` is in no cloud with Dynamics 365 organisations")]
    UnknownHost { host: String },
    #[error("the host `{host}` belongs to the German sovereign cloud")]
    RetiredCloud { host: String },
    #[error("the host `{host}` belongs to {}", product.name())]
    OtherProduct { product: Product, host: String, environment: Option<String> },
    #[error("`{id}` is an id and no address")]
    IdAlone { id: String },
    #[error("`{domain}` is a domain and no organisation's address")]
    Domain { domain: String },
    #[error("an e-mail address of `{domain}` is no organisation's address")]
    Email { domain: String },
    #[error("`{name}` is a name and no address")]
    BareName { name: String },
}

impl Diagnose for TenantError {
    fn phrase(&self) -> &'static Phrase {
        match &self.mistake {
            Mistake::NoHost => &phrases::NO_HOST,
            Mistake::ControlCharacter { .. } => &phrases::CONTROL_CHARACTER,
            Mistake::NotAscii { .. } => &phrases::NOT_ASCII,
            Mistake::Punycode { .. } => &phrases::PUNYCODE,
            Mistake::Backslash => &phrases::BACKSLASH,
            Mistake::Scheme { .. } => &phrases::SCHEME,
            Mistake::Http { .. } => &phrases::HTTP,
            Mistake::UserInformation { .. } => &phrases::USER_INFORMATION,
            Mistake::PercentEncoded => &phrases::PERCENT_ENCODED,
            Mistake::Port { .. } => &phrases::PORT,
            Mistake::IpAddress { .. } => &phrases::IP_ADDRESS,
            Mistake::Localhost { .. } => &phrases::LOCALHOST,
            Mistake::SandboxPort => &phrases::SANDBOX_PORT,
            Mistake::SandboxPath => &phrases::SANDBOX_PATH,
            Mistake::TrailingDot { .. } => &phrases::TRAILING_DOT,
            Mistake::EmptyLabel => &phrases::EMPTY_LABEL,
            Mistake::LongHost { .. } | Mistake::LongLabel { .. } => &phrases::TOO_LONG,
            Mistake::HostCharacter { .. } | Mistake::Hyphen { .. } => &phrases::HOST_CHARACTER,
            Mistake::ExtraLabel { .. } => &phrases::EXTRA_LABEL,
            Mistake::Incomplete { .. } => &phrases::INCOMPLETE_HOST,
            Mistake::ServiceLabel { .. } => &phrases::SERVICE_HOST,
            Mistake::LookAlike { .. } => &phrases::LOOK_ALIKE,
            Mistake::UnknownHost { .. } => &phrases::UNKNOWN_HOST,
            Mistake::RetiredCloud { .. } => &phrases::RETIRED_CLOUD,
            Mistake::OtherProduct { product, .. } => phrases::of_product(*product),
            Mistake::IdAlone { .. } => &phrases::ID_ALONE,
            Mistake::Domain { .. } | Mistake::Email { .. } => &phrases::DOMAIN,
            Mistake::BareName { .. } => &phrases::BARE_NAME,
        }
    }

    fn facts(&self) -> Vec<(&'static str, String)> {
        let mut facts = match &self.mistake {
            Mistake::NoHost
            | Mistake::Backslash
            | Mistake::PercentEncoded
            | Mistake::SandboxPort
            | Mistake::SandboxPath
            | Mistake::EmptyLabel => vec![],
            Mistake::ControlCharacter { character } | Mistake::NotAscii { character } => {
                vec![("character", character.clone())]
            }
            Mistake::HostCharacter { character } => vec![("character", character.to_string())],
            Mistake::Punycode { label } | Mistake::Hyphen { label } => vec![("label", label.clone())],
            Mistake::Scheme { scheme } => vec![("scheme", scheme.clone())],
            Mistake::Port { port, host } => vec![("port", port.clone()), ("host", host.clone())],
            Mistake::LongHost { length } | Mistake::LongLabel { length } => vec![("length", length.to_string())],
            Mistake::Http { host }
            | Mistake::UserInformation { host }
            | Mistake::IpAddress { host }
            | Mistake::Localhost { host }
            | Mistake::TrailingDot { host }
            | Mistake::ExtraLabel { host, .. }
            | Mistake::Incomplete { host }
            | Mistake::LookAlike { host }
            | Mistake::UnknownHost { host }
            | Mistake::RetiredCloud { host } => vec![("host", host.clone())],
            Mistake::ServiceLabel { host, label } => vec![("host", host.clone()), ("label", label.clone())],
            Mistake::OtherProduct { host, environment, .. } => {
                let mut facts = vec![("host", host.clone())];
                facts.extend(environment.clone().map(|environment| ("environment", environment)));
                facts
            }
            Mistake::IdAlone { id } => vec![("id", id.clone())],
            Mistake::Domain { domain } | Mistake::Email { domain } => vec![("domain", domain.clone())],
            Mistake::BareName { name } => vec![("name", name.clone())],
        };
        facts.extend(self.suggestion.clone().map(|suggestion| ("suggestion", suggestion)));
        facts
    }
}
