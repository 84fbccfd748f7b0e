//! `connect`, `reconnect`, `disconnect`: both kinds of app, and every way in which a sign-in is refused.

use d365conn::sandbox::{Fault, GUEST, INES, OWN_DESKTOP_APP, OWN_WEB_APP, Robot, SINGLE_PAGE_APP};

use crate::world::World;

#[test]
fn the_managed_app_signs_in_and_the_connection_is_saved() {
    let world = World::untouched();
    let outcome = world.run("connect --tenant-url {org} --store file --name demo");
    let said = outcome.stderr.clone();
    outcome.succeeds();
    assert!(said.contains("Inès Moreau (ines.moreau@northlight.example)"), "{said}");
    assert!(said.contains("saved as `demo`") && said.contains("d365conn -c demo accounts list"), "{said}");
    let list = world.run("connections list -o json").succeeds();
    let list: serde_json::Value = serde_json::from_str(&list).unwrap();
    assert_eq!(list[0]["name"], "demo");
    assert_eq!(list[0]["default"], true);
    assert_eq!(list[0]["auth"], "browser");
    assert_eq!(list[0]["app"], "managed");
    assert_eq!(list[0]["store"], "file");
    assert_eq!(list[0]["user"], INES.user_name);
    assert_eq!(list[0]["status"], "ok");
    assert_eq!(list[0]["read_only"], false);
    assert_eq!(list[0]["sandbox"], true);
    world.run("accounts list --top 1 -o id").succeeds();
}

#[test]
fn an_own_desktop_app_signs_in_without_a_secret() {
    let world = World::new();
    let outcome =
        world.run(&format!("connect --tenant-url {{org}} --store file --client-id {}", OWN_DESKTOP_APP.client_id));
    assert!(outcome.stderr.contains("redirect URI registered: http://localhost"), "{}", outcome.stderr);
    outcome.succeeds();
    let shown = world.run("connections show -o json").succeeds();
    assert!(
        shown.contains(OWN_DESKTOP_APP.client_id) && shown.contains("\"app\":\"own\"")
            || shown.contains("\"app\": \"own\""),
        "{shown}"
    );
}

#[test]
fn an_own_web_app_takes_its_secret_from_stdin_a_file_or_the_environment() {
    let secret = OWN_WEB_APP.secret.unwrap();
    let line = format!("connect --tenant-url {{org}} --store file --client-id {}", OWN_WEB_APP.client_id);

    let world = World::new();
    world.run_with_stdin(&format!("{line} --client-secret-stdin"), &format!("{secret}\n")).succeeds();

    let world = World::new();
    std::fs::write(world.path("secret"), format!("{secret}\r\n")).unwrap();
    world.run(&format!("{line} --client-secret-file '{}'", world.path("secret").display())).succeeds();

    let mut world = World::new();
    world.set("D365CONN_CLIENT_SECRET", secret);
    world.run(&line).succeeds();
}

#[test]
fn the_answer_may_come_in_the_query_too() {
    let world = World::new();
    world.run("connect --tenant-url {org} --store file --response-mode query").succeeds();
}

#[test]
fn a_registration_with_a_fixed_redirect_uri_is_served_on_that_port() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let world = World::new();
    // The sandbox's web app has http://localhost:8400/callback; Entra ignores the port of a loopback address.
    let line = format!(
        "connect --tenant-url {{org}} --store file --client-id {} --client-secret-stdin --redirect-uri http://localhost:{port}/callback",
        OWN_WEB_APP.client_id
    );
    world.run_with_stdin(&line, OWN_WEB_APP.secret.unwrap()).succeeds();
}

#[test]
fn a_taken_port_is_told_before_anything_opens() {
    let squatter = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = squatter.local_addr().unwrap().port();
    let world = World::new();
    let said = world
        .run(&format!("connect --tenant-url {{org}} --store file --redirect-uri http://localhost:{port}/callback"))
        .fails(2, "auth/");
    assert!(said.contains(&port.to_string()), "{said}");
}

#[test]
fn a_missing_client_secret_is_told_with_both_ways_out() {
    let world = World::new();
    let said = world
        .run(&format!("connect --tenant-url {{org}} --store file --client-id {}", OWN_WEB_APP.client_id))
        .fails(4, "AADSTS7000218");
    assert!(said.contains("--client-secret-stdin") && said.contains("Mobile and desktop"), "{said}");
}

#[test]
fn a_secret_that_may_not_be_sent_is_told_and_never_left_out_silently() {
    let world = World::new();
    let line = format!(
        "connect --tenant-url {{org}} --store file --client-id {} --client-secret-stdin",
        OWN_DESKTOP_APP.client_id
    );
    let said = world.run_with_stdin(&line, "not needed").fails(4, "AADSTS700025");
    assert!(said.contains("Web"), "{said}");
}

#[test]
fn a_single_page_registration_is_told() {
    let world = World::new();
    let said = world
        .run(&format!("connect --tenant-url {{org}} --store file --client-id {}", SINGLE_PAGE_APP.client_id))
        .fails(4, "AADSTS9002327");
    assert!(said.contains("Mobile and desktop"), "{said}");
}

#[test]
fn a_wrong_secret_is_refused_and_nothing_is_saved() {
    let world = World::new();
    let line = format!(
        "connect --tenant-url {{org}} --store file --client-id {} --client-secret-stdin",
        OWN_WEB_APP.client_id
    );
    world.run_with_stdin(&line, "wrong").fails(4, "AADSTS7000215");
    assert_eq!(world.run("connections list -o json").succeeds().trim(), "[]");
}

#[test]
fn a_cancelled_consent_says_so() {
    let mut world = World::new();
    world.seat(Robot::new(INES).declining());
    let line = format!("connect --tenant-url {{org}} --store file --client-id {}", OWN_DESKTOP_APP.client_id);
    world.run(&line).fails(4, "AADSTS65004");
}

#[test]
fn a_user_who_never_answers_is_waited_for_and_no_longer() {
    let mut world = World::new();
    world.seat(Robot::new(INES).silent());
    let said = world.run("connect --tenant-url {org} --store file --wait 1s").fails(4, "auth/timed-out");
    let (org, app) = (world.sandbox.address(), OWN_DESKTOP_APP.client_id);
    assert!(said.contains("explain AADSTS"), "{said}");
    assert!(!said.contains("--no-graph"), "the managed app asks for no Graph: {said}");
    let line = format!("connect --tenant-url {{org}} --store file --name own --read-only --client-id {app} --wait 1s");
    let said = world.run(&line).fails(4, "auth/timed-out");
    let again = format!("d365conn connect --tenant-url {org} --client-id {app} --name own --store file");
    for command in [
        format!("`d365conn connect --admin-consent --tenant-url {org} --client-id {app}`"),
        format!("`{again} --read-only --no-graph`"),
        format!("`{again} --read-only --wait 15m`"),
        format!("`{again} --read-only --paste`"),
    ] {
        assert!(said.contains(&command), "{command} is not in {said}");
    }
}

#[test]
fn what_entra_would_show_to_everybody_is_said_before_a_browser_opens() {
    let mut world = World::new();
    let opened = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let seen = std::sync::Arc::clone(&opened);
    world.seat_alone(move |_| seen.store(true, std::sync::atomic::Ordering::Relaxed));
    world.sandbox.faults().order(Fault::RedirectNotRegistered);
    let said = world.run("connect --tenant-url {org} --store file").fails(4, "auth/redirect-uri-mismatch, AADSTS50011");
    assert!(said.contains("http://localhost") && said.contains("within the last minutes"), "{said}");
    let unregistered = format!(
        "connect --tenant-url {{org}} --store file --client-id {} --redirect-uri http://localhost:8400/else",
        OWN_DESKTOP_APP.client_id
    );
    world.run(&unregistered).fails(4, "AADSTS50011");
    let unknown = "connect --tenant-url {org} --store file --client-id 00000000-0000-0000-0000-00000000abcd";
    world.run(unknown).fails(4, "auth/app-unknown, AADSTS700016");
    assert!(!opened.load(std::sync::atomic::Ordering::Relaxed), "the browser was opened");
}

#[test]
fn the_answer_can_be_pasted_only_where_it_stands_in_the_address_and_somebody_sits_there() {
    let world = World::new();
    let line = "connect --tenant-url {org} --store file --paste";
    world.run(&format!("{line} --response-mode form-post")).fails(2, "commands/paste-needs-the-address");
    world.run(line).fails(2, "commands/nobody-at-the-browser");
    world.run(&format!("{line} --auth device")).fails(2, "commands/flag-of-another-flow");
}

#[test]
fn somebody_without_a_user_record_is_told_how_to_get_one() {
    let mut world = World::new();
    world.seat(Robot::new(GUEST));
    world.run("connect --tenant-url {org} --store file").fails(5, "0x80072560");
    assert_eq!(world.run("connections list -o json").succeeds().trim(), "[]");
}

#[test]
fn without_a_terminal_no_browser_is_opened() {
    let world = World::new().without_terminal();
    let said = world.run("connect --tenant-url {org} --store file").fails(2, "commands/nobody-at-the-browser");
    assert!(said.contains("--no-browser"), "{said}");
}

#[test]
fn a_wrong_address_is_refused_before_any_network() {
    let world = World::new();
    for address in [
        "https://contoso.crm4.dynamics.com@evil.example",
        "http://contoso.crm4.dynamics.com",
        "contoso",
        "https://localhost:1",
    ] {
        world.run(&format!("connect --tenant-url '{address}'")).fails(2, "tenant/");
    }
    assert!(world.sandbox.requests().is_empty());
}

#[test]
fn a_name_belongs_to_one_organisation() {
    let world = World::connected();
    let other = World::new();
    let said = world
        .run(&format!("connect --tenant-url {} --store file --name sandbox", other.sandbox.address()))
        .fails(2, "session/name-taken");
    assert!(said.contains("--name"), "{said}");
}

#[test]
fn a_failed_connect_leaves_the_connection_of_that_name_alone() {
    let world = World::connected();
    let before = world.run("connections show -o json").succeeds();
    let line = format!(
        "connect --tenant-url {{org}} --store file --client-id {} --client-secret-stdin",
        OWN_WEB_APP.client_id
    );
    world.run_with_stdin(&line, "wrong").fails(4, "AADSTS7000215");
    assert_eq!(world.run("connections show -o json").succeeds(), before);
    world.run("accounts list --top 1").succeeds();
}

#[test]
fn reconnect_keeps_the_settings_and_the_secret() {
    let world = World::new();
    let line = format!(
        "connect --tenant-url {{org}} --store file --client-id {} --client-secret-stdin --label tests",
        OWN_WEB_APP.client_id
    );
    world.run_with_stdin(&line, OWN_WEB_APP.secret.unwrap()).succeeds();
    let before = world.run("connections show -o json").succeeds();
    world.run("reconnect").succeeds();
    assert_eq!(world.run("connections show -o json").succeeds(), before);
}

#[test]
fn reconnect_as_somebody_else_changes_nothing() {
    let mut world = World::connected();
    world.seat(Robot::new(d365conn::sandbox::GUEST));
    let outcome = world.run("reconnect --prompt select-account");
    assert_ne!(outcome.exit, 0, "{}", outcome.stderr);
    world.run("accounts list --top 1").succeeds();
}

#[test]
fn disconnect_forgets_the_connection_and_its_secrets() {
    let world = World::connected();
    let said = world.run("disconnect --yes").stderr;
    assert!(said.contains("removed its secrets"), "{said}");
    assert_eq!(world.run("connections list -o json").succeeds().trim(), "[]");
    world.run("accounts list").fails(4, "store/");
}

#[test]
fn each_token_request_names_one_resource() {
    let world = World::new();
    world
        .run(&format!("connect --tenant-url {{org}} --store file --client-id {}", OWN_DESKTOP_APP.client_id))
        .succeeds();
    let requests = world.sandbox.requests();
    let scopes: Vec<String> = requests
        .iter()
        .filter_map(|request| request.form.iter().find(|(name, _)| name == "scope"))
        .map(|(_, scope)| scope.clone())
        .collect();
    assert!(!scopes.is_empty());
    for scope in scopes {
        assert_eq!(scope.split(' ').filter(|scope| scope.starts_with("http")).count(), 1, "{scope}");
    }
}

#[test]
fn no_secret_of_a_connection_is_in_any_file_in_clear() {
    let world = World::untouched();
    let line = format!(
        "connect --tenant-url {{org}} --store file --client-id {} --client-secret-stdin",
        OWN_WEB_APP.client_id
    );
    world.run_with_stdin(&line, OWN_WEB_APP.secret.unwrap()).succeeds();
    world.run("accounts list --top 1").succeeds();
    let issued = world.sandbox.issued_secrets();
    assert!(issued.len() >= 2);
    for (path, bytes) in world.files() {
        let text = String::from_utf8_lossy(&bytes);
        assert!(!text.contains(OWN_WEB_APP.secret.unwrap()), "{}", path.display());
        for secret in &issued {
            assert!(!text.contains(secret.as_str()), "{}", path.display());
        }
    }
}

#[test]
fn what_entra_would_refuse_in_the_browser_only_is_refused_before_any_network() {
    let world = World::new();
    let said = world.run("connect --tenant-url {org} --client-id my~secret").fails(2, "connection/invalid-client-id");
    assert!(!said.contains("my~secret"), "{said}");
    world.run("connect --tenant-url {org} --tenant nonsense").fails(2, "auth/bad-tenant");
    assert!(world.sandbox.requests().is_empty());
}

#[test]
fn all_that_was_mended_of_an_address_is_told_in_one_line() {
    let world = World::new().without_terminal();
    let outcome = world.run("connect --tenant-url HTTPS://CONTOSO.CRM4.DYNAMICS.COM:443/main.aspx");
    let lines: Vec<_> = outcome.stderr.lines().filter(|line| line.contains("using")).collect();
    assert_eq!(lines.len(), 1, "{}", outcome.stderr);
    assert!(lines[0].ends_with("using https://contoso.crm4.dynamics.com"), "{lines:?}");
    assert_eq!(outcome.exit, 2);
}
