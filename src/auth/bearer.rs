//! What a bearer says of itself, where nobody else says it. Its signature is not checked, so it is good for showing and for
//! planning, and no decision about trust is ever taken from it.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::secret::Secret;

/// The claims of an access token that are worth showing (Microsoft Learn, "Access token claims reference"). To a client
/// such a token is opaque: every claim may be missing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct BearerClaims {
    /// `tid`: the tenant that it was issued in.
    #[serde(rename = "tid")]
    pub tenant: Option<String>,
    // The app through which it was had, in tokens of version 1.0 and 2.0, and the names of its user.
    appid: Option<String>,
    azp: Option<String>,
    upn: Option<String>,
    unique_name: Option<String>,
    preferred_username: Option<String>,
    // `aud`: what it is for, one text or several (RFC 7519 §4.1.3).
    #[serde(default)]
    aud: serde_json::Value,
    // What a user let the app do: an app that speaks for itself has none.
    scp: Option<String>,
    /// `exp`: its end, in seconds since 1970 (RFC 7519 §4.1.4).
    exp: Option<i64>,
}

impl BearerClaims {
    /// What `bearer` says; nothing where it is no JWT.
    #[must_use]
    pub fn of(bearer: &Secret) -> Self {
        claims_of(bearer.expose()).unwrap_or_default()
    }

    /// What it is for.
    pub fn audiences(&self) -> impl Iterator<Item = &str> {
        let several = self.aud.as_array().into_iter().flatten();
        std::iter::once(&self.aud).chain(several).filter_map(serde_json::Value::as_str)
    }

    /// The app through which it was had.
    #[must_use]
    pub fn app(&self) -> Option<&str> {
        self.appid.as_deref().or(self.azp.as_deref())
    }

    /// The same where it speaks for nobody but itself, if it is an id and no other text.
    #[must_use]
    pub fn lone_app(&self) -> Option<&str> {
        let is_id = |app: &&str| uuid::Uuid::try_parse(app).is_ok();
        self.app().filter(is_id).filter(|_| self.user().is_none() && self.scp.is_none())
    }

    /// The sign-in name of the user it speaks for; an app by itself has none.
    #[must_use]
    pub fn user(&self) -> Option<&str> {
        [&self.upn, &self.preferred_username, &self.unique_name].into_iter().find_map(Option::as_deref)
    }

    /// When it ends.
    #[must_use]
    pub fn end(&self) -> Option<Timestamp> {
        Timestamp::from_second(self.exp?).ok()
    }
}

/// The payload of a JWT. `None` when it is not one, or holds something else.
pub(super) fn claims_of<T: DeserializeOwned>(token: &str) -> Option<T> {
    let mut parts = token.split('.');
    let (_, payload, _) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() {
        return None;
    }
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload.trim_end_matches('=')).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(payload: &str) -> (Option<String>, Option<i64>) {
        let claims = BearerClaims::of(&Secret::new(format!("e30.{}.x", URL_SAFE_NO_PAD.encode(payload))));
        (claims.tenant.clone(), claims.end().map(Timestamp::as_second))
    }

    #[test]
    fn a_bearer_tells_its_tenant_and_its_end_if_it_likes() {
        assert_eq!(of(r#"{"tid":"t","exp":1795466112,"aud":["x"]}"#), (Some("t".to_owned()), Some(1_795_466_112)));
        for silent in ["{}", "[]", "", r#"{"exp":"soon"}"#, r#"{"exp":9223372036854775807}"#] {
            assert_eq!(of(silent), (None, None), "{silent}");
        }
        let token = |payload: &str| Secret::new(format!("e30.{}.x", URL_SAFE_NO_PAD.encode(payload)));
        let person = BearerClaims::of(&token(r#"{"appid":"a","upn":"k@x.example","unique_name":"k"}"#));
        assert_eq!((person.app(), person.user()), (Some("a"), Some("k@x.example")));
        let app = BearerClaims::of(&token(r#"{"azp":"a"}"#));
        assert_eq!((app.app(), app.user()), (Some("a"), None));
        let id = "c1a5e8d2-0b94-4e67-8f3a-5d2b9c6e1740";
        for (more, expected) in
            [("", Some(id)), (r#","upn":"k@x.example""#, None), (r#","scp":"user_impersonation""#, None)]
        {
            let claims = BearerClaims::of(&token(&format!(r#"{{"appid":"{id}"{more}}}"#)));
            assert_eq!(claims.lone_app(), expected, "{more}");
        }
        assert_eq!(app.lone_app(), None, "no id");
        assert_eq!(BearerClaims::of(&Secret::new("opaque")), BearerClaims::default());
        assert_eq!(BearerClaims::of(&Secret::new("a.b.c.d")), BearerClaims::default());
    }
}
