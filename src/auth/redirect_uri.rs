//! `--redirect-uri`: where on this computer the browser's answer is awaited. Judged as text, because Entra compares it
//! letter for letter; nothing listens here.

use crate::auth::AuthError;

/// Longest redirect URI that Entra registers, in characters.
const LONGEST: usize = 256;

/// A redirect URI on the loopback interface, exactly as it is registered.
///
/// `http://localhost` without a port means any free one: Entra ignores the port of localhost when it compares
/// (RFC 8252 §7.3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RedirectUri {
    text: String,
    host: LoopbackHost,
    port: Option<u16>,
    path: String,
}

/// The two spellings that may be registered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum LoopbackHost {
    Localhost,
    Ipv4,
}

impl Default for RedirectUri {
    fn default() -> Self {
        Self { text: "http://localhost".to_owned(), host: LoopbackHost::Localhost, port: None, path: String::new() }
    }
}

impl RedirectUri {
    /// Takes `http://localhost` or `http://127.0.0.1`, with a port and a path if they are registered so.
    ///
    /// # Errors
    /// [`AuthError::BadRedirectUri`].
    pub fn parse(text: &str) -> Result<Self, AuthError> {
        let refuse = |why| AuthError::BadRedirectUri { given: text.to_owned(), why };
        if text.len() > LONGEST {
            return Err(refuse("it is longer than 256 characters, the most that Entra registers"));
        }
        if text.starts_with("https://") {
            return Err(refuse("it is an https address, and nothing on this computer can answer for one"));
        }
        let rest = text.strip_prefix("http://").ok_or_else(|| refuse("it does not begin with `http://localhost`"))?;
        if rest.contains('?') {
            return Err(refuse("it has a query"));
        }
        if rest.contains('#') {
            return Err(refuse("it has a fragment"));
        }
        let end = rest.find('/').unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        if authority.contains('@') {
            return Err(refuse("it has a user name in it"));
        }
        let (host, port) = match authority.split_once(':') {
            None => (authority, None),
            Some((host, port)) => (host, Some(port)),
        };
        let host = match host {
            "localhost" => LoopbackHost::Localhost,
            "127.0.0.1" => LoopbackHost::Ipv4,
            _ => return Err(refuse("its host is neither `localhost` nor `127.0.0.1`")),
        };
        let port = match port {
            None => None,
            Some(port) if port.starts_with('0') || !port.bytes().all(|byte| byte.is_ascii_digit()) => {
                return Err(refuse("its port is not a number from 1 to 65535"));
            }
            Some(port) => Some(port.parse().map_err(|_| refuse("its port is not a number from 1 to 65535"))?),
        };
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/-._~".contains(&byte);
        if !path.bytes().all(is_plain) || path.contains("//") || path.split('/').any(|part| part == "." || part == "..")
        {
            return Err(refuse("its path holds something other than letters, digits, `-`, `.`, `_` and `~`"));
        }
        Ok(Self { text: text.to_owned(), host, port, path: path.to_owned() })
    }

    /// What must stand in the app's registration.
    #[must_use]
    pub fn to_register(&self) -> &str {
        &self.text
    }

    /// The port that is registered, if it is a fixed one.
    #[must_use]
    pub fn port(&self) -> Option<u16> {
        self.port
    }

    /// The path at which the answer arrives: `/` where the registration has none.
    #[must_use]
    pub fn path(&self) -> &str {
        if self.path.is_empty() { "/" } else { &self.path }
    }

    /// Whether a browser may come by IPv6 too, because the name `localhost` stands for both.
    #[must_use]
    pub fn is_by_name(&self) -> bool {
        self.host == LoopbackHost::Localhost
    }

    /// The redirect URI to send for a listener on `port`.
    #[must_use]
    pub fn at_port(&self, port: u16) -> String {
        let host = match self.host {
            LoopbackHost::Localhost => "localhost",
            LoopbackHost::Ipv4 => "127.0.0.1",
        };
        format!("http://{host}:{port}{}", self.path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Option<(&str, Option<u16>)>) {
        let parsed = RedirectUri::parse(text);
        let seen = parsed.as_ref().ok().map(|uri| (uri.path(), uri.port()));
        assert_eq!(seen, expected, "{text}");
        if let Ok(uri) = parsed {
            assert_eq!(uri.to_register(), text);
        }
    }

    #[test]
    fn loopback_addresses_are_kept_letter_for_letter() {
        check("http://localhost", Some(("/", None)));
        check("http://localhost/", Some(("/", None)));
        check("http://localhost:8400/callback", Some(("/callback", Some(8400))));
        check("http://127.0.0.1:8400", Some(("/", Some(8400))));
        check("http://localhost/MyApp/Return", Some(("/MyApp/Return", None)));
        assert_eq!(RedirectUri::default().at_port(53_682), "http://localhost:53682");
        assert_eq!(RedirectUri::parse("http://localhost/x").unwrap().at_port(1), "http://localhost:1/x");
        assert_eq!(RedirectUri::parse("http://127.0.0.1/").unwrap().at_port(1), "http://127.0.0.1:1/");
        assert_eq!(RedirectUri::parse("http://localhost").unwrap(), RedirectUri::default());
    }

    #[test]
    fn every_other_address_is_refused() {
        for text in [
            "",
            "localhost",
            "https://localhost",
            "https://cloud.example/provisioning_/callback",
            "http://example.com",
            "http://localhost.evil.example",
            "http://[::1]:8400",
            "http://127.0.0.2",
            "http://LOCALHOST",
            "http://user@localhost",
            "http://localhost:0",
            "http://localhost:",
            "http://localhost:65536",
            "http://localhost:+80",
            "http://localhost:080",
            "http://localhost?x=y",
            "http://localhost/#x",
            "http://localhost/a b",
            "http://localhost/a/../b",
            "http://localhost//x",
            "http://localhost/%2e",
            "http://localhost/$",
            "app://localhost",
        ] {
            check(text, None);
        }
        check(&format!("http://localhost/{}", "x".repeat(256)), None);
    }
}
