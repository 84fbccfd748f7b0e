//! Turns the code of a sign-in into tokens for the organisation. The code is used once and named nowhere else.

use oauth2::{AuthorizationCode, PkceCodeVerifier, RedirectUrl};

use crate::auth::token_endpoint::Errand;
use crate::auth::{Applicant, AuthError, Authorization, Code, Leg, OIDC_SCOPES, TokenSet, dataverse_scope};

/// Redeems `code` and checks that the ID token answers this very sign-in.
///
/// The request names the scopes of Dataverse alone, although the sign-in asked for Graph too: Entra issues one token for
/// one resource (AADSTS28000), and without scopes it would not know which (AADSTS28003).
///
/// # Errors
/// [`AuthError`]: refused, not reachable, or a token that is not the answer to `authorization`.
pub async fn redeem(
    applicant: &Applicant<'_>,
    authorization: &Authorization,
    code: Code,
) -> Result<TokenSet, AuthError> {
    redeem_for(applicant, authorization, code, &dataverse_scope(applicant.tenant_url)).await
}

/// The same for the resource of `scope`, such as the discovery service.
///
/// # Errors
/// As [`redeem`].
pub async fn redeem_for(
    applicant: &Applicant<'_>,
    authorization: &Authorization,
    code: Code,
    scope: &str,
) -> Result<TokenSet, AuthError> {
    let errand = Errand { redirect_uri: Some(&authorization.redirect_uri), ..Errand::of(applicant, Leg::Redeem) };
    let redirect = RedirectUrl::new(authorization.redirect_uri.clone()).map_err(|_| AuthError::BadRedirectUri {
        given: authorization.redirect_uri.clone(),
        why: "it is not an address",
    })?;
    let scope = [&[scope], &OIDC_SCOPES[..]].concat().join(" ");
    let client = applicant.client()?.set_redirect_uri(redirect);
    let answer = client
        .exchange_code(AuthorizationCode::new(code.secret().expose().to_owned()))
        .set_pkce_verifier(PkceCodeVerifier::new(authorization.verifier.expose().to_owned()))
        .add_extra_param("scope", scope)
        .add_extra_param("client_info", "1")
        .add_extra_param("claims", authorization.claims.clone())
        .request_async(&errand)
        .await;
    let tokens = applicant.tokens(answer)?;
    applicant.check_identity(&tokens, Some(&authorization.nonce))?;
    Ok(tokens)
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    use super::*;
    use crate::auth::stand_in::{CLIENT, StandIn, TENANT, http, json};
    use crate::auth::{Proof, SignInRequest};
    use crate::clock::Clock;
    use crate::connection::ResponseMode;
    use crate::problem::Diagnose;
    use crate::secret::Secret;

    fn authorization(stand_in: &StandIn) -> Authorization {
        SignInRequest {
            tenant_url: &stand_in.tenant_url,
            authority: &stand_in.authority(),
            client_id: CLIENT,
            redirect_uri: "http://localhost:53682",
            response_mode: ResponseMode::FormPost,
            no_graph: false,
            prompt: None,
            login_hint: None,
            claims: None,
        }
        .to_authorization()
        .unwrap()
    }

    fn tokens(address: &str, nonce: &str) -> String {
        let payload = serde_json::json!({"aud": CLIENT, "iss": format!("{address}/{TENANT}/v2.0"), "tid": TENANT, "oid": "o", "nonce": nonce});
        let id_token = format!("e30.{}.s", URL_SAFE_NO_PAD.encode(payload.to_string()));
        json(
            200,
            &format!(
                r#"{{"token_type":"Bearer","expires_in":"3600","access_token":"at","refresh_token":"rt","id_token":"{id_token}"}}"#
            ),
        )
    }

    /// Redeems at a stand-in whose answer is made once its address and the nonce are known.
    async fn redeemed(
        secret: Option<&str>,
        reply: impl FnOnce(&str, &str) -> String,
    ) -> (Result<TokenSet, AuthError>, Vec<String>, Authorization) {
        let blank = StandIn::answering(|_| [String::new()]).await;
        let mut authorization = authorization(&blank);
        let nonce = authorization.nonce.expose().to_owned();
        let stand_in = StandIn::answering(|address| [reply(address, &nonce)]).await;
        authorization.authority = stand_in.authority();
        authorization.tenant_url = stand_in.tenant_url.clone();
        let (http, clock, secret) = (http(), Clock::system(), secret.map(Secret::new));
        let applicant = Applicant {
            http: &http,
            clock: &clock,
            authority: &authorization.authority,
            tenant_url: &authorization.tenant_url,
            client_id: CLIENT,
            proof: Proof::by_secret(secret.as_ref()),
            patience: std::time::Duration::from_secs(600),
        };
        let result = redeem(&applicant, &authorization, Code::new("1.AXk+/=&")).await;
        (result, stand_in.asked(), authorization)
    }

    fn form(request: &str) -> std::collections::BTreeMap<String, String> {
        let body = request.split_once("\r\n\r\n").unwrap().1;
        url::form_urlencoded::parse(body.as_bytes()).into_owned().collect()
    }

    #[tokio::test]
    async fn the_code_is_redeemed_for_one_resource_with_its_verifier() {
        let (result, asked, authorization) = redeemed(None, tokens).await;
        let tokens = result.unwrap();
        assert_eq!(tokens.access_token.expose(), "at");
        assert_eq!(asked.len(), 1);
        assert!(asked[0].starts_with(&format!("POST /{TENANT}/oauth2/v2.0/token HTTP/1.1\r\n")), "{}", asked[0]);
        assert!(!asked[0].to_ascii_lowercase().contains("\r\norigin:"));
        let sent = form(&asked[0]);
        let scope = format!("{}/user_impersonation openid profile offline_access", authorization.tenant_url);
        for (name, value) in [
            ("grant_type", "authorization_code"),
            ("code", "1.AXk+/=&"),
            ("client_id", CLIENT),
            ("redirect_uri", "http://localhost:53682"),
            ("code_verifier", authorization.verifier.expose()),
            ("scope", &scope),
        ] {
            assert_eq!(sent.get(name).map(String::as_str), Some(value), "{name}");
        }
        assert!(!sent.contains_key("client_secret"));
    }

    #[tokio::test]
    async fn a_client_secret_goes_form_encoded_in_the_body() {
        let (result, asked, _) = redeemed(Some("a~b+c&d%e"), tokens).await;
        result.unwrap();
        assert!(
            asked[0].contains("client_secret=a%7Eb%2Bc%26d%25e") || asked[0].contains("client_secret=a~b%2Bc%26d%25e")
        );
        assert_eq!(form(&asked[0])["client_secret"], "a~b+c&d%e");
        assert!(!asked[0].to_ascii_lowercase().contains("authorization:"));
    }

    #[tokio::test]
    async fn a_refused_secret_is_never_left_out_for_a_second_try() {
        let body = r#"{"error":"invalid_client","error_description":"AADSTS700025: public.","error_codes":[700025],"correlation_id":"9999"}"#;
        let (result, asked, _) = redeemed(Some("hunter2"), |_, _| json(401, body)).await;
        let error = result.unwrap_err();
        assert_eq!(error.phrase().code, "auth/secret-unwanted");
        assert_eq!(error.service_code().as_deref(), Some("AADSTS700025"));
        assert!(error.phrase().remedy_with(&error.facts()).join(" ").contains(CLIENT));
        assert!(!format!("{error:?} {error}").contains("hunter2"));
        assert_eq!(asked.len(), 1);
    }

    #[tokio::test]
    async fn a_token_for_another_sign_in_is_not_kept() {
        let (result, _, _) = redeemed(None, |address, _| tokens(address, "another")).await;
        assert!(matches!(result, Err(AuthError::ForeignIdToken { what: "nonce" })));
        let bare = r#"{"token_type":"Bearer","access_token":"at"}"#;
        let (result, _, _) = redeemed(None, |_, _| json(200, bare)).await;
        assert!(matches!(result, Err(AuthError::OddToken { .. })));
    }

    #[test]
    fn signing_in_can_be_done_on_any_thread() {
        fn is_send<T: Send>(_: impl FnOnce() -> T) {}
        is_send(|| async {
            let stand_in = StandIn::answering(|_| [String::new()]).await;
            let (http, clock, authority) = (http(), Clock::system(), stand_in.authority());
            let applicant = stand_in.applicant(&http, &clock, &authority, Proof::Nothing);
            redeem(&applicant, &authorization(&stand_in), Code::new("x")).await
        });
    }
}
