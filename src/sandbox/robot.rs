//! DOOR (sockets to the sandbox): a user's hand, which signs in as a person with a browser would. It talks to loopback
//! and to nothing else.

#![expect(clippy::disallowed_methods, reason = "this is the door through which the robot reaches loopback")]

mod page;

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::thread;
use std::time::Duration;

use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;
use hyper::{Method, Request, StatusCode};
use hyper_util::rt::TokioIo;
use thiserror::Error;
use tokio::net::TcpStream;
use url::{Host, Url, form_urlencoded};

use super::Person;
use page::PageForm;

/// Pages after which something goes round in circles.
const PAGE_LIMIT: usize = 12;
/// Largest page, in bytes.
const BODY_LIMIT: usize = 4 * 1024 * 1024;
/// How long one page may take. Sockets run on real time.
const PATIENCE: Duration = Duration::from_secs(30);

/// Somebody who signs in.
#[derive(Debug, Clone)]
pub struct Robot {
    person: Person,
    password: String,
    user_code: Option<String>,
    mood: Mood,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mood {
    /// Accepts whatever is asked.
    Willing,
    /// Presses Cancel on the first page that has it.
    Cancelling,
    /// Signs in, and presses Cancel when asked for consent.
    Declining,
    /// Opens the page and goes away.
    Silent,
}

/// What a robot saw.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RobotReport {
    /// Titles of the pages, in order; the last is the app's own, when it got that far.
    pub pages: Vec<String>,
    /// Status of the last answer.
    pub last_status: u16,
    /// Body of the last answer.
    pub last_body: String,
}

/// Why a robot stopped.
#[derive(Debug, Error)]
pub enum RobotError {
    /// An address that isn't one.
    #[error("'{text}' is not an address")]
    NotAnAddress {
        /// The text.
        text: String,
    },
    /// Somewhere else than loopback.
    #[error("{host} is not this machine, and a robot goes nowhere else")]
    NotLoopback {
        /// Where it was sent, without path and query.
        host: String,
    },
    /// Nobody listens.
    #[error("nobody answers at {host}")]
    Unreachable {
        /// Host and port.
        host: String,
        /// What the system said.
        source: io::Error,
    },
    /// The exchange broke off.
    #[error("the exchange with {host} broke off")]
    Broken {
        /// Host and port.
        host: String,
        /// What happened.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// No answer in time.
    #[error("{host} did not answer within {} seconds", PATIENCE.as_secs())]
    Slow {
        /// Host and port.
        host: String,
    },
    /// Page after page.
    #[error("the sign-in did not end after {PAGE_LIMIT} pages")]
    Endless,
    /// No thread or event loop to work on.
    #[error("the robot can't be started")]
    NotStarted {
        /// What the system said.
        source: io::Error,
    },
}

/// An answer, read to its end.
#[derive(Debug)]
struct Reply {
    status: StatusCode,
    location: Option<String>,
    body: String,
}

impl Robot {
    /// A robot that signs in as `person` and accepts what is asked.
    #[must_use]
    pub fn new(person: Person) -> Self {
        Self { person, password: person.password.to_owned(), user_code: None, mood: Mood::Willing }
    }

    /// Presses Cancel on the sign-in page.
    #[must_use]
    pub fn cancelling(self) -> Self {
        Self { mood: Mood::Cancelling, ..self }
    }

    /// Signs in and presses Cancel on the page that asks for consent. Where nobody asks, as for Microsoft's sample app,
    /// the sign-in succeeds.
    #[must_use]
    pub fn declining(self) -> Self {
        Self { mood: Mood::Declining, ..self }
    }

    /// Opens the page and never does anything on it.
    #[must_use]
    pub fn silent(self) -> Self {
        Self { mood: Mood::Silent, ..self }
    }

    /// Types this password instead of the right one.
    #[must_use]
    pub fn with_password(self, password: &str) -> Self {
        Self { password: password.to_owned(), ..self }
    }

    /// Types this code where a page asks for the one a device shows.
    #[must_use]
    pub fn with_user_code(self, user_code: &str) -> Self {
        Self { user_code: Some(user_code.to_owned()), ..self }
    }

    /// Opens `url` and goes on until there is nothing left to do: the app's page, an error, or a page that comes back.
    ///
    /// # Errors
    /// See [`RobotError`]. A refusal by Entra is no error: the report shows it.
    pub async fn sign_in(&self, url: &str) -> Result<RobotReport, RobotError> {
        let mut report = RobotReport::default();
        let mut here = parse(url)?;
        let mut reply = exchange(&here, None, None).await?;
        let mut filled_in = Vec::new();
        for _ in 0..PAGE_LIMIT {
            report.last_status = reply.status.as_u16();
            report.last_body.clone_from(&reply.body);
            if let Some(location) = reply.location.filter(|_| reply.status.is_redirection()) {
                here = here.join(&location).map_err(|_| RobotError::NotAnAddress { text: location })?;
                reply = exchange(&here, None, None).await?;
                continue;
            }
            let title = page::title(&reply.body);
            report.pages.push(title.clone());
            let form = page::form(&reply.body).filter(|_| self.mood != Mood::Silent && !filled_in.contains(&title));
            let Some(form) = form else { return Ok(report) };
            filled_in.push(title);
            let target = here.join(&form.action).map_err(|_| RobotError::NotAnAddress { text: form.action.clone() })?;
            reply = exchange(&target, Some(self.fill(form)), Some(&here)).await?;
            here = target;
        }
        Err(RobotError::Endless)
    }

    /// Stands in for a browser: every address it is called with is opened on a thread of its own. How that ends is seen
    /// by whoever waits at the redirect URI.
    pub fn in_background(self) -> impl Fn(&str) + Send + Sync {
        self.in_background_telling(|_| {})
    }

    /// As [`Robot::in_background`]; `tell` hears how each sign-in went.
    pub fn in_background_telling(
        self,
        tell: impl Fn(Result<RobotReport, RobotError>) + Clone + Send + Sync + 'static,
    ) -> impl Fn(&str) + Send + Sync {
        move |url| {
            let (robot, url, hear) = (self.clone(), url.to_owned(), tell.clone());
            let started = thread::Builder::new().name("robot".to_owned()).spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
                hear(match runtime {
                    Ok(runtime) => runtime.block_on(robot.sign_in(&url)),
                    Err(source) => Err(RobotError::NotStarted { source }),
                });
            });
            if let Err(source) = started {
                tell(Err(RobotError::NotStarted { source }));
            }
        }
    }

    fn fill(&self, mut form: PageForm) -> String {
        form.fill("user_name", self.person.user_name);
        form.fill("password", &self.password);
        form.fill("user_code", self.user_code.as_deref().unwrap_or_default());
        if form.has_button("decision") {
            let asks_for_consent = !form.has_field("password");
            let cancels = self.mood == Mood::Cancelling || (self.mood == Mood::Declining && asks_for_consent);
            let decision = if cancels { "cancel" } else { "accept" };
            form.fields.push(("decision".to_owned(), decision.to_owned()));
        }
        form_urlencoded::Serializer::new(String::new()).extend_pairs(form.fields).finish()
    }
}

fn parse(text: &str) -> Result<Url, RobotError> {
    Url::parse(text).map_err(|_| RobotError::NotAnAddress { text: text.to_owned() })
}

/// Host and port of `url`, for messages.
fn host(url: &Url) -> String {
    let port = url.port_or_known_default().map(|port| format!(":{port}")).unwrap_or_default();
    format!("{}{port}", url.host_str().unwrap_or_default())
}

/// The loopback addresses that `url` stands for.
fn addresses(url: &Url) -> Result<Vec<SocketAddr>, RobotError> {
    let elsewhere = || RobotError::NotLoopback { host: host(url) };
    let port = url.port_or_known_default().ok_or_else(elsewhere)?;
    let ips = match url.host() {
        Some(Host::Domain("localhost")) => vec![IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)],
        Some(Host::Ipv4(ip)) if ip.is_loopback() => vec![IpAddr::V4(ip)],
        Some(Host::Ipv6(ip)) if ip.is_loopback() => vec![IpAddr::V6(ip)],
        _ => return Err(elsewhere()),
    };
    if url.scheme() != "http" {
        return Err(elsewhere());
    }
    Ok(ips.into_iter().map(|ip| SocketAddr::new(ip, port)).collect())
}

/// One request on a connection of its own: `GET`, or `POST` of a form that stood on the page `from`.
async fn exchange(url: &Url, form: Option<String>, from: Option<&Url>) -> Result<Reply, RobotError> {
    let addresses = addresses(url)?;
    let work = async {
        let connected = TcpStream::connect(addresses.as_slice()).await;
        let stream = connected.map_err(|source| RobotError::Unreachable { host: host(url), source })?;
        talk(stream, request(url, form, from)).await.map_err(|source| RobotError::Broken { host: host(url), source })
    };
    tokio::time::timeout(PATIENCE, work).await.map_err(|_| RobotError::Slow { host: host(url) })?
}

type Anything = Box<dyn std::error::Error + Send + Sync>;

fn request(url: &Url, form: Option<String>, from: Option<&Url>) -> Result<Request<Full<Bytes>>, hyper::http::Error> {
    let target = &url[url::Position::BeforePath..url::Position::AfterQuery];
    let mut request = Request::builder().uri(target).header("host", host(url)).header("accept", "text/html");
    if let Some(from) = from {
        request = request.header("origin", from.origin().ascii_serialization());
    }
    match form {
        None => request.body(Full::default()),
        Some(form) => request
            .method(Method::POST)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(Full::from(form)),
    }
}

async fn talk(stream: TcpStream, request: Result<Request<Full<Bytes>>, hyper::http::Error>) -> Result<Reply, Anything> {
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    let driver = tokio::spawn(connection);
    let response = sender.send_request(request?).await?;
    let status = response.status();
    let location = response.headers().get("location").and_then(|value| value.to_str().ok()).map(str::to_owned);
    let body = Limited::new(response.into_body(), BODY_LIMIT).collect().await?.to_bytes();
    driver.abort();
    Ok(Reply { status, location, body: String::from_utf8_lossy(&body).into_owned() })
}

#[cfg(test)]
mod tests;
