//! Signs an app in by an assertion of another identity provider: where it comes from, and the way to it. It is had anew for
//! every token, so that a job may last longer than one of them; nothing here keeps one.

use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use crate::auth::bearer::claims_of;
use crate::auth::{AuthError, Authority, FederatedError};
use crate::clock::Clock;
use crate::connection::AssertionSource;
use crate::environment::{self, Environment};
use crate::net::{Http, Method, Origin, Request};
use crate::paths::read_given;
use crate::secret::Secret;

/// More than any assertion, in bytes.
const LONGEST: u64 = 64 * 1024;
/// By how much clocks may differ, in seconds, before an assertion is called old.
const SKEW: i64 = 300;
/// Pauses after which a provider that is out of order is asked once more.
const PAUSES: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(3)];

/// Somebody who vouches for an app.
#[derive(Debug, Clone)]
pub enum Voucher {
    /// A service on the runner, to be asked.
    Service {
        /// Who it is, for messages.
        name: &'static str,
        /// What is asked.
        call: Call,
        /// Where.
        origin: Origin,
        /// Path and query as they were given.
        path: String,
        /// What proves to it which job asks. It goes nowhere else.
        token: Secret,
    },
    /// What a file holds now.
    File {
        /// The file, for messages.
        file: String,
        /// Its content.
        assertion: Secret,
    },
}

/// The two ways in which services are asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Call {
    /// GitHub Actions: the audience is asked for.
    Github,
    /// Azure Pipelines: the audience is always Entra's.
    AzurePipelines,
}

impl Voucher {
    /// Whoever `source` means, with what the environment says of it; a file is read, and read again at the next time.
    ///
    /// # Errors
    /// All of [`FederatedError`] that need no network.
    pub fn of(source: &AssertionSource, environment: &Environment, now: Timestamp) -> Result<Self, FederatedError> {
        match source {
            AssertionSource::Github => {
                let text = |variable| environment.text(variable).ok().flatten();
                let asked = text(environment::ACTIONS_ID_TOKEN_REQUEST_URL);
                let token = text(environment::ACTIONS_ID_TOKEN_REQUEST_TOKEN).map(Secret::new);
                let (Some(url), Some(token)) = (asked, token) else { return Err(FederatedError::GithubPermission) };
                let (origin, path) = place(environment::ACTIONS_ID_TOKEN_REQUEST_URL.name, url)?;
                Ok(Self::Service { name: "GitHub Actions", call: Call::Github, origin, path, token })
            }
            AssertionSource::AzurePipelines => {
                let text = |variable: environment::Variable| {
                    let missing = FederatedError::PipelineVariable { missing: variable.name };
                    environment.text(variable).ok().flatten().ok_or(missing)
                };
                let url = text(environment::SYSTEM_OIDCREQUESTURI)?;
                let token = Secret::new(text(environment::SYSTEM_ACCESSTOKEN)?);
                let service = text(environment::AZURESUBSCRIPTION_SERVICE_CONNECTION_ID)?;
                let (origin, path) = place(environment::SYSTEM_OIDCREQUESTURI.name, url)?;
                let service: String = url::form_urlencoded::byte_serialize(service.as_bytes()).collect();
                let path = with_query(&path, &format!("api-version=7.1&serviceConnectionId={service}"));
                Ok(Self::Service { name: "Azure Pipelines", call: Call::AzurePipelines, origin, path, token })
            }
            AssertionSource::File(file) => {
                let bytes = read_given(Path::new(file), LONGEST)?;
                let text = String::from_utf8_lossy(&bytes);
                let assertion =
                    assertion_in(&text).ok_or_else(|| FederatedError::NoAssertion { file: file.clone() })?;
                let ends = claims_of::<Value>(assertion.expose()).and_then(|claims| claims.get("exp")?.as_i64());
                if let Some(ended) = ends.filter(|ends| ends.saturating_add(SKEW) < now.as_second()) {
                    let ended = Timestamp::from_second(ended).unwrap_or(Timestamp::MIN).to_string();
                    return Err(FederatedError::AssertionEnded { file: file.clone(), ended });
                }
                Ok(Self::File { file: file.clone(), assertion })
            }
        }
    }

    /// An assertion for `authority`, made for this moment where it can be.
    ///
    /// # Errors
    /// [`AuthError::Federated`] when it is refused or odd, [`AuthError::Net`] when nobody answers.
    pub async fn assertion(&self, http: &Http, clock: &Clock, authority: &Authority) -> Result<Secret, AuthError> {
        let (name, call, origin, path, token) = match self {
            Self::File { assertion, .. } => return Ok(assertion.clone()),
            Self::Service { name, call, origin, path, token } => (*name, *call, origin, path, token),
        };
        let request = request(call, path, audience_of(authority));
        let mut pauses = PAUSES.into_iter();
        loop {
            let mut response = http.send(origin, &request, Some(token)).await?;
            let status = response.status;
            let body = response.body.read(usize::try_from(LONGEST).unwrap_or(usize::MAX)).await?;
            match (status, pauses.next()) {
                (200, _) => {
                    let answer: Answer = serde_json::from_slice(&body).unwrap_or_default();
                    let assertion = answer.value.or(answer.oidc_token).filter(|token| is_assertion(token.expose()));
                    return Ok(assertion.ok_or(FederatedError::OddAnswer { name })?);
                }
                (429 | 500.., Some(pause)) => clock.wait(pause).await,
                (429 | 500.., None) => return Err(AuthError::Unavailable { host: origin.host().to_owned(), status }),
                _ => return Err(FederatedError::Declined { name, status }.into()),
            }
        }
    }

    /// What `-v` calls it.
    #[must_use]
    pub fn place(&self) -> String {
        match self {
            Self::Service { name, .. } => (*name).to_owned(),
            Self::File { file, .. } => format!("the file `{file}`"),
        }
    }
}

/// The answer of a service: `value` of GitHub's, `oidcToken` of Azure's.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Answer {
    #[serde(deserialize_with = "secret")]
    value: Option<Secret>,
    #[serde(rename = "oidcToken", deserialize_with = "secret")]
    oidc_token: Option<Secret>,
}

fn secret<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<Secret>, D::Error> {
    Ok(Option::<String>::deserialize(from)?.map(Secret::new))
}

/// What a service is asked.
fn request(call: Call, path: &str, audience: &str) -> Request {
    match call {
        Call::Github => {
            let audience: String = url::form_urlencoded::byte_serialize(audience.as_bytes()).collect();
            Request::get(with_query(path, &format!("audience={audience}")))
                .header("accept", "application/json; api-version=2.0")
        }
        Call::AzurePipelines => Request { method: Method::POST, body: Some(Bytes::new()), ..Request::get(path) }
            .header("accept", "application/json")
            .header("content-type", "application/json")
            // Without it a token that is not good is answered with the way to a sign-in page.
            .header("x-tfs-fedauthredirect", "Suppress"),
    }
}

fn with_query(path: &str, more: &str) -> String {
    let mark = if path.contains('?') { '&' } else { '?' };
    format!("{path}{mark}{more}")
}

/// The audience that Entra wants in each cloud (Microsoft Learn, "Workload identity federation", national clouds).
fn audience_of(authority: &Authority) -> &'static str {
    let ending = authority.host().rsplit('.').next();
    match ending {
        Some("us") => "api://AzureADTokenExchangeUSGov",
        Some("cn") => "api://AzureADTokenExchangeChina",
        _ => "api://AzureADTokenExchange",
    }
}

/// The pinned origin of an address, and the rest of it. Only https may carry the request's token, or this machine itself.
fn place(variable: &'static str, address: &str) -> Result<(Origin, String), FederatedError> {
    let bad = || FederatedError::BadAddress { variable };
    let url = url::Url::parse(address).map_err(|_| bad())?;
    let is_plain = url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
    let origin = Origin::parse(&url.origin().ascii_serialization()).filter(|_| is_plain).ok_or_else(bad)?;
    let query = url.query().map_or_else(String::new, |query| format!("?{query}"));
    Ok((origin, format!("{}{query}", url.path())))
}

/// The one assertion in a text.
fn assertion_in(text: &str) -> Option<Secret> {
    let text = text.trim_start_matches('\u{feff}').trim();
    is_assertion(text).then(|| Secret::new(text))
}

/// Whether this has the form of a signed JWT (RFC 7515 §7.1). Nothing else may go into a token request.
fn is_assertion(text: &str) -> bool {
    let is_part = |part: &str| {
        !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    text.split('.').count() == 3 && text.split('.').all(is_part)
}

/// What of an assertion the federated credential of an app must have, and when it ends.
pub(super) fn shown(assertion: &Secret, now: Timestamp) -> Vec<(&'static str, String)> {
    let mut facts = vec![("our_time", now.to_string())];
    let Some(claims) = claims_of::<Value>(assertion.expose()) else { return facts };
    let text = |value: &Value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Array(several) => {
            several.iter().map(Value::as_str).collect::<Option<Vec<_>>>().map(|all| all.join(", "))
        }
        _ => None,
    };
    for (claim, name) in [("iss", "issuer"), ("sub", "subject"), ("aud", "audience")] {
        facts.extend(claims.get(claim).and_then(text).map(|value| (name, value)));
    }
    let ends = claims.get("exp").and_then(Value::as_i64).and_then(|exp| Timestamp::from_second(exp).ok());
    facts.extend(ends.map(|ends| ("assertion_ends", ends.to_string())));
    facts
}
