//! `reconnect`, and `connect` under a name that is taken: what is kept, what is replaced, what is left alone on failure.

use std::time::Duration;

use d365conn::connection::{Connection, ConnectionName};
use d365conn::paths::Places;
use d365conn::sandbox::{Fault, OWN_DESKTOP_APP, OWN_WEB_APP};
use d365conn::secret::Secret;
use d365conn::store::{FileVault, Registry, Vault as _};

use crate::world::World;

const TWO_HOURS: Duration = Duration::from_secs(7200);

fn places(world: &World) -> Places {
    Places { config: world.path("config"), state: world.path("state") }
}

fn saved(world: &World, name: &str) -> Connection {
    let connections = Registry::new(&places(world)).read().unwrap();
    connections.find(&ConnectionName::parse(name).unwrap()).unwrap().clone()
}

fn has_secrets(world: &World, connection: &Connection) -> bool {
    let passphrase = std::fs::read_to_string(world.path("passphrase")).unwrap();
    let vault = FileVault::new(&places(world), Box::new(move |_| Ok(Secret::new(passphrase.trim_end()))));
    vault.read(&connection.id).unwrap().is_some()
}

fn with_web_app() -> World {
    let world = World::new();
    let line = format!(
        "connect --tenant-url {{org}} --store file --name own --client-id {} --client-secret-stdin",
        OWN_WEB_APP.client_id
    );
    world.run_with_stdin(&line, OWN_WEB_APP.secret.unwrap()).succeeds();
    world
}

#[test]
fn a_renewed_secret_takes_the_place_of_the_stored_one() {
    let world = with_web_app();
    world.pass(TWO_HOURS);
    world.sandbox.faults().order(Fault::SecretExpired);
    let said = world.run("accounts list").fails(4, "AADSTS7000222");
    assert!(said.contains("d365conn reconnect own --client-secret-stdin"), "{said}");
    // The old one is in the way of nothing: it is not even asked for.
    std::fs::remove_file(world.path("state/secrets.d365")).unwrap();
    world.run_with_stdin("reconnect own --client-secret-stdin", OWN_WEB_APP.secret.unwrap()).succeeds();
    world.pass(TWO_HOURS);
    world.run("accounts list --top 1").succeeds();
}

#[test]
fn a_wrong_new_secret_leaves_the_old_one() {
    let world = with_web_app();
    world.run_with_stdin("reconnect own --client-secret-stdin", "wrong").fails(4, "AADSTS7000215");
    world.pass(TWO_HOURS);
    world.run("accounts list --top 1").succeeds();
}

#[test]
fn a_secret_that_vanished_is_asked_for_by_the_flag_that_brings_it() {
    let world = with_web_app();
    std::fs::remove_file(world.path("state/secrets.d365")).unwrap();
    let said = world.run("reconnect own").fails(11, "session/client-secret-gone");
    assert!(said.contains("d365conn reconnect own --client-secret-stdin"), "{said}");
}

#[test]
fn the_managed_app_takes_no_secret() {
    let world = World::connected();
    world.run_with_stdin("reconnect --client-secret-stdin", "x").fails(2, "commands/secret-of-nobody");
    world.run_with_stdin("connect --tenant-url {org} --client-secret-stdin", "x").fails(2, "commands/secret-of-nobody");
}

#[test]
fn connecting_again_under_a_name_replaces_app_and_secrets() {
    let world = World::connected();
    let before = saved(&world, "sandbox");
    let line = format!("connect --tenant-url {{org}} --store file --client-id {}", OWN_DESKTOP_APP.client_id);
    let outcome = world.run(&line);
    assert!(outcome.stderr.contains("`sandbox` replaces"), "{}", outcome.stderr);
    outcome.succeeds();
    let after = saved(&world, "sandbox");
    assert_eq!(after.app.client_id(), OWN_DESKTOP_APP.client_id);
    assert!(has_secrets(&world, &after));
    assert!(!has_secrets(&world, &before), "the secrets of the replaced connection are left");
}

#[test]
fn a_replaced_connection_that_was_read_only_does_not_allow_writes_unsaid() {
    let world = World::new();
    world.run("connect --tenant-url {org} --store file --read-only").succeeds();
    let outcome = world.run("connect --tenant-url {org} --store file");
    assert!(outcome.stderr.contains("was read-only before"), "{}", outcome.stderr);
    outcome.succeeds();
}

#[test]
fn a_list_that_breaks_during_the_sign_in_leaves_the_old_connection_working() {
    let mut world = World::connected();
    let list = world.path("config/connections.toml");
    let good = std::fs::read(&list).unwrap();
    let broken = list.clone();
    world.seat_hand(move |_| std::fs::write(&broken, "nonsense").unwrap());
    let line = format!("connect --tenant-url {{org}} --store file --client-id {}", OWN_DESKTOP_APP.client_id);
    world.run(&line).fails(11, "store/");
    std::fs::write(&list, good).unwrap();
    world.pass(TWO_HOURS);
    world.run("accounts list --top 1").succeeds();
}
