//! Who signed in, read from the ID token, and whether that token is the answer to this sign-in. Its signature is not
//! checked: it comes straight from the token endpoint over TLS (`OpenID` Connect Core §3.1.3.7, item 6).

use serde::Deserialize;

use crate::auth::authority::PERSONAL_TENANT;
use crate::auth::bearer::claims_of;
use crate::auth::{AuthError, Authority};
use crate::secret::Secret;

/// The claims of a v2.0 ID token that are used here (Microsoft Learn, "ID token claims reference").
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
pub struct IdClaims {
    /// `aud`: the app it was made for.
    pub aud: String,
    /// `iss`: who made it.
    pub iss: String,
    /// `tid`: the tenant that was signed in to.
    pub tid: String,
    /// `oid`: the user in that tenant; the same for every app.
    pub oid: String,
    /// `name`, to show.
    pub name: Option<String>,
    /// `preferred_username`: the sign-in name, to show; it may change.
    pub preferred_username: Option<String>,
    /// `login_hint`, where the tenant sends it: the best hint for signing in again.
    pub login_hint: Option<String>,
    /// `nonce`, as sent out with the sign-in.
    nonce: Option<String>,
}

impl std::fmt::Debug for IdClaims {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("IdClaims").field("tid", &self.tid).field("oid", &self.oid).finish_non_exhaustive()
    }
}

impl IdClaims {
    /// Reads the payload of a JWT. `None` when it is not one.
    #[must_use]
    pub fn parse(token: &str) -> Option<Self> {
        claims_of(token)
    }

    /// Whether this is the answer to a sign-in of `client_id` at `authority`, with the `nonce` that was sent out (a renewal
    /// sends none).
    ///
    /// # Errors
    /// [`AuthError::PersonalAccount`], [`AuthError::OtherTenant`] or [`AuthError::ForeignIdToken`].
    pub fn check(&self, authority: &Authority, client_id: &str, nonce: Option<&Secret>) -> Result<(), AuthError> {
        if self.tid == PERSONAL_TENANT {
            let user = self.preferred_username.clone().unwrap_or_else(|| "the account".to_owned());
            return Err(AuthError::PersonalAccount { user });
        }
        let foreign = |what| Err(AuthError::ForeignIdToken { what });
        if !self.aud.eq_ignore_ascii_case(client_id) {
            return foreign("app");
        }
        if let Some(nonce) = nonce {
            let is_same = self.nonce.as_ref().is_some_and(|theirs| nonce.is_text(theirs));
            if !is_same {
                return foreign("nonce");
            }
        }
        if authority.is_tenant_known() && self.tid != authority.tenant() {
            return Err(AuthError::OtherTenant { expected: authority.tenant().to_owned(), actual: self.tid.clone() });
        }
        if !authority.is_issuer(&self.iss) || !self.iss.contains(&format!("/{}/", self.tid)) {
            return foreign("issuer");
        }
        if self.oid.is_empty() {
            return foreign("user");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    use super::*;
    use crate::tenant::TenantUrl;

    const TENANT: &str = "3f6a1e52-8c0d-4a7b-b1e9-52d0c8e4f711";
    const CLIENT: &str = "b6a9d0c4-71e2-4f0b-8d35-1f2e9c7a5580";

    fn authority(tenant: &str) -> Authority {
        let tenant_url = TenantUrl::parse("https://adventure.crm4.dynamics.com").unwrap().url;
        Authority::for_tenant(&tenant_url, tenant).unwrap()
    }

    fn claims(change: &[(&str, &str)]) -> IdClaims {
        let mut payload = serde_json::json!({
            "ver": "2.0",
            "iss": format!("https://login.microsoftonline.com/{TENANT}/v2.0"),
            "aud": CLIENT,
            "tid": TENANT,
            "oid": "7d1c2b9a-0f3e-4b6d-9a55-0c7f6e2d1b43",
            "name": "Inès Moreau",
            "preferred_username": "ines.moreau@adventure-works.example",
            "nonce": "once",
            "exp": 1_795_466_112,
        });
        for (name, value) in change {
            payload[*name] = (*value).into();
        }
        IdClaims::parse(&format!("eyJ9.{}.sig", URL_SAFE_NO_PAD.encode(payload.to_string()))).unwrap()
    }

    fn judge(claims: &IdClaims, tenant: &str) -> String {
        match claims.check(&authority(tenant), CLIENT, Some(&Secret::new("once"))) {
            Ok(()) => "good".to_owned(),
            Err(AuthError::ForeignIdToken { what }) => what.to_owned(),
            Err(AuthError::OtherTenant { .. }) => "other tenant".to_owned(),
            Err(AuthError::PersonalAccount { user }) => user,
            Err(other) => panic!("{other}"),
        }
    }

    #[test]
    fn the_token_of_this_very_sign_in_is_believed() {
        let good = claims(&[]);
        assert_eq!(good.name.as_deref(), Some("Inès Moreau"));
        assert_eq!(judge(&good, TENANT), "good");
        assert_eq!(judge(&good, "contoso.com"), "good");
        assert_eq!(judge(&good, "organizations"), "good");
        assert_eq!(judge(&claims(&[("aud", &CLIENT.to_uppercase())]), TENANT), "good");
        assert!(good.check(&authority(TENANT), CLIENT, None).is_ok());
    }

    #[test]
    fn every_other_token_is_refused_by_its_difference() {
        let other = "00000000-0000-4000-8000-000000000000";
        for (change, verdict) in [
            (vec![("aud", other)], "app"),
            (vec![("nonce", "twice")], "nonce"),
            (vec![("nonce", "")], "nonce"),
            (vec![("tid", other)], "other tenant"),
            (vec![("iss", "https://evil.example/3f6a1e52-8c0d-4a7b-b1e9-52d0c8e4f711/v2.0")], "issuer"),
            (vec![("iss", "https://login.microsoftonline.com/00000000-0000-4000-8000-000000000000/v2.0")], "issuer"),
            (vec![("oid", "")], "user"),
            (vec![("tid", PERSONAL_TENANT)], "ines.moreau@adventure-works.example"),
        ] {
            assert_eq!(judge(&claims(&change), TENANT), verdict, "{change:?}");
        }
        // With a tenant that is only learnt now, issuer and tenant must at least agree.
        assert_eq!(judge(&claims(&[("tid", other)]), "organizations"), "issuer");
    }

    #[test]
    fn what_is_no_jwt_is_no_identity() {
        for text in ["", "a.b", "a.b.c", "a.b.c.d", "..", "a.!!.c", "a.e30"] {
            assert!(IdClaims::parse(text).is_none(), "{text}");
        }
        assert!(IdClaims::parse("a.e30.c").is_some());
    }
}
