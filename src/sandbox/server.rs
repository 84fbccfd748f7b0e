//! DOOR (listening): the sandbox's listening sockets, and a running sandbox as a value. What requests mean is decided
//! behind it.

#![expect(clippy::disallowed_methods, reason = "this is the door to the sandbox's listening sockets")]

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::pin::Pin;
use std::sync::{Arc, mpsc};
use std::task::{Context, Poll};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use http_body_util::{BodyExt, Limited};
use hyper::body::{Body, Bytes, Frame, Incoming as Arriving, SizeHint};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use thiserror::Error;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use super::faults::Faults;
use super::front::{Delivery, Front};
use super::journal::Seen;
use super::{Incoming, Outgoing, Person};
use crate::clock::Clock;

/// Largest request body, in bytes; as much as Dataverse takes for a file in one piece.
const BODY_LIMIT: usize = 128 * 1024 * 1024;

/// How a sandbox is set up.
#[derive(Debug, Clone)]
pub struct Options {
    /// Port on 127.0.0.1 and `[::1]`; 0 for any free one.
    pub port: u16,
    /// Its clock: tokens expire by it and rows are dated by it.
    pub clock: Clock,
    /// Orders of misfortunes.
    pub faults: Faults,
    /// Life of an access token, in whole seconds.
    pub token_life: Duration,
    /// What every code, token and cookie that it gives out ends with, so that it is recognised wherever it turns up. To be
    /// made of letters and digits.
    pub mark: String,
    /// Addresses of other sandboxes, which the discovery service lists beside this one's organisation.
    pub beside: Vec<String>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            port: 0,
            clock: Clock::system(),
            faults: Faults::default(),
            token_life: Duration::from_secs(4611),
            mark: String::new(),
            beside: Vec::new(),
        }
    }
}

/// Why a sandbox didn't start.
#[derive(Debug, Error)]
pub enum StartError {
    /// Another program listens there.
    #[error("port {port} of 127.0.0.1 is taken by another program")]
    PortTaken {
        /// The port asked for.
        port: u16,
        /// What the system said.
        source: io::Error,
    },
    /// The system refused to listen.
    #[error("port {port} of 127.0.0.1 can't be listened on")]
    Listen {
        /// The port asked for.
        port: u16,
        /// What the system said.
        source: io::Error,
    },
    /// The system refused a thread or what an event loop needs.
    #[error("the sandbox's thread can't be started")]
    Thread {
        /// What the system said.
        source: io::Error,
    },
}

/// A running sandbox. It stops when the value is dropped.
#[derive(Debug)]
pub struct Sandbox {
    port: u16,
    front: Arc<Front>,
    stop: watch::Sender<bool>,
    thread: Option<JoinHandle<()>>,
}

/// Starts a sandbox on the runtime of the caller.
///
/// # Errors
/// [`StartError::PortTaken`] and [`StartError::Listen`].
pub async fn start(options: Options) -> Result<Sandbox, StartError> {
    let port = options.port;
    let first = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.map_err(|source| refused(port, source))?;
    let port = first.local_addr().map_err(|source| StartError::Listen { port, source })?.port();
    // Machines without IPv6 do without.
    let second = TcpListener::bind((Ipv6Addr::LOCALHOST, port)).await.ok();
    let mark = options.mark.clone();
    let front = Arc::new(Front::new(port, options));
    front.mark(&mark);
    let (stop, stopped) = watch::channel(false);
    for listener in [Some(first), second].into_iter().flatten() {
        tokio::spawn(accept(listener, Arc::clone(&front), stopped.clone()));
    }
    Ok(Sandbox { port, front, stop, thread: None })
}

impl Sandbox {
    /// Starts a sandbox on a thread and a runtime of its own, for callers without one.
    ///
    /// # Errors
    /// All of [`StartError`].
    pub fn start_in_background(options: Options) -> Result<Self, StartError> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|source| StartError::Thread { source })?;
        let (tell, told) = mpsc::channel();
        let thread = thread::Builder::new()
            .name("sandbox".to_owned())
            .spawn(move || {
                runtime.block_on(async {
                    let started = start(options).await;
                    let stopped = started.as_ref().ok().map(|sandbox| sandbox.stop.subscribe());
                    if tell.send(started).is_ok()
                        && let Some(mut stopped) = stopped
                    {
                        // Ends when it is told to, or when nobody is left to tell it.
                        let _ = stopped.changed().await;
                    }
                });
            })
            .map_err(|source| StartError::Thread { source })?;
        let gone = |error| StartError::Thread { source: io::Error::other(error) };
        let mut sandbox = told.recv().map_err(gone)??;
        sandbox.thread = Some(thread);
        Ok(sandbox)
    }

    /// Its origin, `http://127.0.0.1:PORT`: the organisation's address, Entra's and Graph's.
    #[must_use]
    pub fn address(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The port, on 127.0.0.1 and, where there is IPv6, on `[::1]`.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The order book of misfortunes.
    #[must_use]
    pub fn faults(&self) -> &Faults {
        self.front.faults()
    }

    /// The requests so far, oldest first.
    #[must_use]
    pub fn requests(&self) -> Vec<Seen> {
        self.front.requests()
    }

    /// From now on requests to the Web API are kept with headers and body, but for the credential.
    pub fn listen(&self) {
        self.front.listen();
    }

    /// Every access and refresh token that was given out, for tests that look for them where they must not be.
    #[must_use]
    pub fn issued_secrets(&self) -> Vec<String> {
        self.front.issued_secrets()
    }

    /// Registers the first certificate in `file` (PEM or DER) with the app `client_id`, as an upload in the portal does;
    /// `false` where there is none in it.
    #[must_use]
    pub fn register_certificate(&self, client_id: &str, file: &[u8]) -> bool {
        self.front.register_certificate(client_id, file)
    }

    /// The token that the cluster writes into the file of its job now; `None` where it can't be signed.
    #[must_use]
    pub fn cluster_assertion(&self) -> Option<String> {
        self.front.cluster_assertion()
    }

    /// What `az account get-access-token --resource ADDRESS --output json` prints where `person` is signed in to the Azure
    /// CLI: for tests that put a program of that name in its place.
    #[must_use]
    pub fn azure_cli(&self, person: Person) -> String {
        self.front.azure_cli(person)
    }

    /// Kills every refresh token, as an administrator's "Revoke sessions" does (AADSTS50173 from then on). Access tokens
    /// live on until they expire.
    pub fn revoke_all(&self) {
        self.front.revoke_all();
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        self.stop.send_replace(true);
        if let Some(thread) = self.thread.take() {
            // A thread that panicked has said so already.
            let _ = thread.join();
        }
    }
}

fn refused(port: u16, source: io::Error) -> StartError {
    match source.kind() {
        io::ErrorKind::AddrInUse => StartError::PortTaken { port, source },
        _ => StartError::Listen { port, source },
    }
}

async fn accept(listener: TcpListener, front: Arc<Front>, mut stopped: watch::Receiver<bool>) {
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stopped.changed() => return,
        };
        match accepted {
            Ok((stream, peer)) => {
                tokio::spawn(serve(stream, peer, Arc::clone(&front), stopped.clone()));
            }
            // Out of sockets: give those that are open the chance to close.
            Err(_) => Clock::system().wait(Duration::from_millis(20)).await,
        }
    }
}

async fn serve(stream: TcpStream, peer: SocketAddr, front: Arc<Front>, mut stopped: watch::Receiver<bool>) {
    if !peer.ip().is_loopback() {
        return;
    }
    // Small answers shouldn't wait for each other.
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request| answer(Arc::clone(&front), request));
    let connection = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(Duration::from_secs(30))
        .serve_connection(TokioIo::new(stream), service);
    tokio::select! {
        // Clients may break off whenever they like.
        _ = connection => {}
        _ = stopped.changed() => {}
    }
}

/// The end of a connection that a misfortune asked for.
#[derive(Debug, Error)]
#[error("the connection was closed to order")]
struct Closed;

async fn answer(front: Arc<Front>, request: Request<Arriving>) -> Result<Response<Outlet>, Closed> {
    let (parts, body) = request.into_parts();
    let mut headers: Vec<(String, String)> = parts
        .headers
        .iter()
        .map(|(name, value)| (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
        .collect();
    // A target in absolute form is meant for a proxy, which this isn't: as a second host it is refused.
    headers.extend(parts.uri.authority().map(|authority| ("host".to_owned(), authority.to_string())));
    let Ok(body) = Limited::new(body, BODY_LIMIT).collect().await else {
        return Ok(response(Outgoing::empty(413), false));
    };
    let incoming = Incoming {
        method: parts.method.as_str().to_owned(),
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        headers,
        body: body.to_bytes().to_vec(),
    };
    match front.receive(&incoming) {
        Delivery::Whole(answer) => Ok(response(answer, false)),
        Delivery::Cut(answer) => Ok(response(answer, true)),
        Delivery::Lost => Err(Closed),
        Delivery::Never => std::future::pending().await,
    }
}

fn response(answer: Outgoing, cut: bool) -> Response<Outlet> {
    let whole = answer.body.len();
    let mut bytes = Bytes::from(answer.body);
    if cut {
        bytes.truncate(whole / 2);
    }
    let mut response =
        Response::new(Outlet { bytes: Some(bytes), whole, left: if cut { Cut::Flush } else { Cut::None } });
    if let Ok(status) = hyper::StatusCode::from_u16(answer.status) {
        *response.status_mut() = status;
    }
    for (name, value) in answer.headers {
        let name = hyper::header::HeaderName::try_from(name);
        let value = hyper::header::HeaderValue::try_from(value);
        if let (Ok(name), Ok(value)) = (name, value) {
            response.headers_mut().append(name, value);
        }
    }
    response
}

/// How much of a cut is still to come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cut {
    /// None: the body ends well.
    None,
    /// The half that was given has to go out first.
    Flush,
    /// The connection breaks off.
    Break,
}

/// The body of an answer, whole or cut.
#[derive(Debug)]
struct Outlet {
    bytes: Option<Bytes>,
    whole: usize,
    left: Cut,
}

impl Body for Outlet {
    type Data = Bytes;
    type Error = Closed;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Closed>>> {
        if let Some(bytes) = self.bytes.take().filter(|bytes| !bytes.is_empty()) {
            return Poll::Ready(Some(Ok(Frame::data(bytes))));
        }
        match self.left {
            Cut::None => Poll::Ready(None),
            Cut::Flush => {
                // hyper drops what it hasn't written when a body fails; while a body is pending, it writes.
                self.left = Cut::Break;
                context.waker().wake_by_ref();
                Poll::Pending
            }
            Cut::Break => Poll::Ready(Some(Err(Closed))),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.left == Cut::None && self.bytes.as_ref().is_none_or(Bytes::is_empty)
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(u64::try_from(self.whole).unwrap_or(u64::MAX))
    }
}

#[cfg(test)]
mod tests;
