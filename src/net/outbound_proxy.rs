//! The proxy on the way out: its address as it is written in the environment, the hosts that don't go by it, and what it says
//! when it is asked to lead on. Pure.

use std::fmt::Write as _;

use crate::net::NetError;
use crate::secret::Secret;

/// Hosts that are never reached through a proxy: this machine, and the metadata service of a cloud's virtual machine.
const NEVER_PROXIED: &str = "localhost,127.0.0.0/8,::1,169.254.169.254";

/// A proxy's address with user and password as every tool takes them: up to the last `@`, whatever signs they are made of.
/// `DOMAIN\\user` and an `@` in the password stand there raw more often than not.
pub(super) fn address(text: &str) -> Option<url::Url> {
    let text = text.trim();
    let (scheme, rest) = text.split_once("://").unwrap_or(("http", text));
    let whole = match rest.rsplit_once('@') {
        Some((credentials, place)) => format!("{scheme}://{}@{place}", encoded(credentials)),
        None => format!("{scheme}://{rest}"),
    };
    let url = url::Url::parse(&whole).ok()?;
    let is_known = matches!(url.scheme(), "http" | "https" | "socks4" | "socks4a" | "socks5" | "socks5h");
    (is_known && url.host_str().is_some_and(|host| !host.is_empty())).then_some(url)
}

/// A proxy's address as it may be shown: scheme, host and port. What is no address isn't shown at all.
#[must_use]
pub fn proxy_without_credentials(text: &str) -> String {
    let shown = address(text).and_then(|url| {
        let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
        Some(format!("{}://{}{port}", url.scheme(), url.host_str()?))
    });
    shown.unwrap_or_else(|| "no address".to_owned())
}

/// User and password with every sign encoded that would end them; what is encoded already stays.
fn encoded(credentials: &str) -> String {
    let bytes = credentials.as_bytes();
    let mut safe = String::with_capacity(credentials.len());
    for (at, byte) in credentials.bytes().enumerate() {
        let is_code =
            byte == b'%' && bytes.get(at + 1..at + 3).is_some_and(|code| code.iter().all(u8::is_ascii_hexdigit));
        let is_plain = byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:".contains(&byte);
        if is_plain || is_code {
            safe.push(char::from(byte));
        } else {
            let _ = write!(safe, "%{byte:02X}");
        }
    }
    safe
}

/// The hosts without proxy, in the form that the client reads: `*.dynamics.com` is `.dynamics.com`, a port says nothing, and
/// blanks separate as commas do.
pub(super) fn exceptions(list: &str) -> String {
    let entries = list.split([',', ' ', '\t']).map(str::trim).filter(|entry| !entry.is_empty()).map(|entry| {
        let entry = entry.split_once("://").map_or(entry, |(_, rest)| rest).trim_end_matches('/');
        let entry = if entry.len() > 1 { entry.strip_prefix('*').unwrap_or(entry) } else { entry };
        match entry.rsplit_once(':') {
            Some((host, port)) if !host.contains(':') && port.bytes().all(|byte| byte.is_ascii_digit()) => host,
            _ => entry,
        }
    });
    entries.chain([NEVER_PROXIED]).collect::<Vec<_>>().join(",")
}

/// A proxy that can be asked what it has against a request.
#[derive(Debug, Clone)]
pub(super) struct Proxy {
    /// `host:port`.
    pub place: String,
    /// Whether it is spoken to in plain HTTP.
    pub is_plain: bool,
    /// The value of `Proxy-Authorization`, where there is a user name.
    pub authorization: Option<Secret>,
}

impl Proxy {
    pub(super) fn of(url: &url::Url) -> Option<Self> {
        use base64::Engine as _;
        use base64::engine::general_purpose::STANDARD;
        let port = url.port().or(match url.scheme() {
            "http" => Some(80),
            "https" => Some(443),
            _ => Some(1080),
        })?;
        let decoded = |text: &str| percent_decoded(text);
        let authorization = (!url.username().is_empty() || url.password().is_some()).then(|| {
            let pair = format!("{}:{}", decoded(url.username()), decoded(url.password().unwrap_or_default()));
            Secret::new(format!("Basic {}", STANDARD.encode(pair)))
        });
        Some(Self { place: format!("{}:{port}", url.host_str()?), is_plain: url.scheme() == "http", authorization })
    }

    /// The question that opens the way to a host, as the client put it. Only the credentials in it are watched: the host is
    /// shown everywhere.
    pub(super) fn question(&self, host: &str, port: u16) -> Secret {
        let authorization = self
            .authorization
            .as_ref()
            .map_or_else(String::new, |value| format!("Proxy-Authorization: {}\r\n", value.expose()));
        Secret::unwatched(format!("CONNECT {host}:{port} HTTP/1.1\r\nHost: {host}:{port}\r\n{authorization}\r\n"))
    }
}

fn percent_decoded(text: &str) -> String {
    let pair = format!("x={}", text.replace('+', "%2B"));
    url::form_urlencoded::parse(pair.as_bytes()).next().map(|(_, value)| value.into_owned()).unwrap_or_default()
}

/// What a proxy said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ProxyAnswer {
    /// Its status.
    pub status: u16,
    /// The schemes in which it takes credentials, as it writes them: `Negotiate`, `NTLM`, `Basic`.
    pub schemes: Vec<String>,
}

impl ProxyAnswer {
    /// Reads the head of an answer; `None` while it is not complete, or where it is none.
    pub(super) fn parse(head: &[u8]) -> Option<Self> {
        let mut headers = [httparse::EMPTY_HEADER; 100];
        let mut answer = httparse::Response::new(&mut headers);
        if !answer.parse(head).ok()?.is_complete() {
            return None;
        }
        let offers = answer.headers.iter().filter(|header| header.name.eq_ignore_ascii_case("proxy-authenticate"));
        let mut schemes = Vec::new();
        for offer in offers {
            let value = String::from_utf8_lossy(offer.value);
            let scheme: String = value.trim().chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '-').collect();
            if !scheme.is_empty() && scheme.len() <= 20 && !schemes.contains(&scheme) && schemes.len() < 5 {
                schemes.push(scheme);
            }
        }
        Some(Self { status: answer.code?, schemes })
    }
}

impl NetError {
    /// Whether the proxy kept the request from its host.
    pub(super) const fn is_of_proxy(&self) -> bool {
        matches!(self, Self::ProxyLogin { .. } | Self::ProxyRefused { .. })
    }

    /// The same with the name of the proxy.
    pub(super) fn by_proxy(mut self, place: &str) -> Self {
        if let Self::ProxyLogin { proxy, .. } | Self::ProxyRefused { proxy, .. } = &mut self {
            *proxy = Some(place.to_owned());
        }
        self
    }

    /// The same with what the proxy said when it was asked for its reason.
    pub(super) fn explained_by(self, said: Option<ProxyAnswer>, had_credentials: bool) -> Self {
        let (Self::ProxyLogin { host, proxy } | Self::ProxyRefused { host, proxy, .. }) = &self else { return self };
        let (host, proxy) = (host.clone(), proxy.clone());
        match said {
            Some(ProxyAnswer { status: 407, schemes }) => {
                let is_spoken = schemes.is_empty() || schemes.iter().any(|scheme| scheme.eq_ignore_ascii_case("basic"));
                match (is_spoken, had_credentials) {
                    (false, _) => Self::ProxyScheme { host, proxy, schemes },
                    (true, true) => Self::ProxyCredentials { host, proxy },
                    (true, false) => Self::ProxyLogin { host, proxy },
                }
            }
            // By now it would let the request pass: what was met at first stays what happened.
            Some(ProxyAnswer { status, .. }) if !(200..300).contains(&status) => {
                Self::ProxyForbids { host, proxy, status }
            }
            _ => self,
        }
    }
}

/// The proxy's place with a blank before it, or nothing.
pub(super) fn named(proxy: Option<&String>) -> String {
    proxy.map_or_else(String::new, |proxy| format!(" {proxy}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_of_a_proxy_are_taken_as_they_are_typed() {
        for (text, user, password, place) in [
            ("http://kim:pass@proxy:3128", "kim", "pass", "proxy:3128"),
            (r"http://CORP\kim:p@ss@proxy:3128", r"CORP\kim", "p@ss", "proxy:3128"),
            ("http://kim:a/b?c#d@proxy:3128/", "kim", "a/b?c#d", "proxy:3128"),
            ("http://kim:50%@proxy", "kim", "50%", "proxy:80"),
            ("kim:p%40ss@proxy:8080", "kim", "p@ss", "proxy:8080"),
            ("http://kim:a+b@proxy:1", "kim", "a+b", "proxy:1"),
        ] {
            let url = address(text).unwrap_or_else(|| panic!("{text}"));
            let proxy = Proxy::of(&url).unwrap();
            assert_eq!(proxy.place, place, "{text}");
            assert_eq!(
                (percent_decoded(url.username()), percent_decoded(url.password().unwrap())),
                (user.into(), password.into())
            );
        }
        assert_eq!(Proxy::of(&address("proxy:3128").unwrap()).unwrap().authorization.map(|_| ()), None);
    }

    #[test]
    fn hosts_without_proxy_are_read_as_other_tools_read_them() {
        let mine = |list: &str| exceptions(list).strip_suffix(&format!(",{NEVER_PROXIED}")).map(str::to_owned);
        for (list, read) in [
            ("*.dynamics.com", ".dynamics.com"),
            ("*", "*"),
            (".dynamics.com, login.microsoftonline.com", ".dynamics.com,login.microsoftonline.com"),
            ("contoso.crm4.dynamics.com:443 10.0.0.0/8", "contoso.crm4.dynamics.com,10.0.0.0/8"),
            ("https://contoso.crm.dynamics.com/", "contoso.crm.dynamics.com"),
            ("::1,fe80::1", "::1,fe80::1"),
        ] {
            assert_eq!(mine(list).as_deref(), Some(read), "{list}");
        }
        assert_eq!(exceptions(""), NEVER_PROXIED);
    }

    #[test]
    fn an_answer_of_a_proxy_is_read_for_its_status_and_its_schemes() {
        let head = b"HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Negotiate\r\nproxy-authenticate: NTLM\r\n\r\n<html>";
        assert_eq!(
            ProxyAnswer::parse(head),
            Some(ProxyAnswer { status: 407, schemes: vec!["Negotiate".into(), "NTLM".into()] })
        );
        assert_eq!(
            ProxyAnswer::parse(b"HTTP/1.1 403 Forbidden\r\n\r\n"),
            Some(ProxyAnswer { status: 403, schemes: vec![] })
        );
        assert_eq!(ProxyAnswer::parse(b"HTTP/1.1 407 Pro"), None);
        assert_eq!(ProxyAnswer::parse(b"SSH-2.0-x\r\n\r\n"), None);
    }
}
