//! `token`: one for a script, as the script wants it, and on no screen. What happens to tokens between runs is in `tokens`.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use d365conn::clock::Clock;
use d365conn::output::Stdio;
use d365conn::sandbox::{DAEMON, Fault, TENANT_ID};
use serde_json::{Value, json};

use crate::world::World;

/// A script with a saved connection.
fn script() -> World {
    World::connected().without_terminal()
}

fn daemon() -> World {
    let mut world = World::new().without_terminal();
    let address = world.sandbox.address();
    world.set("D365CONN_TENANT_URL", &address);
    world.set("D365CONN_CLIENT_ID", DAEMON.client_id);
    world.set("D365CONN_CLIENT_SECRET", DAEMON.secret.unwrap());
    world
}

fn holder_of(token: &str) -> World {
    let mut world = World::new().without_terminal();
    let address = world.sandbox.address();
    world.set("D365CONN_TENANT_URL", &address);
    world.set("D365CONN_ACCESS_TOKEN", token);
    world
}

/// How often Entra was asked for a token.
fn asked(world: &World) -> usize {
    world.sandbox.requests().iter().filter(|request| request.field("grant_type").is_some()).count()
}

#[test]
fn the_token_comes_alone_on_its_line_and_is_good() {
    let world = script();
    let out = world.run("token").succeeds();
    let token = out.strip_suffix('\n').unwrap();
    assert!(world.sandbox.issued_secrets().contains(&token.to_owned()), "{out}");
    let mut other = World::new().without_terminal();
    other.set("D365CONN_TENANT_URL", &world.sandbox.address());
    other.set("D365CONN_ACCESS_TOKEN", token);
    other.run("accounts list --top 1").succeeds();
    assert_eq!(world.run("token").succeeds(), out, "a good one is handed out again");
    assert_eq!(asked(&world), 1, "by connect");
}

#[test]
fn as_a_header_it_can_be_sent_as_it_is() {
    let world = script();
    let token = world.run("token").succeeds();
    assert_eq!(world.run("token -o header").succeeds(), format!("Authorization: Bearer {token}"));
}

#[test]
fn as_json_it_has_the_names_of_azures_tools() {
    let world = script();
    let token = world.run("token").succeeds();
    let out = world.run("token -o json").succeeds();
    // 4611 seconds after the beginning of the world.
    assert_eq!(
        out,
        format!(
            "{{\"accessToken\":\"{}\",\"expiresOn\":\"2026-11-23 10:16:51.000000\",\"expires_on\":1795429011,\
             \"tenant\":\"{TENANT_ID}\",\"tokenType\":\"Bearer\"}}\n",
            token.trim_end()
        )
    );
}

#[test]
fn its_end_is_told_in_local_time_as_azures_tools_do() {
    let mut world = World::at(Clock::system());
    world.connect();
    world.set("TZ", "<+0545>-5:45");
    let output = world.process("token -o json", std::path::Path::new("")).output().unwrap();
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    let end = jiff::Timestamp::from_second(told["expires_on"].as_i64().unwrap()).unwrap();
    let there = jiff::tz::Offset::from_seconds(5 * 3600 + 45 * 60).unwrap().to_datetime(end);
    assert_eq!(told["expiresOn"], there.strftime("%Y-%m-%d %H:%M:%S.000000").to_string());
}

#[test]
fn it_comes_in_its_own_shapes_only_and_the_format_of_rows_is_not_among_them() {
    let mut world = script();
    for word in ["table", "id", "yaml", "JSON"] {
        let said = world.run(&format!("token -o '{word}'")).fails(2, "commands/token-output");
        assert!(said.contains("-o header"), "{said}");
    }
    world.run("token -o ''").fails(2, "commands/empty-argument");
    world.run("-o csv token").fails(2, "commands/token-output");
    assert!(world.run("-o json token").succeeds().starts_with('{'));
    let alone = world.run("token").succeeds();
    for format in ["json", "table"] {
        world.set("D365CONN_OUTPUT", format);
        assert_eq!(world.run("token").succeeds(), alone, "a script that keeps it in a variable would not expect that");
    }
}

#[test]
fn a_token_that_would_end_too_soon_is_renewed_and_no_other_one() {
    let world = script();
    let first = world.run("token").succeeds();
    world.pass(Duration::from_secs(4611 - 30 * 60));
    assert_eq!(world.run("token").succeeds(), first);
    assert_eq!(world.run("token --min-ttl 30m").succeeds(), first);
    assert_eq!(asked(&world), 1);
    let second = world.run("token --min-ttl 31m").succeeds();
    assert_ne!(second, first);
    assert_eq!(world.run("token --min-ttl 31m").succeeds(), second, "the new one is kept");
    assert_eq!(asked(&world), 2);
}

#[test]
fn a_life_that_no_token_has_is_an_error_after_one_renewal() {
    let world = script();
    let said = world.run("token --min-ttl 2h").fails(2, "commands/token-life");
    assert!(said.contains("a token that lasts 2h was asked for, and a new one lasts 76m"), "{said}");
    assert_eq!(asked(&world), 2);
    let requests = world.sandbox.requests().len();
    let said = world.run("token --min-ttl 29h").fails(2, "commands/token-life");
    assert!(said.contains("28h"), "{said}");
    assert_eq!(world.sandbox.requests().len(), requests, "that needs no asking");
    world.run("token --min-ttl soon").fails(2, "90s");
}

#[test]
fn when_entra_is_away_a_life_that_was_demanded_is_an_error_and_else_what_is_left_is_given() {
    let world = script();
    let first = world.run("token").succeeds();
    world.pass(Duration::from_secs(4611 - 120));
    world.sandbox.faults().order_times(Fault::TokenUnavailable, 6);
    assert_eq!(world.run("token").succeeds(), first);
    world.run("token --min-ttl 10m").fails(6, "auth/");
}

#[test]
fn a_terminal_does_not_get_to_see_it_unless_that_was_asked_for() {
    let world = World::connected();
    let before = world.sandbox.requests().len();
    let on_terminal = |line: &str| {
        let (streams, captured) = Stdio::captured();
        let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
        (world.run_on(&words, streams.with_terminal(100), &[]), captured.stdout(), captured.stderr())
    };
    for line in ["token", "token -o json", "token -o header", "token --min-ttl 2h"] {
        let (exit, stdout, stderr) = on_terminal(line);
        assert_eq!((exit, stdout.as_str()), (2, ""), "{line}");
        assert!(stderr.contains("commands/token-on-terminal") && !stderr.contains("eyJ"), "{stderr}");
    }
    assert_eq!(world.sandbox.requests().len(), before);
    let (exit, stdout, _) = on_terminal("token --show");
    assert_eq!((exit, stdout), (0, world.run("token").succeeds()));
}

/// Both streams on one sheet, as a build's log has them.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_build_runner_is_told_to_mask_it_before_it_appears_and_not_on_stdout() {
    let mut world = daemon();
    for (variable, value, command) in
        [("GITHUB_ACTIONS", "true", "::add-mask::"), ("TF_BUILD", "True", "##vso[task.setsecret]")]
    {
        let plain = world.run("token");
        assert!(!plain.stderr.contains(command));
        let token_line = |text: String, prefix: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(prefix)).map(str::to_owned);
            line.unwrap_or_else(|| panic!("no {prefix} in: {text}"))
        };
        let variables = [(variable.to_owned(), value.to_owned())];
        let log = Log::default();
        let words = ["token".to_owned(), "-q".to_owned()];
        assert_eq!(world.run_on(&words, Stdio::of(io::empty(), log.clone(), log.clone()), &variables), 0);
        let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
        let token = token_line(text.clone(), command);
        assert_eq!(text, format!("{command}{token}\n{token}\n"));
        assert!(world.sandbox.issued_secrets().contains(&token));

        let (streams, captured) = Stdio::captured();
        assert_eq!(world.run_on(&words, streams, &variables), 0);
        assert!(!captured.stdout().contains(command), "a variable would hold the command too");
        assert_eq!(captured.stderr(), format!("{command}{}", captured.stdout()));
    }
    world.set("GITHUB_ACTIONS", "false");
    assert_eq!(world.run("token").stderr, "");
}

#[test]
fn a_connection_of_the_environment_gives_one_without_being_told_its_tenant() {
    let world = daemon();
    let before = world.files().len();
    let told: Value = serde_json::from_str(&world.run("token -o json --min-ttl 1h").succeeds()).unwrap();
    assert_eq!((&told["tenant"], &told["expires_on"]), (&json!(TENANT_ID), &json!(1_795_429_011)), "{told}");
    assert_eq!(world.files().len(), before);
    assert_eq!(asked(&world), 1);
    world.run("token --min-ttl 2h").fails(2, "commands/token-life");
    assert_eq!(asked(&world), 2, "one that is new is not renewed");
}

#[test]
fn a_token_of_the_environment_is_handed_on_with_what_it_says_of_itself() {
    let giver = daemon();
    let token = giver.run("token").succeeds();
    let world = holder_of(token.trim_end());
    assert_eq!(world.run("token").succeeds(), token);
    let told: Value = serde_json::from_str(&world.run("token -o json --min-ttl 75m").succeeds()).unwrap();
    assert_eq!((&told["tenant"], &told["expires_on"]), (&json!(TENANT_ID), &json!(1_795_429_011)), "{told}");
    let said = world.run("token --min-ttl 77m").fails(4, "commands/token-ends-sooner");
    assert!(said.contains("lasts 76m"), "{said}");
    assert_eq!(world.sandbox.requests().len(), 0);
    world.pass(Duration::from_secs(5000));
    let outcome = world.run("token");
    assert!(outcome.stderr.contains("warning: this access token ended at 2026-11-23T10:16:51Z"), "{}", outcome.stderr);
    assert_eq!(outcome.succeeds(), token);
}

#[test]
fn of_an_opaque_token_nobody_knows_the_end() {
    let world = holder_of("opaque");
    let told: Value = serde_json::from_str(&world.run("token -o json").succeeds()).unwrap();
    assert_eq!(
        told,
        json!({"accessToken": "opaque", "expiresOn": null, "expires_on": null, "tenant": null, "tokenType": "Bearer"})
    );
    let said = world.run("token --min-ttl 1m").fails(4, "commands/token-ends-sooner");
    assert!(said.contains("does not say when it ends"), "{said}");
    for broken in ["two words", "caf\u{e9}"] {
        let said = holder_of(broken).run("token").fails(4, "commands/token-unfit");
        assert!(!said.contains(broken), "{said}");
    }
}

#[test]
fn a_read_only_connection_keeps_its_token_unless_that_is_overruled() {
    let world = script();
    world.run("connections set sandbox --read-only true").succeeds();
    let before = world.sandbox.requests().len();
    for line in ["token", "token -o json", "exec -- d365conn"] {
        let place = std::path::Path::new(env!("CARGO_BIN_EXE_d365conn")).parent().unwrap();
        let output = world.process(line, place).output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(5), b"".as_slice()), "{said}");
        assert!(said.contains("commands/token-of-read-only") && said.contains("--yes"), "{said}");
    }
    assert_eq!(world.sandbox.requests().len(), before);
    let token = world.run("token --yes").succeeds();
    assert!(world.sandbox.issued_secrets().contains(&token.trim_end().to_owned()));
}

/// The connection of `world` as a bundle, in another world that talks to the same sandbox.
fn travelled(world: &World, clock: Clock) -> World {
    let passphrase = world.path("passphrase");
    let export = format!("connections export sandbox --encrypt --passphrase-file '{}'", passphrase.display());
    let bundle = world.run(&export).succeeds();
    let mut other = World::at(clock).without_terminal();
    other.set("D365CONN_BUNDLE", bundle.trim_end());
    other.set("D365CONN_BUNDLE_PASSPHRASE", std::fs::read_to_string(passphrase).unwrap().trim_end());
    other
}

#[test]
fn a_bundle_gives_one_unless_its_connection_is_read_only() {
    let world = script();
    let token = travelled(&world, world.clock.clone()).run("token").succeeds();
    assert!(world.sandbox.issued_secrets().contains(&token.trim_end().to_owned()));
    world.run("connections set sandbox --read-only true").succeeds();
    let other = travelled(&world, world.clock.clone());
    other.run("token").fails(5, "commands/token-of-read-only");
    other.run("token --yes").succeeds();
}

#[test]
fn a_bundle_stays_behind_when_it_serves_a_program() {
    let world = World::at(Clock::system());
    world.connect();
    let other = travelled(&world, Clock::system());
    let place = std::path::Path::new(env!("CARGO_BIN_EXE_d365conn")).parent().unwrap();
    let output = other.process("exec -- d365conn whoami -o json -v", place).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{said}");
    let (_, below) = said.split_once("using the access token from the environment").expect(&said);
    assert!(!below.contains("D365CONN_BUNDLE"), "{said}");
}

#[test]
fn how_long_it_lasts_is_told_to_whoever_wants_to_know() {
    let world = script();
    let outcome = world.run("token -v");
    assert!(outcome.stderr.contains("the token lasts 76m, until 2026-11-23T10:16:51Z"), "{}", outcome.stderr);
    assert_eq!(world.run("token").stderr, "");
}
