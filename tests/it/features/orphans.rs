//! Secrets that no connection owns: what a command that died left is told, listed and removed where somebody asks for it,
//! and nobody else's secrets go with it.

use std::collections::BTreeSet;

use d365conn::paths::Places;
use d365conn::secret::Secret;
use d365conn::store::{FileVault, KeepingLock, Vault as _};

use crate::world::World;

fn places(world: &World) -> Places {
    Places { config: world.path("config"), state: world.path("state") }
}

/// How many records the encrypted file holds, of whatever configuration.
fn records(world: &World) -> usize {
    let passphrase = std::fs::read_to_string(world.path("passphrase")).unwrap();
    let vault = FileVault::new(&places(world), Box::new(move |_| Ok(Secret::new(passphrase.trim_end()))));
    vault.unowned(&BTreeSet::new()).unwrap().len()
}

fn list(world: &World) -> String {
    std::fs::read_to_string(world.path("config/connections.toml")).unwrap()
}

/// A world with one connection, and the secrets of a second one that the list doesn't name: as a command leaves it that is
/// killed when it was about to write the list.
fn with_orphan() -> World {
    let world = World::connected();
    let before = list(&world);
    world.run("connect --tenant-url {org} --store file --name second").succeeds();
    std::fs::write(world.path("config/connections.toml"), before).unwrap();
    assert_eq!(records(&world), 2);
    world
}

#[test]
fn doctor_lists_what_no_connection_owns_and_removes_it_when_told_so() {
    let world = with_orphan();
    let declined = world.run_with_stdin("doctor --fix", "n\n");
    assert!(declined.stderr.contains("belongs to no connection"), "{}", declined.stderr);
    assert_ne!(declined.exit, 0, "{}", declined.stderr);
    assert_eq!(records(&world), 2, "it was removed without a yes");
    let fixed = world.run("doctor --fix --yes -o json");
    assert!(
        fixed.stderr.contains(&format!("in the encrypted file, made for {}", world.sandbox.address())),
        "{}",
        fixed.stderr
    );
    let repair: serde_json::Value = serde_json::from_str(&fixed.succeeds()).unwrap();
    assert_eq!((&repair["repairs"][0]["found"], &repair["repairs"][0]["removed"]), (&1.into(), &1.into()));
    assert_eq!(records(&world), 1);
    world.run("accounts list --top 1 -o id").succeeds();
    let again = world.run("doctor --fix");
    assert!(again.stderr.contains("nothing to mend"), "{}", again.stderr);
    again.succeeds();
}

#[test]
fn the_next_change_of_the_list_says_how_many_there_are_and_removes_none() {
    let world = with_orphan();
    let told = world.run("reconnect");
    assert!(
        told.stderr.contains("1 record of secrets in the encrypted file belongs to no connection"),
        "{}",
        told.stderr
    );
    assert!(told.stderr.contains("`d365conn doctor --fix`"), "{}", told.stderr);
    told.succeeds();
    assert_eq!(records(&world), 2);
    let silent = world.run("accounts list --top 1 -o id");
    assert!(!silent.stderr.contains("belongs to no connection"), "{}", silent.stderr);
    silent.succeeds();
}

#[test]
fn signing_out_of_everything_takes_what_no_connection_owns_along() {
    let world = with_orphan();
    let said = world.run("disconnect --all --yes");
    assert!(said.stderr.contains("belongs to no connection"), "{}", said.stderr);
    said.succeeds();
    assert_eq!(records(&world), 0);
}

#[test]
fn beside_a_list_that_is_missing_damaged_or_newer_nothing_is_removed() {
    let world = with_orphan();
    let good = list(&world);
    let file = world.path("config/connections.toml");
    std::fs::write(&file, format!("{good}\nnonsense")).unwrap();
    world.run("doctor --fix --yes").fails(11, "store/registry-damaged");
    std::fs::write(&file, good.replace("version = 1", "version = 9")).unwrap();
    world.run("doctor --fix --yes").fails(11, "store/registry-newer");
    std::fs::remove_file(&file).unwrap();
    let missing = world.run("doctor --fix --yes");
    assert!(missing.stderr.contains("there is no list of connections"), "{}", missing.stderr);
    missing.succeeds();
    assert_eq!(records(&world), 2);
}

#[test]
fn a_second_configuration_that_shares_the_store_loses_nothing() {
    let mut world = World::connected();
    let first = world.path("config");
    // A list of its own, and then a copy of the first one: both keep to themselves.
    for (place, is_copy) in [("other", false), ("copy", true)] {
        let second = world.path(place);
        std::fs::create_dir(&second).unwrap();
        if is_copy {
            std::fs::copy(first.join("connections.toml"), second.join("connections.toml")).unwrap();
            world.set("D365CONN_CONFIG_DIR", first.to_str().unwrap());
            world.run("connect --tenant-url {org} --store file --name later").succeeds();
        }
        world.set("D365CONN_CONFIG_DIR", second.to_str().unwrap());
        if !is_copy {
            world.run("connect --tenant-url {org} --store file --name mine").succeeds();
        }
        let before = records(&world);
        world.run("doctor --fix --yes").succeeds();
        assert_eq!(records(&world), before, "{place}");
    }
    world.set("D365CONN_CONFIG_DIR", world.path("other").to_str().unwrap());
    world.run("disconnect --all --yes").succeeds();
    world.set("D365CONN_CONFIG_DIR", first.to_str().unwrap());
    for name in ["sandbox", "later"] {
        world.run(&format!("-c {name} accounts list --top 1 -o id")).succeeds();
    }
}

#[test]
fn while_another_command_is_about_to_write_the_list_nothing_is_taken_for_left_behind() {
    let world = with_orphan();
    let keeping = KeepingLock::shared(&places(&world)).unwrap();
    std::thread::scope(|scope| {
        let fixing = scope.spawn(|| world.run("doctor --fix --yes"));
        // It is the other one's until that one has let go.
        std::thread::sleep(std::time::Duration::from_millis(300));
        assert_eq!(records(&world), 2);
        drop(keeping);
        fixing.join().unwrap().succeeds();
    });
    assert_eq!(records(&world), 1);
}
