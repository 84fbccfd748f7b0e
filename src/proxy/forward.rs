//! Carries one request to the organisation and its answer back: token, one renewal, and what of the answer is given back.
//! Whether it may leave has been judged before, and no socket is opened here.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use hyper::body::Incoming;
use hyper::header::{HeaderMap, HeaderName, HeaderValue};
use hyper::{Response, StatusCode};
use tokio::time::timeout;

use crate::net::Response as Answer;
use crate::net::{AccessToken, Body, Content, Http, Method, Origin, Parcel, TokenSource, Trace};
use crate::output::Screen;
use crate::problem::{Exit, Problem};
use crate::proxy::Refusal;
use crate::proxy::flat::is_flat;
use crate::proxy::gather::{Gathered, gather};
use crate::proxy::headers::{Kind, is_given_back};
use crate::proxy::judge::Order;
use crate::proxy::links::{Inward, Outward};
use crate::proxy::passage::{Passage, Source};
use crate::proxy::refusal::told;
use crate::secret::Secret;

/// The longest answer to a bad token that is read so that its connection can be used again.
const LONGEST_REFUSAL: usize = 1 << 16;
/// Longest time that a client may leave an answer standing without taking any of it.
const PATIENCE: Duration = Duration::from_secs(60);

/// The way to the organisation.
pub(super) struct Way {
    pub http: Http,
    pub origin: Origin,
    pub tokens: Arc<dyn TokenSource>,
    pub screen: Screen,
    pub trace: Trace,
    /// The proxy's own address, secret included.
    pub prefix: Secret,
    /// The code of what was last said on the screen; the same is not said twice in a row.
    pub last_said: Mutex<Option<&'static str>>,
}

/// A request that ends without the organisation's own answer.
pub(super) struct Failure {
    status: u16,
    problem: Problem,
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self { status: refusal.status(), problem: refusal.into() }
    }
}

impl Failure {
    /// No token can be had.
    fn without_token(problem: Problem) -> Self {
        let status = match problem.exit() {
            Exit::SignIn | Exit::Store | Exit::Busy => 503,
            _ => 502,
        };
        Self { status, problem }
    }

    /// What the client gets.
    pub(super) fn into_response(self) -> Response<Passage> {
        let mut response = Response::new(Passage::whole(told(&self.problem)));
        *response.status_mut() = StatusCode::from_u16(self.status).unwrap_or(StatusCode::BAD_GATEWAY);
        let headers = response.headers_mut();
        headers.insert(hyper::header::CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
        guard(headers);
        response
    }

    /// How it is told in the trace.
    pub(super) fn code(&self) -> &'static str {
        self.problem.phrase().code
    }
}

/// Nothing that comes through here is a page: a browser that got hold of it shows no script and keeps no copy.
fn guard(headers: &mut HeaderMap) {
    for (name, value) in [
        ("cache-control", "no-store"),
        ("content-security-policy", "default-src 'none'; sandbox; frame-ancestors 'none'"),
        ("cross-origin-resource-policy", "same-origin"),
        ("referrer-policy", "no-referrer"),
        ("x-content-type-options", "nosniff"),
    ] {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
}

impl Way {
    /// Sends the request on. `held` is let go when the last of the answer has been handed over.
    pub(super) async fn carry(
        &self,
        order: Order,
        body: Incoming,
        held: impl Send + 'static,
    ) -> Result<Response<Passage>, Failure> {
        let has_body = !matches!(order.method, Method::GET | Method::HEAD | Method::DELETE);
        let gathered = if has_body { gather(body, self.inward(order.kind)).await? } else { Gathered::Nothing };
        if order.must_be_flat {
            match &gathered {
                Gathered::Whole(bytes) if order.kind == Kind::Json && is_flat(bytes) => {}
                Gathered::Begun(_) => return Err(Refusal::TooLong.into()),
                Gathered::Nothing | Gathered::Whole(_) => return Err(Refusal::OtherTableByBody.into()),
            }
        }
        let is_head = order.method == Method::HEAD;
        let answer = self.ask(&order, gathered).await?;
        if matches!(answer.status, 300..=303 | 305..=399) {
            return Err(self.said(Refusal::Redirected.into()));
        }
        *self.last_said.lock().unwrap_or_else(PoisonError::into_inner) = None;
        Ok(self.give_back(answer, is_head, held))
    }

    /// Asks with a token, and once more with another one if it is refused.
    async fn ask(&self, order: &Order, gathered: Gathered) -> Result<Answer, Failure> {
        let token = self.tokens.token().await.map_err(|problem| self.said(Failure::without_token(problem)))?;
        let again = match &gathered {
            Gathered::Nothing => Some(Content::None),
            Gathered::Whole(bytes) => Some(Content::Whole(bytes.clone())),
            Gathered::Begun(_) => None,
        };
        let (content, feeding) = gathered.into_content();
        let sent = self.send(order, content, &token).await;
        let mut answer = match (sent, feeding) {
            (Ok(answer), _) => answer,
            // What the client did to its own body is not the organisation's doing.
            (Err(failure), Some(feeding)) => {
                return Err(match feeding.await {
                    Ok(Err(refusal)) => refusal.into(),
                    Ok(Ok(())) | Err(_) => failure,
                });
            }
            (Err(failure), None) => return Err(failure),
        };
        if answer.status != 401 {
            return Ok(answer);
        }
        self.trace.decision(|| "401: asking for another access token, once".to_owned());
        let _ = answer.body.read(LONGEST_REFUSAL).await;
        let challenges = answer.challenges();
        let newer = self.tokens.token_instead_of(&token, &challenges).await;
        let newer = newer.map_err(|problem| self.said(Failure::without_token(problem)))?;
        let Some(content) = again else { return Err(Refusal::NotRepeated.into()) };
        let answer = self.send(order, content, &newer).await?;
        if answer.status == 401 {
            self.tokens.take_note(&answer.challenges());
            return Err(self.said(Refusal::StillUnauthorised.into()));
        }
        Ok(answer)
    }

    async fn send(&self, order: &Order, content: Content, token: &AccessToken) -> Result<Answer, Failure> {
        let headers = order.headers.iter().map(|(name, value)| (name.clone().into(), value.clone()));
        let parcel =
            Parcel { method: order.method.clone(), path: order.path.clone(), headers: headers.collect(), content };
        let sent = self.http.send(&self.origin, parcel, Some(&token.secret)).await;
        sent.map_err(|error| Failure { status: 502, problem: error.into() })
    }

    /// Says on the screen what only its reader can mend, once in a row.
    pub(super) fn said(&self, failure: Failure) -> Failure {
        let (problem, code) = (&failure.problem, failure.code());
        let last = self.last_said.lock().unwrap_or_else(PoisonError::into_inner).replace(code);
        if last != Some(code) {
            let facts = problem.diagnosis().facts();
            let remedy = problem.phrase().remedy_with(&facts).into_iter().next().unwrap_or_default();
            self.screen.warn(&format!("{problem} [{code}]; {remedy}"));
        }
        failure
    }

    fn inward(&self, kind: Kind) -> Option<Inward> {
        (kind != Kind::Other).then(|| Inward::new(self.prefix.expose(), self.origin.as_str()))
    }

    fn outward(&self, kind: Kind) -> Option<Outward> {
        let has_lines = kind == Kind::Multipart;
        (kind != Kind::Other).then(|| Outward::new(self.origin.as_str(), self.prefix.expose(), has_lines))
    }

    fn give_back(&self, answer: Answer, is_head: bool, held: impl Send + 'static) -> Response<Passage> {
        let is_encoded = answer.header("content-encoding").is_some();
        let kind = Kind::of(answer.header("content-type").unwrap_or_default().as_bytes());
        // A body in an encoding that nobody asked for can't be read, and passes as it is.
        let links = if is_encoded { None } else { self.outward(kind) };
        let length = answer.header("content-length").and_then(|length| length.parse::<u64>().ok());
        let length = length.filter(|_| links.is_none());
        let mut headers = HeaderMap::new();
        for (name, value) in answer.headers().filter(|(name, _)| is_given_back(name)) {
            let value = match name {
                "location" | "odata-entityid" => self.own_address(value),
                _ => Some(value.to_vec()),
            };
            let name = HeaderName::from_bytes(name.as_bytes());
            if let (Ok(name), Some(Ok(value))) = (name, value.map(|value| HeaderValue::from_bytes(&value))) {
                headers.append(name, value);
            }
        }
        guard(&mut headers);
        if let (true, Some(length)) = (is_head, length) {
            headers.insert(hyper::header::CONTENT_LENGTH, HeaderValue::from(length));
        }
        let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::BAD_GATEWAY);
        let is_empty = is_head || matches!(answer.status, 204 | 304);
        let passage = if is_empty {
            Passage::Whole(None)
        } else {
            let (source, passage) = Passage::arriving(length);
            tokio::spawn(pass_on(answer.body, links, source, self.trace.clone(), held));
            passage
        };
        let mut response = Response::new(passage);
        *response.status_mut() = status;
        *response.headers_mut() = headers;
        response
    }

    /// An address of the organisation becomes the proxy's; one that leads elsewhere is dropped.
    fn own_address(&self, address: &[u8]) -> Option<Vec<u8>> {
        let path = self.origin.adopt(std::str::from_utf8(address).ok()?).ok()?;
        Some(format!("{}{path}", self.prefix.expose()).into_bytes())
    }
}

/// Hands a body over, piece by piece. One that breaks is cut short for the client too.
async fn pass_on(mut body: Body, mut links: Option<Outward>, source: Source, trace: Trace, held: impl Send) {
    loop {
        let piece = match body.steady_chunk().await {
            Ok(piece) => piece,
            Err(error) => {
                trace.decision(|| format!("the answer is cut short: {error}"));
                break;
            }
        };
        let is_last = piece.is_none();
        let piece = match (piece, &mut links) {
            (Some(piece), Some(links)) => links.pass(&piece).into(),
            (Some(piece), None) => piece,
            (None, links) => links.take().map(Outward::end).unwrap_or_default().into(),
        };
        // A client that takes nothing for so long has its answer cut short.
        match timeout(PATIENCE, source.give(piece)).await {
            Ok(true) if is_last => {
                let _ = timeout(PATIENCE, source.end()).await;
                break;
            }
            Ok(true) => {}
            Ok(false) | Err(_) => break,
        }
    }
    drop(held);
}
