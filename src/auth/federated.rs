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
                (429 | 500.., None) => {
                    return Err(AuthError::Unavailable { host: origin.host().to_owned(), status, wait: None });
                }
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
    value: Option<Secret>,
    #[serde(rename = "oidcToken")]
    oidc_token: Option<Secret>,
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::Diagnose as _;
    use crate::tenant::TenantUrl;

    fn environment(address: &str) -> Environment {
        Environment::of([
            ("ACTIONS_ID_TOKEN_REQUEST_URL", address),
            ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "j0b-t0ken-0f-this"),
        ])
    }

    #[test]
    fn the_job_s_token_is_pinned_to_the_origin_it_was_given_for() {
        for (address, expected) in [
            (
                "https://vstoken.actions.githubusercontent.com/_apis/x?api-version=2.0",
                Some("https://vstoken.actions.githubusercontent.com /_apis/x?api-version=2.0"),
            ),
            ("https://host:8443", Some("https://host:8443 /")),
            ("http://127.0.0.1:8999/t", Some("http://127.0.0.1:8999 /t")),
            ("http://vstoken.actions.githubusercontent.com/x", None),
            ("http://localhost:8999/x", None),
            ("https://user:pass@host/x", None),
            ("https://host/x#y", None),
            ("ftp://host/x", None),
            ("/x", None),
        ] {
            let now = Timestamp::UNIX_EPOCH;
            let found = match Voucher::of(&AssertionSource::Github, &environment(address), now) {
                Ok(Voucher::Service { origin, path, .. }) => Some(format!("{origin} {path}")),
                Ok(Voucher::File { .. }) => panic!("no file was named"),
                Err(error) => {
                    assert_eq!(error.phrase().code, "auth/provider-address", "{address}");
                    None
                }
            };
            assert_eq!(found.as_deref(), expected, "{address}");
        }
        let voucher = Voucher::of(&AssertionSource::Github, &environment("https://host/x"), Timestamp::UNIX_EPOCH);
        assert!(!format!("{voucher:?}").contains("j0b"));
    }

    #[test]
    fn each_service_is_asked_in_its_own_way() {
        let asked = request(Call::Github, "/x?api-version=2.0", "api://AzureADTokenExchange");
        assert_eq!(asked.path, "/x?api-version=2.0&audience=api%3A%2F%2FAzureADTokenExchange");
        assert_eq!(request(Call::Github, "/x", "a").path, "/x?audience=a");
        let asked = request(Call::AzurePipelines, "/x?api-version=7.1&serviceConnectionId=1", "unused");
        assert_eq!((asked.method, asked.path.as_str()), (Method::POST, "/x?api-version=7.1&serviceConnectionId=1"));
        assert!(asked.headers.iter().any(|(name, value)| name == "x-tfs-fedauthredirect" && value == "Suppress"));
    }

    #[test]
    fn every_cloud_has_an_audience_of_its_own() {
        for (address, expected) in [
            ("https://contoso.crm4.dynamics.com", "api://AzureADTokenExchange"),
            ("https://contoso.crm.microsoftdynamics.us", "api://AzureADTokenExchangeUSGov"),
            ("https://contoso.crm.dynamics.cn", "api://AzureADTokenExchangeChina"),
            ("http://127.0.0.1:8999", "api://AzureADTokenExchange"),
        ] {
            let tenant_url = TenantUrl::parse(address).unwrap().url;
            let authority = Authority::for_tenant(&tenant_url, "3f6a1e52-8c0d-4a7b-b1e9-52d0c8e4f711").unwrap();
            assert_eq!(audience_of(&authority), expected, "{address}");
        }
    }

    #[test]
    fn only_a_signed_token_goes_into_a_form() {
        for good in ["eyJ.eyJ.x", "\u{feff}eyJ.eyJ.x-_\r\n"] {
            assert!(assertion_in(good).is_some(), "{good}");
        }
        for bad in ["", "x", "a.b", "a.b.", "a.b.c.d", "a.b.c&x=y", "a.b.c\nd", "a.b.c d", "a.b.c%41", "a.b.c="] {
            assert!(assertion_in(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn what_is_shown_of_an_assertion_is_what_is_compared() {
        use base64::Engine as _;
        use base64::engine::general_purpose::URL_SAFE_NO_PAD;

        let payload = r#"{"iss":"https://i","sub":"repo:a/b","aud":["x","y"],"exp":1795461931,"jti":"n0b0dy-sh0uld"}"#;
        let assertion = Secret::new(format!("e30.{}.x", URL_SAFE_NO_PAD.encode(payload)));
        let facts = shown(&assertion, Timestamp::UNIX_EPOCH);
        let find = |name: &str| facts.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str());
        assert_eq!(
            (find("issuer"), find("subject"), find("audience")),
            (Some("https://i"), Some("repo:a/b"), Some("x, y"))
        );
        assert_eq!(find("assertion_ends"), Some("2026-11-23T19:25:31Z"));
        assert!(!format!("{facts:?}").contains("n0b0dy"));
        assert_eq!(shown(&Secret::new("opaque"), Timestamp::UNIX_EPOCH).len(), 1);
    }
}
