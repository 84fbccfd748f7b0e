//! Answers that HTTP does not allow, addresses in every place where a server can put one, and a network that fails while
//! there is something to keep: nothing of it is followed, shown or taken for the whole.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use d365conn::dataverse::{Body, Course, Outcome, Query, RecordId, Verdict, operations};
use d365conn::net::{HttpOptions, Origin, Request};
use d365conn::problem::{Exit, Problem};
use d365conn::secret::Secret;
use serde_json::json;
use wiremock::MockServer;

use crate::wire::stage::{
    BEARER, Raw, Stage, accounts, everything, http, numbered, numbered_text, page, raw, requests,
};

const ID: &str = "5d0c0001-1111-ef11-8400-000d3ab1c111";

/// A 200 in pieces, as they are, to its end or to whatever stands for it.
fn chunked(chunks: &[u8]) -> Vec<u8> {
    let head =
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n";
    [head.as_bytes(), chunks].concat()
}

async fn rows_of(answers: Vec<Vec<u8>>) -> (Vec<String>, Result<(), Problem>) {
    Stage::at(&Raw::answering(answers).address).rows(Query::of("accounts")).await
}

#[tokio::test]
async fn a_page_in_broken_pieces_is_read_again_and_never_called_complete() {
    let whole = page(&numbered(0, 4), None).to_string();
    let (first, second) = whole.split_at(40);
    let piece = |text: &str| format!("{:x}\r\n{text}\r\n", text.len());
    let in_order = format!("{}{}0\r\n\r\n", piece(first), piece(second));
    let (rows, end) = rows_of(vec![chunked(in_order.as_bytes())]).await;
    end.unwrap();
    assert_eq!(rows, numbered_text(0, 4));
    for broken in [
        // No last piece, half a piece, a length that is none, one that is a lie, one beyond all bounds, no line end.
        format!("{}{}", piece(first), piece(second)),
        format!("{}{:x}\r\n{}", piece(first), second.len(), &second[..9]),
        format!("{}zz\r\n{second}\r\n0\r\n\r\n", piece(first)),
        format!("{}{:x}\r\n{second}\r\n0\r\n\r\n", piece(first), second.len() - 3),
        format!("{}ffffffffffffffffff\r\n{second}", piece(first)),
        format!("{}-5\r\n{second}\r\n0\r\n\r\n", piece(first)),
    ] {
        let (rows, end) = rows_of(vec![chunked(broken.as_bytes()); 5]).await;
        let problem = end.expect_err(&broken);
        assert_eq!(problem.exit(), Exit::Unreachable, "{broken}: {problem:?}");
        assert!(numbered_text(0, 4).starts_with(&rows), "{broken}: {rows:?}");
        // Whoever sends it whole the next time is heard, and no row comes twice.
        let (rows, end) = rows_of(vec![chunked(broken.as_bytes()), chunked(in_order.as_bytes())]).await;
        end.unwrap();
        assert_eq!(rows, numbered_text(0, 4), "{broken}");
    }
}

#[tokio::test]
async fn an_answer_that_http_does_not_allow_is_an_error_and_no_panic() {
    let body = page(&numbered(0, 1), None).to_string();
    let length = body.len();
    let endless = "a".repeat(1 << 20);
    for head in [
        format!("Content-Length: {length}\r\nContent-Length: {}\r\n", length + 1),
        format!("Content-Length: {length}, {}\r\n", length + 1),
        "Content-Length: -1\r\n".to_owned(),
        format!("Content-Length: {length}\r\nX-Odd: a\u{0}b\r\n"),
        format!("Content-Length: {length}\r\nno colon in this line\r\n"),
        format!("Content-Length: {length}\r\nX-Endless: {endless}\r\n"),
        format!("Content-Length: {length}\r\n{}", "X-Many: a\r\n".repeat(20_000)),
    ] {
        let answer =
            format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n{head}\r\n{body}");
        let (rows, end) = rows_of(vec![answer.into_bytes(); 5]).await;
        let told: String = head.chars().take(60).collect();
        let problem = end.expect_err(&told);
        assert_eq!((rows.len(), problem.exit()), (0, Exit::Unreachable), "{told}: {problem:?}");
        assert!(everything(&problem).len() < 8_000, "{told}: all of it is shown");
    }
    for nonsense in
        ["SSH-2.0-OpenSSH_9.9\r\n", "HTTP/1.1 abc OK\r\n\r\n", "HTTP/9.9 200 OK\r\n\r\n", "\0\0\0\0\r\n\r\n"]
    {
        let (_, end) = rows_of(vec![nonsense.as_bytes().to_vec(); 5]).await;
        assert_eq!(end.expect_err(nonsense).exit(), Exit::Unreachable);
    }
}

#[tokio::test]
async fn an_address_in_a_header_or_a_body_is_never_followed() {
    let elsewhere = MockServer::start().await;
    let evil = elsewhere.uri();
    let record = format!("{evil}/api/data/v9.2/accounts({ID})");
    let addresses: Vec<String> = [
        "Location",
        "OData-EntityId",
        "Operation-Location",
        "Content-Location",
        "Azure-AsyncOperation",
        "Link",
        "Refresh",
    ]
    .iter()
    .map(|name| format!("{name}: {record}\r\n"))
    .collect();
    let headers = addresses.concat();
    let id = RecordId::parse(ID).unwrap();
    let body = Body::parse(None, &["name=A"]).unwrap();

    for status in ["201 Created", "202 Accepted", "204 No Content"] {
        let done = format!("HTTP/1.1 {status}\r\n{headers}Content-Length: 0\r\nConnection: close\r\n\r\n").into_bytes();
        let server = Raw::answering(vec![done.clone(), done.clone(), done]);
        let client = Stage::at(&server.address).client;
        let created = client.create(&accounts(), id, &body).await;
        // An answer that is none of ours to understand may be an error; it is never a reason to go anywhere.
        assert!(created.is_err() || created.is_ok_and(|created| created.answer() == Some(id)), "{status}");
        let _ = client.update(&accounts(), &id, &body).await;
        let _ = client.delete(&accounts(), &id).await;
        assert!(server.lines().iter().all(|line| !line.contains("http")), "{:?}", server.lines());
    }

    // Beside the rows: a link to what changed since, and one inside a row.
    let mut answer = page(&numbered(0, 2), None);
    answer["@odata.deltaLink"] = json!(format!("{evil}/api/data/v9.2/accounts?$deltatoken=1"));
    answer["@odata.context"] = json!(format!("{evil}/api/data/v9.2/$metadata#accounts"));
    answer["value"][0]["@odata.editLink"] = json!(record);
    answer["value"][0]["@odata.id"] = json!(record);
    answer["value"][0]["primarycontactid@odata.navigationLink"] = json!(record);
    let server = Raw::answering(vec![raw("200 OK", &headers, answer.to_string().as_bytes(), answer.to_string().len())]);
    let (rows, end) = Stage::at(&server.address).rows(Query::of("accounts")).await;
    end.unwrap();
    assert_eq!((rows.len(), server.requests().len()), (2, 1));

    // In a part of a batch.
    let part =
        format!("--b\r\nContent-Type: application/http\r\n\r\nHTTP/1.1 204 No Content\r\n{headers}\r\n\r\n--b--\r\n");
    let answer = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: multipart/mixed; boundary=b\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{part}",
        part.len()
    );
    let server = Raw::answering(vec![answer.into_bytes()]);
    let operations = operations("{\"method\":\"POST\",\"path\":\"accounts\",\"body\":{}}", false).unwrap();
    let course = Course { atomic: false, goes_on: true, may_repeat: false };
    Stage::at(&server.address).client.batch(&operations, course).await.unwrap().answer().unwrap();
    assert_eq!(server.requests().len(), 1);

    // In the challenge of a 401, whoever is named there.
    let challenge =
        format!("WWW-Authenticate: Bearer authorization_uri={evil}/common/oauth2/authorize, resource_id={evil}/\r\n");
    let refused = raw("401 Unauthorized", &format!("{challenge}{headers}"), b"", 0);
    let server = Raw::answering(vec![refused; 3]);
    let problem = Problem::from(Stage::at(&server.address).client.who_am_i().await.expect_err("401"));
    assert_eq!(problem.exit(), Exit::SignIn);
    assert!(!everything(&problem).contains(BEARER));
    assert_eq!(requests(&elsewhere).await, 0, "somebody else was asked");
}

#[tokio::test]
async fn a_redirect_of_a_change_is_not_followed_and_the_change_not_sent_again() {
    let elsewhere = MockServer::start().await;
    let body = Body::parse(None, &["name=A"]).unwrap();
    let id = RecordId::parse(ID).unwrap();
    for status in
        ["301 Moved Permanently", "302 Found", "303 See Other", "307 Temporary Redirect", "308 Permanent Redirect"]
    {
        for target in [format!("{}/api/data/v9.2/accounts", elsewhere.uri()), format!("/api/data/v9.2/accounts({ID})")]
        {
            let redirect = raw(status, &format!("Location: {target}\r\n"), b"", 0);
            let server = Raw::answering(vec![redirect; 9]);
            let client = Stage::at(&server.address).client;
            let ends = [
                client.create(&accounts(), id, &body).await.map(drop),
                client.update(&accounts(), &id, &body).await.map(drop),
                client.delete(&accounts(), &id).await.map(drop),
            ];
            for end in ends {
                let problem = Problem::from(end.expect_err(status));
                assert_eq!((problem.phrase().code, problem.exit()), ("dataverse/redirected", Exit::Unreachable));
            }
            assert_eq!(server.requests().len(), 3, "{status} to {target}");
        }
    }
    assert_eq!(requests(&elsewhere).await, 0, "a bearer was carried away");
}

/// What is said when `address` is asked for a path that holds what nobody is to see.
async fn failing(address: &str, options: HttpOptions) -> Problem {
    let origin = Origin::parse(address).unwrap();
    let request = Request::get("/files?sig=planted-signature&code=planted-code#planted-fragment");
    http(options).send(&origin, &request, Some(&Secret::new(BEARER))).await.unwrap_err().into()
}

#[tokio::test]
async fn a_network_that_fails_is_told_with_the_host_and_without_the_query() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mute = Raw::answering(vec![Vec::new(); 9]);
    let nonsense = Raw::answering(vec![b"nonsense\r\n\r\n".to_vec(); 9]);
    let proxy = Raw::answering(vec![b"HTTP/1.1 403 Forbidden\r\n\r\n".to_vec(); 9]);
    let through =
        HttpOptions { https_proxy: Some(Secret::of_address(proxy.address.clone())), ..HttpOptions::default() };
    for (address, host, options) in [
        (format!("http://{free}"), "127.0.0.1", HttpOptions::default()),
        (mute.address.clone(), "127.0.0.1", HttpOptions::default()),
        (nonsense.address.clone(), "127.0.0.1", HttpOptions::default()),
        ("https://contoso.invalid".to_owned(), "contoso.invalid", HttpOptions::default()),
        (format!("https://{free}"), "127.0.0.1", HttpOptions::default()),
        ("https://contoso.crm4.dynamics.com".to_owned(), "contoso.crm4.dynamics.com", through),
    ] {
        let problem = failing(&address, options).await;
        let shown = everything(&problem);
        assert!(shown.contains(host), "{address}: no host in {shown}");
        assert!(!shown.contains("planted") && !shown.contains(BEARER), "{address}: {shown}");
    }
}

#[tokio::test]
async fn a_login_page_in_the_place_of_a_tunnel_is_no_tunnel() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        while let Ok((mut stream, _)) = listener.accept() {
            let _ = stream.read(&mut [0; 4096]);
            let page = "<html>Sign in to the hotel's network</html>";
            let answer =
                format!("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {}\r\n\r\n{page}", page.len());
            let _ = stream.write_all(answer.as_bytes());
            let _ = stream.read(&mut [0; 4096]);
        }
    });
    let proxy = Secret::of_address(format!("http://kim:sw0rdfish-of-the-proxy@{address}"));
    let options = HttpOptions { https_proxy: Some(proxy), ..HttpOptions::default() };
    let problem = failing("https://contoso.crm4.dynamics.com", options).await;
    assert_eq!(problem.exit(), Exit::Unreachable, "{problem:?}");
    let shown = everything(&problem);
    assert!(shown.contains("contoso.crm4.dynamics.com"), "{shown}");
    assert!(!shown.contains("sw0rdfish") && !shown.contains(BEARER), "{shown}");
}

#[tokio::test]
async fn a_host_that_is_excepted_is_reached_without_the_proxy() {
    let proxy = Raw::answering(vec![b"HTTP/1.1 502 Bad Gateway\r\n\r\n".to_vec(); 9]);
    for (exceptions, is_asked) in
        [("contoso.invalid", false), (".invalid", false), ("*", false), ("contoso.crm4.dynamics.com", true), ("", true)]
    {
        let before = proxy.requests().len();
        let options = HttpOptions {
            https_proxy: Some(Secret::of_address(proxy.address.clone())),
            no_proxy: Some(exceptions.to_owned()),
            ..HttpOptions::default()
        };
        let problem = failing("https://contoso.invalid", options).await;
        assert_eq!(proxy.requests().len() > before, is_asked, "NO_PROXY={exceptions}: {problem:?}");
    }
    assert!(proxy.requests().iter().all(|seen| seen.starts_with("CONNECT contoso.invalid:443 ")));
}

#[tokio::test]
async fn more_answers_than_operations_fewer_and_none_leave_none_of_them_done_by_mistake() {
    let operation = "{\"method\":\"POST\",\"path\":\"accounts\",\"body\":{}}";
    let asked = operations(&[operation; 3].join("\n"), false).unwrap();
    let done = "Content-Type: application/http\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n\r\n";
    let set = format!("Content-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\n{done}--c--\r\n\r\n");
    let parts = |parts: &[&str]| format!("--b\r\n{}--b--\r\n", parts.join("--b\r\n"));
    for (kind, body, expected) in [
        // How many were done, the others unknown.
        ("multipart/mixed; boundary=b", parts(&[done; 3]), 3),
        ("multipart/mixed; boundary=b", parts(&[done; 4]), 0),
        ("multipart/mixed; boundary=b", parts(&[done; 1000]), 0),
        ("multipart/mixed; boundary=b", parts(&[done; 2]), 2),
        ("multipart/mixed; boundary=b", parts(&[&set, done, done]), 0),
        ("multipart/mixed; boundary=b", parts(&[done, &set, done]), 1),
        ("multipart/mixed; boundary=other", parts(&[done; 3]), 0),
        ("multipart/mixed", parts(&[done; 3]), 0),
        ("application/json", parts(&[done; 3]), 0),
        ("multipart/mixed; boundary=", parts(&[done; 3]), 0),
    ] {
        let answer = format!(
            "HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
            body.len()
        );
        let server = Raw::answering(vec![answer.into_bytes()]);
        let course = Course { atomic: false, goes_on: true, may_repeat: false };
        let outcomes = Stage::at(&server.address).client.batch(&asked, course).await.unwrap().answer().unwrap();
        assert_eq!(outcomes.len(), 3, "each operation has one verdict");
        let is_done: Vec<bool> =
            outcomes.iter().map(|outcome: &Outcome| matches!(outcome.verdict, Verdict::Done { .. })).collect();
        assert_eq!(is_done.iter().filter(|is_done| **is_done).count(), expected, "{kind}: {body:.80}");
        assert!(is_done.is_sorted_by(|one, next| one >= next), "{is_done:?}");
        assert_eq!(server.requests().len(), 1, "what may have been done is not sent again");
    }
}

/// A server that answers with `beginning`, and then with `again` over and over until nobody listens any more; tells how much
/// of it went out.
fn without_end(beginning: &'static str, again: &'static [u8]) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let sent = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&sent);
    std::thread::spawn(move || {
        let piece: Vec<u8> =
            again.iter().copied().cycle().take(again.len() * (1_usize << 16).div_ceil(again.len())).collect();
        while let Ok((mut stream, _)) = listener.accept() {
            let _ = stream.read(&mut [0; 4096]);
            let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n";
            let _ = stream.write_all(format!("{head}{beginning}").as_bytes());
            while stream.write_all(&piece).is_ok() {
                count.fetch_add(piece.len(), Ordering::Relaxed);
            }
        }
    });
    (address, sent)
}

#[tokio::test]
async fn answers_without_end_are_stopped_at_their_limits() {
    for (beginning, again, most) in [
        // A text in a row, the elements of an array in one, brackets, a text beside the rows, blanks.
        ("{\"value\":[{\"name\":\"", &b"aaaaaaaa"[..], 256 << 20),
        ("{\"value\":[{\"list\":[0", b",1234567", 256 << 20),
        ("{\"value\":[{\"deep\":", b"[", 32 << 20),
        ("{\"value\":[{\"deep\":", b"{\"a\":", 32 << 20),
        ("{\"@odata.context\":\"", b"aaaaaaaa", 64 << 20),
    ] {
        let (address, sent) = without_end(beginning, again);
        let (rows, end) = Stage::at(&address).rows(Query::of("accounts")).await;
        let problem = end.expect_err(beginning);
        assert_eq!((rows.len(), problem.exit()), (0, Exit::Unreachable), "{beginning}: {problem:?}");
        assert!(sent.load(Ordering::Relaxed) < most, "{beginning}: {} bytes were taken", sent.load(Ordering::Relaxed));
    }
    let (address, sent) = without_end("{\"name\":\"", b"aaaaaaaa");
    let client = Stage::at(&address).client;
    let problem = Problem::from(client.get(&accounts(), &RecordId::random(), &[], false).await.expect_err("too long"));
    assert_eq!((problem.phrase().code, problem.exit()), ("net/too-large", Exit::Unreachable));
    assert!(sent.load(Ordering::Relaxed) < 128 << 20, "{} bytes were taken", sent.load(Ordering::Relaxed));
}
