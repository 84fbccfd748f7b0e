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
fn a_later_connection_becomes_the_default_only_where_that_is_wished_and_every_change_is_told() {
    let world = World::new();
    let connect = |more: &str| {
        let outcome = world.run(&format!("connect --tenant-url {{org}} --store file {more}"));
        let stderr = outcome.stderr.clone();
        outcome.succeeds();
        stderr
    };
    let default = || {
        let list: serde_json::Value = serde_json::from_str(&world.run("connections list -o json").succeeds()).unwrap();
        let chosen = list.as_array().unwrap().iter().find(|saved| saved["default"] == true);
        chosen.map(|saved| saved["name"].as_str().unwrap().to_owned())
    };
    let said = connect("--name first");
    assert!(said.contains("`first` is the default connection now\n"), "{said}");
    let said = connect("--name second");
    assert!(said.contains("the default connection is still `first`"), "{said}");
    assert!(said.contains("d365conn connections use second"), "{said}");
    assert_eq!(default().as_deref(), Some("first"));
    let said = connect("--name third --default");
    assert!(said.contains("`third` is the default connection now, instead of `first`"), "{said}");
    assert_eq!(default().as_deref(), Some("third"));
    let said = connect("--name first");
    assert!(said.contains("still `third`"), "{said}");
    let said = connect("--name third");
    assert!(!said.contains("default connection"), "nothing changed: {said}");
    assert_eq!(world.run("connect --tenant-url {org} --default --no-default").exit, 2);
}

#[test]
fn the_first_connection_is_no_default_where_that_is_not_wished_and_is_meant_all_the_same() {
    let world = World::new();
    world.run("connect --tenant-url {org} --store file --no-default").succeeds();
    assert!(world.run("connections list -o json").succeeds().contains("\"default\":false"));
    world.run("accounts list --top 1").succeeds();
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
    world.run("connections set sandbox --read-only false --no-label").succeeds();
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
