//! Secrets moved between a real gnome-keyring and the encrypted file: there, used and back, and what is left where when a
//! store fails on the way. Signing in is not looked at here.

use d365conn::connection::{Connection, ConnectionId, ConnectionName, StoreKind};
use d365conn::paths::Places;
use d365conn::secret::Secret;
use d365conn::store::{FileVault, Registry, ResidentVault, Secrets, Vault as _};

use super::bus::{Bus, Keyring};
use super::home::{Home, PASSPHRASE, binary};
use super::person::{connect, grants, sandbox_of_short_tokens};
use super::started::{Finished, Started};

const PASSWORD: &str = "open-sesame";
/// To be followed by a store.
const MOVE: &str = "connections set demo --store";

fn places(home: &Home) -> Places {
    Places { config: home.path("home/.config/d365conn"), state: home.path("home/.local/state/d365conn") }
}

fn saved(home: &Home) -> Connection {
    let connections = Registry::new(&places(home)).read().unwrap();
    connections.find(&ConnectionName::parse("demo").unwrap()).unwrap().clone()
}

/// How many entries of ours the keyring has, as another program sees it.
fn in_keyring(home: &Home) -> usize {
    let mut command = home.program("secret-tool");
    command.args(["search", "--all", "service", "d365conn"]);
    let finished = Started::of(command).finish();
    format!("{}{}", finished.stdout, finished.stderr).matches("attribute.service = d365conn").count()
}

fn file(home: &Home) -> FileVault {
    FileVault::new(&places(home), Box::new(|_| Ok(Secret::new(PASSPHRASE))))
}

/// Runs `d365conn LINE` where no file may become larger than 32 KiB, as on a disk that is nearly full.
fn in_little_room(home: &Home, line: &str) -> Finished {
    let mut command = home.program("sh");
    command.args(["-c", "trap '' XFSZ; ulimit -f 64; exec \"$0\" $1"]).arg(binary()).arg(line);
    Started::of(command).finish()
}

fn is_in_file(home: &Home, connection: &Connection) -> bool {
    let vault = file(home);
    vault.exists().unwrap() && vault.read(&connection.id).unwrap().is_some()
}

#[test]
#[ignore = "needs dbus-daemon, gnome-keyring, gdbus and secret-tool"]
fn secrets_go_to_the_keyring_and_back_and_are_used_from_where_they_are() {
    let mut home = Home::with_passphrase();
    let _bus = Bus::start(&mut home);
    let _keyring = Keyring::unlocked(&home, PASSWORD);
    let sandbox = sandbox_of_short_tokens();
    connect(&home, &sandbox, "--name demo --store file").succeeds();
    let first = saved(&home);
    assert!(is_in_file(&home, &first));
    assert_eq!(in_keyring(&home), 0);

    let moved = home.run(&format!("{MOVE} keyring --label moved"));
    assert!(moved.stderr.contains("in the keyring now, and no longer in the encrypted file"), "{}", moved.stderr);
    assert!(moved.stderr.contains("has the label \"moved\" now"), "{}", moved.stderr);
    moved.succeeds();
    let there = saved(&home);
    assert_eq!((&there.id, there.store, there.label.as_deref()), (&first.id, StoreKind::Keyring, Some("moved")));
    assert!(in_keyring(&home) > 0);
    assert!(!is_in_file(&home, &first));
    // The tokens are nearly over when they come, so this renews with the refresh token that was moved.
    let renewals = grants(&sandbox, "refresh_token");
    home.run("accounts list --top 1").succeeds();
    assert!(grants(&sandbox, "refresh_token") > renewals);

    home.run("connections rename demo other").succeeds();
    home.run("connections rename other demo").succeeds();
    home.run(&format!("{MOVE} file")).succeeds();
    assert_eq!((saved(&home).id, saved(&home).store), (first.id.clone(), StoreKind::File));
    assert!(is_in_file(&home, &first));
    assert_eq!(in_keyring(&home), 0);
    home.run("connections check demo").succeeds();
    assert_eq!(grants(&sandbox, "authorization_code"), 1, "nobody signed in again");

    home.run("disconnect demo").succeeds();
    assert!(!is_in_file(&home, &first));
    assert_eq!(in_keyring(&home), 0);
}

#[test]
#[ignore = "needs dbus-daemon, gnome-keyring, gdbus and secret-tool"]
fn a_store_that_cannot_take_the_secrets_leaves_them_where_they_are() {
    let mut home = Home::with_passphrase();
    let bus = Bus::start(&mut home);
    let keyring = Keyring::unlocked(&home, PASSWORD);
    let sandbox = sandbox_of_short_tokens();
    connect(&home, &sandbox, "--name demo --store file").succeeds();
    keyring.stop(&home);

    let locked = Keyring::locked(&home);
    home.run(&format!("{MOVE} keyring --read-only true")).fails(11, "store/keyring-locked");
    locked.stop(&home);
    drop(bus);
    let said = home.run(&format!("{MOVE} keyring --read-only true")).fails(11, "commands/no-keyring-here");
    assert!(said.contains("stay in the encrypted file"), "{said}");
    assert_eq!((saved(&home).store, saved(&home).read_only), (StoreKind::File, false));
    home.run("accounts list --top 1").succeeds();
}

#[test]
#[ignore = "needs dbus-daemon, gnome-keyring, gdbus and secret-tool"]
fn a_connection_that_lives_in_the_keyring_says_so_where_there_is_none_and_makes_no_second_store() {
    let mut home = Home::with_passphrase();
    let bus = Bus::start(&mut home);
    let keyring = Keyring::unlocked(&home, PASSWORD);
    let sandbox = sandbox_of_short_tokens();
    connect(&home, &sandbox, "--name demo --store keyring").succeeds();
    keyring.stop(&home);
    drop(bus);
    let before = home.files();
    home.set("D365CONN_STORE", "file");
    for line in ["accounts list", "reconnect --no-browser", &format!("{MOVE} file")] {
        let said = home.run(line).fails(11, "store/lives-in-keyring");
        assert!(said.contains("`demo` live in the keyring"), "{line}: {said}");
        assert!(said.contains("d365conn connections set demo --store file"), "{line}: {said}");
    }
    let checked = home.run("connections check -o json");
    assert_eq!(checked.status.code(), Some(10), "{}", checked.stderr);
    assert!(checked.stdout.contains("store/lives-in-keyring"), "{}", checked.stdout);
    let named = |files: Vec<(std::path::PathBuf, Vec<u8>)>| files.into_iter().map(|(path, _)| path).collect::<Vec<_>>();
    assert!(!named(home.files()).iter().any(|path| path.ends_with("secrets.d365")));
    assert_eq!(saved(&home).store, StoreKind::Keyring);
    assert!(named(before).iter().any(|path| path.ends_with("connections.toml")));
}

#[test]
#[ignore = "needs dbus-daemon, gnome-keyring, gdbus and secret-tool"]
fn a_copy_that_the_old_store_keeps_is_told_and_goes_with_the_next_command() {
    let mut home = Home::with_passphrase();
    let _bus = Bus::start(&mut home);
    let _keyring = Keyring::unlocked(&home, PASSWORD);
    let sandbox = sandbox_of_short_tokens();
    connect(&home, &sandbox, "--name demo --store file").succeeds();
    let first = saved(&home);
    let mut large = Secrets::new();
    large.insert("large", Secret::new("x".repeat(64 * 1024)));
    let other = Connection { id: ConnectionId::random(), ..first.clone() };
    let registry = Registry::new(&places(&home));
    ResidentVault::new(std::sync::Arc::new(file(&home)), &other, registry, |_| None).write(&large).unwrap();
    let said = in_little_room(&home, &format!("{MOVE} keyring")).fails(11, "commands/copy-left");
    assert!(said.contains("are in the keyring now") && said.contains("a copy is left in the encrypted file"), "{said}");
    assert_eq!(saved(&home).store, StoreKind::Keyring);
    home.run("accounts list --top 1").succeeds();
    assert!(is_in_file(&home, &first));
    home.run(&format!("{MOVE} keyring")).succeeds();
    assert!(!is_in_file(&home, &first));
    home.run("accounts list --top 1").succeeds();

    // The same, and then the connection is forgotten.
    home.run(&format!("{MOVE} file")).succeeds();
    in_little_room(&home, &format!("{MOVE} keyring")).fails(11, "commands/copy-left");
    home.run("disconnect demo").succeeds();
    assert!(!is_in_file(&home, &first));
    assert_eq!(in_keyring(&home), 0);
}

#[test]
#[ignore = "needs dbus-daemon, gnome-keyring, gdbus and secret-tool"]
fn a_list_that_cannot_be_written_takes_the_move_back() {
    let mut home = Home::with_passphrase();
    let _bus = Bus::start(&mut home);
    let _keyring = Keyring::unlocked(&home, PASSWORD);
    let sandbox = sandbox_of_short_tokens();
    connect(&home, &sandbox, "--name demo --store file").succeeds();
    let first = saved(&home);
    home.run(&format!("connections set demo --label {}", "x".repeat(64 * 1024))).succeeds();
    in_little_room(&home, &format!("{MOVE} keyring")).fails(11, "paths/");
    assert_eq!(saved(&home).store, StoreKind::File);
    assert!(is_in_file(&home, &first));
    assert_eq!(in_keyring(&home), 0);
    home.run("accounts list --top 1").succeeds();
}
