//! A keyring's bad days: none there, locked, refused, silent, killed in the middle. Each ends in its own code within its
//! deadline, and nothing of it is written anywhere else. A keyring that works is tested in `keyring.rs`.

use std::os::unix::net::UnixListener;
use std::time::Duration;

use d365conn::sandbox::{INES, Robot, Sandbox};

use super::bus::{Bus, Keyring};
use super::home::Home;
use super::keyring::{PASSWORD, entries};
use super::peer::{PROMPTER, Refusing, SECRETS, Silent};
use super::person::{connect, grants, sandbox, secrets_sent, sign_in};
use super::started::{Finished, Started, signal, wait_for};
use super::terminal::AtTerminal;

/// Nobody can answer for the user: 3 s, and what a busy machine needs to start a program.
const SOON: Duration = Duration::from_secs(6);
/// The keyring is silent: 8 s, and the same.
const SILENCE: Duration = Duration::from_secs(12);

/// The command ends because of the keyring: in time, saying why and what to do, and before the user is troubled.
#[track_caller]
fn is_found_out(finished: Finished, code: &str, limit: Duration) -> String {
    let took = finished.took;
    let said = finished.fails(11, code);
    assert!(!said.contains("/oauth2/v2.0/authorize"), "the user was sent to the browser first: {said}");
    assert!(took < limit, "{code} took {took:?}");
    for way in ["--store file", "D365CONN_TENANT_URL"] {
        assert!(said.contains(way), "{code} doesn't name {way}: {said}");
    }
    said
}

fn connecting(sandbox: &Sandbox) -> String {
    format!("connect --no-browser --name other --tenant-url {}", sandbox.address())
}

/// Neither a second store nor anything that reads like a secret has been left in the home.
#[track_caller]
fn nothing_is_kept(home: &Home, sandbox: &Sandbox) {
    let secrets = secrets_sent(sandbox);
    let secrets: Vec<&str> = secrets.iter().map(String::as_str).chain([PASSWORD]).collect();
    assert_eq!(home.files_with(&secrets), Vec::<std::path::PathBuf>::new());
    let stores: Vec<_> = home.files().into_iter().filter(|(path, _)| path.ends_with("secrets.d365")).collect();
    assert_eq!(stores, []);
}

#[test]
#[ignore = "needs a machine without a session bus in its default place"]
fn without_a_bus_or_with_a_bad_address_of_one_connect_ends_before_the_user_is_troubled() {
    let mut home = Home::new();
    let sandbox = sandbox();
    is_found_out(home.run(&connecting(&sandbox)), "store/keyring-absent", SOON);
    let nowhere = format!("unix:path={}", home.path("nowhere").display());
    for address in
        [nowhere.as_str(), "unix:abstract=/d365conn/nowhere", "tcp:host=127.0.0.1,port=9", "nonsense", "x:y=z"]
    {
        home.set("DBUS_SESSION_BUS_ADDRESS", address);
        is_found_out(home.run(&connecting(&sandbox)), "store/keyring-absent", SOON);
    }
    nothing_is_kept(&home, &sandbox);
}

#[test]
#[ignore = "takes 8 s"]
fn a_bus_that_never_says_a_word_is_given_up() {
    let mut home = Home::new();
    let place = home.path("run/silent");
    let _silent = UnixListener::bind(&place).unwrap();
    home.set("DBUS_SESSION_BUS_ADDRESS", &format!("unix:path={}", place.display()));
    is_found_out(home.run(&connecting(&sandbox())), "store/keyring-timeout", SILENCE);
}

#[test]
#[ignore = "needs dbus-daemon"]
fn on_a_bus_without_a_keyring_connect_ends_before_the_user_is_troubled() {
    let mut home = Home::new();
    let _bus = Bus::start(&mut home);
    let sandbox = sandbox();
    is_found_out(home.run(&connecting(&sandbox)), "store/keyring-absent", SOON);
    nothing_is_kept(&home, &sandbox);
}

/// A home with a bus, and a saved connection `demo` whose secrets are in a keyring that is about to have a bad day.
fn connected(sandbox: &Sandbox) -> (Home, Bus, Keyring) {
    connected_with_rules(sandbox, "")
}

fn connected_with_rules(sandbox: &Sandbox, rules: &str) -> (Home, Bus, Keyring) {
    let mut home = Home::new();
    let bus = Bus::with_rules(&mut home, rules);
    let keyring = Keyring::unlocked(&home, PASSWORD);
    connect(&home, sandbox, "--name demo").succeeds();
    (home, bus, keyring)
}

#[test]
#[ignore = "needs dbus-daemon, gnome-keyring and gdbus"]
fn a_locked_keyring_that_nobody_can_open_ends_connect_and_every_other_command() {
    let sandbox = sandbox();
    let (home, _bus, keyring) = connected(&sandbox);
    keyring.stop(&home);
    let _keyring = Keyring::locked(&home);
    for line in [connecting(&sandbox).as_str(), "accounts list"] {
        let said = is_found_out(home.run(line), "store/keyring-locked", SOON);
        assert!(said.contains("gnome-keyring-daemon --unlock"), "{said}");
    }
    nothing_is_kept(&home, &sandbox);
    // What needs no secret goes on working.
    assert!(home.run("connections list -o json").succeeds().contains("demo"));
}

#[test]
#[ignore = "needs dbus-daemon, gnome-keyring, gdbus and script"]
fn a_question_for_the_password_that_nobody_answers_is_waited_for_at_a_terminal_only() {
    let sandbox = sandbox();
    let (home, bus, keyring) = connected(&sandbox);
    keyring.stop(&home);
    let _keyring = Keyring::locked(&home);
    let _silent = Silent::named(&bus, PROMPTER);
    is_found_out(home.run("accounts list"), "store/keyring-locked", SOON);

    let at_terminal = AtTerminal::start(&home, "accounts list");
    at_terminal.sees("waiting for the keyring");
    let screen = at_terminal.interrupts();
    assert!(!screen.contains("store/"), "{screen}");
    // Nobody is at a terminal who says so.
    let told = AtTerminal::start(&home, "accounts list --no-input").ends();
    assert!(told.contains("store/keyring-locked") && told.contains("ended with 11"), "{told}");
    nothing_is_kept(&home, &sandbox);
}

#[test]
#[ignore = "needs dbus-daemon, gnome-keyring and gdbus"]
fn a_person_who_says_no_is_asked_once_and_taken_at_their_word() {
    let sandbox = sandbox();
    let (home, bus, keyring) = connected(&sandbox);
    connect(&home, &sandbox, "--name second").succeeds();
    keyring.stop(&home);
    let _keyring = Keyring::locked(&home);
    let person = Refusing::after(&bus, Duration::from_millis(1250));
    is_found_out(home.run("accounts list"), "store/keyring-denied", SOON);
    assert_eq!(person.asked(), 1);
    // Two connections, one question.
    let said = home.run("disconnect --all --yes").stderr;
    assert!(said.contains("prompt dismissed"), "{said}");
    assert_eq!(person.asked(), 2);
}

#[test]
#[ignore = "needs dbus-daemon, gnome-keyring and gdbus"]
fn a_policy_that_forbids_the_keyring_is_told_from_a_lock() {
    let mut home = Home::new();
    let _bus = Bus::with_rules(&mut home, "<deny send_destination=\"org.freedesktop.secrets\"/>");
    let _keyring = Keyring::unlocked(&home, PASSWORD);
    let sandbox = sandbox();
    is_found_out(home.run(&connecting(&sandbox)), "store/keyring-denied", SOON);
    nothing_is_kept(&home, &sandbox);
}

#[test]
#[ignore = "needs dbus-daemon, gnome-keyring and gdbus; takes 8 s"]
fn a_keyring_that_has_stopped_answering_is_given_up_and_asked_again_by_the_next_process() {
    let sandbox = sandbox();
    let (home, _bus, keyring) = connected(&sandbox);
    signal(keyring.id(), "STOP");
    is_found_out(home.run(&connecting(&sandbox)), "store/keyring-timeout", SILENCE);
    signal(keyring.id(), "CONT");
    home.run("accounts list --top 1").succeeds();
}

#[test]
#[ignore = "needs dbus-daemon, gnome-keyring and gdbus; takes 8 s"]
fn a_secret_service_that_never_answers_is_waited_for_once_in_a_process() {
    let sandbox = sandbox();
    let (home, bus, keyring) = connected(&sandbox);
    connect(&home, &sandbox, "--name second").succeeds();
    keyring.stop(&home);
    let _silent = Silent::named(&bus, SECRETS);
    // All at once: the waits are theirs, not ours.
    let reading = home.start("-c demo accounts list");
    let connecting = home.start(&connecting(&sandbox));
    let examining = home.start("doctor demo --only store");
    is_found_out(reading.finish(), "store/keyring-timeout", SILENCE);
    is_found_out(connecting.finish(), "store/keyring-timeout", SILENCE);
    let examined = examining.finish();
    assert!(examined.took < SILENCE, "{:?}", examined.took);
    assert_eq!(examined.status.code(), Some(10), "{examined:?}");
    assert!(format!("{}{}", examined.stdout, examined.stderr).contains("store/keyring-timeout"), "{examined:?}");
    // Two connections whose secrets are there, one wait.
    let forgetting = home.run("disconnect --all --yes");
    assert!(forgetting.took < SILENCE, "{:?}", forgetting.took);
    nothing_is_kept(&home, &sandbox);
}

#[test]
#[ignore = "needs dbus-daemon, gnome-keyring, gdbus and script"]
fn at_a_terminal_a_silent_keyring_is_spoken_of_and_ctrl_c_ends_the_wait_at_once() {
    let sandbox = sandbox();
    let (home, _bus, keyring) = connected(&sandbox);
    signal(keyring.id(), "STOP");
    let at_terminal = AtTerminal::start(&home, "accounts list");
    at_terminal.sees("waiting for the keyring");
    at_terminal.interrupts();
}

/// Waits until the program is a guest on the bus.
fn wait_until_connected(home: &Home, started: &Started) {
    let caller = format!("{}", started.id());
    wait_for("a call under way", || {
        let mut threads = std::fs::read_dir(format!("/proc/{caller}/task")).ok()?;
        let is_named = |name: &str| name.trim() == "keyring";
        let is_there = threads.any(|thread| {
            std::fs::read_to_string(thread.unwrap().path().join("comm")).is_ok_and(|name| is_named(&name))
        });
        is_there.then_some(())
    });
    // Its own question reaches the bus after those that were put before.
    let mut command = home.program("gdbus");
    command.args(["call", "--session", "--dest", "org.freedesktop.DBus", "--object-path", "/org/freedesktop/DBus"]);
    command.args(["--method", "org.freedesktop.DBus.ListNames"]);
    Started::of(command).finish().succeeds();
}

#[test]
#[ignore = "needs dbus-daemon, gnome-keyring and gdbus"]
fn a_keyring_that_is_killed_in_the_middle_of_a_call_is_absent_and_not_waited_for() {
    let sandbox = sandbox();
    let (home, _bus, keyring) = connected(&sandbox);
    signal(keyring.id(), "STOP");
    let started = home.start("accounts list");
    wait_until_connected(&home, &started);
    keyring.stop(&home);
    is_found_out(started.finish(), "store/lives-in-keyring", SOON);
    // The next one that starts is found.
    let _keyring = Keyring::unlocked(&home, PASSWORD);
    home.run("accounts list --top 1").succeeds();
}

#[test]
#[ignore = "needs dbus-daemon, gnome-keyring and gdbus"]
fn a_connection_that_lives_in_the_keyring_is_never_looked_for_elsewhere() {
    let sandbox = sandbox();
    let (mut home, _bus, keyring) = connected(&sandbox);
    // Without what the clock counts down.
    let saved = "connections show demo -o json --jq del(.days_left)";
    let before = home.run(saved).succeeds();
    // As over SSH, by somebody who would like the other store now.
    keyring.stop(&home);
    home.set_passphrase("correct horse battery staple");
    home.set("D365CONN_STORE", "file");
    let said = is_found_out(home.run("accounts list"), "store/lives-in-keyring", SOON);
    assert!(said.contains("keyring"), "{said}");
    nothing_is_kept(&home, &sandbox);
    assert_eq!(home.run(saved).succeeds(), before);
    let _keyring = Keyring::unlocked(&home, PASSWORD);
    home.run("accounts list --top 1").succeeds();
    assert_eq!(grants(&sandbox, "authorization_code"), 1);
}

#[test]
#[ignore = "needs dbus-daemon, gnome-keyring and gdbus"]
fn a_keyring_that_goes_while_the_user_signs_in_leaves_nothing_half_saved() {
    let sandbox = sandbox();
    let (home, _bus, keyring) = connected(&sandbox);
    let started = home.start(&connecting(&sandbox));
    started.address();
    keyring.stop(&home);
    sign_in(&started);
    let said = started.finish().fails(11, "store/keyring-absent");
    assert!(said.contains("--store file"), "{said}");
    nothing_is_kept(&home, &sandbox);
    let list = home.run("connections list -o json").succeeds();
    assert!(list.contains("demo") && !list.contains("other"), "{list}");
}

#[test]
#[ignore = "needs dbus-daemon, gnome-keyring, gdbus and script"]
fn at_a_terminal_the_sign_in_is_not_lost_when_the_keyring_goes_meanwhile() {
    let sandbox = sandbox();
    let (home, _bus, keyring) = connected(&sandbox);
    let mut at_terminal = AtTerminal::start(&home, &connecting(&sandbox));
    let address = at_terminal.address();
    keyring.stop(&home);
    Robot::new(INES).in_background()(&address);
    at_terminal.sees("Keep them in a passphrase-encrypted file instead?");
    at_terminal.types("y\r");
    at_terminal.sees("New passphrase for the secret file");
    at_terminal.types("correct horse\r");
    at_terminal.sees("the same again");
    at_terminal.types("correct horse\r");
    let screen = at_terminal.ends();
    assert!(screen.contains("ended with 0") && screen.contains("its secrets in the encrypted file"), "{screen}");
    let list: serde_json::Value = serde_json::from_str(&home.run("connections list -o json").succeeds()).unwrap();
    let stores: Vec<_> = list.as_array().unwrap().iter().map(|one| (&one["name"], &one["store"])).collect();
    assert_eq!(stores, [(&"demo".into(), &"keyring".into()), (&"other".into(), &"file".into())], "{list}");
    assert_eq!(grants(&sandbox, "authorization_code"), 2);
}

/// Puts an item of another program into the keyring.
fn plant(home: &Home, attributes: &[&str], secret: &str) {
    let path = home.path("planted");
    std::fs::write(&path, secret).unwrap();
    let mut command = home.program("secret-tool");
    command.args(["store", "--label=somebody else's"]).args(attributes);
    command.stdin(std::fs::File::open(&path).unwrap());
    Started::of(command).finish().succeeds();
}

#[test]
#[ignore = "needs dbus-daemon, gnome-keyring, gdbus and secret-tool"]
fn what_other_programs_keep_under_our_name_is_left_alone() {
    let mut home = Home::new();
    let _bus = Bus::start(&mut home);
    let _keyring = Keyring::unlocked(&home, PASSWORD);
    plant(&home, &["service", "d365conn"], "nameless");
    plant(&home, &["service", "d365conn", "username", "ines.moreau"], "of a person");
    plant(&home, &["service", "d365conn", "username", "probe", "application", "other"], "of a program");
    let before = entries(&home);
    for secret in ["nameless", "of a person", "of a program"] {
        assert!(before.contains(secret), "{before}");
    }
    let sandbox = sandbox();
    connect(&home, &sandbox, "--name demo").succeeds();
    home.run("accounts list --top 1").succeeds();
    home.run("disconnect demo").succeeds();
    // The daemon names a schema of its own choice sooner or later.
    let sorted = |text: &str| {
        let mut lines: Vec<String> =
            text.lines().filter(|line| !line.starts_with("schema")).map(str::to_owned).collect();
        lines.sort();
        lines
    };
    assert_eq!(sorted(&entries(&home)), sorted(&before));
}
