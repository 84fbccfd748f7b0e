//! `connections list|show|use`: what is saved, without asking anybody.

use crate::world::World;

#[test]
fn an_empty_list_is_no_error() {
    let world = World::new();
    assert_eq!(world.run("connections list -o json").succeeds().trim(), "[]");
    assert_eq!(world.run("connections list").succeeds(), "");
    assert!(world.sandbox.requests().is_empty());
}

#[test]
fn a_command_without_any_connection_names_connect() {
    let world = World::new();
    let said = world.run("accounts list").fails(4, "store/");
    assert!(said.contains("d365conn connect --tenant-url"), "{said}");
}

#[test]
fn an_unknown_name_is_a_usage_error_with_the_nearest_one() {
    let world = World::connected();
    let said = world.run("-c sandbxo accounts list").fails(2, "store/");
    assert!(said.contains("sandbox"), "{said}");
    world.run("connections show nobody").fails(2, "store/");
}

#[test]
fn the_default_connection_can_be_chosen() {
    let world = World::connected();
    world.run("connect --tenant-url {org} --store file --name second --no-default").succeeds();
    assert!(world.run("connections show -o json").succeeds().contains("sandbox"));
    world.run("connections use second").succeeds();
    let shown: serde_json::Value = serde_json::from_str(&world.run("connections show -o json").succeeds()).unwrap();
    assert_eq!(shown["name"], "second");
}

#[test]
fn a_variable_picks_a_connection_and_a_flag_wins_over_it() {
    let mut world = World::connected();
    world.run("connect --tenant-url {org} --store file --name second --no-default").succeeds();
    world.set("D365CONN_CONNECTION", "second");
    let name = |text: String| serde_json::from_str::<serde_json::Value>(&text).unwrap()["name"].clone();
    assert_eq!(name(world.run("connections show -o json").succeeds()), "second");
    assert_eq!(name(world.run("connections show -o json -c sandbox").succeeds()), "sandbox");
}

#[test]
fn names_that_are_no_names_are_refused() {
    let world = World::new();
    world.run("connect --tenant-url {org} --name 'a b'").fails(2, "connection/invalid-name");
    world.run("-c ../x accounts list").fails(2, "connection/invalid-name");
}

#[test]
fn a_newer_or_damaged_list_is_left_alone() {
    let world = World::connected();
    let file = world.path("config/connections.toml");
    let good = std::fs::read_to_string(&file).unwrap();
    for bad in [good.replace("version = 1", "version = 3"), format!("{good}\nnonsense")] {
        std::fs::write(&file, &bad).unwrap();
        world.run("connections list").fails(11, "store/");
        world.run("connect --tenant-url {org} --store file --name other").fails(11, "store/");
        assert_eq!(std::fs::read_to_string(&file).unwrap(), bad);
    }
}

#[test]
fn a_connection_can_be_made_read_only_and_writable_again() {
    let world = World::connected();
    world.run("connections set sandbox --read-only true --label production").succeeds();
    let said = world.run("accounts create name=x").fails(5, "dataverse/read-only");
    assert!(said.contains("d365conn connections set sandbox --read-only false"), "{said}");
    let shown: serde_json::Value = serde_json::from_str(&world.run("connections show -o json").succeeds()).unwrap();
    assert_eq!((&shown["read_only"], &shown["label"]), (&true.into(), &"production".into()));
    world.run("connections set sandbox --read-only false --label ''").succeeds();
    world.run("accounts create name=x").succeeds();
    let shown: serde_json::Value = serde_json::from_str(&world.run("connections show -o json").succeeds()).unwrap();
    assert_eq!(shown["label"], serde_json::Value::Null);
}

#[test]
fn setting_nothing_or_a_stranger_is_a_usage_error() {
    let world = World::connected();
    world.run("connections set sandbox").fails(2, "commands/nothing-to-set");
    world.run("connections set nobody --read-only true").fails(2, "store/unknown-connection");
    world.run("connections set sandbox --read-only perhaps").fails(2, "invalid value");
}
