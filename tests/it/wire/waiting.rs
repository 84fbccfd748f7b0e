//! A service that is busy or down: how long the client waits, and when it stops.

use d365conn::problem::{Exit, Problem};
use serde_json::json;
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::wire::stage::{Stage, everything, json_answer, refusal, requests};

fn who() -> ResponseTemplate {
    let id = "6d2ef3c1-9f6e-4e11-8179-000d3a000002";
    json_answer(200, &json!({ "UserId": id, "BusinessUnitId": id, "OrganizationId": id }))
}

/// A server that answers so `times` times, and then well.
async fn first(answer: ResponseTemplate, times: u64) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(answer).up_to_n_times(times).mount(&server).await;
    Mock::given(any()).respond_with(who()).with_priority(9).mount(&server).await;
    server
}

fn throttled() -> ResponseTemplate {
    refusal(429, "0x80072322", "Number of requests exceeded the limit of 6000 over time window of 300 seconds.")
}

#[tokio::test]
async fn a_429_is_waited_out_as_the_service_asks() {
    for (retry_after, least, most) in [
        (Some("23"), 23, 23),
        (Some("Sun, 01 Mar 2026 13:00:31 GMT"), 41, 41),
        (Some("3.9"), 4, 4),
        (Some("00:00:02"), 2, 2),
        (Some("0"), 0, 1),
        (Some("-7"), 0, 1),
        (Some("whenever"), 0, 1),
        (None, 0, 1),
    ] {
        let answer = match retry_after {
            // The answer's own clock runs an hour ahead of ours, and its dates are meant by it.
            Some(value) if value.ends_with("GMT") => {
                let date = "Sun, 01 Mar 2026 12:59:50 GMT";
                throttled().insert_header("retry-after", value).insert_header("date", date)
            }
            Some(value) => throttled().insert_header("retry-after", value),
            None => throttled(),
        };
        let server = first(answer, 1).await;
        let stage = Stage::at(&server.uri());
        stage.client.who_am_i().await.unwrap();
        assert!((least..=most).contains(&stage.waited()), "{retry_after:?}: waited {} s", stage.waited());
        assert_eq!(requests(&server).await, 2);
    }
}

#[tokio::test]
async fn a_wait_beyond_the_limit_is_not_begun() {
    for ten_years in ["315360000", "Sun, 01 Mar 2036 12:00:00 GMT", "99999999999999999999999999"] {
        for status in [429, 503] {
            let answer = ResponseTemplate::new(status).insert_header("retry-after", ten_years);
            let server = first(answer, 9).await;
            let stage = Stage::at(&server.uri());
            let problem = Problem::from(stage.client.who_am_i().await.expect_err("too long"));
            let expected =
                if status == 429 { ("net/throttled", Exit::Busy) } else { ("net/asks-to-wait", Exit::Unreachable) };
            assert_eq!((problem.phrase().code, problem.exit()), expected);
            assert_eq!((requests(&server).await, stage.waited()), (1, 0));
        }
    }
}

#[tokio::test]
async fn a_service_that_is_down_for_ten_minutes_has_nothing_against_the_user() {
    for status in [502, 503, 504] {
        let server = first(ResponseTemplate::new(status).insert_header("retry-after", "601"), 9).await;
        let problem = Problem::from(Stage::at(&server.uri()).client.who_am_i().await.expect_err("down"));
        assert_eq!((problem.phrase().code, problem.exit()), ("net/asks-to-wait", Exit::Unreachable), "{status}");
        let said = format!("{} answered {status} and asks to wait 601s, and 10m in all are allowed", server.address());
        assert_eq!(problem.to_string(), said);
        let shown = everything(&problem) + problem.phrase().meaning;
        assert!(shown.contains("has nothing against this user") && !shown.contains("has had enough"), "{shown}");
    }
}

#[tokio::test]
async fn a_wait_that_nobody_asked_for_is_told_as_our_own() {
    for retry_after in [None, Some("whenever")] {
        let answer = retry_after.map_or_else(throttled, |value| throttled().insert_header("retry-after", value));
        let server = first(answer, 99).await;
        let stage = Stage::at(&server.uri());
        let problem = Problem::from(stage.client.who_am_i().await.expect_err("busy"));
        assert_eq!((problem.phrase().code, problem.exit()), ("net/throttled", Exit::Busy));
        let said = problem.to_string();
        assert!(said.contains("answered 429 and names no time to wait") && !said.contains("asks"), "{said}");
    }
}

#[tokio::test]
async fn exactly_what_is_allowed_is_waited() {
    let server = first(throttled().insert_header("retry-after", "600"), 1).await;
    let stage = Stage::at(&server.uri());
    stage.client.who_am_i().await.unwrap();
    assert_eq!(stage.waited(), 600);
}

#[tokio::test]
async fn waits_add_up_and_the_code_is_kept() {
    let server = first(throttled().insert_header("retry-after", "250"), 9).await;
    let stage = Stage::at(&server.uri());
    let problem = Problem::from(stage.client.who_am_i().await.expect_err("too long"));
    assert_eq!(problem.exit(), Exit::Busy);
    assert_eq!(problem.diagnosis().service_code().as_deref(), Some("0x80072322"));
    assert_eq!(requests(&server).await, 3, "250 s, 250 s, and the next 250 s would be too much");
    let remedy = problem.phrase().remedy_with(&problem.diagnosis().facts());
    assert!(remedy[0].contains("--max-wait"), "{remedy:?}");
}

#[tokio::test]
async fn a_service_that_comes_back_is_asked_again() {
    for status in [502, 503, 504] {
        let server = first(ResponseTemplate::new(status), 3).await;
        Stage::at(&server.uri()).client.who_am_i().await.unwrap();
        assert_eq!(requests(&server).await, 4);
    }
}

#[tokio::test]
async fn a_service_that_stays_down_is_given_up_after_five_tries() {
    let server = first(ResponseTemplate::new(503), 99).await;
    let problem = Problem::from(Stage::at(&server.uri()).client.who_am_i().await.expect_err("down"));
    assert_eq!((problem.phrase().code, problem.exit()), ("dataverse/unavailable", Exit::Unreachable));
    assert_eq!(requests(&server).await, 5);
}

#[tokio::test]
async fn a_deadlock_that_was_rolled_back_is_tried_again() {
    let server = first(refusal(500, "0x80044150", "Generic SQL error."), 2).await;
    Stage::at(&server.uri()).client.who_am_i().await.unwrap();
    assert_eq!(requests(&server).await, 3);
    let server = first(refusal(500, "0x80040216", "An unexpected error occurred."), 2).await;
    Stage::at(&server.uri()).client.who_am_i().await.expect_err("no retry helps");
    assert_eq!(requests(&server).await, 1);
}

#[tokio::test]
async fn all_clones_wait_when_one_is_told_to() {
    let server = first(throttled().insert_header("retry-after", "30"), 1).await;
    let stage = Stage::at(&server.uri());
    let other = stage.client.clone();
    stage.client.who_am_i().await.unwrap();
    // The one wait served both: the other neither waits again nor is told off.
    let before = stage.waited();
    other.who_am_i().await.unwrap();
    assert_eq!((before, stage.waited()), (30, 30));
    assert_eq!(requests(&server).await, 3);
}
