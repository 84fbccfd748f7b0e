//! What can go wrong when one sign-in is to serve several resources, and what it means. Nothing is asked here.

use crate::auth::AuthError;
use crate::problem::{Diagnose, Exit, Phrase, Who};

/// A sign-in that could not be shared.
#[derive(Debug, thiserror::Error)]
pub enum SharingError {
    /// Entra does not let the sign-in of a connection open another resource.
    #[error("the sign-in of connection `{connection}` does not open {place}")]
    Refused {
        /// Whose sign-in it is.
        connection: String,
        /// The organisation's address, or the discovery service in words.
        place: String,
        /// What Entra said.
        #[source]
        cause: Box<AuthError>,
    },
    /// Entra does not let a sign-in that was just made open another resource.
    #[error("the sign-in that was just made does not open {place}")]
    JustRefused {
        /// The organisation's address, or the discovery service in words.
        place: String,
        /// What Entra said.
        #[source]
        cause: Box<AuthError>,
    },
    /// The connection is of no person, so there is no sign-in of one to share.
    #[error("connection `{connection}` signs in by `{flow}`, and has no sign-in of a person to share")]
    NobodyToLend {
        /// The connection.
        connection: String,
        /// How it signs in.
        flow: &'static str,
    },
    /// The organisation's users sign in elsewhere. Nothing was sent there.
    #[error("users of {tenant_url} sign in at {theirs}, and this sign-in was made at {ours}")]
    OtherLogin {
        /// The organisation's address.
        tenant_url: String,
        /// Its login host.
        theirs: String,
        /// The login host of the sign-in.
        ours: String,
    },
    /// The organisation belongs to another tenant. Nothing was sent there.
    #[error("{tenant_url} belongs to tenant {theirs}, and this sign-in was made in {ours}")]
    OtherTenant {
        /// The organisation's address.
        tenant_url: String,
        /// Its tenant.
        theirs: String,
        /// The tenant of the sign-in.
        ours: String,
    },
    /// Entra gave no refresh token with the sign-in for the discovery service.
    #[error("Entra gave no refresh token, so the sign-in serves the discovery service alone")]
    NothingToShare,
    /// The discovery service refused the token that Entra had just issued for it.
    #[error("{host} refused the token that was issued for it")]
    DiscoveryRejected {
        /// The discovery host.
        host: String,
    },
}

impl Diagnose for SharingError {
    fn phrase(&self) -> &'static Phrase {
        match self {
            Self::Refused { .. } | Self::JustRefused { .. } => &NOT_SHARED,
            Self::NobodyToLend { .. } => &NOBODY_TO_LEND,
            Self::OtherLogin { .. } | Self::OtherTenant { .. } => &OTHER_LOGIN,
            Self::NothingToShare => &NOTHING_TO_SHARE,
            Self::DiscoveryRejected { .. } => &DISCOVERY_REJECTED,
        }
    }

    fn facts(&self) -> Vec<(&'static str, String)> {
        let address = |place: &str| place.starts_with("http").then(|| ("tenant_url", place.to_owned()));
        let code = |cause: &AuthError| cause.service_code().map(|code| ("code", code));
        match self {
            Self::Refused { connection, place, cause } => {
                std::iter::once(("connection", connection.clone())).chain(address(place)).chain(code(cause)).collect()
            }
            Self::JustRefused { place, cause } => address(place).into_iter().chain(code(cause)).collect(),
            Self::NobodyToLend { flow, .. } => vec![("flow", (*flow).to_owned())],
            Self::OtherLogin { tenant_url, .. } | Self::OtherTenant { tenant_url, .. } => {
                vec![("tenant_url", tenant_url.clone())]
            }
            Self::DiscoveryRejected { host } => vec![("host", host.clone())],
            Self::NothingToShare => Vec::new(),
        }
    }

    fn service_code(&self) -> Option<String> {
        match self {
            Self::Refused { cause, .. } | Self::JustRefused { cause, .. } => cause.service_code(),
            _ => None,
        }
    }

    fn trace(&self) -> Option<String> {
        match self {
            Self::Refused { cause, .. } | Self::JustRefused { cause, .. } => cause.trace(),
            _ => None,
        }
    }
}

/// The phrases of this file.
pub const SHARING_PHRASES: &[&Phrase] =
    &[&NOT_SHARED, &NOBODY_TO_LEND, &OTHER_LOGIN, &NOTHING_TO_SHARE, &DISCOVERY_REJECTED];

static NOT_SHARED: Phrase = Phrase {
    code: "session/not-shared",
    exit: Exit::SignIn,
    who: Who::You,
    meaning: "one sign-in serves every organisation of a tenant, unless consent, a policy or another tenant stands in the way, or the sign-in itself has ended",
    remedy: &[
        "sign in to it in the browser: `d365conn connect --tenant-url {tenant_url}`",
        "see what Entra means: `d365conn explain {code}`",
        "if the sign-in itself has ended, renew it: `d365conn reconnect {connection}`",
        "list the organisations with a sign-in of its own: `d365conn connections discover --sign-in`",
    ],
};

static NOBODY_TO_LEND: Phrase = Phrase {
    code: "session/nobody-to-lend",
    exit: Exit::Usage,
    who: Who::You,
    meaning: "an application is let into each organisation by itself, and has no list of those it can reach",
    remedy: &[
        "connect it to the organisation by itself, by {flow} again: `d365conn connect --tenant-url https://ORG.crm.dynamics.com` with `--auth` and what goes with it",
        "name a connection of a person: `d365conn connections list` shows which are `browser` or `device`",
        "list the organisations with a sign-in in the browser: `d365conn connections discover --sign-in`",
    ],
};

static OTHER_LOGIN: Phrase = Phrase {
    code: "session/other-login",
    exit: Exit::SignIn,
    who: Who::You,
    meaning: "a sign-in is shown again only where it was made, so that nobody else ever gets to see it",
    remedy: &["sign in there in the browser: `d365conn connect --tenant-url {tenant_url}`"],
};

static NOTHING_TO_SHARE: Phrase = Phrase {
    code: "session/nothing-to-share",
    exit: Exit::SignIn,
    who: Who::You,
    meaning: "Entra issues one only when `offline_access` was granted at sign-in",
    remedy: &[
        "run `d365conn connect --prompt consent` and accept staying signed in",
        "name the organisation, which needs no list: `d365conn connect --tenant-url https://ORG.crm.dynamics.com`",
    ],
};

static DISCOVERY_REJECTED: Phrase = Phrase {
    code: "session/discovery-rejected",
    exit: Exit::SignIn,
    who: Who::You,
    meaning: "Entra let the user in and the discovery service did not; a policy between the two, or a service out of order",
    remedy: &[
        "sign in anew for the list: `d365conn connections discover --sign-in`",
        "go without the list: `d365conn connect --tenant-url https://ORG.crm.dynamics.com`, with the address from Power Platform admin center → Manage → Environments",
    ],
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_remedies_name_what_is_known_and_leave_out_the_rest() {
        let cause = || Box::new(AuthError::UnfitAddress);
        let of = |error: &SharingError| error.phrase().remedy_with(&error.facts());
        let place = "https://fabrikam.crm4.dynamics.com".to_owned();
        let refused = SharingError::Refused { connection: "contoso".to_owned(), place, cause: cause() };
        let lines = of(&refused);
        assert!(lines[0].contains("--tenant-url https://fabrikam.crm4.dynamics.com"), "{lines:?}");
        assert!(lines[1].contains("reconnect contoso"), "{lines:?}");
        let listing = SharingError::JustRefused { place: "the discovery service".to_owned(), cause: cause() };
        assert_eq!(of(&listing).len(), 1, "{:?}", of(&listing));
    }
}
