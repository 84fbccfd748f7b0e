//! DOOR (listening): the socket on which the browser's answer arrives. What an answer is worth is judged in `callback.rs`;
//! no text from a request is ever sent back.

#![expect(clippy::disallowed_methods, reason = "this is the door for listening; its deadlines run on real time")]

use std::collections::VecDeque;
use std::io::{Error, ErrorKind, Result as IoResult};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::AbortHandle;
use tokio::time::{Instant, sleep, sleep_until, timeout};

use crate::auth::callback::RECEIVED_PATH;
use crate::auth::{
    AdminConsentRequest, AuthError, Authority, Authorization, Awaited, CallbackRequest, Code, EntraError, Expected,
    Granted, Outcome, RedirectUri, Refusal, judge,
};
use crate::problem::Problem;
use crate::secret::Secret;

/// Longest request, head and body together.
const LONGEST: usize = 64 * 1024;
/// The most that is read of a request that is too long, so that its sender gets to read the answer.
const LONGEST_REST: usize = 4 * 1024 * 1024;
/// Most header lines of a request.
const MOST_HEADERS: usize = 64;
/// How long one connection may take.
const PATIENCE: Duration = Duration::from_secs(2);
/// Connections served at once; one more ends the oldest, so that idle ones can't keep the browser out.
const MOST_CONNECTIONS: usize = 16;
/// How long a connection may say what it came for before it can be ended for another one: however many arrive at one
/// moment, a browser among them that asks at once is heard.
const HEARING: Duration = Duration::from_millis(30);
/// How often another port is tried when the IPv6 twin of a free port is taken.
const TRIES: usize = 16;
/// How long the socket stays open for a browser that was just sent on, after an answer by query.
const GRACE: Duration = Duration::from_millis(50);

/// What everyone who brought the answer sees, whatever it was.
pub(super) const RECEIVED_PAGE: &str = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>d365conn</title>\
<h1>Received</h1><p>Return to the terminal to see the result. This window can be closed.</p></html>\n";
/// What everyone else sees.
pub(super) const STRANGER_PAGE: &str = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>d365conn</title>\
<h1>Nothing here</h1><p>This address waits for a sign-in, and this was not its answer.</p></html>\n";

/// What the browser sees whose request was too long: every program that ever listened on localhost may have left cookies
/// there, and a browser sends them all.
pub(super) const TOO_LONG_PAGE: &str = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>d365conn</title>\
<h1>Too many cookies for localhost</h1><p>The browser sent more than 64 KB with its answer, and d365conn did not take it. \
Delete the cookies of localhost in this browser, or open the sign-in address in a private window.</p></html>\n";

/// Why a request was turned away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TurnedAway {
    /// It is longer than anything that Entra sends.
    TooLong,
    /// It names another host than this computer.
    ForeignHost,
    /// Another page, or a script, sent it.
    ForeignPage,
    /// It came to the right place, and is not the answer to this sign-in.
    NotTheAnswer,
}

impl TurnedAway {
    /// Why, by the status it was answered with. Whoever looks for something else, such as an icon, means nothing by it.
    const fn of_status(status: u16) -> Option<Self> {
        match status {
            404 => None,
            413 => Some(Self::TooLong),
            421 => Some(Self::ForeignHost),
            403 => Some(Self::ForeignPage),
            _ => Some(Self::NotTheAnswer),
        }
    }
}

/// Sockets that wait for one answer.
#[derive(Debug)]
pub struct Listener {
    v4: TcpListener,
    v6: Option<TcpListener>,
    port: u16,
    redirect: RedirectUri,
}

impl Listener {
    /// Listens on 127.0.0.1 and, where the redirect URI says `localhost`, on `[::1]` with the same port, because a browser
    /// may try either (RFC 8252 §8.3). A computer without IPv6 is served by the first alone.
    ///
    /// # Errors
    /// [`AuthError::PortTaken`] when the registered port is somebody else's; never is another one tried then.
    /// [`AuthError::NoListener`] when no port can be had.
    pub async fn bind(redirect: &RedirectUri) -> Result<Self, AuthError> {
        let mut last = None;
        for _ in 0..TRIES {
            match Self::bind_once(redirect).await {
                Ok((v4, v6, port)) => return Ok(Self { v4, v6, port, redirect: redirect.clone() }),
                Err(error) => match redirect.port() {
                    Some(port) if error.kind() == ErrorKind::AddrInUse => return Err(AuthError::PortTaken { port }),
                    None if error.kind() == ErrorKind::AddrInUse => last = Some(error),
                    _ => return Err(AuthError::NoListener(error)),
                },
            }
        }
        Err(AuthError::NoListener(last.unwrap_or_else(|| Error::from(ErrorKind::AddrInUse))))
    }

    async fn bind_once(redirect: &RedirectUri) -> IoResult<(TcpListener, Option<TcpListener>, u16)> {
        let v4 = TcpListener::bind((Ipv4Addr::LOCALHOST, redirect.port().unwrap_or(0))).await?;
        let port = v4.local_addr()?.port();
        if !redirect.is_by_name() {
            return Ok((v4, None, port));
        }
        match TcpListener::bind(SocketAddr::from((Ipv6Addr::LOCALHOST, port))).await {
            Ok(v6) => Ok((v4, Some(v6), port)),
            // Somebody on the twin port would be asked by a browser that prefers IPv6.
            Err(error) if error.kind() == ErrorKind::AddrInUse => Err(error),
            Err(_) => Ok((v4, None, port)),
        }
    }

    /// The redirect URI to send, with the port in it.
    #[must_use]
    pub fn redirect_uri(&self) -> String {
        self.redirect.at_port(self.port)
    }

    /// The port that is listened on.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// What an answer to `authorization` must fit, wherever it is read.
    #[must_use]
    pub fn expected<'a>(&'a self, authorization: &'a Authorization) -> Expected<'a> {
        Expected {
            path: self.redirect.path(),
            port: self.port,
            state: &authorization.state,
            authority: &authorization.authority,
            awaited: Awaited::Code,
        }
    }

    /// Waits for the answer to `authorization`, for as long as the caller does. Every kind of request that is turned away
    /// meanwhile is told once.
    ///
    /// The page is served before this returns, and the sockets are closed within 100 ms after it.
    ///
    /// # Errors
    /// [`AuthError::Refused`] when the answer is no.
    pub async fn code(
        &self,
        authorization: &Authorization,
        on_turned_away: impl Fn(TurnedAway),
    ) -> Result<Code, AuthError> {
        let outcome = self.listen(Wish::of(authorization), on_turned_away).await;
        code_of(outcome, authorization).unwrap_or_else(|_| Err(AuthError::NoListener(ErrorKind::BrokenPipe.into())))
    }

    /// Waits for the answer to `request`, as [`Listener::code`] does for that of a sign-in.
    ///
    /// # Errors
    /// [`AdminConsentDeclined`](crate::auth::AdminConsentDeclined) or [`AuthError::Refused`] when the answer is no.
    pub async fn consent(
        &self,
        request: &AdminConsentRequest,
        on_turned_away: impl Fn(TurnedAway),
    ) -> Result<Granted, Problem> {
        let wish = Wish { state: &request.state, authority: &request.authority, awaited: Awaited::AdminConsent };
        match self.listen(wish, on_turned_away).await {
            Outcome::Consented { tenant, scope } => Ok(Granted::of_answer(&tenant, &scope)),
            Outcome::Refused { error, description, subcode } => {
                Err(request.refused(&error, description.as_deref(), subcode.as_deref()))
            }
            _ => Err(AuthError::NoListener(ErrorKind::BrokenPipe.into()).into()),
        }
    }

    /// Serves connections until one brings the answer.
    async fn listen(&self, wish: Wish<'_>, on_turned_away: impl Fn(TurnedAway)) -> Outcome {
        let (tell, mut told) = mpsc::channel(4);
        let desk = Arc::new(Desk {
            path: self.redirect.path().to_owned(),
            port: self.port,
            state: wish.state.clone(),
            authority: wish.authority.clone(),
            awaited: wish.awaited,
            is_answered: AtomicBool::new(false),
            tell,
        });
        let mut told_away = Vec::new();
        let mut served = Served::default();
        let mut answer = None;
        let closing = sleep(Duration::MAX);
        tokio::pin!(closing);
        loop {
            let full_until = served.full_until();
            let is_full = full_until.is_some();
            let stream = tokio::select! {
                event = told.recv() => match (event, answer.take()) {
                    (Some(Event::TurnedAway(why)), first) => {
                        answer = first;
                        if !told_away.contains(&why) {
                            told_away.push(why);
                            on_turned_away(why);
                        }
                        continue;
                    }
                    (Some(Event::Answer { outcome, is_over: true }), None) | (Some(Event::Shown), Some(outcome)) => {
                        return outcome;
                    }
                    (Some(Event::Answer { outcome, is_over: false }), None) => {
                        closing.as_mut().reset(Instant::now() + GRACE);
                        answer = Some(outcome);
                        continue;
                    }
                    (_, first) => {
                        answer = first;
                        continue;
                    }
                },
                () = &mut closing => match answer {
                    Some(outcome) => return outcome,
                    None => continue,
                },
                () = sleep_until(full_until.unwrap_or_else(Instant::now)), if is_full => continue,
                accepted = self.v4.accept(), if !is_full => accepted,
                accepted = accept_if(self.v6.as_ref()), if !is_full => accepted,
            };
            match stream {
                Ok((stream, _)) => served.admit(tokio::spawn(attend(stream, Arc::clone(&desk))).abort_handle()),
                // Out of file handles, or a connection that was gone at once: both pass.
                Err(_) => sleep(Duration::from_millis(10)).await,
            }
        }
    }
}

/// The code of an answer, or its refusal.
///
/// # Errors
/// Why it is no answer at all.
pub fn code_of(outcome: Outcome, authorization: &Authorization) -> Result<Result<Code, AuthError>, TurnedAway> {
    match outcome {
        Outcome::Accepted(code) => Ok(Ok(code)),
        Outcome::Refused { error, description, subcode } => {
            let error = EntraError::from_redirect(&error, description.as_deref(), subcode.as_deref());
            Ok(Err(AuthError::Refused(Box::new(Refusal::of_sign_in(error, authorization)))))
        }
        Outcome::Ignore(status) => Err(TurnedAway::of_status(status).unwrap_or(TurnedAway::NotTheAnswer)),
        Outcome::Received | Outcome::Consented { .. } => Err(TurnedAway::NotTheAnswer),
    }
}

async fn accept_if(listener: Option<&TcpListener>) -> IoResult<(TcpStream, SocketAddr)> {
    match listener {
        Some(listener) => listener.accept().await,
        None => std::future::pending().await,
    }
}

/// The connections that are served now, the oldest first.
#[derive(Default)]
struct Served(VecDeque<(Instant, AbortHandle)>);

impl Served {
    /// When the next one can be admitted; `None` is now.
    fn full_until(&mut self) -> Option<Instant> {
        self.0.retain(|(_, handle)| !handle.is_finished());
        let (since, _) = self.0.front().filter(|_| self.0.len() >= MOST_CONNECTIONS)?;
        Some(*since + HEARING).filter(|until| *until > Instant::now())
    }

    fn admit(&mut self, newest: AbortHandle) {
        while self.0.len() >= MOST_CONNECTIONS {
            if let Some((_, oldest)) = self.0.pop_front() {
                oldest.abort();
            }
        }
        self.0.push_back((Instant::now(), newest));
    }
}

/// The answer that is waited for.
struct Wish<'a> {
    state: &'a Secret,
    authority: &'a Authority,
    awaited: Awaited,
}

impl<'a> Wish<'a> {
    fn of(authorization: &'a Authorization) -> Self {
        Self { state: &authorization.state, authority: &authorization.authority, awaited: Awaited::Code }
    }
}

/// What every connection needs to know.
struct Desk {
    path: String,
    port: u16,
    state: Secret,
    authority: Authority,
    awaited: Awaited,
    is_answered: AtomicBool,
    tell: mpsc::Sender<Event>,
}

enum Event {
    /// The answer came; `is_over` unless the browser was sent on and will come back for its page.
    Answer { outcome: Outcome, is_over: bool },
    /// The browser that was sent on has its page.
    Shown,
    /// A request was not taken.
    TurnedAway(TurnedAway),
}

/// One connection from first byte to last.
async fn attend(mut stream: TcpStream, desk: Arc<Desk>) {
    let _ = converse(&mut stream, &desk).await;
    let _ = timeout(PATIENCE, stream.shutdown()).await;
}

async fn converse(stream: &mut TcpStream, desk: &Desk) -> IoResult<()> {
    let mut bytes = Vec::new();
    loop {
        let Ok(read) = timeout(PATIENCE, read_request(stream, &mut bytes)).await else { return Ok(()) };
        let size = match read? {
            Read::Whole(size) => size,
            Read::Nothing => return Ok(()),
            Read::Refuse(status) => {
                desk.tell_of(status).await;
                let shown = if status == 413 { TOO_LONG_PAGE } else { STRANGER_PAGE };
                write(stream, &page(status, shown)).await?;
                // What is not read makes the other side's system throw our answer away.
                return if status == 413 { timeout(PATIENCE, read_on(stream)).await.unwrap_or(Ok(())) } else { Ok(()) };
            }
        };
        let (outcome, is_by_query) = desk.judge(size, &bytes);
        bytes.drain(..size.total);
        match outcome {
            Outcome::Received if desk.is_answered.load(Ordering::Relaxed) => {
                write(stream, &page(200, RECEIVED_PAGE)).await?;
                let _ = desk.tell.send(Event::Shown).await;
                return Ok(());
            }
            Outcome::Received => return write(stream, &page(404, STRANGER_PAGE)).await,
            Outcome::Ignore(status) => {
                desk.tell_of(status).await;
                return write(stream, &page(status, STRANGER_PAGE)).await;
            }
            outcome => {
                desk.is_answered.store(true, Ordering::Relaxed);
                let reply = if is_by_query { sent_on() } else { page(200, RECEIVED_PAGE) };
                // A browser that was closed meanwhile has answered all the same.
                let written = write(stream, &reply).await;
                let _ = desk.tell.send(Event::Answer { outcome, is_over: !is_by_query }).await;
                written?;
                if !is_by_query {
                    return Ok(());
                }
            }
        }
    }
}

/// Reads what is still sent, and keeps nothing of it.
async fn read_on(stream: &mut TcpStream) -> IoResult<()> {
    let mut bytes = vec![0; 64 * 1024];
    let mut total = 0;
    while total < LONGEST_REST {
        match stream.read(&mut bytes).await? {
            0 => break,
            read => total += read,
        }
    }
    Ok(())
}

async fn write(stream: &mut TcpStream, reply: &str) -> IoResult<()> {
    stream.write_all(reply.as_bytes()).await?;
    stream.flush().await
}

/// A whole answer with a constant page. Its headers keep the page from loading, running or remembering anything.
fn page(status: u16, body: &str) -> String {
    let reason = match status {
        200 => "OK",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        413 => "Content Too Large",
        415 => "Unsupported Media Type",
        421 => "Misdirected Request",
        _ => "Bad Request",
    };
    format!(
        "HTTP/1.1 {status} {reason}\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {}\r\n{HEADERS}Connection: close\r\n\r\n{body}",
        body.len()
    )
}

/// Sends the browser away from the address that holds the code. The connection stays open for its next question, since
/// the sockets close a moment later.
fn sent_on() -> String {
    format!(
        "HTTP/1.1 303 See Other\r\nLocation: {RECEIVED_PATH}\r\nContent-Length: 0\r\n{HEADERS}Connection: keep-alive\r\n\r\n"
    )
}

const HEADERS: &str = "Content-Security-Policy: default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'\r\n\
X-Content-Type-Options: nosniff\r\nReferrer-Policy: no-referrer\r\nCache-Control: no-store\r\nCross-Origin-Resource-Policy: same-origin\r\n";

/// How long a complete request is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Size {
    head: usize,
    total: usize,
}

#[derive(Debug, PartialEq, Eq)]
enum Read {
    Whole(Size),
    /// The other side left before it had said everything: a browser that connects ahead of need, or a stranger.
    Nothing,
    Refuse(u16),
}

async fn read_request(stream: &mut TcpStream, bytes: &mut Vec<u8>) -> IoResult<Read> {
    loop {
        match measure(bytes) {
            Some(read) => return Ok(read),
            None if stream.read_buf(bytes).await? == 0 => return Ok(Read::Nothing),
            None => {}
        }
    }
}

/// What has arrived so far: `None` when there is more to come.
fn measure(bytes: &[u8]) -> Option<Read> {
    let mut room = [httparse::EMPTY_HEADER; MOST_HEADERS];
    let mut request = httparse::Request::new(&mut room);
    let head = match request.parse(bytes) {
        Ok(httparse::Status::Complete(head)) => head,
        Ok(httparse::Status::Partial) if bytes.len() < LONGEST => return None,
        Ok(httparse::Status::Partial) => return Some(Read::Refuse(413)),
        Err(_) => return Some(Read::Refuse(400)),
    };
    let mut length = None;
    for header in request.headers.iter() {
        if header.name.eq_ignore_ascii_case("transfer-encoding") {
            return Some(Read::Refuse(400));
        }
        if header.name.eq_ignore_ascii_case("content-length") {
            let digits = std::str::from_utf8(header.value).ok().filter(|text| text.bytes().all(|b| b.is_ascii_digit()));
            match (length, digits.and_then(|text| text.parse::<usize>().ok())) {
                (None, Some(given)) => length = Some(given),
                _ => return Some(Read::Refuse(400)),
            }
        }
    }
    let total = head.saturating_add(length.unwrap_or(0));
    if total > LONGEST {
        return Some(Read::Refuse(413));
    }
    (bytes.len() >= total).then_some(Read::Whole(Size { head, total }))
}

impl Desk {
    /// Tells whoever waits that a request was turned away with this status.
    async fn tell_of(&self, status: u16) {
        if let Some(why) = TurnedAway::of_status(status) {
            let _ = self.tell.send(Event::TurnedAway(why)).await;
        }
    }

    /// Judges a complete request; also whether its answer came in the address.
    fn judge(&self, size: Size, bytes: &[u8]) -> (Outcome, bool) {
        let mut room = [httparse::EMPTY_HEADER; MOST_HEADERS];
        let mut request = httparse::Request::new(&mut room);
        if request.parse(bytes).is_err() {
            return (Outcome::Ignore(400), false);
        }
        let headers: Vec<(&str, &[u8])> = request.headers.iter().map(|header| (header.name, header.value)).collect();
        let method = request.method.unwrap_or_default();
        let callback = CallbackRequest {
            method,
            target: request.path.unwrap_or_default(),
            headers: &headers,
            body: bytes.get(size.head..size.total).unwrap_or_default(),
        };
        let expected = Expected {
            path: &self.path,
            port: self.port,
            state: &self.state,
            authority: &self.authority,
            awaited: self.awaited,
        };
        (judge(callback, expected), method == "GET")
    }
}

#[cfg(test)]
mod tests;
