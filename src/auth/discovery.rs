//! Asks an organisation where its users sign in, and a tenant whether it exists. Whom to believe is judged in
//! `authority.rs`; no credential is ever sent from here.

use serde::Deserialize;

use crate::auth::authority::origin_of;
use crate::auth::token_endpoint::{host_of, is_json};
use crate::auth::{AuthError, Authority, Challenge, EntraError, Leg, Refusal};
use crate::net::{Http, Request};
use crate::tenant::TenantUrl;

/// Where every Dataverse environment answers 401 to a stranger.
const PROBE: &str = "/api/data/v9.2/";
/// Longest answer that is read, in bytes.
const LONGEST: usize = 256 * 1024;
/// What the IP firewall of an environment says, before any sign-in.
const FIREWALL: &str = "0x80095ffe";

/// Finds the authority that signs users of the organisation in.
///
/// # Errors
/// [`AuthError`]: not reachable, not Dataverse, or an answer that may not be believed.
pub async fn discover(http: &Http, tenant_url: &TenantUrl) -> Result<Authority, AuthError> {
    let request = Request::get(PROBE).header("accept", "application/json");
    let mut response = http.send(&origin_of(tenant_url), &request, None).await?;
    let address = tenant_url.to_string();
    let not_dataverse = |what: &str| Err(AuthError::NotDataverse { address: address.clone(), what: what.to_owned() });
    match response.status {
        401 => {
            let challenge = Challenge::parse(response.header_all("www-authenticate"))
                .map_err(|cause| AuthError::BadChallenge { address: address.clone(), cause })?;
            Authority::from_challenge(tenant_url, &challenge)
        }
        300..=399 => {
            let target = response.header("location").map_or_else(|| "nowhere".to_owned(), host_of);
            Err(AuthError::Redirected { address, target })
        }
        403 => {
            let body = response.body.read(LONGEST).await.unwrap_or_default();
            if String::from_utf8_lossy(&body).to_ascii_lowercase().contains(FIREWALL) {
                return Err(AuthError::NetworkBlocked { address });
            }
            not_dataverse("it forbids the first request (status 403)")
        }
        429 => Err(AuthError::Throttled { host: tenant_url.host().to_owned(), wait: None }),
        status @ 500.. => Err(AuthError::Unavailable { host: tenant_url.host().to_owned(), status, wait: None }),
        400 | 404 | 410 => not_dataverse("it has no Web API there"),
        200..=299 if response.header("content-type").is_some_and(is_json) => {
            not_dataverse("it answers without asking for a sign-in")
        }
        200..=299 => not_dataverse("it shows a web page instead"),
        status => not_dataverse(&format!("it answers with status {status}")),
    }
}

/// The part of `OpenID` metadata that is used.
#[derive(Deserialize)]
struct Metadata {
    issuer: String,
    /// RFC 9207 §3.
    #[serde(default)]
    authorization_response_iss_parameter_supported: bool,
}

/// Asks the authority for its `OpenID` metadata: that the tenant exists, and who its tokens come from. The authority that
/// comes back knows its issuer, and the tenant's GUID where only a domain was known.
///
/// # Errors
/// [`AuthError`]: not reachable, no such tenant (AADSTS90002), or an issuer that is not this tenant's.
pub async fn check_metadata(http: &Http, authority: &Authority) -> Result<Authority, AuthError> {
    let request = Request::get(authority.metadata_path()).header("accept", "application/json");
    let mut response = http.send(authority.origin(), &request, None).await?;
    let host = authority.host().to_owned();
    let status = response.status;
    let target = response.header("location").map(host_of);
    let body = response.body.read(LONGEST).await?;
    match (status, EntraError::parse(&body)) {
        (200, _) => match serde_json::from_slice::<Metadata>(&body) {
            Ok(metadata) => {
                let known = authority.with_issuer(&metadata.issuer)?;
                Ok(known.naming_issuer(metadata.authorization_response_iss_parameter_supported))
            }
            Err(_) => Err(AuthError::NotEntra { host, what: "a page instead of its metadata".to_owned() }),
        },
        (429, _) => Err(AuthError::Throttled { host, wait: None }),
        (500.., _) => Err(AuthError::Unavailable { host, status, wait: None }),
        (300..=399, _) => {
            let target = target.unwrap_or_else(|| "nowhere".to_owned());
            Err(AuthError::NotEntra { host, what: format!("a redirect to {target}, which was not followed") })
        }
        (_, Some(error)) => Err(AuthError::Refused(Box::new(Refusal::new(error, Leg::Metadata, authority)))),
        (_, None) => Err(AuthError::NotEntra { host, what: format!("status {status} without a reason") }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::stand_in::{StandIn, TENANT, answer, http, json};
    use crate::problem::{Diagnose, Exit};

    async fn found(reply: impl Fn(&str) -> String) -> (Result<Authority, AuthError>, Vec<String>) {
        let stand_in = StandIn::answering(|address| [reply(address)]).await;
        (discover(&http(), &stand_in.tenant_url).await, stand_in.asked())
    }

    fn challenge(address: &str, authority: &str, resource: &str) -> String {
        let header = format!(
            "WWW-Authenticate: Bearer authorization_uri={authority}/oauth2/authorize, resource_id={resource}\r\n"
        );
        let header = header.replace("SELF", address);
        answer(401, &header, "")
    }

    #[tokio::test]
    async fn an_organisation_names_its_own_tenant_and_is_sent_no_credential() {
        let (authority, asked) = found(|address| challenge(address, &format!("SELF/{TENANT}"), "SELF/")).await;
        assert_eq!(authority.unwrap().tenant(), TENANT);
        assert_eq!(asked.len(), 1);
        assert!(asked[0].starts_with("GET /api/data/v9.2/ HTTP/1.1\r\n"), "{}", asked[0]);
        assert!(!asked[0].to_ascii_lowercase().contains("authorization:") && !asked[0].contains("cookie"));
    }

    #[tokio::test]
    async fn every_odd_answer_has_its_own_error() {
        let html = "Content-Type: text/html\r\n";
        for (reply, code, exit) in [
            (answer(200, html, "<html>"), "auth/not-dataverse", Exit::Unreachable),
            (json(200, "{}"), "auth/not-dataverse", Exit::Unreachable),
            (answer(404, html, "x"), "auth/not-dataverse", Exit::Unreachable),
            (answer(400, "", ""), "auth/not-dataverse", Exit::Unreachable),
            (answer(403, html, "x"), "auth/not-dataverse", Exit::Unreachable),
            (json(403, r#"{"error":{"code":"0x80095ffe"}}"#), "auth/network-blocked", Exit::Forbidden),
            (
                answer(302, "Location: https://login.microsoftonline.com/x?code=SECRET\r\n", ""),
                "auth/redirected",
                Exit::Unreachable,
            ),
            (answer(302, "", ""), "auth/redirected", Exit::Unreachable),
            (
                answer(401, "WWW-Authenticate: Negotiate\r\nWWW-Authenticate: NTLM\r\n", ""),
                "auth/on-premises",
                Exit::Unreachable,
            ),
            (answer(401, "WWW-Authenticate: Basic realm=\"x\"\r\n", ""), "auth/bad-challenge", Exit::Unreachable),
            (answer(401, "", ""), "auth/bad-challenge", Exit::Unreachable),
            (answer(429, "", ""), "auth/throttled", Exit::Busy),
            (answer(503, html, "<html>"), "auth/unavailable", Exit::Unreachable),
        ] {
            let (result, asked) = found(|_| reply.clone()).await;
            let error = result.unwrap_err();
            assert_eq!((error.phrase().code, error.phrase().exit), (code, exit), "{reply}");
            assert!(!error.to_string().contains("SECRET"), "{error}");
            assert!(!error.phrase().remedy_with(&error.facts()).is_empty(), "{code}");
            assert_eq!(asked.len(), 1, "nothing is followed: {reply}");
        }
    }

    #[tokio::test]
    async fn an_authority_or_a_resource_elsewhere_is_not_believed() {
        for (authority, resource, code) in [
            ("https://login.evil.example/common", "SELF/", "auth/untrusted-authority"),
            ("https://login.microsoftonline.com/common", "SELF/", "auth/untrusted-authority"),
            ("SELF/common", "https://other.crm.dynamics.com/", "auth/foreign-resource"),
        ] {
            let reply = |address: &str| {
                let resource = resource.replace("SELF", address);
                challenge(address, authority, &resource)
            };
            let error = found(reply).await.0.unwrap_err();
            assert_eq!((error.phrase().code, error.phrase().exit), (code, Exit::Failed));
        }
    }

    async fn metadata(reply: impl Fn(&str) -> String) -> Result<Authority, AuthError> {
        let stand_in = StandIn::answering(|address| [reply(address)]).await;
        check_metadata(&http(), &stand_in.authority()).await
    }

    #[tokio::test]
    async fn metadata_must_name_the_tenant_s_own_issuer() {
        let issuer = |tenant: &'static str| {
            move |address: &str| json(200, &format!(r#"{{"issuer":"{address}/{tenant}/v2.0"}}"#))
        };
        assert_eq!(metadata(issuer(TENANT)).await.unwrap().tenant(), TENANT);
        let error = metadata(issuer("00000000-0000-4000-8000-000000000000")).await.unwrap_err();
        assert_eq!(error.phrase().code, "auth/foreign-issuer");
        let error = metadata(|_| json(200, r#"{"issuer":"https://evil.example/x/v2.0"}"#)).await.unwrap_err();
        assert_eq!(error.phrase().code, "auth/foreign-issuer");
        for page in [json(200, "<html>"), answer(307, "Location: https://evil.example/\r\n", ""), answer(404, "", "")] {
            let error = metadata(|_| page.clone()).await.unwrap_err();
            assert_eq!(error.phrase().code, "auth/not-entra");
        }
    }

    #[tokio::test]
    async fn an_unknown_tenant_is_told_by_name() {
        let body = r#"{"error":"invalid_tenant","error_description":"AADSTS90002: no such tenant.\r\nCorrelation ID: 9999\r\nTimestamp: now","error_codes":[90002]}"#;
        let error = metadata(|_| json(400, body)).await.unwrap_err();
        assert_eq!(error.phrase().code, "auth/tenant-unknown");
        assert_eq!(error.service_code().as_deref(), Some("AADSTS90002"));
        assert_eq!(error.trace().as_deref(), Some("correlation 9999 at now"));
        assert!(error.phrase().meaning_with(&error.facts()).contains(TENANT));
    }
}
