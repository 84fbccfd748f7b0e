//! Connections of an application alone: no person, no browser, no refresh token.

use std::time::Duration;

use d365conn::sandbox::{DAEMON, Fault, STRANGER};

use crate::world::{Outcome, World};

const TWO_HOURS: Duration = Duration::from_secs(2 * 3600);

fn connect_daemon(world: &World, more: &str) -> Outcome {
    let line = format!(
        "connect --tenant-url {{org}} --store file --auth secret --client-id {} --client-secret-stdin {more}",
        DAEMON.client_id
    );
    world.run_with_stdin(&line, DAEMON.secret.unwrap())
}

/// A world in which the daemon is the default connection, and nobody sits at a terminal.
fn daemon() -> World {
    let world = World::new().without_terminal();
    connect_daemon(&world, "").succeeds();
    world
}

fn token_requests(world: &World) -> usize {
    world.sandbox.requests().iter().filter(|request| request.is_token_request()).count()
}

#[test]
fn a_secret_connects_an_application_without_a_terminal() {
    let world = World::new().without_terminal();
    let outcome = connect_daemon(&world, "-o json");
    assert!(outcome.stderr.contains("connected to") && outcome.stderr.contains("as application"), "{}", outcome.stderr);
    assert!(outcome.stderr.contains(DAEMON.client_id), "{}", outcome.stderr);
    let saved = outcome.succeeds();
    assert!(saved.contains(DAEMON.application_user_id.unwrap()), "{saved}");
    let list = world.run("connections list -o json").succeeds();
    assert!(list.contains("\"auth\":\"secret\"") && list.contains("\"status\":\"ok\""), "{list}");
    assert_eq!(world.run("accounts list --top 3 -o id").succeeds().lines().count(), 3);
    assert_eq!(token_requests(&world), 1, "the token of the proof is used on");
}

#[test]
fn every_command_works_for_an_application() {
    let world = daemon();
    let shown = world.run("whoami -o json").succeeds();
    assert!(shown.contains("\"kind\":\"application\""), "{shown}");
    world.run("connections check").succeeds();
    world.run("connections show sandbox").succeeds();
    world.run("doctor").succeeds();
    world.run("token").succeeds();
    world.run("reconnect").succeeds();
    world.run("connections set sandbox --label nightly").succeeds();
    world.run("disconnect sandbox").succeeds();
    assert_eq!(world.run("connections list -o json").succeeds().trim(), "[]");
}

#[test]
fn a_job_of_many_hours_never_fails() {
    let world = World::new().without_terminal();
    // Tokens of one hour, half a day, a look every twenty minutes.
    world.sandbox.faults().order_times(Fault::ShortLivedToken { seconds: 3600 }, 1 + 12);
    connect_daemon(&world, "").succeeds();
    for _ in 0..36 {
        world.pass(Duration::from_secs(20 * 60));
        world.run("accounts list --top 1").succeeds();
    }
    assert_eq!(token_requests(&world), 1 + 12);
}

#[test]
fn many_at_once_ask_entra_once() {
    let world = daemon();
    world.pass(TWO_HOURS);
    let before = token_requests(&world);
    std::thread::scope(|scope| {
        for _ in 0..32 {
            scope.spawn(|| world.run("accounts list --top 1").succeeds());
        }
    });
    assert_eq!(token_requests(&world), before + 1);
}

#[test]
fn a_token_refused_by_the_organisation_is_renewed_once() {
    let world = daemon();
    world.sandbox.faults().order(Fault::TokenRejected);
    world.run("accounts list --top 1").succeeds();
    assert_eq!(token_requests(&world), 2);
}

#[test]
fn an_expired_secret_is_replaced_by_a_reconnect() {
    let world = daemon();
    world.pass(TWO_HOURS);
    world.sandbox.faults().order(Fault::SecretExpired);
    let said = world.run("accounts list").fails(4, "AADSTS7000222");
    assert!(said.contains("d365conn reconnect sandbox --client-secret-stdin"), "{said}");
    assert!(world.run("connections list -o json").succeeds().contains("needs-reconnect"));
    world.run_with_stdin("reconnect --client-secret-stdin", DAEMON.secret.unwrap()).succeeds();
    assert!(!world.run("connections list -o json").succeeds().contains("needs-reconnect"));
    world.pass(TWO_HOURS);
    world.run("accounts list --top 1").succeeds();
}

#[test]
fn a_wrong_secret_is_not_stored() {
    let world = World::new().without_terminal();
    let line = format!(
        "connect --tenant-url {{org}} --store file --auth secret --client-id {} --client-secret-stdin",
        DAEMON.client_id
    );
    world.run_with_stdin(&line, "wrong").fails(4, "AADSTS7000215");
    assert_eq!(world.run("connections list -o json").succeeds().trim(), "[]");
}

#[test]
fn an_app_without_an_application_user_is_not_stored_and_told_how_to_get_one() {
    let world = World::new().without_terminal();
    let line = format!(
        "connect --tenant-url {{org}} --store file --auth secret --client-id {} --client-secret-stdin",
        STRANGER.client_id
    );
    let said = world.run_with_stdin(&line, STRANGER.secret.unwrap()).fails(5, "0x80072560");
    assert!(said.contains("Application users"), "{said}");
    assert_eq!(world.run("connections list -o json").succeeds().trim(), "[]");
}

#[test]
fn what_entra_says_of_the_app_and_the_tenant_is_told_with_its_remedy() {
    let world = World::new().without_terminal();
    let line = "connect --tenant-url {org} --store file --auth secret --client-secret-stdin --client-id";
    let unknown = format!("{line} 00000000-1111-4222-8333-444444444444");
    let said = world.run_with_stdin(&unknown, "s").fails(4, "auth/app-unknown, AADSTS700016");
    assert!(said.contains("Application (client) ID"), "{said}");
    let elsewhere = format!("{line} {} --tenant 7c1d9f20-3e4b-4a5c-b6d7-e8f901a2b3c4", DAEMON.client_id);
    let said = world.run_with_stdin(&elsewhere, DAEMON.secret.unwrap()).fails(4, "AADSTS90002");
    assert!(said.contains("leave `--tenant` out"), "{said}");
    let wrong = format!("{line} {}", DAEMON.client_id);
    let said = world.run_with_stdin(&wrong, "0f6f5c2e-2a38-4e0a-9c5a-0a4be1c5b8a1").fails(4, "auth/secret-wrong");
    assert!(said.contains("Secret ID was copied instead of the Value") && said.contains("--auth secret"), "{said}");
}

#[test]
fn entras_own_trouble_is_no_fault_of_the_credential() {
    let world = daemon();
    world.pass(TWO_HOURS);
    world.sandbox.faults().order(Fault::TokenThrottled { retry_after: 300 });
    world.run("accounts list --max-wait 60s").fails(8, "auth/throttled");
    world.sandbox.faults().order_times(Fault::TokenUnavailable, 2);
    world.run("accounts list").fails(6, "auth/unavailable");
    assert!(!world.run("connections list -o json").succeeds().contains("needs-reconnect"));
    world.run("accounts list --top 1").succeeds();
}

#[test]
fn an_application_lends_its_sign_in_to_nobody() {
    let world = daemon();
    let said = world.run("connect --tenant-url {org} --from sandbox --name second").fails(2, "session/nobody-to-lend");
    assert!(said.contains("by secret again"), "{said}");
    world.run("connections discover -c sandbox").fails(2, "session/nobody-to-lend");
}

#[test]
fn a_bundle_of_an_application_says_how_it_is_ended() {
    let world = daemon();
    let line = format!("connections export sandbox --encrypt --passphrase-file {}", world.path("passphrase").display());
    let outcome = world.run(&line);
    assert!(outcome.stderr.contains("Certificates & secrets"), "{}", outcome.stderr);
    assert!(!outcome.stderr.contains("refresh token"), "{}", outcome.stderr);
    outcome.succeeds();
}

#[test]
fn the_secret_comes_from_the_environment_too_and_is_asked_for_of_nobody() {
    let mut world = World::new().without_terminal();
    let line = format!("connect --tenant-url {{org}} --store file --auth secret --client-id {}", DAEMON.client_id);
    let said = world.run(&line).fails(2, "--client-secret-stdin");
    assert!(world.sandbox.requests().is_empty(), "{said}");
    world.set("D365CONN_CLIENT_SECRET", DAEMON.secret.unwrap());
    world.run(&line).succeeds();
}

#[test]
fn flags_of_another_way_to_sign_in_are_refused_before_any_network() {
    let world = World::new();
    let daemon = format!("connect --tenant-url {{org}} --auth secret --client-id {}", DAEMON.client_id);
    for flag in [
        "--no-browser",
        "--login-hint a@b",
        "--prompt login",
        "--no-graph",
        "--response-mode query",
        "--redirect-uri http://localhost:8400",
        "--admin-consent",
    ] {
        let typed = flag.split(' ').next().unwrap();
        let said = world.run(&format!("{daemon} {flag}")).fails(2, "commands/flag-of-another-flow");
        assert!(said.contains(typed) && said.contains("`--auth browser`") && said.contains("`secret`"), "{said}");
    }
    world.run("connect --tenant-url {org} --auth secret").fails(2, "commands/client-id-needed");
    world.run(&daemon.replace("--tenant-url {org}", "")).fails(2, "commands/tenant-url-needed");
    assert!(world.sandbox.requests().is_empty());
}

#[test]
fn a_reconnect_takes_no_flag_of_the_browser() {
    let world = daemon();
    let before = world.sandbox.requests().len();
    world.run("reconnect --no-browser").fails(2, "commands/flag-of-another-flow");
    assert_eq!(world.sandbox.requests().len(), before);
}

#[test]
fn an_application_moves_to_another_machine_and_into_an_environment() {
    let mut world = daemon();
    let (bundle, passphrase) = (world.path("bundle"), world.path("passphrase"));
    let flags = format!("--passphrase-file {}", passphrase.display());
    world.run(&format!("connections export sandbox --encrypt -f {} {flags}", bundle.display())).succeeds();
    world.run("disconnect sandbox").succeeds();
    world.run(&format!("connections import {} --store file {flags}", bundle.display())).succeeds();
    world.run("accounts list --top 1").succeeds();
    world.run("disconnect sandbox").succeeds();
    world.set("D365CONN_BUNDLE_FILE", &bundle.display().to_string());
    world.set("D365CONN_BUNDLE_PASSPHRASE_FILE", &passphrase.display().to_string());
    world.run("accounts list --top 1").succeeds();
}
