//! From how a connection signs in, and what is kept of it, to the credential that is shown: the one place that knows which
//! flow needs which secret, or which file. Nobody is asked here.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use zeroize::Zeroizing;

use crate::auth::{AppCredential, AuthError, Certificate, IdentityEndpoint, Voucher};
use crate::connection::Flow;
use crate::environment::Environment;
use crate::paths::read_given;
use crate::problem::Problem;
use crate::secret::Secret;
use crate::session::SessionError;
use crate::session::kept::{CERTIFICATE, CERTIFICATE_PASSWORD, CLIENT_SECRET};
use crate::store::Secrets;

/// More than any certificate with its chain, in bytes.
const LONGEST_CERTIFICATE: u64 = 1024 * 1024;

/// What there is to make a credential of.
#[derive(Clone, Copy)]
pub struct Means<'a> {
    /// How it signs in.
    pub flow: &'a Flow,
    /// Its secrets.
    pub secrets: &'a Secrets,
    /// Where a runner or a machine says whom to ask for more.
    pub environment: &'a Environment,
    /// The connection, for messages.
    pub connection: &'a str,
    /// Where its secrets are, for messages.
    pub store: &'static str,
    /// The time: what has ended is not shown.
    pub now: Timestamp,
}

impl Means<'_> {
    /// The credential; `None` for the flows of persons.
    ///
    /// # Errors
    /// When a secret that it needs is not there.
    pub fn credential(self) -> Result<Option<AppCredential>, Problem> {
        let Self { flow, secrets, environment, connection, store, now } = self;
        match flow {
            Flow::Secret => {
                let gone = || SessionError::ClientSecretGone { connection: connection.to_owned(), store };
                let secret = secrets.find(CLIENT_SECRET).cloned().ok_or_else(gone)?;
                Ok(Some(AppCredential::Secret(secret)))
            }
            Flow::Certificate { file } => {
                let certificate = certificate_of(file, secrets.find(CERTIFICATE), secrets.find(CERTIFICATE_PASSWORD))?;
                certificate.check_time(now).map_err(AuthError::from)?;
                Ok(Some(AppCredential::Certificate(certificate)))
            }
            Flow::Federated { source } => {
                let voucher = Voucher::of(source, environment, now).map_err(AuthError::from)?;
                Ok(Some(AppCredential::Federated(voucher)))
            }
            Flow::Browser | Flow::Device | Flow::AccessToken | Flow::RefreshToken => Ok(None),
            Flow::ManagedIdentity { identity } => {
                let endpoint = IdentityEndpoint::of(environment)?;
                Ok(Some(AppCredential::ManagedIdentity { endpoint, identity: identity.clone() }))
            }
            Flow::Az => Ok(Some(AppCredential::AzureCli(environment.clone()))),
        }
    }
}

/// The certificate in `file`, or the one that is `kept` instead of it.
///
/// # Errors
/// When it can't be read.
pub fn certificate_of(file: &str, kept: Option<&Secret>, password: Option<&Secret>) -> Result<Certificate, Problem> {
    let bytes = match kept {
        Some(kept) => STANDARD.decode(kept.expose()).unwrap_or_default(),
        None => read_given(Path::new(file), LONGEST_CERTIFICATE)?,
    };
    Ok(Certificate::read(&Zeroizing::new(bytes), password, file).map_err(AuthError::from)?)
}

/// What is in `file`, as it is kept.
///
/// # Errors
/// When it can't be read.
pub fn certificate_to_keep(file: &str) -> Result<Secret, Problem> {
    let bytes = Zeroizing::new(read_given(Path::new(file), LONGEST_CERTIFICATE)?);
    Ok(Secret::new(STANDARD.encode(&*bytes)))
}
