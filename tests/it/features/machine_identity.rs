//! The identity that Azure gave the machine: no user, no secret of ours.

use std::time::Duration;

use d365conn::sandbox::{ASSIGNED_IDENTITY, Fault, IDENTITY_HEADER, IDLE_IDENTITY, SYSTEM_IDENTITY};

use crate::world::{Outcome, World};

/// A virtual machine whose identities the sandbox gives out, and nobody at a terminal.
fn machine() -> World {
    let mut world = World::new().without_terminal();
    world.move_to_azure();
    world
}

fn connect(world: &World, more: &str) -> Outcome {
    world.run(&format!("connect --tenant-url {{org}} --store file --auth managed-identity {more}"))
}

/// The same machine with a connection in the environment alone.
fn environment_only() -> World {
    let mut world = machine();
    let address = world.sandbox.address();
    world.set("D365CONN_TENANT_URL", &address);
    world.set("D365CONN_AUTH", "managed-identity");
    world
}

fn asked_for_identity(world: &World) -> usize {
    world.sandbox.requests().iter().filter(|request| request.path == "/metadata/identity/oauth2/token").count()
}

#[test]
fn a_machine_connects_as_itself_without_a_secret() {
    let world = machine();
    let outcome = connect(&world, "-v");
    let said = outcome.stderr.clone();
    outcome.succeeds();
    assert!(said.contains(&format!("app {}", SYSTEM_IDENTITY.app.client_id)), "{said}");
    assert!(said.contains("asking IMDS at http://127.0.0.1:"), "{said}");
    let list = world.run("connections list -o json").succeeds();
    assert!(list.contains("\"auth\":\"managed-identity\"") && list.contains("\"status\":\"ok\""), "{list}");
    assert!(world.run("whoami -o json").succeeds().contains("\"kind\":\"application\""));
    assert_eq!(world.run("accounts list --top 3 -o id").succeeds().lines().count(), 3);
    world.run("doctor").succeeds();
    world.run("connections check").succeeds();
    world.run("reconnect").succeeds();
    let entra = world.sandbox.requests();
    assert!(entra.iter().all(|request| !request.is_token_request()), "Entra itself is not asked");
}

#[test]
fn an_identity_is_chosen_by_any_of_its_ids() {
    for flag in [
        format!("--identity-client-id {}", ASSIGNED_IDENTITY.app.client_id),
        format!("--identity-object-id {}", ASSIGNED_IDENTITY.object_id),
        format!("--identity-resource-id {}", ASSIGNED_IDENTITY.resource_id),
    ] {
        let world = machine();
        let saved = connect(&world, &format!("{flag} -o json")).succeeds();
        assert!(saved.contains(ASSIGNED_IDENTITY.app.application_user_id.unwrap()), "{flag}: {saved}");
        // The choice is stored: hours later it is the same.
        world.pass(Duration::from_secs(5 * 3600));
        let who = world.run("whoami -o json").succeeds();
        assert!(who.contains(ASSIGNED_IDENTITY.app.application_user_id.unwrap()), "{flag}: {who}");
    }
}

#[test]
fn azures_variable_names_the_identity_where_nothing_else_does() {
    let mut world = machine();
    world.set("AZURE_CLIENT_ID", ASSIGNED_IDENTITY.app.client_id);
    let saved = connect(&world, "-o json").succeeds();
    assert!(saved.contains(ASSIGNED_IDENTITY.app.application_user_id.unwrap()), "{saved}");
}

#[test]
fn the_environment_alone_is_enough_and_nothing_is_written() {
    let world = environment_only();
    let before = world.files().len();
    let outcome = world.run("accounts list --top 3 -o id -v");
    assert!(outcome.stderr.contains("using the managed-identity from the environment"), "{}", outcome.stderr);
    assert_eq!(outcome.succeeds().lines().count(), 3);
    world.run("doctor").succeeds();
    assert_eq!(world.files().len(), before, "nothing may be written");
}

#[test]
fn app_service_is_shown_its_own_header() {
    let mut world = World::new().without_terminal();
    let address = world.sandbox.address();
    world.set("IDENTITY_ENDPOINT", &format!("{address}/msi/token"));
    world.set("IDENTITY_HEADER", IDENTITY_HEADER);
    let outcome = connect(&world, "-vv");
    let said = outcome.stderr.clone();
    outcome.succeeds();
    assert!(said.contains("asking App Service at") && !said.contains(IDENTITY_HEADER), "{said}");
    assert!(world.sandbox.requests().iter().any(|request| request.path == "/msi/token"));

    world.set("IDENTITY_HEADER", "somebody-else-s-header");
    let said = world.run("reconnect").fails(4, "auth/identity-header-refused");
    assert!(!said.contains("somebody-else-s-header"), "{said}");
}

#[test]
fn an_address_away_from_the_machine_is_sent_nothing() {
    for (name, value) in [
        ("IDENTITY_ENDPOINT", "http://192.0.2.7/msi/token"),
        ("IDENTITY_ENDPOINT", "https://evil.example/msi/token"),
        ("AZURE_POD_IDENTITY_AUTHORITY_HOST", "http://evil.example"),
    ] {
        let mut world = World::new().without_terminal();
        world.set("IDENTITY_HEADER", IDENTITY_HEADER);
        world.set(name, value);
        let said = connect(&world, "").fails(2, "auth/identity-endpoint-foreign");
        assert!(said.contains(name) && !said.contains(IDENTITY_HEADER), "{said}");
    }
}

#[test]
fn a_computer_that_is_no_machine_of_azures_is_told_what_was_looked_for() {
    let mut world = World::new().without_terminal();
    // Nobody listens there.
    world.set("AZURE_POD_IDENTITY_AUTHORITY_HOST", "http://127.0.0.1:1");
    let said = connect(&world, "").fails(6, "auth/identity-absent");
    assert!(said.contains("IMDS at http://127.0.0.1:1, as AZURE_POD_IDENTITY_AUTHORITY_HOST names it"), "{said}");
    assert!(said.contains("--auth az"), "{said}");
    assert_eq!(world.run("connections list -o json").succeeds().trim(), "[]");
}

#[test]
fn several_identities_need_a_choice() {
    let world = machine();
    world.sandbox.faults().order(Fault::SeveralMachineIdentities);
    let said = connect(&world, "").fails(2, "auth/identities-several");
    assert!(said.contains("--identity-client-id"), "{said}");
}

#[test]
fn an_identity_that_the_machine_has_not_is_told_with_the_place_to_give_it() {
    let world = machine();
    let said = connect(&world, "--identity-client-id 00000000-0000-4000-8000-000000000001");
    let said = said.fails(4, "auth/identity-unknown");
    assert!(said.contains("Azure portal") && said.contains("00000000-0000-4000-8000-000000000001"), "{said}");
}

#[test]
fn an_identity_without_an_application_user_is_told_by_its_client_id() {
    let world = machine();
    let said = connect(&world, &format!("--identity-client-id {}", IDLE_IDENTITY.app.client_id)).fails(5, "0x80072560");
    assert!(said.contains("dataverse/not-a-member-app") && said.contains("Application users"), "{said}");
    let remedy = format!("the one whose client id is {}", IDLE_IDENTITY.app.client_id);
    assert!(said.contains(&remedy) && !said.contains("for a person"), "{said}");
    assert_eq!(world.run("connections list -o json").succeeds().trim(), "[]");
    // Nobody but the token says which identity it is, where a machine has one.
    let mut world = environment_only();
    world.set("D365CONN_CLIENT_ID", IDLE_IDENTITY.app.client_id);
    let said = world.run("whoami -o json").fails(5, "0x80072560");
    assert!(said.contains(&format!("\"client_id\":\"{}\"", IDLE_IDENTITY.app.client_id)), "{said}");
}

#[test]
fn a_busy_endpoint_is_waited_for_and_then_told() {
    let world = environment_only();
    world.sandbox.faults().order(Fault::MachineFails { status: 410 });
    world.sandbox.faults().order(Fault::MachineThrottled { retry_after: 3 });
    world.run("accounts list --top 1").succeeds();
    assert_eq!(asked_for_identity(&world), 3);
    world.sandbox.faults().order_times(Fault::MachineThrottled { retry_after: 0 }, 4);
    world.run("accounts list --top 1").fails(8, "auth/throttled");
    world.sandbox.faults().order_times(Fault::MachineFails { status: 500 }, 4);
    world.run("accounts list --top 1").fails(6, "auth/identity-out-of-order");
}

#[test]
fn a_job_of_many_hours_asks_again_before_each_token_ends() {
    let world = machine();
    connect(&world, "").succeeds();
    for _ in 0..12 {
        world.pass(Duration::from_secs(2 * 3600));
        world.run("accounts list --top 1").succeeds();
    }
    assert!(asked_for_identity(&world) == 13);
}

#[test]
fn two_ids_and_odd_ids_are_refused_before_any_network() {
    let mut world = environment_only();
    world.set("D365CONN_IDENTITY_OBJECT_ID", "no id");
    world.run("accounts list").fails(2, "connection/invalid-client-id");
    world.set("D365CONN_IDENTITY_RESOURCE_ID", "/subscriptions/x");
    world.run("accounts list").fails(2, "settings/contradiction");
    let world = machine();
    connect(&world, "--identity-resource-id northlight").fails(2, "connection/invalid-resource-id");
    connect(&world, "--client-id c1a5e8d2-0b94-4e67-8f3a-5d2b9c6e1740").fails(2, "--client-id");
    let said = world.run("connect --tenant-url {org} --identity-client-id c1a5e8d2-0b94-4e67-8f3a-5d2b9c6e1740");
    said.fails(2, "--auth managed-identity");
    assert!(world.sandbox.requests().is_empty());
}
