//! Files from a service that sends other bytes than it should: nothing that is not the file passes for it.

use d365conn::dataverse::{RecordId, Stored, Table};
use d365conn::problem::{Exit, Problem};
use serde_json::json;

use crate::wire::stage::{Raw, Stage, ok, raw};

const ID: &str = "5d0c0001-1111-ef11-8400-000d3ab1c111";
const FILE: &[u8] = b"hello world";

/// The answers before the first byte: what the table is, and that there is a file.
fn before(version: &str) -> Vec<Vec<u8>> {
    let column = json!({
        "LogicalName": "nl_contract", "AttributeType": "Virtual", "AttributeTypeName": { "Value": "FileType" },
    });
    let table = json!({
        "LogicalName": "nl_project", "EntitySetName": "nl_projects", "PrimaryIdAttribute": "nl_projectid",
        "Attributes": [column],
    });
    vec![ok(&table), told(version)]
}

fn told(version: &str) -> Vec<u8> {
    ok(&json!({ "@odata.etag": "W/\"1\"", "nl_contract": version }))
}

/// Some bytes with the headers that a file has.
fn part(first: usize, end: usize, whole: usize) -> Vec<u8> {
    let headers = format!("x-ms-file-size: {whole}\r\nContent-Range: bytes {first}-{}/{whole}\r\n", end - 1);
    raw("206 Partial Content", &headers, &FILE[first..end], end - first)
}

/// What arrives of the file from `from` on, how it ends, and what was asked for.
async fn fetched(from: u64, answers: Vec<Vec<u8>>) -> (Vec<u8>, Result<u64, Problem>, Vec<String>) {
    let raw = Raw::answering([before("one"), answers].concat());
    let client = Stage::at(&raw.address).client;
    let table = Table {
        logical_name: "nl_project".into(),
        entity_set: "nl_projects".into(),
        id_column: "nl_projectid".into(),
        name_column: None,
    };
    let holder = client.holder(&table, RecordId::parse(ID).unwrap(), "nl_contract").await.unwrap();
    let stored: Stored = client.stored(&holder).await.unwrap();
    let mut arrived = Vec::new();
    let mut take = |bytes: &[u8]| {
        arrived.extend_from_slice(bytes);
        Ok(())
    };
    let end = client.fetch(&stored, from, &mut take, &|_, _| {}).await;
    let range = |request: &String| {
        let line = request.lines().find(|line| line.to_lowercase().starts_with("range: "));
        line.map(|line| line[7..].to_owned())
    };
    let ranges = raw.requests().iter().filter_map(range).collect();
    (arrived, end.map_err(Problem::from), ranges)
}

#[tokio::test]
async fn a_range_that_breaks_is_asked_for_from_the_first_byte_that_is_missing() {
    let headers = "x-ms-file-size: 11\r\nContent-Range: bytes 0-10/11\r\n";
    let broken = raw("206 Partial Content", headers, &FILE[..4], 11);
    let (arrived, end, ranges) = fetched(0, vec![broken, part(4, 11, 11)]).await;
    assert_eq!((arrived.as_slice(), end.unwrap()), (FILE, 11));
    assert_eq!(ranges, ["bytes=0-4194303", "bytes=4-10"]);
}

#[tokio::test]
async fn a_service_without_ranges_sends_the_whole_and_what_is_there_is_passed_over() {
    let whole = raw("200 OK", "x-ms-file-size: 11\r\n", FILE, 11);
    let (arrived, end, _) = fetched(6, vec![whole, told("one")]).await;
    assert_eq!((arrived.as_slice(), end.unwrap()), (&b"world"[..], 11));
}

#[tokio::test]
async fn a_service_that_sends_less_than_was_asked_for_is_asked_for_the_rest() {
    let (arrived, end, ranges) = fetched(0, vec![part(0, 5, 11), part(5, 6, 11), part(6, 11, 11)]).await;
    assert_eq!((arrived.as_slice(), end.unwrap()), (FILE, 11));
    assert_eq!(ranges, ["bytes=0-4194303", "bytes=5-10", "bytes=6-10"]);
}

#[tokio::test]
async fn what_is_not_the_file_is_refused() {
    let other_place = {
        let headers = "x-ms-file-size: 11\r\nContent-Range: bytes 8-10/11\r\n";
        raw("206 Partial Content", headers, &FILE[8..], 3)
    };
    let page = raw("200 OK", "", b"<html>", 6);
    let empty = raw("206 Partial Content", "x-ms-file-size: 11\r\n", b"", 0);
    for (from, answers, code, exit) in [
        (0, vec![page], "dataverse/not-dataverse", Exit::Unreachable),
        (0, vec![other_place], "dataverse/malformed", Exit::Unreachable),
        (0, vec![part(0, 5, 11), empty], "dataverse/file-length", Exit::Unreachable),
        (0, vec![part(0, 5, 11), part(5, 9, 12)], "dataverse/file-replaced", Exit::Conflict),
        (6, vec![part(6, 11, 11), told("two")], "dataverse/file-replaced", Exit::Conflict),
        (0, vec![raw("204 No Content", "", b"", 0)], "dataverse/file-empty", Exit::NotFound),
    ] {
        let (_, end, _) = fetched(from, answers).await;
        let problem = end.expect_err(code);
        assert_eq!((problem.phrase().code, problem.exit()), (code, exit));
    }
}

#[tokio::test]
async fn a_file_that_comes_in_one_piece_only_is_asked_for_whole() {
    let body = json!({ "error": { "code": "0x80090017", "message": "Chunking is not supported." } }).to_string();
    let refused = raw("400 Bad Request", "", body.as_bytes(), body.len());
    let whole = raw("200 OK", "x-ms-file-size: 11\r\n", FILE, 11);
    let (arrived, end, ranges) = fetched(0, vec![refused, whole]).await;
    assert_eq!((arrived.as_slice(), end.unwrap(), ranges.len()), (FILE, 11, 1));
}
