//! Connections of an application for which another identity provider vouches.

use std::time::Duration;

use d365conn::sandbox::{DAEMON, Fault, JOB_TOKEN, OWN_DESKTOP_APP, Provider, SERVICE_CONNECTION_ID, STRANGER};

use crate::pair::write;
use crate::world::{Outcome, World};

const HOUR: Duration = Duration::from_secs(3600);

/// A world in which a job of `provider` runs.
fn job(provider: Provider) -> World {
    let mut world = World::new().without_terminal();
    begin_job(&mut world, provider);
    world
}

/// Begins a job of `provider` in `world`.
pub(super) fn begin_job(world: &mut World, provider: Provider) {
    let url = provider.request_url(&world.sandbox.address());
    match provider {
        Provider::Github => {
            world.set("GITHUB_ACTIONS", "true");
            world.set("ACTIONS_ID_TOKEN_REQUEST_URL", &url);
            world.set("ACTIONS_ID_TOKEN_REQUEST_TOKEN", JOB_TOKEN);
        }
        Provider::AzurePipelines => {
            world.set("TF_BUILD", "True");
            world.set("SYSTEM_OIDCREQUESTURI", &url);
            world.set("SYSTEM_ACCESSTOKEN", JOB_TOKEN);
            world.set("AZURESUBSCRIPTION_SERVICE_CONNECTION_ID", SERVICE_CONNECTION_ID);
        }
        Provider::Cluster => {
            let path = write_token(world);
            world.set("AZURE_FEDERATED_TOKEN_FILE", &path);
        }
    }
}

/// Has the cluster write its token; gives back where.
fn write_token(world: &World) -> String {
    write(world, "token", world.sandbox.cluster_assertion().unwrap()).display().to_string()
}

fn connect(world: &World, client_id: &str, more: &str) -> Outcome {
    world.run(&format!("connect --tenant-url {{org}} --store file --auth federated --client-id {client_id} {more}"))
}

/// The same job with nothing stored.
fn in_environment(world: &mut World, client_id: &str) {
    world.set("D365CONN_TENANT_URL", &world.sandbox.address());
    world.set("D365CONN_CLIENT_ID", client_id);
    world.set("D365CONN_AUTH", "federated");
}

fn asked(world: &World, path: &str) -> usize {
    world.sandbox.requests().iter().filter(|request| request.path.starts_with(path)).count()
}

#[test]
fn every_provider_connects_an_application_and_is_asked_again_for_every_token() {
    for provider in Provider::ALL {
        let world = job(provider);
        let outcome = connect(&world, DAEMON.client_id, "");
        assert!(outcome.stderr.contains("as application"), "{}", outcome.stderr);
        outcome.succeeds();
        let list = world.run("connections list -o json").succeeds();
        assert!(list.contains("\"auth\":\"federated\"") && list.contains("\"status\":\"ok\""), "{list}");
        world.pass(HOUR * 2);
        write_token(&world);
        world.run("accounts list --top 1").succeeds();
        let expected = if provider == Provider::Cluster { 0 } else { 2 };
        assert_eq!(asked(&world, "/providers/"), expected, "{provider:?}");
        let saved = std::fs::read_to_string(world.path("config/connections.toml")).unwrap();
        assert!(!saved.contains("eyJ") && !saved.contains(JOB_TOKEN), "{saved}");
    }
}

#[test]
fn every_provider_works_with_nothing_stored() {
    for provider in Provider::ALL {
        let mut world = job(provider);
        in_environment(&mut world, DAEMON.client_id);
        let before = world.files().len();
        let outcome = world.run("accounts list --top 1 -v");
        assert!(outcome.stderr.contains("federated from the environment"), "{}", outcome.stderr);
        outcome.succeeds();
        assert_eq!(world.files().len(), before);
    }
}

#[test]
fn a_job_of_two_hours_never_fails_although_its_assertions_live_ten_minutes() {
    for is_stored in [true, false] {
        let mut world = job(Provider::Github);
        world.sandbox.faults().order_times(Fault::ShortLivedToken { seconds: 3600 }, if is_stored { 3 } else { 25 });
        if is_stored {
            connect(&world, DAEMON.client_id, "").succeeds();
        } else {
            in_environment(&mut world, DAEMON.client_id);
            world.run("accounts list --top 1").succeeds();
        }
        for _ in 0..24 {
            world.pass(Duration::from_secs(300));
            world.run("accounts list --top 1").succeeds();
        }
        let expected = if is_stored { 3 } else { 25 };
        assert_eq!(asked(&world, "/providers/github/"), expected);
    }
}

#[test]
fn a_file_is_read_again_and_one_that_has_ended_is_refused_before_any_network() {
    let world = job(Provider::Cluster);
    connect(&world, DAEMON.client_id, "").succeeds();
    world.pass(HOUR * 2);
    let before = world.sandbox.requests().len();
    let said = world.run("accounts list").fails(4, "auth/token-file-ended");
    assert!(said.contains("2026-11-23T09:10:00Z"), "{said}");
    assert_eq!(world.sandbox.requests().len(), before);
    write_token(&world);
    world.run("accounts list --top 1").succeeds();
}

#[test]
fn what_does_not_match_is_told_with_what_the_federated_credential_must_have() {
    let fork = "repo:octo@1/fork@2:ref:refs/heads/main";
    for (claim, value, code) in [
        ("iss", "https://token.actions.githubusercontent.com", "AADSTS700211"),
        ("sub", fork, "AADSTS700213"),
        ("aud", "https://github.com/northlight", "AADSTS700212"),
    ] {
        for is_stored in [true, false] {
            let mut world = job(Provider::Github);
            world.sandbox.faults().order(Fault::AssertionSays { claim, value: value.to_owned() });
            let outcome = if is_stored {
                connect(&world, DAEMON.client_id, "")
            } else {
                in_environment(&mut world, DAEMON.client_id);
                world.run("accounts list")
            };
            let said = outcome.fails(4, code).split_whitespace().collect::<Vec<_>>().join(" ");
            let issuer = Provider::Github.issuer(&world.sandbox.address());
            for (name, own) in
                [("iss", issuer.as_str()), ("sub", Provider::Github.subject()), ("aud", "api://AzureADTokenExchange")]
            {
                let expected = if name == claim { value } else { own };
                assert!(said.contains(&format!("`{expected}`")), "{expected} is not in {said}");
            }
            assert!(!said.contains(JOB_TOKEN) && !said.contains("eyJ"), "{said}");
        }
    }
}

#[test]
fn an_assertion_that_nobody_signed_is_refused() {
    let world = job(Provider::Github);
    world.sandbox.faults().order(Fault::AssertionForged);
    connect(&world, DAEMON.client_id, "").fails(4, "AADSTS50013");
}

#[test]
fn an_app_without_an_application_user_or_a_federated_credential_is_told_so() {
    let world = job(Provider::Github);
    let said = connect(&world, STRANGER.client_id, "").fails(5, "0x80072560");
    assert!(said.contains("Application users") && said.contains(STRANGER.client_id), "{said}");
    connect(&world, OWN_DESKTOP_APP.client_id, "").fails(4, "AADSTS700211");
    connect(&world, "00000000-0000-4000-8000-000000000001", "").fails(4, "AADSTS700016");
    assert_eq!(world.run("connections list -o json").succeeds().trim(), "[]");
}

#[test]
fn a_job_that_may_not_ask_is_told_the_line_that_lets_it() {
    let mut world = World::new().without_terminal();
    world.set("GITHUB_ACTIONS", "true");
    let said = connect(&world, DAEMON.client_id, "").fails(2, "auth/github-permission");
    assert!(said.contains("id-token: write"), "{said}");
    in_environment(&mut world, DAEMON.client_id);
    world.run("accounts list").fails(2, "auth/github-permission");
    assert!(world.sandbox.requests().is_empty());

    let mut world = World::new().without_terminal();
    world.set("TF_BUILD", "True");
    world.set("SYSTEM_OIDCREQUESTURI", &Provider::AzurePipelines.request_url(&world.sandbox.address()));
    let said = connect(&world, DAEMON.client_id, "").fails(2, "auth/pipeline-variable");
    assert!(said.contains("SYSTEM_ACCESSTOKEN: $(System.AccessToken)"), "{said}");
    world.set("SYSTEM_ACCESSTOKEN", JOB_TOKEN);
    let said = connect(&world, DAEMON.client_id, "").fails(2, "auth/pipeline-variable");
    assert!(said.contains("AZURESUBSCRIPTION_SERVICE_CONNECTION_ID is not set"), "{said}");
    assert!(world.sandbox.requests().is_empty());
}

#[test]
fn a_provider_that_declines_or_is_out_of_order_is_told_apart() {
    for provider in [Provider::Github, Provider::AzurePipelines] {
        let world = job(provider);
        world.sandbox.faults().order(Fault::ProviderDeclines { status: 403 });
        connect(&world, DAEMON.client_id, "").fails(4, "auth/provider-declined");
        world.sandbox.faults().order_times(Fault::ProviderDeclines { status: 503 }, 3);
        connect(&world, DAEMON.client_id, "").fails(6, "auth/unavailable");
        world.sandbox.faults().order_times(Fault::ProviderDeclines { status: 503 }, 2);
        connect(&world, DAEMON.client_id, "").succeeds();
    }
}

#[test]
fn the_job_s_token_goes_to_no_address_in_the_clear() {
    for (url, what) in [
        ("http://runner.example/token", "in the clear"),
        ("http://localhost:1/token", "a name may lead anywhere"),
        ("https://user@runner.example/token", "with a user"),
        ("runner", "no address"),
    ] {
        let mut world = World::new().without_terminal();
        world.set("ACTIONS_ID_TOKEN_REQUEST_URL", url);
        world.set("ACTIONS_ID_TOKEN_REQUEST_TOKEN", JOB_TOKEN);
        let said = connect(&world, DAEMON.client_id, "").fails(2, "auth/provider-address");
        assert!(!said.contains(JOB_TOKEN), "{what}: {said}");
        assert!(world.sandbox.requests().is_empty());
    }
}

#[test]
fn a_file_that_holds_no_token_is_refused_before_any_network() {
    let world = World::new().without_terminal();
    for text in ["", "hello", "a.b", "a.b.c&client_secret=x", "eyJ.eyJ.x\neyJ.eyJ.x"] {
        let file = write(&world, "token", text);
        let flag = format!("--federated-token-file {}", file.display());
        connect(&world, DAEMON.client_id, &flag).fails(2, "auth/token-file-unfit");
    }
    let flag = format!("--federated-token-file {}", world.path("nowhere").display());
    connect(&world, DAEMON.client_id, &flag).fails(2, "paths/file-missing");
    connect(&world, DAEMON.client_id, "").fails(2, "commands/nobody-vouches");
    world.run("connect --tenant-url {org} --federated-token-file x").fails(2, "commands/flag-of-another-flow");
    world.run("connect --tenant-url {org} --auth federated").fails(2, "commands/client-id-needed");
    assert!(world.sandbox.requests().is_empty());
}

#[test]
fn a_token_with_a_line_break_behind_it_is_one() {
    let world = World::new().without_terminal();
    let token = world.sandbox.cluster_assertion().unwrap();
    let file = write(&world, "token", format!("\u{feff}{token}\r\n"));
    connect(&world, DAEMON.client_id, &format!("--federated-token-file {}", file.display())).succeeds();
}

#[test]
fn nothing_secret_is_shown_however_talkative_a_command_is() {
    let world = job(Provider::Github);
    let mut said = Vec::new();
    let mut note = |outcome: Outcome| said.push(format!("{}{}", outcome.stdout, outcome.stderr));
    world.sandbox.faults().order(Fault::ProviderDeclines { status: 401 });
    note(connect(&world, DAEMON.client_id, "-vv"));
    world.sandbox.faults().order(Fault::TokenReflects { is_dead: false });
    note(connect(&world, DAEMON.client_id, "-vv -o json"));
    note(connect(&world, DAEMON.client_id, "-vv"));
    note(world.run("-vv connections show -o json"));
    note(world.run("-vv doctor -o json"));
    let said = said.concat();
    assert!(said.contains("***"), "what was reflected is masked: {said}");
    for secret in [JOB_TOKEN, "eyJ"] {
        assert!(!said.contains(secret), "{secret} is in {said}");
    }
}
