//! Behaviours that need sockets: starting, stopping, and connections that break off. What requests mean is tested
//! elsewhere.

use std::io::{Read, Write};
use std::net::TcpStream;

use super::*;
use crate::sandbox::faults::Fault;
use crate::sandbox::{DAEMON, INES, TENANT_ID};

fn sandbox() -> Sandbox {
    Sandbox::start_in_background(Options::default()).unwrap()
}

/// Sends `text` and reads until the other side closes.
fn talk(port: u16, text: &str) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    stream.write_all(text.as_bytes()).unwrap();
    let mut answer = Vec::new();
    // A reset is an end as well.
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8(answer).unwrap()
}

fn request(port: u16, method: &str, path: &str, headers: &str, body: &str) -> String {
    let head = format!("{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n");
    talk(port, &format!("{head}{headers}Content-Length: {}\r\n\r\n{body}", body.len()))
}

fn token(port: u16) -> String {
    let body = format!(
        "grant_type=client_credentials&client_id={}&client_secret={}&scope=http://127.0.0.1:{port}/.default",
        DAEMON.client_id,
        DAEMON.secret.unwrap().replace('+', "%2B").replace('&', "%26")
    );
    let path = format!("/{TENANT_ID}/oauth2/v2.0/token");
    let answer = request(port, "POST", &path, "Content-Type: application/x-www-form-urlencoded\r\n", &body);
    let json: serde_json::Value = serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap();
    json["access_token"].as_str().unwrap().to_owned()
}

fn who_am_i(port: u16, method: &str) -> String {
    request(port, method, "/api/data/v9.2/WhoAmI", &format!("Authorization: Bearer {}\r\n", token(port)), "")
}

#[test]
fn the_challenge_goes_out_letter_by_letter() {
    let sandbox = sandbox();
    let (port, origin) = (sandbox.port(), sandbox.address());
    let answer = request(port, "GET", "/api/data/v9.2/", "", "");
    assert!(answer.starts_with("HTTP/1.1 401 Unauthorized\r\n"), "{answer}");
    let challenge = format!(
        "\r\nwww-authenticate: Bearer authorization_uri={origin}/{TENANT_ID}/oauth2/authorize, resource_id={origin}/\r\n"
    );
    assert!(answer.contains(&challenge), "{answer}");
    assert!(answer.contains("\r\ncontent-length: 0\r\n") && answer.ends_with("\r\n\r\n"), "{answer}");
    assert_eq!(answer.matches("\r\ndate: ").count(), 1, "{answer}");
}

#[test]
fn foreign_hosts_and_targets_for_proxies_are_misdirected() {
    let sandbox = sandbox();
    let port = sandbox.port();
    for text in [
        format!("GET / HTTP/1.1\r\nHost: evil.example:{port}\r\nConnection: close\r\n\r\n"),
        format!("GET http://evil.example/ HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n"),
        "GET / HTTP/1.0\r\n\r\n".to_owned(),
    ] {
        let answer = talk(port, &text);
        assert!(answer.contains(" 421 "), "{text}: {answer}");
    }
}

#[test]
fn a_cut_answer_promises_more_than_it_brings() {
    let sandbox = sandbox();
    let whole = who_am_i(sandbox.port(), "GET");
    sandbox.faults().order(Fault::CutConnection);
    let cut = who_am_i(sandbox.port(), "GET");
    let body = |answer: &str| answer.split_once("\r\n\r\n").unwrap().1.to_owned();
    let promised = format!("content-length: {}\r\n", body(&whole).len());
    assert!(whole.contains(&promised) && cut.contains(&promised), "{cut}");
    assert_eq!(body(&cut).len(), body(&whole).len() / 2);
    assert_eq!(sandbox.faults().pending(), []);
}

#[test]
fn a_lost_answer_is_no_answer() {
    let sandbox = sandbox();
    sandbox.faults().order(Fault::LoseAnswer);
    assert_eq!(who_am_i(sandbox.port(), "POST"), "");
    assert_eq!(sandbox.requests().last().map(|seen| seen.status), Some(None));
}

#[test]
fn a_connection_serves_several_requests() {
    let sandbox = sandbox();
    let port = sandbox.port();
    let one = format!("GET / HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n");
    let last = format!("GET /nowhere HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n");
    let answers = talk(port, &format!("{one}{one}{last}"));
    assert_eq!(answers.matches("HTTP/1.1 200 OK").count(), 2);
    assert!(answers.contains("HTTP/1.1 404 Not Found"));
}

#[test]
fn a_taken_port_is_told() {
    let sandbox = sandbox();
    let taken = Sandbox::start_in_background(Options { port: sandbox.port(), ..Options::default() });
    assert!(matches!(taken, Err(StartError::PortTaken { port, .. }) if port == sandbox.port()), "{taken:?}");
}

#[test]
fn a_dropped_sandbox_is_gone_with_its_open_connections() {
    let sandbox = sandbox();
    let port = sandbox.port();
    let mut idle = TcpStream::connect(("127.0.0.1", port)).unwrap();
    idle.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    assert!(request(port, "GET", "/", "", "").contains("200 OK"));
    drop(sandbox);
    assert_eq!(idle.read(&mut [0; 1]).unwrap_or_default(), 0);
    assert!(TcpStream::connect(("127.0.0.1", port)).is_err());
}

#[test]
fn the_same_sandbox_answers_over_ipv6_where_there_is_any() {
    let sandbox = sandbox();
    let Ok(mut stream) = TcpStream::connect(("::1", sandbox.port())) else { return };
    let host = format!("[::1]:{}", sandbox.port());
    let text = format!(
        "GET /{TENANT_ID}/v2.0/.well-known/openid-configuration HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(text.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(
        answer.contains(&format!("\"token_endpoint\":\"http://{host}/{TENANT_ID}/oauth2/v2.0/token\"")),
        "{answer}"
    );
}

#[tokio::test]
async fn a_sandbox_lives_on_the_runtime_of_its_caller() {
    let sandbox = start(Options::default()).await.unwrap();
    let report = crate::sandbox::Robot::new(INES).sign_in(&sandbox.address()).await.unwrap();
    assert_eq!((report.last_status, report.pages.as_slice()), (200, &["The sandbox is running".to_owned()][..]));
}
