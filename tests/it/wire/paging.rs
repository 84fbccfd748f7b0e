//! Pages that lead on, lead away, lead in a circle or lead nowhere.

use d365conn::dataverse::Query;
use d365conn::problem::Exit;
use serde_json::json;
use wiremock::matchers::{method, path, query_param, query_param_is_missing};
use wiremock::{Mock, MockServer, Request};

use crate::wire::stage::{
    ACCOUNTS, BEARER, Raw, Stage, everything, json_answer, numbered, numbered_text, ok, page, requests,
};

/// A server whose page `n` (from 1) is what `answer` says; the number comes in `$skiptoken`.
async fn book(answer: impl Fn(&str, usize) -> serde_json::Value + Send + Sync + 'static) -> MockServer {
    let server = MockServer::start().await;
    let uri = server.uri();
    let respond = move |request: &Request| {
        let page =
            request.url.query_pairs().find(|(name, _)| name == "$skiptoken").map_or(1, |(_, n)| n.parse().unwrap());
        json_answer(200, &answer(&uri, page))
    };
    Mock::given(method("GET")).and(path(ACCOUNTS)).respond_with(respond).mount(&server).await;
    server
}

fn link(uri: &str, page: usize) -> String {
    format!("{uri}{ACCOUNTS}?$skiptoken={page}")
}

#[tokio::test]
async fn pages_are_read_to_the_last_row_with_no_request_too_many() {
    let server =
        book(|uri, n| page(&numbered(n * 10, n * 10 + 10), (n < 3).then(|| link(uri, n + 1)).as_deref())).await;
    let stage = Stage::at(&server.uri());
    let (rows, end) = stage.rows(Query { page_size: Some(10), ..Query::of("accounts") }).await;
    end.unwrap();
    assert_eq!(rows, numbered_text(10, 40));
    let seen = server.received_requests().await.unwrap();
    assert_eq!(seen.len(), 3);
    for request in seen {
        assert_eq!(request.headers["prefer"], "odata.maxpagesize=10", "the page size goes with every page");
    }
}

#[tokio::test]
async fn a_next_link_is_sent_back_byte_for_byte() {
    let odd = "?$select=fullname&$skiptoken=%3Ccookie%20pagenumber=%222%22%20pagingcookie=%22%253ccookie%2520page%253d%25221%2522%253e%22%20istracking=%22False%22%20/%3E";
    let answer = page(&numbered(0, 1), Some(&format!("{ACCOUNTS}{odd}")));
    let raw = Raw::answering(vec![ok(&answer), ok(&page(&numbered(1, 2), None))]);
    let (rows, end) = Stage::at(&raw.address).rows(Query::of("accounts")).await;
    end.unwrap();
    assert_eq!(rows, numbered_text(0, 2));
    assert_eq!(raw.lines(), [format!("GET {ACCOUNTS}"), format!("GET {ACCOUNTS}{odd}")]);
}

#[tokio::test]
async fn a_link_that_leads_away_is_never_followed() {
    let elsewhere = MockServer::start().await;
    let evil = elsewhere.uri();
    let evil_host = evil.trim_start_matches("http://").to_owned();
    for foreign in [
        format!("{evil}{ACCOUNTS}"),
        format!("//{evil_host}{ACCOUNTS}"),
        format!("http://127.0.0.1:1@{evil_host}{ACCOUNTS}"),
        format!("http:\\\\{evil_host}{ACCOUNTS}"),
        "accounts?$skiptoken=2".to_owned(),
        "file:///etc/passwd".to_owned(),
        "https://contoso.crm4.dynamics.com/api/data/v9.2/accounts".to_owned(),
        String::new(),
    ] {
        let told = foreign.clone();
        let server = book(move |_, _| page(&numbered(0, 2), Some(&told))).await;
        let (rows, end) = Stage::at(&server.uri()).rows(Query::of("accounts")).await;
        let problem = end.expect_err(&foreign);
        assert_eq!(problem.phrase().code, "net/foreign-link", "{foreign}");
        assert_eq!(problem.exit(), Exit::Failed);
        assert_eq!(rows, numbered_text(0, 2), "the rows before it are good");
        assert_eq!(requests(&server).await, 1);
        assert!(!everything(&problem).contains(BEARER));
    }
    assert_eq!(requests(&elsewhere).await, 0, "the other server was called");
}

#[tokio::test]
async fn a_circle_of_links_ends() {
    // 1 → 2 → 3 → 2 …
    let server = book(|uri, n| page(&numbered(n, n + 1), Some(&link(uri, if n == 3 { 2 } else { n + 1 })))).await;
    let (rows, end) = Stage::at(&server.uri()).rows(Query::of("accounts")).await;
    let problem = end.expect_err("a circle");
    assert_eq!(problem.phrase().code, "dataverse/cyclic-link");
    assert_eq!(problem.exit(), Exit::Failed);
    assert_eq!(rows, numbered_text(1, 4));
    assert_eq!(requests(&server).await, 3);
}

#[tokio::test]
async fn a_page_that_comes_again_under_ever_new_links_ends() {
    let server = book(|uri, n| page(&numbered(0, 3), Some(&link(uri, n + 1)))).await;
    let (_, end) = Stage::at(&server.uri()).rows(Query::of("accounts")).await;
    assert_eq!(end.expect_err("a circle").phrase().code, "dataverse/cyclic-link");
    assert_eq!(requests(&server).await, 2);
}

#[tokio::test]
async fn fifty_empty_pages_are_patience_and_one_more_is_an_end() {
    let lawful = book(|uri, n| match n {
        1..=50 => page(&[], Some(&link(uri, n + 1))),
        _ => page(&numbered(0, 1), None),
    })
    .await;
    let (rows, end) = Stage::at(&lawful.uri()).rows(Query::of("accounts")).await;
    end.unwrap();
    assert_eq!(rows.len(), 1);

    let endless = book(|uri, n| page(&[], Some(&link(uri, n + 1)))).await;
    let (rows, end) = Stage::at(&endless.uri()).rows(Query::of("accounts")).await;
    assert_eq!(end.expect_err("endless").phrase().code, "dataverse/empty-pages");
    assert!(rows.is_empty());
    assert_eq!(requests(&endless).await, 51);
}

#[tokio::test]
async fn top_is_counted_here_and_one_request_tells_that_there_is_more() {
    let server = MockServer::start().await;
    Mock::given(query_param("$top", "6"))
        .and(path(ACCOUNTS))
        .respond_with(json_answer(200, &page(&numbered(0, 6), None)))
        .mount(&server)
        .await;
    let stage = Stage::at(&server.uri());
    let mut stream = stage.client.rows(Query { top: Some(5), ..Query::of("accounts") });
    let mut count = 0;
    while stream.next().await.unwrap().is_some() {
        count += 1;
    }
    assert_eq!((count, stream.has_more()), (5, true));
    let seen = server.received_requests().await.unwrap();
    assert_eq!(seen.len(), 1);
    assert!(!seen[0].headers.contains_key("prefer"), "$top is ignored beside a page size");
}

#[tokio::test]
async fn a_service_that_ignores_top_gives_no_row_too_many() {
    for (top, page_size, expected_requests) in [(5, None, 1), (10, None, 1), (25, Some(10), 3), (20, Some(10), 2)] {
        let server = book(|uri, n| page(&numbered(n * 10, n * 10 + 10), Some(&link(uri, n + 1)))).await;
        let stage = Stage::at(&server.uri());
        let mut stream = stage.client.rows(Query { top: Some(top), page_size, ..Query::of("accounts") });
        let mut count = 0;
        while stream.next().await.unwrap().is_some() {
            count += 1;
        }
        assert_eq!((count, stream.has_more()), (top, true), "top {top}");
        assert_eq!(requests(&server).await, expected_requests, "top {top}");
    }
}

#[tokio::test]
async fn exactly_as_many_as_asked_for_is_not_more() {
    let server = MockServer::start().await;
    Mock::given(query_param_is_missing("$skiptoken"))
        .respond_with(json_answer(200, &page(&numbered(0, 5), None)))
        .mount(&server)
        .await;
    let stage = Stage::at(&server.uri());
    let mut stream = stage.client.rows(Query { top: Some(5), ..Query::of("accounts") });
    while stream.next().await.unwrap().is_some() {}
    assert!(!stream.has_more());
}

#[tokio::test]
async fn the_total_is_told_when_it_was_asked_for() {
    let server = MockServer::start().await;
    let answer = json!({ "@odata.count": 1234, "value": numbered(0, 2) });
    Mock::given(query_param("$count", "true")).respond_with(json_answer(200, &answer)).mount(&server).await;
    let stage = Stage::at(&server.uri());
    let mut stream = stage.client.rows(Query { count: true, ..Query::of("accounts") });
    while stream.next().await.unwrap().is_some() {}
    assert_eq!(stream.total(), Some(1234));
}

#[tokio::test]
async fn no_digit_changes_on_the_way() {
    let row = r#"{"a":922337203685477.5807,"b":12345678901234567890.123456789,"c":1.10,"d":9007199254740993,"e":1e400,"f":-0.0}"#;
    let body = format!("{{\"value\":[{row}]}}");
    let raw = Raw::answering(vec![crate::wire::stage::raw("200 OK", "", body.as_bytes(), body.len())]);
    let (rows, end) = Stage::at(&raw.address).rows(Query::of("accounts")).await;
    end.unwrap();
    assert_eq!(rows, [row]);
}

#[tokio::test]
async fn a_stream_that_is_dropped_asks_for_no_more_pages() {
    let server = book(|uri, n| page(&numbered(n * 100, n * 100 + 100), Some(&link(uri, n + 1)))).await;
    let stage = Stage::at(&server.uri());
    let mut stream = stage.client.rows(Query::of("accounts"));
    assert!(stream.next().await.unwrap().is_some());
    drop(stream);
    // Two more whole conversations pass. A request that was on its way already may arrive during the first; the dropped
    // stream must not have gone on beside the second.
    let mut seen = Vec::new();
    for _ in 0..2 {
        let (_, end) = Stage::at(&server.uri()).rows(Query { top: Some(3), ..Query::of("accounts") }).await;
        end.unwrap();
        seen.push(requests(&server).await);
    }
    assert_eq!(seen[1], seen[0] + 1);
}
