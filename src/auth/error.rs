//! What can go wrong while signing in, with the facts of it. Never a token, a code, a secret or an address with a query.

use std::time::Duration;

use crate::auth::{
    Authority, Authorization, AzureCliError, CertificateError, ChallengeError, Claims, EntraError, FederatedError,
    IdentityError, aadsts, admin_consent_url, entra_phrases, phrases,
};
use crate::net::NetError;
use crate::problem::{Diagnose, Phrase};
use crate::tenant::{Discovery, TenantUrl};

/// "Request is malformed or invalid".
const MALFORMED: u32 = 9_002_313;

/// Why there is no token.
#[derive(Debug, thiserror::Error)]
pub enum AuthError {
    /// No answer came from the organisation or from Entra.
    #[error(transparent)]
    Net(#[from] NetError),
    /// Something answered at the organisation's address, but not as Dataverse does.
    #[error("{address} is not a Dataverse environment: {what}")]
    NotDataverse {
        /// The organisation's address.
        address: String,
        /// What it did instead.
        what: String,
    },
    /// The organisation's address leads elsewhere; it was not followed.
    #[error("{address} redirects to {target} instead of answering")]
    Redirected {
        /// The organisation's address.
        address: String,
        /// The host it leads to.
        target: String,
    },
    /// Its 401 can't be used.
    #[error("{address} did not say where to sign in")]
    BadChallenge {
        /// The organisation's address.
        address: String,
        /// What is wrong with the header.
        #[source]
        cause: ChallengeError,
    },
    /// The environment's IP firewall turned this network away before any sign-in.
    #[error("{address} refuses connections from this network")]
    NetworkBlocked {
        /// The organisation's address.
        address: String,
    },
    /// The login host in the challenge may not be believed. Nothing was sent to it.
    #[error("{address} names a place to sign in that is not trusted: {why}")]
    UntrustedAuthority {
        /// The organisation's address.
        address: String,
        /// The host it named.
        named: String,
        /// The cloud whose table it is not in.
        cloud: &'static str,
        /// What is wrong with it.
        why: &'static str,
    },
    /// The challenge asks for a token for somebody else.
    #[error("{address} asks for a token for another place: {resource}")]
    ForeignResource {
        /// The organisation's address.
        address: String,
        /// The resource it named.
        resource: String,
    },
    /// The metadata names an issuer that is not this tenant's.
    #[error("the metadata of tenant {tenant} at {host} names another issuer: {issuer}")]
    ForeignIssuer {
        /// The login host.
        host: String,
        /// The tenant.
        tenant: String,
        /// The issuer's host.
        issuer: String,
    },
    /// `--tenant` is neither a GUID nor a domain.
    #[error("`{given}` is not a tenant")]
    BadTenant {
        /// As given.
        given: String,
    },
    /// `--redirect-uri` is not one we can listen on.
    #[error("`{given}` can't be used as redirect URI: {why}")]
    BadRedirectUri {
        /// As given.
        given: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// Somebody else listens on the port of `--redirect-uri`.
    #[error("port {port} of the redirect URI is taken by another program")]
    PortTaken {
        /// The port.
        port: u16,
    },
    /// No port of the loopback interface can be listened on.
    #[error("no port on this computer can be listened on")]
    NoListener(#[source] std::io::Error),
    /// The browser never came back.
    #[error("no answer came from the browser within {}", seconds(*waited))]
    TimedOut {
        /// How long was waited.
        waited: Duration,
        /// Where the answer was awaited.
        redirect_uri: String,
        /// The same sign-in as a command.
        again: String,
        /// The command by which an administrator grants the app its permissions.
        consent: Option<String>,
        /// The same sign-in without Microsoft Graph, where this one asked for it.
        leaner: Option<String>,
    },
    /// Nobody typed the code of a device.
    #[error("{}", nobody(*waited, *is_expired))]
    NobodyCame {
        /// How long would have been waited.
        waited: Duration,
        /// Whether the code expired before that.
        is_expired: bool,
    },
    /// Nothing on this computer opens an address.
    #[error("no browser could be opened")]
    NoBrowser {
        /// What was looked for.
        tried: String,
    },
    /// An address that is never handed to another program.
    #[error("only a sign-in address is ever opened in a browser")]
    UnfitAddress,
    /// Something answered in Entra's place.
    #[error("{host} answered as Entra never does: {what}")]
    NotEntra {
        /// The login host.
        host: String,
        /// What came.
        what: String,
    },
    /// Entra is down, or says so.
    #[error("{host} is out of order (status {status})")]
    Unavailable {
        /// The host.
        host: String,
        /// The HTTP status.
        status: u16,
        /// The pause it wants, if it said.
        wait: Option<Duration>,
    },
    /// Entra, or the organisation, asks for a longer pause than is worth waiting for.
    #[error("{host} asks for fewer requests{}", pause(*wait))]
    Throttled {
        /// The host.
        host: String,
        /// The pause it wants, if it said.
        wait: Option<Duration>,
    },
    /// A token answer that can't be used.
    #[error("the token answer of {host} can't be used: {what}")]
    OddToken {
        /// The login host.
        host: String,
        /// What is wrong with it.
        what: &'static str,
    },
    /// The ID token is not the answer to this sign-in.
    #[error("the sign-in that came back is not the one begun here: its {what} differs")]
    ForeignIdToken {
        /// The claim that differs.
        what: &'static str,
    },
    /// Signed in, but to another tenant.
    #[error("the sign-in was to tenant {actual}, but the organisation belongs to tenant {expected}")]
    OtherTenant {
        /// The organisation's tenant.
        expected: String,
        /// The tenant in the token.
        actual: String,
    },
    /// A personal Microsoft account.
    #[error("{user} is a personal Microsoft account")]
    PersonalAccount {
        /// The sign-in name.
        user: String,
    },
    /// A certificate that can't be used.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    /// Nobody vouches for the app.
    #[error(transparent)]
    Federated(#[from] FederatedError),
    /// The machine's own identity gave none.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// The Azure CLI gave none.
    #[error(transparent)]
    AzureCli(#[from] AzureCliError),
    /// Entra refused, with a reason.
    #[error(transparent)]
    Refused(Box<Refusal>),
}

/// At which step Entra refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leg {
    /// In the browser.
    SignIn,
    /// Turning the code into tokens.
    Redeem,
    /// Renewing a token.
    Refresh,
    /// A code for a device, and the tokens for it.
    Device,
    /// A token for an app, by its own credential.
    App,
    /// Reading the tenant's metadata.
    Metadata,
    /// Asking an administrator for consent, in the browser.
    AdminConsent,
}

impl Leg {
    const fn word(self) -> &'static str {
        match self {
            Self::SignIn => "sign-in",
            Self::Redeem => "token request",
            Self::Refresh => "renewal of the sign-in",
            Self::Device => "sign-in by device code",
            Self::App => "app's token request",
            Self::Metadata => "look-up of the tenant",
            Self::AdminConsent => "request for consent",
        }
    }
}

/// A refusal with everything needed to explain it.
#[derive(Debug, Clone)]
pub struct Refusal {
    /// What Entra said.
    pub error: EntraError,
    /// At which step.
    pub leg: Leg,
    /// The login host.
    pub login_host: String,
    /// The tenant asked.
    pub tenant: String,
    /// The organisation's address, where the step knows it.
    pub tenant_url: Option<String>,
    /// Application (client) id, where there is one.
    pub client_id: Option<String>,
    /// The redirect URI sent, where there is one.
    pub redirect_uri: Option<String>,
    /// Where an administrator consents for everybody.
    pub admin_consent_url: Option<String>,
    /// The saved connection, when the caller knows it.
    pub connection: Option<String>,
    /// What of an assertion can be compared with the app's registration: never a part of it that is worth something.
    pub shown: Vec<(&'static str, String)>,
}

impl Refusal {
    /// A refusal that came through the browser.
    #[must_use]
    pub fn of_sign_in(error: EntraError, authorization: &Authorization) -> Self {
        let Authorization { authority, tenant_url, client_id, redirect_uri, .. } = authorization;
        Self::new(error, Leg::SignIn, authority).of_app(authority, tenant_url, client_id, Some(redirect_uri))
    }

    pub(super) fn new(error: EntraError, leg: Leg, authority: &Authority) -> Self {
        Self {
            error,
            leg,
            login_host: authority.host().to_owned(),
            tenant: authority.tenant().to_owned(),
            tenant_url: None,
            client_id: None,
            redirect_uri: None,
            admin_consent_url: None,
            connection: None,
            shown: Vec::new(),
        }
    }

    pub(super) fn of_app(
        mut self,
        authority: &Authority,
        tenant_url: &TenantUrl,
        client_id: &str,
        redirect_uri: Option<&str>,
    ) -> Self {
        // The discovery service is no organisation that a remedy could name.
        let discovery = Discovery::beside(tenant_url).filter(|discovery| discovery.url() == tenant_url);
        self.tenant_url = Some(discovery.map_or_else(|| tenant_url.to_string(), |discovery| discovery.example()));
        self.client_id = Some(client_id.to_owned());
        self.redirect_uri = redirect_uri.map(str::to_owned);
        self.admin_consent_url = Some(admin_consent_url(authority, tenant_url, client_id, redirect_uri));
        self
    }

    /// The phrase: that of the code if the table has it, else that of the class of error. The number explains; it never
    /// decides what happens next.
    #[must_use]
    pub fn phrase(&self) -> &'static Phrase {
        let known = self.error.code().and_then(aadsts::find).map(|row| row.phrase);
        match known {
            Some(phrase) if self.leg == Leg::Refresh && phrase.is(&entra_phrases::CONSENT_NEEDED) => {
                &entra_phrases::CONSENT_LOST
            }
            // A renewal differs from the last good one in its refresh token alone: that is what is malformed.
            Some(_) if self.leg == Leg::Refresh && self.error.code() == Some(MALFORMED) => {
                &entra_phrases::SIGN_IN_AGAIN
            }
            Some(phrase) if self.leg == Leg::Device && phrase.is(&entra_phrases::BLOCKED_BY_POLICY) => {
                &entra_phrases::DEVICE_FORBIDDEN
            }
            Some(phrase) if self.leg == Leg::Device && phrase.is(&entra_phrases::SECRET_REQUIRED) => {
                &entra_phrases::DEVICE_NOT_PUBLIC
            }
            Some(phrase) => phrase,
            None if self.error.is_declined() => &entra_phrases::CANCELLED,
            None if self.error.is_passing() => &entra_phrases::ENTRA_TROUBLE,
            None if self.error.suberror.as_deref() == Some("consent_required") && self.leg == Leg::Refresh => {
                &entra_phrases::CONSENT_LOST
            }
            None if self.leg == Leg::Device && self.error.is_dead_code() => &entra_phrases::DEVICE_CODE,
            None if self.error.error == "consent_required" => &entra_phrases::CONSENT_NEEDED,
            None if self.error.is_dead_grant() => &entra_phrases::SIGN_IN_AGAIN,
            None if self.error.error == "invalid_tenant" => &entra_phrases::TENANT_UNKNOWN,
            None if self.error.error == "invalid_client" => &entra_phrases::CREDENTIAL_REFUSED,
            None => &entra_phrases::REFUSED,
        }
    }
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Entra refused the {}", self.leg.word())?;
        match self.error.code().and_then(aadsts::find) {
            Some(row) => write!(f, ": {}", row.title),
            None if self.error.error.is_empty() => Ok(()),
            None => write!(f, " ({})", self.error.error),
        }
    }
}

impl std::error::Error for Refusal {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.error)
    }
}

impl AuthError {
    /// The same error, knowing which saved connection it befell, so that its remedy can name it.
    #[must_use]
    pub fn with_connection(mut self, name: &str) -> Self {
        if let Self::Refused(refusal) = &mut self {
            refusal.connection = Some(name.to_owned());
        }
        self
    }

    /// The same error, beside what was shown to Entra as proof, if it refused.
    pub(super) fn about(mut self, shown: impl FnOnce() -> Vec<(&'static str, String)>) -> Self {
        if let Self::Refused(refusal) = &mut self {
            refusal.shown = shown();
        }
        self
    }

    /// How long the other side asks to be left alone before the same is asked again.
    #[must_use]
    pub fn pause(&self) -> Option<Duration> {
        match self {
            Self::Throttled { wait, .. } | Self::Unavailable { wait, .. } => *wait,
            _ => None,
        }
    }

    /// What Entra demands of the next sign-in, where its refusal says so.
    #[must_use]
    pub fn demanded_claims(&self) -> Option<Claims> {
        match self {
            Self::Refused(refusal) => refusal.error.claims.as_deref().and_then(Claims::parse),
            _ => None,
        }
    }

    /// Whether Entra will have nothing of an app's credential, however often it is shown.
    #[must_use]
    pub fn is_refused_credential(&self) -> bool {
        match self {
            Self::Refused(refusal) => refusal.leg == Leg::App && refusal.error.is_refused_client(),
            Self::Identity(error) => error.is_final(),
            Self::AzureCli(error) => error.is_signed_out(),
            _ => false,
        }
    }

    /// Whether a policy forbids device codes, and a browser may still do.
    #[must_use]
    pub fn is_device_forbidden(&self) -> bool {
        matches!(self, Self::Refused(refusal) if refusal.phrase().is(&entra_phrases::DEVICE_FORBIDDEN))
    }

    /// Whether a certificate is closed by a password that nobody gave.
    #[must_use]
    pub const fn is_password_needed(&self) -> bool {
        matches!(self, Self::Certificate(CertificateError::PasswordNeeded { .. }))
    }

    /// Whether a refresh token is worth nothing any more and only a new sign-in helps.
    #[must_use]
    pub fn is_dead_grant(&self) -> bool {
        matches!(self, Self::Refused(refusal) if refusal.leg == Leg::Refresh && refusal.error.is_dead_grant())
    }
}

impl Diagnose for AuthError {
    fn phrase(&self) -> &'static Phrase {
        match self {
            Self::Net(error) => error.phrase(),
            Self::NotDataverse { .. } => &phrases::NOT_DATAVERSE,
            Self::Redirected { .. } => &phrases::REDIRECTED,
            Self::BadChallenge { cause: ChallengeError::OnPremises, .. } => &phrases::ON_PREMISES,
            Self::BadChallenge { .. } => &phrases::BAD_CHALLENGE,
            Self::NetworkBlocked { .. } => &phrases::NETWORK_BLOCKED,
            Self::UntrustedAuthority { .. } => &phrases::UNTRUSTED_AUTHORITY,
            Self::ForeignResource { .. } => &phrases::FOREIGN_RESOURCE,
            Self::ForeignIssuer { .. } => &phrases::FOREIGN_ISSUER,
            Self::BadTenant { .. } => &phrases::BAD_TENANT,
            Self::BadRedirectUri { .. } => &phrases::BAD_REDIRECT_URI,
            Self::PortTaken { .. } => &phrases::PORT_TAKEN,
            Self::NoListener(_) => &phrases::NO_LISTENER,
            Self::TimedOut { .. } => &phrases::TIMED_OUT,
            Self::NobodyCame { is_expired: false, .. } => &phrases::NOBODY_CAME,
            Self::NobodyCame { is_expired: true, .. } => &entra_phrases::DEVICE_CODE,
            Self::NoBrowser { .. } => &phrases::NO_BROWSER,
            Self::UnfitAddress => &phrases::UNFIT_ADDRESS,
            Self::NotEntra { .. } => &phrases::NOT_ENTRA,
            Self::Unavailable { .. } => &phrases::UNAVAILABLE,
            Self::Throttled { .. } => &phrases::THROTTLED,
            Self::OddToken { .. } => &phrases::ODD_TOKEN,
            Self::ForeignIdToken { .. } => &phrases::FOREIGN_ID_TOKEN,
            Self::OtherTenant { .. } => &phrases::OTHER_TENANT,
            Self::PersonalAccount { .. } => &phrases::PERSONAL_ACCOUNT,
            Self::Certificate(error) => error.phrase(),
            Self::Federated(error) => error.phrase(),
            Self::Identity(error) => error.phrase(),
            Self::AzureCli(error) => error.phrase(),
            Self::Refused(refusal) => refusal.phrase(),
        }
    }

    fn facts(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::Net(error) => error.facts(),
            Self::NotDataverse { address, .. }
            | Self::BadChallenge { address, .. }
            | Self::NetworkBlocked { address } => vec![("tenant_url", address.clone())],
            Self::Redirected { address, target } => {
                vec![("tenant_url", address.clone()), ("target", target.clone())]
            }
            Self::UntrustedAuthority { address, named, cloud, .. } => {
                vec![("tenant_url", address.clone()), ("named", named.clone()), ("cloud", (*cloud).to_owned())]
            }
            Self::ForeignResource { address, resource } => {
                vec![("tenant_url", address.clone()), ("resource", resource.clone())]
            }
            Self::ForeignIssuer { host, tenant, issuer } => {
                vec![("login_host", host.clone()), ("tenant", tenant.clone()), ("issuer", issuer.clone())]
            }
            Self::BadTenant { given } | Self::BadRedirectUri { given, .. } => vec![("given", given.clone())],
            Self::PortTaken { port } => vec![("port", port.to_string())],
            Self::TimedOut { redirect_uri, again, consent, leaner, .. } => {
                let optional = [("consent", consent), ("leaner", leaner)];
                [("redirect_uri", redirect_uri.clone()), ("again", again.clone())]
                    .into_iter()
                    .chain(optional.into_iter().filter_map(|(name, value)| value.clone().map(|value| (name, value))))
                    .collect()
            }
            Self::NoBrowser { tried } => vec![("tried", tried.clone())],
            Self::NotEntra { host, .. } | Self::Unavailable { host, .. } | Self::OddToken { host, .. } => {
                vec![("login_host", host.clone())]
            }
            Self::Throttled { host, wait } => {
                let wait = wait.map(|wait| ("wait", seconds(wait)));
                [("login_host", host.clone())].into_iter().chain(wait).collect()
            }
            Self::OtherTenant { expected, actual } => {
                vec![("expected", expected.clone()), ("actual", actual.clone())]
            }
            Self::PersonalAccount { user } => vec![("user", user.clone())],
            Self::Certificate(error) => error.facts(),
            Self::Federated(error) => error.facts(),
            Self::Identity(error) => error.facts(),
            Self::AzureCli(error) => error.facts(),
            Self::Refused(refusal) => facts_of(refusal),
            Self::NobodyCame { .. } | Self::NoListener(_) | Self::UnfitAddress | Self::ForeignIdToken { .. } => {
                Vec::new()
            }
        }
    }

    fn service_code(&self) -> Option<String> {
        match self {
            Self::Refused(refusal) => refusal.error.code().map(|code| format!("AADSTS{code}")),
            Self::Identity(error) => error.service_code(),
            Self::AzureCli(error) => error.service_code(),
            _ => None,
        }
    }

    fn trace(&self) -> Option<String> {
        match self {
            Self::Refused(refusal) => refusal.error.trace(),
            Self::Net(error) => error.trace(),
            _ => None,
        }
    }
}

fn facts_of(refusal: &Refusal) -> Vec<(&'static str, String)> {
    let optional = [
        ("tenant_url", &refusal.tenant_url),
        ("client_id", &refusal.client_id),
        ("redirect_uri", &refusal.redirect_uri),
        ("admin_consent_url", &refusal.admin_consent_url),
        ("connection", &refusal.connection),
    ];
    let mut facts = vec![
        ("error", refusal.error.error.clone()),
        ("login_host", refusal.login_host.clone()),
        ("tenant", refusal.tenant.clone()),
    ];
    facts.extend(optional.into_iter().filter_map(|(name, value)| value.clone().map(|value| (name, value))));
    if !refusal.shown.is_empty() {
        facts.extend(refusal.shown.iter().cloned());
        facts.extend(refusal.error.timestamp.clone().map(|time| ("entra_time", time)));
    }
    facts
}

/// A duration as `--wait` takes it.
fn seconds(duration: Duration) -> String {
    match duration.as_secs() {
        0 => format!("{} ms", duration.as_millis()),
        whole if whole % 60 == 0 => format!("{}m", whole / 60),
        whole => format!("{whole}s"),
    }
}

fn nobody(waited: Duration, is_expired: bool) -> String {
    if is_expired {
        "the code expired before anybody signed in with it".to_owned()
    } else {
        format!("nobody signed in with the code within {}", seconds(waited))
    }
}

fn pause(wait: Option<Duration>) -> String {
    wait.map_or_else(String::new, |wait| format!(" and a pause of {}", seconds(wait)))
}
