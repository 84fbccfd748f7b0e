//! Makes the answer of a token request once the grant was found good. Whether it is, is decided elsewhere.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::claims::Claims;
use super::directory::Entra;
use super::jwt;
use super::ledger::{Bearer, Holder, later};
use super::scopes::Resource;
use super::sign_in::client_info;
use super::visit::Visit;
use crate::sandbox::faults::Fault;
use crate::sandbox::{Outgoing, Person, Registration, TENANT_ID};

/// What a good grant gives.
#[derive(Debug)]
pub(super) struct Issue {
    /// For whom.
    pub holder: Holder,
    /// Through which app.
    pub client: Registration,
    /// For what.
    pub resource: Resource,
    /// Whether an ID token is due.
    pub openid: bool,
    /// For the ID token.
    pub nonce: Option<String>,
    /// Whether `client_info` is due.
    pub client_info: bool,
    /// The refresh token, already remembered.
    pub refresh_token: Option<String>,
    /// What the access token shall hold.
    pub claims: Claims,
}

/// The successful answer, with `no-store` (RFC 6749 §5.1).
pub(super) fn tokens(entra: &mut Entra, visit: &Visit, issue: Issue) -> Outgoing {
    let expires = later(visit.now, entra.token_life);
    let access_token = entra.ledger.marked(jwt::signed(&access_payload(&issue, visit, expires.as_second())));
    let bearer = Bearer {
        holder: issue.holder,
        resource: issue.resource,
        origin: visit.origin.clone(),
        expires,
        claims: issue.claims,
        number: 0,
    };
    entra.ledger.remember_bearer(&access_token, bearer, visit.now);

    let seconds = entra.token_life.as_secs();
    let as_text = entra.faults.strikes(&Fault::NumbersAsStrings);
    let life = if as_text { json!(seconds.to_string()) } else { json!(seconds) };
    let mut body = json!({
        "token_type": "Bearer",
        "expires_in": life,
        "ext_expires_in": life,
        "access_token": access_token,
    });
    if let Holder::Person(person) = issue.holder {
        body["scope"] = json!(issue.resource.granted(&visit.origin));
        if let Some(refresh_token) = issue.refresh_token {
            body["refresh_token"] = json!(refresh_token);
        }
        if issue.openid {
            let nonce = issue.nonce.map(|nonce| {
                if entra.faults.strikes(&Fault::WrongNonce) { "not-the-nonce-that-was-sent".to_owned() } else { nonce }
            });
            let id_token = jwt::signed(&id_payload(&person, &issue.client, nonce, visit, expires.as_second()));
            body["id_token"] = json!(entra.ledger.marked(id_token));
        }
        if issue.client_info {
            body["client_info"] = json!(client_info(&person));
        }
    }
    Outgoing::with_body(200, "application/json; charset=utf-8", body.to_string())
        .header("cache-control", "no-store")
        .header("pragma", "no-cache")
}

/// A v1.0 token, which is what Dataverse gets.
fn access_payload(issue: &Issue, visit: &Visit, expires: i64) -> Value {
    let issuer = format!("https://sts.windows.net/{TENANT_ID}/");
    let now = visit.now.as_second();
    let mut payload = json!({
        "aud": issue.resource.audience(&visit.origin),
        "iss": issuer,
        "iat": now,
        "nbf": now,
        "exp": expires,
        "appid": issue.client.client_id,
        "appidacr": if issue.client.secret.is_some() { "1" } else { "0" },
        "tid": TENANT_ID,
        "uti": jwt::ticket(),
        "ver": "1.0",
    });
    if issue.claims.has_cp1() {
        payload["xms_cc"] = json!(["cp1"]);
    }
    let more = match issue.holder {
        Holder::Person(person) => json!({
            "acr": "1",
            "amr": ["pwd"],
            "ipaddr": "192.0.2.10",
            "name": person.full_name,
            "oid": person.object_id,
            "scp": issue.resource.permission(),
            "sub": pairwise(person.object_id, "dataverse"),
            "unique_name": person.user_name,
            "upn": person.user_name,
        }),
        Holder::App(registration) => {
            let principal = service_principal(&registration);
            json!({"idp": issuer, "oid": principal, "sub": principal})
        }
    };
    if let (Some(payload), Value::Object(more)) = (payload.as_object_mut(), more) {
        payload.extend(more);
    }
    payload
}

fn id_payload(person: &Person, client: &Registration, nonce: Option<String>, visit: &Visit, expires: i64) -> Value {
    let now = visit.now.as_second();
    let mut payload = json!({
        "ver": "2.0",
        "iss": format!("{}/{TENANT_ID}/v2.0", visit.origin),
        "sub": pairwise(person.object_id, client.client_id),
        "aud": client.client_id,
        "exp": expires,
        "iat": now,
        "nbf": now,
        "name": person.full_name,
        "preferred_username": person.user_name,
        "oid": person.object_id,
        "tid": TENANT_ID,
        "uti": jwt::ticket(),
    });
    if let Some(nonce) = nonce {
        payload["nonce"] = json!(nonce);
    }
    payload
}

/// A subject that is the same for one user in one app and different in another.
fn pairwise(object_id: &str, audience: &str) -> String {
    jwt::base64url(Sha256::digest(format!("{object_id} {audience}")))
}

/// The object id of an app's service principal: always the same for the same app.
fn service_principal(registration: &Registration) -> String {
    let digest: [u8; 32] = Sha256::digest(registration.client_id).into();
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    uuid::Builder::from_random_bytes(bytes).into_uuid().to_string()
}
