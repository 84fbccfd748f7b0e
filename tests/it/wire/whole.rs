//! Commands on answers that no sandbox gives: they are shown whole, or the command ends with an error.

use wiremock::matchers::{method, path, query_param, query_param_is_missing};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::world::{Outcome, World};

/// A world whose organisation is a server that says whatever it is told to.
fn elsewhere(server: &MockServer) -> World {
    let mut world = World::new().without_terminal();
    world.set("D365CONN_TENANT_URL", &server.uri());
    world.set("D365CONN_ACCESS_TOKEN", "eyJ0eXAiOiJKV1QifQ.eyJ9.x");
    world
}

/// Runs a command beside the server that it asks.
async fn run(world: World, line: impl Into<String>) -> (World, Outcome) {
    let line = line.into();
    tokio::task::spawn_blocking(move || {
        let outcome = world.run(&line);
        (world, outcome)
    })
    .await
    .unwrap()
}

fn json_answer(body: impl Into<String>) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_raw(body.into(), "application/json; odata.metadata=minimal")
}

#[tokio::test]
async fn a_long_stream_says_how_far_it_is() {
    let server = MockServer::start().await;
    let rows = vec!["{\"n\":1}"; 100_001].join(",");
    let answer = json_answer(format!("{{\"value\":[{rows}]}}"));
    Mock::given(method("GET")).and(path("/api/data/v9.2/accounts")).respond_with(answer).mount(&server).await;
    let (world, outcome) = run(elsewhere(&server), "query --odata accounts -o ndjson").await;
    assert_eq!(outcome.stderr, "50000 rows so far; --top N ends after N\n100000 rows so far; --top N ends after N\n");
    assert_eq!(outcome.succeeds().lines().count(), 100_001);
    let (_, outcome) = run(world, "query --odata accounts -o ndjson --top 60000").await;
    assert_eq!(outcome.stderr, "");
    assert_eq!(outcome.succeeds().lines().count(), 60_000);
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_an_error_of_api_too() {
    for (body, code) in [
        ("{\"value\":[{\"name\":\"A\"},{\"na", "dataverse/cut-short"),
        ("{\"value\":[{\"name\":\"A\"}]", "dataverse/cut-short"),
        ("{\"name\":\"A\",", "dataverse/cut-short"),
        ("{\"value\":[{\"a\":1},{\"error\":{\"code\":\"0x80040216\",\"message\":\"broke\"}}]}", "broke"),
    ] {
        let server = MockServer::start().await;
        Mock::given(method("GET")).respond_with(json_answer(body)).mount(&server).await;
        for more in ["", " --paginate", " --jq ."] {
            let (_, outcome) = run(elsewhere(&server), format!("api accounts{more}")).await;
            assert!(outcome.exit != 0 && outcome.stderr.contains(code), "{body}{more}: {}", outcome.stderr);
        }
    }
    for whole in ["", "[1", "\"text\"", "{\"value\":1}", "{\"value\":[\"a\"]}"] {
        let server = MockServer::start().await;
        Mock::given(method("GET")).respond_with(json_answer(whole)).mount(&server).await;
        let (_, outcome) = run(elsewhere(&server), "api WhoAmI").await;
        assert_eq!((outcome.exit, outcome.stdout.as_str()), (0, whole), "what is no page is passed on as it is");
    }
}

const ACCOUNTS: &str = "/api/data/v9.2/accounts";

fn contact(n: usize) -> String {
    format!("{{\"contactid\":\"{n:08}-0000-4000-8000-000000000001\",\"limit\":{n}.10}}")
}

fn contacts(from: usize, to: usize) -> String {
    (from..to).map(contact).collect::<Vec<_>>().join(",")
}

/// An organisation whose accounts have seven contacts each and gives them three at a time, the third page empty of links.
async fn cut_collections() -> MockServer {
    let server = MockServer::start().await;
    let account = |uri: &str, n: usize| {
        let id = format!("{n:08}-0000-4000-8000-00000000000a");
        let inner = format!("{uri}{ACCOUNTS}({id})/contact_customer_accounts?$select=limit");
        format!(
            "{{\"name\":\"A{n}\",\"accountid\":\"{id}\",\"contact_customer_accounts\":[{}],\
             \"contact_customer_accounts@odata.nextLink\":\"{inner}&$skiptoken=%3C2\",\"Account_Tasks\":[{{\"subject\":\"x\"}}],\
             \"Account_Tasks@odata.nextLink\":\"{uri}{ACCOUNTS}({id})/Account_Tasks?$select=subject\"}}",
            contacts(10 * n, 10 * n + 3)
        )
    };
    let uri = server.uri();
    let rows = format!("{{\"value\":[{},{}]}}", account(&uri, 1), account(&uri, 2));
    Mock::given(path(ACCOUNTS)).respond_with(json_answer(rows)).mount(&server).await;
    for n in [1, 2] {
        let one = format!("{ACCOUNTS}({n:08}-0000-4000-8000-00000000000a)");
        Mock::given(path(one.as_str())).respond_with(json_answer(account(&uri, n))).mount(&server).await;
        let inner = format!("{one}/contact_customer_accounts");
        let last = format!("{{\"value\":[{}]}}", contacts(10 * n + 6, 10 * n + 7));
        let middle = format!(
            "{{\"value\":[{}],\"@odata.nextLink\":\"{uri}{inner}?$select=limit&$skiptoken=%3C3\"}}",
            contacts(10 * n + 3, 10 * n + 6)
        );
        for (token, page) in [("<2", middle), ("<3", last)] {
            Mock::given(path(inner.as_str()))
                .and(query_param("$skiptoken", token))
                .respond_with(json_answer(page))
                .mount(&server)
                .await;
        }
    }
    server
}

#[tokio::test]
async fn collections_that_the_service_cut_are_read_to_their_end() {
    let server = cut_collections().await;
    let expand =
        "contact_customer_accounts($select=limit;$expand=parentcustomerid_account),Account_Tasks($select=subject)";
    let mut world = elsewhere(&server);
    let seen = |n: usize| format!("\"contact_customer_accounts\":[{}]", contacts(10 * n, 10 * n + 7));
    for line in [
        format!("query --odata 'accounts?$expand={expand}' -o json"),
        format!("query --odata 'accounts?$expand={expand}' -o ndjson --all"),
        format!("query --odata 'accounts?$expand={expand}' --jq ."),
    ] {
        let (back, outcome) = run(world, line.clone()).await;
        world = back;
        assert_eq!(outcome.stderr, "", "{line}");
        let stdout = outcome.succeeds();
        assert!(stdout.contains(&seen(1)) && stdout.contains(&seen(2)), "{line}: {stdout}");
        assert!(!stdout.contains("skiptoken"), "{stdout}");
        assert_eq!(stdout.matches("\"subject\"").count(), 2, "a link without a token leads to the same rows again");
    }
    let tasks = server.received_requests().await.unwrap();
    assert!(tasks.iter().all(|request| !request.url.path().ends_with("Account_Tasks")));
    let (_, outcome) = run(world, "api accounts").await;
    assert_eq!(
        outcome.stderr,
        "collections inside its records go on in further pages; `query --odata` reads them to their end\n"
    );
    assert!(outcome.succeeds().contains("skiptoken"), "api gives the page of the service as it is");
}

#[tokio::test]
async fn one_record_comes_with_whole_collections_too() {
    let server = cut_collections().await;
    let stage = crate::wire::stage::Stage::at(&server.uri());
    let id = d365conn::dataverse::RecordId::parse("00000001-0000-4000-8000-00000000000a").unwrap();
    let record = stage.client.get(&crate::wire::stage::accounts(), &id, &[], true).await.unwrap();
    let cell = record.cell("contact_customer_accounts").unwrap();
    assert_eq!(cell.as_json(), format!("[{}]", contacts(10, 17)));
    let inner = server.received_requests().await.unwrap();
    let inner = inner.iter().filter(|request| request.url.path().ends_with("contact_customer_accounts"));
    assert!(
        inner.map(|request| &request.headers["prefer"]).all(|prefer| prefer.to_str().unwrap().contains("annotations"))
    );
}

#[tokio::test]
async fn a_collection_that_cannot_be_read_to_its_end_is_an_error() {
    let stranger = MockServer::start().await;
    let foreign = format!("{}{ACCOUNTS}?$skiptoken=2", stranger.uri());
    for (link, code) in [
        (foreign.as_str(), "net/foreign-link"),
        ("/api/data/v9.2/contacts?$skiptoken=gone", "dataverse/"),
        ("/api/data/v9.2/contacts?$skiptoken=circle", "dataverse/cyclic-link"),
        ("/api/data/v9.2/contacts?$skiptoken=cut", "dataverse/cut-short"),
        ("/api/data/v9.2/contacts?$skiptoken=deeper", "ever deeper"),
    ] {
        let server = MockServer::start().await;
        let row = format!("{{\"name\":\"A\",\"c\":[{{\"n\":1}}],\"c@odata.nextLink\":\"{link}\"}}");
        let page = json_answer(format!("{{\"value\":[{{\"name\":\"whole\"}},{row},{{\"name\":\"after\"}}]}}"));
        Mock::given(path(ACCOUNTS)).respond_with(page).mount(&server).await;
        let contacts = |token: &str| Mock::given(path("/api/data/v9.2/contacts")).and(query_param("$skiptoken", token));
        let circle = "{\"value\":[{\"n\":2}],\"@odata.nextLink\":\"/api/data/v9.2/contacts?$skiptoken=circle\"}";
        contacts("circle").respond_with(json_answer(circle)).mount(&server).await;
        contacts("cut").respond_with(json_answer("{\"value\":[{\"n\":2}")).mount(&server).await;
        let deeper = "{\"value\":[{\"d\":[],\"d@odata.nextLink\":\"/api/data/v9.2/contacts?$skiptoken=deeper\"}]}";
        contacts("deeper").respond_with(json_answer(deeper)).mount(&server).await;
        let (_, outcome) = run(elsewhere(&server), "query --odata accounts -o ndjson").await;
        assert!(outcome.exit != 0 && outcome.stderr.contains(code), "{link}: {} {}", outcome.exit, outcome.stderr);
        assert_eq!(outcome.stdout, "{\"name\":\"whole\"}\n", "{link}");
    }
    assert!(stranger.received_requests().await.unwrap().is_empty());
}

#[tokio::test]
async fn fetchxml_in_an_address_is_read_to_its_last_page_and_a_saved_query_is_never_cut_in_silence() {
    let more = "\"@Microsoft.Dynamics.CRM.morerecords\":true";
    let server = MockServer::start().await;
    Mock::given(path(ACCOUNTS))
        .and(query_param_is_missing("savedQuery"))
        .respond_with(|request: &wiremock::Request| {
            let xml = request.url.query_pairs().find(|(name, _)| name == "fetchXml").unwrap().1.into_owned();
            let more = if xml.contains("page=\"3\"") { "false" } else { "true" };
            let page = xml.split("page=\"").nth(1).unwrap().split('"').next().unwrap();
            json_answer(format!(
                "{{\"@Microsoft.Dynamics.CRM.morerecords\":{more},\"value\":[{{\"accountid\":\"{page}\"}}]}}"
            ))
        })
        .mount(&server)
        .await;
    let saved = json_answer(format!("{{{more},\"value\":[{{\"accountid\":\"1\"}}]}}"));
    Mock::given(path(ACCOUNTS)).and(query_param("savedQuery", "v")).respond_with(saved).mount(&server).await;
    let tables = "{\"value\":[{\"LogicalName\":\"account\",\"SchemaName\":\"Account\",\"EntitySetName\":\"accounts\",\
                  \"PrimaryIdAttribute\":\"accountid\",\"PrimaryNameAttribute\":\"name\"}]}";
    Mock::given(path("/api/data/v9.2/EntityDefinitions")).respond_with(json_answer(tables)).mount(&server).await;
    let xml = "<fetch><entity name=\"account\"><attribute name=\"name\"/></entity></fetch>";
    let (world, outcome) = run(elsewhere(&server), format!("query --odata 'accounts?fetchXml={xml}' -o id")).await;
    assert_eq!(outcome.stderr, "");
    assert_eq!(outcome.succeeds(), "1\n2\n3\n");
    let (_, outcome) = run(world, "query --odata 'accounts?savedQuery=v' -o ndjson").await;
    assert_eq!((outcome.exit, outcome.stdout.lines().count()), (1, 1));
    assert!(outcome.stderr.contains("dataverse/no-next-page"), "{}", outcome.stderr);
}

#[tokio::test]
async fn columns_that_come_later_than_the_heading_are_named() {
    let server = MockServer::start().await;
    let mut rows = vec!["{\"a\":1}"; 50];
    rows.extend(["{\"a\":1,\"late\":2,\"late@x\":3}", "{\"later\":2}"]);
    let answer = json_answer(format!("{{\"value\":[{}]}}", rows.join(",")));
    Mock::given(path(ACCOUNTS)).respond_with(answer).mount(&server).await;
    let (world, outcome) = run(elsewhere(&server), "query --odata accounts -o csv").await;
    assert_eq!(
        outcome.stderr,
        "warning: no row of the first 50 has late, later, so it is not shown; `-o json` shows everything\n"
    );
    assert_eq!(outcome.succeeds().lines().count(), 53);
    let (_, outcome) = run(world, "query --odata accounts -o json").await;
    assert_eq!(outcome.stderr, "");
}

#[tokio::test]
async fn a_schema_that_ends_behind_a_tag_is_not_taken_for_whole_and_not_kept() {
    let schema = "<?xml version=\"1.0\"?><edmx:Edmx Version=\"4.0\"><edmx:DataServices><Schema Namespace=\"Microsoft.Dynamics.CRM\">\
                  <Action Name=\"First\"/><Action Name=\"new_Second\"></Action></Schema></edmx:DataServices></edmx:Edmx>";
    let cut = schema.split_once("<Action Name=\"new_Second\">").unwrap().0;
    let server = MockServer::start().await;
    let xml = |text: &str| ResponseTemplate::new(200).set_body_raw(text.to_owned(), "application/xml");
    Mock::given(path("/api/data/v9.2/$metadata")).respond_with(xml(cut)).up_to_n_times(1).mount(&server).await;
    Mock::given(path("/api/data/v9.2/$metadata")).respond_with(xml(schema)).mount(&server).await;
    let (world, outcome) = run(elsewhere(&server), "action list -o tsv").await;
    let _ = outcome.fails(6, "dataverse/malformed");
    let (_, outcome) = run(world, "action list -o tsv").await;
    let text = outcome.succeeds();
    assert!(text.contains("First") && text.contains("new_Second"), "{text}");
}

#[tokio::test]
async fn a_list_of_tables_in_several_pages_is_read_to_the_last() {
    let server = MockServer::start().await;
    let table = |name: &str| {
        format!(
            "{{\"LogicalName\":\"{name}\",\"SchemaName\":\"{name}\",\"EntitySetName\":\"{name}s\",\"PrimaryIdAttribute\":\"{name}id\"}}"
        )
    };
    let link = "/api/data/v9.2/EntityDefinitions?$skiptoken=2";
    let first = format!("{{\"value\":[{}],\"@odata.nextLink\":\"{link}\"}}", table("aa"));
    let second = format!("{{\"value\":[{}]}}", table("bb"));
    let definitions = || Mock::given(path("/api/data/v9.2/EntityDefinitions"));
    definitions().and(query_param_is_missing("$skiptoken")).respond_with(json_answer(first)).mount(&server).await;
    definitions().and(query_param("$skiptoken", "2")).respond_with(json_answer(second)).mount(&server).await;
    let (_, outcome) = run(elsewhere(&server), "tables list --jq .logical_name").await;
    assert_eq!(outcome.succeeds(), "aa\nbb\n");
}

#[tokio::test]
async fn json_that_is_nested_too_deep_for_an_expression_is_an_error() {
    let server = MockServer::start().await;
    let deep = format!("{}{}", "[".repeat(8_000), "]".repeat(8_000));
    Mock::given(path("/api/data/v9.2/x")).respond_with(json_answer(deep.as_str())).mount(&server).await;
    let (world, outcome) = run(elsewhere(&server), "api x --jq .").await;
    let said = outcome.fails(1, "output/filter-failed");
    assert!(said.contains("nested"), "{said}");
    let (_, outcome) = run(world, "api x").await;
    assert_eq!(outcome.succeeds(), deep, "without an expression it is passed on");
}
