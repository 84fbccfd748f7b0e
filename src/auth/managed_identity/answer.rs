//! What an answer of an identity endpoint means: a token, another try, or a refusal. Pure.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;

use crate::auth::TokenSet;
use crate::auth::entra_error::code_in;
use crate::auth::token::{LONGEST_LIFE, UNSAID_LIFE};
use crate::secret::{Secret, masked};

/// The longest pause that is waited out when the endpoint asks for one.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// How much of a message is shown.
const MOST_TEXT: usize = 300;

/// What to do with an answer.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    Take,
    Wait(Duration),
    GiveUp(Option<Duration>),
}

/// Judges an answer after so many `failures`. IMDS is replaced under running machines (410) and can be slow to learn of an
/// identity (404); the others fail briefly or for good (MSAL.NET, "IMDS retry based on errors").
pub(super) fn next(is_imds: bool, status: u16, failures: u32, pause: Option<Duration>) -> Next {
    let tries = if is_imds && status == 410 { 7 } else { 3 };
    let is_passing = match status {
        404 | 408 | 429 => true,
        410 => is_imds,
        500.. => is_imds || matches!(status, 500 | 502..=504),
        _ => false,
    };
    match (status, pause) {
        _ if !is_passing => Next::Take,
        (429, Some(pause)) if pause > LONGEST_PAUSE => Next::GiveUp(Some(pause)),
        (429, pause) if failures >= tries => Next::GiveUp(pause),
        _ if failures >= tries => Next::Take,
        (_, Some(pause)) if !pause.is_zero() && pause <= LONGEST_PAUSE => Next::Wait(pause),
        (410, _) => Next::Wait(Duration::from_secs(10)),
        _ if is_imds => Next::Wait(Duration::from_secs(1 << failures)),
        _ => Next::Wait(Duration::from_secs(1)),
    }
}

/// The token in a success. Every number may be text; App Service says only when it ends, not how long it lives.
///
/// # Errors
/// A fragment that says what is wrong with it; never a part of it.
pub(super) fn tokens(body: &[u8], now: Timestamp) -> Result<TokenSet, &'static str> {
    let answer: Value = serde_json::from_slice(body).map_err(|_| "it is not a token answer")?;
    let kind = answer["token_type"].as_str().unwrap_or("Bearer");
    if !kind.eq_ignore_ascii_case("bearer") {
        return Err("its token is not a bearer token");
    }
    let bearer = answer["access_token"].as_str().filter(|bearer| !bearer.is_empty()).ok_or("it holds no token")?;
    let life = number(&answer["expires_in"]).filter(|life| *life > 0);
    let left = number(&answer["expires_on"]).map(|end| end.saturating_sub(now.as_second())).filter(|left| *left > 0);
    let life = life.or(left).map_or(UNSAID_LIFE, |life| life.unsigned_abs().min(LONGEST_LIFE));
    let after = |seconds| now.checked_add(Duration::from_secs(seconds)).unwrap_or(Timestamp::MAX);
    Ok(TokenSet {
        access_token: Secret::new(bearer),
        refresh_token: None,
        expires_on: after(life),
        refresh_on: None,
        scopes: Vec::new(),
        id_claims: None,
        home_account: None,
    })
}

fn number(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_str()?.trim().parse().ok())
}

/// What a refusal says, in whichever of the two forms.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Said {
    /// For people.
    pub(super) text: String,
    /// The number after `AADSTS`, where Entra itself refused.
    pub(super) code: Option<u32>,
}

impl Said {
    pub(super) fn parse(body: &[u8]) -> Self {
        let answer: Value = serde_json::from_slice(body).unwrap_or_default();
        let texts = ["error_description", "message", "Message", "error"];
        let text = texts.iter().find_map(|name| answer[*name].as_str()).unwrap_or_default();
        let line = text.lines().next().unwrap_or_default();
        Self { code: code_in(text), text: masked(line).chars().take(MOST_TEXT).collect() }
    }

    /// The machine has several and none was named.
    pub(super) fn is_about_several(&self) -> bool {
        self.text.to_ascii_lowercase().contains("multiple user assigned identities")
    }

    /// The machine has none, or none of that name.
    pub(super) fn is_about_none(&self, status: u16) -> bool {
        let text = self.text.to_ascii_lowercase();
        status == 400 && ["identity not found", "managed identity found"].iter().any(|it| text.contains(it))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        "2026-11-23T19:20:31Z".parse().unwrap()
    }

    #[test]
    fn the_end_of_a_token_is_read_from_either_field_and_nonsense_is_short() {
        for (fields, expected) in [
            (r#""expires_in":"86399","expires_on":"1","#, 86_399),
            (r#""expires_in":3599,"#, 3_599),
            (r#""expires_on":"1795465231","#, 3_600),
            (r#""expires_on":1795465231,"#, 3_600),
            (r#""expires_on":"99999999999999","#, 172_800),
            (r#""expires_on":"1","#, 600),
            (r#""expires_on":"11/23/2026 8:20:31 PM +00:00","#, 600),
            ("", 600),
        ] {
            let body = format!(r#"{{{fields}"access_token":"eyJ0","token_type":"Bearer"}}"#);
            let tokens = tokens(body.as_bytes(), now()).unwrap();
            assert_eq!(tokens.expires_on.as_second() - now().as_second(), expected, "{fields}");
            assert!(tokens.refresh_token.is_none());
        }
        for odd in ["", "[]", r#"{"access_token":""}"#, r#"{"access_token":"SECRET","token_type":"pop"}"#] {
            assert!(!tokens(odd.as_bytes(), now()).unwrap_err().contains("SECRET"), "{odd}");
        }
    }

    #[test]
    fn imds_is_asked_again_as_its_documentation_says_and_the_others_briefly() {
        let waits = |is_imds, status, pause: Option<u64>| {
            let pause = pause.map(Duration::from_secs);
            let waits = (0..20).map_while(|failures| match next(is_imds, status, failures, pause) {
                Next::Wait(wait) => Some(wait.as_secs()),
                Next::Take | Next::GiveUp(_) => None,
            });
            waits.collect::<Vec<u64>>()
        };
        for status in [404, 408, 429, 500, 503, 504] {
            assert_eq!(waits(true, status, None), [1, 2, 4], "{status}");
            assert_eq!(waits(false, status, None), [1, 1, 1], "{status}");
        }
        assert_eq!(waits(true, 410, None), [10; 7]);
        assert_eq!(waits(true, 429, Some(5)), [5, 5, 5]);
        for (is_imds, status) in [(true, 200), (true, 400), (true, 401), (true, 403), (false, 410), (false, 501)] {
            assert_eq!(waits(is_imds, status, None), Vec::<u64>::new(), "{status}");
        }
        let long = Some(Duration::from_secs(31));
        assert_eq!(next(true, 429, 0, long), Next::GiveUp(long));
        assert_eq!(next(true, 429, 3, None), Next::GiveUp(None));
    }

    #[test]
    fn refusals_of_both_forms_are_read() {
        let said = |body: &str| Said::parse(body.as_bytes());
        let none = said(r#"{"error":"invalid_request","error_description":"Identity not found"}"#);
        assert!(none.is_about_none(400) && !none.is_about_several());
        let none = said(
            r#"{"statusCode":400,"message":"No User Assigned or Delegated Managed Identity found for specified ClientId/ResourceId/PrincipalId."}"#,
        );
        assert!(none.is_about_none(400));
        let several = said(
            r#"{"error":"invalid_request","error_description":"Multiple user assigned identities exist, please specify the clientId / resourceId of the identity in the token request"}"#,
        );
        assert!(several.is_about_several());
        let entra =
            said(r#"{"error":"invalid_resource","error_description":"AADSTS500011: The resource principal …"}"#);
        assert_eq!(entra.code, Some(500_011));
        for odd in ["", "<html>", "[]", "7"] {
            assert_eq!(said(odd), Said::default(), "{odd}");
        }
    }
}
