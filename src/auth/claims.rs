//! Claims that a token must hold: what a challenge demands, and what every request says this client can do. Pure: nothing
//! here asks anybody for a token.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde_json::{Map, Value, json};

use crate::auth::Challenge;

/// Longest demand that is taken up, in bytes of JSON; a real one has about a hundred.
const LONGEST: usize = 4096;

/// Base64 as anybody writes it: with padding, without it, or with too much of it cut off.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// What the next token must hold: a JSON object, never longer than 4096 bytes, no secret
/// (`OpenID` Connect Core §5.5; Microsoft Learn, "Claims challenges, claims requests and client capabilities").
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claims(Map<String, Value>);

impl Claims {
    /// Reads a demand in JSON; `None` when it is too long or no object.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() > LONGEST {
            return None;
        }
        serde_json::from_str(text).ok().map(Self)
    }

    /// Reads the demand in the `WWW-Authenticate` headers of a 401: `error="insufficient_claims", claims="base64"`. Both
    /// alphabets of base64 are understood. `None` when there is none, or none that can be believed.
    pub fn of_challenge<'a>(headers: impl Iterator<Item = &'a str>) -> Option<Self> {
        let encoded = Challenge::demand(headers)?;
        let standard: String = encoded
            .trim_end_matches('=')
            .chars()
            .map(|letter| match letter {
                '-' => '+',
                '_' => '/',
                other => other,
            })
            .collect();
        Self::parse(&String::from_utf8(LENIENT.decode(standard).ok()?).ok()?)
    }

    /// The demand as JSON.
    #[must_use]
    pub fn to_json(&self) -> String {
        Value::Object(self.0.clone()).to_string()
    }
}

/// The `claims` parameter of every authorize and token request: what is demanded, and that this client understands claims
/// challenges (`cp1`). Without that word Entra issues tokens that live an hour and nobody challenges them.
#[must_use]
pub fn claims_parameter(demanded: Option<&Claims>) -> String {
    let mut all = demanded.map(|claims| claims.0.clone()).unwrap_or_default();
    let of_token = all.entry("access_token").or_insert_with(|| json!({}));
    if !of_token.is_object() {
        *of_token = json!({});
    }
    of_token["xms_cc"] = json!({"values": ["cp1"]});
    Value::Object(all).to_string()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const DEMAND: &str = r#"{"access_token":{"nbf":{"essential":true,"value":"1767225600"}}}"#;
    const ENCODED: &str = "eyJhY2Nlc3NfdG9rZW4iOnsibmJmIjp7ImVzc2VudGlhbCI6dHJ1ZSwidmFsdWUiOiIxNzY3MjI1NjAwIn19fQ==";

    fn challenge(error: &str, claims: &str) -> String {
        format!(
            "Bearer realm=\"\", authorization_uri=\"https://login.microsoftonline.com/common/oauth2/authorize\", \
             error=\"{error}\", claims=\"{claims}\""
        )
    }

    fn of(header: &str) -> Option<Claims> {
        Claims::of_challenge([header].into_iter())
    }

    #[test]
    fn a_demand_is_read_in_every_spelling_of_base64() {
        let expected = Claims::parse(DEMAND).unwrap();
        for encoded in [ENCODED, ENCODED.trim_end_matches('='), &format!("{ENCODED}=")] {
            assert_eq!(of(&challenge("insufficient_claims", encoded)).as_ref(), Some(&expected), "{encoded}");
        }
        // Two letters that the alphabets spell differently.
        let odd = r#"{"a":"~~~???>>>"}"#;
        let standard = base64::engine::general_purpose::STANDARD.encode(odd);
        let url_safe = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(odd);
        assert_ne!(standard.trim_end_matches('='), url_safe);
        for encoded in [standard, url_safe] {
            assert_eq!(of(&challenge("insufficient_claims", &encoded)), Claims::parse(odd), "{encoded}");
        }
    }

    #[test]
    fn what_is_no_demand_demands_nothing() {
        let encode = |text: &str| base64::engine::general_purpose::STANDARD.encode(text);
        for (error, claims) in [
            ("invalid_token", ENCODED.to_owned()),
            ("insufficient_claims", String::new()),
            ("insufficient_claims", "%%%".to_owned()),
            ("insufficient_claims", encode("not JSON")),
            ("insufficient_claims", encode("[1]")),
            ("insufficient_claims", encode("\"text\"")),
            ("insufficient_claims", encode(&format!(r#"{{"a":"{}"}}"#, "x".repeat(5000)))),
        ] {
            assert_eq!(of(&challenge(error, &claims)), None, "{error} {claims}");
        }
        let twice = format!("{}, claims=\"{ENCODED}\"", challenge("insufficient_claims", ENCODED));
        assert_eq!(of(&twice), None, "which of the two?");
        assert_eq!(of(&"x".repeat(64 * 1024)), None);
    }

    #[test]
    fn what_this_client_can_do_is_said_in_every_request() {
        let said = |demanded: Option<&str>| -> Value {
            serde_json::from_str(&claims_parameter(demanded.and_then(Claims::parse).as_ref())).unwrap()
        };
        assert_eq!(said(None), json!({"access_token": {"xms_cc": {"values": ["cp1"]}}}));
        assert_eq!(
            said(Some(DEMAND)),
            json!({"access_token": {"nbf": {"essential": true, "value": "1767225600"}, "xms_cc": {"values": ["cp1"]}}})
        );
        assert_eq!(
            said(Some(r#"{"id_token":{"acr":null},"access_token":null}"#)),
            json!({"id_token": {"acr": null}, "access_token": {"xms_cc": {"values": ["cp1"]}}})
        );
    }

    proptest! {
        #[test]
        fn no_header_makes_the_reader_panic(header in ".{0,300}") {
            let _ = of(&header);
            let _ = of(&challenge("insufficient_claims", &header));
        }
    }
}
