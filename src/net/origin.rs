//! The origin that a bearer is pinned to, and the only way an absolute address from the service gets in. No I/O.

use std::fmt;

use crate::net::phrases;
use crate::problem::{Diagnose, Phrase};
use crate::tenant::TenantUrl;

/// Scheme, host and port. A bearer goes to exactly one of these.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Origin {
    text: String,
}

impl Origin {
    /// Takes `https://host`, or `http://` with a loopback IP literal and a port; a path is not allowed.
    /// Returns `None` for everything else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let url = url::Url::parse(text).ok()?;
        let is_bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
        let is_anonymous = url.username().is_empty() && url.password().is_none();
        let is_fit = match url.scheme() {
            "https" => true,
            "http" => is_loopback_literal(&url),
            _ => false,
        };
        (is_bare && is_anonymous && is_fit).then(|| Self { text: url.origin().ascii_serialization() })
    }

    /// Takes `http://` with `localhost`, a loopback or a link-local address, as those services are reached that a cloud puts
    /// beside a program. `localhost` is never looked up: it is `127.0.0.1`. Returns `None` for everything else.
    #[must_use]
    pub fn of_machine(text: &str) -> Option<Self> {
        let mut url = url::Url::parse(text).ok()?;
        let is_bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
        let is_anonymous = url.username().is_empty() && url.password().is_none();
        if url.host_str() == Some("localhost") {
            url.set_ip_host(std::net::Ipv4Addr::LOCALHOST.into()).ok()?;
        }
        let is_beside = match url.host() {
            Some(url::Host::Ipv4(ip)) => ip.is_loopback() || ip.is_link_local(),
            Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
            _ => false,
        };
        let is_fit = url.scheme() == "http" && is_bare && is_anonymous && is_beside;
        is_fit.then(|| Self { text: url.origin().ascii_serialization() })
    }

    /// The origin of an organisation.
    #[must_use]
    pub fn of(tenant_url: &TenantUrl) -> Self {
        Self::parse(tenant_url.as_str()).unwrap_or_else(|| Self { text: tenant_url.as_str().to_owned() })
    }

    /// `https://contoso.crm4.dynamics.com`: no trailing slash.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Host, and port where it is not the scheme's own.
    #[must_use]
    pub fn host(&self) -> &str {
        self.text.split_once("://").map_or(self.text.as_str(), |(_, host)| host)
    }

    /// Whether this is plain HTTP on this machine or beside it: the sandbox, or a machine's metadata.
    #[must_use]
    pub fn is_beside(&self) -> bool {
        self.text.starts_with("http://")
    }

    /// Takes a link that the service sent and gives back its path and query, untouched, if it stays on this origin.
    ///
    /// The text is compared, not a parsed and printed copy of it, so a next link is passed on byte for byte
    /// (Microsoft Learn, "Page results": use the link without change).
    ///
    /// # Errors
    /// [`ForeignLink`] when it leads elsewhere or can't be followed safely.
    pub fn adopt(&self, link: &str) -> Result<String, ForeignLink> {
        let refuse = |why| ForeignLink { origin: self.text.clone(), place: place_of(link), why };
        if link.bytes().any(|byte| byte.is_ascii_control() || byte == b'\\' || byte == b' ') {
            return Err(refuse("it holds characters that no address may hold"));
        }
        let path = if link.starts_with('/') && !link.starts_with("//") {
            link
        } else {
            let parsed = url::Url::parse(link).map_err(|_| refuse("it is not an address"))?;
            if parsed.origin().ascii_serialization() != self.text
                || !parsed.username().is_empty()
                || parsed.password().is_some()
            {
                return Err(refuse("it leads to another place"));
            }
            let after_scheme = link.find("//").map_or(link, |at| &link[at + 2..]);
            let path = after_scheme.find('/').map_or("/", |at| &after_scheme[at..]);
            // The text between `//` and the path must be the very host that was parsed, written plainly.
            let authority = &after_scheme[..after_scheme.len() - path.len().min(after_scheme.len())];
            let ours = self.text.split_once("://").map_or("", |(_, host)| host);
            let plain = authority.strip_suffix(":443").unwrap_or(authority);
            if !plain.eq_ignore_ascii_case(ours) && path != "/" {
                return Err(refuse("its host is written in a way that hides where it leads"));
            }
            path
        };
        if path.contains('#') {
            return Err(refuse("it has a fragment"));
        }
        Ok(path.to_owned())
    }
}

fn is_loopback_literal(url: &url::Url) -> bool {
    match url.host() {
        Some(url::Host::Ipv4(ip)) => ip == std::net::Ipv4Addr::LOCALHOST,
        Some(url::Host::Ipv6(ip)) => ip == std::net::Ipv6Addr::LOCALHOST,
        _ => false,
    }
}

/// Where a link leads, for people: scheme, host and port, because any of the three may be what differs.
fn place_of(link: &str) -> String {
    let whole = if link.starts_with("//") { format!("https:{link}") } else { link.to_owned() };
    match url::Url::parse(&whole) {
        Ok(url) if url.has_host() => {
            let port = url.port().map_or_else(String::new, |port| format!(":{port}"));
            format!("{}://{}{port}", url.scheme(), url.host_str().unwrap_or_default())
        }
        Ok(url) => format!("a `{}:` address", url.scheme()),
        Err(_) => "no place at all".to_owned(),
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// A link from the service that leaves the connection's own origin. It is never followed.
#[derive(Debug, Clone, thiserror::Error)]
#[error("a link from the service was refused: {why}")]
pub struct ForeignLink {
    origin: String,
    place: String,
    why: &'static str,
}

impl Diagnose for ForeignLink {
    fn phrase(&self) -> &'static Phrase {
        &phrases::FOREIGN_LINK
    }

    fn facts(&self) -> Vec<(&'static str, String)> {
        vec![("origin", self.origin.clone()), ("place", self.place.clone())]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin() -> Origin {
        Origin::parse("https://contoso.crm4.dynamics.com").unwrap_or_else(|| unreachable!())
    }

    #[test]
    fn a_next_link_is_passed_on_byte_for_byte() {
        let path = "/api/data/v9.2/contacts?$select=fullname&$skiptoken=%3Ccookie%20pagenumber=%222%22%20x=%22%253ccookie%22%20/%3E";
        assert_eq!(origin().adopt(&format!("https://contoso.crm4.dynamics.com{path}")).ok().as_deref(), Some(path));
        assert_eq!(origin().adopt(&format!("https://CONTOSO.crm4.dynamics.com:443{path}")).ok().as_deref(), Some(path));
        assert_eq!(origin().adopt(path).ok().as_deref(), Some(path));
    }

    #[test]
    fn a_link_elsewhere_is_refused() {
        for link in [
            "https://evil.example/api/data/v9.2/accounts",
            "http://contoso.crm4.dynamics.com/api",
            "https://contoso.crm4.dynamics.com:8443/api",
            "//evil.example/api",
            "https://contoso.crm4.dynamics.com@evil.example/api",
            "https://user@contoso.crm4.dynamics.com/api",
            "https:contoso.crm4.dynamics.com/api",
            "https:\\\\contoso.crm4.dynamics.com\\api",
            "file:///etc/passwd",
            "api/data",
            "",
            "https://contoso.crm4.dynamics.com/a\nb",
            "/api#fragment",
            "https://contoso%2ecrm4.dynamics.com/api",
        ] {
            assert!(origin().adopt(link).is_err(), "{link:?}");
        }
    }

    #[test]
    fn a_refusal_says_what_differs() {
        for (link, place) in [
            ("//evil.example/api", "https://evil.example"),
            ("http://contoso.crm4.dynamics.com/api", "http://contoso.crm4.dynamics.com"),
            ("https://contoso.crm4.dynamics.com:8443/api", "https://contoso.crm4.dynamics.com:8443"),
            ("file:///etc/passwd", "a `file:` address"),
            ("", "no place at all"),
        ] {
            let refused = origin().adopt(link).unwrap_err();
            assert!(refused.facts().contains(&("place", place.to_owned())), "{link}: {:?}", refused.facts());
        }
    }

    #[test]
    fn plain_http_is_for_loopback_literals_only() {
        assert!(Origin::parse("http://127.0.0.1:8080").is_some_and(|origin| origin.is_beside()));
        assert!(Origin::parse("http://[::1]:8080").is_some());
        for bad in
            ["http://localhost:8080", "http://contoso.crm.dynamics.com", "https://h/path", "https://u@h", "ftp://h"]
        {
            assert!(Origin::parse(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn a_machine_s_metadata_is_on_the_machine_or_beside_it() {
        for (given, taken) in [
            ("http://169.254.169.254", "http://169.254.169.254"),
            ("http://169.254.131.5:8081/", "http://169.254.131.5:8081"),
            ("http://localhost:40342", "http://127.0.0.1:40342"),
            ("http://LOCALHOST:80", "http://127.0.0.1"),
            ("http://127.0.0.2:1", "http://127.0.0.2:1"),
            ("http://[::1]:1", "http://[::1]:1"),
        ] {
            assert_eq!(Origin::of_machine(given).as_ref().map(Origin::as_str), Some(taken), "{given}");
        }
        for bad in [
            "http://10.0.0.1",
            "http://169.254.169.254.evil.example",
            "http://evil.example",
            "http://localhost.evil.example",
            "https://127.0.0.1:1",
            "http://u@127.0.0.1",
            "http://127.0.0.1/path",
            "http://[fe80::1]",
            "127.0.0.1",
        ] {
            assert!(Origin::of_machine(bad).is_none(), "{bad}");
        }
    }
}
