//! Questions whose address is longer than the service takes: they travel inside a batch, page after page.

use crate::world::World;

/// The requests to the Web API since there were `before`: method and last word of the path.
fn asked(world: &World, before: usize) -> Vec<(String, String)> {
    let last = |path: &str| path.rsplit('/').next().unwrap_or_default().to_owned();
    world.sandbox.requests()[before..].iter().map(|seen| (seen.method.clone(), last(&seen.path))).collect()
}

fn batch() -> (String, String) {
    ("POST".to_owned(), "$batch".to_owned())
}

#[test]
fn long_fetchxml_is_read_from_page_to_page() {
    let world = World::connected();
    let filler = "x".repeat(31_000);
    let fetch = format!(
        "<fetch count=\"70\"><!-- {filler} --><entity name=\"account\"><attribute name=\"name\"/><order attribute=\"name\"/></entity></fetch>"
    );
    std::fs::write(world.path("long.xml"), &fetch).unwrap();
    std::fs::write(world.path("short.xml"), fetch.replace(&filler, "")).unwrap();
    let run = |file: &str| world.run(&format!("query --fetchxml '@{}' --all -o ndjson", world.path(file).display()));
    let short = run("short.xml").succeeds();
    assert_eq!(short.lines().count(), 200);
    let before = world.sandbox.requests().len();
    assert_eq!(run("long.xml").succeeds(), short);
    let asked = asked(&world, before);
    assert_eq!(asked.iter().filter(|seen| **seen == batch()).count(), 3, "{asked:?}");
}

#[test]
fn a_long_condition_is_read_from_page_to_page() {
    let world = World::connected();
    let filter = format!("name ne '{}'", "x".repeat(31_000));
    let short = world.run("accounts list --page-size 70 --all -o id").succeeds();
    let before = world.sandbox.requests().len();
    assert_eq!(world.run(&format!("accounts list --filter \"{filter}\" --page-size 70 --all -o id")).succeeds(), short);
    assert_eq!(asked(&world, before), [batch(), batch(), batch()]);
    let before = world.sandbox.requests().len();
    assert_eq!(world.run(&format!("accounts count --filter \"{filter}\"")).succeeds().trim(), "200");
    assert!(asked(&world, before).contains(&batch()));
}

#[test]
fn what_a_read_only_connection_or_a_rehearsal_asks_is_asked_all_the_same() {
    let world = World::connected();
    world.run("connections set sandbox --read-only true").succeeds();
    let filter = format!("name ne '{}'", "x".repeat(31_000));
    let rows = world.run(&format!("accounts list --filter \"{filter}\" --top 3 --dry-run -o id")).succeeds();
    assert_eq!(rows.lines().count(), 3);
}

#[test]
fn a_refusal_inside_is_told_as_any_other() {
    let world = World::connected();
    let filter = format!("nmae ne '{}'", "x".repeat(31_000));
    let said = world.run(&format!("accounts list --filter \"{filter}\"")).fails(1, "dataverse/unknown-column");
    assert!(said.contains("`name`"), "{}", &said[said.len().saturating_sub(400)..]);
}

#[test]
fn what_no_batch_takes_is_refused_before_anything_is_sent() {
    let world = World::connected();
    let before = world.sandbox.requests().len();
    let filter = format!("name ne '{}'", "x".repeat(66_000));
    world.run(&format!("accounts list --filter \"{filter}\"")).fails(2, "dataverse/address-too-long");
    assert_eq!(world.sandbox.requests().len(), before);
}
