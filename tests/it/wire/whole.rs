//! Commands on answers that no sandbox gives: they are shown whole, or the command ends with an error.

use wiremock::matchers::{method, path};
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
