//! Answers to batches as odd as they come: every operation still gets the verdict that is its own.

use d365conn::dataverse::{Course, Operation, Outcome, Verdict, operations};
use d365conn::problem::{Diagnose as _, Exit, Problem};

use crate::wire::stage::{Raw, Stage};

const COURSE: Course = Course { atomic: false, goes_on: true, may_repeat: false };
const READ: &str = "{\"method\":\"GET\",\"path\":\"WhoAmI\"}";
const WRITE: &str = "{\"method\":\"POST\",\"path\":\"accounts\",\"body\":{}}";

fn asked(lines: &[&str]) -> Vec<Operation> {
    operations(&lines.join("\n"), false).unwrap()
}

fn answer(status: &str, kind: &str, body: &str) -> Vec<u8> {
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    format!("{head}{body}").into_bytes()
}

fn multipart(status: &str, parts: &[&str]) -> Vec<u8> {
    let parts = parts
        .iter()
        .map(|part| format!("--b\nContent-Type: application/http\n\nHTTP/1.1 {part}\n\n"))
        .collect::<Vec<_>>()
        .concat();
    answer(status, "multipart/mixed; boundary=\"b\"", &format!("{parts}--b--"))
}

async fn send(server: &Raw, lines: &[&str], course: Course) -> (Stage, Result<Vec<Outcome>, Problem>) {
    let stage = Stage::at(&server.address);
    let outcomes = stage.client.batch(&asked(lines), course).await;
    (stage, outcomes.map(|sent| sent.answer().expect("nothing is only shown")).map_err(Problem::from))
}

fn codes(outcomes: &[Outcome]) -> Vec<String> {
    let code = |outcome: &Outcome| match &outcome.verdict {
        Verdict::Done { .. } => "done".to_owned(),
        Verdict::Failed(problem) => problem.phrase().code.to_owned(),
    };
    outcomes.iter().map(code).collect()
}

#[tokio::test]
async fn an_operation_the_service_was_too_busy_for_is_sent_again_alone() {
    let busy = "429 Too Many Requests\nRetry-After: 30\n\n{\"error\":{\"code\":\"0x80072322\",\"message\":\"slow\"}}";
    let server = Raw::answering(vec![
        multipart("200 OK", &["204 No Content\n", busy, "200 OK\n\n{}"]),
        multipart(
            "200 OK",
            &["204 No Content\nOData-EntityId: https://x/accounts(5d0c0001-1111-ef11-8400-000d3ab1c111)\n"],
        ),
    ]);
    let (stage, outcomes) = send(&server, &[WRITE, WRITE, READ], COURSE).await;
    let outcomes = outcomes.unwrap();
    assert_eq!(codes(&outcomes), ["done", "done", "done"]);
    assert!(matches!(outcomes[1].verdict, Verdict::Done { record: Some(_), .. }));
    assert!((30..=31).contains(&stage.waited()), "{}", stage.waited());
    let seen = server.requests();
    assert_eq!(
        (seen[0].matches("POST /api/data/v9.2/accounts HTTP").count(), seen[1].matches(" HTTP/1.1\r\nAccept").count()),
        (2, 1)
    );
}

#[tokio::test]
async fn a_service_that_stays_busy_is_given_up_per_operation() {
    let busy = "429 Too Many Requests\nRetry-After: 5000\n\n{}";
    let server = Raw::answering(vec![multipart("200 OK", &["204 No Content\n", busy])]);
    let (_, outcomes) = send(&server, &[WRITE, WRITE], COURSE).await;
    assert_eq!(codes(&outcomes.unwrap()), ["done", "dataverse/batch-busy"]);
}

#[tokio::test]
async fn a_batch_that_stopped_says_what_was_not_reached() {
    let refused = "400 Bad Request\nREQ_ID: 7b2e\n\n{\"error\":{\"code\":\"0x80040217\",\"message\":\"gone\"}}";
    let server = Raw::answering(vec![multipart("400 Bad Request", &["204 No Content\n", refused])]);
    let (_, outcomes) = send(&server, &[WRITE, WRITE, READ], Course { goes_on: false, ..COURSE }).await;
    let outcomes = outcomes.unwrap();
    assert_eq!(codes(&outcomes), ["done", "dataverse/record-missing", "dataverse/batch-not-reached"]);
    let Verdict::Failed(problem) = &outcomes[1].verdict else { panic!("not failed") };
    assert!(problem.trace().unwrap().contains("request 7b2e"));
}

#[tokio::test]
async fn a_refusal_of_the_whole_batch_is_an_error_of_its_own() {
    let body = "{\"error\":{\"code\":\"0x80048d19\",\"message\":\"Stream was not readable.\"}}";
    let server = Raw::answering(vec![answer("400 Bad Request", "application/json", body)]);
    let (_, outcomes) = send(&server, &[WRITE], COURSE).await;
    assert_eq!(outcomes.unwrap_err().exit(), Exit::Failed);
}

/// One operation that was done, and another one whose answer ends there.
fn cut_after(text: &str) -> Vec<u8> {
    let first = "--b\nContent-Type: application/http\n\nHTTP/1.1 204 No Content\n\n\n";
    let body = format!("{first}--b\nContent-Type: application/http\n\n{text}");
    answer("200 OK", "multipart/mixed; boundary=b", &body)
}

#[tokio::test]
async fn an_answer_that_is_none_leaves_writes_unknown_and_is_not_sent_twice() {
    let short = multipart("200 OK", &["204 No Content\n"]);
    for (bytes, expected) in [
        (Vec::new(), ["dataverse/batch-unknown"; 2]),
        (answer("200 OK", "text/html", "<h1>Welcome</h1>"), ["dataverse/batch-unknown"; 2]),
        (answer("200 OK", "multipart/mixed; boundary=b", "--b\r\nrubbish"), ["dataverse/batch-unknown"; 2]),
        (short[..short.len() - 4].to_vec(), ["dataverse/batch-unknown"; 2]),
        (short, ["done", "dataverse/batch-unknown"]),
        // Cut off under an honest length, in the middle of a status and of what follows it.
        (cut_after("HTTP/1.1 4"), ["done", "dataverse/batch-unknown"]),
        (cut_after("HTTP/1.1 404"), ["done", "dataverse/batch-unknown"]),
        (cut_after("HTTP/1.1 200 OK\n\n{\"name\":\"A"), ["done", "dataverse/batch-unknown"]),
    ] {
        let server = Raw::answering(vec![bytes]);
        let (_, outcomes) = send(&server, &[WRITE, WRITE], COURSE).await;
        assert_eq!(codes(&outcomes.unwrap()), expected);
        assert_eq!(server.requests().len(), 1);
    }
}

#[tokio::test]
async fn reads_whose_answer_was_lost_are_asked_again() {
    let server = Raw::answering(vec![Vec::new(), multipart("200 OK", &["200 OK\n\n{\"a\": 1.10}"])]);
    let (_, outcomes) = send(&server, &[READ], COURSE).await;
    let outcomes = outcomes.unwrap();
    assert!(matches!(&outcomes[0].verdict, Verdict::Done { body: Some(body), .. } if body == "{\"a\": 1.10}"));
    assert_eq!(server.requests().len(), 2);
}
