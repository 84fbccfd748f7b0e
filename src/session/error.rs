//! What can go wrong between a connection and its token, beyond what Entra and the stores say themselves.

use crate::auth::AuthError;
use crate::connection::{Connection, Flow};
use crate::problem::{Diagnose, Phrase};
use crate::session::phrases;

/// A connection that has no valid token and can't get one.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    /// The store has nothing under this connection.
    #[error("the secrets of connection `{connection}` are gone from the {store}")]
    SecretsGone {
        /// The connection.
        connection: String,
        /// Where they should be.
        store: &'static str,
    },
    /// Entra gave no refresh token, and the access token has ended.
    #[error("connection `{connection}` has no refresh token, and its access token has ended")]
    NoRefreshToken {
        /// The connection.
        connection: String,
        /// Whether its user signs in with a code on another device: nothing can be asked of that page.
        is_by_code: bool,
    },
    /// A token from outside was refused by the organisation.
    #[error("the organisation refused the access token")]
    TokenRejected,
    /// The user who signed in again is another one.
    #[error("`{found}` signed in, but connection `{connection}` belongs to `{expected}`")]
    OtherUser {
        /// The connection.
        connection: String,
        /// Whose it is.
        expected: String,
        /// Who came.
        found: String,
    },
    /// A name that another organisation's connection has already.
    #[error("connection `{connection}` exists already, for {other}")]
    NameTaken {
        /// The name.
        connection: String,
        /// The other organisation.
        other: String,
    },
    /// Another process was signing in under the same name for too long.
    #[error("{} was still signing in to `{connection}` after {seconds} s", process(*pid))]
    SignInElsewhere {
        /// The connection.
        connection: String,
        /// Who it is, if it said.
        pid: Option<u32>,
        /// How long was waited.
        seconds: u64,
    },
    /// Another command changed the connection while its user was in the browser.
    #[error("connection `{connection}` was {change} while the sign-in was under way")]
    Overtaken {
        /// The connection.
        connection: String,
        /// What became of it.
        change: &'static str,
        /// Its organisation.
        tenant_url: String,
    },
    /// Another command let the connection go while this one was under way.
    #[error("connection `{connection}` was disconnected while this command ran")]
    Disconnected {
        /// The connection.
        connection: String,
        /// Its organisation.
        tenant_url: String,
    },
    /// The organisation's users sign in at another tenant than the one that a kept secret was made for.
    #[error(
        "what is kept for connection `{connection}` was made for tenant {made_for}, and users of {tenant_url} sign in at {found}"
    )]
    OtherTenant {
        /// The connection.
        connection: String,
        /// Its organisation.
        tenant_url: String,
        /// The tenant it was made for.
        made_for: String,
        /// Where its users sign in now.
        found: String,
    },
    /// The Azure CLI is signed in as somebody else than it was.
    #[error("the Azure CLI is signed in as {found}, and connection `{connection}` was made for {expected}")]
    LentByAnother {
        /// The connection.
        connection: String,
        /// Who it was made for.
        expected: String,
        /// Who is there now.
        found: String,
    },
    /// Whoever gives out the tokens did not come to an end, and others wait for the connection.
    #[error("the token of connection `{connection}` was not renewed within {seconds} s")]
    RenewalTooSlow {
        /// The connection.
        connection: String,
        /// How long was waited.
        seconds: u64,
    },
    /// The time for the whole command is over.
    #[error("the sign-in was not finished within the {} of `--wait`", seconds(*waited))]
    WaitOver {
        /// What was typed.
        waited: std::time::Duration,
        /// The same sign-in as a command.
        again: String,
    },
    /// Entra has no use for the refresh token that the environment gives.
    #[error("Entra does not accept the refresh token in {variable}")]
    GivenTokenRefused {
        /// The variable that holds it.
        variable: &'static str,
        /// Entra's words.
        #[source]
        cause: Box<AuthError>,
    },
    /// The store has nothing under a connection that needs its app's secret to sign in again.
    #[error("the client secret of connection `{connection}` is gone from the {store}")]
    ClientSecretGone {
        /// The connection.
        connection: String,
        /// Where it should be.
        store: &'static str,
    },
}

impl SessionError {
    /// That a connection whose user signed in has no refresh token.
    pub(super) fn no_refresh_token(connection: &Connection) -> Self {
        let is_by_code = connection.flow == Flow::Device;
        Self::NoRefreshToken { connection: connection.name.to_string(), is_by_code }
    }
}

fn seconds(duration: std::time::Duration) -> String {
    format!("{} s", duration.as_secs())
}

fn process(pid: Option<u32>) -> String {
    pid.map_or_else(|| "another process".to_owned(), |pid| format!("process {pid}"))
}

impl Diagnose for SessionError {
    fn phrase(&self) -> &'static Phrase {
        match self {
            Self::SecretsGone { .. } => &phrases::SECRETS_GONE,
            Self::NoRefreshToken { .. } => &phrases::NO_REFRESH_TOKEN,
            Self::TokenRejected => &phrases::TOKEN_REJECTED,
            Self::OtherUser { .. } => &phrases::OTHER_USER,
            Self::LentByAnother { .. } => &phrases::LENT_BY_ANOTHER,
            Self::NameTaken { .. } => &phrases::NAME_TAKEN,
            Self::SignInElsewhere { .. } => &phrases::SIGN_IN_ELSEWHERE,
            Self::Overtaken { .. } => &phrases::OVERTAKEN,
            Self::Disconnected { .. } => &phrases::DISCONNECTED,
            Self::OtherTenant { .. } => &phrases::OTHER_TENANT,
            Self::ClientSecretGone { .. } => &phrases::CLIENT_SECRET_GONE,
            Self::RenewalTooSlow { .. } => &phrases::RENEWAL_TOO_SLOW,
            Self::WaitOver { .. } => &phrases::WAIT_OVER,
            Self::GivenTokenRefused { .. } => &phrases::GIVEN_TOKEN_REFUSED,
        }
    }

    fn facts(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::SecretsGone { connection, store } | Self::ClientSecretGone { connection, store } => {
                vec![("connection", connection.clone()), ("store", (*store).to_owned())]
            }
            Self::NoRefreshToken { connection, is_by_code } => {
                vec![(if *is_by_code { "connection_by_code" } else { "connection" }, connection.clone())]
            }
            Self::OtherUser { connection, expected, .. } | Self::LentByAnother { connection, expected, .. } => {
                vec![("connection", connection.clone()), ("expected", expected.clone())]
            }
            Self::NameTaken { connection, other } => vec![("connection", connection.clone()), ("other", other.clone())],
            Self::SignInElsewhere { connection, pid, .. } => {
                let pid = pid.map(|pid| ("pid", pid.to_string()));
                [("connection", connection.clone())].into_iter().chain(pid).collect()
            }
            Self::OtherTenant { connection, made_for, found, .. } => {
                vec![("connection", connection.clone()), ("made_for", made_for.clone()), ("found", found.clone())]
            }
            Self::Overtaken { connection, tenant_url, .. } | Self::Disconnected { connection, tenant_url } => {
                vec![("connection", connection.clone()), ("tenant_url", tenant_url.clone())]
            }
            Self::RenewalTooSlow { connection, .. } => vec![("connection", connection.clone())],
            Self::WaitOver { again, .. } => vec![("again", again.clone())],
            Self::GivenTokenRefused { variable, .. } => vec![("variable", (*variable).to_owned())],
            Self::TokenRejected => Vec::new(),
        }
    }

    fn service_code(&self) -> Option<String> {
        match self {
            Self::GivenTokenRefused { cause, .. } => cause.service_code(),
            _ => None,
        }
    }

    fn trace(&self) -> Option<String> {
        match self {
            Self::GivenTokenRefused { cause, .. } => cause.trace(),
            _ => None,
        }
    }
}
