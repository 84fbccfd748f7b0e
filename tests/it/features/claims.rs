//! Claims challenges: the organisation refuses a token and says what the next one must hold. One silent renewal, then the
//! user's turn.

use std::time::Duration;

use d365conn::sandbox::{DAEMON, Fault, Seen};
use serde_json::{Value, json};

use crate::world::World;

const DEMAND: &str = r#"{"access_token":{"nbf":{"essential":true,"value":"1767225600"}}}"#;
const OTHER_DEMAND: &str = r#"{"access_token":{"acrs":{"essential":true,"value":"c1"}}}"#;

fn demanded(claims: &str) -> Fault {
    Fault::ClaimsDemanded { claims: claims.to_owned() }
}

fn token_requests(world: &World) -> Vec<Seen> {
    world.sandbox.requests().into_iter().filter(Seen::is_token_request).collect()
}

/// What the last token request said about claims.
fn last_claims(world: &World) -> Value {
    serde_json::from_str(token_requests(world).last().unwrap().field("claims").unwrap()).unwrap()
}

fn open_demands(world: &World) -> usize {
    std::fs::read_dir(world.path("state/demands")).map_or(0, Iterator::count)
}

#[test]
fn every_request_says_that_challenges_are_understood() {
    let world = World::connected();
    world.pass(Duration::from_secs(2 * 3600));
    world.run("accounts list --top 1").succeeds();
    let authorize = world.sandbox.requests().into_iter().find(|seen| seen.path.ends_with("/authorize")).unwrap();
    assert!(authorize.query_names.contains(&"claims".to_owned()), "{authorize:?}");
    let requests = token_requests(&world);
    assert_eq!(requests.len(), 2, "one code, one renewal");
    for request in requests {
        assert_eq!(request.field("claims"), Some(r#"{"access_token":{"xms_cc":{"values":["cp1"]}}}"#));
    }
}

#[test]
fn a_demand_is_met_by_one_silent_renewal_and_then_forgotten() {
    let world = World::connected();
    world.sandbox.faults().order(demanded(DEMAND));
    let before = token_requests(&world).len();
    world.run("accounts list --top 1").succeeds();
    assert_eq!(token_requests(&world).len(), before + 1);
    assert_eq!(last_claims(&world)["access_token"]["nbf"]["value"], "1767225600");
    assert_eq!(last_claims(&world)["access_token"]["xms_cc"], json!({"values": ["cp1"]}));
    world.run("accounts list --top 1").succeeds();
    assert_eq!(token_requests(&world).len(), before + 1, "the token that was had is kept");
    world.pass(Duration::from_secs(2 * 3600));
    world.run("accounts list --top 1").succeeds();
    assert_eq!(last_claims(&world), json!({"access_token": {"xms_cc": {"values": ["cp1"]}}}));
    assert_eq!(open_demands(&world), 0);
}

#[test]
fn many_that_are_challenged_at_once_ask_entra_once() {
    let world = World::connected();
    world.sandbox.faults().order(demanded(DEMAND));
    world.sandbox.faults().order(Fault::ReuseDetection);
    let before = token_requests(&world).len();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| world.run("accounts list --top 1").succeeds());
        }
    });
    assert_eq!(token_requests(&world).len(), before + 1);
}

#[test]
fn what_only_the_user_can_give_is_asked_for_at_the_next_reconnect() {
    let world = World::connected();
    world.sandbox.faults().order(demanded(DEMAND));
    world.sandbox.faults().order(Fault::StepUpNeeded);
    let before = token_requests(&world).len();
    let said = world.run("accounts list").fails(4, "AADSTS50076");
    assert!(said.contains("`d365conn reconnect sandbox`"), "{said}");
    assert_eq!(token_requests(&world).len(), before + 1, "one try");
    assert!(world.run("connections list -o json").succeeds().contains("needs-reconnect"));
    assert_eq!(open_demands(&world), 1);
    let note = world.files().into_iter().find(|(path, _)| path.parent().is_some_and(|at| at.ends_with("demands")));
    let note = String::from_utf8(note.unwrap().1).unwrap();
    assert!(note.contains("1767225600") && !note.contains("eyJ"), "{note}");

    world.run("reconnect").succeeds();
    assert_eq!(last_claims(&world)["access_token"]["nbf"]["value"], "1767225600");
    assert_eq!(open_demands(&world), 0);
    assert!(!world.run("connections list -o json").succeeds().contains("needs-reconnect"));
    world.run("accounts list --top 1").succeeds();
}

#[test]
fn a_token_that_was_renewed_and_refused_again_ends_with_the_way_back() {
    let world = World::connected();
    world.sandbox.faults().order(demanded(DEMAND));
    world.sandbox.faults().order(demanded(OTHER_DEMAND));
    let before = token_requests(&world).len();
    let said = world.run("accounts list").fails(4, "dataverse/claims-challenge");
    assert!(said.contains("`d365conn reconnect sandbox`"), "{said}");
    assert_eq!(token_requests(&world).len(), before + 1, "one silent retry");
    assert_eq!(open_demands(&world), 1);
    assert!(world.run("connections list -o json").succeeds().contains("needs-reconnect"));
    // The newest demand is the one that the user is asked to meet.
    world.run("reconnect").succeeds();
    assert_eq!(last_claims(&world)["access_token"]["acrs"]["value"], "c1");
    world.run("accounts list --top 1").succeeds();
}

#[test]
fn a_demand_that_can_t_be_read_is_a_plain_refusal() {
    for odd in ["not JSON", "[1]", &format!(r#"{{"access_token":{{"x":"{}"}}}}"#, "x".repeat(4096))] {
        let world = World::connected();
        world.sandbox.faults().order(demanded(odd));
        world.run("accounts list").fails(4, "dataverse/claims-challenge");
        assert_eq!(last_claims(&world), json!({"access_token": {"xms_cc": {"values": ["cp1"]}}}));
        assert_eq!(open_demands(&world), 0, "nothing that can't be sent is kept");
    }
}

#[test]
fn an_app_of_the_environment_meets_a_demand_too_and_writes_nothing() {
    let mut world = World::new().without_terminal();
    let address = world.sandbox.address();
    world.set("D365CONN_TENANT_URL", &address);
    world.set("D365CONN_CLIENT_ID", DAEMON.client_id);
    world.set("D365CONN_CLIENT_SECRET", DAEMON.secret.unwrap());
    world.sandbox.faults().order(demanded(DEMAND));
    let files = world.files().len();
    world.run("accounts list --top 1").succeeds();
    assert_eq!(token_requests(&world).len(), 2);
    assert_eq!(last_claims(&world)["access_token"]["nbf"]["value"], "1767225600");
    assert_eq!(world.files().len(), files);
}

#[test]
fn disconnecting_forgets_the_demand() {
    let world = World::connected();
    world.sandbox.faults().order(demanded(DEMAND));
    world.sandbox.faults().order(Fault::StepUpNeeded);
    world.run("accounts list").fails(4, "AADSTS50076");
    assert_eq!(open_demands(&world), 1);
    world.run("disconnect sandbox").succeeds();
    assert_eq!(open_demands(&world), 0);
}
