//! Secrets in a real gnome-keyring over a real D-Bus. The keyring in memory and the encrypted file are never used here; a
//! keyring's bad days are in `keyring_faults.rs`.

use d365conn::sandbox::OWN_WEB_APP;

use super::bus::{Bus, Keyring};
use super::home::Home;
use super::person::{connect, grants, sandbox, sandbox_of_short_tokens, secrets_sent};
use super::started::Started;

pub const PASSWORD: &str = "open-sesame";

/// What another program of the same user finds of ours.
pub fn entries(home: &Home) -> String {
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
    // Whoever looks into the keyring sees whose entries these are; no name, address or secret is among what isn't encrypted.
    let found = entries(&home);
    let open: Vec<&str> = found.lines().filter(|line| !line.starts_with("secret = ")).collect();
    assert!(open.contains(&"attribute.service = d365conn"), "{found}");
    assert!(open.iter().any(|line| line.starts_with("label = d365conn: secrets of connection ")), "{found}");
    assert!(!open.iter().any(|line| line.contains("northlight") || line.contains("demo")), "{open:?}");

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
