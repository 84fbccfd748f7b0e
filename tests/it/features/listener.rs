//! The listener under attack: whoever is on this computer, or a page in the user's browser, talks to it while `connect`
//! waits. Raw bytes, against the whole program. What one request is worth is tabled in `tests/data/callbacks.toml`.
//!
//! | what is tried | test |
//! |---|---|
//! | T17 where it listens, and for how long | `real/listener.rs`: `a_sign_in_listens_on_loopback_only…`; here `a_wait_that_is_over…` |
//! | T18 the address that is sent is the one that is bound | `the_answer_may_come_to_either_loopback_address` |
//! | T19 no, wrong, cut, doubled or old state | `an_answer_without_the_right_state_is_passed_over…` |
//! | T20 made-up refusals | `a_thousand_made_up_refusals_do_not_end_a_sign_in` |
//! | T21 another issuer | `an_answer_from_another_issuer_is_passed_over` |
//! | T22 a stranger's code | `a_stranger_s_code_is_never_taken…` |
//! | T23 the authorize request | `what_is_asked_of_entra_is_fresh_each_time…` |
//! | T24 DNS rebinding | `a_name_that_merely_resolves_here_gets_nothing` |
//! | T25 other sites' scripts, images and questions | `only_a_page_that_the_user_sees_can_bring_the_answer` |
//! | T26 text that would be shown | `nothing_of_a_request_is_shown_in_the_browser_or_on_the_terminal` |
//! | T27 what stays in the browser | `the_code_leaves_the_address_at_once`; `real/browser.rs` |
//! | T28 floods | `a_flood_does_not_keep_the_user_out` |
//! | T29 connections ahead of need, icons | `a_browser_that_connects_ahead_and_asks_for_an_icon_is_no_answer` |
//! | T30 squatters | `nobody_can_share_the_port…`, `connect.rs`: `a_taken_port…`; `real/listener.rs` |
//! | T31 another user of this computer | `real/listener.rs`: `another_user_of_this_computer…` |
//! | T32 nobody answers; two at once | `a_wait_that_is_over…`, `two_sign_ins_at_once…` |
//! | T33 what opens the browser | `auth/browser.rs`; `real/listener.rs`: `the_browser_is_given_the_address…` |
//! | T34 no browser here | `connect.rs`: `without_a_terminal_no_browser_is_opened`; every `--no-browser` in `real` |
//! | T35 the answer twice | `an_answer_that_comes_twice_is_redeemed_once` |

use std::io::{Read as _, Write as _};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use d365conn::sandbox::{GUEST, INES, Robot};
use url::Url;

use crate::world::{Outcome, World};

const STRANGER: &str = "<h1>Nothing here</h1>";
const TOO_LONG: &str = "<h1>Too many cookies for localhost</h1>";
const THANKS: &str = "<h1>Received</h1>";

/// The address that waits for an answer, as whoever is on this computer may find it.
#[derive(Clone)]
pub struct Door {
    port: u16,
    pub state: String,
    /// The sign-in address; only the browser knows it.
    url: Url,
}

impl Door {
    fn of(address: &str) -> Self {
        let url = Url::parse(address).unwrap();
        let redirect_uri = Url::parse(&asked(&url, "redirect_uri")).unwrap();
        Self { port: redirect_uri.port().unwrap(), state: asked(&url, "state"), url }
    }

    pub fn connect(&self) -> TcpStream {
        self.connect_to(Ipv4Addr::LOCALHOST.into()).unwrap()
    }

    fn connect_to(&self, address: IpAddr) -> std::io::Result<TcpStream> {
        let stream = TcpStream::connect_timeout(&SocketAddr::from((address, self.port)), Duration::from_secs(5))?;
        stream.set_read_timeout(Some(Duration::from_secs(10)))?;
        Ok(stream)
    }

    /// Sends a request and reads to the end.
    pub fn say(&self, request: &str) -> String {
        say_on(self.connect(), request.as_bytes())
    }

    pub fn get(&self, target: &str, headers: &str) -> String {
        format!("GET {target} HTTP/1.1\r\nHost: localhost:{}\r\n{headers}\r\n", self.port)
    }

    pub fn post(&self, form: &str, headers: &str) -> String {
        format!(
            "POST / HTTP/1.1\r\nHost: localhost:{}\r\n{headers}Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{form}",
            self.port,
            form.len()
        )
    }

    /// The answer with the right state and a code that Entra never gave.
    pub fn made_up(&self) -> String {
        format!("code=made-up&state={}", self.state)
    }

    fn is_closed(&self) -> bool {
        [IpAddr::from(Ipv4Addr::LOCALHOST), Ipv6Addr::LOCALHOST.into()]
            .into_iter()
            .all(|address| self.connect_to(address).is_err())
    }
}

fn asked(url: &Url, name: &str) -> String {
    url.query_pairs().find(|(key, _)| key == name).unwrap().1.into_owned()
}

fn say_on(mut stream: TcpStream, request: &[u8]) -> String {
    // Whoever turns a request away early may close before all of it has come.
    let _ = stream.write_all(request);
    let mut reply = Vec::new();
    let _ = stream.read_to_end(&mut reply);
    String::from_utf8_lossy(&reply).into_owned()
}

pub fn status(reply: &str) -> &str {
    reply.get(9..12).unwrap_or(reply)
}

/// Everything that was sent to the token endpoint to redeem a code.
fn redeemed(world: &World) -> usize {
    let requests = world.sandbox.requests();
    requests.iter().filter(|request| request.field("grant_type") == Some("authorization_code")).count()
}

/// Runs `connect MORE`; once it waits, `attack` is made, and only after it the user signs in. Gives back what came of both.
fn attacked<T: Send + 'static>(
    world: &mut World,
    more: &str,
    attack: impl Fn(&Door) -> T + Send + Sync + Clone + 'static,
) -> (Outcome, T) {
    left_alone(world, more, move |door| {
        let seen = attack(door);
        Robot::new(INES).in_background()(door.url.as_str());
        seen
    })
}

/// The same without a user who signs in.
pub fn left_alone<T: Send + 'static>(
    world: &mut World,
    more: &str,
    attack: impl Fn(&Door) -> T + Send + Sync + Clone + 'static,
) -> (Outcome, T) {
    let (tell, told) = mpsc::channel();
    world.seat_alone(move |address| {
        let (door, attack, tell) = (Door::of(address), attack.clone(), tell.clone());
        thread::spawn(move || tell.send(attack(&door)));
    });
    let outcome = world.run(&format!("connect --tenant-url {{org}} --store file {more}"));
    let seen = told.recv_timeout(Duration::from_secs(30)).expect("the attack failed");
    (outcome, seen)
}

#[test]
fn the_answer_may_come_to_either_loopback_address() {
    let mut world = World::new();
    let (outcome, (door, by_v4, by_v6)) = attacked(&mut world, "", |door| {
        let ask = |address: IpAddr| door.connect_to(address).map(|stream| say_on(stream, door.get("/", "").as_bytes()));
        (door.clone(), ask(Ipv4Addr::LOCALHOST.into()), ask(Ipv6Addr::LOCALHOST.into()))
    });
    outcome.succeeds();
    assert_eq!(asked(&door.url, "redirect_uri"), format!("http://localhost:{}", door.port));
    assert_eq!(status(&by_v4.unwrap()), "400");
    // A computer without IPv6 has no second address for that name.
    let has_v6 = std::net::TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).is_ok();
    assert_eq!(by_v6.map(|reply| status(&reply).to_owned()).ok(), has_v6.then(|| "400".to_owned()));
    assert!(door.is_closed());
}

#[test]
fn an_answer_without_the_right_state_is_passed_over_and_the_right_one_is_still_awaited() {
    let mut world = World::new();
    let (tell, told) = mpsc::channel();
    let (first, ()) = attacked(&mut world, "", move |door| tell.send(door.state.clone()).unwrap());
    first.succeeds();
    let old = told.recv().unwrap();
    let before = redeemed(&world);
    let (outcome, replies) = left_alone(&mut world, "--wait 1s", move |door| {
        let right = door.state.as_str();
        let states = [
            String::new(),
            "&state=".to_owned(),
            "&state=wrong".to_owned(),
            format!("&state={}", &right[..right.len() - 1]),
            format!("&state={right}x"),
            format!("&state={}", right.to_lowercase()),
            format!("&state={right}&state={right}"),
            format!("&state=wrong&state={right}"),
            format!("&State={right}"),
            format!("&state={old}"),
        ];
        let by_query = states.iter().map(|state| door.say(&door.get(&format!("/?code=made-up{state}"), "")));
        let by_form = states.iter().map(|state| door.say(&door.post(&format!("code=made-up{state}"), "")));
        by_query.chain(by_form).collect::<Vec<_>>()
    });
    outcome.fails(4, "auth/timed-out");
    assert_eq!(replies.len(), 20);
    for reply in replies {
        assert!(status(&reply) == "400" && reply.contains(STRANGER), "{reply}");
    }
    assert_eq!(redeemed(&world), before, "a code was redeemed");
    let (outcome, reply) = attacked(&mut world, "", |door| door.say(&door.get("/?code=made-up&state=wrong", "")));
    assert_eq!(status(&reply), "400");
    outcome.succeeds();
}

#[test]
fn a_thousand_made_up_refusals_do_not_end_a_sign_in() {
    let mut world = World::new();
    let (outcome, all_passed_over) = attacked(&mut world, "", |door| {
        (0..1000).all(|round| {
            let refusal = format!("/?error=access_denied&error_subcode=cancel&state=guess{round}");
            status(&door.say(&door.get(&refusal, "Origin: null\r\n"))) == "400"
        })
    });
    assert!(all_passed_over);
    outcome.succeeds();
}

#[test]
fn an_answer_from_another_issuer_is_passed_over() {
    let mut world = World::new();
    let (outcome, replies) = attacked(&mut world, "", |door| {
        let (place, _) = door.url.as_str().split_once("/oauth2/").unwrap();
        let issuers = [
            format!("{place}/v2.0/"),
            format!("{place}/V2.0"),
            place.to_owned(),
            "https://evil.example/v2.0".to_owned(),
        ];
        issuers.map(|issuer| {
            let issuer: String = url::form_urlencoded::byte_serialize(issuer.as_bytes()).collect();
            door.say(&door.post(&format!("{}&iss={issuer}", door.made_up()), ""))
        })
    });
    for reply in replies {
        assert_eq!(status(&reply), "400", "{reply}");
    }
    outcome.succeeds();
}

#[test]
fn a_stranger_s_code_is_never_taken_for_the_user_s() {
    // His own code, from a sign-in of his own: it comes with his own state.
    let mut world = World::new();
    let (outcome, ()) = attacked(&mut world, "", |door| {
        let own = door.url.as_str().replace(&door.state, "a-state-of-his-own-that-is-long-enough");
        Robot::new(GUEST).in_background()(&own);
    });
    let said = outcome.stderr.clone();
    outcome.succeeds();
    assert!(said.contains(INES.user_name), "{said}");

    // Even with the state stolen, the code was given for another proof key.
    let mut world = World::new();
    let (outcome, ()) = left_alone(&mut world, "", |door| {
        let own = door.url.as_str().replace(&asked(&door.url, "code_challenge"), &"s".repeat(43));
        Robot::new(INES).in_background()(&own);
    });
    outcome.fails(4, "auth/");
    assert_eq!(redeemed(&world), 1);
    assert_eq!(world.run("connections list -o json").succeeds().trim(), "[]");
}

#[test]
fn what_is_asked_of_entra_is_fresh_each_time_and_holds_no_secret() {
    let mut world = World::new();
    let mut seen = Vec::new();
    for prompt in ["select-account", "login"] {
        let (outcome, door) = attacked(&mut world, &format!("--prompt {prompt}"), Door::clone);
        outcome.succeeds();
        let url = &door.url;
        assert_eq!(asked(url, "response_type"), "code");
        assert_eq!(asked(url, "response_mode"), "form_post");
        assert_eq!(asked(url, "code_challenge_method"), "S256");
        // 32 bytes each, in base64url.
        assert_eq!(asked(url, "code_challenge").len(), 43);
        assert!(asked(url, "state").len() >= 22, "{}", asked(url, "state"));
        assert_eq!(asked(url, "prompt").replace('_', "-"), prompt);
        let names: Vec<String> = url.query_pairs().map(|(name, _)| name.into_owned()).collect();
        for secret in ["client_secret", "code_verifier"] {
            assert!(!names.iter().any(|name| name == secret), "{names:?}");
        }
        seen.push((asked(url, "code_challenge"), asked(url, "state"), asked(url, "nonce")));
    }
    let ((first, state, nonce), (second, other_state, other_nonce)) = (&seen[0], &seen[1]);
    assert!(first != second && state != other_state && nonce != other_nonce, "{seen:?}");
    let verifiers: Vec<String> = world
        .sandbox
        .requests()
        .iter()
        .filter_map(|request| request.field("code_verifier").map(str::to_owned))
        .collect();
    assert_eq!(verifiers.len(), 2);
    assert!(verifiers.iter().all(|verifier| (43..=128).contains(&verifier.len())) && verifiers[0] != verifiers[1]);
}

#[test]
fn a_name_that_merely_resolves_here_gets_nothing() {
    let mut world = World::new();
    let (outcome, replies) = attacked(&mut world, "", |door| {
        let (port, target) = (door.port, format!("/?{}", door.made_up()));
        let raw = |target: &str, hosts: &str| door.say(&format!("GET {target} HTTP/1.1\r\n{hosts}\r\n"));
        let host = |host: &str| raw(&target, &format!("Host: {host}\r\n"));
        [
            ("421", host(&format!("evil.example:{port}"))),
            ("421", host(&format!("localhost.evil.example:{port}"))),
            ("421", host(&format!("127.0.0.1.nip.io:{port}"))),
            ("421", host("localhost")),
            ("421", host(&format!("0.0.0.0:{port}"))),
            ("400", raw(&target, "")),
            ("400", raw(&target, &format!("Host: localhost:{port}\r\nHost: evil.example\r\n"))),
            ("400", raw(&format!("http://localhost:{port}{target}"), &format!("Host: localhost:{port}\r\n"))),
            ("400", raw(&format!("//localhost:{port}{target}"), &format!("Host: localhost:{port}\r\n\r\n"))),
        ]
    });
    for (expected, reply) in replies {
        // A target with two slashes is a path, which is not ours.
        assert!([expected, "404"].contains(&status(&reply)) && reply.contains(STRANGER), "{expected}: {reply}");
    }
    outcome.succeeds();
}

#[test]
fn only_a_page_that_the_user_sees_can_bring_the_answer() {
    let mut world = World::new();
    let (outcome, replies) = attacked(&mut world, "", |door| {
        let target = format!("/?{}", door.made_up());
        let method = |method: &str| door.say(&door.get(&target, "").replacen("GET", method, 1));
        let mut replies: Vec<String> = [
            "Origin: https://evil.example\r\n",
            "Origin: http://login.microsoftonline.com.evil.example\r\n",
            "Sec-Fetch-Mode: no-cors\r\nSec-Fetch-Dest: image\r\n",
            "Sec-Fetch-Mode: cors\r\nSec-Fetch-Dest: empty\r\n",
            "Sec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: iframe\r\n",
            "Sec-Fetch-Dest: script\r\n",
        ]
        .iter()
        .map(|headers| door.say(&door.get(&target, headers)))
        .collect();
        replies.extend(["OPTIONS", "HEAD", "PUT", "DELETE", "TRACE", "CONNECT"].map(method));
        replies.push(door.say(&door.post(&door.made_up(), "Origin: https://evil.example\r\n")));
        replies.push(door.say(&door.post(&door.made_up(), "").replace("x-www-form-urlencoded", "json")));
        replies
    });
    for reply in replies {
        assert!(["403", "405", "415"].contains(&status(&reply)), "{reply}");
        assert!(!reply.to_ascii_lowercase().contains("access-control-"), "{reply}");
    }
    outcome.succeeds();
}

#[test]
fn nothing_of_a_request_is_shown_in_the_browser_or_on_the_terminal() {
    let mut world = World::new();
    let (outcome, replies) = left_alone(&mut world, "", |door| {
        let hostile = "%3C/title%3E%3Cscript%3Ealert(1)%3C/script%3E%1b[2J%07%0d%0aX-Evil:%201";
        let strange = [
            door.get(&format!("/?error=x&error_description={hostile}&state=wrong"), ""),
            door.get(&format!("/{hostile}"), ""),
            door.get("/", &format!("X-Evil: {hostile}\r\nReferer: http://{hostile}\r\n")),
            door.post(&format!("error={hostile}&error_description={}&state=wrong", "y".repeat(1 << 20)), ""),
        ]
        .map(|request| door.say(&request));
        let refusal =
            format!("error=server_error&error_description={hostile}&error_uri={hostile}&state={}", door.state);
        (strange, door.say(&door.post(&refusal, "Origin: null\r\n")))
    });
    let said = outcome.fails(6, "auth/entra-trouble");
    assert!(said.contains("alert(1)"), "what Entra says is told all the same: {said}");
    assert!(!said.contains('\u{1b}') && !said.contains('\u{7}'), "{said:?}");
    let (strange, thanks) = replies;
    let body = |reply: &str| reply.split_once("\r\n\r\n").map(|(_, body)| body.to_owned()).unwrap_or_default();
    for reply in strange.iter().filter(|reply| !reply.is_empty()).chain([&thanks]) {
        let text = body(reply);
        assert!([STRANGER, THANKS, TOO_LONG].iter().any(|page| text.contains(page)), "{reply}");
        assert!(!reply.contains("script") && !reply.contains("X-Evil") && !reply.contains("yyy"), "{reply}");
        for header in [
            "Content-Type: text/html; charset=utf-8",
            "Content-Security-Policy: default-src 'none'",
            "X-Content-Type-Options: nosniff",
            "Referrer-Policy: no-referrer",
            "Cache-Control: no-store",
            "Connection: close",
        ] {
            assert!(reply.contains(header), "no {header}: {reply}");
        }
    }
    assert_eq!(body(&strange[0]), body(&strange[1]), "a page that depends on the request");
    assert_eq!(status(&thanks), "200");
}

#[test]
fn the_code_leaves_the_address_at_once() {
    let mut world = World::new();
    let (outcome, (sent_on, page)) = left_alone(&mut world, "--response-mode query", |door| {
        let mut stream = door.connect();
        stream.write_all(door.get(&format!("/?{}", door.made_up()), "").as_bytes()).unwrap();
        let mut reply = [0; 4096];
        let length = stream.read(&mut reply).unwrap();
        let sent_on = String::from_utf8_lossy(&reply[..length]).into_owned();
        let next = sent_on.lines().find_map(|line| line.strip_prefix("Location: ")).unwrap_or("/").to_owned();
        (sent_on, say_on(stream, door.get(&next, "").as_bytes()))
    });
    // The code was made up, and Entra says so.
    outcome.fails(4, "auth/");
    assert_eq!(status(&sent_on), "303");
    let place = sent_on.lines().find_map(|line| line.strip_prefix("Location: ")).unwrap();
    assert!(place.starts_with('/') && !place.contains(['?', '#', '=']), "{place}");
    assert!(sent_on.contains("Referrer-Policy: no-referrer") && sent_on.contains("Cache-Control: no-store"));
    assert_eq!(status(&page), "200");
    let page = page.split_once("\r\n\r\n").unwrap().1;
    for link in ["src=", "href=", "url(", "http"] {
        assert!(!page.contains(link), "the page loads or links something: {page}");
    }
}

#[test]
fn a_flood_does_not_keep_the_user_out() {
    let mut world = World::new();
    let (outcome, took) = left_alone(&mut world, "", |door| {
        let is_over = AtomicBool::new(false);
        thread::scope(|scope| {
            // Fifty that say a byte now and then.
            let mut slow: Vec<TcpStream> = (0..50).map(|_| door.connect()).collect();
            // Some that never stop talking: headers without end, one header without end, and other protocols.
            let endless: [&[u8]; 5] = [
                b"GET / HTTP/1.1\r\n",
                b"GET / HTTP/1.1\r\nX: ",
                b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
                b"\x16\x03\x01\x02\x00\x01\x00",
                b"POST / HTTP/1.1\r\nContent-Length: 4294967296\r\n\r\n",
            ];
            for beginning in endless {
                let is_over = &is_over;
                scope.spawn(move || {
                    while !is_over.load(Ordering::Relaxed) {
                        let Ok(mut stream) = door.connect_to(Ipv4Addr::LOCALHOST.into()) else { return };
                        let _ = stream.write_all(beginning);
                        while !is_over.load(Ordering::Relaxed) && stream.write_all(b"a: b\r\n").is_ok() {}
                    }
                });
            }
            for round in 0..20 {
                for stream in &mut slow {
                    let _ = stream.write_all(&[b"GET / HTTP/1.1\r\nHo"[round % 18]]);
                }
            }
            let began = Instant::now();
            let reply = door.say(&door.post(&door.made_up(), "Origin: null\r\n"));
            let took = began.elapsed();
            is_over.store(true, Ordering::Relaxed);
            assert_eq!(status(&reply), "200", "{reply}");
            took
        })
    });
    outcome.fails(4, "auth/");
    assert_eq!(redeemed(&world), 1, "the answer went through");
    assert!(took < Duration::from_secs(1), "{took:?}");
}

#[test]
fn a_browser_that_connects_ahead_and_asks_for_an_icon_is_no_answer() {
    let mut world = World::new();
    let (outcome, icon) = attacked(&mut world, "", |door| {
        let ahead: Vec<TcpStream> = (0..3).map(|_| door.connect()).collect();
        let icon = door.say(&door.get("/favicon.ico", "Sec-Fetch-Dest: image\r\nSec-Fetch-Mode: no-cors\r\n"));
        drop(ahead);
        icon
    });
    assert_eq!(status(&icon), "404");
    outcome.succeeds();
}

#[cfg(target_os = "linux")]
#[test]
fn nobody_can_share_the_port_and_the_next_sign_in_has_it_again() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let mut world = World::new();
    let line = format!("--redirect-uri http://localhost:{port}/");
    for _ in 0..2 {
        let (outcome, shared) = attacked(&mut world, &line, move |door| {
            assert_eq!(door.port, port);
            let ways = [(true, false), (false, true), (true, true)];
            let places: [IpAddr; 4] = [
                Ipv4Addr::LOCALHOST.into(),
                Ipv4Addr::UNSPECIFIED.into(),
                Ipv6Addr::LOCALHOST.into(),
                Ipv6Addr::UNSPECIFIED.into(),
            ];
            let tries = places.into_iter().flat_map(|place| ways.map(|way| (place, way)));
            tries.filter(|(place, (address, port_too))| shares(*place, port, *address, *port_too)).collect::<Vec<_>>()
        });
        assert_eq!(shared, [], "somebody else listens on the same port");
        outcome.succeeds();
    }
}

/// Whether somebody could listen there too, by setting every option that makes a system generous.
#[cfg(target_os = "linux")]
fn shares(place: IpAddr, port: u16, reuse_address: bool, reuse_port: bool) -> bool {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().unwrap();
    let _inside = runtime.enter();
    let socket = if place.is_ipv4() { tokio::net::TcpSocket::new_v4() } else { tokio::net::TcpSocket::new_v6() };
    // A computer without IPv6 has nothing to share there.
    let Ok(socket) = socket else { return false };
    socket.set_reuseaddr(reuse_address).unwrap();
    socket.set_reuseport(reuse_port).unwrap();
    socket.bind(SocketAddr::from((place, port))).is_ok() && socket.listen(1).is_ok()
}

#[test]
fn a_wait_that_is_over_closes_the_door() {
    let mut world = World::new();
    let (outcome, door) = left_alone(&mut world, "--wait 1s", Door::clone);
    outcome.fails(4, "auth/timed-out");
    assert!(door.is_closed());
    // A refusal closes it as well.
    let (outcome, door) = left_alone(&mut world, "", |door| {
        door.say(&door.post(&format!("error=access_denied&error_subcode=cancel&state={}", door.state), ""));
        door.clone()
    });
    outcome.fails(4, "auth/cancelled");
    assert!(door.is_closed());
}

#[test]
fn two_sign_ins_at_once_have_doors_of_their_own() {
    let (tell, told) = mpsc::channel();
    let mut world = World::new();
    world.seat_alone(move |address| tell.send(Door::of(address)).unwrap());
    let (first, second) = thread::scope(|scope| {
        let run = |name: &'static str| {
            let world = &world;
            scope.spawn(move || world.run(&format!("connect --tenant-url {{org}} --store file --name {name}")))
        };
        let runs = [run("first"), run("second")];
        let doors: Vec<Door> = (0..2).map(|_| told.recv_timeout(Duration::from_secs(30)).unwrap()).collect();
        assert_ne!(doors[0].port, doors[1].port);
        assert_ne!(doors[0].state, doors[1].state);
        // The answer to one is none to the other.
        let crossed = format!("/?code=made-up&state={}", doors[1].state);
        assert_eq!(status(&doors[0].say(&doors[0].get(&crossed, ""))), "400");
        for door in &doors {
            Robot::new(INES).in_background()(door.url.as_str());
        }
        let [first, second] = runs.map(|run| run.join().unwrap());
        (first, second)
    });
    first.succeeds();
    second.succeeds();
}

#[test]
fn an_answer_that_comes_twice_is_redeemed_once() {
    for more in ["", "--response-mode query"] {
        let mut world = World::new();
        let (outcome, replies) = left_alone(&mut world, more, |door| {
            let request = door.post(&door.made_up(), "Origin: null\r\n");
            // Both are there before either is answered.
            let mut streams = [door.connect(), door.connect()];
            let (last, first) = request.as_bytes().split_last().unwrap();
            for part in [first, std::slice::from_ref(last)] {
                for stream in &mut streams {
                    stream.write_all(part).unwrap();
                }
            }
            streams.map(|stream| say_on(stream, b""))
        });
        outcome.fails(4, "auth/");
        assert_eq!(redeemed(&world), 1);
        assert_eq!(replies[0], replies[1]);
        assert!(status(&replies[0]) == "200" && replies[0].contains(THANKS), "{}", replies[0]);
    }
}
