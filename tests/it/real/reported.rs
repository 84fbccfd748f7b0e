//! What users of other tools have reported of keyrings, containers and bare surroundings: here the built binary meets them.
//! The table of all of it is `tests/data/threats.toml`.

use std::process::{Command, Stdio};

use d365conn::sandbox::{DAEMON, Sandbox};

use super::bus::{Bus, Keyring};
use super::home::{Home, binary};
use super::keyring::{PASSWORD, entries};
use super::person::{connect, sandbox};
use super::started::{Finished, Started};

/// A connection that is all in the environment.
fn of_environment(home: &mut Home, sandbox: &Sandbox) {
    home.set("D365CONN_TENANT_URL", &sandbox.address());
    home.set("D365CONN_CLIENT_ID", DAEMON.client_id);
    home.set("D365CONN_CLIENT_SECRET", DAEMON.secret.unwrap());
}

/// Who `whoami` says it is, over a connection of that name, and where.
fn seen_by(home: &Home, name: &str) -> (String, String) {
    let line = format!("-c {name} whoami -o json");
    let who: serde_json::Value = serde_json::from_str(&home.run(&line).succeeds()).unwrap();
    let text = |field: &str| who[field].as_str().unwrap_or_default().to_owned();
    (text("kind"), text("tenant_url"))
}

#[test]
#[ignore = "needs dbus-daemon, gnome-keyring, gdbus and secret-tool"]
fn four_connections_of_two_identities_in_one_keyring_are_never_mixed_up() {
    let mut home = Home::new();
    let _bus = Bus::start(&mut home);
    let _keyring = Keyring::unlocked(&home, PASSWORD);
    let (one, other) = (sandbox(), sandbox());
    let secret = home.path("client-secret");
    std::fs::write(&secret, DAEMON.secret.unwrap()).unwrap();
    let app = format!("--auth secret --client-id {} --client-secret-file {}", DAEMON.client_id, secret.display());
    let saved = [("user-one", &one), ("user-other", &other), ("app-one", &one), ("app-other", &other)];
    for (name, sandbox) in saved {
        if name.starts_with("user") {
            connect(&home, sandbox, &format!("--name {name}")).succeeds();
        } else {
            home.run(&format!("connect --name {name} --tenant-url {} {app}", sandbox.address())).succeeds();
        }
    }
    let is_kept = |gone: &str| {
        for (name, sandbox) in saved.iter().filter(|(name, _)| *name != gone) {
            let kind = if name.starts_with("user") { "user" } else { "application" };
            assert_eq!(seen_by(&home, name), (kind.to_owned(), sandbox.address()), "{name} while `{gone}` is gone");
        }
    };
    is_kept("");
    let labels = || entries(&home).lines().filter(|line| line.starts_with("label = ")).count();
    let before = labels();
    home.run("disconnect app-one").succeeds();
    assert!(labels() < before, "its entries are still there");
    is_kept("app-one");
}

/// `d365conn LINE` in a container: as a user whom the system doesn't know, with this home.
fn as_nobody_known(home: &Home, place: &str, line: &str) -> Finished {
    let reachable = tempfile::tempdir_in("/tmp").unwrap();
    std::fs::copy(binary(), reachable.path().join("d365conn")).unwrap();
    let open = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(reachable.path(), open).unwrap();
    let mut command = home.program("setpriv");
    command.args(["--reuid", "12345", "--regid", "12345", "--clear-groups"]);
    command.arg(reachable.path().join("d365conn")).args(line.split_whitespace()).current_dir("/");
    match place {
        "" => command.env_remove("HOME"),
        place => command.env("HOME", place),
    };
    Started::of(command).finish()
}

#[test]
#[ignore = "needs setpriv, and root to use it"]
fn a_user_without_an_entry_in_the_system_works_from_the_environment_and_is_told_where_nothing_can_be_kept() {
    use std::os::unix::fs::MetadataExt as _;

    let mut home = Home::with_passphrase();
    if std::fs::metadata(home.path("home")).unwrap().uid() != 0 {
        return;
    }
    for (path, mode) in [("", 0o755), ("passphrase", 0o644)] {
        std::fs::set_permissions(home.path(path), std::os::unix::fs::PermissionsExt::from_mode(mode)).unwrap();
    }
    let sandbox = sandbox();
    for place in ["", "/"] {
        let line = format!("connect --no-browser --store file --tenant-url {}", sandbox.address());
        let finished = as_nobody_known(&home, place, &line);
        assert_eq!(finished.status.code(), Some(11), "HOME={place}: {}", finished.stderr);
        assert!(finished.stderr.contains("D365CONN_"), "HOME={place}: {}", finished.stderr);
    }
    of_environment(&mut home, &sandbox);
    for place in ["", "/", "/nonexistent"] {
        let rows = as_nobody_known(&home, place, "accounts list --top 1 -o id").succeeds();
        assert_eq!(rows.trim().len(), 36, "HOME={place}");
    }
}

#[test]
#[ignore = "needs a machine fast enough for many processes"]
fn bare_surroundings_are_no_trouble_to_a_connection_in_the_environment() {
    let sandbox = sandbox();
    let mut home = Home::new();
    of_environment(&mut home, &sandbox);
    let line = "accounts list --top 1 -o id";
    for (name, value) in [
        ("HOME", None),
        ("HOME", Some("/nonexistent")),
        ("LC_ALL", Some("POSIX")),
        ("LC_ALL", None),
        ("PATH", None),
        ("TMPDIR", Some("/nonexistent")),
    ] {
        let mut command = home.command(line);
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
        assert_eq!(Started::of(command).finish().succeeds().trim().len(), 36, "{name} is {value:?}");
    }
    // Nothing at all but what names the connection.
    let mut command = Command::new(binary());
    command
        .args(line.split_whitespace())
        .env_clear()
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command.env("D365CONN_TENANT_URL", sandbox.address());
    command.env("D365CONN_CLIENT_ID", DAEMON.client_id).env("D365CONN_CLIENT_SECRET", DAEMON.secret.unwrap());
    assert_eq!(Started::of(command).finish().succeeds().trim().len(), 36);
}

#[test]
#[ignore = "needs a shell"]
fn a_directory_that_has_vanished_and_streams_that_are_closed_are_told_or_passed_over() {
    let sandbox = sandbox();
    let home = Home::with_light_secrets();
    connect(&home, &sandbox, "--store file").succeeds();
    let behind = |script: &str, line: &str| {
        let mut command = home.program("sh");
        command.args(["-c", script]).arg(binary()).args(line.split_whitespace());
        Started::of(command).finish()
    };
    let vanished = "mkdir gone && cd gone && rmdir ../gone && exec \"$0\" \"$@\"";
    for line in ["connections list -o id", "accounts list --top 1 -o id"] {
        assert!(!behind(vanished, line).succeeds().is_empty(), "{line}");
    }
    // A stream that is closed is opened to nowhere before the program begins, as the runtime of its language does it.
    assert_eq!(behind("exec \"$0\" \"$@\" >&-", "accounts list --top 1 -o id").succeeds(), "");
    assert_eq!(behind("exec \"$0\" \"$@\" 2>&-", "accounts list --top 1 -o id").succeeds().trim().len(), 36);
    assert_eq!(behind("exec \"$0\" \"$@\" <&-", "accounts list --top 1 -o id").succeeds().trim().len(), 36);
    // What is opened next would take the place of a closed stream: no file of ours may be written over.
    home.run("accounts list --top 1").succeeds();
}
