//! Whoever is signed in to the Azure CLI of this computer. The program is a stand-in that writes down what it is given.

#![cfg(unix)]

use std::time::Duration;

use d365conn::sandbox::{GUEST, INES, TENANT_ID};

use crate::world::{AzureCli, Outcome, World};

/// A world in which Inès is signed in to the Azure CLI, and nobody is at a terminal.
fn signed_in() -> (World, AzureCli) {
    let mut world = World::new().without_terminal();
    let az = world.install_azure_cli();
    az.answers(&world.sandbox.azure_cli(INES));
    (world, az)
}

fn connect(world: &World) -> Outcome {
    world.run("connect --tenant-url {org} --store file --auth az")
}

#[test]
fn whoever_is_signed_in_to_the_azure_cli_is_connected() {
    let (world, az) = signed_in();
    let outcome = connect(&world);
    let said = outcome.stderr.clone();
    outcome.succeeds();
    assert!(said.contains("Inès Moreau (ines.moreau@northlight.example)"), "{said}");
    let asked =
        format!("account get-access-token --output json --resource {} --tenant {TENANT_ID}", world.sandbox.address());
    assert_eq!(az.asked(), [asked]);
    let list = world.run("connections list -o json").succeeds();
    assert!(list.contains("\"auth\":\"az\"") && list.contains("ines.moreau@northlight.example"), "{list}");
    assert_eq!(world.run("accounts list --top 3 -o id").succeeds().lines().count(), 3);
    assert_eq!(az.asked().len(), 1, "its token is used on");
    assert!(world.run("whoami -o json").succeeds().contains("\"kind\":\"user\""));
    az.answers(&world.sandbox.azure_cli(INES));
    world.run("doctor").succeeds();
    world.run("connections check").succeeds();
    assert!(world.sandbox.requests().iter().all(|request| !request.is_token_request()), "Entra itself is not asked");
}

#[test]
fn the_azure_cli_is_given_no_secret() {
    let (mut world, az) = signed_in();
    for name in ["D365CONN_CLIENT_SECRET", "AZURE_CLIENT_SECRET", "IDENTITY_HEADER", "D365CONN_REFRESH_TOKEN"] {
        world.set(name, "planted-secret");
    }
    let address = world.sandbox.address();
    world.set("D365CONN_TENANT_URL", &address);
    world.set("D365CONN_AUTH", "az");
    let before = world.files().len();
    world.run("accounts list --top 1").succeeds();
    let (asked, inherited) = (az.asked().join("\n"), az.inherited());
    assert!(inherited.contains("AZURE_CORE_NO_COLOR=true"), "{inherited}");
    assert!(!inherited.contains("planted") && !inherited.contains("D365CONN_"), "{inherited}");
    assert!(!asked.contains("planted"), "{asked}");
    // The stand-in's own notes apart.
    assert_eq!(world.files().len(), before + 2, "nothing may be written");
}

#[test]
fn a_token_is_asked_for_again_before_it_ends() {
    let (world, az) = signed_in();
    connect(&world).succeeds();
    for _ in 0..6 {
        world.pass(Duration::from_secs(2 * 3600));
        az.answers(&world.sandbox.azure_cli(INES));
        world.run("accounts list --top 1").succeeds();
    }
    assert!(az.asked().len() == 7, "{:?}", az.asked());
}

#[test]
fn somebody_else_at_the_azure_cli_is_not_taken_for_the_user() {
    let (world, az) = signed_in();
    connect(&world).succeeds();
    world.pass(Duration::from_secs(2 * 3600));
    az.answers(&world.sandbox.azure_cli(GUEST));
    let said = world.run("accounts list").fails(4, "session/lent-by-another");
    assert!(said.contains(GUEST.user_name) && said.contains(INES.user_name), "{said}");
    az.answers(&world.sandbox.azure_cli(INES));
    world.run("accounts list --top 1").succeeds();
}

#[test]
fn a_user_who_signed_out_is_told_the_exact_line_and_is_back_with_it() {
    let (world, az) = signed_in();
    connect(&world).succeeds();
    world.pass(Duration::from_secs(2 * 3600));
    az.complains("ERROR: AADSTS50173: The provided grant has expired due to it being revoked.\nTrace ID: 1\n");
    let said = world.run("accounts list").fails(4, "auth/az-signed-out");
    assert!(said.contains(&format!("az login --tenant {TENANT_ID}")) && said.contains("AADSTS50173"), "{said}");
    assert!(world.run("connections list -o json").succeeds().contains("needs-reconnect"));
    az.answers(&world.sandbox.azure_cli(INES));
    world.run("accounts list --top 1").succeeds();
    assert!(world.run("connections list -o json").succeeds().contains("\"status\":\"ok\""));
}

#[test]
fn each_refusal_of_the_azure_cli_has_its_status_and_leaves_nothing_behind() {
    let (world, az) = signed_in();
    for (complaint, exit, code) in [
        ("ERROR: Please run 'az login' to setup account.", 4, "auth/az-signed-out"),
        ("ERROR: AADSTS50076: you must use multi-factor authentication", 4, "auth/az-signed-out"),
        ("ERROR: AADSTS53003: Access has been blocked by Conditional Access policies.", 4, "auth/blocked-by-policy"),
        ("ERROR: AADSTS90002: Tenant not found.", 4, "auth/tenant-unknown"),
        ("ERROR: HTTPSConnectionPool: Max retries exceeded with url: /", 6, "auth/az-unreachable"),
        ("ERROR: Too Many Requests", 8, "auth/az-busy"),
        ("ERROR: \u{1b}[2Jsomething else", 4, "auth/az-failed"),
    ] {
        az.complains(complaint);
        let said = connect(&world).fails(exit, code);
        assert!(!said.contains('\u{1b}'), "{said:?}");
    }
    az.answers("eyJhbGciOiJub25lIn0.eyJhdWQiOiJ4In0.not-json");
    let said = connect(&world).fails(1, "auth/odd-token");
    assert!(!said.contains("eyJ"), "{said}");
    assert_eq!(world.run("connections list -o json").succeeds().trim(), "[]");
}

#[test]
fn without_the_azure_cli_the_way_to_it_is_told() {
    let mut world = World::new().without_terminal();
    world.set("PATH", "relative:.");
    let said = connect(&world).fails(2, "auth/az-missing");
    assert!(said.contains("install-azure-cli"), "{said}");
}
