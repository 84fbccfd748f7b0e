//! Days in columns that show a day and keep the moment at which it begins for whoever writes it, against the sandbox, which
//! keeps its users' settings and converts by itself.

use d365conn::sandbox::{Fault, INES};

use crate::world::World;

/// A world in whose organisation the user's clock shows the time of Chicago.
fn in_chicago() -> World {
    let world = World::connected();
    let user = INES.user_id.unwrap();
    world.run(&format!("records usersettings update {user} timezonecode=20")).succeeds();
    world
}

fn column(world: &World, id: &str, column: &str) -> String {
    world.run(&format!("records nl_project get {id} --jq .{column}")).succeeds().trim().to_owned()
}

#[test]
fn a_day_begins_at_midnight_of_the_user_who_writes_it() {
    let world = in_chicago();
    for (day, moment) in [("2026-03-01", "2026-03-01T06:00:00Z"), ("2026-07-01", "2026-07-01T05:00:00Z")] {
        let made = world.run(&format!("records nl_project create nl_name=x nl_signedon={day}"));
        assert!(made.stderr.contains("(GMT-06:00) Central Time"), "{}", made.stderr);
        let id = made.succeeds().trim().to_owned();
        assert_eq!(column(&world, &id, "nl_signedon"), moment);
    }
}

#[test]
fn days_and_clocks_that_are_the_same_everywhere_are_taken_as_they_stand() {
    let world = in_chicago();
    let made = world.run("records nl_project create nl_name=x nl_startson=2026-03-01 nl_opensat=2026-03-01T08:30:00Z");
    assert!(!made.stderr.contains("midnight"), "{}", made.stderr);
    let id = made.succeeds().trim().to_owned();
    assert_eq!(column(&world, &id, "nl_startson"), "2026-03-01");
    assert_eq!(column(&world, &id, "nl_opensat"), "2026-03-01T08:30:00Z");
    let asked = world.sandbox.requests().iter().filter(|seen| seen.path.contains("FromLocalTime")).count();
    assert_eq!(asked, 0);
}

#[test]
fn a_zone_that_was_named_decides_instead_of_the_settings() {
    let world = in_chicago();
    let made = world.run("records nl_project create nl_name=x nl_signedon=2026-03-01 --time-zone Europe/Oslo");
    assert!(made.stderr.contains("Europe/Oslo"), "{}", made.stderr);
    let id = made.succeeds().trim().to_owned();
    assert_eq!(column(&world, &id, "nl_signedon"), "2026-02-28T23:00:00Z");
    world.run(&format!("records nl_project update {id} nl_signedon=2026-07-01T00:00:00+02:00")).succeeds();
    assert_eq!(column(&world, &id, "nl_signedon"), "2026-06-30T22:00:00Z");
    world
        .run("records nl_project create nl_name=x nl_signedon=2026-03-01 --time-zone Oslo")
        .fails(2, "dataverse/unknown-time-zone");
}

#[test]
fn the_zone_is_that_of_the_user_on_whose_behalf_a_day_is_written() {
    let world = in_chicago();
    let who = "records systemuser list --filter \"fullname eq 'Freja Holm'\" -o id";
    let freja = world.run(who).succeeds().trim().to_owned();
    world.run(&format!("records usersettings update {freja} timezonecode=235")).succeeds();
    let line = format!("records nl_project create nl_name=x nl_signedon=2026-03-01 --as {freja}");
    let made = world.run(&line);
    assert!(made.stderr.contains("Tokyo"), "{}", made.stderr);
    assert_eq!(column(&world, made.succeeds().trim(), "nl_signedon"), "2026-02-28T15:00:00Z");
}

#[test]
fn settings_that_can_not_be_read_stop_the_change() {
    let world = in_chicago();
    let count = || world.run("records nl_project count").succeeds();
    let before = count();
    world.sandbox.faults().order(Fault::PrivilegeDenied { name: "prvReadUserSettings".to_owned() });
    let said =
        world.run("records nl_project create nl_name=x nl_signedon=2026-03-01").fails(2, "dataverse/no-time-zone");
    assert!(said.contains("--time-zone Europe/Oslo") && said.contains("prvReadUserSettings"), "{said}");
    assert_eq!(count(), before);
}
