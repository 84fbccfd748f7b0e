//! An administrator's consent for everybody in a tenant: the address at which it is asked for, and what came of it.
//! Nothing here opens it or waits, and no token is ever issued by it.

use oauth2::CsrfToken;

use crate::auth::{AuthError, Authority, EntraError, Leg, OIDC_SCOPES, Refusal, dataverse_scope, graph_scope, phrases};
use crate::problem::{Diagnose, Phrase, Problem};
use crate::secret::Secret;
use crate::tenant::TenantUrl;

/// Random bytes of `state`, as for a sign-in.
const RANDOM_BYTES: u32 = 32;
/// "The user declined to consent" (Microsoft Learn, "Microsoft identity platform error codes").
const DECLINED: u32 = 65_004;

/// One request for consent under way. Its state is fresh and is used once.
#[derive(Debug, Clone)]
pub struct AdminConsentRequest {
    /// The address to open.
    pub url: String,
    /// What the answer must repeat.
    pub state: Secret,
    /// Where the administrator signs in, with the tenant in it.
    pub authority: Authority,
    /// Application (client) id.
    pub client_id: String,
    /// Where the answer is awaited, with the real port.
    pub redirect_uri: String,
    tenant_url: TenantUrl,
}

/// What was granted, as the answer says. It is for people to read: anybody could have written it, so nothing is decided
/// by it (Microsoft Learn, "Admin consent on the Microsoft identity platform").
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Granted {
    /// The tenant.
    pub tenant: String,
    /// The scopes; empty where Entra does not list them.
    pub scopes: Vec<String>,
}

impl Granted {
    pub(super) fn of_answer(tenant: &str, scope: &str) -> Self {
        Self { tenant: tenant.to_owned(), scopes: scope.split_whitespace().map(str::to_owned).collect() }
    }
}

/// The administrator said no.
#[derive(Debug, thiserror::Error)]
#[error("the administrator declined the permissions of app {client_id}")]
pub struct AdminConsentDeclined {
    client_id: String,
    #[source]
    cause: EntraError,
}

impl Diagnose for AdminConsentDeclined {
    fn phrase(&self) -> &'static Phrase {
        &phrases::ADMIN_CONSENT_DECLINED
    }

    fn facts(&self) -> Vec<(&'static str, String)> {
        vec![("client_id", self.client_id.clone())]
    }

    fn service_code(&self) -> Option<String> {
        self.cause.code().map(|code| format!("AADSTS{code}"))
    }

    fn trace(&self) -> Option<String> {
        self.cause.trace()
    }
}

impl AdminConsentRequest {
    /// Draws a fresh state and writes the address: `/{tenant}/v2.0/adminconsent`. `tenant_url` is the organisation, or the
    /// discovery service of its cloud, which belongs to the same application.
    ///
    /// # Errors
    /// [`AuthError::BadTenant`] when `authority` names no one tenant: consent is given in one.
    pub fn new(
        tenant_url: &TenantUrl,
        authority: &Authority,
        client_id: &str,
        redirect_uri: &str,
        no_graph: bool,
    ) -> Result<Self, AuthError> {
        if !authority.is_one_tenant() {
            return Err(AuthError::BadTenant { given: authority.tenant().to_owned() });
        }
        let state = CsrfToken::new_random_len(RANDOM_BYTES).into_secret();
        let graph = (!no_graph).then(|| graph_scope(tenant_url));
        let scopes: Vec<String> =
            std::iter::once(dataverse_scope(tenant_url)).chain(graph).chain(OIDC_SCOPES.map(str::to_owned)).collect();
        let query = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("client_id", client_id)
            .append_pair("scope", &scopes.join(" "))
            .append_pair("redirect_uri", redirect_uri)
            .append_pair("state", &state)
            .finish();
        Ok(Self {
            url: format!("{}{}?{query}", authority.origin(), authority.admin_consent_path()),
            state: Secret::new(state),
            authority: authority.clone(),
            client_id: client_id.to_owned(),
            redirect_uri: redirect_uri.to_owned(),
            tenant_url: tenant_url.clone(),
        })
    }

    /// What a refusal means: a plain no, or something that Entra has a number for.
    pub(super) fn refused(&self, error: &str, description: Option<&str>, subcode: Option<&str>) -> Problem {
        let cause = EntraError::from_redirect(error, description, subcode);
        if cause.is_declined() || cause.code() == Some(DECLINED) || error == "permission_denied" {
            return AdminConsentDeclined { client_id: self.client_id.clone(), cause }.into();
        }
        let refusal = Refusal::new(cause, Leg::AdminConsent, &self.authority);
        let uri = Some(self.redirect_uri.as_str());
        let refusal = refusal.of_app(&self.authority, &self.tenant_url, &self.client_id, uri);
        AuthError::Refused(Box::new(refusal)).into()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::problem::Exit;

    const TENANT: &str = "3f6a1e52-8c0d-4a7b-b1e9-52d0c8e4f711";
    const CLIENT: &str = "b6a9d0c4-71e2-4f0b-8d35-1f2e9c7a5580";

    fn request(tenant: &str, no_graph: bool) -> Result<AdminConsentRequest, AuthError> {
        let tenant_url = TenantUrl::parse("https://adventure.crm4.dynamics.com").unwrap().url;
        let authority = Authority::for_tenant(&tenant_url, tenant).unwrap();
        AdminConsentRequest::new(&tenant_url, &authority, CLIENT, "http://localhost:53682", no_graph)
    }

    fn parameters(request: &AdminConsentRequest) -> BTreeMap<String, String> {
        url::Url::parse(&request.url).unwrap().query_pairs().into_owned().collect()
    }

    #[test]
    fn the_address_names_the_tenant_and_every_permission_that_a_connection_uses() {
        let request = request(TENANT, false).unwrap();
        let start = format!("https://login.microsoftonline.com/{TENANT}/v2.0/adminconsent?");
        assert!(request.url.starts_with(&start), "{}", request.url);
        let sent = parameters(&request);
        assert_eq!(sent["client_id"], CLIENT);
        assert_eq!(
            sent["scope"],
            "https://adventure.crm4.dynamics.com/user_impersonation https://graph.microsoft.com/User.Read openid profile offline_access"
        );
        assert_eq!(sent["redirect_uri"], "http://localhost:53682");
        assert_eq!(sent["state"], request.state.expose());
        assert!(request.state.expose().len() >= 43);
    }

    #[test]
    fn graph_can_be_left_out_and_every_state_is_fresh() {
        let (one, other) = (request(TENANT, true).unwrap(), request("contoso.com", true).unwrap());
        assert!(!parameters(&one)["scope"].contains("graph"));
        assert!(!one.state.is_same_as(&other.state));
        assert!(other.url.contains("/contoso.com/v2.0/adminconsent?"));
    }

    #[test]
    fn consent_is_given_in_one_tenant_only() {
        for word in ["common", "organizations"] {
            assert!(matches!(request(word, false), Err(AuthError::BadTenant { .. })), "{word}");
        }
    }

    #[test]
    fn a_no_is_told_from_a_refusal() {
        let request = request(TENANT, false).unwrap();
        for (error, description) in [
            ("consent_required", Some("AADSTS65004: User declined to consent.")),
            ("access_denied", None),
            ("permission_denied", Some("The admin canceled the request")),
        ] {
            let problem = request.refused(error, description, None);
            assert_eq!(problem.phrase().code, "auth/admin-consent-declined", "{error}");
            assert_eq!(problem.exit(), Exit::SignIn);
        }
        let problem = request.refused("unauthorized_client", Some("AADSTS700016: no such app"), None);
        assert_eq!((problem.phrase().code, problem.exit()), ("auth/app-unknown", Exit::SignIn));
        assert_eq!(problem.diagnosis().service_code().as_deref(), Some("AADSTS700016"));
        assert!(problem.to_string().contains("request for consent"), "{problem}");
    }

    #[test]
    fn what_was_granted_is_read_scope_by_scope() {
        let granted = Granted::of_answer(TENANT, "https://x/user_impersonation  openid");
        assert_eq!(granted.scopes, ["https://x/user_impersonation", "openid"]);
        assert_eq!(Granted::of_answer("", "").scopes, Vec::<String>::new());
    }
}
