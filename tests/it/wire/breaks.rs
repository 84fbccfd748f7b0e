//! Answers that break: cut short, dropped, damaged, endless. Rows are never doubled and a part is never the whole.

use std::io::{Read as _, Write as _};
use std::time::Duration;

use d365conn::dataverse::{Query, RecordId};
use d365conn::net::{Http, HttpOptions, Origin, Request, Trace};
use d365conn::problem::{Exit, Problem};
use d365conn::secret::Secret;
use serde_json::json;

use crate::wire::stage::{BEARER, Raw, Stage, accounts, cut, everything, http, numbered, numbered_text, ok, page, raw};

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[tokio::test]
async fn a_page_cut_anywhere_is_read_again_and_no_row_comes_twice() {
    let whole = page(&numbered(0, 4), None);
    let length = whole.to_string().len();
    for sent in 0..length {
        let raw = Raw::answering(vec![cut(&whole, sent), ok(&whole)]);
        let (rows, end) = Stage::at(&raw.address).rows(Query::of("accounts")).await;
        end.unwrap();
        assert_eq!(rows, numbered_text(0, 4), "cut after {sent} bytes");
        assert_eq!(raw.requests().len(), 2);
    }
}

#[tokio::test]
async fn a_later_page_that_breaks_is_asked_for_under_its_own_link() {
    let second = page(&numbered(4, 8), None);
    let second_link = "/api/data/v9.2/accounts?$skiptoken=2";
    let raw = Raw::answering(vec![
        ok(&page(&numbered(0, 4), Some(second_link))),
        cut(&second, second.to_string().len() - 5),
        Vec::new(),
        ok(&second),
    ]);
    let (rows, end) = Stage::at(&raw.address).rows(Query::of("accounts")).await;
    end.unwrap();
    assert_eq!(rows, numbered_text(0, 8));
    let again = format!("GET {second_link}");
    assert_eq!(raw.lines()[1..], [again.clone(), again.clone(), again]);
}

#[tokio::test]
async fn a_page_that_changed_meanwhile_ends_the_stream_without_doubles() {
    let before = page(&numbered(0, 4), None);
    let sent = before.to_string().len() - 2;
    for changed in [numbered(1, 5), numbered(0, 2), Vec::new()] {
        let raw = Raw::answering(vec![cut(&before, sent), ok(&page(&changed, None))]);
        let (rows, end) = Stage::at(&raw.address).rows(Query::of("accounts")).await;
        let problem = end.expect_err("changed");
        assert_eq!(problem.phrase().code, "dataverse/page-changed");
        assert_eq!(problem.exit(), Exit::Unreachable);
        assert_eq!(rows, numbered_text(0, 4));
    }
}

#[tokio::test]
async fn a_page_that_never_comes_whole_is_given_up_and_never_called_complete() {
    let whole = page(&numbered(0, 4), None);
    let raw = Raw::answering(vec![cut(&whole, 60); 20]);
    let (_, end) = Stage::at(&raw.address).rows(Query::of("accounts")).await;
    let problem = end.expect_err("cut");
    assert_eq!((problem.phrase().code, problem.exit()), ("net/broken", Exit::Unreachable));
    assert_eq!(raw.requests().len(), 5);
}

#[tokio::test]
async fn json_that_ends_in_the_middle_under_an_honest_length_is_no_page() {
    let whole = page(&numbered(0, 4), None).to_string();
    let half = raw("200 OK", "", &whole.as_bytes()[..60], 60);
    let server = Raw::answering(vec![half.clone(); 5]);
    let (_, end) = Stage::at(&server.address).rows(Query::of("accounts")).await;
    let problem = end.expect_err("half");
    assert_eq!((problem.phrase().code, problem.exit()), ("dataverse/cut-short", Exit::Unreachable));

    let server = Raw::answering(vec![half, raw("200 OK", "", whole.as_bytes(), whole.len())]);
    let (rows, end) = Stage::at(&server.address).rows(Query::of("accounts")).await;
    end.unwrap();
    assert_eq!(rows, numbered_text(0, 4));
}

#[tokio::test]
async fn an_error_in_the_middle_of_a_page_is_the_services_error() {
    let body = br#"{"value":[{"n":0},{"n":1,"x":{"error":{"code":"0x80040224","message":"a plug-in broke"}}"#;
    let server = Raw::answering(vec![raw("200 OK", "REQ_ID: 7b2e\r\n", body, body.len())]);
    let (rows, end) = Stage::at(&server.address).rows(Query::of("accounts")).await;
    let problem = end.expect_err("an error");
    assert_eq!(problem.phrase().code, "dataverse/plugin-broken");
    assert_eq!(problem.diagnosis().service_code().as_deref(), Some("0x80040224"));
    assert!(problem.diagnosis().trace().is_some_and(|ids| ids.starts_with("request 7b2e")));
    assert_eq!(rows, numbered_text(0, 1));
}

#[tokio::test]
async fn an_answer_that_was_lost_is_asked_for_again() {
    let answer = json!({ "accountid": "x", "name": "Alder" });
    let raw = Raw::answering(vec![Vec::new(), cut(&answer, 10), ok(&answer)]);
    let stage = Stage::at(&raw.address);
    let record = stage.client.get(&accounts(), &RecordId::random(), &[], false).await.unwrap();
    assert_eq!(record.as_json(), answer.to_string());
    assert_eq!(raw.requests().len(), 3);
}

#[tokio::test]
async fn a_compressed_page_is_read_and_a_damaged_one_is_not() {
    let whole = page(&numbered(0, 2000), None).to_string();
    let packed = gzip(whole.as_bytes());
    let encoding = "Content-Encoding: gzip\r\n";
    let server = Raw::answering(vec![raw("200 OK", encoding, &packed, packed.len())]);
    let (rows, end) = Stage::at(&server.address).rows(Query::of("accounts")).await;
    end.unwrap();
    assert_eq!(rows.len(), 2000);

    let mut damaged = packed.clone();
    let middle = damaged.len() / 2;
    damaged[middle..middle + 40].fill(0xFF);
    let plain = raw("200 OK", encoding, whole.as_bytes(), whole.len());
    for broken in [raw("200 OK", encoding, &damaged, damaged.len()), plain] {
        let server = Raw::answering(vec![broken; 5]);
        let (_, end) = Stage::at(&server.address).rows(Query::of("accounts")).await;
        let problem = end.expect_err("damaged");
        assert_eq!(problem.exit(), Exit::Unreachable, "{problem:?}");
    }

    // Cut inside the compressed bytes, and then whole.
    let short = raw("200 OK", encoding, &packed[..packed.len() / 2], packed.len() / 2);
    let server = Raw::answering(vec![short, raw("200 OK", encoding, &packed, packed.len())]);
    let (rows, end) = Stage::at(&server.address).rows(Query::of("accounts")).await;
    end.unwrap();
    assert_eq!(rows, numbered_text(0, 2000));
}

#[tokio::test]
async fn a_gzip_bomb_is_stopped_at_its_limit() {
    let bomb = gzip(&vec![b' '; 65 << 20]);
    assert!(bomb.len() < 1_000_000);
    let encoding = "Content-Encoding: gzip\r\n";
    let server = Raw::answering(vec![raw("200 OK", encoding, &bomb, bomb.len())]);
    let stage = Stage::at(&server.address);
    let problem =
        Problem::from(stage.client.get(&accounts(), &RecordId::random(), &[], false).await.expect_err("a bomb"));
    assert_eq!((problem.phrase().code, problem.exit()), ("net/too-large", Exit::Unreachable));
    assert_eq!(server.requests().len(), 1, "a bomb is not asked for again");
}

#[tokio::test]
async fn a_port_where_nobody_listens_is_told_as_such() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", free.local_addr().unwrap());
    drop(free);
    let stage = Stage::at(&address);
    let problem = Problem::from(stage.client.who_am_i().await.expect_err("nobody"));
    assert_eq!((problem.phrase().code, problem.exit()), ("net/connection-refused", Exit::Unreachable));
    assert!(stage.waited() <= 3, "somebody waits for this answer");
}

async fn sent_to(address: &str, options: HttpOptions) -> Problem {
    let origin = Origin::parse(address).unwrap();
    let bearer = Secret::new(BEARER);
    http(options).send(&origin, &Request::get("/"), Some(&bearer)).await.unwrap_err().into()
}

#[tokio::test]
async fn https_to_a_port_that_speaks_plain_http_is_a_tls_failure() {
    let server = Raw::answering(vec![b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec()]);
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("https://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        while let Ok((mut stream, _)) = listener.accept() {
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
        }
    });
    let problem = sent_to(&address, HttpOptions::default()).await;
    assert_eq!((problem.phrase().code, problem.exit()), ("net/tls", Exit::Unreachable), "{problem:?}");
    drop(server);
}

#[tokio::test]
async fn silence_before_and_within_an_answer_ends_at_the_limit() {
    for (beginning, says) in [
        ("", "sent no answer within 100ms"),
        ("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", "stopped arriving for 100ms"),
    ] {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let origin = Origin::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
        std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            // An answer before the question is another fault than silence.
            let _ = stream.read(&mut [0; 4096]).unwrap();
            stream.write_all(beginning.as_bytes()).unwrap();
            // Held open until the other side has had enough.
            let _ = stream.read_to_end(&mut Vec::new());
        });
        let options = HttpOptions { idle_timeout: Duration::from_millis(100), ..HttpOptions::default() };
        let http = Http::open(&options, Trace::default()).unwrap();
        let error = match http.send(&origin, &Request::get("/"), None).await {
            Ok(mut response) => response.body.read(100).await.unwrap_err(),
            Err(error) => error,
        };
        assert!(error.to_string().ends_with(says), "{error}");
        let problem = Problem::from(error);
        assert_eq!((problem.phrase().code, problem.exit()), ("net/silent", Exit::Unreachable));
    }
}

#[tokio::test]
async fn a_proxy_that_refuses_is_told_without_its_password() {
    for (answer, code) in [
        ("HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic\r\n\r\n", "net/proxy-login"),
        ("HTTP/1.1 403 Forbidden\r\n\r\n", "net/proxy-refused"),
        ("HTTP/1.1 502 Bad Gateway\r\n\r\n", "net/proxy-refused"),
        ("", "net/proxy-refused"),
    ] {
        let proxy = Raw::answering(vec![answer.as_bytes().to_vec()]);
        let address = Secret::of_address(format!("http://user:hunter2@{}", proxy.host()));
        let options = HttpOptions { https_proxy: Some(address), ..HttpOptions::default() };
        let problem = sent_to("https://contoso.crm4.dynamics.com", options).await;
        assert_eq!((problem.phrase().code, problem.exit()), (code, Exit::Unreachable), "{problem:?}");
        let shown = everything(&problem);
        assert!(!shown.contains("hunter2") && !shown.contains(BEARER), "{shown}");
        let seen = proxy.requests().join("\n");
        assert!(seen.starts_with("CONNECT contoso.crm4.dynamics.com:443 "), "{seen}");
        // `user:hunter2`, as the proxy wants to see it.
        assert!(seen.to_lowercase().contains("proxy-authorization: basic dxnlcjpodw50zxiy"), "{seen}");
        assert!(!seen.contains(BEARER), "the bearer went to the proxy in the open");
    }
}

#[tokio::test]
async fn loopback_is_never_proxied() {
    let proxy = Raw::answering(vec![]);
    let server = Raw::answering(vec![ok(&json!({}))]);
    let address = Secret::of_address(proxy.address.clone());
    let options =
        HttpOptions { all_proxy: Some(address.clone()), https_proxy: Some(address), ..HttpOptions::default() };
    let origin = Origin::parse(&server.address).unwrap();
    let response = http(options).send(&origin, &Request::get("/"), None).await.unwrap();
    assert_eq!(response.status, 200);
    assert!(proxy.requests().is_empty());
}

#[tokio::test]
async fn a_name_that_does_not_exist_is_told_as_such() {
    // RFC 6761 §6.4: names under `.invalid` never exist.
    let problem = sent_to("https://contoso.invalid", HttpOptions::default()).await;
    assert_eq!(problem.exit(), Exit::Unreachable);
    assert_eq!(problem.phrase().code, "net/host-not-found", "{problem:?}");
}
