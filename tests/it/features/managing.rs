//! `connections rename|set|check|list`: changing saved connections and seeing whether they work.

use std::time::Duration;

use d365conn::sandbox::{Fault, Options};
use serde_json::{Value, json};

use crate::world::{World, sandbox_to_close};

const DAY: Duration = Duration::from_secs(24 * 3600);

fn shown(world: &World, name: &str) -> Value {
    serde_json::from_str(&world.run(&format!("connections show {name} -o json")).succeeds()).unwrap()
}

fn with_two() -> World {
    let world = World::connected();
    world.run("connect --tenant-url {org} --store file --name second --no-default").succeeds();
    world
}

fn token_requests(world: &World) -> usize {
    world.sandbox.requests().iter().filter(|request| request.path.ends_with("/token")).count()
}

#[test]
fn a_renamed_connection_works_under_its_new_name_and_stays_the_default() {
    let world = with_two();
    let before = world.sandbox.requests().len();
    let said = world.run("connections rename sandbox production");
    assert!(said.stderr.contains("`sandbox`") && said.stderr.contains("still the default"), "{}", said.stderr);
    said.succeeds();
    assert_eq!(world.sandbox.requests().len(), before, "a rename asks nobody");
    assert_eq!(world.run("connections list -o id").succeeds(), "production\nsecond\n");
    let after = shown(&world, "production");
    assert_eq!((&after["default"], &after["status"]), (&json!(true), &json!("ok")));
    world.run("-c production accounts list --top 1").succeeds();
    world.run("accounts list --top 1").succeeds();
    assert_eq!(token_requests(&world), 2, "the cached token is still found");
    world.run("-c sandbox accounts list").fails(2, "store/unknown-connection");
}

#[test]
fn a_renamed_connection_that_needs_a_reconnect_still_does() {
    let world = with_two();
    world.pass(2 * Duration::from_secs(3600));
    world.sandbox.faults().order(Fault::SessionsRevoked);
    world.run("accounts list").fails(4, "AADSTS50173");
    world.run("connections rename sandbox old").succeeds();
    assert_eq!(shown(&world, "old")["status"], "needs-reconnect");
    assert_eq!(shown(&world, "second")["status"], "ok");
}

#[test]
fn a_name_that_is_taken_is_told_with_the_other_organisation() {
    let world = with_two();
    let before = std::fs::read(world.path("config/connections.toml")).unwrap();
    let said = world.run("connections rename sandbox second").fails(2, "store/name-taken");
    assert!(said.contains(&world.sandbox.address()) && said.contains("d365conn disconnect second"), "{said}");
    world.run("connections rename nobody x").fails(2, "store/unknown-connection");
    world.run("connections rename sandbox 'a b'").fails(2, "connection/invalid-name");
    assert_eq!(std::fs::read(world.path("config/connections.toml")).unwrap(), before);
}

#[test]
fn renaming_to_itself_says_so_and_is_fine() {
    let world = World::connected();
    let outcome = world.run("connections rename sandbox sandbox");
    assert!(outcome.stderr.contains("is called that already"), "{}", outcome.stderr);
    outcome.succeeds();
}

#[test]
fn a_shell_that_still_means_the_old_name_is_warned() {
    let mut world = World::connected();
    world.set("D365CONN_CONNECTION", "sandbox");
    let outcome = world.run("connections rename sandbox other");
    assert!(outcome.stderr.contains("warning: D365CONN_CONNECTION still names `sandbox`"), "{}", outcome.stderr);
    outcome.succeeds();
}

#[test]
fn several_things_are_set_at_once_and_each_is_told() {
    let world = World::connected();
    let outcome = world.run("connections set sandbox --read-only true --label production --store file");
    for told in ["refuses every write now", "has the label \"production\" now", "in the encrypted file already"] {
        assert!(outcome.stderr.contains(told), "{told}: {}", outcome.stderr);
    }
    outcome.succeeds();
    let outcome = world.run("connections set sandbox --read-only true");
    assert!(outcome.stderr.contains("refuses every write already"), "{}", outcome.stderr);
    assert!(!outcome.stderr.contains("label"), "{}", outcome.stderr);
    outcome.succeeds();
    let after = shown(&world, "sandbox");
    assert_eq!(
        (&after["read_only"], &after["label"], &after["store"]),
        (&json!(true), &json!("production"), &json!("file"))
    );
}

#[test]
fn the_store_variable_moves_nothing() {
    let mut world = World::connected();
    world.set("D365CONN_STORE", "keyring");
    world.pass(Duration::from_secs(7200));
    world.run("accounts list --top 1").succeeds();
    world.run("reconnect").succeeds();
    world.run("connections set sandbox --label x").succeeds();
    assert_eq!(shown(&world, "sandbox")["store"], "file");
}

#[test]
fn two_names_for_one_command_are_one_too_many() {
    let world = with_two();
    let before = world.sandbox.requests().len();
    for line in [
        "-c sandbox connections show second",
        "connections use second -c sandbox",
        "-c sandbox connections set second --read-only true",
        "-c second connections rename sandbox x",
        "-c sandbox connections check second",
        "-c sandbox reconnect second",
        "-c sandbox disconnect second",
        "-c sandbox doctor second",
    ] {
        let said = world.run(line).fails(2, "commands/two-names");
        assert!(said.contains("sandbox") && said.contains("second"), "{line}: {said}");
    }
    for line in [
        "-c sandbox connect --tenant-url {org} --store file",
        "-c sandbox disconnect --all --yes",
        "-c sandbox doctor --tenant-url {org}",
        "-c sandbox connections check --all",
    ] {
        world.run(line).fails(2, "commands/no-room-for-a-name");
    }
    let said = world.run("-c sandbox connections use second -o json").fails(2, "commands/two-names");
    let said: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(
        (&said["error"]["facts"]["flag"], &said["error"]["facts"]["typed"]),
        (&json!("sandbox"), &json!("second"))
    );
    assert_eq!(world.sandbox.requests().len(), before);
    assert_eq!(world.run("connections list -o id").succeeds(), "sandbox\nsecond\n");
    world.run("-c second connections show second").succeeds();
}

#[test]
fn the_nearest_name_is_offered_wherever_a_name_is_typed() {
    let world = World::connected();
    for command in ["disconnect", "reconnect", "doctor", "connections show", "connections use", "connections check"] {
        let said = world.run(&format!("{command} sandbxo")).fails(2, "store/unknown-connection");
        assert!(said.contains("if `sandbox` was meant"), "{command}: {said}");
    }
    for command in ["connections set sandbxo --label x", "connections rename sandbxo x"] {
        let said = world.run(command).fails(2, "store/unknown-connection");
        assert!(said.contains("if `sandbox` was meant"), "{command}: {said}");
    }
}

#[test]
fn a_check_renews_the_token_even_if_the_cached_one_is_young() {
    let world = World::connected();
    world.sandbox.faults().order(Fault::ReuseDetection);
    let before = token_requests(&world);
    for _ in 0..3 {
        world.run("connections check").succeeds();
    }
    assert_eq!(token_requests(&world), before + 3);
    world.run("accounts list --top 1").succeeds();
    assert_eq!(token_requests(&world), before + 3, "what a check renewed was not kept");
}

#[test]
fn a_check_finds_the_dead_token_behind_a_living_one() {
    let world = World::connected();
    world.sandbox.faults().order(Fault::SessionsRevoked);
    world.run("accounts list --top 1").succeeds();
    let outcome = world.run("connections check -o json");
    assert_eq!(outcome.exit, 10, "{}", outcome.stderr);
    let rows: Value = serde_json::from_str(&outcome.stdout).unwrap();
    assert_eq!(rows[0]["status"], "needs-reconnect");
    assert_eq!(rows[0]["service_code"], "AADSTS50173");
    assert!(rows[0]["remedy"].to_string().contains("d365conn reconnect sandbox"), "{rows}");
    assert_eq!(shown(&world, "sandbox")["status"], "needs-reconnect");
}

/// A healthy, a revoked and an unreachable connection.
fn of_three_kinds() -> World {
    let world = World::connected();
    world.run("connect --tenant-url {org} --store file --name revoked --no-default").succeeds();
    let gone = sandbox_to_close(&Options { clock: world.clock.clone(), ..Options::default() });
    let address = gone.address();
    world.run(&format!("connect --tenant-url {address} --store file --name unreachable --no-default")).succeeds();
    drop(gone);
    // One after the other, so that the fault strikes where it is meant to.
    world.sandbox.faults().order(Fault::SessionsRevoked);
    assert_eq!(world.run("connections check revoked").exit, 10);
    world.run("reconnect sandbox").succeeds();
    world
}

#[test]
fn one_row_a_connection_and_10_when_one_is_unwell_in_every_format() {
    let world = of_three_kinds();
    for format in ["table", "json", "ndjson", "csv", "tsv", "id"] {
        let outcome = world.run(&format!("connections check --all -o {format}"));
        assert_eq!(outcome.exit, 10, "{format}: {}", outcome.stderr);
        for name in ["sandbox", "revoked", "unreachable"] {
            assert!(outcome.stdout.contains(name), "{format}: {}", outcome.stdout);
        }
    }
    let rows: Value = serde_json::from_str(&world.run("connections check --all -o json").stdout).unwrap();
    let statuses: Vec<_> = rows.as_array().unwrap().iter().map(|row| row["status"].as_str().unwrap()).collect();
    assert_eq!(statuses, ["ok", "needs-reconnect", "unreachable"]);
    assert_eq!((&rows[0]["organisation"], &rows[0]["days_left"]), (&json!("Northlight"), &json!(90)));
    assert_eq!((&rows[0]["ends"], &rows[0]["code"]), (&json!("refresh_token_idle"), &Value::Null));
    assert_eq!(rows[1]["days_left"], Value::Null);
    assert_eq!(rows[2]["code"], "net/connection-refused");
    assert!(rows[2]["remedy"].as_array().is_some_and(|lines| !lines.is_empty()));
    let table = world.run("connections check --all -o table");
    assert!(table.stderr.contains("d365conn reconnect revoked"), "{}", table.stderr);
    assert!(table.stderr.contains("net/connection-refused"), "{}", table.stderr);
    // Being out of reach is nothing that a reconnect could mend.
    assert_eq!(shown(&world, "unreachable")["status"], "ok");
    world.run("connections check sandbox").succeeds();
}

#[test]
fn many_connections_are_checked_side_by_side_and_each_is_told() {
    let world = World::new();
    for name in 0..20 {
        world.run(&format!("connect --tenant-url {{org}} --store file --name c{name} --no-default")).succeeds();
    }
    let rows: Value = serde_json::from_str(&world.run("connections check --all -o json").succeeds()).unwrap();
    let names: Vec<_> = rows.as_array().unwrap().iter().map(|row| row["name"].as_str().unwrap().to_owned()).collect();
    assert_eq!(names, (0..20).map(|name| format!("c{name}")).collect::<Vec<_>>());
}

#[test]
fn a_connection_without_a_refresh_token_says_when_it_ends() {
    let world = World::new();
    world.sandbox.faults().order(Fault::NoRefreshToken);
    world.run("connect --tenant-url {org} --store file").succeeds();
    let rows: Value = serde_json::from_str(&world.run("connections check -o json").succeeds()).unwrap();
    assert_eq!(
        (&rows[0]["status"], &rows[0]["ends"], &rows[0]["days_left"]),
        (&json!("ok"), &json!("access_token"), &json!(0))
    );
    assert_eq!(shown(&world, "sandbox")["refresh_token_issued"], Value::Null);
    world.pass(Duration::from_secs(7200));
    let outcome = world.run("connections check -o json");
    assert_eq!(outcome.exit, 10);
    assert!(
        outcome.stdout.contains("needs-reconnect") && outcome.stdout.contains("no-refresh-token"),
        "{}",
        outcome.stdout
    );
}

#[test]
fn no_connection_is_nothing_to_check() {
    let world = World::new();
    assert_eq!(world.run("connections check --all -o json").succeeds().trim(), "[]");
    world.run("connections check").fails(4, "store/no-connection");
}

#[test]
fn the_days_of_a_sign_in_are_counted_from_its_last_renewal() {
    let world = World::connected();
    let first = shown(&world, "sandbox");
    assert_eq!(first["refresh_token_issued"], "2026-11-23T09:00:00Z");
    assert_eq!(first["refresh_token_idle_until"], "2027-02-21T09:00:00Z");
    assert_eq!(first["days_left"], 90);
    world.pass(70 * DAY);
    assert_eq!(shown(&world, "sandbox")["days_left"], 20);
    let listed = world.run("connections list -o table").succeeds();
    assert!(listed.contains("days_left") && listed.contains("20"), "{listed}");
    world.run("connections check").succeeds();
    assert_eq!(shown(&world, "sandbox")["days_left"], 90);
    assert!(!world.run("connections list -o table").succeeds().contains("days_left"));
    // Nobody asks: a sign-in that was not used for so long is dead.
    world.pass(91 * DAY);
    let before = world.sandbox.requests().len();
    assert_eq!(shown(&world, "sandbox")["status"], "needs-reconnect");
    let outcome = world.run("connections list -o table");
    assert!(outcome.stderr.contains("1 needs a reconnect: d365conn reconnect sandbox"), "{}", outcome.stderr);
    outcome.succeeds();
    assert_eq!(world.sandbox.requests().len(), before);
    assert_eq!(world.run("connections check").exit, 10);
}

#[test]
fn labels_and_sandbox_marks_are_seen_and_the_summary_is_for_people() {
    let world = with_two();
    world.run("connections set second --label production").succeeds();
    let outcome = world.run("connections list -o table");
    assert!(outcome.stdout.contains("label") && outcome.stdout.contains("production"), "{}", outcome.stdout);
    assert!(outcome.stdout.contains("sandbox"), "{}", outcome.stdout);
    assert!(outcome.stderr.contains("2 connections"), "{}", outcome.stderr);
    assert_eq!(world.run("connections list -o json").stderr, "");
    let world = world.without_terminal();
    assert_eq!(world.run("connections list -o table").stderr, "");
}

#[test]
fn an_address_that_looks_like_a_saved_one_is_pointed_out() {
    let mut world = World::new();
    // Nobody may be reached by a test: what is asked for goes to a port where nobody listens.
    world.set("HTTPS_PROXY", "http://127.0.0.1:9");
    let saved = include_bytes!("../../data/connections-v1.toml");
    d365conn::paths::write_own(&world.path("config/connections.toml"), saved).unwrap();
    let connect = |name: &str| {
        let line =
            format!("connect --tenant-url https://{name}.crm4.dynamics.com --name new --store file --no-browser");
        let outcome = world.run(&line);
        assert_eq!(outcome.exit, 6, "{}", outcome.stderr);
        outcome.stderr
    };
    let said = connect("c0ntoso");
    let told = "warning: c0ntoso.crm4.dynamics.com is nearly the address of the saved connection `contoso`";
    assert!(said.contains(told) && said.contains("which is contoso.crm4.dynamics.com"), "{said}");
    for other in ["contoso", "contoso2", "fabrikam"] {
        assert!(!connect(other).contains("nearly"), "{other}");
    }
}

#[test]
fn the_completion_script_is_told_the_names_and_nothing_else() {
    let world = with_two();
    let before = world.sandbox.requests().len();
    let asked = |typed: &str| world.run(&format!("completions bash -- d365conn {typed}")).succeeds();
    for typed in ["-c", "reconnect", "connections use", "accounts list --connection"] {
        assert_eq!(asked(typed), "sandbox\nsecond\n", "{typed}");
    }
    for typed in ["", "accounts", "connections list", "reconnect sandbox"] {
        assert_eq!(asked(typed), "", "{typed}");
    }
    assert_eq!(world.sandbox.requests().len(), before);
    std::fs::write(world.path("config/connections.toml"), "nonsense").unwrap();
    let outcome = world.run("completions zsh -- d365conn -c");
    assert_eq!((outcome.exit, outcome.stdout.as_str(), outcome.stderr.as_str()), (0, "", ""));
}
