//! The `claims` parameter of authorize and token requests, and the demand of a 401 that it answers
//! (<https://learn.microsoft.com/entra/identity-platform/claims-challenge>). Who demands what is decided elsewhere.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

use super::form::Form;
use super::refusal::Refusal;

/// What a request says of the access token it asks for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Claims(Map<String, Value>);

impl Claims {
    /// Reads the parameter; none is fine.
    pub(super) fn read(form: &Form) -> Result<Self, Refusal> {
        let Some(text) = form.first("claims") else { return Ok(Self::default()) };
        Self::parse(text).ok_or_else(|| Refusal::request(90023, "The value of 'claims' isn't a JSON object."))
    }

    fn parse(text: &str) -> Option<Self> {
        let Value::Object(all) = serde_json::from_str(text).ok()? else { return None };
        match all.get("access_token") {
            None | Some(Value::Null) => Some(Self::default()),
            Some(Value::Object(of_token)) => Some(Self(of_token.clone())),
            Some(_) => None,
        }
    }

    /// Whether the client says that it understands a claims challenge.
    pub(super) fn has_cp1(&self) -> bool {
        let values = self.0.get("xms_cc").and_then(|capability| capability["values"].as_array());
        values.is_some_and(|values| values.iter().any(|value| value == "cp1"))
    }

    /// Whether more is asked for than what the client can do.
    pub(super) fn has_demand(&self) -> bool {
        self.0.keys().any(|name| name != "xms_cc")
    }

    /// Whether everything that `demand` (a whole JSON object) names is asked for.
    pub(super) fn meets(&self, demand: &str) -> bool {
        Self::parse(demand).is_some_and(|demand| demand.0.iter().all(|(name, value)| self.0.get(name) == Some(value)))
    }
}

/// The parameters of a 401 that demands these claims.
pub(crate) fn challenge_of(demand: &str) -> String {
    format!(r#"error="insufficient_claims", claims="{}""#, STANDARD.encode(demand))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claims(text: &str) -> Claims {
        Claims::parse(text).unwrap()
    }

    #[test]
    fn a_demand_is_met_by_a_request_that_repeats_it() {
        let demand = r#"{"access_token":{"nbf":{"essential":true,"value":"1"}}}"#;
        let whole = claims(r#"{"access_token":{"nbf":{"essential":true,"value":"1"},"xms_cc":{"values":["cp1"]}}}"#);
        assert!(whole.meets(demand) && whole.has_cp1() && whole.has_demand());
        let other = claims(r#"{"access_token":{"nbf":{"essential":true,"value":"2"}}}"#);
        assert!(!other.meets(demand) && !other.has_cp1());
        let bare = claims(r#"{"access_token":{"xms_cc":{"values":["cp1"]}}}"#);
        assert!(!bare.meets(demand) && bare.has_cp1() && !bare.has_demand());
    }

    #[test]
    fn what_is_no_object_is_refused() {
        for odd in ["", "[]", "1", r#"{"access_token":1}"#, "{"] {
            assert_eq!(Claims::parse(odd), None, "{odd}");
        }
        assert_eq!(Claims::read(&Form::parse(b"claims=x")).map_err(|refusal| refusal.number), Err(90023));
        assert_eq!(Claims::read(&Form::default()), Ok(Claims::default()));
    }
}
