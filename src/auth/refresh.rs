//! Renews tokens with a refresh token. Where that token is kept, and who may renew it at a time, is decided above.

use std::time::Duration;

use oauth2::{RefreshToken, Scope};

use crate::auth::token_endpoint::Errand;
use crate::auth::{Applicant, AuthError, Claims, Leg, OIDC_SCOPES, TokenSet, claims_parameter, dataverse_scope};
use crate::secret::Secret;

/// After so long without use a refresh token dies. Every use brings a new one with a new window. Source: Microsoft Learn,
/// "Refresh tokens in the Microsoft identity platform" (redirect URIs of single-page apps have 24 hours and are not used here).
pub const REFRESH_TOKEN_IDLE: Duration = Duration::from_secs(90 * 24 * 3600);

/// A new token for the organisation. If the answer holds a refresh token, it replaces the one that was used.
///
/// # Errors
/// [`AuthError`]; [`AuthError::is_dead_grant`] says whether only a new sign-in helps.
pub async fn refresh(applicant: &Applicant<'_>, refresh_token: &Secret) -> Result<TokenSet, AuthError> {
    refresh_with(applicant, refresh_token, None).await
}

/// The same for a token that must hold what a challenge demanded.
///
/// # Errors
/// [`AuthError`]; a dead grant when only the user can give what is demanded.
pub async fn refresh_with(
    applicant: &Applicant<'_>,
    refresh_token: &Secret,
    demanded: Option<&Claims>,
) -> Result<TokenSet, AuthError> {
    ask(applicant, refresh_token, &dataverse_scope(applicant.tenant_url), demanded).await
}

/// A new token for another resource that the user consented to, such as Microsoft Graph: refresh tokens are bound to user
/// and app, not to a resource (Microsoft Learn, "Refresh tokens in the Microsoft identity platform").
///
/// # Errors
/// [`AuthError`].
pub async fn refresh_for(
    applicant: &Applicant<'_>,
    refresh_token: &Secret,
    scope: &str,
) -> Result<TokenSet, AuthError> {
    ask(applicant, refresh_token, scope, None).await
}

async fn ask(
    applicant: &Applicant<'_>,
    refresh_token: &Secret,
    scope: &str,
    demanded: Option<&Claims>,
) -> Result<TokenSet, AuthError> {
    let errand = Errand::of(applicant, Leg::Refresh);
    let client = applicant.client()?;
    let token = RefreshToken::new(refresh_token.expose().to_owned());
    let answer = client
        .exchange_refresh_token(&token)
        .add_scope(Scope::new(scope.to_owned()))
        .add_scopes(OIDC_SCOPES.map(|scope| Scope::new(scope.to_owned())))
        .add_extra_param("client_info", "1")
        .add_extra_param("claims", claims_parameter(demanded))
        .request_async(&errand)
        .await;
    let tokens = applicant.tokens(answer)?;
    if tokens.id_claims.is_some() {
        applicant.check_identity(&tokens, None)?;
    }
    Ok(tokens)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::stand_in::{StandIn, answer, http, json};
    use crate::auth::{Proof, app_token};
    use crate::clock::Clock;
    use crate::problem::{Diagnose, Exit, Problem};

    const GOOD: &str = r#"{"token_type":"Bearer","expires_in":3600,"access_token":"at","refresh_token":"newer"}"#;

    async fn refreshed<const N: usize>(answers: [String; N]) -> (Result<TokenSet, AuthError>, Vec<String>, Clock) {
        let stand_in = StandIn::answering(|_| answers).await;
        let clock = Clock::set_at("2026-11-23T19:20:31Z".parse().unwrap());
        let (http, authority) = (http(), stand_in.authority());
        let applicant = stand_in.applicant(&http, &clock, &authority, Proof::Nothing);
        let result = refresh(&applicant, &Secret::new("older")).await;
        (result, stand_in.asked(), clock)
    }

    fn refusal(code: u32, error: &str, suberror: &str) -> String {
        json(
            400,
            &format!(
                r#"{{"error":"{error}","error_description":"AADSTS{code}: Entra's words.","error_codes":[{code}],"suberror":"{suberror}","correlation_id":"9999","timestamp":"2026-11-23 19:20:31Z"}}"#
            ),
        )
    }

    #[tokio::test]
    async fn a_rotated_refresh_token_comes_back_with_the_new_bearer() {
        let (result, asked, clock) = refreshed([json(200, GOOD)]).await;
        let tokens = result.unwrap();
        assert_eq!(tokens.refresh_token.as_ref().map(Secret::expose), Some("newer"));
        assert_eq!(tokens.expires_on.as_second() - clock.now().as_second(), 3600);
        let body = asked[0].split_once("\r\n\r\n").unwrap().1;
        assert!(body.contains("grant_type=refresh_token") && body.contains("refresh_token=older"), "{body}");
        assert!(body.contains("user_impersonation+openid+profile+offline_access"), "{body}");
        assert!(!body.contains("graph"), "one resource per request: {body}");
    }

    #[tokio::test]
    async fn a_dead_refresh_token_names_its_code_its_reason_and_reconnect() {
        for (code, suberror, phrase) in [
            (700_082, "bad_token", "auth/refresh-token-expired"),
            (70_008, "token_expired", "auth/refresh-token-expired"),
            (50_173, "bad_token", "auth/sessions-revoked"),
            (65_001, "consent_required", "auth/consent-lost"),
            (70_000, "client_mismatch", "auth/sign-in-again"),
            (50_076, "basic_action", "auth/second-factor"),
            (123_456, "consent_required", "auth/consent-lost"),
            (123_456, "", "auth/sign-in-again"),
        ] {
            let (result, asked, _) = refreshed([refusal(code, "invalid_grant", suberror)]).await;
            let error = result.unwrap_err();
            assert!(error.is_dead_grant(), "{code}");
            let problem = Problem::from(error.with_connection("contoso"));
            let diagnosis = problem.diagnosis();
            assert_eq!((problem.phrase().code, problem.exit()), (phrase, Exit::SignIn), "{code}");
            assert_eq!(diagnosis.service_code(), Some(format!("AADSTS{code}")));
            assert_eq!(diagnosis.trace().as_deref(), Some("correlation 9999 at 2026-11-23 19:20:31Z"));
            let remedies = problem.phrase().remedy_with(&diagnosis.facts());
            assert!(remedies.join("\n").contains("`d365conn reconnect contoso"), "{code}: {remedies:?}");
            assert_eq!(problem.causes(), ["Entra says: Entra's words."], "{code}");
            assert_eq!(asked.len(), 1, "a dead token is not tried twice");
        }
    }

    #[tokio::test]
    async fn a_passing_failure_is_tried_once_more() {
        let outage = answer(503, "Content-Type: text/html\r\n", "<html>down</html>");
        let (result, asked, clock) = refreshed([outage.clone(), json(200, GOOD)]).await;
        assert!(result.is_ok());
        assert_eq!(asked.len(), 2);
        assert_eq!(clock.now().to_string(), "2026-11-23T19:20:32Z");
        let (result, asked, _) = refreshed([outage]).await;
        let error = result.unwrap_err();
        assert!(matches!(error, AuthError::Unavailable { status: 503, .. }));
        assert_eq!((error.phrase().exit, asked.len()), (Exit::Unreachable, 2));
        assert!(!error.is_dead_grant());
    }

    #[tokio::test]
    async fn throttling_without_an_end_is_told_at_once() {
        let (result, asked, _) = refreshed([json(429, r#"{"error":"temporarily_unavailable"}"#)]).await;
        let error = result.unwrap_err();
        assert!(matches!(error, AuthError::Throttled { wait: None, .. }));
        assert_eq!((error.phrase().exit, asked.len()), (Exit::Busy, 1));
        assert!(!error.phrase().remedy_with(&error.facts()).is_empty());
    }

    #[tokio::test]
    async fn whatever_stands_in_entra_s_place_is_not_believed() {
        let json_type = "Content-Type: application/json\r\n";
        for (reply, phrase) in [
            (answer(200, "Content-Type: text/html\r\n", "<html>log in to the hotel</html>"), "auth/not-entra"),
            (answer(307, "Location: https://evil.example/token?x=SECRET\r\n", ""), "auth/not-entra"),
            (answer(407, "Content-Type: text/html\r\n", "<html>"), "auth/not-entra"),
            (answer(400, json_type, ""), "auth/not-entra"),
            (answer(200, json_type, ""), "auth/odd-token"),
            (answer(200, json_type, r#"{"access_token":"SECRET"}"#), "auth/odd-token"),
            (answer(200, json_type, r#"{"token_type":"Bearer","access_token":"SECRET","#), "auth/odd-token"),
        ] {
            let (result, asked, _) = refreshed([reply.clone()]).await;
            let error = result.unwrap_err();
            assert_eq!(error.phrase().code, phrase, "{reply}");
            assert!(!format!("{error} {error:?}").contains("SECRET"), "{error:?}");
            assert_eq!(asked.len(), 1, "nothing is followed: {reply}");
        }
    }

    #[tokio::test]
    async fn an_app_asks_for_everything_it_was_granted() {
        let stand_in =
            StandIn::answering(|_| [json(200, r#"{"token_type":"Bearer","expires_in":3599,"access_token":"at"}"#)])
                .await;
        let (http, clock, authority, secret) =
            (http(), Clock::system(), stand_in.authority(), Secret::new("a~b+c&d%e"));
        let applicant = stand_in.applicant(&http, &clock, &authority, Proof::Secret(&secret));
        let tokens = app_token(&applicant).await.unwrap();
        assert!(tokens.refresh_token.is_none() && tokens.id_claims.is_none());
        let asked = stand_in.asked();
        let sent: Vec<(String, String)> =
            url::form_urlencoded::parse(asked[0].split_once("\r\n\r\n").unwrap().1.as_bytes()).into_owned().collect();
        let value = |name: &str| sent.iter().find(|(sent, _)| sent == name).map(|(_, value)| value.clone());
        assert_eq!(value("grant_type").as_deref(), Some("client_credentials"));
        assert_eq!(value("scope"), Some(format!("{}/.default", stand_in.tenant_url)));
        assert_eq!(value("client_secret").as_deref(), Some("a~b+c&d%e"));
    }
}
