//! Tokens behind a saved connection: cached, renewed, rotated, dead.

use std::time::Duration;

use d365conn::sandbox::{Fault, OWN_WEB_APP};

use crate::world::World;

fn token_requests(world: &World) -> usize {
    world.sandbox.requests().iter().filter(|request| request.path.ends_with("/token")).count()
}

#[test]
fn a_warm_token_makes_the_first_request_the_only_one() {
    let world = World::connected();
    let before = world.sandbox.requests().len();
    world.run("accounts list --top 1").succeeds();
    let after: Vec<_> = world.sandbox.requests().into_iter().skip(before).map(|request| request.path).collect();
    assert_eq!(after, ["/api/data/v9.2/accounts"]);
}

#[test]
fn an_old_token_is_renewed_once_and_the_new_one_is_kept() {
    let world = World::connected();
    world.pass(Duration::from_secs(2 * 3600));
    let before = token_requests(&world);
    world.run("accounts list --top 1").succeeds();
    world.run("accounts list --top 1").succeeds();
    assert_eq!(token_requests(&world), before + 1);
}

#[test]
fn a_rotated_refresh_token_replaces_the_old_one() {
    let world = World::connected();
    // With reuse detection a refresh token sent twice ends the whole family.
    world.sandbox.faults().order_times(Fault::ReuseDetection, 3);
    for _ in 0..3 {
        world.pass(Duration::from_secs(2 * 3600));
        world.run("accounts list --top 1").succeeds();
    }
}

#[test]
fn an_own_apps_secret_survives_a_renewal() {
    let world = World::new();
    let line = format!(
        "connect --tenant-url {{org}} --store file --client-id {} --client-secret-stdin",
        OWN_WEB_APP.client_id
    );
    world.run_with_stdin(&line, OWN_WEB_APP.secret.unwrap()).succeeds();
    for _ in 0..2 {
        world.pass(Duration::from_secs(2 * 3600));
        world.run("accounts list --top 1").succeeds();
    }
}

#[test]
fn a_dead_refresh_token_ends_with_the_way_back() {
    for (fault, number) in [
        (Fault::RefreshTokenExpired, "AADSTS700082"),
        (Fault::SessionsRevoked, "AADSTS50173"),
        (Fault::ConsentRemoved, "AADSTS65001"),
    ] {
        let world = World::connected();
        world.pass(Duration::from_secs(2 * 3600));
        world.sandbox.faults().order(fault);
        let said = world.run("accounts list").fails(4, number);
        assert!(said.contains("d365conn reconnect sandbox"), "{said}");
        let list = world.run("connections list -o json").succeeds();
        assert!(list.contains("needs-reconnect"), "{list}");
        world.run("reconnect").succeeds();
        let list = world.run("connections list -o json").succeeds();
        assert!(!list.contains("needs-reconnect"), "{list}");
        world.run("accounts list --top 1").succeeds();
    }
}

#[test]
fn a_token_refused_by_the_organisation_is_renewed_and_the_request_sent_once_more() {
    let world = World::connected();
    world.sandbox.faults().order(Fault::TokenRejected);
    world.run("accounts list --top 1").succeeds();
}

#[test]
fn entras_own_trouble_is_not_taken_for_a_dead_token() {
    let world = World::connected();
    world.pass(Duration::from_secs(2 * 3600));
    world.sandbox.faults().order_times(Fault::TokenUnavailable, 2);
    let outcome = world.run("accounts list");
    assert_eq!(outcome.exit, 6, "{}", outcome.stderr);
    assert!(!world.run("connections list -o json").succeeds().contains("needs-reconnect"));
    world.run("accounts list --top 1").succeeds();
}

#[test]
fn numbers_sent_as_text_are_understood() {
    let world = World::new();
    world.sandbox.faults().order(Fault::NumbersAsStrings);
    world.run("connect --tenant-url {org} --store file").succeeds();
    world.run("accounts list --top 1").succeeds();
}

#[test]
fn a_sign_in_without_a_refresh_token_works_until_the_token_ends() {
    let world = World::new();
    world.sandbox.faults().order(Fault::NoRefreshToken);
    world.run("connect --tenant-url {org} --store file").succeeds();
    world.run("accounts list --top 1").succeeds();
    world.pass(Duration::from_secs(2 * 3600));
    let said = world.run("accounts list").fails(4, "no-refresh-token");
    assert!(said.contains("--prompt consent"), "{said}");
}

#[test]
fn a_redirected_token_request_is_never_followed() {
    let thief = World::new();
    let world = World::connected();
    world.pass(Duration::from_secs(2 * 3600));
    world.sandbox.faults().order(Fault::TokenRedirects { to: format!("{}/steal", thief.sandbox.address()) });
    let outcome = world.run("accounts list");
    assert_ne!(outcome.exit, 0);
    assert!(thief.sandbox.requests().is_empty());
}

#[test]
fn a_foreign_nonce_is_refused() {
    let world = World::new();
    world.sandbox.faults().order(Fault::WrongNonce);
    let outcome = world.run("connect --tenant-url {org} --store file");
    assert_ne!(outcome.exit, 0, "{}", outcome.stderr);
    assert_eq!(world.run("connections list -o json").succeeds().trim(), "[]");
}

#[test]
fn many_at_once_ask_entra_once() {
    let world = World::connected();
    world.pass(Duration::from_secs(2 * 3600));
    world.sandbox.faults().order(Fault::ReuseDetection);
    let before = token_requests(&world);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| world.run("accounts list --top 1").succeeds());
        }
    });
    assert_eq!(token_requests(&world), before + 1);
}
