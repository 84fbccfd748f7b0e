//! Changes, and answers to them that are lost: nothing is done twice, and nothing unknown is called done.

use d365conn::dataverse::{Body, RecordId, Write};
use d365conn::problem::{Exit, Problem};
use serde_json::{Value, json};

use crate::wire::stage::{Raw, Stage, accounts, raw};

const ID: &str = "5d0c0001-1111-ef11-8400-000d3ab1c111";

fn id() -> RecordId {
    RecordId::parse(ID).unwrap()
}

fn body(words: &[&str]) -> Body {
    Body::parse(None, words).unwrap()
}

fn done() -> Vec<u8> {
    b"HTTP/1.1 204 No Content\r\nOData-Version: 4.0\r\nConnection: close\r\n\r\n".to_vec()
}

fn no(status: &str, code: &str) -> Vec<u8> {
    let body = json!({ "error": { "code": code, "message": "said the service" } }).to_string();
    raw(status, "", body.as_bytes(), body.len())
}

fn found(row: &Value) -> Vec<u8> {
    crate::wire::stage::ok(row)
}

fn lost() -> Vec<u8> {
    Vec::new()
}

#[tokio::test]
async fn an_update_and_a_delete_never_create() {
    let server = Raw::answering(vec![done(), done()]);
    let client = Stage::at(&server.address).client;
    client.update(&accounts(), &id(), &body(&["name=B", "fax="])).await.unwrap().answer().unwrap();
    client.delete(&accounts(), &id()).await.unwrap().answer().unwrap();
    let seen = server.requests();
    assert_eq!(
        server.lines(),
        [format!("PATCH /api/data/v9.2/accounts({ID})"), format!("DELETE /api/data/v9.2/accounts({ID})")]
    );
    for request in &seen {
        let head = request.to_lowercase();
        assert!(head.contains("\r\nif-match: *\r\n"), "{request}");
        assert!(!head.contains("if-none-match"), "{request}");
    }
    assert!(seen[0].ends_with("\r\n\r\n{\"name\":\"B\",\"fax\":null}"));
    assert!(seen[0].to_lowercase().contains("content-type: application/json; charset=utf-8"));
}

#[tokio::test]
async fn a_create_whose_answer_was_lost_is_done_once() {
    let server =
        Raw::answering(vec![lost(), no("412 Precondition Failed", "0x80040237"), found(&json!({ "accountid": ID }))]);
    let created = Stage::at(&server.address)
        .client
        .create(&accounts(), id(), &body(&["name=A"]))
        .await
        .unwrap()
        .answer()
        .unwrap();
    assert_eq!(created, id());
    let seen = server.requests();
    assert_eq!(seen.len(), 3);
    let sent: Vec<_> = seen.iter().map(|request| request.split_once("\r\n\r\n").unwrap().1.to_owned()).collect();
    assert_eq!(sent[0], format!("{{\"accountid\":\"{ID}\",\"name\":\"A\"}}"));
    assert_eq!(sent[0], sent[1], "the same id both times");
    assert_eq!(server.lines()[2], format!("GET /api/data/v9.2/accounts({ID})?$select=accountid"));
}

#[tokio::test]
async fn a_create_that_collides_with_another_record_is_a_conflict() {
    let duplicate = || no("412 Precondition Failed", "0x80060892");
    // At the first try nothing was lost, so the duplicate is somebody else's.
    let server = Raw::answering(vec![duplicate()]);
    let problem = Problem::from(
        Stage::at(&server.address).client.create(&accounts(), id(), &body(&["name=A"])).await.expect_err("412"),
    );
    assert_eq!(problem.exit(), Exit::Conflict);
    assert_eq!(server.requests().len(), 1);
    // After a lost answer it is looked into: our record is not there, so the key is another record's.
    let server = Raw::answering(vec![lost(), duplicate(), no("404 Not Found", "0x80040217")]);
    let problem = Problem::from(
        Stage::at(&server.address).client.create(&accounts(), id(), &body(&["name=A"])).await.expect_err("412"),
    );
    assert_eq!((problem.exit(), problem.diagnosis().service_code().as_deref()), (Exit::Conflict, Some("0x80060892")));
    assert_eq!(server.requests().len(), 3);
}

#[tokio::test]
async fn a_throttled_create_that_then_collides_is_a_conflict() {
    // A 429 was not carried out: the duplicate can't be our own.
    let busy =
        b"HTTP/1.1 429 Too Many Requests\r\nRetry-After: 5\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".to_vec();
    let server = Raw::answering(vec![busy, no("412 Precondition Failed", "0x80040237")]);
    let stage = Stage::at(&server.address);
    let problem = Problem::from(stage.client.create(&accounts(), id(), &body(&["name=A"])).await.expect_err("412"));
    assert_eq!((problem.exit(), stage.waited()), (Exit::Conflict, 5));
    assert_eq!(server.requests().len(), 2);
}

#[tokio::test]
async fn a_delete_whose_answer_was_lost_is_done_when_the_record_is_gone() {
    let server = Raw::answering(vec![lost(), no("404 Not Found", "0x80040217")]);
    Stage::at(&server.address).client.delete(&accounts(), &id()).await.unwrap().answer().unwrap();
    let server = Raw::answering(vec![no("404 Not Found", "0x80040217")]);
    let problem = Problem::from(Stage::at(&server.address).client.delete(&accounts(), &id()).await.expect_err("404"));
    assert_eq!(problem.exit(), Exit::NotFound);
}

#[tokio::test]
async fn a_change_of_one_version_whose_answer_was_lost_is_unknown() {
    let etag = "W/\"4410277\"".to_owned();
    let write = Write::Update { table: accounts(), id: id(), body: body(&["name=B"]), if_match: Some(etag) };
    let server = Raw::answering(vec![lost(), no("412 Precondition Failed", "0x80060882")]);
    let problem = Problem::from(Stage::at(&server.address).client.write(&write).await.expect_err("unknown"));
    assert_eq!(problem.phrase().code, "dataverse/outcome-unknown");
    assert!(server.requests()[0].to_lowercase().contains("if-match: w/\"4410277\""));

    let server = Raw::answering(vec![no("412 Precondition Failed", "0x80060882")]);
    let problem = Problem::from(Stage::at(&server.address).client.write(&write).await.expect_err("stale"));
    assert_eq!((problem.phrase().code, problem.exit()), ("dataverse/changed-meanwhile", Exit::Conflict));
}

#[tokio::test]
async fn a_change_whose_answer_never_comes_is_unknown() {
    let server = Raw::answering(vec![]);
    let problem = Problem::from(
        Stage::at(&server.address).client.create(&accounts(), id(), &body(&["name=A"])).await.expect_err("lost"),
    );
    assert_eq!(problem.phrase().code, "dataverse/outcome-unknown");
    assert_eq!(server.requests().len(), 5);
    assert_eq!(problem.to_string(), format!("it is not known whether the account {ID} was created"));
    let facts = problem.diagnosis().facts();
    let meaning = problem.phrase().meaning_with(&facts);
    assert!(meaning.ends_with("; it was sent 5 times, which does no more than once would"), "{meaning}");
    let remedy = problem.phrase().remedy_with(&facts);
    assert_eq!(remedy[0], format!("see whether it is there: `d365conn records account get {ID}`"));
    assert_eq!(remedy[1], format!("run the command again with `accountid={ID}`: one id is never made twice"));
}

#[tokio::test]
async fn a_create_that_can_not_be_looked_up_afterwards_is_unknown_too() {
    let duplicate = || no("412 Precondition Failed", "0x80040237");
    let page = || raw("404 Not Found", "Content-Type: text/html\r\n", b"<html>Filtered", 14);
    let nowhere = || raw("404 Not Found", "", b"", 0);
    for lookup in [page(), nowhere(), no("403 Forbidden", "0x80040220")] {
        let server = Raw::answering(vec![lost(), duplicate(), lookup]);
        let created = Stage::at(&server.address).client.create(&accounts(), id(), &body(&["name=A"])).await;
        let problem = Problem::from(created.expect_err("unknown"));
        assert_eq!(problem.phrase().code, "dataverse/outcome-unknown");
        assert!(problem.to_string().contains(ID), "{problem}");
        assert_eq!(server.requests().len(), 3);
    }
}

#[tokio::test]
async fn a_page_after_a_lost_answer_does_not_hide_that_the_change_may_have_been_made() {
    let page = |status: &str| {
        format!("HTTP/1.1 {status}\r\nContent-Type: text/html\r\nContent-Length: 6\r\nConnection: close\r\n\r\n<html>")
            .into_bytes()
    };
    for answers in [vec![lost(), page("403 Forbidden")], vec![page("502 Bad Gateway"); 5]] {
        let server = Raw::answering(answers);
        let created = Stage::at(&server.address).client.create(&accounts(), id(), &body(&["name=A"])).await;
        let problem = Problem::from(created.expect_err("unknown"));
        assert_eq!(problem.phrase().code, "dataverse/outcome-unknown");
        assert_eq!(problem.causes().len(), 1, "{problem:?}");
        assert!(problem.causes()[0].contains("instead of JSON"), "{:?}", problem.causes());
    }
}

#[tokio::test]
async fn an_address_that_was_not_found_is_no_record_that_is_gone() {
    for answer in [raw("404 Not Found", "", b"", 0), no("404 Not Found", "")] {
        let server = Raw::answering(vec![lost(), answer]);
        let problem =
            Problem::from(Stage::at(&server.address).client.delete(&accounts(), &id()).await.expect_err("404"));
        assert_eq!((problem.phrase().code, problem.exit()), ("dataverse/outcome-unknown", Exit::Unreachable));
    }
}

#[tokio::test]
async fn a_read_only_connection_sends_nothing() {
    let server = Raw::answering(vec![done(), done(), done()]);
    let client = Stage::read_only(&server.address).client;
    let problems = [
        client.create(&accounts(), id(), &body(&["name=A"])).await.map(drop).expect_err("read-only"),
        client.update(&accounts(), &id(), &body(&["name=A"])).await.expect_err("read-only"),
        client.delete(&accounts(), &id()).await.expect_err("read-only"),
    ];
    for problem in problems.map(Problem::from) {
        assert_eq!((problem.phrase().code, problem.exit()), ("dataverse/read-only", Exit::Forbidden));
        let remedy = problem.phrase().remedy_with(&problem.diagnosis().facts());
        assert!(remedy[0].contains("connections set contoso-prod --read-only false"), "{remedy:?}");
    }
    assert!(server.requests().is_empty());
}

#[tokio::test]
async fn a_page_in_answer_to_a_change_is_not_success() {
    let portal =
        b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi".to_vec();
    let server = Raw::answering(vec![portal]);
    let problem =
        Problem::from(Stage::at(&server.address).client.delete(&accounts(), &id()).await.expect_err("a portal"));
    assert_eq!(problem.exit(), Exit::Unreachable);
}
