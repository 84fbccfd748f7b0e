//! `demo`: the whole main job, with nothing left behind.

use crate::world::World;

#[test]
fn the_demo_plays_to_its_end_and_leaves_nothing() {
    let world = World::new();
    let before = world.files();
    let outcome = world.run("demo");
    let shown = outcome.stdout.clone();
    assert!(!shown.contains('\u{1b}'), "a file is no terminal: {shown}");
    outcome.succeeds();
    for command in [
        "connect --tenant-url",
        "accounts list",
        "accounts create",
        "accounts update",
        "accounts delete",
        "doctor",
        "disconnect",
    ] {
        assert!(shown.contains(&format!("$ d365conn {command}")), "{shown}");
    }
    assert!(shown.contains("connected to") && shown.contains("forgot `sandbox`"), "{shown}");
    assert_eq!(world.files(), before);
}
