//! The address a user signs in at: scopes, PKCE, state and nonce. Nothing here opens it or waits for the answer; of the
//! outside world it takes random bytes and nothing else.

use oauth2::basic::BasicClient;
use oauth2::{AuthUrl, ClientId, CsrfToken, PkceCodeChallenge, RedirectUrl, Scope};

use crate::auth::{AuthError, Authority, Claims, OIDC_SCOPES, claims_parameter, dataverse_scope, graph_scope};
use crate::connection::ResponseMode;
use crate::secret::Secret;
use crate::tenant::TenantUrl;

/// Random bytes of `state` and of `nonce`: twice the 128 bits that RFC 6749 §10.10 asks for.
const RANDOM_BYTES: u32 = 32;

/// What the sign-in page should do besides its usual (`OpenID` Connect Core §3.1.2.1, `prompt`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Prompt {
    /// Offer every account, even if one is signed in.
    SelectAccount,
    /// Show the list of permissions again.
    Consent,
    /// Ask for the password again.
    Login,
}

impl Prompt {
    /// The word of the `prompt` parameter.
    #[must_use]
    pub const fn parameter(self) -> &'static str {
        match self {
            Self::SelectAccount => "select_account",
            Self::Consent => "consent",
            Self::Login => "login",
        }
    }
}

/// What a sign-in in the browser needs.
#[derive(Debug, Clone)]
pub struct SignInRequest<'a> {
    /// The organisation.
    pub tenant_url: &'a TenantUrl,
    /// Where its users sign in.
    pub authority: &'a Authority,
    /// Application (client) id.
    pub client_id: &'a str,
    /// Where the answer is awaited, with the real port.
    pub redirect_uri: &'a str,
    /// How the answer is sent.
    pub response_mode: ResponseMode,
    /// Whether Microsoft Graph's `User.Read` is left out.
    pub no_graph: bool,
    /// What the page should do.
    pub prompt: Option<Prompt>,
    /// The sign-in name to fill in.
    pub login_hint: Option<&'a str>,
    /// What an earlier refusal demanded.
    pub claims: Option<&'a Claims>,
}

/// One sign-in under way. Its secrets are fresh and are used once.
#[derive(Debug, Clone)]
pub struct Authorization {
    /// The address to open. It holds no secret: state and challenge are worthless without this value.
    pub url: String,
    /// What the answer must repeat.
    pub state: Secret,
    /// What the ID token must repeat.
    pub nonce: Secret,
    /// The PKCE verifier (RFC 7636), shown only to the token endpoint.
    pub verifier: Secret,
    /// The redirect URI, to be repeated byte for byte when the code is redeemed.
    pub redirect_uri: String,
    /// Application (client) id.
    pub client_id: String,
    /// Where the user signs in.
    pub authority: Authority,
    /// The organisation.
    pub tenant_url: TenantUrl,
    /// The `claims` parameter, to be repeated when the code is redeemed.
    pub claims: String,
}

impl SignInRequest<'_> {
    /// Draws fresh secrets and writes the address.
    ///
    /// The address names the scopes of Dataverse and, unless left out, of Graph: one consent page for both. The token
    /// request later names one of them.
    ///
    /// # Errors
    /// [`AuthError::BadRedirectUri`] when the redirect URI is no address.
    pub fn to_authorization(&self) -> Result<Authorization, AuthError> {
        self.to_authorization_for(&dataverse_scope(self.tenant_url))
    }

    /// The same with another scope in the place of the organisation's, such as that of the discovery service.
    ///
    /// # Errors
    /// As [`SignInRequest::to_authorization`].
    pub fn to_authorization_for(&self, scope: &str) -> Result<Authorization, AuthError> {
        let endpoint = format!("{}{}", self.authority.origin(), self.authority.authorize_path());
        let endpoint =
            AuthUrl::new(endpoint).map_err(|_| AuthError::BadTenant { given: self.authority.tenant().to_owned() })?;
        let redirect = RedirectUrl::new(self.redirect_uri.to_owned()).map_err(|_| AuthError::BadRedirectUri {
            given: self.redirect_uri.to_owned(),
            why: "it is not an address",
        })?;
        let client = BasicClient::new(ClientId::new(self.client_id.to_owned()))
            .set_auth_uri(endpoint)
            .set_redirect_uri(redirect);
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let nonce = CsrfToken::new_random_len(RANDOM_BYTES).into_secret();
        let claims = claims_parameter(self.claims);
        let mut request = client
            .authorize_url(|| CsrfToken::new_random_len(RANDOM_BYTES))
            .set_pkce_challenge(challenge)
            .add_scopes(self.scopes(scope).into_iter().map(Scope::new))
            .add_extra_param("response_mode", self.response_mode.parameter())
            .add_extra_param("nonce", nonce.clone())
            .add_extra_param("client_info", "1")
            .add_extra_param("claims", claims.clone());
        if let Some(prompt) = self.prompt {
            request = request.add_extra_param("prompt", prompt.parameter());
        }
        // Microsoft's page on the authorize request rules a hint beside `select_account` out: the page would skip the choice.
        if let (Some(hint), true) = (self.login_hint, self.prompt != Some(Prompt::SelectAccount)) {
            request = request.add_extra_param("login_hint", hint.to_owned());
        }
        let (url, state) = request.url();
        Ok(Authorization {
            url: url.into(),
            // Both stand in the address that is shown and opened.
            state: Secret::unwatched(state.into_secret()),
            nonce: Secret::unwatched(nonce),
            verifier: Secret::new(verifier.into_secret()),
            redirect_uri: self.redirect_uri.to_owned(),
            client_id: self.client_id.to_owned(),
            authority: self.authority.clone(),
            tenant_url: self.tenant_url.clone(),
            claims,
        })
    }

    fn scopes(&self, first: &str) -> Vec<String> {
        let mut scopes = vec![first.to_owned()];
        scopes.extend(OIDC_SCOPES.map(str::to_owned));
        if !self.no_graph {
            scopes.push(graph_scope(self.tenant_url));
        }
        scopes
    }
}

/// The address at which an administrator grants an app its permissions for everybody in the tenant
/// (Microsoft Learn, "Admin consent on the Microsoft identity platform").
#[must_use]
pub fn admin_consent_url(
    authority: &Authority,
    tenant_url: &TenantUrl,
    client_id: &str,
    redirect_uri: Option<&str>,
) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.append_pair("client_id", client_id).append_pair("scope", &dataverse_scope(tenant_url));
    if let Some(redirect_uri) = redirect_uri {
        query.append_pair("redirect_uri", redirect_uri);
    }
    format!("{}/{}/v2.0/adminconsent?{}", authority.origin(), authority.tenant(), query.finish())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use oauth2::PkceCodeVerifier;
    use sha2::{Digest, Sha256};

    use super::*;

    const TENANT: &str = "3f6a1e52-8c0d-4a7b-b1e9-52d0c8e4f711";
    const CLIENT: &str = "b6a9d0c4-71e2-4f0b-8d35-1f2e9c7a5580";

    fn parameters(url: &str) -> BTreeMap<String, String> {
        let url = url::Url::parse(url).unwrap();
        let pairs: Vec<(String, String)> = url.query_pairs().into_owned().collect();
        let map: BTreeMap<String, String> = pairs.iter().cloned().collect();
        assert_eq!(map.len(), pairs.len(), "no parameter stands twice");
        map
    }

    fn authorize(change: impl FnOnce(&mut SignInRequest<'_>)) -> Authorization {
        let tenant_url = TenantUrl::parse("https://adventure.crm4.dynamics.com").unwrap().url;
        let authority = Authority::for_tenant(&tenant_url, TENANT).unwrap();
        let mut request = SignInRequest {
            tenant_url: &tenant_url,
            authority: &authority,
            client_id: CLIENT,
            redirect_uri: "http://localhost:53682",
            response_mode: ResponseMode::FormPost,
            no_graph: false,
            prompt: None,
            login_hint: None,
            claims: None,
        };
        change(&mut request);
        request.to_authorization().unwrap()
    }

    #[test]
    fn the_address_asks_for_a_code_with_pkce_for_both_resources() {
        let authorization = authorize(|_| ());
        let sent = parameters(&authorization.url);
        assert!(
            authorization
                .url
                .starts_with(&format!("https://login.microsoftonline.com/{TENANT}/oauth2/v2.0/authorize?"))
        );
        let expected = [
            ("response_type", "code"),
            ("client_id", CLIENT),
            ("redirect_uri", "http://localhost:53682"),
            ("response_mode", "form_post"),
            ("code_challenge_method", "S256"),
            ("client_info", "1"),
            (
                "scope",
                "https://adventure.crm4.dynamics.com/user_impersonation openid profile offline_access https://graph.microsoft.com/User.Read",
            ),
        ];
        for (name, value) in expected {
            assert_eq!(sent.get(name).map(String::as_str), Some(value), "{name}");
        }
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(authorization.verifier.expose()));
        assert_eq!(sent["code_challenge"], challenge);
        assert_eq!(sent["state"], authorization.state.expose());
        assert_eq!(sent["nonce"], authorization.nonce.expose());
        assert!((43..=128).contains(&authorization.verifier.expose().len()));
        assert!(!sent.contains_key("prompt") && !sent.contains_key("login_hint"));
        assert_eq!(sent["claims"], r#"{"access_token":{"xms_cc":{"values":["cp1"]}}}"#);
        assert!(!authorization.url.contains(authorization.verifier.expose()));
    }

    #[test]
    fn state_nonce_and_verifier_are_fresh_and_long_enough() {
        let (one, other) = (authorize(|_| ()), authorize(|_| ()));
        for (a, b) in [(&one.state, &other.state), (&one.nonce, &other.nonce), (&one.verifier, &other.verifier)] {
            assert!(!a.is_same_as(b));
            assert_eq!(URL_SAFE_NO_PAD.decode(a.expose()).unwrap().len(), 32);
        }
        assert!(!one.state.is_same_as(&one.nonce));
    }

    #[test]
    fn options_change_only_what_they_name() {
        let sent = parameters(&authorize(|request| request.no_graph = true).url);
        assert_eq!(
            sent["scope"],
            "https://adventure.crm4.dynamics.com/user_impersonation openid profile offline_access"
        );
        let claims = Claims::parse(r#"{"access_token":{"acrs":{"essential":true,"value":"c1"}}}"#).unwrap();
        let claims: &'static Claims = Box::leak(Box::new(claims));
        let authorization = authorize(|request| request.claims = Some(claims));
        let sent = parameters(&authorization.url);
        assert_eq!(
            sent["claims"],
            r#"{"access_token":{"acrs":{"essential":true,"value":"c1"},"xms_cc":{"values":["cp1"]}}}"#
        );
        assert_eq!(authorization.claims, sent["claims"]);
        let sent = parameters(
            &authorize(|request| {
                request.response_mode = ResponseMode::Query;
                request.prompt = Some(Prompt::Consent);
                request.login_hint = Some("ines@contoso.example");
            })
            .url,
        );
        assert_eq!(sent["response_mode"], "query");
        assert_eq!((sent["prompt"].as_str(), sent["login_hint"].as_str()), ("consent", "ines@contoso.example"));
        let sent = parameters(
            &authorize(|request| {
                request.prompt = Some(Prompt::SelectAccount);
                request.login_hint = Some("ines@contoso.example");
            })
            .url,
        );
        assert_eq!(sent["prompt"], "select_account");
        assert!(!sent.contains_key("login_hint"), "a hint would skip the choice");
    }

    #[test]
    fn the_challenge_is_that_of_rfc_7636_appendix_b() {
        let verifier = PkceCodeVerifier::new("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk".to_owned());
        let challenge = PkceCodeChallenge::from_code_verifier_sha256(&verifier);
        assert_eq!(challenge.as_str(), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    }

    #[test]
    fn an_administrator_is_sent_to_the_tenant_of_the_organisation() {
        let authorization = authorize(|_| ());
        let url =
            admin_consent_url(&authorization.authority, &authorization.tenant_url, CLIENT, Some("http://localhost"));
        assert!(url.starts_with(&format!("https://login.microsoftonline.com/{TENANT}/v2.0/adminconsent?")));
        let sent = parameters(&url);
        assert_eq!(sent["client_id"], CLIENT);
        assert_eq!(sent["scope"], "https://adventure.crm4.dynamics.com/user_impersonation");
        assert_eq!(sent["redirect_uri"], "http://localhost");
    }

    #[test]
    fn nothing_of_a_sign_in_shows_in_debug_output() {
        let authorization = authorize(|_| ());
        let shown = format!("{:?}", (&authorization.state, &authorization.nonce, &authorization.verifier));
        assert_eq!(shown, "(***, ***, ***)");
    }
}
