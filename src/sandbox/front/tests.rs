//! Behaviours of the front desk: hosts, bearers, and the misfortunes around Dataverse. Sockets are tested elsewhere.

use std::time::Duration;

use serde_json::Value;

use super::*;
use crate::sandbox::{DAEMON, STRANGER};

const HOST: &str = "127.0.0.1:4711";

struct Desk {
    front: Front,
    clock: Clock,
}

impl Desk {
    fn new() -> Self {
        let clock = Clock::set_at("2026-11-23T19:20:31Z".parse().unwrap());
        let token_life = Duration::from_secs(600);
        let front = Front::new(4711, Options { clock: clock.clone(), token_life, ..Options::default() });
        Self { front, clock }
    }

    fn ask(&self, method: &str, path: &str, body: &str, headers: &[(&str, &str)]) -> Delivery {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        self.front.receive(&Incoming {
            method: method.to_owned(),
            path: path.to_owned(),
            query: query.to_owned(),
            headers,
            body: body.as_bytes().to_vec(),
        })
    }

    fn token(&self, client: &super::super::Registration, scope: &str) -> String {
        let secret = client.secret.unwrap().replace('+', "%2B").replace('&', "%26");
        let body = format!(
            "grant_type=client_credentials&client_id={}&client_secret={secret}&scope={scope}",
            client.client_id
        );
        let headers = [("host", HOST), ("content-type", "application/x-www-form-urlencoded")];
        let answer = whole(self.ask("POST", &format!("/{TENANT_ID}/oauth2/v2.0/token"), &body, &headers));
        let body: Value = serde_json::from_slice(&answer.body).unwrap();
        body["access_token"].as_str().unwrap().to_owned()
    }

    /// A request to Dataverse as the daemon.
    fn call(&self, method: &str, path: &str) -> Delivery {
        let bearer = format!("Bearer {}", self.token(&DAEMON, &format!("http://{HOST}/.default")));
        self.ask(method, path, "", &[("host", HOST), ("authorization", &bearer)])
    }

    fn suffer(&self, fault: &Fault, method: &str, path: &str) -> Delivery {
        self.front.faults().order(fault.clone());
        let delivery = self.call(method, path);
        assert_eq!(self.front.faults().pending(), [], "{fault:?}");
        delivery
    }
}

fn whole(delivery: Delivery) -> Outgoing {
    match delivery {
        Delivery::Whole(answer) => answer,
        other => panic!("{other:?}"),
    }
}

fn header<'a>(answer: &'a Outgoing, name: &str) -> Option<&'a str> {
    answer.headers.iter().find(|(header, _)| header == name).map(|(_, value)| value.as_str())
}

fn code(answer: &Outgoing) -> String {
    let body: Value = serde_json::from_slice(&answer.body).unwrap();
    body["error"]["code"].as_str().unwrap().to_owned()
}

const WHO_AM_I: &str = "/api/data/v9.2/WhoAmI";

#[test]
fn only_the_two_loopback_literals_are_hosts() {
    let desk = Desk::new();
    let status = |hosts: &[&str]| {
        let headers: Vec<_> = hosts.iter().map(|host| ("host", *host)).collect();
        whole(desk.ask("GET", "/", "", &headers)).status
    };
    assert_eq!(status(&[HOST]), 200);
    assert_eq!(status(&["[::1]:4711"]), 200);
    for hosts in [
        &["127.0.0.1:4712"][..],
        &["127.0.0.1"],
        &["localhost:4711"],
        &["evil.example:4711"],
        &[],
        &[HOST, HOST],
        &[HOST, "evil.example"],
    ] {
        assert_eq!(status(hosts), 421, "{hosts:?}");
    }
}

#[test]
fn without_a_good_bearer_dataverse_answers_with_its_challenge() {
    let desk = Desk::new();
    let origin = format!("http://{HOST}");
    let expected = format!("Bearer authorization_uri={origin}/{TENANT_ID}/oauth2/authorize, resource_id={origin}/");
    let check = |authorization: Option<&str>| {
        let mut headers = vec![("host", HOST)];
        headers.extend(authorization.map(|value| ("authorization", value)));
        for path in [WHO_AM_I, "/api/data/v9.2/", "/api/data"] {
            let answer = whole(desk.ask("GET", path, "", &headers));
            assert_eq!((answer.status, answer.body.len()), (401, 0), "{authorization:?}");
            assert_eq!(header(&answer, "www-authenticate"), Some(expected.as_str()));
        }
    };
    let token = desk.token(&DAEMON, &format!("{origin}/.default"));
    let graph = desk.token(&DAEMON, "https://graph.microsoft.com/.default");
    check(None);
    check(Some("Bearer nonsense"));
    check(Some(&token));
    check(Some(&format!("Basic {token}")));
    check(Some(&format!("Bearer {graph}")));
    let bearer = format!("Bearer {token}");
    let headers = [("host", HOST), ("authorization", bearer.as_str())];
    assert_eq!(whole(desk.ask("GET", WHO_AM_I, "", &headers)).status, 200);
    // A token of one origin is none at the other.
    let elsewhere = [("host", "[::1]:4711"), ("authorization", bearer.as_str())];
    assert_eq!(whole(desk.ask("GET", WHO_AM_I, "", &elsewhere)).status, 401);
    desk.clock.advance(Duration::from_secs(600));
    check(Some(&bearer));
}

#[test]
fn an_app_without_a_user_record_gets_as_far_as_dataverse() {
    let desk = Desk::new();
    let bearer = format!("Bearer {}", desk.token(&STRANGER, &format!("http://{HOST}/.default")));
    let answer = whole(desk.ask("GET", WHO_AM_I, "", &[("host", HOST), ("authorization", &bearer)]));
    assert_eq!((answer.status, code(&answer).as_str()), (403, "0x80072560"));
}

#[test]
fn challenges_can_name_others() {
    let desk = Desk::new();
    let ask = || {
        let answer = whole(desk.ask("GET", WHO_AM_I, "", &[("host", HOST)]));
        header(&answer, "www-authenticate").unwrap().to_owned()
    };
    let authorization_uri = "https://login.evil.example/x/oauth2/authorize".to_owned();
    desk.front.faults().order(Fault::ChallengeNames { authorization_uri });
    assert!(
        ask().starts_with(
            "Bearer authorization_uri=https://login.evil.example/x/oauth2/authorize, resource_id=http://127"
        )
    );
    desk.front.faults().order(Fault::ChallengeResource { resource_id: "https://other.crm.dynamics.com/".to_owned() });
    assert!(ask().ends_with(", resource_id=https://other.crm.dynamics.com/"));
    assert!(ask().ends_with(", resource_id=http://127.0.0.1:4711/"));
}

#[test]
fn dataverse_fails_to_order() {
    let desk = Desk::new();
    let rejected = whole(desk.suffer(&Fault::TokenRejected, "GET", WHO_AM_I));
    assert_eq!((rejected.status, header(&rejected, "www-authenticate").is_some()), (401, true));
    let throttled = whole(desk.suffer(&Fault::DataverseThrottled { retry_after: 11 }, "GET", WHO_AM_I));
    assert_eq!((throttled.status, header(&throttled, "retry-after")), (429, Some("11")));
    assert_eq!(code(&throttled), "0x80072322");
    assert_eq!(whole(desk.suffer(&Fault::DataverseUnavailable, "GET", WHO_AM_I)).status, 503);
    let portal = whole(desk.suffer(&Fault::DataverseHtml, "GET", WHO_AM_I));
    assert_eq!((portal.status, header(&portal, "content-type")), (200, Some("text/html; charset=utf-8")));
    let stranger = whole(desk.suffer(&Fault::NotAMember, "GET", WHO_AM_I));
    assert_eq!((stranger.status, code(&stranger).as_str()), (403, "0x80072560"));
    assert!(matches!(desk.suffer(&Fault::CutConnection, "GET", WHO_AM_I), Delivery::Cut(_)));
    assert!(matches!(desk.suffer(&Fault::LoseAnswer, "POST", WHO_AM_I), Delivery::Lost));
    assert_eq!(whole(desk.call("GET", WHO_AM_I)).status, 200);
}

#[test]
fn throttling_lasts_as_often_as_ordered() {
    let desk = Desk::new();
    desk.front.faults().order_times(Fault::DataverseThrottled { retry_after: 1 }, 3);
    let statuses: Vec<_> = (0..4).map(|_| whole(desk.call("GET", WHO_AM_I)).status).collect();
    assert_eq!(statuses, [429, 429, 429, 200]);
}

#[test]
fn a_lost_answer_waits_for_a_write() {
    let desk = Desk::new();
    desk.front.faults().order(Fault::LoseAnswer);
    assert_eq!(whole(desk.call("GET", WHO_AM_I)).status, 200);
    assert_eq!(desk.front.faults().pending(), [Fault::LoseAnswer]);
}

#[test]
fn a_missing_privilege_strikes_only_where_it_is_needed() {
    fn check(name: &str, method: &str, path: &str, expected: bool) {
        let request = Incoming {
            method: method.to_owned(),
            path: format!("/api/data/v9.2/{path}"),
            query: String::new(),
            headers: Vec::new(),
            body: Vec::new(),
        };
        assert_eq!(needs_privilege(&request, name), expected, "{name} {method} {path}");
    }
    check("prvDeleteAccount", "DELETE", "accounts(1)", true);
    check("prvDeleteAccount", "GET", "accounts(1)", false);
    check("prvDeleteAccount", "DELETE", "contacts(1)", false);
    check("prvReadOpportunity", "GET", "opportunities", true);
    check("prvReadAccount", "GET", "EntityDefinitions(LogicalName='account')", false);
    check("prvCreateIncident", "POST", "incidents", true);
    check("prvAssignAccount", "PATCH", "accounts(1)", true);
    check("prvAssignAccount", "PATCH", "leads(1)", false);
    check("nonsense", "GET", "accounts", false);
    check("", "GET", "", false);

    let desk = Desk::new();
    let fault = Fault::PrivilegeDenied { name: "prvReadAccount".to_owned() };
    let denied = whole(desk.suffer(&fault, "GET", "/api/data/v9.2/accounts"));
    assert_eq!((denied.status, code(&denied).as_str()), (403, "0x80040220"));
    assert!(String::from_utf8_lossy(&denied.body).contains("prvReadAccount"));
}

#[test]
fn a_next_link_can_lead_elsewhere() {
    let twist = |json: &str| {
        let desk = Desk::new();
        desk.front.faults().order(Fault::NextLinkTo { url: "https://evil.example/\"x".to_owned() });
        let mut answer = Outgoing::with_body(200, "application/json", json);
        desk.front.bend_next_link(&mut answer);
        (String::from_utf8(answer.body).unwrap(), desk.front.faults().pending().len())
    };
    let (bent, pending) = twist(r#"{"value":[],"@odata.nextLink" : "http://x/\"a\\","more":1}"#);
    assert_eq!(
        (bent.as_str(), pending),
        (r#"{"value":[],"@odata.nextLink" : "https://evil.example/\"x","more":1}"#, 0)
    );
    assert_eq!(twist(r#"{"value":[]}"#), (r#"{"value":[]}"#.to_owned(), 1));
    assert_eq!(twist(r#"{"@odata.nextLink":"cut"#), (r#"{"@odata.nextLink":"cut"#.to_owned(), 1));
}

#[test]
fn graph_answers_users_with_a_token_of_its_own() {
    let desk = Desk::new();
    let me = |authorization: Option<String>| {
        let mut headers = vec![("host", HOST)];
        headers.extend(authorization.as_deref().map(|value| ("authorization", value)));
        whole(desk.ask("GET", "/v1.0/me", "", &headers))
    };
    assert_eq!((me(None).status, code(&me(None)).as_str()), (401, "InvalidAuthenticationToken"));
    let dataverse = desk.token(&DAEMON, &format!("http://{HOST}/.default"));
    assert_eq!(me(Some(format!("Bearer {dataverse}"))).status, 401);
    let graph = desk.token(&DAEMON, "https://graph.microsoft.com/.default");
    assert_eq!(me(Some(format!("Bearer {graph}"))).status, 400);
}

#[test]
fn answers_are_dated_by_the_sandboxs_clock() {
    let desk = Desk::new();
    let date = || {
        let answer = whole(desk.ask("GET", "/", "", &[("host", HOST)]));
        header(&answer, "date").unwrap().to_owned()
    };
    assert_eq!(date(), "Mon, 23 Nov 2026 19:20:31 GMT");
    desk.front.faults().order(Fault::ClockAhead { by: Duration::from_secs(7200) });
    assert_eq!([date(), date()], ["Mon, 23 Nov 2026 21:20:31 GMT", "Mon, 23 Nov 2026 21:20:31 GMT"]);
}

#[test]
fn the_journal_keeps_names_of_queries_and_fields_of_token_requests() {
    let desk = Desk::new();
    desk.ask("GET", "/api/data/v9.2/accounts?$select=name&$top=1", "", &[("host", HOST)]);
    desk.call("POST", WHO_AM_I);
    desk.suffer(&Fault::LoseAnswer, "POST", WHO_AM_I);
    let seen = desk.front.requests();
    assert_eq!(
        (seen[0].query_names.as_slice(), seen[0].status),
        (&["$select".to_owned(), "$top".to_owned()][..], Some(401))
    );
    assert!(!seen[0].is_authorised && seen[1].is_token_request());
    assert_eq!(seen[1].field("scope"), Some("http://127.0.0.1:4711/.default"));
    assert!(seen[2].is_authorised && seen[2].form.is_empty());
    assert_eq!(seen[4].status, None);
}

#[test]
fn an_address_beyond_the_services_limit_gets_no_further_than_the_web_server() {
    let desk = Desk::new();
    let path = |length: usize| format!("/api/data/v9.2/accounts?$filter={}", "a".repeat(length));
    let answer = whole(desk.call("GET", &path(32_768)));
    assert_eq!(answer.status, 414);
    assert!(header(&answer, "content-type").is_some_and(|kind| kind.starts_with("text/html")));
    assert_eq!(whole(desk.call("GET", &path(31_000))).status, 400, "only the filter is wrong");
}
