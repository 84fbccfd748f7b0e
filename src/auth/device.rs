//! Signs a person in with a browser on any other device: asks for a code, and asks again and again whether it was typed
//! (RFC 8628). Where the code is shown is not known here.

use std::time::Duration;

use jiff::Timestamp;
use oauth2::{AccessToken, http};
use serde::Deserialize;
use url::form_urlencoded::Serializer;

use crate::auth::token::whole_seconds_of;
use crate::auth::token_endpoint::Errand;
use crate::auth::{Applicant, AuthError, Claims, Leg, OIDC_SCOPES, TokenSet, claims_parameter, dataverse_scope};
use crate::secret::Secret;

/// The `grant_type` of a poll (RFC 8628 §3.4).
const GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";
/// Between two polls where Entra names no pause, and what a complaint adds to it (RFC 8628 §3.2, §3.5).
const STEP: Duration = Duration::from_secs(5);
/// The longest pause between two polls that is believed or grown to.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// The life of a code where Entra does not say; the longest that is believed.
const LIFE: Duration = Duration::from_secs(15 * 60);
/// More letters than a code for people has.
const LONGEST_CODE: usize = 32;

/// A code that was asked for, and what its user has to do with it.
#[derive(Debug)]
pub struct DeviceCode {
    /// What the user types.
    pub user_code: String,
    /// The page on which it is typed.
    pub verification_uri: String,
    /// From when on it is worth nothing, by the local clock.
    pub expires_on: Timestamp,
    interval: Duration,
    code: Secret,
}

#[derive(Deserialize)]
struct Wire {
    user_code: String,
    // An opaque type of the crate, for its silent Debug.
    device_code: AccessToken,
    #[serde(alias = "verification_url")]
    verification_uri: String,
    #[serde(default)]
    expires_in: serde_json::Value,
    #[serde(default)]
    interval: serde_json::Value,
}

impl DeviceCode {
    /// Asks for a code. It names the scopes of Dataverse alone: one token is for one resource.
    ///
    /// # Errors
    /// [`AuthError`]: refused, not reachable, or an answer that can't be shown to a person.
    pub async fn ask(applicant: &Applicant<'_>) -> Result<Self, AuthError> {
        let scope = dataverse_scope(applicant.tenant_url);
        let scopes = [&[scope.as_str()], &OIDC_SCOPES[..]].concat().join(" ");
        let fields = [("client_id", applicant.client_id), ("scope", &scopes)];
        let body = send(applicant, &applicant.authority.device_code_path(), &fields, None).await?;
        Self::parse(&body, applicant).map_err(|what| odd(applicant, what))
    }

    fn parse(body: &[u8], applicant: &Applicant<'_>) -> Result<Self, &'static str> {
        let Wire { user_code, device_code, verification_uri, expires_in, interval } =
            serde_json::from_slice(body).map_err(|_| "it holds no code for a device")?;
        let is_code = |letter: char| letter.is_ascii_alphanumeric() || letter == '-';
        if user_code.is_empty() || user_code.len() > LONGEST_CODE || !user_code.chars().all(is_code) {
            return Err("its code for the user is none that can be typed");
        }
        let of_sandbox = format!("{}/", applicant.authority.origin());
        let is_ours = applicant.tenant_url.is_sandbox() && verification_uri.starts_with(&of_sandbox);
        let is_page = url::Url::parse(&verification_uri).is_ok_and(|url| url.scheme() == "https" || is_ours);
        if !is_page || verification_uri.contains(|c: char| c.is_control() || c.is_whitespace()) {
            return Err("the page for its code is not an https address");
        }
        let seconds = |value| whole_seconds_of(value).map(Duration::from_secs);
        let life = seconds(expires_in).unwrap_or(LIFE).min(LIFE);
        Ok(Self {
            user_code,
            verification_uri,
            expires_on: applicant.clock.now().checked_add(life).unwrap_or(Timestamp::MAX),
            interval: seconds(interval).unwrap_or(STEP).min(LONGEST_PAUSE),
            code: Secret::new(device_code.secret().as_str()),
        })
    }

    /// Asks until the user has signed in, `wait` is over or the code has expired; as often as Entra allows. A network that
    /// fails meanwhile is given time to come back.
    ///
    /// # Errors
    /// [`AuthError`]: declined, expired, refused by a policy, or nobody came.
    pub async fn wait_for_user(
        self,
        applicant: &Applicant<'_>,
        demanded: Option<&Claims>,
        wait: Duration,
    ) -> Result<TokenSet, AuthError> {
        let clock = applicant.clock;
        let deadline = clock.now().checked_add(wait).unwrap_or(Timestamp::MAX);
        let end = deadline.min(self.expires_on);
        let mut pause = self.interval;
        let mut trouble = None;
        loop {
            let left = seconds_between(clock.now(), end);
            if left.is_zero() {
                let over = AuthError::NobodyCame { waited: wait, is_expired: self.expires_on < deadline };
                return Err(trouble.unwrap_or(over));
            }
            clock.wait(pause.min(left)).await;
            let error = match self.poll(applicant, demanded, end).await {
                Ok(tokens) => return Ok(tokens),
                Err(error) => error,
            };
            pause = match next(&error) {
                Next::Ask => pause,
                Next::AskLess => pause + STEP,
                // A pause that outlives the code is no use to anybody.
                Next::Pause(asked) if asked >= seconds_between(clock.now(), end) => return Err(error),
                Next::Pause(asked) => pause.max(asked),
                Next::Retry => (pause * 2).min(LONGEST_PAUSE),
                Next::End => return Err(error),
            };
            trouble = (next(&error) == Next::Retry).then_some(error);
        }
    }

    async fn poll(
        &self,
        applicant: &Applicant<'_>,
        demanded: Option<&Claims>,
        until: Timestamp,
    ) -> Result<TokenSet, AuthError> {
        let claims = claims_parameter(demanded);
        let fields = [
            ("grant_type", GRANT),
            ("client_id", applicant.client_id),
            ("device_code", self.code.expose()),
            ("client_info", "1"),
            ("claims", &claims),
        ];
        let body = send(applicant, &applicant.authority.token_path(), &fields, Some(until)).await?;
        let tokens = TokenSet::parse(&body, applicant.clock.now()).map_err(|what| odd(applicant, what))?;
        applicant.check_identity(&tokens, None)?;
        Ok(tokens)
    }
}

/// Whole seconds from one moment to a later one; none when it is over.
fn seconds_between(now: Timestamp, end: Timestamp) -> Duration {
    Duration::from_secs(u64::try_from(end.as_second().saturating_sub(now.as_second())).unwrap_or_default())
}

/// What to do after a poll that brought no token.
#[derive(Debug, PartialEq, Eq)]
enum Next {
    /// Ask again after the same pause: the user has not typed the code yet.
    Ask,
    /// Ask less often: that was too fast.
    AskLess,
    /// Ask no more for so long: the service is busy.
    Pause(Duration),
    /// Something is out of order; give it more time each time.
    Retry,
    /// There will be no token.
    End,
}

fn next(error: &AuthError) -> Next {
    match error {
        AuthError::Refused(refusal) => match refusal.error.error.as_str() {
            "authorization_pending" => Next::Ask,
            "slow_down" => Next::AskLess,
            _ if refusal.error.is_passing() => Next::Retry,
            _ => Next::End,
        },
        AuthError::Throttled { wait: Some(wait), .. } => Next::Pause(*wait),
        AuthError::Throttled { wait: None, .. } => Next::AskLess,
        AuthError::Net(_) | AuthError::Unavailable { .. } => Next::Retry,
        _ => Next::End,
    }
}

/// Posts a form, and gives back the body of a success. No pause that Entra asks for is waited out beyond `until`.
async fn send(
    applicant: &Applicant<'_>,
    path: &str,
    fields: &[(&str, &str)],
    until: Option<Timestamp>,
) -> Result<Vec<u8>, AuthError> {
    let errand = Errand { until, ..Errand::of(applicant, Leg::Device) };
    let form = Serializer::new(String::new()).extend_pairs(fields).finish();
    let request = http::Request::post(path).body(form.into_bytes());
    let request = request.map_err(|_| AuthError::BadTenant { given: applicant.authority.tenant().to_owned() })?;
    Ok(errand.send(request).await?.into_body())
}

fn odd(applicant: &Applicant<'_>, what: &'static str) -> AuthError {
    AuthError::OddToken { host: applicant.authority.host().to_owned(), what }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::Proof;
    use crate::auth::stand_in::{StandIn, answer, http, json};
    use crate::clock::Clock;
    use crate::problem::Diagnose as _;

    /// What is made of `answers`: first to the request for a code, then to each poll. And how long it took.
    async fn signed_in<const N: usize>(answers: [String; N]) -> (Result<TokenSet, AuthError>, i64) {
        let stand_in = StandIn::answering(|_| answers).await;
        let beginning: Timestamp = "2026-11-23T19:20:31Z".parse().unwrap();
        let (http, clock, authority) = (http(), Clock::set_at(beginning), stand_in.authority());
        let applicant = stand_in.applicant(&http, &clock, &authority, Proof::Nothing);
        let result = match DeviceCode::ask(&applicant).await {
            Ok(device) => device.wait_for_user(&applicant, None, Duration::from_secs(3600)).await,
            Err(error) => Err(error),
        };
        (result, clock.now().as_second() - beginning.as_second())
    }

    fn code(more: &str) -> String {
        let body =
            r#"{"user_code":"HX7KQ2M9W","device_code":"SECRET","verification_uri":"https://microsoft.com/devicelogin""#;
        json(200, &format!("{body}{more}}}"))
    }

    fn refusal(error: &str) -> String {
        json(400, &format!(r#"{{"error":"{error}","error_description":"no"}}"#))
    }

    #[tokio::test]
    async fn a_code_lives_and_is_asked_after_as_entra_says_and_never_for_ever() {
        for (more, expected) in [
            ("", 900),
            (r#","expires_in":60,"interval":7"#, 60),
            (r#","expires_in":"60","interval":"7""#, 60),
            (r#","expires_in":99999999,"interval":99999999"#, 900),
            (r#","expires_in":0,"interval":0"#, 900),
        ] {
            let (result, took) = signed_in([code(more), refusal("authorization_pending")]).await;
            let error = result.unwrap_err();
            assert!(matches!(error, AuthError::NobodyCame { is_expired: true, .. }), "{more}: {error}");
            assert_eq!(took, expected, "{more}");
        }
    }

    #[tokio::test]
    async fn an_end_by_any_of_its_names_is_one() {
        for (error, phrase) in [
            ("expired_token", "auth/device-code"),
            ("code_expired", "auth/device-code"),
            ("bad_verification_code", "auth/device-code"),
            ("authorization_declined", "auth/cancelled"),
            ("access_denied", "auth/cancelled"),
        ] {
            let (result, took) = signed_in([code(""), refusal(error)]).await;
            assert_eq!((result.unwrap_err().phrase().code, took), (phrase, 5), "{error}");
        }
    }

    #[tokio::test]
    async fn a_pause_is_waited_out_unless_it_outlives_the_code() {
        let busy =
            |seconds: u32| answer(429, &format!("Retry-After: {seconds}\r\nContent-Type: application/json\r\n"), "{}");
        let (result, took) = signed_in([code(""), busy(40), refusal("access_denied")]).await;
        assert_eq!((result.unwrap_err().phrase().code, took), ("auth/cancelled", 5 + 40));
        let (result, took) = signed_in([code(""), busy(3600), refusal("access_denied")]).await;
        assert_eq!((result.unwrap_err().phrase().code, took), ("auth/throttled", 5));
        // The code lives for 20 seconds: a short pause outlives it as well.
        let (result, took) = signed_in([code(r#","expires_in":20"#), busy(25), refusal("access_denied")]).await;
        assert_eq!((result.unwrap_err().phrase().code, took), ("auth/throttled", 5));
    }

    #[tokio::test]
    async fn a_network_that_stays_away_is_told_when_the_time_is_over() {
        let (result, _) = signed_in([code(""), answer(503, "Content-Type: text/html\r\n", "down")]).await;
        assert!(matches!(result.unwrap_err(), AuthError::Unavailable { status: 503, .. }));
    }

    #[tokio::test]
    async fn what_can_t_be_shown_to_a_person_is_refused_without_showing_it() {
        let page =
            |uri: &str| json(200, &format!(r#"{{"user_code":"A","device_code":"SECRET","verification_uri":"{uri}"}}"#));
        let typed = |code: &str| {
            let rest = r#""device_code":"SECRET","verification_uri":"https://microsoft.com/devicelogin""#;
            json(200, &format!(r#"{{"user_code":"{code}",{rest}}}"#))
        };
        for reply in [
            page("http://microsoft.com/devicelogin"),
            page("javascript:alert(1)"),
            page("https://microsoft.com/\\u001b[2J"),
            page("https://microsoft.com/ login"),
            page(""),
            typed(""),
            typed("A B"),
            typed("\\u001b[2J"),
            typed(&"A".repeat(33)),
            json(200, r#"{"device_code":"SECRET"}"#),
            json(200, "SECRET"),
        ] {
            let error = signed_in([reply.clone()]).await.0.unwrap_err();
            assert_eq!(error.phrase().code, "auth/odd-token", "{reply}");
            assert!(!format!("{error}{error:?}").contains("SECRET"), "{error:?}");
        }
    }
}
