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

#[test]
fn every_published_name_is_explained_by_number_and_by_name() {
    let world = World::new();
    // In running text only numbers of the service's own range are codes.
    let names = include_str!("../../../src/dataverse/error_names.txt").lines().filter(|line| line.starts_with('8'));
    let names: Vec<&str> = names.collect();
    let numbers: Vec<String> = names.iter().map(|line| format!("0x{}", &line[..8])).collect();
    let text = world.run_with_stdin("explain - -o ndjson", &numbers.join("\n")).succeeds();
    let told: Vec<serde_json::Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(names.len() > 3400);
    assert_eq!(told.len(), names.len());
    for (it, line) in told.iter().zip(&names) {
        assert_eq!(
            (it["code"].as_str().map(|code| &code[2..]), it["name"].as_str()),
            line.split_once(' ').map(|(a, b)| (Some(a), Some(b))).unwrap()
        );
        assert!(it["remedy"].as_array().is_some_and(|remedy| !remedy.is_empty()), "{line}");
    }
    for (number, name) in names.iter().step_by(211).map(|line| line.split_once(' ').unwrap()) {
        let text = world.run(&format!("explain {name} -o json")).succeeds();
        assert!(text.contains(&format!("0x{number}")), "{name}: {text}");
    }
    assert!(world.sandbox.requests().is_empty());
}
