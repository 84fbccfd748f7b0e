//! Days in columns that show a day and keep the moment at which it begins for whoever writes it: in whose zone that is, who
//! converts it, and what happens where nobody knows. What the sandbox makes of it is asked in `features`.

use wiremock::matchers::{method, path, path_regex, query_param};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::world::{Outcome, World};

const API: &str = "/api/data/v9.2";
const USER: &str = "6d2ef3c1-9f6e-4e11-8179-000d3a000002";
const OBJECT: &str = "6d2ef3c1-9f6e-4e11-8179-000d3a0000ff";

async fn run(server: &MockServer, line: &str) -> Outcome {
    let mut world = World::new().without_terminal();
    world.set("D365CONN_TENANT_URL", &server.uri());
    world.set("D365CONN_ACCESS_TOKEN", "eyJ0eXAiOiJKV1QifQ.eyJ9.x");
    let line = line.to_owned();
    tokio::task::spawn_blocking(move || world.run(&line)).await.unwrap()
}

fn json(body: &serde_json::Value) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_raw(body.to_string(), "application/json; odata.metadata=minimal")
}

/// An organisation that takes any account; the column `nl_day` of one behaves as `UserLocal` and is a `DateOnly`.
async fn organisation() -> MockServer {
    let server = MockServer::start().await;
    let column =
        |name: &str, kind: &str| serde_json::json!({ "LogicalName": name, "SchemaName": name, "AttributeType": kind });
    let table = serde_json::json!({
        "LogicalName": "account", "SchemaName": "Account", "EntitySetName": "accounts",
        "PrimaryIdAttribute": "accountid", "PrimaryNameAttribute": "name",
        "Attributes": [column("accountid", "Uniqueidentifier"), column("name", "String"), column("nl_day", "DateTime")],
    });
    let days = serde_json::json!({ "value": [{
        "LogicalName": "nl_day", "Format": "DateOnly", "DateTimeBehavior": { "Value": "UserLocal" },
    }] });
    let asked = |pattern: &str| Mock::given(method("GET")).and(path_regex(pattern));
    asked(r"DateTimeAttributeMetadata$").respond_with(json(&days)).mount(&server).await;
    asked(r"AttributeMetadata$").respond_with(json(&serde_json::json!({ "value": [] }))).mount(&server).await;
    asked(r"EntityDefinitions\(LogicalName=[^)]*\)$").respond_with(json(&table)).mount(&server).await;
    let taken = ResponseTemplate::new(204).insert_header("OData-Version", "4.0");
    Mock::given(method("POST")).and(path(format!("{API}/accounts"))).respond_with(taken).mount(&server).await;
    server
}

/// The settings of a user in Chicago, and the service's own conversion.
async fn settings(server: &MockServer) {
    let get = |at: String| Mock::given(method("GET")).and(path(format!("{API}/{at}")));
    let who = serde_json::json!({ "UserId": USER, "BusinessUnitId": USER, "OrganizationId": USER });
    get("WhoAmI".into()).respond_with(json(&who)).expect(1).mount(server).await;
    let code = json(&serde_json::json!({ "timezonecode": 20 }));
    get(format!("usersettingscollection({USER})")).respond_with(code).expect(1).mount(server).await;
    let name = serde_json::json!({ "value": [{ "userinterfacename": "(GMT-06:00) Central Time (US & Canada)" }] });
    get("timezonedefinitions".into()).respond_with(json(&name)).mount(server).await;
    get("UtcTimeFromLocalTime(LocalTime=@p1,TimeZoneCode=@p2)".into())
        .and(query_param("@p1", "2026-03-01T00:00:00Z"))
        .and(query_param("@p2", "20"))
        .respond_with(json(&serde_json::json!({ "UtcTime": "2026-03-01T06:00:00Z" })))
        .mount(server)
        .await;
}

async fn sent(server: &MockServer) -> Vec<String> {
    let requests = server.received_requests().await.unwrap();
    let changes = requests.into_iter().filter(|request| request.method.as_str() == "POST");
    changes.map(|request| String::from_utf8(request.body).unwrap()).collect()
}

#[tokio::test]
async fn a_day_begins_at_midnight_of_the_user_who_writes() {
    let server = organisation().await;
    settings(&server).await;
    let outcome = run(&server, "accounts create name=x nl_day=2026-03-01").await;
    assert!(outcome.stderr.contains("(GMT-06:00) Central Time"), "{}", outcome.stderr);
    outcome.succeeds();
    let bodies = sent(&server).await;
    assert!(bodies.len() == 1 && bodies[0].contains("\"nl_day\":\"2026-03-01T06:00:00Z\""), "{bodies:?}");
}

#[tokio::test]
async fn a_zone_that_was_named_decides_and_nobody_is_asked() {
    let server = organisation().await;
    let outcome = run(&server, "accounts create name=x nl_day=2026-03-01 --time-zone Europe/Oslo").await;
    assert!(outcome.stderr.contains("Europe/Oslo"), "{}", outcome.stderr);
    outcome.succeeds();
    run(&server, "accounts create name=y nl_day=2026-07-01T00:00:00+02:00").await.succeeds();
    let bodies = sent(&server).await;
    assert!(bodies[0].contains("\"nl_day\":\"2026-02-28T23:00:00Z\""), "{bodies:?}");
    assert!(bodies[1].contains("\"nl_day\":\"2026-06-30T22:00:00Z\""), "{bodies:?}");
    run(&server, "accounts create name=x nl_day=2026-03-01 --time-zone Oslo")
        .await
        .fails(2, "dataverse/unknown-time-zone");
    assert_eq!(sent(&server).await.len(), 2);
}

#[tokio::test]
async fn the_zone_is_that_of_the_user_on_whose_behalf_it_is_written() {
    let server = organisation().await;
    settings(&server).await;
    let users = serde_json::json!({ "value": [{ "systemuserid": USER, "azureactivedirectoryobjectid": OBJECT }] });
    Mock::given(method("GET")).and(path(format!("{API}/systemusers"))).respond_with(json(&users)).mount(&server).await;
    run(&server, &format!("accounts create name=x nl_day=2026-03-01 --as {OBJECT}")).await.succeeds();
    let asked = server.received_requests().await.unwrap();
    let who = asked.iter().find(|request| request.url.path().ends_with("/WhoAmI")).unwrap();
    assert_eq!(who.headers.get("CallerObjectId").and_then(|value| value.to_str().ok()), Some(OBJECT));
}

#[tokio::test]
async fn settings_that_can_not_be_read_stop_the_change_and_two_ways_out_are_told() {
    let server = organisation().await;
    let no = serde_json::json!({ "error": { "code": "0x80040220", "message": "no privilege prvReadUserSettings" } });
    let refused = ResponseTemplate::new(403).set_body_raw(no.to_string(), "application/json");
    Mock::given(method("GET")).and(path(format!("{API}/WhoAmI"))).respond_with(refused).mount(&server).await;
    let said = run(&server, "accounts create name=x nl_day=2026-03-01").await.fails(2, "dataverse/no-time-zone");
    assert!(said.contains("--time-zone Europe/Oslo") && said.contains("nl_day=2026-03-01T00:00:00+01:00"), "{said}");
    assert!(said.contains("prvReadUserSettings"), "{said}");
    assert_eq!(sent(&server).await, [] as [&str; 0]);
}
