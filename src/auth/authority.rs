//! Where a tenant signs users in: its login host, its tenant, its endpoints and the scopes to ask for. No I/O, and no
//! login host that is not in the table of clouds.

use crate::auth::{AuthError, Challenge};
use crate::net::Origin;
use crate::tenant::TenantUrl;

/// The scopes of `OpenID` Connect that every sign-in asks for: who it is, and a refresh token.
pub const OIDC_SCOPES: [&str; 3] = ["openid", "profile", "offline_access"];

/// The tenant of personal Microsoft accounts, which never owns an organisation.
pub(super) const PERSONAL_TENANT: &str = "9188040d-6c67-4c5b-b112-36a304b66dad";

/// Any work or school tenant: which one is learnt from the ID token.
const ORGANISATIONS: &str = "organizations";

/// A trusted place to sign in: origin and tenant. It exists only for hosts of the organisation's own cloud.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authority {
    origin: Origin,
    tenant: String,
    login_hosts: &'static [&'static str],
    issuer: Option<String>,
    names_issuer: bool,
}

impl Authority {
    /// Takes the authority that an organisation's own 401 names, if it may be believed: its host is in the table for
    /// the organisation's cloud, its path is Entra's, and the resource is this very organisation.
    ///
    /// # Errors
    /// [`AuthError::UntrustedAuthority`] or [`AuthError::ForeignResource`].
    pub fn from_challenge(tenant_url: &TenantUrl, challenge: &Challenge) -> Result<Self, AuthError> {
        let refuse = |why| AuthError::UntrustedAuthority {
            address: tenant_url.to_string(),
            named: host_for_people(&challenge.authorization_uri),
            cloud: tenant_url.cloud().name,
            why,
        };
        let (origin, path) = split(tenant_url, &challenge.authorization_uri).map_err(refuse)?;
        let segments: Vec<&str> = path.trim_end_matches('/').split('/').collect();
        let ([tenant, "oauth2", "authorize"] | [tenant, "oauth2", "v2.0", "authorize"]) = segments[..] else {
            return Err(refuse("its path is not that of a sign-in page"));
        };
        let tenant = tenant_segment(tenant).ok_or_else(|| refuse("its tenant is neither a GUID nor a domain"))?;
        if !tenant_url.is_resource(&challenge.resource_id) {
            return Err(AuthError::ForeignResource {
                address: tenant_url.to_string(),
                resource: host_for_people(&challenge.resource_id),
            });
        }
        Ok(Self { origin, tenant, login_hosts: tenant_url.cloud().login_hosts, issuer: None, names_issuer: false })
    }

    /// The authority of a tenant that the user named (`--tenant`): a GUID or a domain, at the cloud's own login host.
    ///
    /// # Errors
    /// [`AuthError::BadTenant`].
    pub fn for_tenant(tenant_url: &TenantUrl, tenant: &str) -> Result<Self, AuthError> {
        let bad = || AuthError::BadTenant { given: tenant.to_owned() };
        let name = tenant_segment(tenant).ok_or_else(bad)?;
        let login_hosts = tenant_url.cloud().login_hosts;
        let origin = if tenant_url.is_sandbox() {
            origin_of(tenant_url)
        } else {
            login_hosts.first().and_then(|host| Origin::parse(&format!("https://{host}"))).ok_or_else(bad)?
        };
        Ok(Self { origin, tenant: name, login_hosts, issuer: None, names_issuer: false })
    }

    /// The authority of a sign-in whose tenant is not known yet: whichever work or school tenant the user belongs to.
    ///
    /// # Errors
    /// [`AuthError::BadTenant`] where the cloud has no login host.
    pub fn for_any_tenant(tenant_url: &TenantUrl) -> Result<Self, AuthError> {
        Self::for_tenant(tenant_url, ORGANISATIONS)
    }

    /// The same place for another tenant.
    ///
    /// # Errors
    /// [`AuthError::BadTenant`].
    pub fn with_tenant(&self, tenant: &str) -> Result<Self, AuthError> {
        let tenant = tenant_segment(tenant).ok_or_else(|| AuthError::BadTenant { given: tenant.to_owned() })?;
        Ok(Self { tenant, issuer: None, names_issuer: false, ..self.clone() })
    }

    /// The same place with the issuer its metadata named; a tenant given as a domain becomes the GUID in it.
    ///
    /// # Errors
    /// [`AuthError::ForeignIssuer`] when that issuer is another tenant's or another host's.
    pub(super) fn with_issuer(&self, issuer: &str) -> Result<Self, AuthError> {
        let refuse = || AuthError::ForeignIssuer {
            host: self.host().to_owned(),
            tenant: self.tenant.clone(),
            issuer: host_for_people(issuer),
        };
        let tenant = self.tenant_of_issuer(issuer).ok_or_else(refuse)?;
        let tenant = match (self.is_tenant_known(), tenant.as_str()) {
            (_, "{tenantid}") if self.tenant == ORGANISATIONS => self.tenant.clone(),
            (_, other) if !is_guid(other) => return Err(refuse()),
            (true, other) if other != self.tenant => return Err(refuse()),
            _ => tenant,
        };
        Ok(Self { tenant, issuer: Some(issuer.to_owned()), ..self.clone() })
    }

    /// The same place, which promises to name its issuer in every answer of a sign-in, or does not (RFC 9207 §3).
    pub(super) fn naming_issuer(self, names_issuer: bool) -> Self {
        Self { names_issuer, ..self }
    }

    /// Scheme, host and port.
    #[must_use]
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// The login host, with the port if it is the sandbox's.
    #[must_use]
    pub fn host(&self) -> &str {
        self.origin.as_str().split_once("://").map_or("", |(_, host)| host)
    }

    /// The tenant: a GUID in lower case, a domain, or `organizations`.
    #[must_use]
    pub fn tenant(&self) -> &str {
        &self.tenant
    }

    /// Whether the tenant is told apart from every other by its GUID.
    #[must_use]
    pub fn is_tenant_known(&self) -> bool {
        is_guid(&self.tenant)
    }

    /// Path of the authorize endpoint.
    #[must_use]
    pub fn authorize_path(&self) -> String {
        format!("/{}/oauth2/v2.0/authorize", self.tenant)
    }

    /// Path of the token endpoint.
    #[must_use]
    pub fn token_path(&self) -> String {
        format!("/{}/oauth2/v2.0/token", self.tenant)
    }

    /// Path of the endpoint that gives out codes for devices.
    #[must_use]
    pub fn device_code_path(&self) -> String {
        format!("/{}/oauth2/v2.0/devicecode", self.tenant)
    }

    /// Path of the page on which an administrator consents for everybody.
    #[must_use]
    pub fn admin_consent_path(&self) -> String {
        format!("/{}/v2.0/adminconsent", self.tenant)
    }

    /// Whether one tenant is named, by its GUID or by a domain, and not any.
    #[must_use]
    pub fn is_one_tenant(&self) -> bool {
        self.tenant != ORGANISATIONS
    }

    /// Path of the `OpenID` metadata.
    #[must_use]
    pub fn metadata_path(&self) -> String {
        format!("/{}/v2.0/.well-known/openid-configuration", self.tenant)
    }

    /// Whether `origin` (the `Origin` header of a form post) is this place or another name of it in the same cloud.
    #[must_use]
    pub fn is_own_origin(&self, origin: &str) -> bool {
        origin == self.origin.as_str()
            || origin.strip_prefix("https://").is_some_and(|host| self.login_hosts.contains(&host))
    }

    /// Whether the `iss` of an answer is this authority's, letter by letter (RFC 9207 §2.4). An answer without one is refused
    /// only where the authority promises one.
    #[must_use]
    pub fn is_answering_issuer(&self, iss: Option<&str>) -> bool {
        let Some(iss) = iss else { return !self.names_issuer };
        match &self.issuer {
            Some(issuer) if self.is_tenant_known() => issuer == iss,
            _ if self.is_tenant_known() => iss == format!("{}/{}/v2.0", self.origin.as_str(), self.tenant),
            // Which tenant it is, only the answer tells.
            _ => {
                let path = iss.strip_prefix(self.origin.as_str()).and_then(|path| path.strip_prefix('/'));
                path.and_then(|path| path.strip_suffix("/v2.0")).is_some_and(is_guid)
            }
        }
    }

    /// Whether `issuer` (the `iss` of an ID token) is this authority's: of this tenant, at one of its cloud's login hosts.
    #[must_use]
    pub fn is_issuer(&self, issuer: &str) -> bool {
        if let (Some(known), true) = (&self.issuer, self.is_tenant_known()) {
            return known == issuer;
        }
        if self.is_tenant_known() {
            return self.tenant_of_issuer(issuer).is_some_and(|tenant| tenant == self.tenant);
        }
        self.tenant_of_issuer(issuer).is_some_and(|tenant| is_guid(&tenant))
    }

    /// The tenant inside an issuer of a trusted host: `https://HOST/TENANT/v2.0`. A regional label in front of a trusted
    /// host is trusted too, as Microsoft's own libraries do.
    fn tenant_of_issuer(&self, issuer: &str) -> Option<String> {
        let path = if let Some(path) = issuer.strip_prefix(self.origin.as_str()) {
            path.strip_prefix('/')?
        } else {
            let (host, path) = issuer.strip_prefix("https://")?.split_once('/')?;
            let is_trusted = self.login_hosts.iter().any(|trusted| {
                host == *trusted
                    || host
                        .strip_suffix(trusted)
                        .and_then(|front| front.strip_suffix('.'))
                        .is_some_and(|label| !label.is_empty() && label.bytes().all(|b| b.is_ascii_alphanumeric()))
            });
            is_trusted.then_some(path)?
        };
        path.strip_suffix("/v2.0").filter(|tenant| !tenant.is_empty() && !tenant.contains('/')).map(str::to_owned)
    }
}

/// The scope of a user's token: acting in the organisation as that user.
#[must_use]
pub fn dataverse_scope(tenant_url: &TenantUrl) -> String {
    format!("{}/user_impersonation", tenant_url.as_str())
}

/// The scope of an application's token: everything an administrator granted it.
#[must_use]
pub fn app_scope(tenant_url: &TenantUrl) -> String {
    format!("{}/.default", tenant_url.as_str())
}

/// The scope of Microsoft Graph that reads who signed in. The sandbox knows it by its public name.
#[must_use]
pub fn graph_scope(tenant_url: &TenantUrl) -> String {
    let host = if tenant_url.is_sandbox() { "graph.microsoft.com" } else { tenant_url.cloud().graph_host };
    format!("https://{host}/User.Read")
}

/// Where Microsoft Graph answers for the organisation's cloud; in the sandbox it is the organisation's own origin.
#[must_use]
pub fn graph_origin(tenant_url: &TenantUrl) -> Origin {
    let named = (!tenant_url.is_sandbox())
        .then(|| Origin::parse(&format!("https://{}", tenant_url.cloud().graph_host)))
        .flatten();
    named.unwrap_or_else(|| origin_of(tenant_url))
}

/// The organisation's own origin.
pub(super) fn origin_of(tenant_url: &TenantUrl) -> Origin {
    Origin::parse(tenant_url.as_str())
        .unwrap_or_else(|| unreachable!("every accepted organisation address is an origin"))
}

/// Splits a trusted authorize address into its origin and its path without the first slash.
///
/// The text itself is compared, never a repaired copy: `@`, `:`, `%`, `\` and their friends have no place in it.
fn split<'a>(tenant_url: &TenantUrl, uri: &'a str) -> Result<(Origin, &'a str), &'static str> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b":/.-_".contains(&byte);
    if !uri.bytes().all(is_plain) || uri.contains("..") {
        return Err("it holds characters that no sign-in address needs");
    }
    if tenant_url.is_sandbox() {
        let own = origin_of(tenant_url);
        let path = uri.strip_prefix(own.as_str()).and_then(|path| path.strip_prefix('/'));
        return path.map(|path| (own, path)).ok_or("a sandbox may only sign in on its own address");
    }
    let rest = uri.strip_prefix("https://").ok_or("it is not an https address")?;
    let (host, path) = rest.split_once('/').ok_or("its path is not that of a sign-in page")?;
    let host = host.to_ascii_lowercase();
    if !tenant_url.cloud().login_hosts.contains(&host.as_str()) {
        return Err("its host is not a login host of that cloud");
    }
    let origin = Origin::parse(&format!("https://{host}")).ok_or("its host is not a login host of that cloud")?;
    Ok((origin, path))
}

/// What may stand in a path as tenant: a GUID, a domain, or `organizations` (to which `common` is narrowed).
fn tenant_segment(text: &str) -> Option<String> {
    let text = text.to_ascii_lowercase();
    if text == "common" || text == ORGANISATIONS {
        return Some(ORGANISATIONS.to_owned());
    }
    (is_guid(&text) || is_domain(&text)).then_some(text)
}

pub(super) fn is_guid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte),
        })
}

fn is_domain(text: &str) -> bool {
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    text.len() <= 253 && text.contains('.') && text.split('.').all(is_label)
}

/// What to show of an address that is not trusted: its host as far as it can be read, never its query.
fn host_for_people(text: &str) -> String {
    let host = url::Url::parse(text).ok().and_then(|url| url.host_str().map(str::to_owned));
    host.unwrap_or_else(|| text.chars().filter(|c| !c.is_control()).take(60).collect())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TENANT: &str = "3f6a1e52-8c0d-4a7b-b1e9-52d0c8e4f711";

    fn organisation() -> TenantUrl {
        TenantUrl::parse("https://adventure.crm4.dynamics.com").unwrap().url
    }

    fn sandbox() -> TenantUrl {
        TenantUrl::parse("http://127.0.0.1:8080").unwrap().url
    }

    fn challenge(authorization_uri: &str, resource_id: &str) -> Challenge {
        Challenge {
            authorization_uri: authorization_uri.to_owned(),
            resource_id: resource_id.to_owned(),
            error: None,
            claims: None,
        }
    }

    fn judge(uri: &str) -> Result<Authority, AuthError> {
        Authority::from_challenge(&organisation(), &challenge(uri, "https://adventure.crm4.dynamics.com/"))
    }

    #[test]
    fn the_tenant_of_the_organisation_is_taken_from_its_challenge() {
        let authority = judge(&format!("https://login.microsoftonline.com/{TENANT}/oauth2/authorize")).unwrap();
        assert_eq!(authority.origin().as_str(), "https://login.microsoftonline.com");
        assert_eq!(authority.tenant(), TENANT);
        assert_eq!(authority.token_path(), format!("/{TENANT}/oauth2/v2.0/token"));
        assert_eq!(authority.authorize_path(), format!("/{TENANT}/oauth2/v2.0/authorize"));
        assert_eq!(authority.metadata_path(), format!("/{TENANT}/v2.0/.well-known/openid-configuration"));
        for (uri, tenant) in [
            ("https://login.windows.net/common/oauth2/authorize", "organizations"),
            ("https://login.microsoftonline.com/organizations/oauth2/v2.0/authorize", "organizations"),
            ("https://LOGIN.microsoftonline.com/Contoso.onmicrosoft.com/oauth2/authorize/", "contoso.onmicrosoft.com"),
        ] {
            assert_eq!(judge(uri).unwrap().tenant(), tenant, "{uri}");
        }
    }

    #[test]
    fn an_authority_outside_the_table_is_refused() {
        for uri in [
            "https://login.evil.example/common/oauth2/authorize",
            "https://login.microsoftonline.com@evil.example/common/oauth2/authorize",
            "https://login.microsoftonline.com.evil.example/common/oauth2/authorize",
            "https://evillogin.microsoftonline.com/common/oauth2/authorize",
            "http://login.microsoftonline.com/common/oauth2/authorize",
            "https://login.microsoftonline.com:8443/common/oauth2/authorize",
            "https://user:word@login.microsoftonline.com/common/oauth2/authorize",
            "https://login.microsoftonline.com/../evil/oauth2/authorize",
            "https://login.microsoftonline.com/%2e%2e/oauth2/authorize",
            "https://login.microsoftonline.com/a/b/oauth2/authorize",
            "https://login.microsoftonline.com//oauth2/authorize",
            "https://login.microsoftonline.com/nodots/oauth2/authorize",
            "https://login.microsoftonline.com/consumers/oauth2/authorize",
            "https://login.microsoftonline.com/common/oauth2/token",
            "https://login.microsoftonline.com/common/oauth2/authorize?x=y",
            "https://login.microsoftonline.com/common/oauth2/authorize#x",
            "https://login.microsoftonline.com\\@evil.example/common/oauth2/authorize",
            "https://login.microsoftonline.us/common/oauth2/authorize",
            "https://login.microsoftonline.com",
            "https://sts.contoso.com/adfs/oauth2/authorize",
            "javascript:alert(1)",
            "",
        ] {
            assert!(matches!(judge(uri), Err(AuthError::UntrustedAuthority { .. })), "{uri}");
        }
    }

    #[test]
    fn a_token_for_another_resource_is_never_asked_for() {
        let uri = format!("https://login.microsoftonline.com/{TENANT}/oauth2/authorize");
        for resource in ["https://other.crm4.dynamics.com/", "https://graph.microsoft.com/", ""] {
            let judged = Authority::from_challenge(&organisation(), &challenge(&uri, resource));
            assert!(matches!(judged, Err(AuthError::ForeignResource { .. })), "{resource}");
        }
    }

    #[test]
    fn a_sandbox_signs_in_on_its_very_own_origin_only() {
        let judged = |uri: &str| Authority::from_challenge(&sandbox(), &challenge(uri, "http://127.0.0.1:8080/"));
        let own = judged(&format!("http://127.0.0.1:8080/{TENANT}/oauth2/authorize")).unwrap();
        assert_eq!(own.origin().as_str(), "http://127.0.0.1:8080");
        for uri in [
            "http://127.0.0.1:8081/common/oauth2/authorize",
            "http://127.0.0.1:80801/common/oauth2/authorize",
            "https://login.microsoftonline.com/common/oauth2/authorize",
            "http://localhost:8080/common/oauth2/authorize",
        ] {
            assert!(matches!(judged(uri), Err(AuthError::UntrustedAuthority { .. })), "{uri}");
        }
        assert_eq!(graph_origin(&sandbox()).as_str(), "http://127.0.0.1:8080");
        assert_eq!(graph_scope(&sandbox()), "https://graph.microsoft.com/User.Read");
    }

    #[test]
    fn a_tenant_given_by_the_user_is_a_guid_or_a_domain() {
        let authority = Authority::for_tenant(&organisation(), "Contoso.onmicrosoft.com").unwrap();
        assert_eq!(authority.origin().as_str(), "https://login.microsoftonline.com");
        assert_eq!(authority.with_tenant(&TENANT.to_uppercase()).unwrap().tenant(), TENANT);
        for bad in ["", "contoso", "a/b", "contoso.com/x", "-a.com", "a..com", "consumers", "é.com", "a b.com"] {
            let judged = Authority::for_tenant(&organisation(), bad);
            assert!(matches!(judged, Err(AuthError::BadTenant { .. })), "{bad}");
        }
    }

    #[test]
    fn scopes_name_their_resource() {
        assert_eq!(dataverse_scope(&organisation()), "https://adventure.crm4.dynamics.com/user_impersonation");
        assert_eq!(app_scope(&organisation()), "https://adventure.crm4.dynamics.com/.default");
        assert_eq!(graph_scope(&organisation()), "https://graph.microsoft.com/User.Read");
    }

    #[test]
    fn an_issuer_must_be_the_authority_s_own() {
        let authority = Authority::for_tenant(&organisation(), TENANT).unwrap();
        assert!(authority.is_issuer(&format!("https://login.microsoftonline.com/{TENANT}/v2.0")));
        for bad in [
            format!("https://login.microsoftonline.com/{TENANT}/v2.0/"),
            format!("https://login.microsoftonline.com/{}/v2.0", TENANT.to_uppercase()),
            format!("https://Login.microsoftonline.com/{TENANT}/v2.0"),
            format!("https://login.microsoftonline.com/{TENANT}"),
            "https://login.microsoftonline.com/00000000-0000-0000-0000-000000000000/v2.0".to_owned(),
            format!("https://evil.example/{TENANT}/v2.0"),
            format!("http://login.microsoftonline.com/{TENANT}/v2.0"),
            String::new(),
        ] {
            assert!(!authority.is_issuer(&bad), "{bad}");
        }
        let confirmed = authority.with_issuer(&format!("https://westus2.login.microsoft.com/{TENANT}/v2.0")).unwrap();
        assert!(!confirmed.is_issuer(&format!("https://login.microsoftonline.com/{TENANT}/v2.0")));
        assert!(authority.with_issuer("https://login.microsoftonline.com/{tenantid}/v2.0").is_err());
        assert!(authority.with_issuer(&format!("https://x.evil.example/{TENANT}/v2.0")).is_err());
    }

    #[test]
    fn the_issuer_of_an_answer_is_compared_letter_by_letter() {
        let authority = Authority::for_tenant(&organisation(), TENANT).unwrap();
        let own = format!("https://login.microsoftonline.com/{TENANT}/v2.0");
        assert!(authority.is_answering_issuer(Some(&own)));
        for other in [
            format!("{own}/"),
            format!("https://login.microsoftonline.com/{}/v2.0", TENANT.to_uppercase()),
            format!("https://Login.microsoftonline.com/{TENANT}/v2.0"),
            format!("https://login.microsoftonline.com:443/{TENANT}/v2.0"),
            // Another name of the same place, and a region of it: trusted in an ID token, and not the same letters.
            format!("https://login.microsoft.com/{TENANT}/v2.0"),
            format!("https://westus2.login.microsoft.com/{TENANT}/v2.0"),
            String::new(),
        ] {
            assert!(!authority.is_answering_issuer(Some(&other)), "{other}");
        }
        let regional = format!("https://westus2.login.microsoft.com/{TENANT}/v2.0");
        let confirmed = authority.with_issuer(&regional).unwrap();
        assert!(confirmed.is_answering_issuer(Some(&regional)) && !confirmed.is_answering_issuer(Some(&own)));
        let any = Authority::for_any_tenant(&organisation()).unwrap();
        assert!(any.is_answering_issuer(Some(&own)));
        assert!(!any.is_answering_issuer(Some("https://login.microsoftonline.com/organizations/v2.0")));
    }

    #[test]
    fn an_answer_without_an_issuer_is_refused_where_one_is_promised() {
        let authority = Authority::for_tenant(&organisation(), TENANT).unwrap();
        assert!(authority.is_answering_issuer(None));
        assert!(!authority.naming_issuer(true).is_answering_issuer(None));
    }

    #[test]
    fn a_domain_becomes_the_guid_that_its_metadata_names() {
        let domain = Authority::for_tenant(&organisation(), "contoso.com").unwrap();
        let known = domain.with_issuer(&format!("https://login.microsoftonline.com/{TENANT}/v2.0")).unwrap();
        assert_eq!(known.tenant(), TENANT);
        let any = Authority::for_tenant(&organisation(), "organizations").unwrap();
        let any = any.with_issuer("https://login.microsoftonline.com/{tenantid}/v2.0").unwrap();
        assert_eq!(any.tenant(), "organizations");
        assert!(any.is_issuer(&format!("https://login.microsoftonline.com/{TENANT}/v2.0")));
        assert!(!any.is_issuer("https://login.microsoftonline.com/{tenantid}/v2.0"));
    }

    proptest! {
        #[test]
        fn whatever_a_401_says_the_authority_it_leads_to_is_in_the_table(pieces in prop::collection::vec(prop_oneof![
            8 => prop::sample::select(vec![
                "Bearer ", "bearer ", "Basic ", "Negotiate", "authorization_uri=", "authorization_uri=\"", "resource_id=",
                "https://login.microsoftonline.com/common/oauth2/authorize", "https://adventure.crm4.dynamics.com/", ", ", "\"",
                "\\", " ", "=", "https://login.evil.example/common/oauth2/authorize", "@evil.example", ".evil.example", "\t",
                "Bearer authorization_uri=https://login.windows.net/common/oauth2/authorize, resource_id=",
                "/../", "%2e%2e/", "realm=\"x\"", "error=invalid_token", "claims=", ",Bearer ",
            ]).prop_map(str::to_owned),
            1 => any::<char>().prop_map(String::from),
        ], 0..12)) {
            let header = pieces.concat();
            if let Ok(challenge) = Challenge::parse([header.as_str()].into_iter())
                && let Ok(authority) = Authority::from_challenge(&organisation(), &challenge)
            {
                prop_assert!(organisation().cloud().login_hosts.contains(&authority.host()));
                prop_assert!(organisation().is_resource(&challenge.resource_id));
                let would_connect = url::Url::parse(&challenge.authorization_uri).unwrap();
                prop_assert_eq!((would_connect.scheme(), would_connect.host_str()), ("https", Some(authority.host())));
            }
        }

        #[test]
        fn an_accepted_authority_is_always_in_the_table(uri in "(https?://)?[a-z@.:%/\\\\-]{0,20}(login\\.microsoftonline\\.com)?[a-z@.:%/]{0,30}(oauth2/authorize)?") {
            if let Ok(authority) = judge(&uri) {
                prop_assert!(organisation().cloud().login_hosts.contains(&authority.host()));
                let would_connect = url::Url::parse(&uri).unwrap();
                prop_assert_eq!(would_connect.host_str(), Some(authority.host()));
            }
        }
    }
}
