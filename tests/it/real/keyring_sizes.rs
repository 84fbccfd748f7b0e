//! Secrets of every size in a real gnome-keyring, and writers that are killed. The vault is called in a process of its own,
//! which is this very program once more: the bus is found by a variable, and those of a running process can't be changed.

use std::env;
use std::process::Command;

use std::sync::Arc;

use d365conn::connection::{Account, App, Connection, ConnectionId, ConnectionName, Flow, ResponseMode, StoreKind};
use d365conn::paths::Places;
use d365conn::secret::Secret;
use d365conn::store::{KeyringVault, Patience, Registry, ResidentVault, Secrets, Vault as _};
use d365conn::tenant::TenantUrl;

use super::bus::{Bus, Keyring};
use super::home::Home;
use super::keyring::{PASSWORD, entries};
use super::started::{Started, wait_for};

/// Set in the process that calls the vault: what it is to do there.
const ERRAND: &str = "D365CONN_TEST_ERRAND";

/// This program with one test, in a home's environment and on its bus.
fn sent(home: &Home, test: &str, errand: &str) -> Command {
    let mut command = home.program(env::current_exe().unwrap());
    command.args(["--exact", "--include-ignored", "--nocapture", test]).env(ERRAND, errand);
    command
}

fn vault() -> KeyringVault {
    KeyringVault::new(Patience::UNATTENDED, Vec::new())
}

/// The store of a connection with that id, in a list of this errand's own.
fn resident(id: &ConnectionId) -> ResidentVault {
    let home = std::path::PathBuf::from(env::var_os("HOME").unwrap());
    let registry = Registry::new(&Places { config: home.join("config"), state: home.join("state") });
    let connection = Connection {
        id: id.clone(),
        name: ConnectionName::parse("sizes").unwrap(),
        tenant_url: TenantUrl::parse("https://contoso.crm4.dynamics.com").unwrap().url,
        app: App::Own { client_id: "11111111-2222-3333-4444-555555555555".to_owned() },
        flow: Flow::Browser,
        store: StoreKind::Keyring,
        account: Account::default(),
        redirect_uri: None,
        response_mode: ResponseMode::FormPost,
        no_graph: false,
        tenant_override: None,
        label: None,
        read_only: false,
        has_client_secret: false,
    };
    ResidentVault::new(Arc::new(vault()), &connection, registry, |_| None)
}

/// A secret of so many bytes, with what is hardest to keep among them: a control byte, a NUL, quotes, four bytes in one.
fn value(bytes: usize) -> String {
    const HARD: &str = "\0\u{7}\"\\\u{1f511}\n";
    format!("{}{}", HARD.repeat(bytes / HARD.len()), "y".repeat(bytes % HARD.len()))
}

/// Secrets that hold just this one.
fn secrets(text: &str) -> Secrets {
    let mut secrets = Secrets::new();
    secrets.insert("refresh-token", Secret::new(text));
    secrets
}

/// What the vault has for a connection.
fn kept(id: &ConnectionId) -> String {
    resident(id).read().unwrap().unwrap().find("refresh-token").unwrap().expose().to_owned()
}

/// The words of an errand; the second one is the connection's id.
fn errand_of(text: &str) -> (&str, ConnectionId, &str) {
    #[derive(serde::Deserialize)]
    struct Named {
        id: ConnectionId,
    }
    let words: Vec<&str> = text.split(' ').collect();
    let named: Named = toml::from_str(&format!("id = \"{}\"", words[1])).unwrap();
    (words[0], named.id, words[2])
}

/// Entries of ours in the keyring.
fn parts(home: &Home) -> usize {
    entries(home).matches("attribute.service = d365conn").count()
}

#[test]
#[ignore = "needs dbus-daemon, gnome-keyring, gdbus and secret-tool"]
fn a_secret_of_any_size_comes_back_whole_from_another_process() {
    const TEST: &str = "real::keyring_sizes::a_secret_of_any_size_comes_back_whole_from_another_process";
    const SIZES: [usize; 7] = [1, 1279, 2399, 2560, 4096, 65_536, 2];
    let Ok(errand) = env::var(ERRAND) else {
        let mut home = Home::new();
        let _bus = Bus::start(&mut home);
        let _keyring = Keyring::unlocked(&home, PASSWORD);
        let id = ConnectionId::random();
        for size in SIZES {
            for act in ["write", "read"] {
                Started::of(sent(&home, TEST, &format!("{act} {id} {size}"))).finish().succeeds();
            }
        }
        assert_eq!(parts(&home), 2, "a head and one part: {}", entries(&home));
        Started::of(sent(&home, TEST, &format!("remove {id} 0"))).finish().succeeds();
        assert_eq!(entries(&home), "");
        return;
    };
    let (act, id, bytes) = errand_of(&errand);
    let wanted = value(bytes.parse().unwrap());
    match act {
        "write" => resident(&id).write(&secrets(&wanted)).unwrap(),
        "read" => assert_eq!(kept(&id), wanted),
        _ => vault().remove(&id).unwrap(),
    }
}

#[test]
#[ignore = "needs dbus-daemon, gnome-keyring, gdbus and secret-tool"]
fn what_a_killed_writer_left_is_cleared_by_the_next_one_and_the_old_value_stays_till_then() {
    const TEST: &str =
        "real::keyring_sizes::what_a_killed_writer_left_is_cleared_by_the_next_one_and_the_old_value_stays_till_then";
    let Ok(errand) = env::var(ERRAND) else {
        let mut home = Home::new();
        let _bus = Bus::start(&mut home);
        let _keyring = Keyring::unlocked(&home, PASSWORD);
        let id = ConnectionId::random();
        let errand = |act: &str| format!("{act} {id} -");
        Started::of(sent(&home, TEST, &errand("short"))).finish().succeeds();
        let mut has_left_parts = false;
        for round in 1..=6 {
            let writer = Started::of(sent(&home, TEST, &errand("long")));
            // Once it is at work, and further into its work each time.
            wait_for("a first part of the new value", || (parts(&home) >= 2 + round).then_some(()));
            drop(writer);
            has_left_parts |= parts(&home) > 2;
            Started::of(sent(&home, TEST, &errand("whole"))).finish().succeeds();
            Started::of(sent(&home, TEST, &errand("short"))).finish().succeeds();
            assert_eq!(parts(&home), 2, "{}", entries(&home));
        }
        assert!(has_left_parts, "every writer was too fast to be killed in the middle");
        return;
    };
    let (act, id, _) = errand_of(&errand);
    let (short, long) = ("short".to_owned(), "long ".repeat(60_000));
    match act {
        "short" => resident(&id).write(&secrets(&short)).unwrap(),
        "long" => resident(&id).write(&secrets(&long)).unwrap(),
        _ => {
            let seen = kept(&id);
            assert!(seen == short || seen == long, "neither the old value nor the new one: {} bytes", seen.len());
        }
    }
}
