//! What the Azure CLI prints for the demo user when it is asked for a token of the organisation. The program itself, and how
//! its user signed in, are not played here.

use serde_json::{Value, json};

use super::claims::Claims;
use super::directory::Entra;
use super::issue::{self, Issue};
use super::ledger::Holder;
use super::scopes::Resource;
use super::visit::Visit;
use crate::sandbox::{AZURE_CLI, Person, TENANT_ID};

/// The answer of `az account get-access-token --resource ORGANISATION --output json` to `person`.
pub(super) fn answer(entra: &mut Entra, visit: &Visit, person: Person) -> String {
    let issue = Issue {
        holder: Holder::Person(person),
        client: AZURE_CLI,
        resource: Resource::Dataverse,
        openid: false,
        nonce: None,
        client_info: false,
        refresh_token: None,
        claims: Claims::default(),
    };
    let issued: Value = serde_json::from_slice(&issue::tokens(entra, visit, issue).body).unwrap_or_default();
    let life = issued["expires_in"].as_u64().unwrap_or_default();
    let end = visit.now.as_second().saturating_add_unsigned(life);
    let wall = jiff::Timestamp::from_second(end).unwrap_or(visit.now).strftime("%Y-%m-%d %H:%M:%S.000000");
    let answer = json!({
        "accessToken": issued["access_token"],
        "expiresOn": wall.to_string(),
        "expires_on": end,
        "subscription": "6f1d2c3b-8e47-4a59-b0d1-95c7e2a4f836",
        "tenant": TENANT_ID,
        "tokenType": "Bearer",
    });
    format!("{answer:#}\n")
}
