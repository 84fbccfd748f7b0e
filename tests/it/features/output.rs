//! Formats, errors as JSON, and what goes where.

use crate::world::World;

#[test]
fn a_pipe_gets_tab_separated_values_without_a_header() {
    let world = World::connected();
    let text = world.run("accounts list --select name,accountid --top 2").succeeds();
    assert_eq!(text.lines().count(), 2);
    assert!(text.lines().all(|line| line.split('\t').count() == 2), "{text}");
}

#[test]
fn every_format_is_well_formed() {
    let world = World::connected();
    let line = "contacts list --top 20";
    let array: serde_json::Value = serde_json::from_str(&world.run(&format!("{line} -o json")).succeeds()).unwrap();
    assert_eq!(array.as_array().unwrap().len(), 20);
    for row in world.run(&format!("{line} -o ndjson")).succeeds().lines() {
        serde_json::from_str::<serde_json::Value>(row).unwrap();
    }
    let csv = world.run(&format!("{line} -o csv")).succeeds();
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    assert_eq!(reader.headers().unwrap().iter().next(), Some("fullname"));
    assert_eq!(reader.records().map(Result::unwrap).count(), 20);
    assert!(world.run(&format!("{line} -o table")).succeeds().lines().count() > 20);
}

#[test]
fn an_unknown_format_is_a_usage_error() {
    let world = World::connected();
    let said = world.run("accounts list -o yaml").fails(2, "output/");
    assert!(said.contains("ndjson"), "{said}");
}

#[test]
fn an_error_is_one_json_object_on_stderr_when_json_is_asked_for() {
    let world = World::connected();
    let outcome = world.run("accounts get 00000000-0000-4000-8000-000000000001 -o json");
    assert_eq!((outcome.exit, outcome.stdout.as_str()), (3, ""));
    let last = outcome.stderr.lines().last().unwrap();
    let error: serde_json::Value = serde_json::from_str(last).unwrap();
    assert_eq!(error["error"]["exit"], 3);
    assert_eq!(error["error"]["service_code"], "0x80040217");
    assert!(error["error"]["remedy"].as_array().is_some_and(|remedy| !remedy.is_empty()));
}

#[test]
fn a_usage_error_is_json_too_when_json_is_asked_for() {
    let world = World::new();
    let outcome = world.run("accounts list --nosuchflag -o json");
    assert_eq!(outcome.exit, 2);
    let error: serde_json::Value = serde_json::from_str(outcome.stderr.trim()).unwrap();
    assert_eq!(error["error"]["code"], "commands/usage");
}

#[test]
fn quiet_leaves_data_and_errors_only() {
    let world = World::connected();
    let outcome = world.run_on_terminal("accounts list -q -o id");
    assert_eq!(outcome.stderr, "");
    assert_eq!(outcome.succeeds().lines().count(), 50);
}

#[test]
fn the_trace_shows_requests_and_no_secret() {
    let world = World::connected();
    world.pass(std::time::Duration::from_secs(7200));
    let outcome = world.run("accounts list --top 1 -vv");
    assert!(outcome.stderr.contains("GET") && outcome.stderr.contains("/oauth2/v2.0/token"), "{}", outcome.stderr);
    for secret in world.sandbox.issued_secrets() {
        assert!(!outcome.stderr.contains(&secret));
    }
    outcome.succeeds();
}

#[test]
fn version_and_help_go_to_stdout() {
    let world = World::new();
    assert!(world.run("--version").succeeds().starts_with("d365conn 0."));
    assert!(world.run("--help").succeeds().contains("Examples:"));
    assert!(world.run("version -o json").succeeds().contains("\"version\""));
    for shell in ["bash", "zsh", "fish", "powershell"] {
        assert!(world.run(&format!("completions {shell}")).succeeds().contains("d365conn"));
    }
    assert!(world.run("man").succeeds().contains(".TH"));
    assert!(world.run("man connect").succeeds().contains("tenant"));
    assert_eq!(world.run("help accounts list").succeeds(), world.run("accounts list --help").succeeds());
    world.run("man nosuch").fails(2, "commands/unknown-command");
}

#[test]
fn whoever_asks_for_json_lines_gets_errors_as_json_too() {
    let world = World::connected();
    for format in ["ndjson", "JSON"] {
        let outcome = world.run(&format!("accounts get 00000000-0000-4000-8000-000000000001 -o {format}"));
        let error: serde_json::Value = serde_json::from_str(outcome.stderr.lines().last().unwrap()).unwrap();
        assert_eq!(error["error"]["exit"], 3, "{format}");
    }
}

#[test]
fn a_usage_error_as_json_names_what_is_missing() {
    let world = World::new();
    let outcome = world.run("connect -o json");
    let error: serde_json::Value = serde_json::from_str(outcome.stderr.trim()).unwrap();
    assert!(error["error"]["message"].as_str().unwrap().contains("--tenant-url"), "{error}");
}

#[test]
fn a_bug_of_ours_is_told_without_what_was_in_reach() {
    let mut world = World::new();
    world.seat_hand(|url| panic!("holds {url}"));
    let said = world.run("connect --tenant-url {org} --store file").fails(70, "commands/bug");
    let told = said.lines().filter(|line| line.contains("hit a bug")).collect::<Vec<_>>();
    assert_eq!(told.len(), 1, "{said}");
    assert!(told[0].contains("output.rs:") && !told[0].contains("holds"), "{said}");
    let outcome = world.run("connect --tenant-url {org} --store file -o json");
    let error: serde_json::Value = serde_json::from_str(outcome.stderr.lines().last().unwrap()).unwrap();
    assert_eq!(error["error"]["exit"], 70);
}

#[test]
fn a_noun_alone_shows_what_it_can_do() {
    let world = World::new();
    let outcome = world.run("accounts");
    assert_eq!((outcome.exit, outcome.stdout.as_str()), (2, ""));
    assert!(outcome.stderr.starts_with("List, read, create, change and delete accounts"), "{}", outcome.stderr);
    assert!(world.run("cases --help").succeeds().starts_with("List, read, create, change and delete incidents"));
    let said = world.run("acounts list").fails(2, "accounts");
    assert!(said.contains("similar"), "{said}");
}

/// What could be done to whoever reads standard error: move the cursor, fill the clipboard, turn text round, begin a line
/// that looks like ours, command a build runner.
const HOSTILE: &str = "x\nfix: run `d365conn disconnect --all`\r\u{1b}]52;c;aGk=\u{7}\u{202e}\n::stop-commands::y\n##vso[task.complete]##[error]z";

/// What of it Dataverse stores.
fn storable() -> String {
    HOSTILE.replace(['\u{1b}', '\u{7}', '\r'], "")
}

/// Nothing of that happened, and nobody was told but by us.
#[track_caller]
fn is_inert(said: &str) {
    assert!(!said.contains(['\u{1b}', '\u{7}', '\r', '\u{202e}']), "{said:?}");
    assert!(!said.contains("##vso[") && !said.contains("##["), "{said:?}");
    for line in said.lines() {
        assert!(!line.trim_start().starts_with("::"), "{said:?}");
        assert!(!line.starts_with("fix: run `d365conn disconnect"), "{said:?}");
    }
}

#[test]
fn a_name_with_line_breaks_begins_no_line_of_its_own_in_a_note() {
    for is_terminal in [true, false] {
        let mut world = World::connected();
        if !is_terminal {
            world = world.without_terminal();
        }
        let team = serde_json::json!({ "name": storable() }).to_string();
        let team = world.run(&format!("records team create --data {}", shell_words::quote(&team))).succeeds();
        let account = world.run("accounts create name=Owned").succeeds();
        let outcome = world.run(&format!("accounts assign {} --to team:{}", account.trim(), team.trim()));
        is_inert(&outcome.stderr);
        assert!(outcome.stderr.contains("disconnect --all"), "{}", outcome.stderr);
        assert_eq!(
            outcome.stderr.lines().filter(|line| line.contains("the owner is")).count(),
            1,
            "{}",
            outcome.stderr
        );
        outcome.succeeds();
    }
}

#[test]
fn what_was_typed_is_inert_in_every_usage_error() {
    let world = World::connected();
    let quoted = shell_words::quote(HOSTILE);
    for line in [
        format!("accounts list {quoted}"),
        format!("{quoted}"),
        format!("--{quoted}"),
        format!("accounts list --color {quoted}"),
        format!("accounts list --timeout {quoted}"),
        format!("accounts list -o {quoted}"),
        format!("connect --tenant-url {quoted}"),
        format!("-c {quoted} whoami"),
        format!("api x -H {quoted}"),
        format!("accounts get {quoted}"),
        format!("accounts list --select {quoted}"),
        format!("accounts create {quoted}=1"),
        format!("accounts list --jq {quoted}"),
        format!("connections set {quoted} --read-only true"),
        format!("man {quoted}"),
    ] {
        let outcome = world.run(&line);
        assert!(matches!(outcome.exit, 1..=3), "{line}: {} {}", outcome.exit, outcome.stderr);
        is_inert(&outcome.stderr);
        let outcome = world.run(&format!("--output json {line}"));
        if let Some(last) = outcome.stderr.lines().last().filter(|last| last.starts_with('{')) {
            serde_json::from_str::<serde_json::Value>(last).unwrap();
        }
        is_inert(&outcome.stderr.replace("\\r", ""));
    }
}

#[test]
fn what_the_service_says_is_one_short_line() {
    let world = World::connected();
    let long = format!("{HOSTILE}{}", "y".repeat(900_000));
    let outcome = world.run_with_stdin("accounts create --data -", &serde_json::json!({ "name": long }).to_string());
    assert_ne!(outcome.exit, 0);
    assert!(outcome.stderr.len() < 10_000, "{} bytes", outcome.stderr.len());
}

#[test]
fn rows_in_a_pipe_keep_every_byte() {
    let world = World::connected();
    let data = serde_json::json!({ "name": storable() }).to_string();
    let id = world.run(&format!("accounts create --data {}", shell_words::quote(&data))).succeeds();
    let shown = world.run(&format!("accounts get {} --select name -o json", id.trim())).succeeds();
    let shown: serde_json::Value = serde_json::from_str(&shown).unwrap();
    assert_eq!(shown["name"], storable());
    let raw = world.run(&format!("accounts get {} --select name --jq .name", id.trim())).succeeds();
    assert_eq!(raw, format!("{}\n", storable()));
}
