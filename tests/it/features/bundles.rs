//! Taking a connection to another machine: the list without secrets, the bundle, what happens to a bundle on its way, and
//! using one where nothing may be kept.

use d365conn::sandbox::{Fault, OWN_WEB_APP};

use crate::world::World;

/// A file of `world`, in a command line.
fn at(world: &World, name: &str) -> String {
    world.path(name).display().to_string()
}

/// The bundle of `name`, packed by `world` with the passphrase of its own secret file.
fn pack(world: &World, name: &str) -> String {
    let line = format!("connections export {name} --encrypt --passphrase-file {}", at(world, "passphrase"));
    world.run(&line).succeeds()
}

/// Another machine that holds the bundle as a file: its own home, and nothing saved in it.
fn other_machine(bundle: &str) -> World {
    let world = World::new();
    std::fs::write(world.path("it.bundle"), bundle).unwrap();
    world
}

fn import(world: &World, more: &str) -> String {
    let (bundle, passphrase) = (at(world, "it.bundle"), at(world, "passphrase"));
    format!("connections import {bundle} --passphrase-file {passphrase} --store file {more}")
}

fn json(text: &str) -> serde_json::Value {
    serde_json::from_str(text).unwrap()
}

/// Turns one byte of a bundle over.
fn bent(bundle: &str, at: usize) -> String {
    use base64::Engine as _;
    let engine = base64::engine::general_purpose::STANDARD;
    let mut bytes = engine.decode(bundle.trim_end()).unwrap();
    bytes[at] ^= 1;
    engine.encode(bytes)
}

#[test]
fn a_list_without_secrets_is_enough_to_make_each_connection_anew() {
    let world = World::connected();
    let connect = format!(
        "connect --tenant-url {{org}} --store file --name own --client-id {} --client-secret-stdin --label 'ask first' --read-only",
        OWN_WEB_APP.client_id
    );
    world.run_with_stdin(&connect, OWN_WEB_APP.secret.unwrap()).succeeds();
    let text = world.run("connections export -o json").succeeds();
    for secret in world.sandbox.issued_secrets().iter().map(String::as_str).chain(OWN_WEB_APP.secret) {
        assert!(!text.contains(secret), "a secret is in the list");
    }
    let list = json(&text);
    assert_eq!(list.as_array().unwrap().len(), 2);
    let own = &list[1];
    assert_eq!(own["name"], "own");
    assert_eq!(own["tenant_url"], world.sandbox.address());
    assert_eq!((&own["auth"], &own["app"], &own["store"]), (&"browser".into(), &"own".into(), &"file".into()));
    assert_eq!(own["client_id"], OWN_WEB_APP.client_id);
    assert_eq!(own["tenant"], d365conn::sandbox::TENANT_ID);
    assert_eq!(own["response_mode"], "form-post");
    assert_eq!((&own["label"], &own["read_only"]), (&"ask first".into(), &true.into()));
    assert_eq!((&own["redirect_uri"], &own["client_secret"]), (&serde_json::Value::Null, &true.into()));
    assert_eq!(world.run("connections export own -o id").succeeds(), "own\n");
    assert!(
        world.run("connections export -o csv").succeeds().starts_with("name,tenant_url,auth,app,client_id,tenant,")
    );
    world.run("connections export nobody").fails(2, "store/unknown-connection");
}

#[test]
fn a_bundle_is_one_line_and_the_connection_works_on_the_other_machine() {
    let world = World::connected();
    world.run("connections set sandbox --label production --read-only true").succeeds();
    let line = format!("connections export sandbox --encrypt --passphrase-file {}", at(&world, "passphrase"));
    let outcome = world.run(&line);
    assert!(outcome.stderr.contains("share one refresh token"), "{}", outcome.stderr);
    assert!(outcome.stderr.contains("revoke"), "{}", outcome.stderr);
    let bundle = outcome.succeeds();
    assert_eq!(bundle.lines().count(), 1);
    for secret in world.sandbox.issued_secrets() {
        assert!(!bundle.contains(&secret));
    }

    let other = other_machine(&bundle);
    other.run(&import(&other, "")).succeeds();
    let here = json(&other.run("connections show -o json").succeeds());
    let there = json(&world.run("connections show -o json").succeeds());
    for key in ["name", "tenant_url", "client_id", "user", "tenant", "label", "read_only", "user_id"] {
        assert_eq!(here[key], there[key], "{key}");
    }
    other.run("accounts list --top 2 -o id").succeeds();
    other.run("accounts create name=x").fails(5, "dataverse/read-only");
    // The cached access token stayed at home: the other machine asked for its own.
    let requests = world.sandbox.requests();
    let refreshes = requests.iter().filter(|request| request.field("grant_type") == Some("refresh_token"));
    assert_eq!(refreshes.count(), 1);
    // Both go on side by side.
    world.run("accounts list --top 1 -o id").succeeds();
}

#[test]
fn the_secret_of_an_own_app_travels_too() {
    let world = World::new();
    let connect = format!(
        "connect --tenant-url {{org}} --store file --client-id {} --client-secret-stdin",
        OWN_WEB_APP.client_id
    );
    world.run_with_stdin(&connect, OWN_WEB_APP.secret.unwrap()).succeeds();
    let other = other_machine(&pack(&world, "sandbox"));
    other.run(&import(&other, "--name elsewhere")).succeeds();
    other.run("-c elsewhere accounts list --top 1 -o id").succeeds();
}

#[test]
fn a_bundle_may_come_on_stdin_and_in_folded_lines() {
    let world = World::connected();
    let bundle = pack(&world, "sandbox");
    let folded: Vec<String> =
        bundle.trim_end().as_bytes().chunks(76).map(|line| String::from_utf8_lossy(line).into_owned()).collect();
    let other = World::new();
    let line = format!("connections import - --store file --passphrase-file {}", at(&other, "passphrase"));
    other.run_with_stdin(&line, &folded.join("\r\n")).succeeds();
    other.run("accounts list --top 1 -o id").succeeds();
}

#[test]
fn the_imported_connection_becomes_the_default_only_where_that_is_wished() {
    let world = World::connected();
    let bundle = pack(&world, "sandbox");
    std::fs::write(world.path("it.bundle"), bundle).unwrap();
    world.run(&import(&world, "--name second --no-default")).succeeds();
    assert_eq!(json(&world.run("connections show -o json").succeeds())["name"], "sandbox");
    let said = world.run(&import(&world, "--name third")).stderr;
    assert!(said.contains("the default connection is still `sandbox`"), "{said}");
    assert_eq!(json(&world.run("connections show -o json").succeeds())["name"], "sandbox");
    let said = world.run(&import(&world, "--name fourth --default")).stderr;
    assert!(said.contains("`fourth` is the default connection now, instead of `sandbox`"), "{said}");
    assert_eq!(json(&world.run("connections show -o json").succeeds())["name"], "fourth");
}

#[test]
fn the_copy_goes_on_when_the_original_is_disconnected_and_ends_when_it_is_revoked() {
    let world = World::connected();
    let bundle = pack(&world, "sandbox");
    std::fs::write(world.path("it.bundle"), &bundle).unwrap();
    world.run(&import(&world, "--name copy --no-default")).succeeds();
    world.run("disconnect sandbox").succeeds();
    world.run("-c copy accounts list --top 1 -o id").succeeds();
    world.sandbox.faults().order(Fault::SessionsRevoked);
    world.pass(std::time::Duration::from_secs(2 * 60 * 60));
    world.run("-c copy accounts list --top 1 -o id").fails(4, "auth/");
}

#[test]
fn a_file_is_its_owners_alone_and_never_written_over_unasked() {
    let world = World::connected();
    let file = at(&world, "a.bundle");
    let line = format!("connections export sandbox --encrypt -f {file} --passphrase-file {}", at(&world, "passphrase"));
    assert_eq!(world.run(&line).succeeds(), "");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    }
    let first = std::fs::read(&file).unwrap();
    let said = world.run(&line).fails(2, "paths/file-exists");
    assert!(said.contains("--force"), "{said}");
    assert_eq!(std::fs::read(&file).unwrap(), first);
    world.run(&format!("{line} --force")).succeeds();
    assert_ne!(std::fs::read(&file).unwrap(), first);
    world.run("connections export sandbox -f x").fails(2, "--encrypt");
    world.run("connections export a b --encrypt").fails(2, "commands/several-for-one-bundle");
}

#[test]
fn a_name_that_is_taken_is_refused_and_nothing_is_changed() {
    let world = World::connected();
    std::fs::write(world.path("it.bundle"), pack(&world, "sandbox")).unwrap();
    let before = world.files();
    let said = world.run(&import(&world, "")).fails(2, "commands/import-name-taken");
    assert!(said.contains("--name") && said.contains(&world.sandbox.address()), "{said}");
    world.run(&import(&world, "--name sandbox")).fails(2, "commands/import-name-taken");
    assert_eq!(world.files(), before);
    world.run("accounts list --top 1 -o id").succeeds();
}

#[test]
fn what_can_be_wrong_with_a_bundle_is_told_apart_and_changes_nothing() {
    let world = World::connected();
    let bundle = pack(&world, "sandbox");
    let other = other_machine("");
    other.run(&format!("connect --tenant-url {} --store file --name here", world.sandbox.address())).succeeds();
    std::fs::write(other.path("wrong"), "hunter2").unwrap();
    let before = other.files();
    let refused = |text: &str, code: &str| {
        std::fs::write(other.path("it.bundle"), text).unwrap();
        let said = other.run(&import(&other, "")).fails(11, code);
        assert!(said.contains("it.bundle"), "{said}");
    };
    for (text, code) in [
        (bent(&bundle, 8), "store/bundle-damaged"),
        (bent(&bundle, 60), "store/bundle-"),
        (bent(&bundle, 200), "store/bundle-damaged"),
        (bundle[..bundle.len() / 2].to_owned(), "store/bundle-cut"),
        (bundle[..30].to_owned(), "store/bundle-cut"),
        (String::new(), "store/bundle-cut"),
        ("this is not a bundle!".to_owned(), "store/bundle-not-base64"),
        (format!("{bundle}AAAA"), "store/bundle-"),
    ] {
        refused(&text, code);
    }
    let newer = {
        use base64::Engine as _;
        let engine = base64::engine::general_purpose::STANDARD;
        let mut bytes = engine.decode(bundle.trim_end()).unwrap();
        bytes[8] = 9;
        engine.encode(bytes)
    };
    refused(&newer, "store/bundle-newer");
    std::fs::write(other.path("it.bundle"), &bundle).unwrap();
    let wrong = format!(
        "connections import {} --store file --passphrase-file {}",
        at(&other, "it.bundle"),
        at(&other, "wrong")
    );
    let said = other.run(&wrong).fails(11, "store/bundle-wrong-passphrase");
    assert!(!said.contains("hunter2"), "{said}");
    std::fs::write(other.path("it.bundle"), "").unwrap();
    assert_eq!(other.files(), before, "something was changed");
    let vault = std::fs::read(other.path("state/secrets.d365")).unwrap();
    std::fs::write(other.path("it.bundle"), vault).unwrap();
    other.run(&import(&other, "")).fails(2, "settings/not-text");
    other.run(&format!("connections import {}", at(&other, "lost"))).fails(2, "paths/file-missing");
}

#[test]
fn without_a_terminal_a_passphrase_is_never_asked_for() {
    let world = World::connected().without_terminal();
    let said = world.run("connections export sandbox --encrypt").fails(2, "output/no-terminal");
    assert!(said.contains("--passphrase-file"), "{said}");
    std::fs::write(world.path("it.bundle"), pack(&world, "sandbox")).unwrap();
    let said =
        world.run(&format!("connections import {} --name x", at(&world, "it.bundle"))).fails(2, "output/no-terminal");
    assert!(said.contains("--passphrase-file"), "{said}");
}

/// A job that has a bundle in its environment and nothing else.
fn job(bundle: &str) -> World {
    let mut world = World::untouched().without_terminal();
    world.set("D365CONN_BUNDLE", bundle);
    world.set("D365CONN_BUNDLE_PASSPHRASE", "correct horse battery staple");
    world
}

#[test]
fn a_bundle_in_the_environment_is_a_connection_and_nothing_is_written() {
    let world = World::connected();
    let job = job(&pack(&world, "sandbox"));
    let before = job.files();
    assert_eq!(job.run("accounts list --top 3 -o id").succeeds().lines().count(), 3);
    let outcome = job.run("accounts list --top 1 -o id -v");
    assert!(outcome.stderr.contains("`sandbox` of D365CONN_BUNDLE"), "{}", outcome.stderr);
    assert_eq!(outcome.stderr.matches("can't keep").count(), 1, "{}", outcome.stderr);
    outcome.succeeds();
    let who = json(&job.run("whoami -o json").succeeds());
    assert_eq!(who["tenant_url"], world.sandbox.address());
    job.run("doctor --only whoami").succeeds();
    assert_eq!(job.files(), before, "something was written");
}

#[test]
fn files_do_as_well_as_variables() {
    let world = World::connected();
    let bundle = pack(&world, "sandbox");
    let mut job = World::untouched().without_terminal();
    std::fs::write(job.path("it.bundle"), bundle).unwrap();
    let (bundle, passphrase) = (at(&job, "it.bundle"), at(&job, "passphrase"));
    job.set("D365CONN_BUNDLE_FILE", &bundle);
    let said = job.run("accounts list").fails(2, "settings/half-set");
    assert!(said.contains("D365CONN_BUNDLE_PASSPHRASE or D365CONN_BUNDLE_PASSPHRASE_FILE"), "{said}");
    job.set("D365CONN_BUNDLE_PASSPHRASE_FILE", &passphrase);
    job.run("accounts list --top 1 -o id").succeeds();
}

#[test]
fn a_read_only_connection_stays_read_only_in_a_job() {
    let world = World::connected();
    world.run("connections set sandbox --read-only true").succeeds();
    job(&pack(&world, "sandbox")).run("accounts create name=x").fails(5, "dataverse/read-only");
}

#[test]
fn a_bundle_beside_another_connection_is_a_contradiction_and_a_flag_wins() {
    let world = World::connected();
    let bundle = pack(&world, "sandbox");
    for (name, value) in
        [("D365CONN_CONNECTION", "sandbox"), ("D365CONN_TENANT_URL", "https://contoso.crm.dynamics.com")]
    {
        let mut job = job(&bundle);
        job.set(name, value);
        let said = job.run("accounts list").fails(2, "settings/contradiction");
        assert!(said.contains(name) && said.contains("D365CONN_BUNDLE"), "{said}");
    }
    let mut world = world;
    world.set("D365CONN_BUNDLE", "nonsense");
    world.set("D365CONN_BUNDLE_PASSPHRASE", "x");
    world.run("-c sandbox accounts list --top 1 -o id").succeeds();
    world.run("accounts list").fails(11, "store/bundle-");
    world.run("disconnect --yes").fails(11, "store/bundle-");
}

#[test]
fn a_bundle_of_the_environment_that_is_not_in_order_is_told_with_its_variable() {
    let world = World::connected();
    let bundle = pack(&world, "sandbox");
    let said = job(&bundle[..40]).run("accounts list").fails(11, "store/bundle-cut");
    assert!(said.contains("D365CONN_BUNDLE"), "{said}");
    let mut wrong = job(&bundle);
    wrong.set("D365CONN_BUNDLE_PASSPHRASE", "hunter2");
    let said = wrong.run("accounts list").fails(11, "store/bundle-wrong-passphrase");
    assert!(!said.contains("hunter2"), "{said}");
    assert_eq!(world.sandbox.requests().iter().filter(|request| request.path.contains("/accounts")).count(), 0);
}
