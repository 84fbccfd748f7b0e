//! The listener seen from outside, by raw TCP clients: browsers, and pages that mean no good.

#![expect(
    clippy::disallowed_methods,
    reason = "these tests play the browser, with raw sockets on the loopback interface"
)]

use std::time::Instant;

use super::*;
use crate::auth::SignInRequest;
use crate::connection::ResponseMode;
use crate::tenant::TenantUrl;

const LONG: Duration = Duration::from_secs(20);

fn authorization(redirect_uri: &str) -> Authorization {
    let tenant_url = TenantUrl::parse("https://adventure.crm4.dynamics.com").unwrap().url;
    let authority = Authority::for_tenant(&tenant_url, "3f6a1e52-8c0d-4a7b-b1e9-52d0c8e4f711").unwrap();
    SignInRequest {
        tenant_url: &tenant_url,
        authority: &authority,
        client_id: "b6a9d0c4-71e2-4f0b-8d35-1f2e9c7a5580",
        redirect_uri,
        response_mode: ResponseMode::FormPost,
        no_graph: true,
        prompt: None,
        login_hint: None,
        claims: None,
    }
    .to_authorization()
    .unwrap()
}

struct Flow {
    port: u16,
    state: String,
    answer: tokio::task::JoinHandle<Result<Code, AuthError>>,
}

/// A listener that waits in the background.
async fn begin() -> Flow {
    begin_at(&RedirectUri::default()).await
}

async fn begin_at(redirect: &RedirectUri) -> Flow {
    let listener = Listener::bind(redirect).await.unwrap();
    let port = listener.port();
    let authorization = authorization(&listener.redirect_uri());
    let state = authorization.state.expose().to_owned();
    let answer = tokio::spawn(async move { timeout(LONG, listener.code(&authorization, |_| ())).await.unwrap() });
    Flow { port, state, answer }
}

impl Flow {
    async fn connect(&self) -> TcpStream {
        TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).await.unwrap()
    }

    async fn say(&self, request: &str) -> String {
        converse_raw(self.connect().await, request.as_bytes()).await
    }

    fn by_query(&self, parameters: &str) -> String {
        format!("GET /?{parameters} HTTP/1.1\r\nHost: localhost:{}\r\n\r\n", self.port)
    }

    fn by_form(&self, parameters: &str) -> String {
        format!(
            "POST / HTTP/1.1\r\nHost: localhost:{}\r\nOrigin: https://login.microsoftonline.com\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{parameters}",
            self.port,
            parameters.len()
        )
    }

    fn right(&self) -> String {
        format!("code=abc&state={}", self.state)
    }

    async fn code(self) -> String {
        self.answer.await.unwrap().unwrap().secret().expose().to_owned()
    }
}

async fn converse_raw(mut stream: TcpStream, request: &[u8]) -> String {
    let _ = stream.write_all(request).await;
    let mut reply = Vec::new();
    let _ = timeout(Duration::from_secs(5), stream.read_to_end(&mut reply)).await;
    String::from_utf8_lossy(&reply).into_owned()
}

fn status(reply: &str) -> &str {
    reply.get(9..12).unwrap_or(reply)
}

async fn is_closed(port: u16) -> bool {
    let began = Instant::now();
    while began.elapsed() < Duration::from_millis(100) {
        if TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.is_err()
            && TcpStream::connect((Ipv6Addr::LOCALHOST, port)).await.is_err()
        {
            return true;
        }
        tokio::task::yield_now().await;
    }
    false
}

#[tokio::test]
async fn an_answer_by_form_is_taken_and_the_socket_is_gone_within_100_ms() {
    let flow = begin().await;
    let reply = flow.say(&flow.by_form(&flow.right())).await;
    assert_eq!(status(&reply), "200");
    assert!(reply.ends_with(RECEIVED_PAGE));
    for header in [
        "Content-Type: text/html; charset=utf-8",
        "default-src 'none'",
        "X-Content-Type-Options: nosniff",
        "Referrer-Policy: no-referrer",
        "Cache-Control: no-store",
        "Connection: close",
    ] {
        assert!(reply.contains(header), "{header}");
    }
    assert!(!reply.contains("abc"));
    assert!(is_closed(flow.port).await);
    assert_eq!(flow.code().await, "abc");
}

#[tokio::test]
async fn an_answer_by_query_is_sent_away_from_its_address_on_the_same_connection() {
    let flow = begin().await;
    let mut stream = flow.connect().await;
    stream.write_all(flow.by_query(&flow.right()).as_bytes()).await.unwrap();
    let mut reply = vec![0; 4096];
    let length = stream.read(&mut reply).await.unwrap();
    let reply = String::from_utf8_lossy(&reply[..length]).into_owned();
    assert_eq!(status(&reply), "303");
    assert!(reply.contains("Location: /d365conn/received\r\n"), "{reply}");
    assert!(is_closed(flow.port).await);
    let next = format!("GET /d365conn/received HTTP/1.1\r\nHost: localhost:{}\r\n\r\n", flow.port);
    assert!(converse_raw(stream, next.as_bytes()).await.ends_with(RECEIVED_PAGE));
    assert_eq!(flow.code().await, "abc");
}

#[tokio::test]
async fn a_browser_that_comes_back_on_a_new_connection_gets_its_page() {
    let flow = begin().await;
    let mut first = flow.connect().await;
    first.write_all(flow.by_query(&flow.right()).as_bytes()).await.unwrap();
    assert!(first.read(&mut [0; 4096]).await.unwrap() > 0);
    let next = format!("GET /d365conn/received HTTP/1.1\r\nHost: localhost:{}\r\n\r\n", flow.port);
    assert!(flow.say(&next).await.ends_with(RECEIVED_PAGE));
    assert!(is_closed(flow.port).await);
    assert_eq!(flow.code().await, "abc");
}

#[tokio::test]
async fn the_page_of_thanks_is_not_shown_before_the_answer() {
    let flow = begin().await;
    let early = format!("GET /d365conn/received HTTP/1.1\r\nHost: localhost:{}\r\n\r\n", flow.port);
    assert_eq!(status(&flow.say(&early).await), "404");
    flow.say(&flow.by_form(&flow.right())).await;
    assert_eq!(flow.code().await, "abc");
}

#[tokio::test]
async fn a_thousand_made_up_refusals_do_not_end_a_sign_in() {
    let flow = begin().await;
    for round in 0..1000 {
        let reply = flow.say(&flow.by_query(&format!("error=access_denied&state=wrong{round}"))).await;
        assert_eq!(status(&reply), "400");
        assert!(reply.ends_with(STRANGER_PAGE));
    }
    flow.say(&flow.by_form(&flow.right())).await;
    assert_eq!(flow.code().await, "abc");
}

#[tokio::test]
async fn a_name_that_merely_resolves_here_gets_nothing() {
    let flow = begin().await;
    let rebound = format!("GET /?{} HTTP/1.1\r\nHost: evil.example:{}\r\n\r\n", flow.right(), flow.port);
    assert_eq!(status(&flow.say(&rebound).await), "421");
    let hostless = format!("GET /?{} HTTP/1.1\r\n\r\n", flow.right());
    assert_eq!(status(&flow.say(&hostless).await), "400");
    let absolute =
        format!("GET http://localhost:{0}/?{1} HTTP/1.1\r\nHost: localhost:{0}\r\n\r\n", flow.port, flow.right());
    assert_eq!(status(&flow.say(&absolute).await), "400");
    flow.say(&flow.by_form(&flow.right())).await;
    assert_eq!(flow.code().await, "abc");
}

#[tokio::test]
async fn nothing_from_a_request_is_ever_sent_back() {
    let flow = begin().await;
    for hostile in [
        "error=x&error_description=%3Cscript%3Ealert(1)%3C/script%3E&state=wrong".to_owned(),
        format!("state=x&code={}", "y".repeat(9000)),
        "state=\u{1}".to_owned(),
    ] {
        let reply = flow.say(&flow.by_query(&hostile)).await;
        assert!(reply.ends_with(STRANGER_PAGE), "{reply}");
    }
    let refusal = format!("error=server_error&error_description=%3Cscript%3E%0d%0aX-Evil:%201&state={}", flow.state);
    let reply = flow.say(&flow.by_form(&refusal)).await;
    assert!(reply.ends_with(RECEIVED_PAGE) && !reply.contains("script") && !reply.contains("X-Evil"));
    assert!(matches!(flow.answer.await.unwrap(), Err(AuthError::Refused(_))));
}

#[tokio::test]
async fn too_much_and_nonsense_are_turned_away() {
    let flow = begin().await;
    for (nonsense, expected) in [
        (format!("GET /?x={} HTTP/1.1\r\n", "y".repeat(80 * 1024)), "413"),
        (format!("GET / HTTP/1.1\r\n{}", "A: b\r\n".repeat(5000)), "400"),
        ("POST / HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n".to_owned(), "413"),
        ("POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx".to_owned(), "400"),
        ("POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n".to_owned(), "400"),
        ("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n".to_owned(), "400"),
        ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_owned(), "400"),
        ("\u{16}\u{3}\u{1}\u{2}".to_owned(), "400"),
    ] {
        let reply = flow.say(&nonsense).await;
        // What is still on its way when the connection closes may take the reply with it.
        assert!(reply.is_empty() || status(&reply) == expected, "{expected}: {reply}");
    }
    flow.say(&flow.by_form(&flow.right())).await;
    assert_eq!(flow.code().await, "abc");
}

#[tokio::test]
async fn fifty_idle_sockets_do_not_keep_the_browser_out() {
    let flow = begin().await;
    let mut idle = Vec::new();
    for _ in 0..50 {
        let mut stream = flow.connect().await;
        let _ = stream.write_all(b"GET /?").await;
        idle.push(stream);
    }
    let began = Instant::now();
    let reply = flow.say(&flow.by_form(&flow.right())).await;
    assert_eq!(status(&reply), "200");
    assert!(began.elapsed() < Duration::from_secs(1), "{:?}", began.elapsed());
    assert_eq!(flow.code().await, "abc");
}

#[tokio::test]
async fn an_answer_among_many_connections_that_came_at_one_moment_is_heard() {
    let listener = Listener::bind(&RedirectUri::default()).await.unwrap();
    let authorization = authorization(&listener.redirect_uri());
    let port = listener.port();
    let mut crowd = Vec::new();
    for _ in 0..50 {
        crowd.push(TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.unwrap());
    }
    let form = format!("code=abc&state={}", authorization.state.expose());
    let request = format!(
        "POST / HTTP/1.1\r\nHost: localhost:{port}\r\nContent-Type: application/x-www-form-urlencoded\r\n\
         Content-Length: {}\r\n\r\n{form}",
        form.len()
    );
    // In the middle: long before the newest ones, which alone would be kept.
    crowd[25].write_all(request.as_bytes()).await.unwrap();
    let code = timeout(Duration::from_secs(1), listener.code(&authorization, |_| ())).await.unwrap().unwrap();
    assert_eq!(code.secret().expose(), "abc");
}

#[tokio::test]
async fn a_browser_that_connects_ahead_and_asks_for_an_icon_disturbs_nothing() {
    let flow = begin().await;
    let ahead = [flow.connect().await, flow.connect().await, flow.connect().await];
    let icon = format!("GET /favicon.ico HTTP/1.1\r\nHost: localhost:{}\r\n\r\n", flow.port);
    assert_eq!(status(&flow.say(&icon).await), "404");
    let reply = flow.say(&flow.by_form(&flow.right())).await;
    assert_eq!(status(&reply), "200");
    assert_eq!(flow.code().await, "abc");
    drop(ahead);
}

#[tokio::test]
async fn an_answer_in_pieces_is_put_together() {
    let flow = begin().await;
    let mut stream = flow.connect().await;
    stream.set_nodelay(true).unwrap();
    for byte in flow.by_form(&flow.right()).bytes() {
        stream.write_all(&[byte]).await.unwrap();
        tokio::task::yield_now().await;
    }
    assert!(converse_raw(stream, b"").await.ends_with(RECEIVED_PAGE));
    assert_eq!(flow.code().await, "abc");
}

#[tokio::test]
async fn a_second_good_answer_gets_the_same_page_and_one_code_comes_out() {
    let flow = begin().await;
    let (mut one, mut other) = (flow.connect().await, flow.connect().await);
    let request = flow.by_form(&flow.right());
    one.write_all(request.as_bytes()).await.unwrap();
    other.write_all(request.as_bytes()).await.unwrap();
    let (one, other) = tokio::join!(converse_raw(one, b""), converse_raw(other, b""));
    assert_eq!(one, other);
    assert!(one.ends_with(RECEIVED_PAGE));
    assert_eq!(flow.code().await, "abc");
}

#[tokio::test]
async fn the_user_s_no_is_told_with_entra_s_ids() {
    let flow = begin().await;
    let no = format!(
        "error=access_denied&error_subcode=cancel&error_description=AADSTS65004%3a+No.%0d%0aCorrelation+ID%3a+9999&state={}",
        flow.state
    );
    flow.say(&flow.by_form(&no)).await;
    let Err(AuthError::Refused(refusal)) = flow.answer.await.unwrap() else { panic!("it was refused") };
    assert_eq!(refusal.phrase().code, "auth/cancelled");
    assert_eq!(refusal.error.correlation_id.as_deref(), Some("9999"));
}

#[tokio::test]
async fn ipv6_answers_on_the_same_port_where_the_computer_has_it() {
    let flow = begin().await;
    if let Ok(stream) = TcpStream::connect((Ipv6Addr::LOCALHOST, flow.port)).await {
        let request = flow.by_form(&flow.right()).replace("localhost:", "[::1]:");
        assert_eq!(status(&converse_raw(stream, request.as_bytes()).await), "200");
    } else {
        flow.say(&flow.by_form(&flow.right())).await;
    }
    assert_eq!(flow.code().await, "abc");
}

#[tokio::test]
async fn a_registered_port_that_is_taken_is_never_replaced_by_another() {
    let holder = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let port = holder.local_addr().unwrap().port();
    let redirect = RedirectUri::parse(&format!("http://localhost:{port}/callback")).unwrap();
    assert!(matches!(Listener::bind(&redirect).await, Err(AuthError::PortTaken { port: taken }) if taken == port));
    drop(holder);
    let listener = Listener::bind(&redirect).await.unwrap();
    assert_eq!(listener.redirect_uri(), format!("http://localhost:{port}/callback"));
    assert!(matches!(Listener::bind(&redirect).await, Err(AuthError::PortTaken { .. })));
}

#[tokio::test]
async fn only_the_loopback_interface_is_listened_on() {
    let listener = Listener::bind(&RedirectUri::default()).await.unwrap();
    assert!(listener.v4.local_addr().unwrap().ip().is_loopback());
    assert!(listener.v6.as_ref().is_none_or(|v6| v6.local_addr().unwrap().ip().is_loopback()));
    let by_number = Listener::bind(&RedirectUri::parse("http://127.0.0.1").unwrap()).await.unwrap();
    assert!(by_number.v6.is_none());
    assert_ne!(listener.port(), by_number.port());
}

#[tokio::test]
async fn an_answer_with_twenty_kilobytes_of_cookies_is_taken() {
    let cookies = format!("Cookie: {}\r\n", "session=0123456789abcdef; ".repeat(800));
    assert!(cookies.len() > 20_000);
    for by_form in [true, false] {
        let flow = begin().await;
        let request = if by_form { flow.by_form(&flow.right()) } else { flow.by_query(&flow.right()) };
        let reply = flow.say(&request.replacen("Host:", &format!("{cookies}Host:"), 1)).await;
        assert!(["200", "303"].contains(&status(&reply)), "{reply}");
        assert_eq!(flow.code().await, "abc");
    }
}

#[tokio::test]
async fn a_request_that_is_too_long_is_told_here_and_there_and_the_wait_goes_on() {
    let listener = Listener::bind(&RedirectUri::default()).await.unwrap();
    let port = listener.port();
    let authorization = authorization(&listener.redirect_uri());
    let state = authorization.state.expose().to_owned();
    let (tell, mut told) = tokio::sync::mpsc::unbounded_channel();
    let answer = tokio::spawn(async move {
        let on_turned_away = |why| tell.send(why).unwrap();
        timeout(LONG, listener.code(&authorization, on_turned_away)).await.unwrap()
    });
    let say = async |request: String| {
        converse_raw(TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.unwrap(), request.as_bytes()).await
    };
    for _ in 0..2 {
        let cookies = "session=0123456789abcdef; ".repeat(5000);
        let reply =
            say(format!("GET /?code=abc HTTP/1.1\r\nHost: localhost:{port}\r\nCookie: {cookies}\r\n\r\n")).await;
        assert!(status(&reply) == "413" && reply.contains("Too many cookies for localhost"), "{reply}");
    }
    let forwarded = format!("GET /?code=abc&state={state} HTTP/1.1\r\nHost: x-{port}.app.github.dev\r\n\r\n");
    assert_eq!(status(&say(forwarded).await), "421");
    let elsewhere = format!("GET /favicon.ico HTTP/1.1\r\nHost: localhost:{port}\r\n\r\n");
    assert_eq!(status(&say(elsewhere).await), "404");
    let other = format!("GET /?code=abc&state=other HTTP/1.1\r\nHost: localhost:{port}\r\n\r\n");
    assert_eq!(status(&say(other).await), "400");
    say(format!("GET /?code=abc&state={state} HTTP/1.1\r\nHost: localhost:{port}\r\n\r\n")).await;
    assert_eq!(answer.await.unwrap().unwrap().secret().expose(), "abc");
    let mut all = Vec::new();
    while let Some(why) = told.recv().await {
        all.push(why);
    }
    assert_eq!(all, [TurnedAway::TooLong, TurnedAway::ForeignHost, TurnedAway::NotTheAnswer], "each is told once");
}

#[test]
fn a_request_is_measured_the_same_at_every_cut() {
    let whole = b"POST /callback HTTP/1.1\r\nHost: localhost:1\r\nContent-Length: 5\r\n\r\nhello";
    for cut in 0..whole.len() {
        assert_eq!(measure(&whole[..cut]), None, "{cut}");
    }
    assert_eq!(measure(whole), Some(Read::Whole(Size { head: whole.len() - 5, total: whole.len() })));
}

proptest::proptest! {
    /// However the network cuts a request, it is measured as if it had come in one piece.
    #[test]
    fn a_request_is_measured_alike_in_pieces_of_every_size(
        pieces in proptest::collection::vec(proptest::sample::select(vec![
            "GET / HTTP/1.1\r\n", "POST /callback HTTP/1.1\r\n", "Host: localhost:1\r\n", "Content-Length: 5\r\n",
            "Content-Length: 0\r\n", "Content-Length: -1\r\n", "Content-Length: 99999999999999999999\r\n", "\r\n", "\n", "hello",
            "Transfer-Encoding: chunked\r\n", "X-Odd: \u{e9}\r\n", ": \r\n", "\0", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "Cookie: a=b\r\n",
        ]), 0..12),
        cuts in proptest::collection::vec(proptest::prelude::any::<proptest::sample::Index>(), 0..8),
    ) {
        let whole = pieces.concat().into_bytes();
        let mut ends: Vec<usize> = cuts.iter().map(|cut| cut.index(whole.len() + 1)).chain([whole.len()]).collect();
        ends.sort_unstable();
        let in_pieces = ends.iter().find_map(|end| measure(&whole[..*end]));
        proptest::prop_assert_eq!(&in_pieces, &measure(&whole));
        if let Some(Read::Whole(size)) = in_pieces {
            proptest::prop_assert!(size.head <= size.total && size.total <= whole.len() && size.total <= LONGEST);
        }
    }
}
