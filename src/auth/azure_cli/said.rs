//! What the Azure CLI says: its token with its end in either of two forms, or which of its refusals this is. It speaks in
//! sentences for people, so they are searched for the few words that have been the same for years. Pure, but for the zone of
//! the clock.

use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::DateTime;
use serde_json::Value;

use crate::auth::entra_error::code_in;
use crate::auth::token::{LONGEST_LIFE, UNSAID_LIFE};
use crate::auth::{AzureCliError, TokenSet};
use crate::clock::Clock;
use crate::secret::{Secret, masked};
use crate::tenant::TenantUrl;

/// How much of a complaint is shown.
const MOST_TEXT: usize = 300;

/// The token in what it writes.
///
/// # Errors
/// A fragment that says what is wrong with it; never a part of it.
pub(super) fn tokens(output: &[u8], clock: &Clock) -> Result<TokenSet, &'static str> {
    let answer: Value = serde_json::from_slice(output).map_err(|_| "it is not the JSON of a token")?;
    let kind = answer["tokenType"].as_str().unwrap_or("Bearer");
    if !kind.eq_ignore_ascii_case("bearer") {
        return Err("its token is not a bearer token");
    }
    let bearer = answer["accessToken"].as_str().filter(|bearer| !bearer.is_empty()).ok_or("it holds no token")?;
    let now = clock.now();
    let longest = after(now, LONGEST_LIFE);
    let end = end_of(&answer, clock).filter(|end| *end > now).unwrap_or_else(|| after(now, UNSAID_LIFE));
    Ok(TokenSet {
        access_token: Secret::new(bearer),
        refresh_token: None,
        expires_on: end.min(longest),
        refresh_on: None,
        scopes: Vec::new(),
        id_claims: None,
        home_account: None,
    })
}

/// Releases since 2.54 tell the end in seconds since 1970 (`expires_on`); all tell it as a clock on the wall here shows it
/// (`expiresOn`), which is wrong by an hour when clocks are put back.
fn end_of(answer: &Value, clock: &Clock) -> Option<Timestamp> {
    let seconds = &answer["expires_on"];
    let seconds = seconds.as_i64().or_else(|| seconds.as_str()?.trim().parse().ok());
    if let Some(end) = seconds.and_then(|seconds| Timestamp::from_second(seconds).ok()) {
        return Some(end);
    }
    let wall: DateTime = answer["expiresOn"].as_str()?.trim().parse().ok()?;
    clock.moment_on_the_wall(wall)
}

fn after(now: Timestamp, seconds: u64) -> Timestamp {
    now.checked_add(Duration::from_secs(seconds)).unwrap_or(Timestamp::MAX)
}

/// Whether it only refuses to be told a tenant.
pub(super) fn is_about_naming_a_tenant(complaint: &[u8]) -> bool {
    String::from_utf8_lossy(complaint).contains("Tenant shouldn't be specified")
}

/// Which refusal a complaint is.
pub(super) fn refusal(complaint: &[u8], tenant_url: &TenantUrl, tenant: &str) -> AzureCliError {
    let whole = String::from_utf8_lossy(complaint);
    let lower = whole.to_ascii_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| lower.contains(word));
    let text = headline(&whole);
    let (tenant_url, tenant) = (tenant_url.to_string(), tenant.to_owned());
    if let Some(code) = code_in(&whole) {
        return AzureCliError::Refused { code, text, tenant_url, tenant };
    }
    if says(&["az login", "no subscription found", "not logged in", "no accounts were found", "interactionrequired"]) {
        return AzureCliError::SignedOut { tenant_url, tenant };
    }
    if says(&["too many requests", "status code 429", "throttl"]) {
        return AzureCliError::Busy { text };
    }
    let no_network = [
        "max retries exceeded",
        "connection aborted",
        "connection refused",
        "failed to establish a new connection",
        "name resolution",
        "getaddrinfo failed",
        "nodename nor servname",
        "timed out",
        "certificate verify failed",
        "proxyerror",
    ];
    if says(&no_network) { AzureCliError::Unreachable { text } } else { AzureCliError::Failed { text, tenant_url } }
}

/// The first line that says something, without what it is marked with, without a control character and cut.
fn headline(complaint: &str) -> String {
    let is_telling = |line: &&str| !line.is_empty() && !line.starts_with("WARNING");
    let line = complaint.lines().map(str::trim).find(is_telling).unwrap_or_default();
    let line = line.strip_prefix("ERROR:").unwrap_or(line).trim();
    masked(line).chars().filter(|letter| !letter.is_control()).take(MOST_TEXT).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::{Diagnose as _, Exit};

    fn clock() -> Clock {
        Clock::set_at("2026-11-23T19:20:31Z".parse().unwrap())
    }

    #[test]
    fn the_end_of_a_token_is_read_from_both_forms_and_nonsense_is_short() {
        for (fields, expected) in [
            (r#""expires_on":1795465231,"expiresOn":"2026-11-23 00:00:00.000000","#, 3_600),
            (r#""expires_on":"1795465231","#, 3_600),
            (r#""expiresOn":"2026-11-23 20:20:31.000000","#, 3_600),
            (r#""expiresOn":"2026-11-23 20:20:31","#, 3_600),
            (r#""expires_on":99999999999,"#, 172_800),
            (r#""expires_on":1,"#, 600),
            (r#""expiresOn":"soon","#, 600),
            ("", 600),
        ] {
            let output = format!(r#"{{{fields}"accessToken":"eyJ0","subscription":"s","tokenType":"Bearer"}}"#);
            let tokens = tokens(output.as_bytes(), &clock()).unwrap();
            assert_eq!(tokens.expires_on.as_second() - clock().now().as_second(), expected, "{fields}");
        }
        for odd in ["", "[]", "eyJ0", r#"{"accessToken":""}"#, r#"{"accessToken":"SECRET","tokenType":"pop"}"#] {
            assert!(!tokens(odd.as_bytes(), &clock()).unwrap_err().contains("SECRET"), "{odd}");
        }
    }

    #[test]
    fn each_complaint_has_its_phrase() {
        let url = TenantUrl::parse("https://contoso.crm4.dynamics.com").unwrap().url;
        for (complaint, code, exit) in [
            ("ERROR: Please run 'az login' to setup account.\n", "auth/az-signed-out", Exit::SignIn),
            (
                "WARNING: x\nERROR: AADSTS700082: The refresh token has expired due to inactivity.\nTrace ID: 1",
                "auth/az-signed-out",
                Exit::SignIn,
            ),
            (
                "ERROR: AADSTS50076: Due to a configuration change … you must use multi-factor authentication",
                "auth/az-signed-out",
                Exit::SignIn,
            ),
            (
                "AADSTS53003: Access has been blocked by Conditional Access policies.",
                "auth/blocked-by-policy",
                Exit::SignIn,
            ),
            ("ERROR: AADSTS90002: Tenant 'x' not found.", "auth/tenant-unknown", Exit::SignIn),
            (
                "ERROR: AADSTS500011: The resource principal named https://x was not found",
                "auth/organisation-unknown",
                Exit::SignIn,
            ),
            ("ERROR: AADSTS99999999: news", "auth/az-failed", Exit::SignIn),
            (
                "ERROR: HTTPSConnectionPool(host='login.microsoftonline.com', port=443): Max retries exceeded with url",
                "auth/az-unreachable",
                Exit::Unreachable,
            ),
            ("ERROR: Too Many Requests", "auth/az-busy", Exit::Busy),
            ("Traceback (most recent call last):", "auth/az-failed", Exit::SignIn),
            ("", "auth/az-failed", Exit::SignIn),
        ] {
            let error = refusal(complaint.as_bytes(), &url, "contoso.com");
            let phrase = error.phrase();
            assert_eq!((phrase.code, phrase.exit), (code, exit), "{complaint}");
            assert!(!phrase.remedy_with(&error.facts()).is_empty(), "{complaint}");
        }
        let said = refusal(b"ERROR: Please run 'az login'", &url, "contoso.com");
        let remedy = said.phrase().remedy_with(&said.facts()).join("\n");
        assert!(remedy.contains("`az login --tenant contoso.com"), "{remedy}");
    }

    #[test]
    fn a_complaint_is_shown_without_secrets_and_without_commands_for_the_terminal() {
        let token = "eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJodHRwczovL3gifQ.c2lnbmF0dXJlLXNpZ25hdHVyZQ";
        let said = headline(&format!("WARNING: x\n\n  ERROR: \u{1b}[31mno {token}\n more"));
        assert_eq!(said, "[31mno ***");
        assert_eq!(headline(&"x".repeat(1000)).len(), MOST_TEXT);
    }
}
