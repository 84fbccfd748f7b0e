//! Secrets in the encrypted file, from one process to the next. The keyring is never touched here.

use d365conn::sandbox::OWN_WEB_APP;

use super::home::{Home, PASSPHRASE};
use super::person::{connect, grants, sandbox_of_short_tokens, secrets_sent};
use super::started::Started;

#[test]
#[ignore = "needs a machine fast enough for many processes"]
fn a_connection_lives_in_the_file_from_one_process_to_the_next_until_it_is_forgotten() {
    let home = Home::with_passphrase();
    let sandbox = sandbox_of_short_tokens();
    connect(&home, &sandbox, "--name demo --store file").succeeds();
    for _ in 0..2 {
        let rows = home.run("accounts list --top 3 -o json").succeeds();
        assert_eq!(serde_json::from_str::<serde_json::Value>(&rows).unwrap().as_array().unwrap().len(), 3);
    }
    assert_eq!(grants(&sandbox, "authorization_code"), 1);
    assert!(grants(&sandbox, "refresh_token") >= 2);
    home.run("disconnect demo").succeeds();
    assert_eq!(home.run("connections list -o json").succeeds().trim(), "[]");
    let said = home.run("accounts list").fails(4, "store/");
    assert!(said.contains("d365conn connect"), "{said}");
}

#[test]
#[ignore = "needs a machine fast enough for many processes"]
fn no_file_holds_a_secret_in_the_clear() {
    let home = Home::with_passphrase();
    let sandbox = sandbox_of_short_tokens();
    let secret = OWN_WEB_APP.secret.unwrap();
    let path = home.path("client-secret");
    std::fs::write(&path, secret).unwrap();
    let app = format!("--store file --client-id {} --client-secret-file {}", OWN_WEB_APP.client_id, path.display());
    connect(&home, &sandbox, &app).succeeds();
    for _ in 0..2 {
        home.run("accounts list --top 1 -o json").succeeds();
    }
    let mut secrets = secrets_sent(&sandbox);
    assert!(secrets.iter().any(|sent| sent == secret) && secrets.len() >= 6, "{}", secrets.len());
    secrets.push(PASSPHRASE.to_owned());
    let secrets: Vec<&str> = secrets.iter().map(String::as_str).collect();
    assert_eq!(home.files_with(&secrets), Vec::<std::path::PathBuf>::new());
    assert!(!home.files().is_empty());
}

#[test]
#[ignore = "needs a machine fast enough for many processes"]
fn a_wrong_passphrase_opens_nothing_and_breaks_nothing() {
    let mut home = Home::with_passphrase();
    let sandbox = sandbox_of_short_tokens();
    connect(&home, &sandbox, "--store file").succeeds();
    home.run("accounts list --top 1").succeeds();
    let before = home.files();
    home.set_passphrase("not the passphrase");
    home.run("accounts list").fails(11, "store/wrong-passphrase");
    assert_eq!(before, home.files());
    home.set_passphrase(PASSPHRASE);
    home.run("accounts list --top 1").succeeds();
}

/// A key that could be made of what every program of the machine may read would keep nobody out.
#[test]
#[ignore = "needs strace"]
fn the_key_of_the_file_is_made_of_its_passphrase_and_of_nothing_that_the_machine_tells_everybody() {
    let home = Home::with_passphrase();
    let sandbox = sandbox_of_short_tokens();
    connect(&home, &sandbox, "--store file").succeeds();
    Started::of(home.traced("trace=openat,uname", "accounts list --top 1")).finish().succeeds();
    let calls = home.calls();
    assert!(calls.iter().any(|call| call.contains("secrets.d365\"")), "{calls:#?}");
    for told in ["uname(", "machine-id", "hostname", "boot_id", "/sys/class/dmi", "/etc/passwd", "/sys/class/net"] {
        let asked: Vec<&String> = calls.iter().filter(|call| call.contains(told)).collect();
        assert_eq!(asked, Vec::<&String>::new());
    }
}
