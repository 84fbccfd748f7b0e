//! Identity providers outside of Entra, as the runners of jobs see them: GitHub Actions, Azure Pipelines, and a cluster that
//! writes tokens into files. Each vouches for one job of the demo company; whether Entra believes it is not known here.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde_json::json;
use uuid::Uuid;

use super::entra::{Form, signed_by_provider};
use super::faults::{Fault, Faults};
use super::{Incoming, Outgoing};

/// Where they are.
pub(super) const PATH: &str = "/providers/";
/// What a job proves itself with to its provider, printed for everybody to see: the sandbox guards nothing.
pub const JOB_TOKEN: &str = "sandbox-job-token-4";
/// The service connection of the pipeline.
pub const SERVICE_CONNECTION_ID: &str = "5e0c4f6a-8b1d-4c39-9d27-6a1b3c5d7e90";
/// How long an assertion lives, in seconds.
const LIFE: i64 = 600;

/// Somebody who vouches for a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Provider {
    /// The runner of GitHub Actions.
    Github,
    /// The agent of Azure Pipelines.
    AzurePipelines,
    /// A Kubernetes cluster.
    Cluster,
}

impl Provider {
    /// Every one of them.
    pub const ALL: [Self; 3] = [Self::Github, Self::AzurePipelines, Self::Cluster];

    const fn word(self) -> &'static str {
        match self {
            Self::Github => "github",
            Self::AzurePipelines => "azure-pipelines",
            Self::Cluster => "cluster",
        }
    }

    /// `iss` of its assertions, in the sandbox at `origin`.
    #[must_use]
    pub fn issuer(self, origin: &str) -> String {
        format!("{origin}{PATH}{}", self.word())
    }

    /// `sub` of its assertions.
    #[must_use]
    pub const fn subject(self) -> &'static str {
        match self {
            Self::Github => "repo:northlight@424944/nightly@1329211848:ref:refs/heads/main",
            Self::AzurePipelines => "sc://northlight/nightly/dataverse",
            Self::Cluster => "system:serviceaccount:jobs:nightly",
        }
    }

    /// Where a job asks it for its identity, in the sandbox at `origin`.
    #[must_use]
    pub fn request_url(self, origin: &str) -> String {
        let query = if self == Self::Github { "?api-version=2.0" } else { "" };
        format!("{}/token{query}", self.issuer(origin))
    }

    /// What it says of its job at `now`.
    pub(super) fn assertion(self, origin: &str, audience: &str, now: Timestamp, faults: &Faults) -> Option<String> {
        let moment = now.as_second();
        let mut payload = json!({
            "iss": self.issuer(origin),
            "sub": self.subject(),
            "aud": audience,
            "jti": Uuid::new_v4().to_string(),
            "nbf": moment,
            "iat": moment,
            "exp": moment.saturating_add(LIFE),
        });
        let said = faults.strikes_as(|fault| match fault {
            Fault::AssertionSays { claim, value } => Some((*claim, value.clone())),
            _ => None,
        });
        if let Some((claim, value)) = said {
            payload[claim] = json!(value);
        }
        let mut assertion = signed_by_provider(&payload)?;
        if faults.strikes(&Fault::AssertionForged) {
            let (signed, _) = assertion.rsplit_once('.')?;
            assertion = format!("{signed}.{}", URL_SAFE_NO_PAD.encode([7; 256]));
        }
        Some(assertion)
    }
}

/// Answers the request of a job.
pub(super) fn answer(origin: &str, now: Timestamp, faults: &Faults, request: &Incoming) -> Outgoing {
    let declined = faults.strikes_as(|fault| match fault {
        Fault::ProviderDeclines { status } => Some(*status),
        _ => None,
    });
    if let Some(status) = declined {
        return refusal(status, "The job may not have it.");
    }
    let of = |provider: &Provider| request.path == format!("{PATH}{}/token", provider.word());
    let Some(provider) = Provider::ALL.into_iter().find(of) else {
        return refusal(404, "There is no such provider.");
    };
    let query = Form::parse(request.query.as_bytes());
    let is_known = request
        .header("authorization")
        .and_then(|header| header.split_once(' '))
        .is_some_and(|(scheme, token)| scheme.eq_ignore_ascii_case("bearer") && token == JOB_TOKEN);
    let made = |audience: &str| provider.assertion(origin, audience, now, faults);
    let (made, name) = match (provider, request.method.as_str()) {
        (Provider::Github | Provider::AzurePipelines, _) if !is_known => {
            return refusal(401, "The job's token is unknown.");
        }
        (Provider::Github, "GET") => {
            (made(query.first("audience").unwrap_or("https://github.com/northlight")), "value")
        }
        (Provider::AzurePipelines, "POST") => {
            if query.first("api-version").is_none() || query.first("serviceConnectionId") != Some(SERVICE_CONNECTION_ID)
            {
                return refusal(404, "There is no such service connection.");
            }
            (made("api://AzureADTokenExchange"), "oidcToken")
        }
        // A cluster writes a file; whoever plays it fetches what is to be in it.
        (Provider::Cluster, "GET") => {
            let text = made("api://AzureADTokenExchange").unwrap_or_default();
            return Outgoing::with_body(200, "text/plain", text);
        }
        _ => return refusal(405, "It is asked in another way."),
    };
    match made {
        Some(assertion) => Outgoing::with_body(200, "application/json", json!({ name: assertion }).to_string()),
        None => refusal(500, "It could not be signed."),
    }
}

fn refusal(status: u16, text: &str) -> Outgoing {
    Outgoing::with_body(status, "application/json", json!({ "message": text }).to_string())
}
