//! What a request looks like when it leaves: its headers, and that there is only one.

use d365conn::dataverse::Query;
use serde_json::json;
use wiremock::matchers::any;
use wiremock::{Mock, MockServer};

use crate::wire::stage::{BEARER, Raw, Stage, json_answer, numbered, ok, page};

#[tokio::test]
async fn the_first_request_with_a_warm_token_is_the_only_one() {
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(json_answer(200, &page(&numbered(0, 3), None))).mount(&server).await;
    let stage = Stage::at(&server.uri());
    let (rows, end) = stage.rows(Query { top: Some(50), annotations: true, ..Query::of("accounts") }).await;
    end.unwrap();
    assert_eq!(rows.len(), 3);
    let seen = server.received_requests().await.unwrap();
    assert_eq!(seen.len(), 1);
    let header = |name: &str| seen[0].headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    for (name, value) in [
        ("authorization", format!("Bearer {BEARER}").as_str()),
        ("accept", "application/json"),
        ("odata-version", "4.0"),
        ("odata-maxversion", "4.0"),
        ("if-none-match", "null"),
    ] {
        assert_eq!(header(name), value, "{name}");
    }
    assert!(header("user-agent").starts_with("d365conn/"), "a product token, or Dataverse refuses it");
    assert!(header("accept-encoding").contains("gzip"));
    assert!(header("prefer").starts_with("odata.include-annotations=\"OData.Community.Display.V1.FormattedValue,"));
    assert_eq!(header("x-ms-client-request-id").len(), 36);
    assert!(!seen[0].headers.contains_key("content-type"), "a read has no body");
    assert!(!seen[0].headers.contains_key("cookie"));
}

#[tokio::test]
async fn a_filter_reaches_the_service_as_it_was_typed() {
    let typed = "name eq 'O''Neil & Söhne+#%?' and contains(x,'\"<>')";
    let raw = Raw::answering(vec![ok(&page(&[], None))]);
    let (_, end) = Stage::at(&raw.address).rows(Query { filter: Some(typed.into()), ..Query::of("accounts") }).await;
    end.unwrap();
    let expected = Query { filter: Some(typed.into()), ..Query::of("accounts") }.to_request().path;
    assert_eq!(raw.lines(), [format!("GET {expected}")], "the wire carries what the query said");
    let sent = url::Url::parse(&format!("{}{expected}", raw.address)).unwrap();
    assert_eq!(sent.query_pairs().next().map(|(_, value)| value.into_owned()).as_deref(), Some(typed));
}

#[tokio::test]
async fn user_organisation_and_roles_are_read_as_far_as_they_say() {
    let id = "6d2ef3c1-9f6e-4e11-8179-000d3a000002";
    let raw = Raw::answering(vec![
        ok(&json!({ "fullname": "Inès Moreau", "domainname": null, "isdisabled": false, "applicationid": "c1a5" })),
        ok(
            &json!({ "Detail": { "FriendlyName": "Northlight", "OrganizationVersion": "9.2", "Geo": null, "Endpoints": {} } }),
        ),
        ok(&json!({})),
        ok(&json!({ "value": [{ "name": "Salesperson" }, { "name": "Basic User" }] })),
    ]);
    let client = Stage::at(&raw.address).client;
    let user = client.user(id).await.unwrap();
    assert_eq!((user.full_name.as_str(), user.domain_name.as_str(), user.is_application), ("Inès Moreau", "", true));
    let organisation = client.organisation().await.unwrap();
    assert_eq!((organisation.friendly_name.as_str(), organisation.version.as_str()), ("Northlight", "9.2"));
    assert_eq!(client.organisation().await.unwrap().friendly_name, "");
    assert_eq!(client.roles(id).await.unwrap(), ["Basic User", "Salesperson"]);
    let function =
        "RetrieveCurrentOrganization(AccessType=@p1)?@p1=Microsoft.Dynamics.CRM.EndpointAccessType%27Default%27";
    assert_eq!(raw.lines()[1], format!("GET /api/data/v9.2/{function}"));
    assert!(client.user("x) or (1 eq 1").await.is_err());
    assert_eq!(raw.requests().len(), 4);
}
