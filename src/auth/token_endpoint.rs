//! Token requests: who asks, how often, and what an answer that is no token means. The `oauth2` crate writes and reads
//! them; this is its way to the network. Which grant is used is said in the files beside.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use oauth2::basic::{BasicErrorResponse, BasicRevocationErrorResponse, BasicTokenIntrospectionResponse};
use oauth2::http::Response as WireResponse;
use oauth2::{
    AsyncHttpClient, AuthType, Client, ClientId, ClientSecret, EndpointNotSet, EndpointSet, HttpRequest, HttpResponse,
    RequestTokenError, StandardRevocableToken, TokenUrl,
};

use crate::auth::token::Answer;
use crate::auth::{AuthError, Authority, EntraError, Leg, Refusal, TokenSet};
use crate::clock::Clock;
use crate::net::{Http, Method, Request, retry_after};
use crate::secret::Secret;
use crate::tenant::TenantUrl;

/// Longest answer that is read, in bytes; a real one has about 10 000.
const LONGEST: usize = 1024 * 1024;
/// The shortest pause that is waited out when Entra asks for one, so that a pause of nothing makes no storm.
const SHORTEST_PAUSE: Duration = Duration::from_secs(1);
/// The pause before a failed request is sent once more, where Entra names none.
const PAUSE: Duration = Duration::from_secs(1);

/// What says of an assertion that it is one (RFC 7521 §4.2, RFC 7523 §2.2).
const ASSERTION_TYPE: &str = "&client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer";

/// Who asks Entra for a token, for which organisation, and where.
#[derive(Clone, Copy)]
pub struct Applicant<'a> {
    /// The way out.
    pub http: &'a Http,
    /// The time, for expiry and pauses.
    pub clock: &'a Clock,
    /// Where to ask.
    pub authority: &'a Authority,
    /// The organisation that the token is for.
    pub tenant_url: &'a TenantUrl,
    /// Application (client) id.
    pub client_id: &'a str,
    /// How the app proves who it is. A refused request is never sent again without it.
    pub proof: Proof<'a>,
    /// How long the pauses that Entra asks for may be, in sum. Nothing under a lock that others wait for: a refusal says
    /// then how long to wait without it ([`AuthError::pause`]).
    pub patience: Duration,
}

/// How an app proves who it is to the token endpoint.
#[derive(Clone, Copy)]
pub enum Proof<'a> {
    /// It doesn't: anybody may run a public app (RFC 6749 §2.1).
    Nothing,
    /// By its client secret, in the body (RFC 6749 §2.3.1).
    Secret(&'a Secret),
    /// By an assertion that somebody signed for it (RFC 7523 §2.2).
    Assertion(&'a Secret),
}

impl<'a> Proof<'a> {
    /// By the secret, if the app has one.
    #[must_use]
    pub fn by_secret(secret: Option<&'a Secret>) -> Self {
        secret.map_or(Self::Nothing, Self::Secret)
    }
}

impl std::fmt::Debug for Applicant<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Applicant").field("client_id", &self.client_id).finish_non_exhaustive()
    }
}

/// The crate's client for this one endpoint.
pub(super) type TokenClient = Client<
    BasicErrorResponse,
    Answer,
    BasicTokenIntrospectionResponse,
    StandardRevocableToken,
    BasicRevocationErrorResponse,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointSet,
>;

/// The crate's way to the network: one request for `applicant`, at one step, with the redirect URI it names.
pub(super) struct Errand<'a> {
    pub(super) applicant: &'a Applicant<'a>,
    pub(super) leg: Leg,
    pub(super) redirect_uri: Option<&'a str>,
    /// When its user stops waiting: no pause goes beyond it.
    pub(super) until: Option<Timestamp>,
}

impl<'c> AsyncHttpClient<'c> for Errand<'_> {
    type Error = AuthError;
    // Boxed, so that the compiler can see that a token may be awaited on any thread.
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, AuthError>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(self.send(request))
    }
}

impl Applicant<'_> {
    /// The crate's client, with the secret in the body: the way that Entra's metadata advertises.
    pub(super) fn client(&self) -> Result<TokenClient, AuthError> {
        let endpoint = TokenUrl::new(format!("{}{}", self.authority.origin(), self.authority.token_path()))
            .map_err(|_| AuthError::BadTenant { given: self.authority.tenant().to_owned() })?;
        let client = Client::new(ClientId::new(self.client_id.to_owned()))
            .set_auth_type(AuthType::RequestBody)
            .set_token_uri(endpoint);
        Ok(match self.proof {
            Proof::Secret(secret) => client.set_client_secret(ClientSecret::new(secret.expose().to_owned())),
            // The crate knows no assertions: it is put beside what it writes.
            Proof::Nothing | Proof::Assertion(_) => client,
        })
    }

    /// What the crate made of the answer. Its own error may hold the body, so nothing of it goes further.
    pub(super) fn tokens(
        &self,
        result: Result<Answer, RequestTokenError<AuthError, BasicErrorResponse>>,
    ) -> Result<TokenSet, AuthError> {
        let odd = |what| AuthError::OddToken { host: self.host(), what };
        match result {
            Ok(answer) => TokenSet::of_answer(&answer, self.clock.now()).map_err(odd),
            Err(RequestTokenError::Request(error)) => Err(error),
            Err(RequestTokenError::Parse(..)) => Err(odd("it lacks what a token answer must have")),
            Err(RequestTokenError::ServerResponse(_) | RequestTokenError::Other(_)) => Err(odd("it is empty")),
        }
    }

    /// Asks that these are tokens for this very app, for a user of this tenant, and the answer to the sign-in that sent
    /// `nonce` out, if one was sent.
    pub(super) fn check_identity(&self, tokens: &TokenSet, nonce: Option<&Secret>) -> Result<(), AuthError> {
        let what = "it has no ID token, although `openid` was asked for";
        let claims = tokens.id_claims.as_ref().ok_or_else(|| AuthError::OddToken { host: self.host(), what })?;
        claims.check(self.authority, self.client_id, nonce)
    }

    fn host(&self) -> String {
        self.authority.host().to_owned()
    }
}

impl<'a> Errand<'a> {
    /// One that names no redirect URI and has time.
    pub(super) fn of(applicant: &'a Applicant<'a>, leg: Leg) -> Self {
        Self { applicant, leg, redirect_uri: None, until: None }
    }

    /// The longest pause that may be waited out now, after pauses of `waited` in all.
    fn longest_pause(&self, waited: Duration) -> Duration {
        let patience = self.applicant.patience.saturating_sub(waited);
        let left = self.until.map(|until| Duration::try_from(until.duration_since(self.applicant.clock.now())));
        left.map_or(patience, |left| left.unwrap_or_default().min(patience))
    }

    /// Sends a token request; again after the pauses that Entra asks for, and once more after another passing failure.
    pub(super) async fn send(&self, request: HttpRequest) -> Result<HttpResponse, AuthError> {
        let Applicant { http, clock, authority, .. } = *self.applicant;
        let (parts, mut body) = request.into_parts();
        if let Proof::Assertion(assertion) = self.applicant.proof {
            body.extend_from_slice(ASSERTION_TYPE.as_bytes());
            body.extend_from_slice(b"&client_assertion=");
            // Base64url and dots (RFC 7515 §7.1) stand in a form as they are.
            body.extend_from_slice(assertion.expose().as_bytes());
        }
        let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
        let outgoing = Request {
            method: Method::POST,
            path: path.to_owned(),
            headers: vec![
                ("accept".into(), "application/json".to_owned()),
                ("content-type".into(), "application/x-www-form-urlencoded".to_owned()),
                ("client-request-id".into(), uuid::Uuid::new_v4().to_string()),
            ],
            body: Some(Bytes::from(body)),
        };
        let (mut has_retried, mut waited) = (false, Duration::ZERO);
        loop {
            let mut response = http.send(authority.origin(), &outgoing, None).await?;
            let status = response.status;
            let pause = response.header("retry-after").and_then(|value| retry_after(value, clock.now()));
            let is_json = response.header("content-type").is_none_or(is_json);
            let target = response.header("location").map(host_of);
            let body = response.body.read(LONGEST).await?;
            match next(status, pause, has_retried, self.longest_pause(waited)) {
                Next::Take => return self.take(Answered { status, is_json, target, body, pause }),
                Next::Retry => {
                    has_retried = true;
                    clock.wait(PAUSE).await;
                }
                Next::Wait(pause) => {
                    waited = waited.saturating_add(pause);
                    clock.wait(pause).await;
                }
                Next::GiveUp(wait) => return Err(AuthError::Throttled { host: authority.host().to_owned(), wait }),
            }
        }
    }

    /// A success for the crate to read, or the reason why it is none.
    fn take(&self, answered: Answered) -> Result<HttpResponse, AuthError> {
        let Answered { status, is_json, target, body, pause } = answered;
        let Applicant { authority, tenant_url, client_id, .. } = *self.applicant;
        let host = || authority.host().to_owned();
        let not_entra = |what| AuthError::NotEntra { host: host(), what };
        match (status, EntraError::parse(&body)) {
            (200, _) if is_json => {
                let response = WireResponse::builder().status(200).header("content-type", "application/json");
                response.body(body).map_err(|_| not_entra("its answer can't be read".to_owned()))
            }
            (200, _) => Err(not_entra("a page instead of a token".to_owned())),
            (300..=399, _) => {
                let target = target.unwrap_or_else(|| "nowhere".to_owned());
                Err(not_entra(format!("a redirect to {target}, which was not followed")))
            }
            (500.., Some(error)) if !error.is_passing() => {
                Err(AuthError::Unavailable { host: host(), status, wait: pause })
            }
            (500.., None) => Err(AuthError::Unavailable { host: host(), status, wait: pause }),
            (_, Some(error)) => {
                let refusal = Refusal::new(error, self.leg, authority);
                let refusal = refusal.of_app(authority, tenant_url, client_id, self.redirect_uri);
                Err(AuthError::Refused(Box::new(refusal)))
            }
            (_, None) => Err(not_entra(format!("status {status} without a reason"))),
        }
    }
}

struct Answered {
    status: u16,
    is_json: bool,
    target: Option<String>,
    body: Vec<u8>,
    pause: Option<Duration>,
}

/// What to do with an answer.
#[derive(Debug, PartialEq, Eq)]
enum Next {
    /// It is the caller's.
    Take,
    /// Once more, after a pause of ours.
    Retry,
    /// Again after the pause that was asked for.
    Wait(Duration),
    /// Entra wants fewer requests, for longer than may be waited, or without saying for how long.
    GiveUp(Option<Duration>),
}

/// A pause that is asked for is waited out while it fits into what may be waited, `longest`; another failure of the server's
/// is tried once more.
fn next(status: u16, pause: Option<Duration>, has_retried: bool, longest: Duration) -> Next {
    let pause = pause.map(|pause| pause.max(SHORTEST_PAUSE));
    match (status, pause) {
        (429 | 500.., Some(pause)) if pause <= longest => Next::Wait(pause),
        (429, pause) => Next::GiveUp(pause),
        (500.., None) if !has_retried => Next::Retry,
        _ => Next::Take,
    }
}

pub(super) fn is_json(content_type: &str) -> bool {
    let kind = content_type.split(';').next().unwrap_or_default().trim();
    kind.eq_ignore_ascii_case("application/json") || kind.eq_ignore_ascii_case("text/json")
}

/// The host of a `Location`; a relative one stays on the host it came from.
pub(super) fn host_of(location: &str) -> String {
    let host = url::Url::parse(location).ok().and_then(|url| url.host_str().map(str::to_owned));
    host.unwrap_or_else(|| "itself".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_is_waited_out_while_there_is_patience_and_another_failure_is_tried_once_more() {
        let seconds = |seconds| Some(Duration::from_secs(seconds));
        let longest = Duration::from_secs(600);
        for (status, pause, has_retried, expected) in [
            (200, None, false, Next::Take),
            (400, seconds(1), false, Next::Take),
            (503, None, false, Next::Retry),
            (500, None, true, Next::Take),
            (503, seconds(17), true, Next::Wait(Duration::from_secs(17))),
            // That a server is out of order is no throttling, however long it wants to be left alone.
            (503, seconds(601), false, Next::Take),
            (429, seconds(600), false, Next::Wait(longest)),
            (429, seconds(45), true, Next::Wait(Duration::from_secs(45))),
            (429, seconds(0), true, Next::Wait(SHORTEST_PAUSE)),
            (429, seconds(601), false, Next::GiveUp(seconds(601))),
            (429, None, false, Next::GiveUp(None)),
        ] {
            assert_eq!(next(status, pause, has_retried, longest), expected, "{status} {pause:?} {has_retried}");
        }
        assert_eq!(next(429, seconds(17), false, Duration::from_secs(16)), Next::GiveUp(seconds(17)));
        assert_eq!(next(429, seconds(0), false, Duration::ZERO), Next::GiveUp(Some(SHORTEST_PAUSE)));
    }
}
