//! DOOR (listening): the proxy's listening socket, and a running proxy as a value. What requests may do and what becomes of
//! them is decided behind it.

#![expect(clippy::disallowed_methods, reason = "this is the door to the proxy's listening socket")]

use std::collections::VecDeque;
use std::convert::Infallible;
use std::io;
use std::net::Ipv4Addr;
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::{AbortHandle, JoinHandle, JoinSet};
use tokio::time::timeout;

use crate::clock::{Clock, real_pause};
use crate::connection::{Look, Standing};
use crate::net::{Http, Origin, TokenSource, Trace};
use crate::output::Screen;
use crate::proxy::forward::{Failure, Way};
use crate::proxy::judge::{Asked, Order, Rules, judge, judge_as_read, told_of};
use crate::proxy::passage::Passage;
use crate::proxy::seats::Seat;
use crate::proxy::{ProxyError, Refusal, Scope};
use crate::secret::Secret;

/// Connections served at once. More wait to be accepted.
const MOST_CONNECTIONS: usize = 64;
/// Requests that the organisation is asked at once; more wait.
const MOST_IN_FLIGHT: usize = 16;
/// Longest time for the head of a request, and longest silence between two of them.
const PATIENCE: Duration = Duration::from_secs(30);
/// Where every place is taken, a connection that has been idle for this long makes room.
const IDLE_ENOUGH: Duration = Duration::from_secs(1);
/// How often it is looked whether one has.
const LOOK: Duration = Duration::from_millis(100);
/// Longest head of a request, in bytes: more than the longest address that Dataverse takes.
const LONGEST_HEAD: usize = 64 * 1024;
/// How long requests under way may take to end when the proxy ends.
const GRACE: Duration = Duration::from_secs(5);

/// How a proxy is set up.
pub struct Options {
    /// Port on 127.0.0.1; 0 for any free one.
    pub port: u16,
    /// What sends requests.
    pub http: Http,
    /// The organisation; the bearer goes nowhere else.
    pub origin: Origin,
    /// Where the bearer comes from.
    pub tokens: Arc<dyn TokenSource>,
    /// What is let through.
    pub scope: Scope,
    /// What may be done over the connection at this moment; `None` where nothing can change.
    pub look: Option<Look>,
    /// Where a problem is told that needs a person.
    pub screen: Screen,
    /// Where each request is told.
    pub trace: Trace,
}

/// A running proxy. It stops when the value is dropped.
pub struct Proxy {
    address: Secret,
    port: u16,
    whole: Seat,
    stop: watch::Sender<bool>,
    accepting: JoinHandle<()>,
}

/// What every connection needs to know.
struct Desk {
    rules: Rules,
    look: Option<Look>,
    way: Way,
    in_flight: Arc<Semaphore>,
    whole: Seat,
}

impl Proxy {
    /// Starts a proxy with a new secret, on the runtime of the caller. It listens on 127.0.0.1 and nowhere else; a port that
    /// was asked for is had or not, never is another one tried.
    ///
    /// # Errors
    /// [`ProxyError::PortTaken`] and [`ProxyError::Listen`].
    pub async fn start(options: Options) -> Result<Self, ProxyError> {
        let port = options.port;
        let refused = |source: io::Error| match source.kind() {
            io::ErrorKind::AddrInUse => ProxyError::PortTaken { port },
            _ => ProxyError::Listen { port, source },
        };
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.map_err(refused)?;
        let port = listener.local_addr().map_err(refused)?.port();
        let secret = format!("{}{}", uuid::Uuid::new_v4().simple(), uuid::Uuid::new_v4().simple());
        let origin = options.origin.as_str().to_owned();
        let rules = Rules { port, secret: Secret::new(secret), scope: options.scope, origin };
        let address = rules.prefix();
        let whole = Seat::new();
        let desk = Desk {
            way: Way {
                http: options.http,
                origin: options.origin,
                tokens: options.tokens,
                screen: options.screen,
                trace: options.trace,
                prefix: address.clone(),
                last_said: Mutex::default(),
            },
            rules,
            look: options.look,
            in_flight: Arc::new(Semaphore::new(MOST_IN_FLIGHT)),
            whole: whole.clone(),
        };
        let (stop, stopped) = watch::channel(false);
        let accepting = tokio::spawn(accept(listener, Arc::new(desk), stopped));
        Ok(Self { address, port, whole, stop, accepting })
    }

    /// `http://127.0.0.1:PORT/SECRET`: whoever has it can do through the proxy what the proxy lets through.
    #[must_use]
    pub fn address(&self) -> &Secret {
        &self.address
    }

    /// The port on 127.0.0.1.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Waits until nothing was let through for `duration`.
    pub async fn is_idle_for(&self, duration: Duration) {
        loop {
            match self.whole.idle_for() {
                Some(idle) if idle >= duration => return,
                Some(idle) => real_pause(duration.saturating_sub(idle)).await,
                None => real_pause(duration.min(Duration::from_secs(1))).await,
            }
        }
    }

    /// Accepts nobody any more, and waits a little for what is under way.
    pub async fn close(self) {
        self.stop.send_replace(true);
        // A panic in there has been told already.
        let _ = self.accepting.await;
    }
}

impl Desk {
    /// What changed on the connection since the proxy began holds for this request already.
    fn look_again(&self, order: &Order) -> Result<(), Refusal> {
        match self.look.as_ref().map_or(Standing::Open, |look| look()) {
            Standing::Open => Ok(()),
            Standing::ReadOnly => judge_as_read(order),
            Standing::Gone => Err(Refusal::Disconnected),
        }
    }
}

/// The connections that are being served.
#[derive(Default)]
struct Guests {
    set: JoinSet<()>,
    seats: VecDeque<(AbortHandle, Seat)>,
}

impl Guests {
    fn admit(&mut self, stream: TcpStream, desk: &Arc<Desk>, stopped: &watch::Receiver<bool>) {
        let seat = Seat::new();
        let handle = self.set.spawn(serve(stream, Arc::clone(desk), seat.clone(), stopped.clone()));
        self.seats.push_back((handle, seat));
    }

    /// Whether there is a place, now that an idle one has been given up if that was needed.
    fn has_room(&mut self) -> bool {
        while self.set.try_join_next().is_some() {}
        self.seats.retain(|(handle, _)| !handle.is_finished());
        if self.seats.len() < MOST_CONNECTIONS {
            return true;
        }
        let is_idle = |seat: &Seat| seat.idle_for().is_some_and(|idle| idle >= IDLE_ENOUGH);
        let Some(at) = self.seats.iter().position(|(_, seat)| is_idle(seat)) else { return false };
        if let Some((handle, _)) = self.seats.remove(at) {
            handle.abort();
        }
        true
    }
}

async fn accept(listener: TcpListener, desk: Arc<Desk>, mut stopped: watch::Receiver<bool>) {
    let mut guests = Guests::default();
    loop {
        let has_room = guests.has_room();
        tokio::select! {
            _ = stopped.changed() => break,
            () = real_pause(LOOK), if !has_room => {}
            accepted = listener.accept(), if has_room => match accepted {
                Ok((stream, peer)) if peer.ip().is_loopback() => guests.admit(stream, &desk, &stopped),
                Ok(_) => {}
                // Out of file handles, or a connection that was gone at once: both pass.
                Err(_) => real_pause(LOOK).await,
            },
        }
    }
    drop(listener);
    let _ = timeout(GRACE, async { while guests.set.join_next().await.is_some() {} }).await;
}

/// One connection from first byte to last.
async fn serve(stream: TcpStream, desk: Arc<Desk>, seat: Seat, mut stopped: watch::Receiver<bool>) {
    // Small answers shouldn't wait for each other.
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request| answer(Arc::clone(&desk), seat.clone(), request));
    let connection = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(PATIENCE)
        .max_header_size(LONGEST_HEAD)
        .max_buf_size(LONGEST_HEAD)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = pin!(connection);
    tokio::select! {
        // Clients may break off whenever they like.
        _ = connection.as_mut() => return,
        _ = stopped.changed() => connection.as_mut().graceful_shutdown(),
    }
    let _ = connection.await;
}

async fn answer(desk: Arc<Desk>, seat: Seat, request: Request<Incoming>) -> Result<Response<Passage>, Infallible> {
    let begin = Clock::steady();
    let under_way = seat.begin();
    let (told, outcome) = receive(&desk, request, under_way).await;
    let (said, response) = match outcome {
        Ok(response) => (String::new(), response),
        Err(failure) => (format!(" {}", failure.code()), failure.into_response()),
    };
    desk.way
        .trace
        .decision(|| format!("{told} {}{said} {} ms", response.status().as_u16(), begin.elapsed().as_millis()));
    Ok(response)
}

/// Judges a request and carries it; also how it is told.
async fn receive(
    desk: &Desk,
    request: Request<Incoming>,
    under_way: impl Send + 'static,
) -> (String, Result<Response<Passage>, Failure>) {
    let (parts, body) = request.into_parts();
    // A target in absolute form, or of CONNECT, prints as something that begins with no slash.
    let target = parts.uri.to_string();
    let headers: Vec<(&str, &[u8])> =
        parts.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
    let asked = Asked { method: parts.method.as_str(), target: &target, headers: &headers };
    let order = match judge(asked, &desk.rules) {
        Ok(order) => order,
        Err(refusal) => return (told_of(asked, refusal, &desk.rules), Err(refusal.into())),
    };
    let told = order.told();
    if let Err(refusal) = desk.look_again(&order) {
        return (told, Err(desk.way.said(refusal.into())));
    }
    let of_use = desk.whole.begin();
    // The gate is never closed.
    let permit = Arc::clone(&desk.in_flight).acquire_owned().await.ok();
    let held = (under_way, of_use, permit);
    let outcome = desk.way.carry(order, body, held).await;
    (told, outcome)
}
