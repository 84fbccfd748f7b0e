//! The connection that lives in the environment alone: for CI, with nothing written.

use d365conn::connection::SAMPLE_CLIENT_ID;
use d365conn::sandbox::{DAEMON, Fault, STRANGER};

use crate::world::World;

fn daemon() -> World {
    let mut world = World::new().without_terminal();
    let address = world.sandbox.address();
    world.set("D365CONN_TENANT_URL", &address);
    world.set("D365CONN_CLIENT_ID", DAEMON.client_id);
    world.set("D365CONN_CLIENT_SECRET", DAEMON.secret.unwrap());
    world
}

#[test]
fn client_id_and_secret_are_enough() {
    let world = daemon();
    let before = world.files().len();
    assert_eq!(world.run("accounts list --top 3 -o id").succeeds().lines().count(), 3);
    assert_eq!(world.files().len(), before, "nothing may be written");
    let scopes: Vec<_> = world
        .sandbox
        .requests()
        .into_iter()
        .flat_map(|request| request.form)
        .filter(|(name, _)| name == "scope")
        .collect();
    assert_eq!(scopes, [("scope".to_owned(), format!("{}/.default", world.sandbox.address()))]);
}

#[test]
fn a_record_inside_a_change_is_refused_though_nothing_is_kept_of_its_table() {
    let world = daemon();
    let account = world.run("accounts list --top 1 -o id").succeeds();
    for nested in
        [r#"{"primarycontactid":{"lastname":"Lund"}}"#, r#"{"contact_customer_accounts":[{"lastname":"Lund"}]}"#]
    {
        let change = format!("accounts update {} --data '{nested}'", account.trim());
        world.run(&change).fails(2, "dataverse/nested-in-change");
    }
    assert!(world.sandbox.requests().iter().all(|request| request.method != "PATCH"));
}

#[test]
fn a_word_decides_which_credential_it_is_and_the_choice_is_told() {
    let mut world = daemon();
    world.set("D365CONN_ACCESS_TOKEN", "eyJ0eXAiOiJKV1QifQ.eyJ9.x");
    let said = world.run("-v accounts list").fails(4, "session/token-rejected");
    assert!(said.contains("using the access token from the environment"), "{said}");
    world.set("D365CONN_AUTH", "secret");
    let outcome = world.run("-v accounts list --top 1");
    assert!(outcome.stderr.contains("using the client id and secret from the environment"), "{}", outcome.stderr);
    outcome.succeeds();
    world.set("D365CONN_AUTH", "refresh-token");
    let said = world.run("accounts list").fails(2, "settings/half-set");
    assert!(said.contains("D365CONN_REFRESH_TOKEN"), "{said}");
    world.set("D365CONN_AUTH", "password");
    world.run("accounts list").fails(2, "settings/unknown-value");
}

#[test]
fn azures_variables_fill_what_ours_leave_open() {
    let mut world = World::new().without_terminal();
    let address = world.sandbox.address();
    world.set("D365CONN_TENANT_URL", &address);
    world.set("AZURE_TENANT_ID", d365conn::sandbox::TENANT_ID);
    world.set("AZURE_CLIENT_ID", DAEMON.client_id);
    world.set("AZURE_CLIENT_SECRET", DAEMON.secret.unwrap());
    world.run("accounts list --top 1").succeeds();
}

#[test]
fn a_ready_access_token_is_enough() {
    let giver = daemon();
    giver.run("accounts list --top 1").succeeds();
    let mut world = World::new().without_terminal();
    world.set("D365CONN_TENANT_URL", &giver.sandbox.address());
    world.set("D365CONN_ACCESS_TOKEN", &giver.sandbox.issued_secrets()[0]);
    world.run("accounts list --top 1").succeeds();
}

#[test]
fn a_dead_access_token_is_told() {
    let mut world = World::new().without_terminal();
    let address = world.sandbox.address();
    world.set("D365CONN_TENANT_URL", &address);
    world.set("D365CONN_ACCESS_TOKEN", "eyJ0eXAiOiJKV1QifQ.eyJ9.x");
    let said = world.run("accounts list").fails(4, "session/token-rejected");
    assert!(!said.contains("eyJ0"), "{said}");
}

#[test]
fn an_app_without_an_application_user_is_told_how_to_make_one() {
    let mut world = daemon();
    world.set("D365CONN_CLIENT_ID", STRANGER.client_id);
    world.set("D365CONN_CLIENT_SECRET", STRANGER.secret.unwrap());
    let said = world.run("accounts list").fails(5, "0x80072560");
    assert!(said.contains("Application users"), "{said}");
}

#[test]
fn an_expired_secret_is_told() {
    let world = daemon();
    world.sandbox.faults().order(Fault::SecretExpired);
    world.run("accounts list").fails(4, "AADSTS7000222");
}

#[test]
fn half_a_connection_is_refused_before_any_network() {
    let mut world = World::new().without_terminal();
    let address = world.sandbox.address();
    world.set("D365CONN_TENANT_URL", &address);
    world.run("accounts list").fails(2, "settings/half-set");
    world.set("D365CONN_CLIENT_ID", DAEMON.client_id);
    let said = world.run("accounts list").fails(2, "settings/half-set");
    assert!(said.contains("D365CONN_CLIENT_SECRET"), "{said}");
    assert!(world.sandbox.requests().is_empty());
}

#[test]
fn two_ways_at_once_are_a_contradiction() {
    let mut world = daemon();
    world.set("D365CONN_CONNECTION", "x");
    world.run("accounts list").fails(2, "settings/contradiction");
}

#[test]
fn a_secret_file_that_is_not_there_is_told() {
    let mut world = World::new().without_terminal();
    let address = world.sandbox.address();
    world.set("D365CONN_TENANT_URL", &address);
    world.set("D365CONN_CLIENT_ID", DAEMON.client_id);
    world.set("D365CONN_CLIENT_SECRET_FILE", "/no/such/file");
    let said = world.run("accounts list").fails(2, "paths/");
    assert!(said.contains("/no/such/file"), "{said}");
}

#[test]
fn a_line_break_behind_a_secret_does_no_harm() {
    let mut world = daemon();
    world.set("D365CONN_CLIENT_SECRET", &format!("{}\r\n", DAEMON.secret.unwrap()));
    world.run("accounts list --top 1").succeeds();
}

#[test]
fn a_token_of_two_lines_is_refused_before_any_network() {
    let mut world = World::new().without_terminal();
    let address = world.sandbox.address();
    world.set("D365CONN_TENANT_URL", &address);
    world.set("D365CONN_ACCESS_TOKEN", "eyJ0\neyJ1");
    let said = world.run("accounts list").fails(2, "settings/several-lines");
    assert!(said.contains("D365CONN_ACCESS_TOKEN") && !said.contains("eyJ"), "{said}");
    assert!(world.sandbox.requests().is_empty());
}

#[test]
fn a_tenant_that_is_none_is_refused_before_any_network() {
    let mut world = World::new().without_terminal();
    let address = world.sandbox.address();
    world.set("D365CONN_TENANT_URL", &address);
    world.set("D365CONN_REFRESH_TOKEN", "r");
    world.set("D365CONN_CLIENT_ID", DAEMON.client_id);
    world.set("D365CONN_TENANT_ID", "nonsense");
    world.run("accounts list").fails(2, "auth/bad-tenant");
    assert!(world.sandbox.requests().is_empty());
}

/// A world whose environment holds this refresh token and no app.
fn with_refresh_token(token: &str) -> World {
    let mut world = World::new().without_terminal();
    let address = world.sandbox.address();
    world.set("D365CONN_TENANT_URL", &address);
    world.set("D365CONN_REFRESH_TOKEN", token);
    world
}

#[test]
fn a_refresh_token_beside_which_no_app_is_named_is_the_managed_apps() {
    let mut world = with_refresh_token("mangled");
    world.run("accounts list").fails(4, "session/given-token-refused");
    let asked_as = |world: &World| {
        let requests = world.sandbox.requests();
        let asked = requests.iter().rfind(|request| request.path.ends_with("/token")).unwrap();
        asked.form.iter().find(|(name, _)| name == "client_id").unwrap().1.clone()
    };
    assert_eq!(asked_as(&world), SAMPLE_CLIENT_ID);
    world.set("D365CONN_MANAGED_CLIENT_ID", DAEMON.client_id);
    world.run("accounts list").fails(4, "");
    assert_eq!(asked_as(&world), DAEMON.client_id);
}

#[test]
fn a_mangled_refresh_token_is_told_as_that_and_its_variable_is_named() {
    let world = with_refresh_token("0.AXkAmangled");
    let said = world.run("accounts list").fails(4, "session/given-token-refused, AADSTS9002313");
    assert!(said.contains("D365CONN_REFRESH_TOKEN") && !said.contains("bug"), "{said}");
    assert!(!said.contains("0.AXkAmangled"), "{said}");
}

#[test]
fn entras_pauses_are_waited_out_as_long_as_was_allowed() {
    let mut world = World::new().without_terminal();
    let address = world.sandbox.address();
    world.set("D365CONN_TENANT_URL", &address);
    world.set("D365CONN_CLIENT_ID", DAEMON.client_id);
    world.set("D365CONN_CLIENT_SECRET", DAEMON.secret.unwrap());
    world.sandbox.faults().order_times(Fault::TokenThrottled { retry_after: 45 }, 3);
    world.run("accounts list --top 1 -o id").succeeds();
    assert_eq!(world.sandbox.requests().iter().filter(|request| request.path.ends_with("/token")).count(), 4);
    world.sandbox.faults().order_times(Fault::TokenThrottled { retry_after: 45 }, 3);
    let said = world.run("accounts list --max-wait 100s").fails(8, "auth/throttled");
    assert!(said.contains("a pause of 45s") && said.contains("--max-wait"), "{said}");
}

#[test]
fn a_flag_names_a_saved_connection_whatever_the_environment_says() {
    let mut world = World::connected();
    world.set("D365CONN_TENANT_URL", "https://contoso.crm4.dynamics.com");
    world.run("-c sandbox accounts list --top 1").succeeds();
}

#[test]
fn a_variable_or_flag_that_the_pipeline_did_not_fill_in_is_named_before_any_network() {
    let address = World::new().sandbox.address();
    for (name, value) in [
        ("D365CONN_TENANT_URL", "$(EnvUrl)"),
        ("D365CONN_CLIENT_SECRET", "$(MySecret)"),
        ("D365CONN_CLIENT_ID", "${{ vars.CLIENT_ID }}"),
        ("D365CONN_TENANT_ID", "%TENANT%"),
        ("D365CONN_CERTIFICATE_FILE", "${CERTIFICATE}"),
    ] {
        let mut world = World::new().without_terminal();
        world.set("D365CONN_TENANT_URL", &address);
        world.set("D365CONN_CLIENT_ID", DAEMON.client_id);
        world.set(name, value);
        let said = world.run("accounts list").fails(2, "environment/not-filled-in");
        assert!(said.contains(&format!("{name} is still `{value}`")), "{said}");
        assert!(world.sandbox.requests().is_empty());
    }
    let world = World::connected();
    let said = world.run("connect --tenant-url $(EnvUrl)").fails(2, "environment/not-filled-in");
    assert!(said.contains("--tenant-url is still `$(EnvUrl)`"), "{said}");
    world.run("connect --tenant-url {org} --client-id=${APP}").fails(2, "environment/not-filled-in");
    // A column's value is whatever it is.
    world.run("accounts create name=$(Name) -o id").succeeds();
}

#[test]
fn a_misspelt_variable_is_named_beside_the_error_that_it_leads_to() {
    let mut world = World::new().without_terminal();
    world.set("D365CONN_TENANT_ULR", "https://contoso.crm4.dynamics.com");
    let said = world.run("accounts list").fails(4, "store/no-connection");
    assert!(said.contains("D365CONN_TENANT_ULR is none of d365conn's; D365CONN_TENANT_URL is"), "{said}");
}

#[test]
fn a_line_end_behind_the_address_is_refused_with_the_address_that_was_meant() {
    for end in ["\n", "\r\n"] {
        let mut world = World::new().without_terminal();
        world.set("D365CONN_TENANT_URL", &format!("https://contoso.crm4.dynamics.com{end}"));
        world.set("D365CONN_ACCESS_TOKEN", "x");
        let said = world.run("accounts list").fails(2, "tenant/");
        assert!(said.contains("https://contoso.crm4.dynamics.com"), "{said}");
    }
}
