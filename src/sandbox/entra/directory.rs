//! The sandbox's Entra as a whole: which address leads to which step. The steps themselves are in the files beside it.

use std::time::Duration;

use jiff::Timestamp;

use super::form::Form;
use super::ledger::{Bearer, Ledger};
use super::refusal::Refusal;
use super::visit::Visit;
use super::{authorize, azure_cli, device, discovery, machine, sign_in, token};
use crate::sandbox::faults::{Fault, Faults};
use crate::sandbox::{Incoming, Outgoing, Person, REGISTRATIONS, Registration, TENANT_ID};

/// The directory of one tenant.
#[derive(Debug)]
pub(crate) struct Entra {
    /// What is remembered.
    pub(super) ledger: Ledger,
    /// What goes wrong.
    pub(super) faults: Faults,
    /// Life of an access token.
    pub(super) token_life: Duration,
}

impl Entra {
    /// A directory where nobody has signed in.
    pub(crate) fn new(faults: Faults, token_life: Duration) -> Self {
        Self { ledger: Ledger::default(), faults, token_life }
    }

    /// From now on every code and token ends with `mark`.
    pub(crate) fn mark(&mut self, mark: &str) {
        mark.clone_into(&mut self.ledger.mark);
    }

    /// Answers a request under `origin`, or `None` when the address isn't Entra's.
    pub(crate) fn answer(&mut self, origin: &str, now: Timestamp, request: &Incoming) -> Option<Outgoing> {
        let (tenant, rest) = request.path.trim_start_matches('/').split_once('/').unwrap_or((&request.path, ""));
        let visit = Visit::of(request, origin, tenant, now);
        let query = Form::parse(request.query.as_bytes());
        let posted = Form::parse(&request.body);
        let answer = match (request.method.as_str(), rest) {
            _ if [machine::METADATA, machine::APP_SERVICE].contains(&request.path.as_str()) => {
                machine::answer(self, &visit, request, &query)
            }
            _ if request.path == "/devicelogin" => device::page(self, &visit, request, &posted),
            ("GET", "v2.0/.well-known/openid-configuration") => discovery::metadata(&visit),
            ("GET", "discovery/v2.0/keys") => discovery::keys(),
            ("GET", "oauth2/v2.0/authorize") => authorize::begin(self, &visit, &query),
            ("POST", "oauth2/v2.0/authorize") => authorize::begin(self, &visit, &posted),
            ("GET", "v2.0/adminconsent") => authorize::begin_admin_consent(self, &visit, &query),
            ("POST", "login") => sign_in::password(self, &visit, &posted),
            ("POST", "consent") => sign_in::consent(self, &visit, &posted),
            ("POST", "oauth2/v2.0/token") => token::answer(self, &visit, request, &posted),
            ("POST", "oauth2/v2.0/devicecode") => device::begin(self, &visit, &posted),
            (_, "oauth2/v2.0/token" | "oauth2/v2.0/devicecode") => {
                Refusal::request(900_561, "This endpoint takes POST requests only.").to_json(&visit)
            }
            _ => return None,
        };
        Some(answer.header("x-ms-request-id", visit.trace_id).header("client-request-id", visit.correlation_id))
    }

    /// What the Azure CLI prints for `person` when it is asked for a token of the organisation at `origin`.
    pub(crate) fn azure_cli(&mut self, origin: &str, now: Timestamp, person: Person) -> String {
        let request = Incoming::default();
        azure_cli::answer(self, &Visit::of(&request, origin, TENANT_ID, now), person)
    }

    /// Every token that was given out, for tests that look for them where they must not be.
    pub(crate) fn issued(&self) -> Vec<String> {
        self.ledger.issued()
    }

    /// The access token `token`, if it was given out at `origin` and hasn't expired.
    pub(crate) fn bearer(&self, origin: &str, now: Timestamp, token: &str) -> Option<&Bearer> {
        self.ledger.bearer(token, origin, now)
    }

    /// What a bearer lacks of the claims that are demanded now; the demand, where it lacks any. Only a client that said it
    /// understands a challenge gets one.
    pub(crate) fn demand(&mut self, bearer: &Bearer) -> Option<String> {
        if !bearer.claims.has_cp1() {
            return None;
        }
        let demand: String = self.faults.stands(|fault| match fault {
            Fault::ClaimsDemanded { claims } => Some(claims.clone()),
            _ => None,
        })?;
        (!self.ledger.meets(bearer, &demand)).then_some(demand)
    }

    /// Kills every refresh token, as an administrator's "Revoke sessions" does; access tokens live on until they expire.
    pub(crate) fn revoke_all(&mut self) {
        self.ledger.kill(&sessions_revoked(), |_| true);
    }
}

/// AADSTS50173.
pub(super) fn sessions_revoked() -> Refusal {
    Refusal::grant(50173, "The sign-in behind this grant has been revoked; the user has to sign in again.")
        .because("bad_token")
}

/// The registration with `client_id`, compared as Entra does, with its case.
///
/// # Errors
/// AADSTS900144 without an id, 700016 for an unknown one.
pub(super) fn registration(client_id: Option<&str>) -> Result<Registration, Refusal> {
    let client_id = client_id.ok_or_else(|| Refusal::missing("client_id"))?;
    let known = REGISTRATIONS.iter().find(|known| known.client_id == client_id);
    known.copied().ok_or_else(|| Refusal::unknown_client(client_id))
}

/// Whether a path's tenant is the sandbox's, by id or by one of the words that stand for any.
///
/// # Errors
/// AADSTS90002 for another tenant.
pub(super) fn check_tenant(tenant: &str) -> Result<(), Refusal> {
    if tenant.eq_ignore_ascii_case(TENANT_ID) || stands_for_any(tenant) {
        return Ok(());
    }
    Err(Refusal::new("invalid_tenant", 90002, format!("The tenant '{tenant}' isn't known here.")))
}

/// Whether a path's tenant is a word that stands for any.
pub(super) fn stands_for_any(tenant: &str) -> bool {
    matches!(tenant, "organizations" | "common")
}
