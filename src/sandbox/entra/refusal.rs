//! Entra's refusals and the three forms they take: JSON from the token endpoint, parameters of a redirect, a page in the
//! browser. Why something is refused is decided by whoever makes the refusal.

use serde_json::json;

use super::pages;
use super::visit::Visit;
use crate::sandbox::Outgoing;

/// A refusal. The wording is the sandbox's own; the numbers are Microsoft's
/// (<https://learn.microsoft.com/entra/identity-platform/reference-error-codes>).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    /// OAuth's `error` (RFC 6749 §4.1.2.1 and §5.2).
    pub error: &'static str,
    /// The number after `AADSTS`.
    pub number: u32,
    /// One or two sentences.
    pub text: String,
    /// Entra's `suberror`.
    pub suberror: Option<&'static str>,
}

impl Refusal {
    /// A refusal of the class `error`.
    pub(super) fn new(error: &'static str, number: u32, text: impl Into<String>) -> Self {
        Self { error, number, text: text.into(), suberror: None }
    }

    /// The request itself is wrong.
    pub(super) fn request(number: u32, text: impl Into<String>) -> Self {
        Self::new("invalid_request", number, text)
    }

    /// The app didn't prove who it is.
    pub(super) fn client(number: u32, text: impl Into<String>) -> Self {
        Self::new("invalid_client", number, text)
    }

    /// The code or token presented is no good.
    pub(super) fn grant(number: u32, text: impl Into<String>) -> Self {
        Self::new("invalid_grant", number, text)
    }

    /// A parameter is missing: AADSTS900144.
    pub(super) fn missing(parameter: &str) -> Self {
        Self::request(900_144, format!("The request lacks the parameter '{parameter}'."))
    }

    /// The user pressed Cancel: AADSTS65004.
    pub(super) fn cancelled() -> Self {
        Self::new("access_denied", 65004, "The user declined to let the app in.")
    }

    /// The app isn't known: AADSTS700016.
    pub(super) fn unknown_client(client_id: &str) -> Self {
        let text = format!("No app with the id '{client_id}' is registered in this tenant or consented to by it.");
        Self::new("unauthorized_client", 700_016, text)
    }

    /// With a `suberror`.
    pub(super) fn because(mut self, suberror: &'static str) -> Self {
        self.suberror = Some(suberror);
        self
    }

    /// `error_description`: the text, then what support asks for, lines ending in CRLF.
    pub(super) fn description(&self, visit: &Visit) -> String {
        format!(
            "AADSTS{}: {}\r\nTrace ID: {}\r\nCorrelation ID: {}\r\nTimestamp: {}",
            self.number,
            self.text,
            visit.trace_id,
            visit.correlation_id,
            visit.stamp()
        )
    }

    /// Where Entra would explain the number.
    pub(super) fn address(&self, visit: &Visit) -> String {
        format!("{}/error?code={}", visit.origin, self.number)
    }

    /// As the token endpoint answers: 401 for `invalid_client`, else 400.
    pub(super) fn to_json(&self, visit: &Visit) -> Outgoing {
        let mut body = json!({
            "error": self.error,
            "error_description": self.description(visit),
            "error_codes": [self.number],
            "timestamp": visit.stamp(),
            "trace_id": visit.trace_id,
            "correlation_id": visit.correlation_id,
            "error_uri": self.address(visit),
        });
        if let Some(suberror) = self.suberror {
            body["suberror"] = json!(suberror);
        }
        let status = if self.error == "invalid_client" { 401 } else { 400 };
        Outgoing::with_body(status, "application/json; charset=utf-8", body.to_string())
            .header("cache-control", "no-store")
    }

    /// As the parameters of a redirect.
    pub(super) fn to_parameters(&self, visit: &Visit) -> Vec<(&'static str, String)> {
        let mut parameters = vec![("error", self.error.to_owned()), ("error_description", self.description(visit))];
        if self.number == 65004 {
            parameters.push(("error_subcode", "cancel".to_owned()));
        }
        parameters.push(("error_uri", self.address(visit)));
        parameters
    }

    /// As a page: such refusals never reach the app, because Entra can't trust the redirect or the user has to act.
    pub(super) fn to_page(&self, visit: &Visit, heading: &str) -> Outgoing {
        pages::refusal(self, visit, heading)
    }
}
