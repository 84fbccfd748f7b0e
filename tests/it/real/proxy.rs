//! `proxy` as a process among others: curl behind it, signals, what it listens on, how much it keeps in memory. What it lets
//! through is not asked here.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use d365conn::sandbox::{DAEMON, Sandbox};
use serde_json::Value;

use super::home::Home;
use super::person::{connect, sandbox};
use super::started::{Started, wait_for};

/// A home whose connection lives in the environment.
fn home_of(sandbox: &Sandbox) -> Home {
    let mut home = Home::new();
    home.set("D365CONN_TENANT_URL", &sandbox.address());
    home.set("D365CONN_CLIENT_ID", DAEMON.client_id);
    home.set("D365CONN_CLIENT_SECRET", DAEMON.secret.unwrap());
    home
}

/// The one line that it prints.
fn line(started: &Started) -> String {
    started.hears("address", |text| text.strip_suffix('\n').map(str::to_owned))
}

fn port(line: &str) -> u16 {
    line.split([':', '/']).nth(4).unwrap().parse().unwrap()
}

/// `curl WORDS`; gives back stdout.
#[track_caller]
fn curl(home: &Home, words: &[&str]) -> String {
    let mut command = home.program("curl");
    command.args(["--silent", "--show-error", "--noproxy", "*"]).args(words);
    Started::of(command).finish().succeeds()
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// Requests to the data of the sandbox so far.
fn asked(sandbox: &Sandbox) -> usize {
    sandbox.requests().iter().filter(|seen| seen.path.starts_with("/api/data/v9.2/accounts")).count()
}

#[test]
#[ignore = "needs curl"]
fn curl_lists_two_pages_and_creates_through_a_saved_connection() {
    let home = Home::with_passphrase();
    let sandbox = sandbox();
    connect(&home, &sandbox, "--store file").succeeds();
    let started = home.start("proxy -v");
    let line = line(&started);
    let page = ["--header", "Prefer: odata.maxpagesize=3"];
    let first = json(&curl(&home, &[page[0], page[1], &format!("{line}/api/data/v9.2/accounts?$select=name")]));
    let next = first["@odata.nextLink"].as_str().unwrap();
    let second = json(&curl(&home, &[page[0], page[1], next]));
    assert_eq!((first["value"].as_array().unwrap().len(), second["value"].as_array().unwrap().len()), (3, 3));
    assert_ne!(first["value"], second["value"]);

    let body = ["--json", r#"{"name":"By curl"}"#, "--output", "/dev/null", "--write-out"];
    let accounts = format!("{line}/api/data/v9.2/accounts");
    let created = curl(&home, &[&body[..], &["%{http_code} %header{odata-entityid}", &accounts]].concat());
    let (status, address) = created.split_once(' ').unwrap();
    assert_eq!(status, "204");
    assert_eq!(json(&curl(&home, &[address]))["name"], "By curl");

    started.signal("TERM");
    let finished = started.finish();
    assert_eq!(finished.status.code(), Some(143), "{}", finished.stderr);
    assert_eq!(finished.stdout, format!("{line}\n"), "one line and nothing else");
    let secret = line.rsplit('/').next().unwrap();
    assert!(finished.stderr.contains("POST /api/data/v9.2/accounts 204"), "{}", finished.stderr);
    for hidden in sandbox.issued_secrets().iter().map(String::as_str).chain([secret]) {
        assert!(!finished.stderr.contains(hidden), "{}", finished.stderr);
    }
}

#[test]
#[ignore = "needs curl"]
fn a_read_only_connection_is_served_for_reading() {
    let home = Home::with_passphrase();
    let sandbox = sandbox();
    connect(&home, &sandbox, "--store file").succeeds();
    home.run("connections set sandbox --read-only true").succeeds();
    let started = home.start("proxy");
    let accounts = format!("{}/api/data/v9.2/accounts", line(&started));
    assert!(json(&curl(&home, &[&accounts]))["value"].is_array());
    let before = asked(&sandbox);
    let refused = json(&curl(&home, &["--json", "{}", &accounts]));
    assert_eq!(refused["error"]["code"], "d365conn/proxy/read-only");
    assert_eq!(asked(&sandbox), before);
}

#[test]
#[ignore = "needs curl"]
fn whoever_lacks_the_secret_or_comes_from_a_page_reaches_nothing() {
    let sandbox = sandbox();
    let home = home_of(&sandbox);
    let started = home.start("proxy");
    let line = line(&started);
    let port = port(&line);
    let accounts = format!("{line}/api/data/v9.2/accounts");
    for (words, code) in [
        (vec![format!("http://127.0.0.1:{port}/api/data/v9.2/accounts")], "no-secret"),
        (vec![format!("http://127.0.0.1:{port}/{}/api/data/v9.2/accounts", "0".repeat(64))], "no-secret"),
        (vec!["--header".into(), "Host: evil.example".into(), accounts.clone()], "foreign-host"),
        (vec![accounts.replace("127.0.0.1", "localhost"), "--ipv4".into()], "foreign-host"),
        (vec!["--header".into(), "Sec-Fetch-Site: cross-site".into(), accounts.clone()], "from-a-web-page"),
        (vec!["--header".into(), "Origin: https://evil.example".into(), accounts.clone()], "from-a-web-page"),
        (vec!["--proxy".into(), line.clone(), "--noproxy".into(), String::new(), sandbox.address()], "foreign-host"),
    ] {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let told = json(&curl(&home, &words));
        assert_eq!(told["error"]["code"], format!("d365conn/proxy/{code}"), "{words:?}");
    }
    assert_eq!(asked(&sandbox), 0);
    assert!(json(&curl(&home, &[&accounts]))["value"].is_array());
}

#[test]
#[ignore = "needs curl"]
fn two_hundred_requests_of_curl_at_once_are_all_answered() {
    let sandbox = sandbox();
    let home = home_of(&sandbox);
    let started = home.start("proxy");
    let many = format!("{}/api/data/v9.2/accounts?$select=name&$top=[1-200]", line(&started));
    let parallel = ["--parallel", "--parallel-immediate", "--parallel-max", "200", "--write-out", "%{http_code}\n"];
    let told = curl(&home, &[&parallel[..], &["--output", "/dev/null", &many]].concat());
    assert_eq!(told.lines().filter(|status| *status == "200").count(), 200, "{told}");
    assert_eq!(asked(&sandbox), 200);
}

#[test]
#[ignore = "needs /proc"]
fn it_listens_on_the_loopback_interface_and_nowhere_else() {
    let sandbox = sandbox();
    let home = home_of(&sandbox);
    let started = home.start("proxy");
    let line = line(&started);
    let place = format!(":{:04X} ", port(&line));
    let listening = |file: &str| -> Vec<String> {
        let table = std::fs::read_to_string(file).unwrap_or_default();
        let local = table.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
        let here = local.filter(|words| words.get(3) == Some(&"0A"));
        here.map(|words| format!("{} ", words[1])).filter(|local| local.ends_with(&place)).collect()
    };
    assert_eq!(listening("/proc/net/tcp"), [format!("0100007F{place}")]);
    assert_eq!(listening("/proc/net/tcp6"), Vec::<String>::new());
    // No secret is where other users can read it.
    let words = std::fs::read_to_string(format!("/proc/{}/cmdline", started.id())).unwrap();
    assert!(!words.contains(line.rsplit('/').next().unwrap()), "{words}");

    started.signal("INT");
    let finished = started.finish();
    assert_eq!(finished.status.code(), Some(130), "{}", finished.stderr);
    assert!(TcpStream::connect(("127.0.0.1", port(&line))).is_err());
}

/// How much of a long answer, and of a long request, is sent.
const LONG: usize = 256 << 20;
const LONG_REQUEST: usize = 100 << 20;

/// A service that sends a long answer to a GET and takes a long body of anything else. It says when a client takes nothing.
fn long_service(is_stalled: Arc<AtomicBool>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        while let Ok((mut stream, _)) = listener.accept() {
            stream.set_write_timeout(Some(Duration::from_millis(300))).unwrap();
            let is_stalled = Arc::clone(&is_stalled);
            thread::spawn(move || serve_long(&mut stream, &is_stalled));
        }
    });
    address
}

fn serve_long(stream: &mut TcpStream, is_stalled: &AtomicBool) {
    let mut buffer = vec![b'x'; 1 << 16];
    let count = stream.read(&mut buffer).unwrap_or(0);
    if buffer.starts_with(b"GET") {
        let head = format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {LONG}\r\n\r\n");
        stream.write_all(head.as_bytes()).unwrap();
        let piece = vec![b'x'; 1 << 16];
        let mut left = LONG;
        while left > 0 {
            match stream.write(&piece[..piece.len().min(left)]) {
                Ok(written) => left -= written,
                Err(error) if error.kind() == ErrorKind::WouldBlock => is_stalled.store(true, Ordering::Relaxed),
                Err(_) => return,
            }
        }
        return;
    }
    let mut taken = count;
    while taken < LONG_REQUEST {
        match stream.read(&mut buffer) {
            Ok(0) | Err(_) => return,
            Ok(more) => taken += more,
        }
    }
    let _ = stream.write_all(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n");
    // Whoever closes while bytes are on the way to it takes its own answer back (RFC 9112, section 9.6).
    while stream.read(&mut buffer).is_ok_and(|count| count > 0) {}
}

/// Most memory that a process ever held, in MiB.
fn most_memory(id: u32) -> usize {
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<usize>().unwrap() / 1024
}

#[test]
#[ignore = "needs /proc"]
fn bodies_of_any_length_pass_through_little_memory() {
    let is_stalled = Arc::new(AtomicBool::new(false));
    let mut home = Home::new();
    home.set("D365CONN_TENANT_URL", &long_service(Arc::clone(&is_stalled)));
    home.set("D365CONN_ACCESS_TOKEN", "ready");
    let started = home.start("proxy");
    let line = line(&started);
    let secret = line.rsplit('/').next().unwrap();
    let head = |method: &str, length: usize| {
        format!(
            "{method} /{secret}/api/data/v9.2/accounts HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nConnection: close\r\n\
             Content-Type: application/octet-stream\r\nContent-Length: {length}\r\n\r\n",
            port(&line)
        )
    };
    // A client that asks, and takes nothing for a while.
    let mut stream = TcpStream::connect(("127.0.0.1", port(&line))).unwrap();
    stream.write_all(head("GET", 0).as_bytes()).unwrap();
    wait_for("the service to be held up", || is_stalled.load(Ordering::Relaxed).then_some(()));
    let mut taken = 0;
    let mut buffer = vec![0; 1 << 16];
    loop {
        match stream.read(&mut buffer).unwrap() {
            0 => break,
            count => taken += count,
        }
    }
    assert!(taken > LONG, "{taken}");

    let mut stream = TcpStream::connect(("127.0.0.1", port(&line))).unwrap();
    stream.write_all(head("POST", LONG_REQUEST).as_bytes()).unwrap();
    let piece = vec![b'x'; 1 << 20];
    for _ in 0..LONG_REQUEST / piece.len() {
        stream.write_all(&piece).unwrap();
    }
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 204 "), "{answer}");
    let most = most_memory(started.id());
    assert!(most < 80, "{most} MiB");
}
