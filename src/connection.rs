//! A saved connection: what it is called, which organisation it reaches and how it signs in. Never a secret, and no path
//! but one that the user named.

mod binding;
mod flow;
mod standing;

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::problem::{Diagnose, Exit, Phrase, Who};
use crate::tenant::TenantUrl;

pub use binding::{Binding, Difference, Witness};
pub use flow::{AssertionSource, Flow, ManagedIdentity, ResourceIdError};
pub use standing::{Look, Standing};

/// Microsoft's published sample app, the managed app of last resort. It is for development: its documentation asks for
/// an own registration in production. Source: Microsoft Learn, "Use OAuth authentication with Microsoft Dataverse".
pub const SAMPLE_CLIENT_ID: &str = "51f81489-12ee-4a9e-aaae-a2591f45987d";

/// The name under which a connection is saved: 1–64 of ASCII letters, digits, `.`, `_`, `-`, not starting with `-` or `.`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ConnectionName(String);

impl ConnectionName {
    /// Takes `text` as a name.
    ///
    /// # Errors
    /// [`NameError`] when it has another shape.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        let fits = (1..=64).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-'))
            && !text.starts_with(['-', '.']);
        if fits { Ok(Self(text.to_owned())) } else { Err(NameError { name: text.to_owned() }) }
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ConnectionName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for ConnectionName {
    type Error = NameError;

    fn try_from(text: String) -> Result<Self, NameError> {
        Self::parse(&text)
    }
}

impl From<ConnectionName> for String {
    fn from(name: ConnectionName) -> Self {
        name.0
    }
}

/// A text that can't be a connection's name.
#[derive(Debug, Clone, thiserror::Error)]
#[error("`{name}` can't be the name of a connection", name = name.escape_debug())]
pub struct NameError {
    name: String,
}

impl Diagnose for NameError {
    fn phrase(&self) -> &'static Phrase {
        &INVALID_NAME
    }
}

/// Takes `text` as the application (client) id of an app registration, in lower case as Entra writes it.
///
/// # Errors
/// [`ClientIdError`] when it is no GUID: Entra would show its refusal in the browser only.
pub fn client_id_of(text: &str) -> Result<String, ClientIdError> {
    let id = uuid::Uuid::try_parse(text.trim()).map_err(|_| ClientIdError)?;
    Ok(id.hyphenated().to_string())
}

/// A text that can't be the id of an app registration. It is not repeated: it may be the app's secret, pasted by mistake.
#[derive(Debug, Clone, thiserror::Error)]
#[error("the client id is not the id of an app")]
pub struct ClientIdError;

impl Diagnose for ClientIdError {
    fn phrase(&self) -> &'static Phrase {
        &INVALID_CLIENT_ID
    }
}

/// The phrases of this file.
pub const PHRASES: &[&Phrase] = &[&INVALID_NAME, &INVALID_CLIENT_ID, &flow::INVALID_RESOURCE_ID];

static INVALID_CLIENT_ID: Phrase = Phrase {
    code: "connection/invalid-client-id",
    exit: Exit::Usage,
    who: Who::You,
    meaning: "a client id is 32 hexadecimal digits as 8-4-4-4-12; an app's name or its secret is something else",
    remedy: &["copy it from Entra admin center → App registrations → the app → Overview → Application (client) ID"],
};

static INVALID_NAME: Phrase = Phrase {
    code: "connection/invalid-name",
    exit: Exit::Usage,
    who: Who::You,
    meaning: "a name is 1 to 64 letters, digits, `.`, `_` or `-`, and doesn't begin with `-` or `.`",
    remedy: &["choose another name, such as `contoso-prod`", "run `d365conn connections list` to see the names in use"],
};

/// What a connection's secrets are filed under: random, opaque, never changed by a rename.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ConnectionId(uuid::Uuid);

impl ConnectionId {
    /// A new one.
    #[must_use]
    pub fn random() -> Self {
        Self(uuid::Uuid::new_v4())
    }
}

impl fmt::Display for ConnectionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.hyphenated().fmt(f)
    }
}

/// Which app registration signs in: the two cards of the connection screen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum App {
    /// The publisher's app; refresh tokens are bound to the client id that was used.
    Managed {
        /// Application (client) id.
        client_id: String,
    },
    /// The user's own registration.
    Own {
        /// Application (client) id.
        client_id: String,
    },
}

impl App {
    /// The application (client) id.
    #[must_use]
    pub fn client_id(&self) -> &str {
        match self {
            Self::Managed { client_id } | Self::Own { client_id } => client_id,
        }
    }

    /// `managed` or `own`.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Managed { .. } => "managed",
            Self::Own { .. } => "own",
        }
    }
}

/// How Entra sends the answer of a sign-in to the listener.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ResponseMode {
    /// In the body of a POST: the code stays out of the address bar and the history.
    #[default]
    FormPost,
    /// In the query of a GET.
    Query,
}

impl ResponseMode {
    /// The value of the `response_mode` parameter.
    #[must_use]
    pub const fn parameter(self) -> &'static str {
        match self {
            Self::FormPost => "form_post",
            Self::Query => "query",
        }
    }
}

/// Where a connection's secrets are kept. Recorded per connection, never switched silently.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StoreKind {
    /// The operating system's keyring.
    Keyring,
    /// One file, encrypted with a passphrase.
    File,
}

impl StoreKind {
    /// The word of `--store`.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Keyring => "keyring",
            Self::File => "file",
        }
    }

    /// The store in prose.
    #[must_use]
    pub const fn place(self) -> &'static str {
        match self {
            Self::Keyring => "keyring",
            Self::File => "encrypted file",
        }
    }
}

/// Who signed in, and where: what `connections list` shows without asking anybody.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Account {
    /// The sign-in name (`preferred_username`); empty when Entra did not send one.
    pub user: String,
    /// The Entra tenant that owns the organisation (GUID, or a domain given by `--tenant`).
    pub tenant: String,
    /// `OrganizationId` of the organisation, from `WhoAmI`.
    pub organisation_id: String,
    /// `UserId` in the organisation, from `WhoAmI`.
    pub user_id: String,
}

/// A saved connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connection {
    /// What its secrets are filed under.
    pub id: ConnectionId,
    /// What the user calls it.
    pub name: ConnectionName,
    /// The organisation.
    pub tenant_url: TenantUrl,
    /// The app registration.
    pub app: App,
    /// How it signs in.
    pub flow: Flow,
    /// Where its secrets are.
    pub store: StoreKind,
    /// Who signed in.
    pub account: Account,
    /// `--redirect-uri`, for a registration with a fixed one.
    pub redirect_uri: Option<String>,
    /// How the answer of a sign-in is sent.
    pub response_mode: ResponseMode,
    /// Whether `User.Read` of Microsoft Graph is left out.
    pub no_graph: bool,
    /// `--tenant`, when the user overrode what the organisation says.
    pub tenant_override: Option<String>,
    /// A note for people: "production!".
    pub label: Option<String>,
    /// Whether every write is refused.
    pub read_only: bool,
    /// Whether it was made with a client secret, which is then kept with its secrets.
    pub has_client_secret: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_short_plain_words() {
        for good in ["contoso", "contoso-prod", "a.b_c-1", "X"] {
            assert!(ConnectionName::parse(good).is_ok(), "{good}");
        }
        for bad in ["", "-c", ".hidden", "a b", "a/b", "é", "x\n", &"x".repeat(65)] {
            assert!(ConnectionName::parse(bad).is_err(), "{bad}");
        }
    }
}
