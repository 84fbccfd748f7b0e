//! Finding organisations: which there are, who may ask, and how one sign-in makes several connections.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use d365conn::sandbox::{Fault, GUEST, MANAGED_APP, OWN_WEB_APP, Options, Robot, Sandbox, Seen};
use serde_json::Value;

use crate::world::World;

/// The scope of the discovery service, under the name by which every sandbox knows it.
const DISCOVERY_SCOPE: &str = "https://globaldisco.crm.dynamics.com/user_impersonation";

/// A world with two sandboxes: the first lists the second, which has its own Entra.
fn with_another(mut world: World) -> (World, Sandbox) {
    let another = Sandbox::start_in_background(Options { clock: world.clock.clone(), ..Options::default() }).unwrap();
    let beside = vec![another.address()];
    world.sandbox =
        Sandbox::start_in_background(Options { clock: world.clock.clone(), beside, ..Options::default() }).unwrap();
    (world, another)
}

/// How often a browser is opened from now on.
fn count_browsers(world: &mut World) -> Arc<AtomicUsize> {
    let opened = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&opened);
    world.seat_hand(move |_| {
        count.fetch_add(1, Ordering::SeqCst);
    });
    opened
}

fn rows(text: &str) -> Vec<Value> {
    serde_json::from_str(text).unwrap()
}

fn authorize_visits(requests: &[Seen]) -> usize {
    // The rehearsal before the browser opens is the one that asks with `prompt`.
    let is_visit = |request: &&Seen| {
        request.path.ends_with("/oauth2/v2.0/authorize") && !request.query_names.iter().any(|name| name == "prompt")
    };
    requests.iter().filter(is_visit).count()
}

#[test]
fn a_saved_connection_s_sign_in_lists_the_organisations_without_a_browser() {
    let (mut world, another) = with_another(World::new());
    world.connect();
    let opened = count_browsers(&mut world);
    let before = world.sandbox.requests().len();
    let listed = rows(&world.run("connections discover -o json").succeeds());
    let keys: Vec<&str> = listed[0].as_object().unwrap().keys().map(String::as_str).collect();
    let promised: BTreeSet<&str> = [
        "friendly_name",
        "unique_name",
        "url",
        "region",
        "version",
        "state",
        "connected",
        "organisation_id",
        "environment_id",
        "tenant",
    ]
    .into();
    assert_eq!(keys.into_iter().collect::<BTreeSet<_>>(), promised);
    let of = |at: usize, key: &str| listed[at][key].as_str().unwrap_or_default().to_owned();
    assert_eq!((of(0, "friendly_name"), of(0, "url")), ("Northlight".to_owned(), world.sandbox.address()));
    assert_eq!((of(0, "connected"), of(0, "state")), ("sandbox".to_owned(), "enabled".to_owned()));
    assert_eq!(of(1, "state"), "disabled");
    assert_eq!((of(2, "url"), listed[2]["connected"].is_null()), (another.address(), true));
    assert_eq!(opened.load(Ordering::SeqCst), 0);

    let asked = world.sandbox.requests().split_off(before);
    let scopes: Vec<&str> = asked.iter().filter_map(|request| request.field("scope")).collect();
    assert_eq!(scopes, [format!("{DISCOVERY_SCOPE} openid profile offline_access")]);
    let listing: Vec<&Seen> = asked.iter().filter(|request| request.path.starts_with("/api/discovery/")).collect();
    assert!(listing.len() == 1 && listing[0].is_authorised, "{listing:?}");
    assert!(asked.iter().all(|request| !request.path.starts_with("/api/data/")), "{asked:#?}");
    assert!(another.requests().is_empty(), "nobody is asked who was only listed");
}

#[test]
fn every_format_shows_the_list_and_ids_are_addresses() {
    let world = World::connected();
    let addresses = world.run("connections discover -o id").succeeds();
    assert_eq!(addresses.lines().next(), Some(world.sandbox.address().as_str()), "{addresses}");
    let csv = world.run("connections discover -o csv").succeeds();
    assert!(csv.starts_with("friendly_name,unique_name,url,region,version,state,connected,"), "{csv}");
    let table = world.run("connections discover -o table").succeeds();
    assert!(table.contains("Northlight Archive") && table.contains("disabled"), "{table}");
}

#[test]
fn the_refresh_token_that_comes_back_is_kept_with_the_connection() {
    let world = World::connected();
    // A token that has been used may not be used again from now on.
    world.sandbox.faults().order(Fault::ReuseDetection);
    for _ in 0..3 {
        world.run("connections discover -o id").succeeds();
    }
    world.pass(Duration::from_secs(2 * 60 * 60));
    world.run("accounts list --top 1").succeeds();
}

#[test]
fn one_sign_in_makes_two_connections_with_secrets_of_their_own() {
    let mut world = World::connected();
    let opened = count_browsers(&mut world);
    let outcome = world.run("connect --tenant-url {org} --from sandbox --name second --no-default --label copy");
    assert!(outcome.stderr.contains("saved as `second`, its secrets in the encrypted file"), "{}", outcome.stderr);
    outcome.succeeds();
    assert_eq!(opened.load(Ordering::SeqCst), 0, "the second needs no browser");
    assert_eq!(authorize_visits(&world.sandbox.requests()), 1, "one sign-in");

    let shown: Value = serde_json::from_str(&world.run("connections show second -o json").succeeds()).unwrap();
    assert_eq!((&shown["default"], &shown["label"]), (&false.into(), &"copy".into()));
    assert_eq!((&shown["app"], &shown["client_id"]), (&"managed".into(), &MANAGED_APP.client_id.into()));
    world.run("-c second accounts list --top 1").succeeds();
    // What belongs to one of them goes with that one alone.
    world.run("disconnect sandbox").succeeds();
    world.pass(Duration::from_secs(2 * 60 * 60));
    world.run("-c second accounts list --top 1").succeeds();
    world.run("reconnect second").succeeds();
    assert_eq!(opened.load(Ordering::SeqCst), 1);
}

#[test]
fn the_secret_of_an_own_app_is_shared_with_the_sign_in() {
    let mut world = World::new();
    let line = format!(
        "connect --tenant-url {{org}} --store file --client-id {} --client-secret-stdin",
        OWN_WEB_APP.client_id
    );
    world.run_with_stdin(&line, OWN_WEB_APP.secret.unwrap()).succeeds();
    let opened = count_browsers(&mut world);
    world.run("connections discover -o id").succeeds();
    world.run("connect --tenant-url {org} --from sandbox --name second").succeeds();
    world.pass(Duration::from_secs(2 * 60 * 60));
    world.run("-c second accounts list --top 1").succeeds();
    assert_eq!(opened.load(Ordering::SeqCst), 0);
    world.run("reconnect second").succeeds();
    let issued = world.sandbox.issued_secrets();
    for (path, bytes) in world.files() {
        let text = String::from_utf8_lossy(&bytes);
        assert!(!issued.iter().any(|secret| text.contains(secret.as_str())), "{}", path.display());
        assert!(!text.contains(OWN_WEB_APP.secret.unwrap()), "{}", path.display());
    }
}

#[test]
fn where_entra_refuses_a_script_is_told_and_a_person_gets_the_browser() {
    let mut world = World::connected();
    let opened = count_browsers(&mut world);
    let mut world = world.without_terminal();
    world.sandbox.faults().order(Fault::ConsentRemoved);
    // What is missing for one resource says nothing about the connection itself.
    let said = world.run("connections discover").fails(4, "session/not-shared");
    assert!(said.contains("AADSTS65001"), "{said}");
    assert!(world.run("connections list -o json").succeeds().contains("\"status\":\"ok\""));
    let said = world.run("connect --tenant-url {org} --from sandbox --name second").fails(4, "session/not-shared");
    assert!(said.contains("AADSTS65001") && said.contains("`d365conn connect --tenant-url http://"), "{said}");
    assert_eq!(opened.load(Ordering::SeqCst), 0);

    world = world.with_terminal();
    let outcome = world.run("connect --tenant-url {org} --from sandbox --name second");
    assert!(outcome.stderr.contains("does not open") && outcome.stderr.contains("AADSTS65001"), "{}", outcome.stderr);
    outcome.succeeds();
    assert_eq!(opened.load(Ordering::SeqCst), 1);
    world.run("-c second accounts list --top 1").succeeds();
}

#[test]
fn a_sign_in_is_never_shown_at_another_login_host() {
    let (world, another) = with_another(World::new());
    world.connect();
    let world = world.without_terminal();
    let line = format!("connect --tenant-url {} --from sandbox --name second", another.address());
    let said = world.run(&line).fails(4, "session/other-login");
    assert!(said.contains(&another.address()), "{said}");
    let asked = another.requests();
    assert!(asked.iter().all(|request| !request.is_authorised && !request.is_token_request()), "{asked:#?}");

    let world = world.with_terminal();
    world.run(&line).succeeds();
    let asked = another.requests();
    let grants: Vec<&str> = asked.iter().filter_map(|request| request.field("grant_type")).collect();
    assert_eq!(grants, ["authorization_code"], "the browser asked for its own");
    assert_eq!(world.run("-c second accounts list --top 2 -o id").succeeds().lines().count(), 2);
}

#[test]
fn without_a_connection_somebody_signs_in_for_the_list() {
    let mut world = World::new();
    let opened = count_browsers(&mut world);
    let listed = rows(&world.run("connections discover --cloud {org} -o json").succeeds());
    assert_eq!(listed[0]["friendly_name"], "Northlight");
    assert_eq!((opened.load(Ordering::SeqCst), listed.len()), (1, 2));
    assert_eq!(world.run("connections list -o json").succeeds().trim(), "[]", "a list is no connection");
    let requests = world.sandbox.requests();
    let authorize = requests.iter().find(|request| request.path.ends_with("/oauth2/v2.0/authorize")).unwrap();
    assert_eq!(authorize.path, "/organizations/oauth2/v2.0/authorize", "the tenant is not known yet");

    let world = world.without_terminal();
    let said = world.run("connections discover --cloud {org}").fails(4, "commands/nobody-signed-in");
    assert!(said.contains("--sign-in --no-browser"), "{said}");
}

#[test]
fn a_sign_in_can_be_asked_for_although_a_connection_could_lend_its_own() {
    let mut world = World::connected();
    let opened = count_browsers(&mut world);
    world.run("connections discover --sign-in -o id").succeeds();
    assert_eq!(opened.load(Ordering::SeqCst), 1);
}

#[test]
fn who_can_reach_nothing_is_told_what_to_look_at() {
    let mut world = World::new();
    world.seat(Robot::new(GUEST));
    let outcome = world.run("connections discover --cloud {org} -o json");
    for cause in ["licence", "security group", "--cloud", "guest"] {
        assert!(outcome.stderr.contains(cause), "{cause}: {}", outcome.stderr);
    }
    assert_eq!(outcome.succeeds().trim(), "[]");
}

#[test]
fn a_sign_in_that_has_ended_is_told_with_its_reason() {
    let mut world = World::connected();
    let opened = count_browsers(&mut world);
    let world = world.without_terminal();
    world.sandbox.faults().order(Fault::SessionsRevoked);
    let said = world.run("connections discover").fails(4, "session/not-shared");
    assert!(said.contains("AADSTS50173") && said.contains("`d365conn reconnect sandbox`"), "{said}");
    assert!(world.run("connections list -o json").succeeds().contains("\"needs-reconnect\""));
    let world = world.with_terminal();
    let outcome = world.run("connections discover -o id");
    assert!(outcome.stderr.contains("the browser can ask for it"), "{}", outcome.stderr);
    outcome.succeeds();
    assert_eq!(opened.load(Ordering::SeqCst), 1);
}

#[test]
fn connect_without_an_address_names_the_flag_where_nobody_can_choose() {
    let world = World::connected();
    for line in ["connect", "connect --from sandbox", "connect --no-input", "connect --no-browser"] {
        let before = world.sandbox.requests().len();
        let said = world.run(line).fails(2, "commands/tenant-url-needed");
        assert!(said.contains("--tenant-url"), "{said}");
        assert_eq!(world.sandbox.requests().len(), before, "{line}");
    }
}

#[test]
fn flags_that_contradict_each_other_are_refused_before_anything_is_asked() {
    let world = World::connected();
    let before = world.sandbox.requests().len();
    for (line, code) in [
        ("connections discover --cloud nowhere", "--cloud"),
        ("connections discover --cloud https://contoso.crm4.dynamics.com", "--cloud"),
        ("-c sandbox connections discover --cloud gcc", "commands/other-cloud"),
        ("-c nobody connections discover", "store/unknown-connection"),
        ("connect --tenant-url {org} --cloud gcc", "--cloud"),
        ("connect --tenant-url {org} --from sandbox --client-id 51f81489-12ee-4a9e-aaae-a2591f45987d", "--client-id"),
        ("connect --tenant-url {org} --from nobody", "store/unknown-connection"),
    ] {
        let outcome = world.run(line);
        assert!(outcome.stderr.contains(code), "{line}: {}", outcome.stderr);
        assert_eq!(outcome.exit, 2, "{line}: {}", outcome.stderr);
    }
    assert_eq!(world.sandbox.requests().len(), before);
}

#[test]
fn a_name_that_another_organisation_has_is_kept() {
    let (world, another) = with_another(World::new());
    world.connect();
    let before = world.run("connections show -o json").succeeds();
    world.run(&format!("connect --tenant-url {} --from sandbox", another.address())).fails(2, "session/name-taken");
    assert_eq!(world.run("connections show -o json").succeeds(), before);
}
