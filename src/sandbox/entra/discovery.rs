//! The documents that tell where Entra's endpoints are (`OpenID` Connect Discovery 1.0 §4). Nothing is decided by them.

use serde_json::json;

use super::directory::{check_tenant, stands_for_any};
use super::visit::Visit;
use crate::sandbox::Outgoing;

const JSON: &str = "application/json; charset=utf-8";

/// `openid-configuration`; 400 with AADSTS90002 for another tenant.
pub(super) fn metadata(visit: &Visit) -> Outgoing {
    if let Err(refusal) = check_tenant(&visit.tenant) {
        return refusal.to_json(visit);
    }
    let origin = &visit.origin;
    let tenant = &visit.tenant;
    let host = origin.trim_start_matches("http://");
    // The documents of `common` and `organizations` hold this placeholder.
    let issuer = if stands_for_any(tenant) { "{tenantid}" } else { tenant };
    let document = json!({
        "token_endpoint": format!("{origin}/{tenant}/oauth2/v2.0/token"),
        "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt", "client_secret_basic"],
        "jwks_uri": format!("{origin}/{tenant}/discovery/v2.0/keys"),
        "response_modes_supported": ["query", "form_post"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "response_types_supported": ["code"],
        "scopes_supported": ["openid", "profile", "email", "offline_access"],
        "issuer": format!("{origin}/{issuer}/v2.0"),
        "request_uri_parameter_supported": false,
        "authorization_endpoint": format!("{origin}/{tenant}/oauth2/v2.0/authorize"),
        "device_authorization_endpoint": format!("{origin}/{tenant}/oauth2/v2.0/devicecode"),
        "claims_supported": ["sub", "iss", "aud", "exp", "iat", "nonce", "preferred_username", "name", "tid", "oid"],
        "tenant_region_scope": "EU",
        "cloud_instance_name": host,
        "msgraph_host": host,
    });
    Outgoing::with_body(200, JSON, document.to_string())
}

/// `jwks_uri`: no keys, because signatures here are noise.
pub(super) fn keys() -> Outgoing {
    Outgoing::with_body(200, JSON, r#"{"keys":[]}"#)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Bench, ORIGIN, json, verdict};
    use crate::sandbox::TENANT_ID;

    #[test]
    fn the_document_names_endpoints_of_this_origin() {
        let mut bench = Bench::new();
        for (tenant, issuer) in [(TENANT_ID, TENANT_ID), ("organizations", "{tenantid}"), ("common", "{tenantid}")] {
            let document = json(&bench.get(&format!("/{tenant}/v2.0/.well-known/openid-configuration"), ""));
            assert_eq!(document["issuer"], format!("{ORIGIN}/{issuer}/v2.0"));
            assert_eq!(document["token_endpoint"], format!("{ORIGIN}/{tenant}/oauth2/v2.0/token"));
            assert_eq!(document["authorization_endpoint"], format!("{ORIGIN}/{tenant}/oauth2/v2.0/authorize"));
        }
        let unknown = bench.get("/nope.example/v2.0/.well-known/openid-configuration", "");
        assert_eq!(verdict(&unknown), (400, "invalid_tenant".to_owned(), 90002));
    }
}
