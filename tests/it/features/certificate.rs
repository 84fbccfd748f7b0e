//! Connections of an application that proves itself with the key of a certificate.

use std::time::Duration;

use d365conn::sandbox::{DAEMON, Fault, STRANGER};

use crate::pair::{Pair, write};
use crate::world::{Outcome, World};

const HOUR: Duration = Duration::from_secs(3600);

/// Connects as `client_id` with the certificate in `file`.
fn connect(world: &World, client_id: &str, file: &std::path::Path, more: &str) -> Outcome {
    world.run(&format!(
        "connect --tenant-url {{org}} --store file --auth certificate --client-id {client_id} --certificate {} {more}",
        file.display()
    ))
}

/// A world that knows the daemon by `pair`, and nobody at the terminal.
fn world_of(pair: &Pair) -> World {
    let world = World::new().without_terminal();
    assert!(world.sandbox.register_certificate(DAEMON.client_id, pair.certificate.as_bytes()));
    world
}

fn token_requests(world: &World) -> usize {
    world.sandbox.requests().iter().filter(|request| request.is_token_request()).count()
}

#[test]
fn a_certificate_connects_an_application_and_its_key_stays_in_its_file() {
    let pair = Pair::new();
    let world = world_of(&pair);
    let file = pair.both_in(&world, "nightly.pem");
    let outcome = connect(&world, DAEMON.client_id, &file, "");
    assert!(outcome.stderr.contains("as application"), "{}", outcome.stderr);
    outcome.succeeds();
    let list = world.run("connections list -o json").succeeds();
    assert!(list.contains("\"auth\":\"certificate\"") && list.contains("\"status\":\"ok\""), "{list}");
    assert_eq!(world.run("accounts list --top 3 -o id").succeeds().lines().count(), 3);
    assert_eq!(token_requests(&world), 1, "the token of the proof is used on");
    world.run("connections check").succeeds();
    world.run("doctor").succeeds();
    world.run("reconnect").succeeds();
    let saved = std::fs::read_to_string(world.path("config/connections.toml")).unwrap();
    assert!(saved.contains("nightly.pem") && !saved.contains("PRIVATE"), "{saved}");
    // It is read every time: without it there is no token.
    std::fs::remove_file(&file).unwrap();
    world.pass(HOUR * 2);
    world.run("accounts list --top 1").fails(2, "paths/file-missing");
}

#[test]
fn a_certificate_that_is_kept_needs_its_file_no_more() {
    let pair = Pair::new();
    let world = world_of(&pair);
    let file = pair.both_in(&world, "nightly.pem");
    connect(&world, DAEMON.client_id, &file, "--keep-certificate").succeeds();
    std::fs::remove_file(&file).unwrap();
    world.pass(HOUR * 2);
    world.run("accounts list --top 1").succeeds();
    world.run("reconnect").succeeds();
    world.pass(HOUR * 2);
    world.run("accounts list --top 1").succeeds();
    let first_line = pair.key.lines().nth(1).unwrap();
    for (path, bytes) in world.files() {
        assert!(!String::from_utf8_lossy(&bytes).contains(first_line), "{}", path.display());
    }
}

#[test]
fn the_environment_alone_is_enough_and_nothing_is_stored() {
    let pair = Pair::new();
    for (file_variable, id_variable) in
        [("D365CONN_CERTIFICATE_FILE", "D365CONN_CLIENT_ID"), ("AZURE_CLIENT_CERTIFICATE_PATH", "AZURE_CLIENT_ID")]
    {
        let mut world = world_of(&pair);
        let file = pair.both_in(&world, "nightly.pem");
        world.set("D365CONN_TENANT_URL", &world.sandbox.address());
        world.set(id_variable, DAEMON.client_id);
        world.set(file_variable, &file.display().to_string());
        let before = world.files().len();
        let outcome = world.run("accounts list --top 1 -v");
        assert!(outcome.stderr.contains("certificate from the environment"), "{}", outcome.stderr);
        outcome.succeeds();
        assert_eq!(world.files().len(), before);
    }
}

#[test]
fn an_assertion_is_made_anew_for_every_token() {
    let pair = Pair::new();
    let world = world_of(&pair);
    world.sandbox.faults().order_times(Fault::ShortLivedToken { seconds: 3600 }, 1 + 6);
    connect(&world, DAEMON.client_id, &pair.both_in(&world, "nightly.pem"), "").succeeds();
    for _ in 0..18 {
        world.pass(HOUR / 3);
        world.run("accounts list --top 1").succeeds();
    }
    assert_eq!(token_requests(&world), 1 + 6);
}

#[test]
fn a_certificate_that_entra_does_not_know_is_told_with_its_thumbprints() {
    let pair = Pair::new();
    let world = World::new().without_terminal();
    let said = connect(&world, DAEMON.client_id, &pair.both_in(&world, "nightly.pem"), "").fails(4, "AADSTS700027");
    let der = rustls_pem(&pair.certificate);
    let hexadecimal = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02X}")).collect::<Vec<_>>().concat();
    let sha1 = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA1_FOR_LEGACY_USE_ONLY, &der);
    let sha256 = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &der);
    let flat: String = said.split_whitespace().collect();
    assert!(flat.contains(&hexadecimal(sha1.as_ref())) && flat.contains(&hexadecimal(sha256.as_ref())), "{said}");
    assert_eq!(world.run("connections list -o json").succeeds().trim(), "[]");
}

fn rustls_pem(pem: &str) -> Vec<u8> {
    use rustls::pki_types::CertificateDer;
    use rustls::pki_types::pem::PemObject as _;
    CertificateDer::from_pem_slice(pem.as_bytes()).unwrap().to_vec()
}

#[test]
fn a_clock_that_is_off_is_told_with_both_times() {
    let pair = Pair::new();
    let world = world_of(&pair);
    world.sandbox.faults().order(Fault::ClockAhead { by: HOUR });
    let said = connect(&world, DAEMON.client_id, &pair.both_in(&world, "nightly.pem"), "").fails(4, "AADSTS700024");
    let flat = said.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(flat.contains("2026-11-23T09:00:00Z") && flat.contains("2026-11-23 10:00:00Z"), "{said}");
}

#[test]
fn an_app_without_an_application_user_is_told_how_to_get_one() {
    let pair = Pair::new();
    let world = World::new().without_terminal();
    assert!(world.sandbox.register_certificate(STRANGER.client_id, pair.certificate.as_bytes()));
    let said = connect(&world, STRANGER.client_id, &pair.both_in(&world, "nightly.pem"), "").fails(5, "0x80072560");
    assert!(said.contains("Application users") && said.contains(STRANGER.client_id), "{said}");
}

#[test]
fn a_certificate_that_has_ended_is_refused_before_any_network_and_replaced_by_a_reconnect() {
    let (old, new) = (Pair::of_years(2026, 2027), Pair::another());
    let world = world_of(&old);
    assert!(world.sandbox.register_certificate(DAEMON.client_id, new.certificate.as_bytes()));
    connect(&world, DAEMON.client_id, &old.both_in(&world, "old.pem"), "").succeeds();
    world.pass(HOUR * 24 * 60);
    let before = world.sandbox.requests().len();
    let said = world.run("accounts list").fails(4, "auth/certificate-ended");
    assert!(said.contains("2027-01-01"), "{said}");
    connect(&world, DAEMON.client_id, &world.path("old.pem"), "--name other").fails(4, "auth/certificate-ended");
    let early = Pair::of_years(2040, 2041).both_in(&world, "early.pem");
    connect(&world, DAEMON.client_id, &early, "--name other").fails(4, "auth/certificate-not-yet");
    assert_eq!(world.sandbox.requests().len(), before);
    let file = new.both_in(&world, "new.pem");
    world.run(&format!("reconnect --certificate {}", file.display())).succeeds();
    world.pass(HOUR * 2);
    world.run("accounts list --top 1").succeeds();
}

#[test]
fn files_that_hold_no_pair_are_refused_before_any_network() {
    let (pair, other) = (Pair::new(), Pair::another());
    let world = World::new().without_terminal();
    let elliptic = rcgen::KeyPair::generate().unwrap();
    let elliptic_certificate = rcgen::CertificateParams::new(Vec::new()).unwrap().self_signed(&elliptic).unwrap();
    for (name, text, code) in [
        ("empty.pem", String::new(), "auth/certificate-unreadable"),
        ("garbage.pem", "hello".to_owned(), "auth/certificate-unreadable"),
        ("cut.pem", pair.certificate[..200].to_owned(), "auth/certificate-unreadable"),
        ("no-key.pem", pair.certificate.clone(), "auth/certificate-key-missing"),
        ("no-certificate.pem", pair.key.clone(), "auth/certificate-missing"),
        ("strangers.pem", format!("{}{}", pair.certificate, other.key), "auth/certificate-key-mismatch"),
        (
            "elliptic.pem",
            format!("{}{}", elliptic_certificate.pem(), elliptic.serialize_pem()),
            "auth/certificate-key-unfit",
        ),
    ] {
        let file = write(&world, name, text);
        connect(&world, DAEMON.client_id, &file, "").fails(2, code);
    }
    connect(&world, DAEMON.client_id, &world.path("nowhere.pem"), "").fails(2, "paths/file-missing");
    let line = format!("connect --tenant-url {{org}} --store file --auth certificate --client-id {}", DAEMON.client_id);
    world.run(&line).fails(2, "commands/certificate-needed");
    world
        .run("connect --tenant-url {org} --auth certificate --certificate x.pem")
        .fails(2, "commands/client-id-needed");
    world.run("connect --tenant-url {org} --certificate x.pem").fails(2, "commands/flag-of-another-flow");
    assert!(world.sandbox.requests().is_empty());
    assert_eq!(world.run("connections list -o json").succeeds().trim(), "[]");
}

#[test]
fn the_same_is_refused_where_only_the_environment_names_it() {
    let pair = Pair::new();
    let mut world = World::new().without_terminal();
    world.set("D365CONN_TENANT_URL", &world.sandbox.address());
    world.set("D365CONN_CLIENT_ID", DAEMON.client_id);
    let file = write(&world, "certificate.pem", &pair.certificate);
    world.set("D365CONN_CERTIFICATE_FILE", &file.display().to_string());
    world.run("accounts list").fails(2, "auth/certificate-key-missing");
    write(&world, "certificate.pem", "hello");
    world.run("accounts list").fails(2, "auth/certificate-unreadable");
    let ended = Pair::of_years(2020, 2021);
    write(&world, "certificate.pem", format!("{}{}", ended.key, ended.certificate));
    world.run("accounts list").fails(4, "auth/certificate-ended");
    assert!(world.sandbox.requests().is_empty());
    write(&world, "certificate.pem", format!("{}{}", pair.key, pair.certificate));
    world.run("accounts list").fails(4, "AADSTS700027");
}

#[test]
fn a_password_comes_from_a_file_or_the_environment_and_is_kept_with_the_secrets() {
    let pair = Pair::new();
    let password = "pässwörd 日本";
    let mut world = world_of(&pair);
    let pfx = write(&world, "nightly.pfx", pair.pfx(password));
    let (right, wrong) = (write(&world, "right", format!("{password}\n")), write(&world, "wrong", "something else"));
    let before = world.sandbox.requests().len();
    let said = connect(&world, DAEMON.client_id, &pfx, "").fails(2, "auth/certificate-password-needed");
    assert!(said.contains("--certificate-password-file"), "{said}");
    let flag = format!("--certificate-password-file {}", wrong.display());
    connect(&world, DAEMON.client_id, &pfx, &flag).fails(2, "auth/certificate-password-wrong");
    connect(&world, DAEMON.client_id, &pfx, "--certificate-password-prompt").fails(2, "--certificate-password-file");
    assert_eq!(world.sandbox.requests().len(), before);
    let flag = format!("--certificate-password-file {}", right.display());
    connect(&world, DAEMON.client_id, &pfx, &flag).succeeds();
    world.pass(HOUR * 2);
    world.run("accounts list --top 1").succeeds();
    world.run("reconnect").succeeds();
    for (path, bytes) in world.files() {
        let is_ours = path.starts_with(world.path("config")) || path.starts_with(world.path("state"));
        assert!(!is_ours || !String::from_utf8_lossy(&bytes).contains(password), "{}", path.display());
    }
    world.run("disconnect sandbox").succeeds();
    world.set("D365CONN_CERTIFICATE_PASSWORD", password);
    connect(&world, DAEMON.client_id, &pfx, "").succeeds();
    world.run("disconnect sandbox").succeeds();
    world.set("D365CONN_TENANT_URL", &world.sandbox.address());
    world.set("AZURE_CLIENT_ID", DAEMON.client_id);
    world.set("AZURE_CLIENT_CERTIFICATE_PATH", &pfx.display().to_string());
    world.run("accounts list --top 1").succeeds();
}

#[test]
fn a_kept_certificate_travels_with_its_connection() {
    let pair = Pair::new();
    let mut world = world_of(&pair);
    let pfx = write(&world, "nightly.pfx", pair.pfx("tr4vels-al0ng-w1th-it"));
    let password = write(&world, "right", "tr4vels-al0ng-w1th-it");
    let more = format!("--keep-certificate --certificate-password-file {}", password.display());
    connect(&world, DAEMON.client_id, &pfx, &more).succeeds();
    let bundle = world.path("bundle");
    let flags = format!("--passphrase-file {}", world.path("passphrase").display());
    world.run(&format!("connections export sandbox --encrypt -f {} {flags}", bundle.display())).succeeds();
    world.run("disconnect sandbox").succeeds();
    std::fs::remove_file(&pfx).unwrap();
    world.set("D365CONN_BUNDLE_FILE", &bundle.display().to_string());
    world.set("D365CONN_BUNDLE_PASSPHRASE_FILE", &world.path("passphrase").display().to_string());
    world.run("accounts list --top 1").succeeds();
}

#[test]
fn the_days_of_a_certificate_are_counted_and_its_end_is_told_ahead() {
    let pair = Pair::of_years(2026, 2027);
    let world = world_of(&pair);
    connect(&world, DAEMON.client_id, &pair.both_in(&world, "nightly.pem"), "").succeeds();
    let checked = world.run("connections check -o json").succeeds();
    assert!(checked.contains("\"days_left\":38") && checked.contains("\"ends\":\"certificate\""), "{checked}");
    let seen = world.run("doctor -o json").succeeds();
    assert!(seen.contains("\"certificate_ends\":\"2027-01-01T00:00:00Z\"") && !seen.contains("ends soon"), "{seen}");
    world.pass(HOUR * 24 * 10);
    let seen = world.run("doctor -o json").succeeds();
    assert!(seen.contains("\"days_left\":28") && seen.contains("ends soon"), "{seen}");
    world.pass(HOUR * 24 * 30);
    let outcome = world.run("doctor -o json");
    assert_eq!(outcome.exit, 10, "{}", outcome.stderr);
    assert!(outcome.stdout.contains("auth/certificate-ended"), "{}", outcome.stdout);
}

#[test]
fn nothing_secret_is_shown_however_talkative_a_command_is() {
    let pair = Pair::new();
    let world = world_of(&pair);
    let password = "n0b0dy-sh0uld-see-th1s-passw0rd";
    let pfx = write(&world, "nightly.pfx", pair.pfx(password));
    let file = write(&world, "right", password);
    let more = format!("-vv --keep-certificate --certificate-password-file {}", file.display());
    let mut said = Vec::new();
    let mut note = |outcome: Outcome| said.push(format!("{}{}", outcome.stdout, outcome.stderr));
    world.sandbox.faults().order(Fault::TokenReflects { is_dead: false });
    note(connect(&world, DAEMON.client_id, &pfx, &more));
    note(connect(&world, DAEMON.client_id, &pfx, &more));
    world.pass(HOUR * 2);
    world.sandbox.faults().order(Fault::TokenReflects { is_dead: true });
    note(world.run("-vv accounts list -o json"));
    note(world.run("-vv connections show -o json"));
    note(world.run("-vv doctor -o json"));
    let said = said.concat();
    assert!(said.contains("***"), "what was reflected is masked: {said}");
    for secret in pair.key.lines().filter(|line| !line.starts_with("-----")).chain([password, "eyJ"]) {
        assert!(!said.contains(secret), "{secret} is in {said}");
    }
}
