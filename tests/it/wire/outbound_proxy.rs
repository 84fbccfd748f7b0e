//! The proxy on the way out: what it refuses, and why, is told as its own doing; nothing of a password is shown.

use std::io::Write as _;
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use d365conn::net::{Http, HttpOptions, NetError, Origin, Request, Trace};
use d365conn::problem::{Diagnose as _, Exit};
use d365conn::secret::Secret;

use crate::wire::stage::read_request;

/// A proxy that answers every question in the same way; the questions it was asked.
fn proxy(answer: &'static str) -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let place = listener.local_addr().unwrap().to_string();
    let asked = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&asked);
    std::thread::spawn(move || {
        while let Ok((mut stream, _)) = listener.accept() {
            if let Some(question) = read_request(&mut stream) {
                log.lock().unwrap().push(question);
                let _ = stream.write_all(answer.as_bytes());
            }
        }
    });
    (place, asked)
}

/// How a request to an organisation ends behind `address`. Its host is one that no name server knows (RFC 6761).
async fn ended(address: &str, no_proxy: Option<&str>) -> NetError {
    let options = HttpOptions {
        idle_timeout: Duration::from_secs(5),
        https_proxy: Some(Secret::of_address(address)),
        no_proxy: no_proxy.map(str::to_owned),
        ..HttpOptions::default()
    };
    let http = Http::open(&options, Trace::default()).unwrap();
    let origin = Origin::parse("https://contoso.crm4.invalid").unwrap();
    http.send(&origin, &Request::get("/api/data/v9.2/WhoAmI"), None).await.err().unwrap()
}

#[track_caller]
fn told(error: &NetError, code: &str, says: &[&str]) {
    assert_eq!((error.phrase().code, error.phrase().exit), (code, Exit::Unreachable), "{error}");
    for says in says {
        assert!(error.to_string().contains(says), "{says} is not in {error}");
    }
    let shown = format!("{error} {error:?} {:?}", error.facts());
    assert!(!shown.contains("hunter2") && !shown.contains(&STANDARD.encode("kim:hunter2")), "{shown}");
}

const NEGOTIATE: &str = "HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Negotiate\r\n\
    Proxy-Authenticate: NTLM\r\nContent-Length: 0\r\n\r\n";
const BASIC: &str = "HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=\"corp\"\r\n\
    Content-Length: 0\r\n\r\n";

#[tokio::test]
async fn a_proxy_that_speaks_negotiate_alone_is_told_with_what_it_offers() {
    let (place, _) = proxy(NEGOTIATE);
    for credentials in ["kim:hunter2@", ""] {
        let error = ended(&format!("http://{credentials}{place}"), None).await;
        told(&error, "net/proxy-scheme", &[&place, "Negotiate or NTLM", "Basic alone"]);
    }
}

#[tokio::test]
async fn a_proxy_that_refuses_a_password_is_not_told_as_one_that_wants_one() {
    let (place, _) = proxy(BASIC);
    let error = ended(&format!("http://kim:hunter2@{place}"), None).await;
    told(&error, "net/proxy-credentials", &[&place, "refused the user name and the password"]);
    told(
        &ended(&format!("http://{place}"), None).await,
        "net/proxy-login",
        &[&place, "wants a user name and a password"],
    );
}

#[tokio::test]
async fn a_filter_that_answers_403_is_named_with_its_status() {
    let (place, asked) =
        proxy("HTTP/1.1 403 Forbidden\r\nContent-Type: text/html\r\nContent-Length: 13\r\n\r\n<h1>no</h1>\r\n");
    let error = ended(&format!("http://{place}"), None).await;
    told(&error, "net/proxy-forbids", &[&place, "answered 403", "contoso.crm4.invalid"]);
    let asked = asked.lock().unwrap();
    assert!(asked.iter().all(|question| question.starts_with("CONNECT contoso.crm4.invalid:443 ")), "{asked:?}");
}

#[tokio::test]
async fn a_user_of_a_domain_and_an_at_sign_in_the_password_arrive_as_they_were_typed() {
    let (place, asked) = proxy(BASIC);
    let error = ended(&format!("http://CORP\\kim:hunter2@home@{place}"), None).await;
    told(&error, "net/proxy-credentials", &[&place]);
    let expected = format!("uthorization: Basic {}", STANDARD.encode("CORP\\kim:hunter2@home"));
    let asked = asked.lock().unwrap();
    assert!(!asked.is_empty() && asked.iter().all(|question| question.contains(&expected)), "{asked:?}");
}

#[tokio::test]
async fn a_wildcard_keeps_the_hosts_of_a_domain_from_the_proxy() {
    for list in ["*.crm4.invalid", ".crm4.invalid", "crm4.invalid", "contoso.crm4.invalid:443", "*"] {
        let (place, asked) = proxy(BASIC);
        // Whoever goes straight to the organisation gets nowhere.
        let _ = ended(&format!("http://{place}"), Some(list)).await;
        assert!(asked.lock().unwrap().is_empty(), "{list}");
    }
    let (place, asked) = proxy(BASIC);
    let _ = ended(&format!("http://{place}"), Some("*.example.com")).await;
    assert!(!asked.lock().unwrap().is_empty());
}
