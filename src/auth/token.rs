//! Tokens as Entra hands them out. Pure: what to do when they end is decided elsewhere.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use oauth2::{AccessToken, RefreshToken, Scope, TokenResponse, TokenType};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::auth::IdClaims;
use crate::secret::Secret;

/// How long a token is trusted when Entra does not say, or says nonsense.
pub(super) const UNSAID_LIFE: u64 = 10 * 60;
/// The longest life that is believed: Entra's longest is 28 hours.
pub(super) const LONGEST_LIFE: u64 = 48 * 60 * 60;

/// The tokens of one answer.
#[derive(Debug, Clone)]
pub struct TokenSet {
    /// The bearer for one resource.
    pub access_token: Secret,
    /// The newest refresh token; `None` where Entra sent none: then the one before stays good.
    pub refresh_token: Option<Secret>,
    /// When the bearer ends, by the local clock.
    pub expires_on: Timestamp,
    /// From when on Entra would like it to be renewed, if it said so.
    pub refresh_on: Option<Timestamp>,
    /// The scopes really granted, for this bearer's resource; empty where Entra does not list them.
    pub scopes: Vec<String>,
    /// Who signed in; `None` for an app.
    pub id_claims: Option<IdClaims>,
    /// The user's own home, the same in every tenant: `uid.utid`.
    pub home_account: Option<String>,
}

/// The wire form. Numbers come as numbers, as text, or not at all.
#[derive(Debug, Deserialize)]
pub(super) struct Answer {
    access_token: AccessToken,
    token_type: Kind,
    #[serde(default, deserialize_with = "seconds")]
    expires_in: Option<u64>,
    #[serde(default, deserialize_with = "seconds")]
    refresh_in: Option<u64>,
    #[serde(default)]
    refresh_token: Option<RefreshToken>,
    #[serde(default)]
    scope: Option<String>,
    // An opaque type of the crate, for its silent Debug.
    #[serde(default)]
    id_token: Option<AccessToken>,
    #[serde(default)]
    client_info: Option<String>,
}

/// `token_type`, in whatever letter case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Kind(String);

impl TokenType for Kind {}

impl Serialize for Answer {
    /// The crate asks for it and never calls it; a token is not to be written anywhere.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_unit()
    }
}

impl TokenResponse for Answer {
    type TokenType = Kind;

    fn access_token(&self) -> &AccessToken {
        &self.access_token
    }

    fn token_type(&self) -> &Kind {
        &self.token_type
    }

    fn expires_in(&self) -> Option<Duration> {
        self.expires_in.map(Duration::from_secs)
    }

    fn refresh_token(&self) -> Option<&RefreshToken> {
        self.refresh_token.as_ref()
    }

    fn scopes(&self) -> Option<&Vec<Scope>> {
        None
    }
}

impl TokenSet {
    /// Reads the JSON of a token answer that arrived at `now`.
    ///
    /// # Errors
    /// A fragment that says what is wrong with it; never a part of it.
    pub fn parse(body: &[u8], now: Timestamp) -> Result<Self, &'static str> {
        let answer: Answer = serde_json::from_slice(body).map_err(|_| "it is not a token answer")?;
        Self::of_answer(&answer, now)
    }

    pub(super) fn of_answer(answer: &Answer, now: Timestamp) -> Result<Self, &'static str> {
        if !answer.token_type.0.eq_ignore_ascii_case("bearer") {
            return Err("its token is not a bearer token");
        }
        if answer.access_token.secret().is_empty() {
            return Err("its token is empty");
        }
        let life = answer.expires_in.unwrap_or(UNSAID_LIFE).min(LONGEST_LIFE);
        let after = |seconds| now.checked_add(Duration::from_secs(seconds)).unwrap_or(Timestamp::MAX);
        let id_claims = match &answer.id_token {
            None => None,
            Some(token) => Some(IdClaims::parse(token.secret()).ok_or("its ID token can't be read")?),
        };
        let refresh_token = answer.refresh_token.as_ref().map(|token| Secret::new(token.secret().as_str()));
        Ok(Self {
            access_token: Secret::new(answer.access_token.secret().as_str()),
            refresh_token: refresh_token.filter(|token| !token.is_empty()),
            expires_on: after(life),
            refresh_on: answer.refresh_in.filter(|seconds| *seconds < life).map(after),
            scopes: answer.scope.as_deref().unwrap_or_default().split_whitespace().map(str::to_owned).collect(),
            id_claims,
            home_account: answer.client_info.as_deref().and_then(home_account),
        })
    }
}

/// `uid.utid` out of `client_info`: base64url of a small JSON object.
fn home_account(client_info: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct HomeAccountClaims {
        uid: String,
        utid: String,
    }
    let bytes = URL_SAFE_NO_PAD.decode(client_info.trim_end_matches('=')).ok()?;
    let HomeAccountClaims { uid, utid } = serde_json::from_slice(&bytes).ok()?;
    Some(format!("{uid}.{utid}"))
}

/// A positive number of seconds, from a number or from text; anything else counts as unsaid.
fn seconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    Ok(whole_seconds_of(serde_json::Value::deserialize(deserializer)?))
}

/// The same out of a value that was read already.
pub(super) fn whole_seconds_of(value: serde_json::Value) -> Option<u64> {
    let number = match value {
        // A number too long for an integer is printed with an exponent otherwise.
        serde_json::Value::Number(number) if number.as_u64().is_none() => number.as_f64().map(|f| f.to_string()),
        serde_json::Value::Number(number) => Some(number.to_string()),
        serde_json::Value::String(text) => Some(text.trim().to_owned()),
        _ => None,
    };
    whole_seconds(&number?)
}

fn whole_seconds(number: &str) -> Option<u64> {
    let whole = number.split_once('.').map_or(number, |(whole, _)| whole);
    let is_number = !whole.is_empty() && whole.bytes().all(|byte| byte.is_ascii_digit());
    // More digits than fit is a very long life, which is cut to the longest that is believed.
    is_number.then(|| whole.parse().unwrap_or(u64::MAX)).filter(|seconds| *seconds > 0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn now() -> Timestamp {
        "2026-11-23T19:20:31Z".parse().unwrap()
    }

    fn life(expires_in: &str) -> i64 {
        let body = format!(r#"{{"token_type":"Bearer","access_token":"a"{expires_in}}}"#);
        TokenSet::parse(body.as_bytes(), now()).unwrap().expires_on.as_second() - now().as_second()
    }

    #[test]
    fn a_user_s_answer_is_read_whole() {
        let body = br#"{"token_type":"Bearer","scope":"https://adventure.crm4.dynamics.com/user_impersonation https://adventure.crm4.dynamics.com/.default","expires_in":86399,"ext_expires_in":86399,"refresh_in":43200,"access_token":"eyJ0","refresh_token":"1.AXk","id_token":"e30.eyJvaWQiOiJvIiwidGlkIjoidCJ9.c","client_info":"eyJ1aWQiOiI3ZDFjMmI5YS0wZjNlLTRiNmQtOWE1NS0wYzdmNmUyZDFiNDMiLCJ1dGlkIjoiM2Y2YTFlNTItOGMwZC00YTdiLWIxZTktNTJkMGM4ZTRmNzExIn0","foci":"1","unknown":{}}"#;
        let tokens = TokenSet::parse(body, now()).unwrap();
        assert_eq!(tokens.access_token.expose(), "eyJ0");
        assert_eq!(tokens.refresh_token.as_ref().map(Secret::expose), Some("1.AXk"));
        assert_eq!(tokens.scopes.len(), 2);
        assert_eq!(tokens.refresh_on.unwrap().as_second() - now().as_second(), 43_200);
        assert_eq!(tokens.id_claims.as_ref().unwrap().oid, "o");
        assert_eq!(
            tokens.home_account.as_deref(),
            Some("7d1c2b9a-0f3e-4b6d-9a55-0c7f6e2d1b43.3f6a1e52-8c0d-4a7b-b1e9-52d0c8e4f711")
        );
        let shown = format!("{tokens:?}");
        assert!(!shown.contains("eyJ0") && !shown.contains("1.AXk"), "{shown}");
    }

    #[test]
    fn an_app_s_answer_is_short() {
        let body = br#"{"token_type":"bearer","expires_in":3599,"ext_expires_in":3599,"access_token":"eyJ"}"#;
        let tokens = TokenSet::parse(body, now()).unwrap();
        assert!(tokens.refresh_token.is_none() && tokens.id_claims.is_none() && tokens.scopes.is_empty());
    }

    #[test]
    fn a_life_is_read_from_numbers_and_text_and_nonsense_is_short() {
        for (expires_in, expected) in [
            (r#","expires_in":4611"#, 4611),
            (r#","expires_in":"4611""#, 4611),
            (r#","expires_in":" 4611 ""#, 4611),
            (r#","expires_in":4611.9"#, 4611),
            (r#","expires_in":99999999999999999999999"#, 172_800),
            (r#","expires_in":18446744073709551615"#, 172_800),
            (r#","expires_in":0"#, 600),
            (r#","expires_in":-1"#, 600),
            (r#","expires_in":"-1""#, 600),
            (r#","expires_in":"soon""#, 600),
            (r#","expires_in":"""#, 600),
            (r#","expires_in":null"#, 600),
            (r#","expires_in":[1]"#, 600),
            ("", 600),
        ] {
            assert_eq!(life(expires_in), expected, "{expires_in}");
        }
    }

    #[test]
    fn an_early_renewal_that_is_not_early_is_left_out() {
        let body = br#"{"token_type":"Bearer","access_token":"a","expires_in":"100","refresh_in":"100"}"#;
        assert!(TokenSet::parse(body, now()).unwrap().refresh_on.is_none());
    }

    #[test]
    fn what_is_no_bearer_is_refused_without_showing_it() {
        for body in [
            r#"{"token_type":"pop","access_token":"SECRET"}"#,
            r#"{"token_type":"Bearer","access_token":""}"#,
            r#"{"token_type":"Bearer","access_token":null,"refresh_token":"SECRET"}"#,
            r#"{"token_type":"Bearer","refresh_token":"SECRET"}"#,
            r#"{"access_token":"SECRET"}"#,
            r#"{"token_type":"Bearer","access_token":"SECRET","id_token":"SECRET"}"#,
            "SECRET",
            "",
        ] {
            let error = TokenSet::parse(body.as_bytes(), now()).unwrap_err();
            assert!(!error.contains("SECRET"), "{error}");
        }
    }

    proptest! {
        #[test]
        fn no_number_makes_a_token_live_for_ever(number in "-?[0-9]{0,30}(\\.[0-9]{0,5})?(e[0-9]{1,3})?") {
            let seconds = life(&format!(r#","expires_in":"{number}""#));
            prop_assert!((1..=172_800).contains(&seconds));
        }
    }
}
