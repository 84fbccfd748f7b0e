//! `connect --admin-consent`: what an administrator grants, declines, or can't be asked for.

use d365conn::sandbox::{Fault, INES, OWN_DESKTOP_APP, Robot, TENANT_ID};
use serde_json::Value;

use crate::world::World;

const APP: &str = OWN_DESKTOP_APP.client_id;

#[test]
fn an_administrator_grants_the_permissions_for_everybody() {
    let world = World::new();
    let outcome = world.run(&format!("connect --admin-consent --tenant-url {{org}} --client-id {APP} -o json"));
    let said = outcome.stderr.clone();
    let granted: Value = serde_json::from_str(&outcome.succeeds()).unwrap();
    assert_eq!((&granted["client_id"], &granted["tenant"]), (&APP.into(), &TENANT_ID.into()));
    let scopes = granted["scopes"].to_string();
    assert!(scopes.contains("/user_impersonation") && scopes.contains("User.Read"), "{scopes}");
    assert!(said.contains(&format!("for everybody in tenant {TENANT_ID}")), "{said}");
    let next = format!("next: d365conn connect --tenant-url {} --client-id {APP}", world.sandbox.address());
    assert!(said.contains(&next), "{said}");
    assert_eq!(world.run("connections list -o json").succeeds().trim(), "[]");
    assert!(world.sandbox.issued_secrets().is_empty(), "consent issues no token");

    // Nobody is asked for consent after that: a user who would decline it connects.
    let mut world = world;
    world.seat(Robot::new(INES).declining());
    world.run(&format!("connect --tenant-url {{org}} --store file --client-id {APP}")).succeeds();
}

#[test]
fn without_it_the_same_user_declines() {
    let mut world = World::new();
    world.seat(Robot::new(INES).declining());
    world.run(&format!("connect --tenant-url {{org}} --store file --client-id {APP}")).fails(4, "auth/cancelled");
}

#[test]
fn consent_that_is_declined_is_told_so() {
    let mut world = World::new();
    for robot in [Robot::new(INES).declining(), Robot::new(INES).cancelling()] {
        world.seat(robot);
        let said = world
            .run(&format!("connect --admin-consent --tenant-url {{org}} --client-id {APP}"))
            .fails(4, "auth/admin-consent-declined");
        assert!(said.contains("AADSTS65004") && said.contains(APP), "{said}");
    }
}

#[test]
fn without_an_organisation_the_tenant_is_named() {
    let world = World::new();
    let outcome = world
        .run(&format!("connect --admin-consent --cloud {{org}} --tenant {TENANT_ID} --client-id {APP} --no-graph"));
    assert!(!outcome.stderr.contains("User.Read"), "{}", outcome.stderr);
    outcome.succeeds();
    let requests = world.sandbox.requests();
    let visit = requests.iter().find(|request| request.path.ends_with("/v2.0/adminconsent")).unwrap();
    assert_eq!(visit.path, format!("/{TENANT_ID}/v2.0/adminconsent"));
    assert_eq!(visit.query_names, ["client_id", "scope", "redirect_uri", "state"]);
}

#[test]
fn what_is_missing_is_told_before_anything_opens() {
    let world = World::new();
    let said = world.run("connect --admin-consent --tenant-url {org}").fails(2, "commands/consent-app-needed");
    assert!(said.contains("app setup"), "{said}");
    world.run(&format!("connect --admin-consent --client-id {APP}")).fails(2, "commands/consent-tenant-needed");
    world
        .run("connect --admin-consent --tenant-url {org} --client-id nonsense")
        .fails(2, "connection/invalid-client-id");
    assert_eq!(world.run(&format!("connect --admin-consent --client-id {APP} --name x")).exit, 2);
    let world = world.without_terminal();
    world
        .run(&format!("connect --admin-consent --tenant-url {{org}} --client-id {APP}"))
        .fails(2, "commands/nobody-at-the-browser");
    assert!(world.sandbox.requests().is_empty());
}

#[test]
fn what_only_the_browser_shows_ends_with_the_wait() {
    let world = World::new();
    world.sandbox.faults().order(Fault::RedirectNotRegistered);
    let said = world
        .run(&format!("connect --admin-consent --tenant-url {{org}} --client-id {APP} --wait 1s"))
        .fails(4, "auth/timed-out");
    assert!(said.contains("explain AADSTS"), "{said}");
}
