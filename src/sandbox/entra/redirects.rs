//! Compares the redirect URI of a request with those registered, by Entra's rules
//! (<https://learn.microsoft.com/entra/identity-platform/reply-url>). Nothing is sent anywhere from here.

use super::refusal::Refusal;
use crate::sandbox::{Platform, Registration};

/// The platform of the registered URI that `requested` matches.
///
/// For `http://localhost` the port is ignored; the path counts, with its case, except that no path and `/` are the same.
///
/// # Errors
/// AADSTS50011 without a match, 500113 when the app has no redirect URI at all.
pub(super) fn platform_of(registration: &Registration, requested: &str) -> Result<Platform, Refusal> {
    if registration.redirect_uris.is_empty() {
        let text = format!("The app '{}' has no redirect URI registered.", registration.name);
        return Err(Refusal::request(500_113, text));
    }
    let asked = loopback_path(requested);
    let matches = |registered: &str| asked.is_some() && loopback_path(registered) == asked;
    registration
        .redirect_uris
        .iter()
        .find(|(registered, _)| matches(registered))
        .map(|(_, platform)| *platform)
        .ok_or_else(|| not_registered(registration, requested))
}

/// AADSTS50011.
pub(super) fn not_registered(registration: &Registration, requested: &str) -> Refusal {
    let text = format!(
        "The redirect URI '{requested}' of the request is not among those registered for the app '{}' ({}).",
        registration.name, registration.client_id
    );
    Refusal::request(50011, text)
}

/// The path of an `http://localhost` URI, whatever its port; `None` for everything else.
fn loopback_path(uri: &str) -> Option<&str> {
    let rest = uri.strip_prefix("http://localhost")?;
    let (port, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let is_port = |digits: &str| digits.parse::<u16>().is_ok() && digits.bytes().all(|byte| byte.is_ascii_digit());
    let has_good_port = port.is_empty() || port.strip_prefix(':').is_some_and(is_port);
    let is_plain = !path.contains(['?', '#', '\\', ' ']);
    (has_good_port && is_plain).then(|| if path == "/" { "" } else { path })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::{DAEMON, MANAGED_APP, OWN_WEB_APP, SINGLE_PAGE_APP};

    fn check(registration: &Registration, requested: &str, expected: Result<Platform, u32>) {
        let seen = platform_of(registration, requested).map_err(|refusal| refusal.number);
        assert_eq!(seen, expected, "{requested}");
    }

    #[test]
    fn the_port_of_localhost_is_ignored_and_the_path_is_not() {
        check(&MANAGED_APP, "http://localhost", Ok(Platform::Desktop));
        check(&MANAGED_APP, "http://localhost:53682", Ok(Platform::Desktop));
        check(&MANAGED_APP, "http://localhost:53682/", Ok(Platform::Desktop));
        check(&MANAGED_APP, "http://localhost:53682/callback", Err(50011));
        check(&OWN_WEB_APP, "http://localhost:8400/callback", Ok(Platform::Web));
        check(&OWN_WEB_APP, "http://localhost:9999/callback", Ok(Platform::Web));
        check(&OWN_WEB_APP, "http://localhost:8400/Callback", Err(50011));
        check(&OWN_WEB_APP, "http://localhost:8400/callback/", Err(50011));
        check(&SINGLE_PAGE_APP, "http://localhost:1/", Ok(Platform::SinglePage));
    }

    #[test]
    fn other_hosts_schemes_and_tricks_do_not_match() {
        for requested in [
            "http://127.0.0.1:53682",
            "http://[::1]:53682",
            "https://localhost:53682",
            "http://localhost.evil.example",
            "http://localhost@evil.example/",
            "http://localhost:80@evil.example/",
            "http://localhost:53682?x",
            "http://localhost:+80",
            "http://localhost:99999",
            "http://localhost:",
            "HTTP://LOCALHOST",
            "",
        ] {
            check(&MANAGED_APP, requested, Err(50011));
        }
        check(&DAEMON, "http://localhost", Err(500_113));
    }
}
