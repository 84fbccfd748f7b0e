//! Counts that the service does not give in one answer.

use serde_json::json;
use wiremock::matchers::{method, path, query_param};
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::stage::{Stage, accounts, numbered};

async fn counted(server: &MockServer, digits: &str) {
    Mock::given(method("GET"))
        .and(path("/api/data/v9.2/accounts/$count"))
        .respond_with(ResponseTemplate::new(200).set_body_raw(format!("\u{feff}{digits}"), "text/plain"))
        .expect(1)
        .mount(server)
        .await;
}

#[tokio::test]
async fn few_records_are_counted_by_the_service() {
    let server = MockServer::start().await;
    counted(&server, "4999").await;
    assert_eq!(Stage::at(&server.uri()).client.count(&accounts(), None).await.unwrap(), 4999);
}

#[tokio::test]
async fn beyond_five_thousand_a_total_is_asked_for() {
    let server = MockServer::start().await;
    counted(&server, "5000").await;
    Mock::given(query_param("$apply", "filter(a eq 'b')/aggregate($count as records)"))
        .respond_with(ResponseTemplate::new(200).set_body_json(json!({"value": [{"records": 41_238}]})))
        .expect(1)
        .mount(&server)
        .await;
    let filter = Some("a eq 'b'");
    assert_eq!(Stage::at(&server.uri()).client.count(&accounts(), filter).await.unwrap(), 41_238);
}

#[tokio::test]
async fn beyond_the_limit_of_totals_the_keys_are_read() {
    let server = MockServer::start().await;
    counted(&server, "5000").await;
    let limit = json!({"error": {"code": "0x8004E023", "message": "AggregateQueryRecordLimit exceeded."}});
    Mock::given(query_param("$apply", "aggregate($count as records)"))
        .respond_with(ResponseTemplate::new(400).set_body_json(limit))
        .expect(1)
        .mount(&server)
        .await;
    let next = format!("{}/api/data/v9.2/accounts?$select=accountid&$skiptoken=2", server.uri());
    for (token, body) in [
        ("2", json!({"value": numbered(5000, 5003)})),
        ("", json!({"@odata.nextLink": next, "value": numbered(0, 5000)})),
    ] {
        let mock = Mock::given(query_param("$select", "accountid"));
        let mock = if token.is_empty() { mock } else { mock.and(query_param("$skiptoken", token)) };
        mock.respond_with(ResponseTemplate::new(200).set_body_json(body)).expect(1).mount(&server).await;
    }
    assert_eq!(Stage::at(&server.uri()).client.count(&accounts(), None).await.unwrap(), 5003);
}
