//! `disconnect`: a connection can always be let go, and what can't be removed with it is named.

use crate::world::World;

fn is_saved(world: &World, name: &str) -> bool {
    world.run("connections list -o id").succeeds().lines().any(|line| line == name)
}

#[test]
fn a_store_that_is_damaged_does_not_keep_the_connection() {
    let world = World::connected();
    std::fs::write(world.path("state/secrets.d365"), "not what was written").unwrap();
    let said = world.run("disconnect").fails(11, "commands/secrets-left");
    assert!(said.contains("`sandbox` is forgotten") && said.contains("myaccount.microsoft.com"), "{said}");
    assert!(!is_saved(&world, "sandbox"));
}

#[test]
fn a_mistyped_passphrase_loses_nothing() {
    let world = World::connected();
    let right = std::fs::read(world.path("passphrase")).unwrap();
    std::fs::write(world.path("passphrase"), "another one").unwrap();
    world.run("disconnect").fails(11, "store/wrong-passphrase");
    assert!(is_saved(&world, "sandbox"));
    std::fs::write(world.path("passphrase"), right).unwrap();
    world.run("disconnect").succeeds();
    assert!(!is_saved(&world, "sandbox"));
}

#[test]
fn all_are_forgotten_even_if_one_store_keeps_its_secrets() {
    let world = World::connected();
    world.run("connect --tenant-url {org} --store file --name second").succeeds();
    std::fs::write(world.path("state/secrets.d365"), "not what was written").unwrap();
    let said = world.run("disconnect --all --yes").fails(11, "commands/secrets-left");
    assert!(said.contains("`sandbox` is forgotten") && said.contains("`second` is forgotten"), "{said}");
    assert_eq!(world.run("connections list -o id").succeeds(), "");
}

#[test]
fn all_are_kept_when_nobody_can_be_asked() {
    let world = World::connected().without_terminal();
    let said = world.run("disconnect --all").fails(2, "output/no-terminal");
    assert!(said.contains("`--yes`"), "{said}");
    assert!(is_saved(&world, "sandbox"));
}

#[test]
fn the_saved_default_is_not_forgotten_when_the_environment_means_another() {
    let mut world = World::connected();
    let address = world.sandbox.address();
    world.set("D365CONN_TENANT_URL", &address);
    world.set("D365CONN_ACCESS_TOKEN", "x");
    for command in ["disconnect", "reconnect", "connections show"] {
        let said = world.run(command).fails(2, "settings/not-saved");
        assert!(said.contains("d365conn connections list"), "{said}");
    }
    assert!(is_saved(&world, "sandbox"));
    world.run("disconnect sandbox").succeeds();
}
