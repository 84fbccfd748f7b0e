//! The Global Discovery Service as a place: where it answers for a cloud, which scope its token has, and which of the
//! organisations it lists may be believed to live there. Nothing here asks it anything.

use crate::tenant::{CLOUDS, Cloud, TenantUrl};

/// By what name the sandbox knows the scope: it has no discovery host of its own, as it has none of Microsoft Graph.
const KNOWN_TO_THE_SANDBOX: &str = "globaldisco.crm.dynamics.com";

/// The service that lists a user's organisations (Microsoft Learn, "Discover user organizations with Global Discovery
/// Service"). It is a resource of its own with a token of its own, although it belongs to the same application of
/// Microsoft's as every organisation does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Discovery {
    url: TenantUrl,
}

impl Discovery {
    /// That of `cloud`; `None` where the cloud has none.
    #[must_use]
    pub fn of_cloud(cloud: &'static Cloud) -> Option<Self> {
        cloud.discovery_host.map(|host| Self { url: TenantUrl::of_organisation(host.to_owned(), cloud) })
    }

    /// That of the cloud in which `organisation` lives; the sandbox answers on its own origin.
    #[must_use]
    pub fn beside(organisation: &TenantUrl) -> Option<Self> {
        if organisation.is_sandbox() {
            return Some(Self { url: organisation.clone() });
        }
        Self::of_cloud(organisation.cloud())
    }

    /// The one that `text` names: a cloud by its short name, or a sandbox by its address.
    #[must_use]
    pub fn named(text: &str) -> Option<Self> {
        if let Some(cloud) = CLOUDS.iter().find(|cloud| cloud.name == text) {
            return Self::of_cloud(cloud);
        }
        let url = TenantUrl::parse(text).ok()?.url;
        url.is_sandbox().then_some(Self { url })
    }

    /// Its address, which is also the resource that its token is for.
    #[must_use]
    pub fn url(&self) -> &TenantUrl {
        &self.url
    }

    /// The scope of its token.
    #[must_use]
    pub fn scope(&self) -> String {
        let host = if self.url.is_sandbox() { KNOWN_TO_THE_SANDBOX } else { self.url.host() };
        format!("https://{host}/user_impersonation")
    }

    /// Its cloud.
    #[must_use]
    pub fn cloud(&self) -> &'static Cloud {
        self.url.cloud()
    }

    /// An organisation's address as it would look here, for people to fill in.
    #[must_use]
    pub fn example(&self) -> String {
        if self.url.is_sandbox() {
            return self.url.to_string();
        }
        format!("https://ORG.{}", self.cloud().ending.replace("crm*", "crm"))
    }

    /// Takes the address of a listed organisation, if it is one that this service may list: sandboxes list sandboxes, a
    /// cloud lists organisations whose users sign in where its own do.
    #[must_use]
    pub fn adopt(&self, listed: &str) -> Option<TenantUrl> {
        let found = TenantUrl::parse(listed).ok()?.url;
        let is_of_here = match (self.url.is_sandbox(), found.is_sandbox()) {
            (true, true) => true,
            (false, false) => found.cloud().login_hosts.first() == self.cloud().login_hosts.first(),
            _ => false,
        };
        is_of_here.then_some(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(text: &str) -> Discovery {
        Discovery::named(text).unwrap()
    }

    #[test]
    fn every_cloud_has_its_own_host_and_scope() {
        for (name, host) in [
            ("commercial", "globaldisco.crm.dynamics.com"),
            ("gcc", "globaldisco.crm9.dynamics.com"),
            ("gcc-high", "globaldisco.crm.microsoftdynamics.us"),
            ("dod", "globaldisco.crm.appsplatform.us"),
            ("china", "globaldisco.crm.dynamics.cn"),
        ] {
            let discovery = named(name);
            assert_eq!(discovery.url().as_str(), format!("https://{host}"), "{name}");
            assert_eq!(discovery.scope(), format!("https://{host}/user_impersonation"), "{name}");
            assert_eq!(discovery.cloud().name, name);
            assert!(TenantUrl::parse(&discovery.example()).is_ok(), "{}", discovery.example());
        }
        assert_eq!(CLOUDS.iter().filter_map(Discovery::of_cloud).count(), CLOUDS.len());
    }

    #[test]
    fn a_sandbox_is_its_own_discovery_and_no_other_word_names_one() {
        let discovery = named("http://127.0.0.1:8999/");
        assert_eq!(discovery.url().as_str(), "http://127.0.0.1:8999");
        assert!(discovery.scope().starts_with("https://globaldisco."));
        for text in ["", "Commercial", "public", "https://contoso.crm4.dynamics.com", "http://example.com", "sandbox"] {
            assert_eq!(Discovery::named(text), None, "{text}");
        }
    }

    #[test]
    fn only_organisations_of_the_same_entra_are_believed() {
        let check = |discovery: &str, listed: &str, expected: bool| {
            assert_eq!(named(discovery).adopt(listed).is_some(), expected, "{discovery}: {listed}");
        };
        check("commercial", "https://contoso.crm4.dynamics.com", true);
        check("commercial", "https://contoso.api.crm4.dynamics.com/", true);
        check("commercial", "https://agency.crm9.dynamics.com", true);
        check("commercial", "https://agency.crm.microsoftdynamics.us", false);
        check("commercial", "https://contoso.crm4.dynamics.com.evil.example", false);
        check("commercial", "http://127.0.0.1:8999", false);
        check("commercial", "https://globaldisco.crm.dynamics.com", false);
        check("gcc-high", "https://agency.crm.appsplatform.us", true);
        check("china", "https://contoso.crm.dynamics.cn", true);
        check("china", "https://contoso.crm.dynamics.com", false);
        check("http://127.0.0.1:8999", "http://127.0.0.1:9000", true);
        check("http://127.0.0.1:8999", "https://contoso.crm4.dynamics.com", false);
        check("http://127.0.0.1:8999", "", false);
    }

    #[test]
    fn an_organisation_is_beside_the_discovery_of_its_cloud() {
        let beside = |address: &str| Discovery::beside(&TenantUrl::parse(address).unwrap().url).unwrap();
        assert_eq!(beside("https://contoso.crm4.dynamics.com"), named("commercial"));
        assert_eq!(beside("https://agency.crm9.dynamics.com"), named("gcc"));
        assert_eq!(beside("http://[::1]:8999").url().as_str(), "http://[::1]:8999");
    }
}
