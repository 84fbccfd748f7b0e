//! What Entra says when it refuses, read from a token answer or from a redirect. What it means is judged by the table of
//! codes; nothing here decides what to do next by a number.

use serde::Deserialize;

/// Longest text that is kept of any one field.
const LONGEST: usize = 4096;

/// A refusal in Entra's own words (Microsoft Learn, "Microsoft Entra authentication and authorization error codes").
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EntraError {
    /// `error`: the class, as RFC 6749 names it: `invalid_grant`, `invalid_client`, …
    pub error: String,
    /// `error_description`, with its trailing lines of ids.
    pub description: String,
    /// `error_codes`: AADSTS numbers, for explaining only.
    pub codes: Vec<u32>,
    /// `suberror`, or `error_subcode` of a redirect.
    pub suberror: Option<String>,
    /// `claims`: what the next interactive sign-in must satisfy, as JSON text.
    pub claims: Option<String>,
    /// `trace_id`.
    pub trace_id: Option<String>,
    /// `correlation_id`: what the tenant's sign-in log is searched by.
    pub correlation_id: Option<String>,
    /// `timestamp`, as sent.
    pub timestamp: Option<String>,
}

/// The wire form. Every field but the class may be absent or of an unexpected kind.
#[derive(Deserialize)]
struct Wire {
    error: String,
    #[serde(default)]
    error_description: serde_json::Value,
    #[serde(default)]
    error_codes: serde_json::Value,
    #[serde(default)]
    suberror: serde_json::Value,
    #[serde(default)]
    claims: serde_json::Value,
    #[serde(default)]
    trace_id: serde_json::Value,
    #[serde(default)]
    correlation_id: serde_json::Value,
    #[serde(default)]
    timestamp: serde_json::Value,
}

impl EntraError {
    /// Reads the JSON body of a refusal. `None` for HTML, an empty body, or JSON without an `error` text: then somebody
    /// else answered, or Entra is down.
    #[must_use]
    pub fn parse(body: &[u8]) -> Option<Self> {
        let wire: Wire = serde_json::from_slice(body).ok()?;
        let mut read = Self::from_redirect(&wire.error, text(&wire.error_description).as_deref(), None);
        if let Some(codes) = wire.error_codes.as_array() {
            read.codes = codes.iter().filter_map(number).collect();
        }
        read.suberror = text(&wire.suberror);
        read.claims = text(&wire.claims).or_else(|| wire.claims.is_object().then(|| wire.claims.to_string()));
        read.trace_id = text(&wire.trace_id).or(read.trace_id);
        read.correlation_id = text(&wire.correlation_id).or(read.correlation_id);
        read.timestamp = text(&wire.timestamp).or(read.timestamp);
        Some(read)
    }

    /// Reads the parameters of a redirect; ids stand in the lines of its description.
    #[must_use]
    pub fn from_redirect(error: &str, description: Option<&str>, subcode: Option<&str>) -> Self {
        let description = cut(description.unwrap_or_default());
        let line = |name: &str| {
            let found = description.lines().find_map(|line| line.trim().strip_prefix(name));
            found.map(|value| value.trim().to_owned()).filter(|value| !value.is_empty())
        };
        Self {
            error: cut(error),
            trace_id: line("Trace ID:"),
            correlation_id: line("Correlation ID:"),
            timestamp: line("Timestamp:"),
            suberror: subcode.map(cut).filter(|subcode| !subcode.is_empty()),
            codes: Vec::new(),
            claims: None,
            description,
        }
    }

    /// The AADSTS number: the one in the description, else the first of `error_codes`.
    #[must_use]
    pub fn code(&self) -> Option<u32> {
        code_in(&self.description).or_else(|| self.codes.first().copied())
    }

    /// The first line of the description without its number; empty when Entra gave no reason.
    #[must_use]
    pub fn headline(&self) -> &str {
        let line = self.description.lines().next().unwrap_or_default().trim();
        let without_number = line
            .strip_prefix("AADSTS")
            .map_or(line, |rest| rest.trim_start_matches(|c: char| c.is_ascii_digit()).trim_start_matches(':'));
        without_number.trim()
    }

    /// Whether only a new sign-in helps: the grant is revoked, expired, withdrawn, or a user has to act.
    #[must_use]
    pub fn is_dead_grant(&self) -> bool {
        ["invalid_grant", "interaction_required", "login_required", "consent_required"].contains(&self.error.as_str())
    }

    /// Whether the app, or what it proves itself with, is not accepted.
    #[must_use]
    pub fn is_refused_client(&self) -> bool {
        self.error == "invalid_client" || self.error == "unauthorized_client"
    }

    /// Whether the user, or an administrator on the consent page, said no.
    #[must_use]
    pub fn is_declined(&self) -> bool {
        self.error == "access_denied" || self.error == "authorization_declined"
    }

    /// Whether the code of a device is worth nothing any more. Entra has more names for that than RFC 8628.
    #[must_use]
    pub fn is_dead_code(&self) -> bool {
        ["expired_token", "code_expired", "bad_verification_code"].contains(&self.error.as_str())
    }

    /// Whether the same request may succeed later.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        self.error == "temporarily_unavailable" || self.error == "server_error"
    }

    /// What a support desk asks for: `correlation … at …`; `None` when Entra sent neither.
    #[must_use]
    pub fn trace(&self) -> Option<String> {
        let id = self.correlation_id.as_ref().map(|id| format!("correlation {id}"));
        let id = id.or_else(|| self.trace_id.as_ref().map(|id| format!("trace {id}")));
        match (id, &self.timestamp) {
            (Some(id), Some(time)) => Some(format!("{id} at {time}")),
            (Some(id), None) => Some(id),
            (None, Some(time)) => Some(format!("at {time}")),
            (None, None) => None,
        }
    }
}

impl std::fmt::Display for EntraError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.headline() {
            "" => write!(f, "Entra answered `{}` without a reason", self.error),
            headline => write!(f, "Entra says: {headline}"),
        }
    }
}

impl std::error::Error for EntraError {}

/// The first `AADSTS` number in a text: four to eight digits.
pub(super) fn code_in(text: &str) -> Option<u32> {
    let after = &text[text.find("AADSTS")? + "AADSTS".len()..];
    let digits = after.bytes().take_while(u8::is_ascii_digit).count();
    (4..=8).contains(&digits).then(|| after[..digits].parse().ok()).flatten()
}

fn text(value: &serde_json::Value) -> Option<String> {
    value.as_str().filter(|text| !text.is_empty()).map(cut)
}

fn number(value: &serde_json::Value) -> Option<u32> {
    let number = value.as_u64().or_else(|| value.as_str().and_then(|text| text.parse().ok()));
    number.and_then(|number| u32::try_from(number).ok())
}

fn cut(text: &str) -> String {
    text.chars().take(LONGEST).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_token_refusal_is_read_whole() {
        let body = br#"{"error":"invalid_grant","error_description":"AADSTS700082: Unused for too long.\r\nTrace ID: 1111\r\nCorrelation ID: 9999\r\nTimestamp: 2026-11-23 19:20:31Z","error_codes":[700082],"timestamp":"2026-11-23 19:20:31Z","trace_id":"1111","correlation_id":"9999","suberror":"bad_token"}"#;
        let error = EntraError::parse(body).unwrap();
        assert_eq!(error.code(), Some(700_082));
        assert_eq!(error.headline(), "Unused for too long.");
        assert_eq!(error.suberror.as_deref(), Some("bad_token"));
        assert_eq!(error.trace().as_deref(), Some("correlation 9999 at 2026-11-23 19:20:31Z"));
        assert!(error.is_dead_grant());
    }

    #[test]
    fn the_claims_of_a_step_up_are_kept_as_text() {
        let body = br#"{"error":"interaction_required","error_codes":["50076"],"claims":"{\"access_token\":{}}"}"#;
        let error = EntraError::parse(body).unwrap();
        assert_eq!((error.code(), error.claims.as_deref()), (Some(50_076), Some("{\"access_token\":{}}")));
    }

    #[test]
    fn a_redirect_carries_its_ids_in_the_description() {
        let description = "AADSTS65004: User declined to consent.\r\nTrace ID: 1111\r\nCorrelation ID: 9999\r\nTimestamp: 2026-11-23 19:21:02Z";
        let error = EntraError::from_redirect("access_denied", Some(description), Some("cancel"));
        assert!(error.is_declined() && !error.is_dead_grant());
        assert_eq!(error.code(), Some(65_004));
        assert_eq!(error.correlation_id.as_deref(), Some("9999"));
        assert_eq!(error.to_string(), "Entra says: User declined to consent.");
    }

    #[test]
    fn odd_bodies_are_told_apart_or_survived() {
        for not_entra in ["", "<html>503</html>", "[]", "{}", "{\"error\":{\"code\":\"x\"}}", "null", "{\"error\":1}"] {
            assert_eq!(EntraError::parse(not_entra.as_bytes()), None, "{not_entra}");
        }
        let odd =
            EntraError::parse(br#"{"error":"x","error_codes":"no","error_description":7,"trace_id":null}"#).unwrap();
        assert_eq!((odd.code(), odd.headline(), odd.trace()), (None, "", None));
        assert_eq!(odd.to_string(), "Entra answered `x` without a reason");
        assert_eq!(code_in("AADSTS1 AADSTS50011"), None);
        assert_eq!(code_in("see AADSTS50011."), Some(50_011));
        assert_eq!(code_in("AADSTS123456789"), None);
    }

    proptest! {
        #[test]
        fn no_answer_makes_the_reader_panic(error in ".{0,40}", description in ".{0,200}") {
            let read = EntraError::from_redirect(&error, Some(&description), Some(&error));
            let _ = (read.code(), read.trace(), read.to_string());
            let _ = EntraError::parse(description.as_bytes());
        }
    }
}
