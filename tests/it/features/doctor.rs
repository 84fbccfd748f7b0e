//! `doctor`, and the four classic failures of a connection.

use std::time::Duration;

use d365conn::sandbox::Fault;

use crate::world::World;

fn examine(world: &World, line: &str) -> (u8, serde_json::Value) {
    let outcome = world.run(&format!("doctor {line} -o json"));
    let report = serde_json::from_str(&outcome.stdout)
        .unwrap_or_else(|error| panic!("{error}: {} {}", outcome.stdout, outcome.stderr));
    (outcome.exit, report)
}

fn fault<'a>(report: &'a serde_json::Value, id: &str) -> &'a serde_json::Value {
    let finding = report["findings"]
        .as_array()
        .unwrap()
        .iter()
        .find(|finding| finding["id"] == id)
        .unwrap_or_else(|| panic!("{report}"));
    assert_eq!(finding["verdict"], "fault", "{report}");
    assert!(finding["remedy"].as_array().is_some_and(|remedy| !remedy.is_empty()), "{report}");
    finding
}

#[test]
fn a_sound_connection_is_well() {
    let world = World::connected();
    let (exit, report) = examine(&world, "");
    assert_eq!((exit, report["verdict"].as_str()), (0, Some("well")), "{report}");
    let ids: Vec<_> =
        report["findings"].as_array().unwrap().iter().map(|finding| finding["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["address", "dns", "tcp", "tls", "challenge", "authority", "app", "store", "token", "whoami"]);
    assert!(world.run("doctor").succeeds().contains("ok"));
    assert!(world.run("doctor -o table").succeeds().contains("all is well"));
}

#[test]
fn a_wrong_address_is_found() {
    let world = World::new();
    let (exit, report) = examine(&world, "--tenant-url https://contoso.crm4.dynamics.com.evil.example");
    assert_eq!(exit, 10);
    assert!(fault(&report, "address")["code"].as_str().unwrap().starts_with("tenant/"));
    let (exit, report) = examine(&world, "--tenant-url http://127.0.0.1:9");
    assert_eq!(exit, 10);
    assert_eq!(fault(&report, "tcp")["exit"], 6);
    let (exit, report) = examine(&world, &format!("--tenant-url {}", world.sandbox.address()));
    assert_eq!((exit, report["verdict"].as_str()), (0, Some("well")));
}

#[test]
fn lost_refresh_tokens_and_lost_consent_are_found() {
    for (fault_ordered, number) in
        [(Fault::RefreshTokenExpired, "AADSTS700082"), (Fault::ConsentRemoved, "AADSTS65001")]
    {
        let world = World::connected();
        world.pass(Duration::from_secs(7200));
        world.sandbox.faults().order(fault_ordered);
        let (exit, report) = examine(&world, "");
        assert_eq!(exit, 10);
        let finding = fault(&report, "token");
        assert_eq!(finding["service_code"], number);
        assert!(finding["remedy"].to_string().contains("d365conn reconnect sandbox"), "{finding}");
    }
}

#[test]
fn a_refresh_token_that_is_dead_is_found_while_the_access_token_still_works() {
    let world = World::connected();
    world.run("accounts list --top 1").succeeds();
    world.sandbox.faults().order(Fault::SessionsRevoked);
    let (exit, report) = examine(&world, "--only token");
    assert_eq!(exit, 10);
    assert_eq!(fault(&report, "token")["service_code"], "AADSTS50173");
}

#[test]
fn the_renewal_is_part_of_the_evidence_and_is_kept() {
    let world = World::connected();
    world.pass(Duration::from_secs(60));
    let (_, report) = examine(&world, "--only token");
    assert_eq!(report["findings"][0]["evidence"], serde_json::json!({"seconds_left": 4611, "renewed": true}));
    let renewals = || world.sandbox.requests().iter().filter(|request| request.is_token_request()).count();
    assert_eq!(renewals(), 2);
    world.run("accounts list --top 1").succeeds();
    assert_eq!(renewals(), 2);
}

#[test]
fn a_connection_that_can_t_be_renewed_is_worth_a_note_while_it_works() {
    let world = World::new();
    world.sandbox.faults().order(Fault::NoRefreshToken);
    world.run("connect --tenant-url {org} --store file").succeeds();
    let (exit, report) = examine(&world, "--only token,whoami");
    assert_eq!((exit, report["verdict"].as_str()), (0, Some("well")), "{report}");
    let token = &report["findings"][0];
    assert_eq!((token["verdict"].as_str(), token["evidence"]["renewed"].as_bool()), (Some("note"), Some(false)));
    let advice = token["evidence"]["advice"].as_str().unwrap();
    assert!(advice.contains("d365conn reconnect sandbox --prompt consent"), "{advice}");
    world.pass(Duration::from_secs(2 * 3600));
    let (exit, report) = examine(&world, "--only token");
    assert_eq!((exit, fault(&report, "token")["code"].as_str()), (10, Some("session/no-refresh-token")));
}

#[test]
fn permissions_that_were_not_granted_are_found() {
    let world = World::connected();
    world.sandbox.faults().order(Fault::NotAMember);
    let (exit, report) = examine(&world, "");
    assert_eq!(exit, 10);
    assert_eq!(fault(&report, "whoami")["service_code"], "0x80072560");
}

#[test]
fn a_redirect_uri_that_is_not_registered_is_found_without_a_browser() {
    let world = World::connected();
    world.sandbox.faults().order(Fault::RedirectNotRegistered);
    let (exit, report) = examine(&world, "");
    assert_eq!(exit, 10);
    let finding = fault(&report, "app");
    assert_eq!(finding["service_code"], "AADSTS50011");
    assert!(finding["remedy"].to_string().contains("http://localhost"), "{finding}");
}

#[test]
fn an_untrusted_authority_is_found_and_nothing_is_sent_to_it() {
    let world = World::connected();
    world
        .sandbox
        .faults()
        .order(Fault::ChallengeNames { authorization_uri: "https://login.evil.example/x/oauth2/authorize".to_owned() });
    let (exit, report) = examine(&world, "");
    assert_eq!(exit, 10);
    assert_eq!(fault(&report, "authority")["exit"], 1);
}

#[test]
fn a_store_that_lost_its_secrets_is_found() {
    let world = World::connected();
    std::fs::remove_file(world.path("state/secrets.d365")).unwrap();
    let (exit, report) = examine(&world, "");
    assert_eq!(exit, 10);
    assert_eq!(fault(&report, "store")["exit"], 11);
}

#[test]
fn offline_nothing_is_asked() {
    let world = World::connected();
    let before = world.sandbox.requests().len();
    let (exit, _) = examine(&world, "--offline");
    assert_eq!(exit, 0);
    assert_eq!(world.sandbox.requests().len(), before);
}

#[test]
fn only_the_named_checks_are_reported() {
    let world = World::connected();
    let (_, report) = examine(&world, "--only store,whoami");
    assert_eq!(report["findings"].as_array().unwrap().len(), 2);
}

#[test]
fn a_check_that_there_is_not_is_refused() {
    let world = World::connected();
    let said = world.run("doctor --only store,nonsense").fails(2, "commands/unknown-check");
    assert!(said.contains("authority"), "{said}");
}

#[test]
fn a_log_says_what_is_wrong() {
    let world = World::connected();
    world.sandbox.faults().order_times(Fault::NotAMember, 2);
    let text = world.run("doctor").stdout;
    assert!(text.lines().any(|line| line.starts_with("whoami\tfault\t") && line.contains("dataverse/")), "{text}");
    let csv = world.run("doctor -o csv").stdout;
    assert!(csv.starts_with("id,verdict,ms,code,message\n"), "{csv}");
    let ids = world.run("doctor -o id").succeeds();
    assert!(ids.lines().all(|id| !id.contains('\t')) && ids.starts_with("address\n"), "{ids}");
}

#[test]
fn what_of_the_environment_bears_on_the_way_out_is_shown_without_its_password() {
    let proxy = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = proxy.local_addr().unwrap();
    drop(proxy);
    let mut world = World::new();
    world.set("HTTPS_PROXY", &format!("http://kim:sw0rdfish-of-the-proxy@{address}/x"));
    world.set("NO_PROXY", "intranet.example");
    let outcome = world.run("-v doctor --tenant-url https://contoso.crm4.dynamics.com -o json");
    assert_eq!(outcome.exit, 10, "{}", outcome.stderr);
    let report: serde_json::Value = serde_json::from_str(&outcome.stdout).unwrap();
    let findings = report["findings"].as_array().unwrap();
    let tcp = findings.iter().find(|finding| finding["id"] == "tcp").unwrap();
    assert!(
        tcp.to_string().contains(&format!("\"http://{address}\"")) && tcp.to_string().contains("intranet.example"),
        "{tcp}"
    );
    assert!(outcome.stderr.contains(&format!("https_proxy is http://{address}")), "{}", outcome.stderr);
    assert!(!format!("{}{}", outcome.stdout, outcome.stderr).contains("sw0rdfish"), "{}", outcome.stderr);
    // On the way to a sandbox there is no proxy.
    let outcome = world.run("doctor --tenant-url {org} -o json");
    assert!(!outcome.stdout.contains("proxy"), "{}", outcome.stdout);
}
