//! What Azure puts beside a program on one of its machines: an endpoint that gives out tokens for the machine's identities,
//! in the forms of a virtual machine (IMDS), of App Service and of Azure Arc. Where the real ones listen is not known here.

use serde_json::{Value, json};

use super::claims::Claims;
use super::directory::Entra;
use super::form::Form;
use super::issue::{self, Issue};
use super::ledger::Holder;
use super::scopes::Resource;
use super::visit::Visit;
use crate::sandbox::faults::Fault;
use crate::sandbox::{
    ARC_KEY, ARC_KEY_FILE, IDENTITY_HEADER, Incoming, MACHINE_IDENTITIES, MachineIdentity, Outgoing, SYSTEM_IDENTITY,
};

/// Where IMDS and Arc answer.
pub(super) const METADATA: &str = "/metadata/identity/oauth2/token";
/// Where App Service answers.
pub(super) const APP_SERVICE: &str = "/msi/token";

/// Which service answers, as path and `api-version` tell; they differ in headers, in names of parameters and in errors.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Imds,
    Arc,
    AppService,
}

/// Answers a request at one of the two addresses.
pub(super) fn answer(entra: &mut Entra, visit: &Visit, request: &Incoming, query: &Form) -> Outgoing {
    let service = match (request.path.as_str(), query.first("api-version")) {
        (METADATA, Some("2018-02-01")) => Kind::Imds,
        (METADATA, Some("2020-06-01")) => Kind::Arc,
        (APP_SERVICE, Some("2019-08-01")) => Kind::AppService,
        _ => return error_of(Kind::Imds, 400, "bad_request", "The api-version isn't supported."),
    };
    if request.method != "GET" {
        return error_of(service, 405, "bad_request", "Only GET is answered here.");
    }
    if let Some(refusal) = stranger(entra, service, request) {
        return refusal;
    }
    if let Some(refusal) = misfortune(entra, service) {
        return refusal;
    }
    let identity = match choose(entra, service, query) {
        Ok(identity) => identity,
        Err(refusal) => return refusal,
    };
    if query.first("resource") != Some(visit.origin.as_str()) {
        let named = query.first("resource").unwrap_or_default();
        let text = format!(
            "AADSTS500011: The resource principal named {named} isn't known in this tenant. Trace ID: {} Correlation ID: {} Timestamp: {}",
            visit.trace_id,
            visit.correlation_id,
            visit.stamp()
        );
        return error_of(service, 400, "invalid_resource", &text);
    }
    let issue = Issue {
        holder: Holder::App(identity.app),
        client: identity.app,
        resource: Resource::Dataverse,
        openid: false,
        nonce: None,
        client_info: false,
        refresh_token: None,
        claims: Claims::default(),
    };
    let issued = issue::tokens(entra, visit, issue);
    let issued: Value = serde_json::from_slice(&issued.body).unwrap_or_default();
    // Every number is text here, and App Service doesn't say how long a token lives, only until when.
    let life =
        issued["expires_in"].as_u64().or_else(|| issued["expires_in"].as_str()?.parse().ok()).unwrap_or_default();
    let end = visit.now.as_second().saturating_add_unsigned(life);
    let mut body = json!({
        "access_token": issued["access_token"],
        "expires_on": end.to_string(),
        "resource": visit.origin,
        "token_type": "Bearer",
        "client_id": identity.app.client_id,
    });
    if service != Kind::AppService {
        body["expires_in"] = json!(life.to_string());
        body["not_before"] = json!(visit.now.as_second().to_string());
    }
    Outgoing::with_body(200, "application/json; charset=utf-8", body.to_string())
}

/// The headers that keep a page in a browser, and whoever can't read the machine's files, from asking.
fn stranger(entra: &Entra, service: Kind, request: &Incoming) -> Option<Outgoing> {
    match service {
        Kind::AppService => (request.header("x-identity-header") != Some(IDENTITY_HEADER))
            .then(|| error_of(service, 401, "unauthorized", "The identity header is wrong.")),
        _ if request.header("metadata") != Some("true") || request.header("x-forwarded-for").is_some() => {
            Some(error_of(service, 400, "bad_request", "Required metadata header not specified"))
        }
        Kind::Imds => None,
        Kind::Arc => (request.header("authorization") != Some(&format!("Basic {ARC_KEY}"))).then(|| {
            let file = entra.faults.strikes_as(|fault| match fault {
                Fault::ArcKeyElsewhere { file } => Some(file.clone()),
                _ => None,
            });
            let realm = file.unwrap_or_else(|| ARC_KEY_FILE.to_owned());
            Outgoing::empty(401).header("www-authenticate", format!("Basic realm={realm}"))
        }),
    }
}

fn misfortune(entra: &Entra, service: Kind) -> Option<Outgoing> {
    let throttled = entra.faults.strikes_as(|fault| match fault {
        Fault::MachineThrottled { retry_after } => Some(*retry_after),
        _ => None,
    });
    if let Some(retry_after) = throttled {
        let answer = error_of(service, 429, "too_many_requests", "Too many requests");
        return Some(match retry_after {
            0 => answer,
            seconds => answer.header("retry-after", seconds.to_string()),
        });
    }
    let status = entra.faults.strikes_as(|fault| match fault {
        Fault::MachineFails { status } => Some(*status),
        _ => None,
    })?;
    Some(error_of(service, status, "unknown", "Failed to retrieve a token, try again later"))
}

/// The identity that is asked for: the machine's own, unless a parameter names another.
fn choose(entra: &Entra, service: Kind, query: &Form) -> Result<MachineIdentity, Outgoing> {
    let resource_id = if service == Kind::AppService { "mi_res_id" } else { "msi_res_id" };
    let named: Vec<(&str, &str)> = ["client_id", "object_id", resource_id]
        .into_iter()
        .filter_map(|name| query.first(name).map(|value| (name, value)))
        .collect();
    let unknown = || match service {
        Kind::AppService => {
            let text =
                "No User Assigned or Delegated Managed Identity found for specified ClientId/ResourceId/PrincipalId.";
            error_of(service, 400, "", text)
        }
        _ => error_of(service, 400, "invalid_request", "Identity not found"),
    };
    if entra.faults.strikes(&Fault::MachineIdentityUnknown) {
        return Err(unknown());
    }
    match named.as_slice() {
        [] if entra.faults.strikes(&Fault::SeveralMachineIdentities) => {
            let text = "Multiple user assigned identities exist, please specify the clientId / resourceId of the identity in the token request";
            Err(error_of(service, 400, "invalid_request", text))
        }
        [] => Ok(SYSTEM_IDENTITY),
        [(name, value)] if service != Kind::Arc => {
            let fits = |identity: &&MachineIdentity| match *name {
                "client_id" => identity.app.client_id.eq_ignore_ascii_case(value),
                "object_id" => identity.object_id.eq_ignore_ascii_case(value),
                _ => identity.resource_id.eq_ignore_ascii_case(value),
            };
            MACHINE_IDENTITIES.iter().find(fits).copied().ok_or_else(unknown)
        }
        _ => Err(unknown()),
    }
}

/// An error as each service writes it.
fn error_of(service: Kind, status: u16, error: &str, text: &str) -> Outgoing {
    let body = match service {
        Kind::AppService => json!({"statusCode": status, "message": text}),
        Kind::Imds | Kind::Arc => json!({"error": error, "error_description": text}),
    };
    Outgoing::with_body(status, "application/json; charset=utf-8", body.to_string())
}
