//! The proxy over real sockets: exactly these bytes in, and what reaches the service. What is let through is judged in
//! tables beside `src/proxy`.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use d365conn::net::{AccessToken, HttpOptions, Origin, TokenFuture, TokenSource, Trace, TraceLevel};
use d365conn::output::{Captured, Screen, ScreenOptions, Stdio};
use d365conn::proxy::{Options, Proxy, Scope};
use d365conn::session::SessionError;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use wiremock::matchers::{any, header, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::wire::stage::{BEARER, Raw, SECOND_BEARER, Tokens, http, json_answer, raw, requests};

/// A proxy before a service, what it says, and its tokens.
struct Before {
    proxy: Proxy,
    tokens: Arc<Tokens>,
    said: Captured,
}

impl Before {
    async fn service(address: &str) -> Self {
        Self::limited(address, Scope::default()).await
    }

    async fn limited(address: &str, scope: Scope) -> Self {
        let tokens = Arc::new(Tokens::default());
        let (proxy, said) = start(address, scope, Arc::clone(&tokens) as Arc<dyn TokenSource>).await;
        Self { proxy, tokens, said }
    }

    fn secret(&self) -> &str {
        self.proxy.address().expose().rsplit('/').next().unwrap()
    }

    /// Sends `METHOD /path` behind the secret, with header lines and a body.
    async fn ask(&self, line: &str, lines: &[&str], body: &str) -> Told {
        let (method, path) = line.split_once(' ').unwrap();
        let lines: String = lines.iter().flat_map(|line| [line, "\r\n"]).collect();
        let length = match body.len() {
            0 => String::new(),
            length => format!("Content-Length: {length}\r\nContent-Type: application/json\r\n"),
        };
        let head = format!("{method} /{{secret}}{path} HTTP/1.1\r\nHost: 127.0.0.1:{{port}}\r\n{lines}{length}");
        self.send(&format!("{head}Connection: close\r\n\r\n{body}")).await
    }

    /// Sends bytes; `{secret}` and `{port}` are filled in.
    async fn send(&self, bytes: &str) -> Told {
        let bytes = bytes.replace("{secret}", self.secret()).replace("{port}", &self.proxy.port().to_string());
        let mut stream = TcpStream::connect(("127.0.0.1", self.proxy.port())).await.unwrap();
        // It may have been answered, and closed, before all of it was sent.
        let _ = stream.write_all(bytes.as_bytes()).await;
        let mut all = Vec::new();
        let _ = tokio::time::timeout(Duration::from_secs(30), stream.read_to_end(&mut all)).await.unwrap();
        Told(String::from_utf8_lossy(&all).into_owned())
    }
}

async fn start(address: &str, scope: Scope, tokens: Arc<dyn TokenSource>) -> (Proxy, Captured) {
    let (streams, said) = Stdio::captured();
    let screen = Screen::new(streams, &ScreenOptions::default());
    let trace = Trace::new(TraceLevel::Decisions, screen.trace_sink());
    let http = http(HttpOptions::default());
    let origin = Origin::parse(address).unwrap();
    let proxy =
        Proxy::start(Options { port: 0, http, origin, tokens, scope, look: None, screen, trace }).await.unwrap();
    (proxy, said)
}

/// An answer, head and body.
#[derive(Debug)]
struct Told(String);

impl Told {
    fn status(&self) -> u16 {
        self.0.get(9..12).and_then(|status| status.parse().ok()).unwrap_or(0)
    }

    fn header(&self, name: &str) -> Option<&str> {
        let head = self.0.split("\r\n\r\n").next().unwrap_or_default();
        let lines = head.lines().filter_map(|line| line.split_once(": "));
        lines.filter(|(header, _)| header.eq_ignore_ascii_case(name)).map(|(_, value)| value).next()
    }

    /// The body, its chunks joined; `None` when it is cut short.
    fn body(&self) -> Option<String> {
        let (_, mut rest) = self.0.split_once("\r\n\r\n")?;
        if self.header("transfer-encoding").is_none() {
            let length = self.header("content-length").map_or(0, |length| length.parse().unwrap());
            return (rest.len() == length).then(|| rest.to_owned());
        }
        let mut body = String::new();
        loop {
            let (size, after) = rest.split_once("\r\n")?;
            let size = usize::from_str_radix(size, 16).ok()?;
            if size == 0 {
                return Some(body);
            }
            body.push_str(after.get(..size)?);
            rest = after.get(size + 2..)?;
        }
    }

    /// The code of one of our own refusals.
    fn code(&self) -> String {
        let body: Value = serde_json::from_str(&self.body().unwrap_or_default()).unwrap_or_default();
        body["error"]["code"].as_str().unwrap_or_default().to_owned()
    }
}

async fn service() -> MockServer {
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(json_answer(200, &json!({ "value": [] }))).mount(&server).await;
    server
}

#[tokio::test]
async fn strangers_are_turned_away_and_nothing_reaches_the_service() {
    let server = service().await;
    let before = Before::service(&server.uri()).await;
    let fine = "/{secret}/api/data/v9.2/accounts HTTP/1.1\r\n";
    for (bytes, status, code) in [
        (format!("GET {fine}Host: evil.example:{{port}}\r\n\r\n"), 403, "foreign-host"),
        (format!("GET {fine}Host: localhost:{{port}}\r\n\r\n"), 403, "foreign-host"),
        (format!("GET {fine}\r\n"), 403, "foreign-host"),
        (format!("GET {fine}Host: 127.0.0.1:{{port}}\r\nHost: evil.example\r\n\r\n"), 403, "foreign-host"),
        ("GET /{secret}/api/data/v9.2/accounts HTTP/1.0\r\n\r\n".to_owned(), 403, "foreign-host"),
        (format!("GET http://127.0.0.1:{{port}}{fine}Host: 127.0.0.1:{{port}}\r\n\r\n"), 403, "foreign-host"),
        (format!("GET {}{fine}Host: 127.0.0.1:{{port}}\r\n\r\n", server.uri()), 403, "foreign-host"),
        ("CONNECT 127.0.0.1:{port} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".to_owned(), 403, "foreign-host"),
        ("OPTIONS * HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".to_owned(), 403, "foreign-host"),
        ("GET /api/data/v9.2/accounts HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".to_owned(), 403, "no-secret"),
        ("GET /wrong/api/data/v9.2/accounts HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".to_owned(), 403, "no-secret"),
        (
            "GET /{secret}x/api/data/v9.2/accounts HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".to_owned(),
            403,
            "no-secret",
        ),
        (format!("GET {fine}Host: 127.0.0.1:{{port}}\r\nOrigin: https://evil.example\r\n\r\n"), 403, "from-a-web-page"),
        (format!("GET {fine}Host: 127.0.0.1:{{port}}\r\nSec-Fetch-Site: cross-site\r\n\r\n"), 403, "from-a-web-page"),
        (format!("OPTIONS {fine}Host: 127.0.0.1:{{port}}\r\nOrigin: null\r\n\r\n"), 403, "from-a-web-page"),
        (format!("TRACE {fine}Host: 127.0.0.1:{{port}}\r\n\r\n"), 403, "odd-method"),
        (
            format!("GET {fine}Host: 127.0.0.1:{{port}}\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n"),
            403,
            "upgrade",
        ),
        ("GET /{secret}/api/data/v9.2/../x HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".to_owned(), 403, "odd-path"),
        (
            "GET /{secret}/api/data/v9.2/a#/../b HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: x\r\n\r\n".to_owned(),
            403,
            "upgrade",
        ),
        ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_owned(), 400, ""),
        ("\u{16}\u{3}\u{1}\u{2}\u{0}\u{1}\u{0}\u{1}\u{fc}\u{3}\u{3}\r\n\r\n".to_owned(), 400, ""),
        (format!("GET {fine}Host: 127.0.0.1:{{port}}\r\nX: {}\r\n\r\n", "x".repeat(70_000)), 431, ""),
        (format!("GET {fine}Host: 127.0.0.1:{{port}}\r\n{}\r\n", "X: x\r\n".repeat(200)), 431, ""),
        (format!("POST {fine}Host: 127.0.0.1:{{port}}\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab"), 400, ""),
    ] {
        // Connections are kept open for another request, unless they are told to close.
        let bytes = bytes.replacen("\r\n\r\n", "\r\nConnection: close\r\n\r\n", 1);
        let told = before.send(&bytes).await;
        assert_eq!(told.status(), status, "{bytes:.300}\n{told:?}");
        if !code.is_empty() {
            assert_eq!(told.code(), format!("d365conn/proxy/{code}"), "{bytes}");
        }
        assert!(!told.0.contains(before.secret()), "{told:?}");
        assert!(told.header("access-control-allow-origin").is_none());
    }
    assert_eq!(requests(&server).await, 0);
    assert_eq!(before.tokens.asked.load(Ordering::Relaxed), 0);
    assert!(!before.said.stderr().contains(before.secret()), "{}", before.said.stderr());
}

#[tokio::test]
async fn the_bearer_is_ours_and_the_client_s_own_credentials_stay_here() {
    let raw = Raw::answering(vec![raw("200 OK", "Set-Cookie: a=b\r\nServer: x\r\nETag: W/\"1\"\r\n", b"{}", 2)]);
    let before = Before::service(&raw.address).await;
    let own = format!("{}/api/data/v9.2/contacts(1)", before.proxy.address().expose());
    let told = before
        .ask(
            "POST /api/data/v9.2/accounts?$select=name",
            &["Authorization: Bearer stolen", "Cookie: c=d", "Prefer: return=representation", "X-Forwarded-Host: h"],
            &json!({ "primarycontactid@odata.bind": own }).to_string(),
        )
        .await;
    assert_eq!((told.status(), told.body().as_deref()), (200, Some("{}")));
    assert_eq!(told.header("etag"), Some("W/\"1\""));
    for name in ["set-cookie", "server"] {
        assert_eq!(told.header(name), None);
    }
    assert_eq!(told.header("cache-control"), Some("no-store"));
    let seen = &raw.requests()[0];
    assert!(seen.starts_with("POST /api/data/v9.2/accounts?$select=name HTTP/1.1\r\n"), "{seen}");
    let lower = seen.to_ascii_lowercase();
    assert!(lower.contains(&format!("authorization: bearer {BEARER}\r\n")), "{seen}");
    assert!(lower.contains("prefer: return=representation\r\n"), "{seen}");
    for absent in ["stolen", "cookie", "x-forwarded", before.secret()] {
        assert!(!lower.contains(absent), "{absent} in {seen}");
    }
    let address = &raw.address;
    assert!(seen.ends_with(&format!("{{\"primarycontactid@odata.bind\":\"{address}/api/data/v9.2/contacts(1)\"}}")));
    assert!(before.said.stderr().contains("POST /api/data/v9.2/accounts?$select=… 200"), "{}", before.said.stderr());
}

#[tokio::test]
async fn a_refused_token_is_renewed_once_and_the_request_repeated_with_its_body() {
    let server = MockServer::start().await;
    let renewed = format!("Bearer {SECOND_BEARER}");
    Mock::given(header("authorization", renewed.as_str()))
        .respond_with(ResponseTemplate::new(204))
        .mount(&server)
        .await;
    Mock::given(any()).respond_with(ResponseTemplate::new(401)).with_priority(9).mount(&server).await;
    let before = Before::service(&server.uri()).await;
    let told = before.ask("PATCH /api/data/v9.2/accounts(1)", &["If-Match: *"], "{\"name\":\"a\"}").await;
    assert_eq!(told.status(), 204, "{told:?}");
    let seen = server.received_requests().await.unwrap();
    assert_eq!(seen.len(), 2);
    assert!(seen.iter().all(|request| request.body == b"{\"name\":\"a\"}" && request.headers["if-match"] == "*"));
    assert_eq!(before.tokens.replaced.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn a_fresh_token_that_is_refused_is_no_challenge_to_the_client() {
    let server = MockServer::start().await;
    let refusal = ResponseTemplate::new(401).insert_header("WWW-Authenticate", "Bearer authorization_uri=x");
    Mock::given(any()).respond_with(refusal).mount(&server).await;
    let before = Before::service(&server.uri()).await;
    let told = before.ask("GET /api/data/v9.2/accounts", &[], "").await;
    assert_eq!((told.status(), told.code().as_str()), (502, "d365conn/proxy/still-unauthorised"));
    assert_eq!(told.header("www-authenticate"), None);
    assert_eq!(requests(&server).await, 2);
}

#[tokio::test]
async fn a_long_body_is_passed_on_whole_and_never_sent_twice() {
    let server = MockServer::start().await;
    Mock::given(path("/api/data/v9.2/refused")).respond_with(ResponseTemplate::new(401)).mount(&server).await;
    Mock::given(any()).respond_with(ResponseTemplate::new(204)).with_priority(9).mount(&server).await;
    let before = Before::service(&server.uri()).await;
    let own = before.proxy.address().expose().to_owned();
    let body = json!({ "description": "x".repeat(3 << 20), "@odata.id": format!("{own}/api/x") }).to_string();
    let told = before.ask("POST /api/data/v9.2/accounts", &[], &body).await;
    assert_eq!(told.status(), 204, "{told:?}");
    let seen = server.received_requests().await.unwrap();
    assert_eq!(String::from_utf8(seen[0].body.clone()).unwrap(), body.replace(&own, &server.uri()));

    let told = before.ask("POST /api/data/v9.2/refused", &[], &body).await;
    assert_eq!((told.status(), told.code().as_str()), (503, "d365conn/proxy/not-repeated"));
    assert_eq!(requests(&server).await, 2);
    assert_eq!(before.tokens.replaced.load(Ordering::Relaxed), 1, "so that the next try succeeds");
}

#[tokio::test]
async fn a_body_that_breaks_off_never_looks_whole_to_the_service() {
    let server = service().await;
    let before = Before::service(&server.uri()).await;
    let head = "POST /{secret}/api/data/v9.2/accounts HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\n";
    let start = "x".repeat(2 << 20);
    for bytes in [
        format!("{head}Transfer-Encoding: chunked\r\n\r\n{:x}\r\n{start}\r\nnonsense\r\n", start.len()),
        format!("{head}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nnonsense\r\n"),
    ] {
        let told = before.send(&bytes).await;
        assert!(matches!(told.status(), 0 | 400), "{:.300}", told.0);
    }
    assert_eq!(requests(&server).await, 0);
}

#[tokio::test]
async fn a_busy_service_is_told_as_it_is() {
    let server = MockServer::start().await;
    let busy = json_answer(429, &json!({ "error": { "code": "0x80072322", "message": "slow down" } }));
    Mock::given(any()).respond_with(busy.insert_header("Retry-After", "7")).mount(&server).await;
    let before = Before::service(&server.uri()).await;
    let told = before.ask("GET /api/data/v9.2/accounts", &[], "").await;
    assert_eq!((told.status(), told.header("retry-after"), told.code().as_str()), (429, Some("7"), "0x80072322"));
    assert_eq!(requests(&server).await, 1);
}

#[tokio::test]
async fn no_redirect_is_followed_or_handed_on() {
    let elsewhere = service().await;
    for status in [301, 302, 303, 307, 308] {
        let server = MockServer::start().await;
        let redirect =
            ResponseTemplate::new(status).insert_header("Location", format!("{}/api/data/x", elsewhere.uri()));
        Mock::given(any()).respond_with(redirect).mount(&server).await;
        let before = Before::service(&server.uri()).await;
        let told = before.ask("GET /api/data/v9.2/accounts", &[], "").await;
        assert_eq!((told.status(), told.code().as_str()), (502, "d365conn/proxy/redirected"), "{status}");
        assert_eq!(told.header("location"), None);
        assert_eq!(requests(&server).await, 1);
    }
    assert_eq!(requests(&elsewhere).await, 0);
    // This one is an answer.
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(ResponseTemplate::new(304)).mount(&server).await;
    let before = Before::service(&server.uri()).await;
    assert_eq!(before.ask("GET /api/data/v9.2/accounts", &["If-None-Match: W/\"1\""], "").await.status(), 304);
}

#[tokio::test]
async fn addresses_of_the_organisation_become_the_proxy_s_and_others_are_dropped() {
    let server = MockServer::start().await;
    let created = ResponseTemplate::new(204)
        .insert_header("OData-EntityId", format!("{}/api/data/v9.2/accounts(1)", server.uri()))
        .insert_header("Location", "https://evil.example/api/data/v9.2/accounts(1)");
    Mock::given(path("/api/data/v9.2/created")).respond_with(created).mount(&server).await;
    let next = format!("{}/api/data/v9.2/accounts?$skiptoken=2", server.uri());
    let page = json!({ "value": [{ "website": next }], "@odata.nextLink": next });
    Mock::given(path("/api/data/v9.2/accounts")).respond_with(json_answer(200, &page)).mount(&server).await;
    let before = Before::service(&server.uri()).await;
    let own = before.proxy.address().expose().to_owned();
    let told = before.ask("POST /api/data/v9.2/created", &[], "{}").await;
    assert_eq!(told.header("odata-entityid"), Some(format!("{own}/api/data/v9.2/accounts(1)").as_str()));
    assert_eq!(told.header("location"), None);
    let told = before.ask("GET /api/data/v9.2/accounts", &[], "").await;
    let told: Value = serde_json::from_str(&told.body().unwrap()).unwrap();
    assert_eq!(told["@odata.nextLink"], format!("{own}/api/data/v9.2/accounts?$skiptoken=2"));
    assert_eq!(told["value"][0]["website"], next);
}

#[tokio::test]
async fn an_answer_without_a_body_tells_how_long_it_would_be() {
    let head =
        "HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nContent-Length: 77\r\nConnection: close\r\n\r\n";
    let raw = Raw::answering(vec![head.as_bytes().to_vec()]);
    let before = Before::service(&raw.address).await;
    let told = before.ask("HEAD /api/data/v9.2/accounts(1)/file/$value", &[], "").await;
    assert_eq!((told.status(), told.header("content-length")), (200, Some("77")));
    assert_eq!(raw.lines(), ["HEAD /api/data/v9.2/accounts(1)/file/$value"]);
}

#[tokio::test]
async fn an_answer_that_is_cut_short_is_cut_short_for_the_client() {
    for head in ["Content-Type: application/json", "Content-Type: application/octet-stream"] {
        let answer = format!("HTTP/1.1 200 OK\r\n{head}\r\nContent-Length: 100\r\n\r\n{{\"value\":[");
        let raw = Raw::answering(vec![answer.into_bytes()]);
        let before = Before::service(&raw.address).await;
        let told = before.ask("GET /api/data/v9.2/accounts", &[], "").await;
        assert_eq!(told.body(), None, "{told:?}");
    }
}

#[tokio::test]
async fn a_service_that_is_not_there_is_told_with_its_remedy() {
    let before = Before::service("http://127.0.0.1:9").await;
    let told = before.ask("GET /api/data/v9.2/accounts", &[], "").await;
    assert_eq!((told.status(), told.code().as_str()), (502, "d365conn/net/connection-refused"));
    assert!(told.body().unwrap().contains("d365conn sandbox"), "{told:?}");
}

/// Tokens of a connection that has to sign in again.
struct NoTokens;

impl TokenSource for NoTokens {
    fn token(&self) -> TokenFuture<'_> {
        Box::pin(async { Err(SessionError::NoRefreshToken { connection: "contoso".into(), is_by_code: false }.into()) })
    }

    fn token_instead_of<'a>(&'a self, _: &'a AccessToken, _: &'a [String]) -> TokenFuture<'a> {
        self.token()
    }
}

#[tokio::test]
async fn a_connection_that_needs_a_reconnect_says_so_to_both_sides_once() {
    let server = service().await;
    let (proxy, said) = start(&server.uri(), Scope::default(), Arc::new(NoTokens)).await;
    let before = Before { proxy, tokens: Arc::default(), said };
    for _ in 0..3 {
        let told = before.ask("GET /api/data/v9.2/accounts", &[], "").await;
        assert_eq!((told.status(), told.code().as_str()), (503, "d365conn/session/no-refresh-token"));
        assert!(told.body().unwrap().contains("`d365conn reconnect contoso"), "{told:?}");
    }
    let said = before.said.stderr();
    assert_eq!(said.matches("d365conn reconnect contoso").count(), 1, "{said}");
    assert_eq!(requests(&server).await, 0);
}

#[tokio::test]
async fn limits_hold_over_the_wire() {
    let server = service().await;
    let scope = Scope { is_read_only: false, tables: Some(vec!["accounts".into()]) };
    let before = Before::limited(&server.uri(), scope).await;
    for (line, body, code) in [
        ("GET /api/data/v9.2/contacts", "", "other-table"),
        ("GET /api/data/v9.2/accounts?$expand=primarycontactid", "", "other-table-by-option"),
        ("POST /api/data/v9.2/accounts", "{\"primarycontactid\":{\"lastname\":\"x\"}}", "other-table-by-body"),
        ("POST /api/data/v9.2/accounts", "", "other-table-by-body"),
        ("POST /api/data/v9.2/$batch", "{}", "batch"),
    ] {
        let told = before.ask(line, &[], body).await;
        assert_eq!((told.status(), told.code()), (403, format!("d365conn/proxy/{code}")), "{line} {body}");
    }
    let long = json!({ "description": "x".repeat(2 << 20) }).to_string();
    assert_eq!(before.ask("POST /api/data/v9.2/accounts", &[], &long).await.status(), 413);
    assert_eq!(requests(&server).await, 0);
    assert_eq!(before.ask("POST /api/data/v9.2/accounts", &[], "{\"name\":\"a\"}").await.status(), 200);
    assert_eq!(before.ask("GET /api/data/v9.2/accounts(1)?$select=name", &[], "").await.status(), 200);

    let before = Before::limited(&server.uri(), Scope { is_read_only: true, tables: None }).await;
    assert_eq!(before.ask("POST /api/data/v9.2/accounts", &[], "{}").await.code(), "d365conn/proxy/read-only");
    assert_eq!(before.ask("GET /api/data/v9.2/contacts", &[], "").await.status(), 200);
    assert_eq!(requests(&server).await, 3);
}

#[tokio::test]
async fn two_hundred_requests_at_once_are_all_answered() {
    let server = service().await;
    let before = Arc::new(Before::service(&server.uri()).await);
    let mut asking = tokio::task::JoinSet::new();
    for _ in 0..200 {
        let before = Arc::clone(&before);
        asking.spawn(async move { before.ask("GET /api/data/v9.2/accounts", &[], "").await.status() });
    }
    let answers = asking.join_all().await;
    assert_eq!(answers, vec![200; 200]);
    assert_eq!(requests(&server).await, 200);
}

#[tokio::test]
async fn connections_that_say_nothing_do_not_keep_others_out() {
    let server = service().await;
    let before = Before::service(&server.uri()).await;
    let mut idle = Vec::new();
    for at in 0..80 {
        let mut stream = TcpStream::connect(("127.0.0.1", before.proxy.port())).await.unwrap();
        if at % 2 == 0 {
            stream.write_all(b"GET / HTTP/1.1\r\nHost: 127").await.unwrap();
        }
        idle.push(stream);
    }
    let begin = std::time::Instant::now();
    assert_eq!(before.ask("GET /api/data/v9.2/accounts", &[], "").await.status(), 200);
    assert!(begin.elapsed() < Duration::from_secs(20), "as long as if they had all to time out");
}

#[tokio::test]
async fn one_connection_carries_many_requests_and_ends_with_the_proxy() {
    let server = service().await;
    let before = Before::service(&server.uri()).await;
    let mut stream = TcpStream::connect(("127.0.0.1", before.proxy.port())).await.unwrap();
    let request = format!(
        "GET /{}/api/data/v9.2/accounts HTTP/1.1\r\nHost: 127.0.0.1:{}\r\n\r\n",
        before.secret(),
        before.proxy.port()
    );
    for _ in 0..3 {
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut all = Vec::new();
        while !all.ends_with(b"0\r\n\r\n") {
            assert_ne!(stream.read_buf(&mut all).await.unwrap(), 0);
        }
    }
    let port = before.proxy.port();
    tokio::time::timeout(Duration::from_secs(30), before.proxy.close()).await.unwrap();
    assert_eq!(stream.read_buf(&mut Vec::new()).await.unwrap(), 0, "closed");
    assert!(TcpStream::connect(("127.0.0.1", port)).await.is_err(), "nobody listens");
}

#[tokio::test]
async fn what_is_under_way_when_the_proxy_ends_comes_to_its_end() {
    let server = MockServer::start().await;
    let slow = json_answer(200, &json!({ "value": [] })).set_delay(Duration::from_millis(500));
    Mock::given(any()).respond_with(slow).mount(&server).await;
    let before = Before::service(&server.uri()).await;
    let mut stream = TcpStream::connect(("127.0.0.1", before.proxy.port())).await.unwrap();
    let head = format!("Host: 127.0.0.1:{}\r\n\r\n", before.proxy.port());
    let request = format!("GET /{}/api/data/v9.2/accounts HTTP/1.1\r\n{head}", before.secret());
    stream.write_all(request.as_bytes()).await.unwrap();
    while requests(&server).await == 0 {
        tokio::task::yield_now().await;
    }
    before.proxy.close().await;
    let mut all = Vec::new();
    stream.read_to_end(&mut all).await.unwrap();
    let told = Told(String::from_utf8(all).unwrap());
    assert_eq!((told.status(), told.body().as_deref()), (200, Some("{\"value\":[]}")));
}

#[tokio::test]
async fn a_taken_port_is_said_and_no_other_one_is_tried() {
    let before = Before::service("http://127.0.0.1:9").await;
    let (streams, _) = Stdio::captured();
    let taken = Proxy::start(Options {
        port: before.proxy.port(),
        http: http(HttpOptions::default()),
        origin: Origin::parse("http://127.0.0.1:9").unwrap(),
        tokens: Arc::<Tokens>::default(),
        scope: Scope::default(),
        look: None,
        screen: Screen::new(streams, &ScreenOptions::default()),
        trace: Trace::default(),
    });
    let error = taken.await.err().unwrap();
    assert_eq!(error.to_string(), format!("port {} of 127.0.0.1 is taken by another program", before.proxy.port()));
}
