//! Answers that say no, or that nobody from Dataverse gave.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use d365conn::dataverse::{Body, Detail, Purpose, Query, RecordId, Word, Write, fill};
use d365conn::net::AccessToken;
use d365conn::problem::{Exit, Problem};
use d365conn::secret::Secret;
use d365conn::session::FixedToken;
use serde_json::json;
use wiremock::matchers::{any, path, query_param_contains, query_param_is_missing};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::wire::stage::{
    BEARER, SECOND_BEARER, Stage, accounts, client_of, everything, json_answer, refusal, requests,
};

async fn answering(answer: ResponseTemplate) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(answer).mount(&server).await;
    server
}

#[tokio::test]
async fn every_no_has_its_exit_and_its_code() {
    let page =
        |status| ResponseTemplate::new(status).set_body_raw("<html>Sign in to the hotel's network</html>", "text/html");
    let table = [
        (
            refusal(403, "0x80072560", "The user is not a member of the organization."),
            "dataverse/not-a-member",
            Exit::Forbidden,
        ),
        (
            refusal(403, "0x80040220", "… is missing prvReadAccount privilege …"),
            "dataverse/missing-privilege",
            Exit::Forbidden,
        ),
        (refusal(404, "0x80040217", "account With Id = x Does Not Exist"), "dataverse/record-missing", Exit::NotFound),
        (
            refusal(404, "0x8006088a", "Resource not found for the segment 'x'."),
            "dataverse/unknown-resource",
            Exit::Usage,
        ),
        (refusal(400, "0x0", "Could not find a property named 'x'"), "dataverse/unknown-column", Exit::Failed),
        (refusal(418, "", ""), "dataverse/refused", Exit::Failed),
        (refusal(500, "0x80040216", "unexpected"), "dataverse/platform-fault", Exit::Unreachable),
        (page(200), "dataverse/not-dataverse", Exit::Unreachable),
        (page(403), "dataverse/not-dataverse", Exit::Unreachable),
        (page(404), "dataverse/not-dataverse", Exit::Unreachable),
        (page(500), "dataverse/not-dataverse", Exit::Unreachable),
        (page(502), "dataverse/not-dataverse", Exit::Unreachable),
        (page(503), "dataverse/unavailable", Exit::Unreachable),
        (page(401), "dataverse/token-rejected", Exit::SignIn),
        (ResponseTemplate::new(204), "dataverse/malformed", Exit::Unreachable),
        (json_answer(200, &json!("text")), "dataverse/malformed", Exit::Unreachable),
        (json_answer(200, &json!({ "value": 7 })), "dataverse/malformed", Exit::Unreachable),
    ];
    for (answer, code, exit) in table {
        let server = answering(answer).await;
        let (rows, end) = Stage::at(&server.uri()).rows(Query::of("accounts")).await;
        let problem = end.expect_err(code);
        assert_eq!((problem.phrase().code, problem.exit()), (code, exit), "{problem:?}");
        assert!(rows.is_empty());
        assert!(!problem.phrase().remedy_with(&problem.diagnosis().facts()).is_empty(), "{code}");
        let shown = everything(&problem);
        assert!(!shown.contains(BEARER) && !shown.contains(SECOND_BEARER), "{shown}");
    }
}

#[tokio::test]
async fn an_app_without_a_user_is_named_and_a_user_who_is_acted_for_is_not_taken_for_it() {
    let server = MockServer::start().await;
    let user = json!({ "value": [{ "systemuserid": "8f40a1d5-9f6e-4e11-8179-000d3a000004" }] });
    Mock::given(path("/api/data/v9.2/systemusers")).respond_with(json_answer(200, &user)).mount(&server).await;
    let no = refusal(403, "0x80072560", "The user is not a member of the organization.");
    Mock::given(any()).respond_with(no).with_priority(9).mount(&server).await;
    for (payload, acted_for, code) in [
        (r#"{"appid":"c1a5e8d2-0b94-4e67-8f3a-5d2b9c6e1740"}"#, None, "dataverse/not-a-member-app"),
        (r#"{"azp":"c1a5e8d2-0b94-4e67-8f3a-5d2b9c6e1740"}"#, None, "dataverse/not-a-member-app"),
        (
            r#"{"appid":"c1a5e8d2-0b94-4e67-8f3a-5d2b9c6e1740"}"#,
            Some("nightly@contoso.example"),
            "dataverse/not-a-member",
        ),
        (
            r#"{"appid":"c1a5e8d2-0b94-4e67-8f3a-5d2b9c6e1740","upn":"ines@contoso.example"}"#,
            None,
            "dataverse/not-a-member",
        ),
        (
            r#"{"appid":"c1a5e8d2-0b94-4e67-8f3a-5d2b9c6e1740","scp":"user_impersonation"}"#,
            None,
            "dataverse/not-a-member",
        ),
    ] {
        let bearer = format!("e30.{}.x", URL_SAFE_NO_PAD.encode(payload));
        let token = AccessToken { secret: Secret::new(bearer), expires_on: None };
        let client = client_of(&server.uri(), Arc::new(FixedToken::new(token)));
        let client = if let Some(user) = acted_for { client.acting_as(user) } else { client };
        let id = RecordId::parse("8f40a1d5-9f6e-4e11-8179-000d3a000004").unwrap();
        let problem = Problem::from(client.get(&accounts(), &id, &[], false).await.expect_err(payload));
        assert_eq!(problem.phrase().code, code, "{payload}");
        assert_eq!(
            everything(&problem).contains("c1a5e8d2-0b94-4e67-8f3a-5d2b9c6e1740"),
            code.ends_with("-app"),
            "{payload}"
        );
    }
}

#[tokio::test]
async fn a_captive_portal_is_asked_once() {
    let server = answering(ResponseTemplate::new(200).set_body_raw("<html></html>", "text/html; charset=utf-8")).await;
    let problem = Problem::from(Stage::at(&server.uri()).client.who_am_i().await.expect_err("a portal"));
    assert_eq!(problem.to_string(), format!("{} answered 200 with text/html instead of JSON", server.address()));
    assert_eq!(requests(&server).await, 1);
}

#[tokio::test]
async fn a_redirect_is_never_followed() {
    let elsewhere = MockServer::start().await;
    for status in [301, 302, 303, 307, 308] {
        for target in [format!("{}/api/data/v9.2/WhoAmI", elsewhere.uri()), "/login".to_owned()] {
            let server = answering(ResponseTemplate::new(status).insert_header("location", target.as_str())).await;
            let problem = Problem::from(Stage::at(&server.uri()).client.who_am_i().await.expect_err("a redirect"));
            assert_eq!((problem.phrase().code, problem.exit()), ("dataverse/redirected", Exit::Unreachable));
            assert_eq!(requests(&server).await, 1);
        }
    }
    assert_eq!(requests(&elsewhere).await, 0, "a bearer was carried away");
}

#[tokio::test]
async fn a_rejected_token_is_replaced_once() {
    let server = MockServer::start().await;
    let with = |bearer: &str| wiremock::matchers::header("authorization", format!("Bearer {bearer}").as_str());
    let ids = json!({
        "UserId": "6D2EF3C1-9F6E-4E11-8179-000D3A000002",
        "BusinessUnitId": "5c1de2b0-9f6e-4e11-8179-000d3a000001",
        "OrganizationId": "7e3f04d2-9f6e-4e11-8179-000d3a000003"
    });
    Mock::given(with(BEARER)).respond_with(ResponseTemplate::new(401)).mount(&server).await;
    Mock::given(with(SECOND_BEARER)).respond_with(json_answer(200, &ids)).mount(&server).await;
    let stage = Stage::at(&server.uri());
    let who = stage.client.who_am_i().await.unwrap();
    assert_eq!(who.user_id, "6d2ef3c1-9f6e-4e11-8179-000d3a000002");
    assert_eq!(requests(&server).await, 2);
    assert_eq!(stage.tokens.replaced.load(std::sync::atomic::Ordering::Relaxed), 1);
}

#[tokio::test]
async fn a_loop_of_401_ends_after_one_replay() {
    for (challenge, code) in [
        ("Bearer authorization_uri=https://login.microsoftonline.com/common", "dataverse/token-rejected"),
        ("Bearer realm=\"\", error=\"insufficient_claims\", claims=\"eyJ9\"", "dataverse/claims-challenge"),
    ] {
        let server = answering(ResponseTemplate::new(401).insert_header("www-authenticate", challenge)).await;
        let stage = Stage::at(&server.uri());
        let problem = Problem::from(stage.client.who_am_i().await.expect_err("401"));
        assert_eq!((problem.phrase().code, problem.exit()), (code, Exit::SignIn));
        assert_eq!(requests(&server).await, 2);
    }
}

#[tokio::test]
async fn the_ids_for_a_support_desk_are_kept() {
    let answer =
        refusal(403, "0x80048306", "SecLib::AccessCheckEx failed.").insert_header("x-ms-service-request-id", "7b2e-1");
    let server = answering(answer).await;
    let problem = Problem::from(Stage::at(&server.uri()).client.who_am_i().await.expect_err("403"));
    let sent = &server.received_requests().await.unwrap()[0];
    let ours = sent.headers["x-ms-client-request-id"].to_str().unwrap().to_owned();
    let expected = format!("request 7b2e-1 client-request {ours} at 2026-03-01T12:00:00Z");
    assert_eq!(problem.diagnosis().trace(), Some(expected));
    assert_eq!(problem.diagnosis().service_code().as_deref(), Some("0x80048306"));
    assert_eq!(problem.to_string(), "the service answered 403: SecLib::AccessCheckEx failed");
}

#[tokio::test]
async fn a_missing_record_is_not_found() {
    let server = answering(refusal(404, "0x80040217", "account With Id = x Does Not Exist")).await;
    let stage = Stage::at(&server.uri());
    let problem = Problem::from(stage.client.get(&accounts(), &RecordId::random(), &[], false).await.expect_err("404"));
    assert_eq!(problem.exit(), Exit::NotFound);
    assert_eq!(requests(&server).await, 1);
}

#[tokio::test]
async fn an_unknown_table_is_answered_with_names_like_it() {
    let server = MockServer::start().await;
    let names = json!({ "value": [
        { "LogicalName": "account", "EntitySetName": "accounts", "PrimaryIdAttribute": "accountid" },
        { "LogicalName": "contact", "EntitySetName": "contacts", "PrimaryIdAttribute": "contactid" },
        { "LogicalName": "hidden", "EntitySetName": null }
    ]});
    let table = json!({ "value": [{
        "LogicalName": "account", "EntitySetName": "accounts", "PrimaryIdAttribute": "accountid", "PrimaryNameAttribute": "name",
        "MetadataId": "70816501-edb9-4740-a16c-6a5efbc05d84"
    }]});
    let definitions = "/api/data/v9.2/EntityDefinitions";
    Mock::given(path(definitions))
        .and(query_param_contains("$filter", "'account'"))
        .respond_with(json_answer(200, &table))
        .mount(&server)
        .await;
    Mock::given(path(definitions))
        .and(query_param_is_missing("$filter"))
        .respond_with(json_answer(200, &names))
        .mount(&server)
        .await;
    Mock::given(path(definitions))
        .respond_with(json_answer(200, &json!({ "value": [] })))
        .with_priority(9)
        .mount(&server)
        .await;
    let stage = Stage::at(&server.uri());
    assert_eq!(stage.client.table_named("Account").await.unwrap(), accounts());
    assert_eq!(requests(&server).await, 1);
    let problem = Problem::from(stage.client.table_named("acount").await.expect_err("unknown"));
    assert_eq!((problem.phrase().code, problem.exit()), ("dataverse/unknown-table", Exit::Usage));
    let remedy = problem.phrase().remedy_with(&problem.diagnosis().facts());
    assert_eq!(remedy[0], "run the command again with `account` or `accounts`");
}

/// A table with a choice and an alternate key.
fn definition() -> serde_json::Value {
    json!({
        "LogicalName": "account", "EntitySetName": "accounts", "PrimaryIdAttribute": "accountid",
        "PrimaryNameAttribute": "name",
        "Attributes": [
            { "LogicalName": "accountid", "AttributeType": "Uniqueidentifier" },
            { "LogicalName": "accountnumber", "AttributeType": "String" },
            { "LogicalName": "industrycode", "AttributeType": "Picklist" }
        ],
        "Keys": [{ "LogicalName": "number", "KeyAttributes": ["accountnumber"], "EntityKeyIndexStatus": "Active" }]
    })
}

/// A service that tells the definition of accounts and answers everything else so.
async fn defined(answer: ResponseTemplate) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(path("/api/data/v9.2/EntityDefinitions(LogicalName=%27account%27)"))
        .respond_with(json_answer(200, &definition()))
        .mount(&server)
        .await;
    Mock::given(any()).respond_with(answer).with_priority(9).mount(&server).await;
    server
}

#[tokio::test]
async fn a_refused_look_at_the_choices_is_no_word_about_the_choice() {
    let server = defined(refusal(400, "0x80040265", "ISV code aborted the operation.")).await;
    let client = Stage::at(&server.uri()).client;
    let (body, word) = (Body::parse(None, &[] as &[&str]).unwrap(), Word::parse("industrycode=Consulting").unwrap());
    let filled = fill(&client, &accounts(), body, vec![word], Purpose::Create).await;
    let problem = Problem::from(filled.expect_err("refused"));
    assert_eq!((problem.phrase().code, problem.exit()), ("dataverse/plugin-refused", Exit::Failed));
    assert_eq!(problem.to_string(), "the service answered 400: ISV code aborted the operation");
    // An organisation that does not know that kind of column has none of it, and says so in its own way.
    let server = defined(refusal(404, "0x8006088a", "Resource not found for the segment 'x'.")).await;
    Stage::at(&server.uri()).client.definition("account", &[Detail::MultiSelectPicklist]).await.unwrap();
}

#[tokio::test]
async fn nothing_is_created_because_an_address_was_not_found() {
    let empty = json!({ "value": [] });
    for (answer, code, exit) in [
        (ResponseTemplate::new(404), "dataverse/not-found", Exit::Failed),
        (json_answer(404, &json!({ "error": "no route" })), "dataverse/not-found", Exit::Failed),
        (
            ResponseTemplate::new(404).set_body_raw("<title>Filtered</title>", "text/html"),
            "dataverse/not-dataverse",
            Exit::Unreachable,
        ),
        (refusal(400, "0x80040265", "our rule"), "dataverse/plugin-refused", Exit::Failed),
        (refusal(403, "0x80040220", "no"), "dataverse/missing-privilege", Exit::Forbidden),
    ] {
        let server = defined(answer).await;
        let client = Stage::at(&server.uri()).client;
        let key = [("accountnumber".to_owned(), "A/B".to_owned())];
        let body = Body::parse(None, &["name=x"]).unwrap();
        let problem = Problem::from(client.upsert(&accounts(), &key, body, None).await.expect_err(code));
        assert_eq!((problem.phrase().code, problem.exit()), (code, exit));
        let seen = server.received_requests().await.unwrap();
        assert!(seen.iter().all(|request| request.method.as_str() == "GET"), "{seen:?}");
    }
    // A search that was answered and matched nothing does lead to a new record.
    let server = defined(json_answer(200, &empty)).await;
    let key = [("accountnumber".to_owned(), "A/B".to_owned())];
    let body = Body::parse(None, &["name=x"]).unwrap();
    let write = Stage::at(&server.uri()).client.upsert(&accounts(), &key, body, None).await.unwrap();
    assert!(matches!(write, Write::Create { .. }), "{write:?}");
}

#[tokio::test]
async fn the_words_of_a_refusal_are_shown_whatever_their_shape() {
    let json = |status, body: &str| ResponseTemplate::new(status).set_body_raw(body, "application/json");
    for (answer, said, service_code) in [
        (
            json(400, r#"{"error":{"code":"0x80048d19","message":null}}"#),
            "400 without a word of why",
            Some("0x80048D19"),
        ),
        (json(400, r#"{"error":{"code":-2147185383,"message":"Odd."}}"#), "400: Odd", Some("0x80048D19")),
        (
            json(
                500,
                r#"{"Message":"An error has occurred.","ExceptionMessage":"No set.","ExceptionType":"System.X"}"#,
            ),
            "500: An error has occurred; System.X: No set",
            None,
        ),
        (
            json(400, r#"{"error":"invalid_grant","error_description":"AADSTS50173: too old"}"#),
            "400: invalid_grant: AADSTS50173: too old",
            None,
        ),
        (
            json(400, r#"{"error":{"code":"0x0","message":"Bad.","innererror":{"message":"Because of y."}}}"#),
            "400: Bad; Because of y",
            Some("0x00000000"),
        ),
        (
            json(
                400,
                r#"{"error":{"code":"","message":"","details":[{"code":"1","message":"first"},{"message":"second"}]}}"#,
            ),
            "400: first; second",
            None,
        ),
        (json(400, ""), "400 without a word of why", None),
        (json(400, "{\"error\":{\"code\":"), "400: {\"error\":{\"code\":", None),
        (ResponseTemplate::new(418), "418 without a word of why", None),
    ] {
        let server = answering(answer).await;
        let problem = Problem::from(Stage::at(&server.uri()).client.who_am_i().await.expect_err(said));
        assert_eq!(problem.to_string(), format!("the service answered {said}"));
        assert_eq!(problem.diagnosis().service_code().as_deref(), service_code, "{said}");
    }
}

#[tokio::test]
async fn the_service_s_own_pages_are_its_refusals_and_any_other_page_is_either_or() {
    let page = |status, body: &str| ResponseTemplate::new(status).set_body_raw(body, "text/html; charset=us-ascii");
    let invalid_url = "<!DOCTYPE HTML PUBLIC \"-//W3C//DTD HTML 4.01//EN\"\"http://www.w3.org/TR/html4/strict.dtd\">\r\n\
        <HTML><HEAD><TITLE>Bad Request</TITLE></HEAD>\r\n<BODY><h2>Bad Request - Invalid URL</h2>\r\n\
        <hr><p>HTTP Error 400. The request URL is invalid.</p>\r\n</BODY></HTML>";
    let too_long =
        "<html><head><title>404 - File or directory not found.</title></head><body><h2>404.15</h2></body></html>";
    let request_id = "x-ms-service-request-id";
    for (answer, said) in [
        (
            page(400, invalid_url),
            "400: Bad Request; Bad Request - Invalid URL; HTTP Error 400. The request URL is invalid",
        ),
        (page(404, too_long).insert_header(request_id, "7b2e"), "404: 404 - File or directory not found; 404.15"),
        (page(404, too_long).insert_header("OData-Version", "4.0"), "404: 404 - File or directory not found; 404.15"),
        (page(400, "<p>No.</p>").insert_header("REQ_ID", "7b2e"), "400: No"),
        (page(414, "<title>Too long</title>").insert_header("Server", "Microsoft-HTTPAPI/2.0"), "414: Too long"),
    ] {
        let server = answering(answer).await;
        let problem = Problem::from(Stage::at(&server.uri()).client.who_am_i().await.expect_err(said));
        assert_eq!(problem.to_string(), format!("the service answered {said}"));
        assert_eq!(problem.exit(), Exit::Failed, "{said}");
    }
    for status in [400, 404, 414] {
        let server = answering(page(status, "<title>Web filter</title><p>Blocked by policy 7.</p>")).await;
        let problem = Problem::from(Stage::at(&server.uri()).client.who_am_i().await.expect_err("a filter"));
        assert_eq!((problem.phrase().code, problem.exit()), ("dataverse/not-dataverse", Exit::Unreachable));
        let said = format!(
            "{} answered {status} with text/html instead of JSON: Web filter; Blocked by policy 7",
            server.address()
        );
        assert_eq!(problem.to_string(), said);
        assert!(problem.phrase().meaning.starts_with("either something between here and"), "{status}");
    }
}

#[derive(serde::Deserialize)]
struct Case {
    code: String,
    status: u16,
    phrase: String,
    exit: u8,
}

#[derive(serde::Deserialize)]
struct Cases {
    cases: Vec<Case>,
}

#[tokio::test]
async fn every_code_of_the_catalogue_has_its_exit_and_a_way_out() {
    let cases: Cases = toml::from_str(include_str!("../../data/service_codes.toml")).unwrap();
    assert!(cases.cases.len() >= 108);
    let server = MockServer::start().await;
    for case in cases.cases {
        server.reset().await;
        // The words are the organisation's own; none of them may reach a terminal as a command.
        let said = format!("No HTTP resource was found. {} \u{1b}]0;owned\u{7}", case.code);
        Mock::given(any()).respond_with(refusal(case.status, &case.code, &said)).mount(&server).await;
        let (rows, end) = Stage::at(&server.uri()).rows(Query::of("accounts")).await;
        let problem = end.expect_err(&case.code);
        assert!(rows.is_empty());
        let phrase = problem.phrase();
        assert_eq!((phrase.code, problem.exit().code()), (case.phrase.as_str(), case.exit), "{}", case.code);
        let remedy = phrase.remedy_with(&problem.diagnosis().facts());
        assert!(!remedy.is_empty(), "{}", case.code);
        let code = problem.diagnosis().service_code().unwrap_or_default();
        assert!(code.eq_ignore_ascii_case(&case.code) || case.code == "0x0", "{code} for {}", case.code);
        let shown = d365conn::output::problem::text(&problem, d365conn::output::Style::PLAIN);
        assert!(!shown.contains(['\u{1b}', '\u{7}']), "{shown:?}");
    }
}
