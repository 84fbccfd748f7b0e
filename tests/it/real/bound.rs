//! What the secrets in a real gnome-keyring were made for, and whose they are: an edited list, a second configuration on
//! the same keyring, and what the first release kept there.

use std::path::Path;

use d365conn::sandbox::{DAEMON, Sandbox};

use super::bus::{Bus, Keyring};
use super::home::Home;
use super::keyring::{PASSWORD, entries};
use super::person::{connect, sandbox, sandbox_of_short_tokens};
use super::started::Started;

fn list_at(home: &Home) -> std::path::PathBuf {
    home.path("home/.config/d365conn/connections.toml")
}

/// Entries of ours in the keyring.
fn parts(home: &Home) -> usize {
    entries(home).matches("attribute.service = d365conn").count()
}

fn edit(path: &Path, key: &str, value: &str) {
    let good = std::fs::read_to_string(path).unwrap();
    let line = good.lines().find(|line| line.starts_with(&format!("{key} = "))).unwrap();
    std::fs::write(path, good.replacen(line, &format!("{key} = \"{value}\""), 1)).unwrap();
}

fn daemon(home: &Home, sandbox: &Sandbox) {
    std::fs::write(home.path("secret"), DAEMON.secret.unwrap()).unwrap();
    let line = format!(
        "connect --auth secret --name demo --client-id {} --client-secret-file {} --tenant-url {}",
        DAEMON.client_id,
        home.path("secret").display(),
        sandbox.address()
    );
    home.run(&line).succeeds();
}

#[test]
#[ignore = "needs dbus-daemon, gnome-keyring, gdbus and secret-tool"]
fn edited_lists_send_nothing_of_the_keyring_to_whom_it_was_not_made_for() {
    let mut home = Home::new();
    let _bus = Bus::start(&mut home);
    let _keyring = Keyring::unlocked(&home, PASSWORD);
    let (own, elsewhere) = (sandbox_of_short_tokens(), sandbox());
    daemon(&home, &own);
    let good = std::fs::read_to_string(list_at(&home)).unwrap();
    let sent = own.requests().len();
    let guid = "9b1f0a52-6c5e-4d7d-8f3b-0a1b2c3d4e5f";
    let address = elsewhere.address();
    let edits = [("tenant_url", address.as_str()), ("tenant", guid), ("tenant", "evil.example"), ("client_id", guid)];
    for (key, value) in edits {
        edit(&list_at(&home), key, value);
        for line in ["accounts list --top 1", "whoami", "token", "reconnect"] {
            let said = home.run(line).fails(11, "store/made-for-another");
            assert!(said.contains(value), "{line}: {said}");
        }
        std::fs::write(list_at(&home), &good).unwrap();
    }
    assert_eq!((elsewhere.requests().len(), own.requests().len()), (0, sent));
    home.run("accounts list --top 1").succeeds();
}

/// Whatever somebody writes into the list: the service of the keyring's secrets is the only one that is ever asked.
#[test]
#[ignore = "needs dbus-daemon, gnome-keyring, gdbus and secret-tool"]
fn a_hundred_edited_lists_send_nothing_of_the_keyring_to_anybody_else() {
    const KEYS: [&str; 17] = [
        "tenant_url",
        "tenant",
        "client_id",
        "id",
        "app",
        "auth",
        "store",
        "user",
        "user_id",
        "organisation_id",
        "tenant_override",
        "redirect_uri",
        "response_mode",
        "no_graph",
        "label",
        "read_only",
        "has_client_secret",
    ];
    let mut home = Home::new();
    let _bus = Bus::start(&mut home);
    let _keyring = Keyring::unlocked(&home, PASSWORD);
    let (own, elsewhere) = (sandbox_of_short_tokens(), sandbox());
    daemon(&home, &own);
    home.set("D365CONN_NO_INPUT", "1");
    let good = std::fs::read_to_string(list_at(&home)).unwrap();
    let address = format!("\"{}\"", elsewhere.address());
    let values = [
        address.as_str(),
        "\"9b1f0a52-6c5e-4d7d-8f3b-0a1b2c3d4e5f\"",
        "\"evil.example\"",
        "true",
        "\"browser\"",
        "\"\"",
    ];
    let mut refused = 0;
    for (key, value) in KEYS.iter().flat_map(|key| values.map(|value| (key, value))) {
        let new = format!("{key} = {value}");
        let list = match good.lines().find(|line| line.starts_with(&format!("{key} = "))) {
            Some(line) => good.replacen(line, &new, 1),
            None => format!("{}\n{new}\n", good.trim_end()),
        };
        std::fs::write(list_at(&home), list).unwrap();
        let ended = home.run("accounts list --top 1 -o id");
        refused += usize::from(ended.status.code() != Some(0));
        assert_ne!(ended.status.code(), Some(70), "{new}: {}", ended.stderr);
        assert_eq!(elsewhere.requests().len(), 0, "{new}: {}", ended.stderr);
    }
    assert!(refused > 40, "only {refused} of the lists were refused");
    std::fs::write(list_at(&home), &good).unwrap();
    home.run("accounts list --top 1").succeeds();
}

#[test]
#[ignore = "needs dbus-daemon, gnome-keyring, gdbus and secret-tool"]
fn a_second_configuration_on_the_same_keyring_loses_nothing() {
    let mut home = Home::new();
    let _bus = Bus::start(&mut home);
    let _keyring = Keyring::unlocked(&home, PASSWORD);
    let sandbox = sandbox();
    connect(&home, &sandbox, "--name first").succeeds();
    let second = home.path("second");
    std::fs::create_dir(&second).unwrap();
    home.set("D365CONN_CONFIG_DIR", second.to_str().unwrap());
    connect(&home, &sandbox, "--name second").succeeds();
    let both = parts(&home);
    home.run("doctor --fix --yes").succeeds();
    assert_eq!(parts(&home), both);
    home.run("disconnect --all --yes").succeeds();
    home.set("D365CONN_CONFIG_DIR", list_at(&home).parent().unwrap().to_str().unwrap());
    home.run("-c first accounts list --top 1").succeeds();
    home.run("disconnect --all --yes").succeeds();
    assert_eq!(entries(&home), "");
}

#[test]
#[ignore = "needs dbus-daemon, gnome-keyring, gdbus and secret-tool"]
fn what_the_first_release_kept_in_the_keyring_is_judged_by_its_token_and_read() {
    const LIST: &str = include_str!("../../data/first-release/keyring-connections.toml");
    let mut home = Home::with_passphrase();
    let _bus = Bus::start(&mut home);
    let _keyring = Keyring::unlocked(&home, PASSWORD);
    d365conn::paths::write_own(&list_at(&home), LIST.as_bytes()).unwrap();
    let id = LIST.lines().find_map(|line| line.strip_prefix("id = ")).unwrap().trim_matches('"').to_owned();
    for (name, value) in [
        (id.clone(), include_str!("../../data/first-release/keyring-head.json")),
        (format!("{id}.a.0"), include_str!("../../data/first-release/keyring-part.json")),
    ] {
        std::fs::write(home.path("value"), value).unwrap();
        let mut command = home.program("secret-tool");
        command.args(["store", "--label", "x", "service", "d365conn", "username", &name]);
        command.stdin(std::fs::File::open(home.path("value")).unwrap());
        Started::of(command).finish().succeeds();
    }
    let pack = format!("connections export nightly --encrypt --passphrase-file {}", home.path("passphrase").display());
    edit(&list_at(&home), "tenant_url", "http://127.0.0.1:18366");
    home.run(&pack).fails(11, "store/made-for-another");
    std::fs::write(list_at(&home), LIST).unwrap();
    home.run(&pack).succeeds();
    // By now the record itself says what it was made for.
    assert!(entries(&home).contains("made_for"), "it is not in the present form");
    home.run(&pack).succeeds();
}
