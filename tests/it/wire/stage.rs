//! What the wire tests stand on: a client with a set clock, a token source that counts, and a server that sends exactly
//! the bytes it is given. No assertion lives here.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use d365conn::clock::Clock;
use d365conn::dataverse::{Client, ClientParts, Query, Table};
use d365conn::net::{AccessToken, Http, HttpOptions, Origin, TokenFuture, TokenSource, Trace};
use d365conn::problem::Problem;
use d365conn::secret::Secret;
use jiff::Timestamp;
use serde_json::{Value, json};
use wiremock::{MockServer, ResponseTemplate};

/// The bearer that must be seen nowhere but at the organisation.
pub const BEARER: &str = "canary-bearer-one";
/// The bearer after a 401.
pub const SECOND_BEARER: &str = "canary-bearer-two";
/// Ten minutes.
pub const MAX_WAIT: Duration = Duration::from_secs(600);
/// Path of the accounts.
pub const ACCOUNTS: &str = "/api/data/v9.2/accounts";

/// Gives one bearer, and another one in its place; counts how often.
#[derive(Default)]
pub struct Tokens {
    /// Calls of `token`.
    pub asked: AtomicUsize,
    /// Calls of `token_instead_of`.
    pub replaced: AtomicUsize,
}

impl TokenSource for Tokens {
    fn token(&self) -> TokenFuture<'_> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        Box::pin(async { Ok(AccessToken { secret: Secret::new(BEARER), expires_on: None }) })
    }

    fn token_instead_of<'a>(&'a self, rejected: &'a AccessToken, _challenges: &'a [String]) -> TokenFuture<'a> {
        assert_eq!(rejected.secret.expose(), BEARER);
        self.replaced.fetch_add(1, Ordering::Relaxed);
        Box::pin(async { Ok(AccessToken { secret: Secret::new(SECOND_BEARER), expires_on: None }) })
    }
}

/// When every test begins.
pub fn beginning() -> Timestamp {
    "2026-03-01T12:00:00Z".parse().unwrap()
}

/// A client, its clock and its tokens.
pub struct Stage {
    pub client: Client,
    pub clock: Clock,
    pub tokens: Arc<Tokens>,
}

impl Stage {
    pub fn at(address: &str) -> Self {
        Self::with(address, None)
    }

    pub fn read_only(address: &str) -> Self {
        Self::with(address, Some("contoso-prod".to_owned()))
    }

    fn with(address: &str, read_only: Option<String>) -> Self {
        let clock = Clock::set_at(beginning());
        let tokens = Arc::new(Tokens::default());
        let parts = parts(address, Arc::clone(&tokens) as Arc<dyn TokenSource>, clock.clone());
        Self { client: Client::new(ClientParts { read_only, ..parts }), clock, tokens }
    }

    /// One that puts up with so much silence and no more.
    pub fn hasty(address: &str, silence: Duration) -> Self {
        let (clock, tokens) = (Clock::set_at(beginning()), Arc::new(Tokens::default()));
        let parts = parts(address, Arc::clone(&tokens) as Arc<dyn TokenSource>, clock.clone());
        Self { client: Client::new(ClientParts { http: hasty(silence), ..parts }), clock, tokens }
    }

    /// Seconds that passed on the clock.
    pub fn waited(&self) -> u64 {
        self.clock.now().duration_since(beginning()).as_secs().unsigned_abs()
    }

    /// The rows of `query` as JSON text, and how it ended.
    pub async fn rows(&self, query: Query) -> (Vec<String>, Result<(), Problem>) {
        let mut stream = self.client.rows(query);
        let mut rows = Vec::new();
        loop {
            match stream.next().await {
                Ok(Some(row)) => rows.push(row.as_json().to_owned()),
                Ok(None) => return (rows, Ok(())),
                Err(error) => return (rows, Err(error.into())),
            }
        }
    }
}

/// A client with another source of tokens.
pub fn client_of(address: &str, tokens: Arc<dyn TokenSource>) -> Client {
    Client::new(parts(address, tokens, Clock::set_at(beginning())))
}

fn parts(address: &str, tokens: Arc<dyn TokenSource>, clock: Clock) -> ClientParts {
    ClientParts {
        http: http(HttpOptions::default()),
        origin: Origin::parse(address).unwrap(),
        tokens,
        clock,
        max_wait: MAX_WAIT,
        read_only: None,
        trace: Trace::default(),
    }
}

/// An HTTP client that gives up on silence soon.
pub fn http(options: HttpOptions) -> Http {
    let options = HttpOptions { idle_timeout: Duration::from_secs(5), ..options };
    Http::open(&options, Trace::default()).unwrap()
}

/// An HTTP client that gives up on silence after so long.
pub fn hasty(silence: Duration) -> Http {
    Http::open(&HttpOptions { idle_timeout: silence, ..HttpOptions::default() }, Trace::default()).unwrap()
}

pub fn accounts() -> Table {
    Table {
        logical_name: "account".into(),
        entity_set: "accounts".into(),
        id_column: "accountid".into(),
        name_column: Some("name".into()),
    }
}

/// Rows `{"n":from}` … `{"n":to - 1}`.
pub fn numbered(from: usize, to: usize) -> Vec<Value> {
    (from..to).map(|n| json!({ "n": n })).collect()
}

/// The same as the client hands them out.
pub fn numbered_text(from: usize, to: usize) -> Vec<String> {
    (from..to).map(|n| format!("{{\"n\":{n}}}")).collect()
}

/// A page as Dataverse sends it.
pub fn page(rows: &[Value], next_link: Option<&str>) -> Value {
    let mut page = json!({ "@odata.context": "https://x/$metadata#accounts", "value": rows });
    if let Some(link) = next_link {
        page["@odata.nextLink"] = json!(link);
    }
    page
}

pub fn json_answer(status: u16, body: &Value) -> ResponseTemplate {
    ResponseTemplate::new(status).set_body_raw(body.to_string(), "application/json; odata.metadata=minimal")
}

pub fn refusal(status: u16, code: &str, message: &str) -> ResponseTemplate {
    json_answer(status, &json!({ "error": { "code": code, "message": message } }))
}

/// How many requests a server saw.
pub async fn requests(server: &MockServer) -> usize {
    server.received_requests().await.unwrap().len()
}

/// Everything that could be shown of a problem, to look for what must not be there.
pub fn everything(problem: &Problem) -> String {
    let diagnosis = problem.diagnosis();
    format!("{problem} {diagnosis:?} {:?} {:?} {:?}", problem.causes(), diagnosis.facts(), diagnosis.trace())
}

/// A server that answers each connection with the next of its byte strings, then closes it. An empty one closes it
/// without an answer, and so does every connection after the last.
pub struct Raw {
    pub address: String,
    seen: Arc<Mutex<Vec<String>>>,
}

impl Raw {
    pub fn answering(answers: Vec<Vec<u8>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let seen = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&seen);
        std::thread::spawn(move || {
            let mut answers = answers.into_iter();
            while let Ok((mut stream, _)) = listener.accept() {
                if let Some(request) = read_request(&mut stream) {
                    log.lock().unwrap().push(request);
                    let _ = stream.write_all(&answers.next().unwrap_or_default());
                }
            }
        });
        Self { address, seen }
    }

    /// The requests so far, head and body.
    pub fn requests(&self) -> Vec<String> {
        self.seen.lock().unwrap().clone()
    }

    /// The first lines of the requests so far, without the protocol: `GET /path`.
    pub fn lines(&self) -> Vec<String> {
        let line = |request: &String| request.lines().next().unwrap_or_default().replace(" HTTP/1.1", "");
        self.requests().iter().map(line).collect()
    }

    /// `127.0.0.1:PORT`.
    pub fn host(&self) -> &str {
        self.address.trim_start_matches("http://")
    }
}

/// The next request on a connection, head and body.
pub fn read_request(stream: &mut TcpStream) -> Option<String> {
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let count = stream.read(&mut buffer).ok().filter(|count| *count > 0)?;
        bytes.extend_from_slice(&buffer[..count]);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head
            .lines()
            .filter_map(|line| line.split_once(": "))
            .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
            .and_then(|(_, value)| value.parse().ok())
            .unwrap_or(0);
        if body.len() >= length {
            return Some(text);
        }
    }
}

/// An answer with a length that may be a lie.
pub fn raw(status: &str, headers: &str, body: &[u8], length: usize) -> Vec<u8> {
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\nConnection: close\r\n{headers}\r\n"
    );
    [head.as_bytes(), body].concat()
}

/// An honest 200.
pub fn ok(body: &Value) -> Vec<u8> {
    let body = body.to_string();
    raw("200 OK", "", body.as_bytes(), body.len())
}

/// A 200 that promises the whole body and sends the first `sent` bytes of it.
pub fn cut(body: &Value, sent: usize) -> Vec<u8> {
    let body = body.to_string();
    raw("200 OK", "", &body.as_bytes()[..sent], body.len())
}
