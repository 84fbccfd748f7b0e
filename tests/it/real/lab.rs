//! The built binary under real host names, over TLS, in a network of its own without a way out. What Dataverse, Entra and
//! the user's browser do there is in `lab/*.py`; here is judged what they saw. Nothing here tests the sandbox.

use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

use super::home::binary;
use super::started::Started;

const ORGANISATION: &str = "contoso.crm4.dynamics.com";
const LOGIN: &str = "login.microsoftonline.com";

/// What happened in one scenario.
struct Report(Value);

/// Namespaces of one's own: as an ordinary user where that is allowed, else as root.
fn unshared() -> Command {
    let ways: [&[&str]; 2] = [&["-Urnm"], &["-nm"]];
    let is_possible = |way: &&&[&str]| {
        let probe =
            Command::new("unshare").args(**way).args(["ip", "link", "set", "lo", "up"]).stderr(Stdio::null()).status();
        probe.is_ok_and(|status| status.success())
    };
    let way = ways.iter().find(is_possible);
    assert!(way.is_some(), "neither `unshare -Urnm` nor `unshare -nm` works here: a container needs --privileged");
    let mut command = Command::new("unshare");
    command.args(*way.unwrap());
    command
}

fn play(scenario: &str) -> Report {
    let directory = tempfile::tempdir().unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/real/lab/lab.py");
    let mut command = unshared();
    command.args(["python3", "-B"]).arg(script).arg(scenario).arg(binary()).arg(directory.path());
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let finished = Started::of(command).finish();
    let said = finished.stderr.clone();
    let report = serde_json::from_str(&finished.succeeds());
    assert!(report.is_ok(), "{scenario}: {said}");
    let report = Report(report.unwrap());
    assert_eq!(report.0["problems"], serde_json::json!([]), "{scenario}: {}", report.0["runs"]);
    assert_eq!(report.0["leaks"], serde_json::json!([]), "{scenario}");
    report
}

impl Report {
    fn list(&self, name: &str) -> &Vec<Value> {
        self.0[name].as_array().unwrap()
    }

    fn run(&self, number: usize) -> &Value {
        &self.list("runs")[number]
    }

    #[track_caller]
    fn succeeds(&self, number: usize) -> &str {
        let run = self.run(number);
        assert_eq!(run["exit"], 0, "{run:#}");
        run["stdout"].as_str().unwrap()
    }

    #[track_caller]
    fn fails(&self, number: usize, exit: u8, code: &str) -> &str {
        let run = self.run(number);
        assert_eq!(run["exit"], exit, "{run:#}");
        let said = run["stderr"].as_str().unwrap();
        assert!(said.contains(code), "no {code} in: {said}");
        said
    }

    /// Requests to a host, as far as they got through TLS.
    fn seen_by(&self, host: &str) -> Vec<&Value> {
        self.list("seen").iter().filter(|request| request["host"] == host).collect()
    }

    fn token_requests(&self) -> Vec<&Value> {
        self.list("seen").iter().filter(|request| request["path"].as_str().unwrap().ends_with("/token")).collect()
    }

    /// Not one connection was opened to a stranger, to plain HTTP, or to another port of a friend.
    #[track_caller]
    fn nobody_else_was_asked(&self) {
        let accepted: Vec<&String> = self.0["accepted"].as_object().unwrap().keys().collect();
        assert!(accepted.iter().all(|place| *place == "127.0.0.1:443"), "{accepted:?}");
    }

    /// Nothing was saved.
    #[track_caller]
    fn nothing_was_saved(&self) {
        assert_eq!(self.0["saved"], serde_json::json!([]));
    }

    /// `connect` was refused before any token was asked for.
    #[track_caller]
    fn is_refused(&self, exit: u8, code: &str) -> &str {
        let said = self.fails(0, exit, code);
        assert_eq!(self.run(0)["stdout"], "");
        assert_eq!(self.token_requests().len(), 0, "{:#}", self.0["seen"]);
        assert_eq!(self.list("pages").len(), 0, "the user was troubled");
        self.nobody_else_was_asked();
        self.nothing_was_saved();
        said
    }
}

fn is_authorised(request: &Value) -> bool {
    request["is_authorised"] == true
}

#[test]
#[ignore = "needs unshare, iproute2, openssl and python3"]
fn a_user_connects_to_a_real_address_and_lists_two_pages_without_another_sign_in() {
    let report = play("main-path");
    report.succeeds(0);
    assert!(report.run(0)["stderr"].as_str().unwrap().contains("Inès Moreau"), "{:#}", report.run(0));
    let rows: Vec<Value> = serde_json::from_str(report.succeeds(1)).unwrap();
    let names: Vec<&str> = rows.iter().map(|row| row["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["Company 1", "Company 2", "Company 3", "Company 4", "Company 5"]);
    let saved = &report.0["saved"];
    assert_eq!(saved[0]["tenant_url"], format!("https://{ORGANISATION}"), "{saved}");
    assert_eq!((&saved[0]["sandbox"], &saved[0]["status"]), (&false.into(), &"ok".into()), "{saved}");

    let page = &report.list("pages")[0];
    assert_eq!(page["status"], 200);
    assert!(page["body"].as_str().unwrap().contains("Return to the terminal"), "{page}");
    let asked = report.seen_by(ORGANISATION);
    assert!(!is_authorised(asked.first().unwrap()), "the first question is a stranger's: {:#}", asked[0]);
    assert!(asked.iter().skip(1).all(|request| request["is_authorised"] == true), "{asked:#?}");
    let pages: Vec<_> = asked.iter().filter(|request| request["path"] == "/api/data/v9.2/accounts").collect();
    assert_eq!(pages.len(), 2, "{asked:#?}");
    assert!(report.seen_by(LOGIN).iter().all(|request| request["is_authorised"] == false));
    assert_eq!(report.token_requests().len(), 1, "the saved access token is still good");
    report.nobody_else_was_asked();
}

#[test]
#[ignore = "needs unshare, iproute2, openssl and python3"]
fn a_process_of_its_own_renews_a_token_that_is_nearly_over() {
    let report = play("renewal");
    report.succeeds(0);
    report.succeeds(1);
    let grants: Vec<&str> =
        report.token_requests().iter().map(|request| request["form"]["grant_type"].as_str().unwrap()).collect();
    assert_eq!(grants.first(), Some(&"authorization_code"), "{grants:?}");
    assert!(grants.contains(&"refresh_token"), "{grants:?}");
    report.nobody_else_was_asked();
}

#[test]
#[ignore = "needs unshare, iproute2, openssl and python3"]
fn the_secret_of_an_own_app_is_seen_by_its_token_endpoint_and_by_nobody_else() {
    let report = play("own-app");
    report.succeeds(0);
    report.succeeds(1);
    let (with_secret, without): (Vec<&Value>, Vec<&Value>) =
        report.list("seen").iter().partition(|request| request["has_secret"] == true);
    assert!(with_secret.len() >= 2, "a Web registration needs it at every renewal: {with_secret:#?}");
    for request in &with_secret {
        assert_eq!(request["host"], LOGIN, "{request:#}");
        assert!(request["path"].as_str().unwrap().ends_with("/oauth2/v2.0/token"), "{request:#}");
        assert!(request["form_names"].as_array().unwrap().contains(&"client_secret".into()), "{request:#}");
    }
    assert!(without.iter().all(|request| !request["path"].as_str().unwrap().ends_with("/token")), "{without:#?}");
    for request in report.token_requests() {
        let scope = request["form"]["scope"].as_str().unwrap();
        let resources = scope.split(' ').filter(|scope| scope.starts_with("https://")).count();
        assert_eq!(resources, 1, "one resource for each token request: {scope}");
    }
    report.nobody_else_was_asked();
}

#[test]
#[ignore = "needs unshare, iproute2, openssl and python3"]
fn an_authority_that_is_not_microsoft_s_is_never_asked() {
    let report = play("foreign-authority");
    let said = report.is_refused(1, "auth/untrusted-authority");
    assert!(said.contains("evil.example"), "{said}");
}

#[test]
#[ignore = "needs unshare, iproute2, openssl and python3"]
fn an_authority_that_only_begins_like_microsoft_s_is_never_asked() {
    let report = play("look-alike-authority");
    let said = report.is_refused(1, "auth/untrusted-authority");
    assert!(said.contains("login.microsoftonline.com.evil.example"), "{said}");
}

#[test]
#[ignore = "needs unshare, iproute2, openssl and python3"]
fn no_token_is_asked_for_on_behalf_of_another_organisation() {
    let report = play("foreign-resource");
    let said = report.is_refused(1, "auth/foreign-resource");
    assert!(said.contains("other.crm4.dynamics.com"), "{said}");
}

#[test]
#[ignore = "needs unshare, iproute2, openssl and python3"]
fn a_link_to_the_next_page_that_leaves_the_organisation_is_refused() {
    let report = play("foreign-links");
    report.succeeds(0);
    let runs = report.list("runs").len();
    assert_eq!(runs, 9);
    for number in 1..runs {
        report.fails(number, 1, "net/foreign-link");
        let rows = report.run(number)["stdout"].as_str().unwrap();
        assert!(serde_json::from_str::<Value>(rows).is_err(), "a list that is not whole reads as one: {rows}");
    }
    report.nobody_else_was_asked();
}

#[test]
#[ignore = "needs unshare, iproute2, openssl and python3"]
fn a_code_is_not_sent_on_to_where_a_token_endpoint_redirects() {
    let report = play("token-redirect");
    let said = report.fails(0, 6, "auth/not-entra");
    assert!(said.contains("evil.example"), "{said}");
    report.nobody_else_was_asked();
    report.nothing_was_saved();
}

#[test]
#[ignore = "needs unshare, iproute2, openssl and python3"]
fn a_refresh_token_is_not_sent_on_to_where_a_token_endpoint_redirects() {
    let report = play("renewal-redirect");
    report.succeeds(0);
    let runs = report.list("runs").len();
    assert_eq!(runs, 36);
    for number in 1..runs {
        report.fails(number, 6, "auth/not-entra");
        assert_eq!(report.run(number)["stdout"], "");
    }
    assert_eq!(report.token_requests().len(), runs, "one question for each, and none where it was sent on to");
    report.nobody_else_was_asked();
}

#[test]
#[ignore = "needs unshare, iproute2, openssl and python3"]
fn a_bearer_is_not_sent_on_to_where_dataverse_redirects() {
    let report = play("data-redirects");
    report.succeeds(0);
    let runs = report.list("runs").len();
    assert_eq!(runs, 37);
    for number in 1..runs {
        report.fails(number, 6, "dataverse/redirected");
        assert_eq!(report.run(number)["stdout"], "");
    }
    let changes = report.list("seen").iter().filter(|seen| seen["method"] == "POST" && seen["host"] == ORGANISATION);
    assert_eq!(changes.count(), 1, "the change was sent again");
    report.nobody_else_was_asked();
}

#[test]
#[ignore = "needs unshare, iproute2, openssl and python3"]
fn one_sign_in_lists_two_organisations_and_connects_to_both() {
    let report = play("one-sign-in");
    for number in 0..report.list("runs").len() {
        report.succeeds(number);
    }
    assert_eq!(report.list("pages").len(), 1, "one visit to the browser");
    let listed: Vec<Value> = serde_json::from_str(report.succeeds(1)).unwrap();
    let urls: Vec<&Value> = listed.iter().map(|row| &row["url"]).collect();
    assert_eq!(urls, [&format!("https://{ORGANISATION}"), "https://fabrikam.crm4.dynamics.com"]);
    assert_eq!((&listed[0]["connected"], listed[1]["connected"].is_null()), (&"contoso".into(), true));
    for number in [3, 4] {
        let rows: Vec<Value> = serde_json::from_str(report.succeeds(number)).unwrap();
        assert_eq!(rows.len(), 5);
    }
    let saved = &report.0["saved"];
    let names: Vec<&Value> = saved.as_array().unwrap().iter().map(|connection| &connection["name"]).collect();
    assert_eq!(names, ["contoso", "fabrikam"], "{saved}");
    // Each token is for one resource; that no other host ever saw it is what the hosts themselves complain about.
    let requests = report.token_requests();
    let asked: Vec<(&str, &str)> = requests
        .iter()
        .map(|request| {
            let field = |name: &str| request["form"][name].as_str().unwrap();
            (field("grant_type"), field("scope").split(' ').next().unwrap())
        })
        .collect();
    let discovery = ("refresh_token", "https://globaldisco.crm.dynamics.com/user_impersonation");
    assert_eq!(
        asked,
        [
            ("authorization_code", "https://contoso.crm4.dynamics.com/user_impersonation"),
            discovery,
            ("refresh_token", "https://fabrikam.crm4.dynamics.com/user_impersonation"),
            discovery,
        ]
    );
    assert!(report.seen_by("globaldisco.crm.dynamics.com").iter().all(|request| is_authorised(request)));
    assert!(!is_authorised(report.seen_by("fabrikam.crm4.dynamics.com")[0]), "first it is asked who guards it");
    report.nobody_else_was_asked();
}

#[test]
#[ignore = "needs unshare, iproute2, openssl and python3"]
fn what_a_list_names_is_not_asked_and_its_next_page_stays_on_its_host() {
    let report = play("hostile-listing");
    report.succeeds(0);
    let listed: Vec<Value> = serde_json::from_str(report.succeeds(1)).unwrap();
    assert_eq!(listed.len(), 4);
    report.fails(2, 1, "net/foreign-link");
    assert_eq!(report.run(2)["stdout"], "");
    report.nobody_else_was_asked();
}

#[test]
#[ignore = "needs unshare, iproute2, openssl and python3"]
fn a_certificate_authority_can_be_given_by_a_flag_and_is_needed() {
    let report = play("given-authority");
    report.fails(0, 6, "net/untrusted-issuer");
    report.succeeds(1);
    report.nobody_else_was_asked();
}

#[test]
#[ignore = "needs unshare, iproute2, openssl and python3"]
fn each_kind_of_bad_certificate_ends_before_a_request_and_has_its_own_name() {
    for (scenario, code) in [
        ("unknown-authority", "net/untrusted-issuer"),
        ("wrong-name", "net/wrong-name"),
        ("expired", "net/certificate-dates"),
        ("not-yet", "net/certificate-dates"),
        ("self-signed", "net/untrusted-issuer"),
        ("weak-key", "net/tls"),
        ("old-tls", "net/tls"),
    ] {
        let report = play(scenario);
        let said = report.is_refused(6, code);
        assert!(said.contains(ORGANISATION), "{scenario}: {said}");
        assert_eq!(report.list("seen").len(), 0, "{scenario}: {:#}", report.0["seen"]);
    }
}
