//! `explain`: offline, from the tables that the errors use.

use crate::world::World;

#[test]
fn every_spelling_of_a_code_is_explained() {
    let world = World::new();
    for code in
        ["AADSTS65001", "50011", "0x80072560", "-2147015328", "DuplicateRecord", "tenant/http", "commands/usage"]
    {
        let text = world.run(&format!("explain -o json -- {code}")).succeeds();
        let it: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert!(it["remedy"].as_array().is_some_and(|remedy| !remedy.is_empty()), "{text}");
        assert!(
            ["you", "app-owner", "entra-admin", "dataverse-admin"].contains(&it["who"].as_str().unwrap()),
            "{text}"
        );
    }
    assert!(world.sandbox.requests().is_empty());
}

#[test]
fn an_unknown_code_ends_with_3() {
    let world = World::new();
    world.run("explain nonsense").fails(3, "commands/unknown-code");
    world.run_with_stdin("explain -", "nothing in here").fails(3, "commands/no-code-found");
}

#[test]
fn every_code_in_a_text_is_explained() {
    let world = World::new();
    let text =
        world.run_with_stdin("explain - -o ndjson", "AADSTS700082: expired ... {\"code\":\"0x80040220\"}").succeeds();
    assert_eq!(text.lines().count(), 2, "{text}");
}
