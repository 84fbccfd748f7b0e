//! An organisation that drips: every command that waits ends by itself, is told why, and keeps nobody else from working.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use d365conn::output::Stdio;

use crate::world::{World, noise};

/// A server for which every path exists: it answers a request without a token with the challenge of an organisation if it is
/// asked to, and everything else with a head and then a blank every 100 ms.
fn dripping(has_challenge: bool) -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let asked = Arc::new(Mutex::new(Vec::new()));
    let (log, origin) = (Arc::clone(&asked), address.clone());
    thread::spawn(move || {
        while let Ok((mut stream, _)) = listener.accept() {
            let (log, origin) = (Arc::clone(&log), origin.clone());
            thread::spawn(move || {
                let mut buffer = [0; 16 * 1024];
                let count = stream.read(&mut buffer).unwrap_or(0);
                let head = String::from_utf8_lossy(&buffer[..count]).into_owned();
                let line = head.lines().next().unwrap_or_default().to_owned();
                log.lock().unwrap().push(line.clone());
                if has_challenge && line.contains("/api/data") && !head.to_lowercase().contains("authorization:") {
                    let authority = format!("{origin}/3f6a1e52-8c0d-4a7b-b1e9-52d0c8e4f711");
                    let challenge =
                        format!("Bearer authorization_uri={authority}/oauth2/authorize, resource_id={origin}/");
                    let answer =
                        "HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\nConnection: close\r\nWWW-Authenticate";
                    let _ = write!(stream, "{answer}: {challenge}\r\n\r\n");
                    return;
                }
                let kind = if line.contains("$metadata") { "application/xml" } else { "application/json" };
                let head = format!("HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nTransfer-Encoding: chunked\r\n\r\n");
                let mut is_there = stream.write_all(head.as_bytes()).is_ok();
                while is_there {
                    thread::sleep(Duration::from_millis(100));
                    is_there = stream.write_all(b"1\r\n \r\n").is_ok();
                }
            });
        }
    });
    (address, asked)
}

/// Runs a command against a connection that lives in the environment: its exit, what it said, how long it took.
fn run(world: &World, line: &str, address: &str, more: &[(&str, &str)]) -> (u8, String, Duration) {
    let words = shell_words::split(line).unwrap();
    let here = [("D365CONN_TENANT_URL", address)];
    let variables: Vec<_> =
        here.iter().chain(more).map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let (streams, captured) = Stdio::captured();
    let began = Instant::now();
    let exit = world.run_on(&words, streams, &variables);
    (exit, format!("{}{}", captured.stdout(), captured.stderr()), began.elapsed())
}

#[test]
fn every_command_ends_although_the_organisation_drips() {
    let world = World::connected();
    std::fs::write(world.path("operations"), "{\"method\":\"GET\",\"path\":\"WhoAmI\"}").unwrap();
    std::fs::write(world.path("file"), noise(300_000)).unwrap();
    let id = "00000000-0000-4000-8000-000000000001";
    let (operations, file) = (world.path("operations"), world.path("file"));
    let lines = [
        "whoami".to_owned(),
        "accounts list".to_owned(),
        "accounts list --all -o ndjson".to_owned(),
        format!("accounts get {id}"),
        "accounts count".to_owned(),
        "accounts create name=x".to_owned(),
        format!("accounts update {id} name=x"),
        "accounts delete --filter \"name eq 'x'\" --yes".to_owned(),
        "query --fetchxml '<fetch><entity name=\"account\"/></fetch>'".to_owned(),
        "search fjord".to_owned(),
        "tables list".to_owned(),
        "tables show account".to_owned(),
        "action list".to_owned(),
        "api WhoAmI".to_owned(),
        "api 'accounts?$top=1' --paginate".to_owned(),
        "api accounts -f name=x".to_owned(),
        format!("batch {}", operations.display()),
        format!("records nl_project files upload {id} nl_contract {}", file.display()),
        format!("records nl_project files download {id} nl_contract {}.out", file.display()),
    ];
    let (address, asked) = dripping(false);
    let token = [("D365CONN_ACCESS_TOKEN", "canary-bearer")];
    thread::scope(|scope| {
        let (world, address, token) = (&world, &address, &token);
        let running = lines.iter().map(|line| {
            let line = format!("{line} --timeout 1s");
            scope.spawn(move || (run(world, &line, address, token), line))
        });
        let running: Vec<_> = running.collect();
        // Meanwhile whoever has another connection works.
        let began = Instant::now();
        world.run("accounts list --top 1").succeeds();
        world.run("connections list").succeeds();
        assert!(began.elapsed() < Duration::from_secs(9), "{:?}", began.elapsed());
        for running in running {
            let ((exit, said, took), line) = running.join().unwrap();
            // A batch says it of each operation.
            assert_eq!(exit, if line.starts_with("batch") { 9 } else { 6 }, "{line}: {said}");
            assert!(said.contains("got on too slowly: 10 s were not enough"), "{line}: {said}");
            assert!(took < Duration::from_secs(25), "{line}: {took:?}");
        }
    });
    let asked = asked.lock().unwrap();
    assert_eq!(asked.len(), lines.len(), "what was cut is not asked for again: {asked:#?}");
}

#[test]
fn whoever_signs_in_ends_although_entra_drips() {
    let world = World::new();
    let secret = [("D365CONN_CLIENT_ID", "11111111-2222-4333-8444-555555555555"), ("D365CONN_CLIENT_SECRET", "s3cret")];
    let (address, asked) = dripping(true);
    let (silent, _) = dripping(false);
    thread::scope(|scope| {
        let (world, address, silent, secret) = (&world, &address, &silent, &secret);
        let guarded = scope.spawn(move || run(world, "whoami --timeout 1s", address, secret));
        let unguarded = scope.spawn(move || run(world, "whoami --timeout 1s", silent, secret));
        let examined = scope.spawn(move || run(world, "doctor", address, secret));
        let (exit, said, took) = guarded.join().unwrap();
        assert!(exit == 6 && said.contains("net/too-slow"), "{exit} {said}");
        assert!(took < Duration::from_secs(25), "{took:?}");
        let (exit, said, took) = unguarded.join().unwrap();
        assert_ne!(exit, 0, "{said}");
        assert!(took < Duration::from_secs(25), "{took:?}");
        let (exit, said, took) = examined.join().unwrap();
        assert!(exit == 10 && said.contains("doctor/out-of-time"), "{exit} {said}");
        assert!(took < Duration::from_secs(30), "{took:?}");
    });
    assert!(asked.lock().unwrap().iter().any(|line| line.contains("/token")), "{:?}", asked.lock().unwrap());
}

#[test]
fn connect_ends_although_discovery_or_entra_drips_and_saves_nothing() {
    let world = World::connected();
    let saved = world.run("connections list -o json").succeeds();
    let secret = [("D365CONN_CLIENT_SECRET", "s3cret")];
    let id = "11111111-2222-4333-8444-555555555555";
    let (challenging, asked) = dripping(true);
    let (silent, _) = dripping(false);
    thread::scope(|scope| {
        let (world, secret) = (&world, &secret);
        let running: Vec<_> = [(&challenging, "net/too-slow"), (&silent, "auth/not-dataverse")]
            .into_iter()
            .flat_map(|(address, code)| ["secret", "device"].map(|auth| (address, code, auth)))
            .map(|(address, code, auth)| {
                let name = format!("{auth}-{}", code.len());
                let line =
                    format!("connect --tenant-url {address} --name {name} --store file --auth {auth} --timeout 1s");
                let line = format!("{line} --client-id {id}");
                scope.spawn(move || (run(world, &line, address, secret), code, line))
            })
            .collect();
        // Meanwhile whoever has another connection works.
        let began = Instant::now();
        world.run("accounts list --top 1").succeeds();
        assert!(began.elapsed() < Duration::from_secs(9), "{:?}", began.elapsed());
        for running in running {
            let ((exit, said, took), code, line) = running.join().unwrap();
            assert!(exit == 6 && said.contains(code), "{line}: {exit} {said}");
            assert!(took < Duration::from_secs(25), "{line}: {took:?}");
        }
    });
    let asked = asked.lock().unwrap();
    assert!(asked.iter().any(|line| line.contains("/token") || line.contains("/devicecode")), "{asked:?}");
    assert_eq!(world.run("connections list -o json").succeeds(), saved);
}
