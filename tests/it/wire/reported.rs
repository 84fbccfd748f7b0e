//! Answers that users of other tools have met and reported in public: each was read rightly from the start and has to stay
//! so. The table of all of them is `tests/data/threats.toml`.

use d365conn::dataverse::{Body, FetchXml, Query, RecordId};
use d365conn::output::Style;
use d365conn::output::problem::text;
use d365conn::problem::Problem;
use serde_json::json;
use wiremock::matchers::{path, query_param_contains};
use wiremock::{Mock, MockServer};

use crate::wire::stage::{ACCOUNTS, Raw, Stage, accounts, json_answer, numbered, numbered_text, ok, page, raw};

#[tokio::test]
async fn an_aggregate_is_asked_for_once_and_without_a_page() {
    for document in [
        "<fetch aggregate=\"true\"><entity name=\"account\"><attribute name=\"accountid\" alias=\"n\" aggregate=\"count\"/></entity></fetch>",
        "<fetch top=\"3\"><entity name=\"account\"/></fetch>",
    ] {
        let server = Raw::answering(vec![ok(&page(&numbered(0, 1), None))]);
        let fetch = Some(FetchXml::parse(document).unwrap());
        let (rows, end) =
            Stage::at(&server.address).rows(Query { fetch, page_size: Some(7), ..Query::of("accounts") }).await;
        end.unwrap();
        assert_eq!(rows, numbered_text(0, 1));
        let asked = url::Url::parse(&format!("{}{}", server.address, &server.lines()[0]["GET ".len()..])).unwrap();
        let (_, sent) = asked.query_pairs().find(|(name, _)| name == "fetchXml").unwrap();
        assert!(!sent.contains("page=") && !sent.contains("count=") && !sent.contains("paging-cookie"), "{sent}");
    }
}

#[tokio::test]
async fn the_words_of_a_plug_in_are_shown_with_its_code_and_do_nothing() {
    let said = "Das Konto ist gesperrt.\r\nBitte wenden Sie sich an die Buchhaltung. \u{1b}[31m";
    let body = json!({ "error": {
        "code": "0x80040265",
        "message": said,
        "innererror": {
            "message": said,
            "type": "System.ServiceModel.FaultException`1[[Microsoft.Xrm.Sdk.OrganizationServiceFault]]",
            "stacktrace": "   at Contoso.Plugins.PreCreate.Execute(IServiceProvider serviceProvider)\r\n   at \u{1b}]0;owned\u{7}"
        },
        "@Microsoft.PowerApps.CDS.TraceText": "[Contoso.Plugins: PreCreate]\r\n\u{9b}2J traced"
    }})
    .to_string();
    let server = Raw::answering(vec![raw("400 Bad Request", "", body.as_bytes(), body.len())]);
    let client = Stage::at(&server.address).client;
    let created = client.create(&accounts(), RecordId::random(), &Body::parse(None, &["name=A"]).unwrap()).await;
    let problem = Problem::from(created.expect_err("refused"));
    assert_eq!(problem.diagnosis().service_code().as_deref(), Some("0x80040265"));
    let shown = text(&problem, Style::PLAIN);
    assert!(shown.contains("Das Konto ist gesperrt.") && shown.contains("an die Buchhaltung"), "{shown}");
    assert!(!shown.contains(['\u{1b}', '\u{7}', '\u{9b}', '\r']), "{shown:?}");
}

#[tokio::test]
async fn a_gateway_s_page_is_waited_out_and_a_change_behind_it_is_done_once() {
    let page_of = |status: &str, headers: &str| {
        let head = format!(
            "HTTP/1.1 {status}\r\nContent-Type: text/html\r\n{headers}Content-Length: 14\r\nConnection: close\r\n\r\n"
        );
        [head.as_bytes(), b"<h1>Sorry</h1>"].concat()
    };
    let server = Raw::answering(vec![
        page_of("503 Service Unavailable", "Retry-After: 2\r\n"),
        ok(&page(&numbered(0, 1), None)),
    ]);
    let stage = Stage::at(&server.address);
    let (rows, end) = stage.rows(Query::of("accounts")).await;
    end.unwrap();
    assert_eq!((rows, server.requests().len()), (numbered_text(0, 1), 2));
    assert!((2..=3).contains(&stage.waited()), "{}", stage.waited());

    // The gateway gave up, the service did not: the record is there, under the id that was given.
    let id = RecordId::random();
    let duplicate = json!({ "error": { "code": "0x80040237", "message": "Cannot insert duplicate key." } }).to_string();
    let server = Raw::answering(vec![
        page_of("502 Bad Gateway", ""),
        raw("412 Precondition Failed", "", duplicate.as_bytes(), duplicate.len()),
        ok(&json!({ "accountid": id.to_string() })),
    ]);
    let client = Stage::at(&server.address).client;
    let created = client.create(&accounts(), id, &Body::parse(None, &["name=A"]).unwrap()).await;
    assert_eq!(created.unwrap().answer(), Some(id));
    let posted = server
        .requests()
        .iter()
        .filter(|seen| seen.starts_with("POST "))
        .map(|seen| seen.matches(&id.to_string()).count())
        .collect::<Vec<_>>();
    assert_eq!(posted, [1, 1], "the same id both times");
}

#[tokio::test]
async fn the_set_of_a_table_is_called_what_its_metadata_says() {
    for (logical, set, key) in [
        ("new_hobbit", "new_hobbitses", "new_hobbitid"),
        ("new_city", "new_cityset", "new_cityid"),
        ("new_data", "new_data", "new_dataid"),
    ] {
        let server = MockServer::start().await;
        // It has no primary name either.
        let table = json!({ "value": [{
            "LogicalName": logical, "EntitySetName": set, "PrimaryIdAttribute": key,
            "MetadataId": "70816501-edb9-4740-a16c-6a5efbc05d84"
        }]});
        Mock::given(path("/api/data/v9.2/EntityDefinitions"))
            .and(query_param_contains("$filter", format!("'{logical}'").as_str()))
            .respond_with(json_answer(200, &table))
            .mount(&server)
            .await;
        Mock::given(path(format!("/api/data/v9.2/{set}")))
            .respond_with(json_answer(200, &page(&numbered(0, 2), None)))
            .mount(&server)
            .await;
        let stage = Stage::at(&server.uri());
        let found = stage.client.table_named(logical).await.unwrap();
        assert_eq!((found.entity_set.as_ref(), found.id_column.as_ref(), found.name_column), (set, key, None));
        let (rows, end) = stage.rows(Query::of(set)).await;
        end.unwrap();
        assert_eq!(rows, numbered_text(0, 2));
    }
}

#[tokio::test]
async fn seven_rows_in_pages_of_three_are_seven() {
    let answers = [(0, 3), (3, 6), (6, 9)].map(|(from, to)| {
        let link = format!("{ACCOUNTS}?$skiptoken={to}");
        ok(&page(&numbered(from, to), Some(&link)))
    });
    let server = Raw::answering(answers.to_vec());
    let stage = Stage::at(&server.address);
    let (rows, end) = stage.rows(Query { top: Some(7), page_size: Some(3), ..Query::of("accounts") }).await;
    end.unwrap();
    assert_eq!((rows, server.requests().len()), (numbered_text(0, 7), 3));
}

#[tokio::test]
async fn a_link_beside_records_inside_that_skips_none_is_not_followed_and_doubles_nothing() {
    let inner = json!([{ "contactid": "1", "fullname": "Ada" }, { "contactid": "2", "fullname": "Ida" }]);
    let link = "https://x/api/data/v9.2/accounts(5d0c0001-1111-ef11-8400-000d3ab1c111)/contact_customer_accounts?$select=fullname";
    let row = json!({
        "accountid": "5d0c0001-1111-ef11-8400-000d3ab1c111",
        "contact_customer_accounts": inner,
        "contact_customer_accounts@odata.nextLink": link,
    });
    let server = Raw::answering(vec![ok(&page(&[row], None))]);
    let (rows, end) = Stage::at(&server.address).rows(Query::of("accounts")).await;
    end.unwrap();
    assert_eq!(server.requests().len(), 1, "the link was followed");
    let read: serde_json::Value = serde_json::from_str(&rows[0]).unwrap();
    assert_eq!((rows.len(), &read["contact_customer_accounts"]), (1, &inner));
}
