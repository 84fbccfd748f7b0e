//! Secrets in a real gnome-keyring over a real D-Bus, and every way in which there is none. The keyring in memory and the
//! encrypted file are never used here.

use std::time::Duration;

use d365conn::sandbox::OWN_WEB_APP;

use super::bus::{Bus, Keyring};
use super::home::Home;
use super::person::{connect, grants, sandbox, sandbox_of_short_tokens, secrets_sent};
use super::started::{Finished, Started, signal};

const PASSWORD: &str = "open-sesame";

/// What another program of the same user finds of ours.
fn entries(home: &Home) -> String {
    let mut command = home.program("secret-tool");
    command.args(["search", "--all", "service", "d365conn"]);
    let finished = Started::of(command).finish();
    // Where nothing is found it says so by its status.
    format!("{}{}", finished.stdout, finished.stderr)
}

#[test]
#[ignore = "needs dbus-daemon, gnome-keyring, gdbus and secret-tool"]
fn a_connection_lives_in_the_keyring_from_one_process_to_the_next_until_it_is_forgotten() {
    let mut home = Home::new();
    let _bus = Bus::start(&mut home);
    let _keyring = Keyring::unlocked(&home, PASSWORD);
    let sandbox = sandbox();
    connect(&home, &sandbox, "--name demo").succeeds();
    let first = home.run("accounts list --top 3 -o json").succeeds();
    let second = home.run("accounts list --top 3 -o json").succeeds();
    assert_eq!(first, second);
    assert_eq!(serde_json::from_str::<serde_json::Value>(&first).unwrap().as_array().unwrap().len(), 3);
    assert_eq!(grants(&sandbox, "authorization_code"), 1);
    assert!(entries(&home).contains("attribute.service = d365conn"), "{}", entries(&home));

    home.run("disconnect demo").succeeds();
    assert_eq!(entries(&home), "");
    assert_eq!(home.run("connections list -o json").succeeds().trim(), "[]");
}

#[test]
#[ignore = "needs dbus-daemon, gnome-keyring, gdbus and secret-tool"]
fn an_own_web_app_keeps_its_secret_for_every_renewal_and_no_file_holds_it() {
    let mut home = Home::new();
    let _bus = Bus::start(&mut home);
    let _keyring = Keyring::unlocked(&home, PASSWORD);
    let sandbox = sandbox_of_short_tokens();
    let secret = OWN_WEB_APP.secret.unwrap();
    let path = home.path("client-secret");
    std::fs::write(&path, secret).unwrap();
    let app = format!("--client-id {} --client-secret-file {}", OWN_WEB_APP.client_id, path.display());
    connect(&home, &sandbox, &app).succeeds();
    std::fs::remove_file(&path).unwrap();
    for _ in 0..2 {
        home.run("accounts list --top 1 -o json").succeeds();
    }
    assert!(grants(&sandbox, "refresh_token") >= 2);
    let mut secrets = secrets_sent(&sandbox);
    assert!(secrets.iter().any(|sent| sent == secret) && secrets.len() >= 6, "{}", secrets.len());
    secrets.push(PASSWORD.to_owned());
    let secrets: Vec<&str> = secrets.iter().map(String::as_str).collect();
    assert_eq!(home.files_with(&secrets), Vec::<std::path::PathBuf>::new());
}

/// `connect` ends because of the keyring: soon, saying why, and before the user is troubled.
#[track_caller]
fn is_found_out(finished: Finished, code: &str, limit: Duration) {
    let took = finished.took;
    let said = finished.fails(11, code);
    assert!(!said.contains("/oauth2/v2.0/authorize"), "the user was sent to the browser first: {said}");
    assert!(took < limit, "{code} took {took:?}");
}

#[test]
#[ignore = "needs a machine without a session bus in its default place"]
fn without_a_bus_connect_ends_before_the_user_is_troubled() {
    let home = Home::new();
    let line = format!("connect --no-browser --tenant-url {}", sandbox().address());
    is_found_out(home.run(&line), "store/keyring-absent", Duration::from_secs(6));
}

#[test]
#[ignore = "needs dbus-daemon"]
fn on_a_bus_without_a_keyring_connect_ends_before_the_user_is_troubled() {
    let mut home = Home::new();
    let _bus = Bus::start(&mut home);
    let sandbox = sandbox();
    let line = format!("connect --no-browser --tenant-url {}", sandbox.address());
    is_found_out(home.run(&line), "store/keyring-absent", Duration::from_secs(6));
}

#[test]
#[ignore = "needs dbus-daemon, gnome-keyring and gdbus"]
fn a_locked_keyring_that_nobody_can_open_ends_connect_and_every_other_command() {
    let mut home = Home::new();
    let _bus = Bus::start(&mut home);
    let sandbox = sandbox();
    let keyring = Keyring::unlocked(&home, PASSWORD);
    connect(&home, &sandbox, "--name demo").succeeds();
    keyring.stop(&home);
    let _keyring = Keyring::locked(&home);
    let line = format!("connect --no-browser --name other --tenant-url {}", sandbox.address());
    is_found_out(home.run(&line), "store/keyring-locked", Duration::from_secs(6));
    is_found_out(home.run("accounts list"), "store/keyring-locked", Duration::from_secs(6));
    // What needs no secret goes on working.
    assert!(home.run("connections list -o json").succeeds().contains("demo"));
}

#[test]
#[ignore = "needs dbus-daemon, gnome-keyring and gdbus"]
fn a_keyring_that_has_stopped_answering_is_given_up() {
    let mut home = Home::new();
    let _bus = Bus::start(&mut home);
    let sandbox = sandbox();
    let keyring = Keyring::unlocked(&home, PASSWORD);
    connect(&home, &sandbox, "--name demo").succeeds();
    signal(keyring.id(), "STOP");
    let line = format!("connect --no-browser --name other --tenant-url {}", sandbox.address());
    is_found_out(home.run(&line), "store/keyring-timeout", Duration::from_secs(12));
    signal(keyring.id(), "CONT");
    home.run("accounts list --top 1").succeeds();
}
