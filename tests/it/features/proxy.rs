//! `proxy`: another program reaches the organisation through a loopback address, and only as far as it was let. The command
//! stays until it is ended, so where it gets that far the built binary runs.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use d365conn::clock::Clock;
use d365conn::sandbox::{DAEMON, Options, Sandbox};
use serde_json::{Value, json};

use crate::world::World;

/// A proxy before a sandbox, as a process.
struct Running {
    child: Child,
    line: String,
}

impl Running {
    /// `d365conn proxy MORE` with an environment-only connection, and the one line it prints.
    fn start(sandbox: &Sandbox, more: &str) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_d365conn"));
        command.arg("proxy").args(more.split_whitespace());
        command.env("D365CONN_TENANT_URL", sandbox.address()).env("D365CONN_CLIENT_ID", DAEMON.client_id);
        command.env("D365CONN_CLIENT_SECRET", DAEMON.secret.unwrap());
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        assert!(line.ends_with('\n'), "{line:?}");
        Self { child, line: line.trim_end().to_owned() }
    }

    /// Asks behind the line: status, head, body.
    fn ask(&self, method: &str, path: &str, body: &str) -> (u16, String, String) {
        ask(method, &format!("{}{path}", self.line), body)
    }
}

/// A proxy before a saved connection of this world.
fn of_world(world: &World) -> Running {
    let mut command = world.process("proxy", Path::new("/usr/bin:/bin"));
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    assert!(line.ends_with('\n'), "{line:?}");
    Running { child, line: line.trim_end().to_owned() }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// One request to a whole address, as a program makes it that knows HTTP and nothing else.
fn ask(method: &str, address: &str, body: &str) -> (u16, String, String) {
    let rest = address.strip_prefix("http://").unwrap();
    let (host, path) = rest.split_at(rest.find('/').unwrap());
    let mut stream = TcpStream::connect(host).unwrap();
    let length = if body.is_empty() { String::new() } else { format!("Content-Length: {}\r\n", body.len()) };
    let kind = "Content-Type: application/json\r\nPrefer: odata.maxpagesize=2\r\n";
    write!(stream, "{method} {path} HTTP/1.0\r\nHost: {host}\r\n{kind}{length}\r\n{body}").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (answer[9..12].parse().unwrap(), head.to_ascii_lowercase(), body.to_owned())
}

fn sandbox() -> Sandbox {
    Sandbox::start_in_background(Options::default()).unwrap()
}

#[test]
fn a_program_that_knows_no_oauth_reads_pages_and_writes() {
    let sandbox = sandbox();
    let running = Running::start(&sandbox, "");
    let (status, _, page) = running.ask("GET", "/api/data/v9.2/accounts?$select=name", "");
    let page: Value = serde_json::from_str(&page).unwrap();
    assert_eq!((status, page["value"].as_array().unwrap().len()), (200, 2));
    let next = page["@odata.nextLink"].as_str().unwrap();
    assert!(next.starts_with(&format!("{}/api/data/v9.2/accounts?", running.line)), "{next}");
    let (status, _, second) = ask("GET", next, "");
    let second: Value = serde_json::from_str(&second).unwrap();
    assert_eq!(status, 200);
    assert_ne!(second["value"], page["value"]);

    let (status, head, _) = running.ask("POST", "/api/data/v9.2/accounts", &json!({ "name": "Through" }).to_string());
    assert_eq!(status, 204);
    let created = head.lines().find_map(|line| line.strip_prefix("odata-entityid: ")).unwrap();
    let (_, _, record) = ask("GET", created, "");
    assert!(record.contains("\"name\":\"Through\""), "{record}");
    let asked: Vec<_> =
        sandbox.requests().into_iter().filter(|seen| seen.path.starts_with("/api/data/v9.2/accounts")).collect();
    assert_eq!(asked.len(), 4);
    assert!(asked.iter().all(|seen| seen.is_authorised));
}

#[test]
fn a_card_for_programs_says_where_and_for_whom() {
    let sandbox = sandbox();
    let running = Running::start(&sandbox, "-o json");
    let card: Value = serde_json::from_str(&running.line).unwrap();
    assert_eq!((&card["connection"], &card["tenant_url"]), (&Value::Null, &json!(sandbox.address())));
    let (status, _, _) = ask("GET", &format!("{}/api/data/v9.2/WhoAmI", card["url"].as_str().unwrap()), "");
    assert_eq!(status, 200);
}

#[test]
fn a_proxy_for_some_tables_to_read_lets_nothing_else_through() {
    let sandbox = sandbox();
    let running = Running::start(&sandbox, "--read-only --allow-tables account,cases,systemuser");
    for (method, path, status) in [
        ("GET", "/api/data/v9.2/accounts?$select=name", 200),
        ("GET", "/api/data/v9.2/incidents", 200),
        ("GET", "/api/data/v9.2/systemusers", 200),
        ("GET", "/api/data/v9.2/WhoAmI()", 200),
        ("GET", "/api/data/v9.2/contacts", 403),
        ("GET", "/api/data/v9.2/accounts?$expand=primarycontactid", 403),
        ("DELETE", "/api/data/v9.2/accounts(003f1e5f-9f6e-4e11-8179-000d3a77e05b)", 403),
        ("POST", "/api/data/v9.2/$batch", 403),
    ] {
        assert_eq!(running.ask(method, path, "").0, status, "{method} {path}");
    }
    let seen = sandbox.requests();
    let is_closed = |path: &str| path.contains("contacts") || path.contains("batch") || path.contains("accounts(");
    assert!(seen.iter().all(|seen| !is_closed(&seen.path)), "{seen:?}");
}

#[test]
fn a_proxy_that_nobody_uses_ends_when_it_was_told_to() {
    let sandbox = sandbox();
    let mut running = Running::start(&sandbox, "--idle-exit 1s --quiet");
    let mut said = String::new();
    running.child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert_eq!((running.child.wait().unwrap().code(), said.as_str()), (Some(0), ""));
}

#[test]
fn a_port_that_is_taken_is_said_and_no_other_is_tried() {
    let world = World::connected();
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = other.local_addr().unwrap().port();
    let said = world.run(&format!("proxy --port {port}")).fails(2, "proxy/not-started");
    assert!(said.contains(&format!("port {port} of 127.0.0.1 is taken")), "{said}");
}

#[test]
fn tables_that_do_not_exist_are_said_at_once() {
    let world = World::connected();
    let said = world.run("proxy --allow-tables accounts,contatcs").fails(2, "dataverse/");
    assert!(said.contains("contacts"), "{said}");
    world.run("proxy --allow-tables 'accounts, ../x'").fails(2, "proxy/no-table-name");
}

#[test]
fn a_connection_that_has_to_sign_in_again_is_no_proxy() {
    let world = World::connected();
    world.sandbox.revoke_all();
    world.pass(Duration::from_secs(7200));
    let said = world.run("proxy").fails(4, "AADSTS50173");
    assert!(said.contains("d365conn reconnect sandbox"), "{said}");
}

#[test]
fn a_running_proxy_holds_to_what_changes_on_its_connection() {
    let world = World::at(Clock::system());
    world.connect();
    let running = of_world(&world);
    let accounts = "/api/data/v9.2/accounts";
    let body = json!({ "name": "Through" }).to_string();
    assert_eq!(running.ask("POST", accounts, &body).0, 204);
    let outcome = world.run("connections set sandbox --read-only true");
    assert!(outcome.stderr.contains("a token handed out before lasts until its end"), "{}", outcome.stderr);
    let (status, _, said) = running.ask("POST", accounts, &body);
    assert!(status == 403 && said.contains("d365conn/proxy/read-only"), "{status} {said}");
    assert_eq!(running.ask("POST", "/api/data/v9.2/$batch", "x").0, 403);
    assert_eq!(running.ask("GET", accounts, "").0, 200);
    world.run("connections rename sandbox other").succeeds();
    world.run("connections set other --read-only false").succeeds();
    assert_eq!(
        running.ask("POST", accounts, &body).0,
        204,
        "what is allowed again passes again, whatever it is called"
    );
    let before = world.sandbox.requests().len();
    let outcome = world.run("disconnect other --yes");
    assert!(outcome.stderr.contains("handed out before lasts until its end"), "{}", outcome.stderr);
    for method in ["GET", "POST"] {
        let (status, _, said) = running.ask(method, accounts, "");
        assert!(status == 403 && said.contains("d365conn/proxy/disconnected"), "{status} {said}");
    }
    assert_eq!(world.sandbox.requests().len(), before, "nothing was sent any more");
}

#[test]
fn a_program_that_asks_for_another_method_by_a_header_is_refused() {
    let sandbox = sandbox();
    let running = Running::start(&sandbox, "");
    let rest = running.line.strip_prefix("http://").unwrap();
    let (host, path) = rest.split_at(rest.find('/').unwrap());
    for header in ["X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"] {
        let mut stream = TcpStream::connect(host).unwrap();
        write!(stream, "GET {path}/api/data/v9.2/accounts HTTP/1.0\r\nHost: {host}\r\n{header}: DELETE\r\n\r\n")
            .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.0 403") && answer.contains("proxy/method-override"), "{answer}");
    }
}
