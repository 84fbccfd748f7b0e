//! Batches as clients write them.

use crate::sandbox::dataverse::trial::{Answer, ROOT, Trial};

const ACCOUNT: &str = "0a0b0001-1111-4f11-8400-000d3ab1c333";

fn part(content_id: Option<u32>, request: &str) -> String {
    let id = content_id.map(|id| format!("Content-ID: {id}\r\n")).unwrap_or_default();
    format!("Content-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n{id}\r\n{request}\r\n")
}

fn get(address: &str) -> String {
    part(None, &format!("GET {ROOT}{address} HTTP/1.1\r\n\r\n"))
}

fn write(content_id: Option<u32>, method: &str, target: &str, body: &str) -> String {
    part(content_id, &format!("{method} {target} HTTP/1.1\r\nContent-Type: application/json\r\n\r\n{body}"))
}

fn joined(boundary: &str, parts: &[String]) -> String {
    let parts = parts.iter().map(|part| format!("--{boundary}\r\n{part}")).collect::<Vec<_>>().concat();
    format!("{parts}--{boundary}--\r\n")
}

fn change_set(parts: &[String]) -> String {
    format!("Content-Type: multipart/mixed; boundary=c\r\n\r\n{}\r\n", joined("c", parts))
}

fn send(trial: &mut Trial, body: &str, prefer: &str) -> Answer {
    trial
        .ask("POST", "$batch")
        .header("content-type", "multipart/mixed; boundary=\"b\"")
        .header("prefer", prefer)
        .body(body)
        .answer()
}

/// The inner statuses, in order.
fn statuses(answer: &Answer) -> Vec<u16> {
    let lines = answer.text.split("\r\n").filter_map(|line| line.strip_prefix("HTTP/1.1 "));
    lines.map(|line| line[..3].parse().unwrap()).collect()
}

#[test]
fn requests_are_answered_in_their_order() {
    let mut trial = Trial::new();
    let body = joined(
        "b",
        &[
            get("accounts?$top=1&$select=name"),
            write(None, "POST", &format!("{ROOT}accounts"), "{\"name\":\"Batch\"}"),
            write(None, "DELETE", "http://127.0.0.1:5000/api/data/v9.2/accounts(accountnumber='NL-0007')", ""),
        ],
    );
    let answer = send(&mut trial, &body, "");
    assert_eq!((answer.status, statuses(&answer)), (200, vec![200, 204, 204]));
    assert!(answer.header("content-type").unwrap().starts_with("multipart/mixed; boundary=batchresponse_"));
    assert!(
        answer.text.contains("\r\nOData-EntityId: http://127.0.0.1:5000/api/data/v9.2/accounts("),
        "{}",
        answer.text
    );
    assert!(answer.text.ends_with("--\r\n"));
    assert_eq!(trial.refused("GET", "accounts(accountnumber='NL-0007')").0, 404);
}

#[test]
fn the_first_failure_ends_a_batch_unless_it_is_asked_to_go_on() {
    let mut trial = Trial::new();
    let body = joined("b", &[get("WhoAmI"), get("nothing"), get("WhoAmI")]);
    let stopped = send(&mut trial, &body, "");
    assert_eq!((stopped.status, statuses(&stopped)), (404, vec![200, 404]));
    assert!(stopped.text.contains("\r\nREQ_ID: "));
    let whole = send(&mut trial, &body, "odata.continue-on-error");
    assert_eq!((whole.status, statuses(&whole)), (200, vec![200, 404, 200]));
    assert!(whole.text.contains("0x8006088a"));
}

#[test]
fn a_change_set_refers_to_what_it_made() {
    let mut trial = Trial::new();
    let set = change_set(&[
        write(
            Some(1),
            "POST",
            &format!("{ROOT}accounts"),
            &format!("{{\"accountid\":\"{ACCOUNT}\",\"name\":\"Set\"}}"),
        ),
        write(Some(2), "PATCH", "$1", "{\"telephone1\":\"+45 1234\"}"),
        write(
            Some(3),
            "POST",
            &format!("{ROOT}contacts"),
            "{\"lastname\":\"$1\",\"parentcustomerid_account@odata.bind\":\"$1\"}",
        ),
    ]);
    let answer = send(&mut trial, &joined("b", &[set]), "");
    assert_eq!((answer.status, statuses(&answer)), (200, vec![204, 204, 204]), "{}", answer.text);
    assert!(answer.text.contains("boundary=changesetresponse_") && answer.text.contains("\r\nContent-ID: 3\r\n"));
    assert_eq!(trial.get(&format!("accounts({ACCOUNT})"))["telephone1"], "+45 1234");
    let contacts = trial.get(&format!("accounts({ACCOUNT})/contact_customer_accounts?$select=lastname"));
    assert_eq!(contacts["value"][0]["lastname"], "$1");
}

#[test]
fn a_change_set_that_fails_leaves_nothing_and_one_refusal() {
    let mut trial = Trial::new();
    let version = trial.world.version();
    let set = change_set(&[
        write(
            Some(1),
            "POST",
            &format!("{ROOT}accounts"),
            &format!("{{\"accountid\":\"{ACCOUNT}\",\"name\":\"Set\"}}"),
        ),
        write(Some(2), "POST", &format!("{ROOT}accounts"), "{\"nme\":\"x\"}"),
        write(Some(3), "POST", &format!("{ROOT}accounts"), "{\"name\":\"y\"}"),
    ]);
    let answer = send(&mut trial, &joined("b", &[set, get("WhoAmI")]), "odata.continue-on-error");
    assert_eq!((answer.status, statuses(&answer)), (200, vec![400, 200]));
    assert!(!answer.text.contains("changesetresponse_"));
    assert_eq!(trial.world.version(), version);
    assert_eq!(trial.refused("GET", &format!("accounts({ACCOUNT})")).0, 404);
}

#[test]
fn a_reference_needs_something_made_before_in_the_same_set() {
    let mut trial = Trial::new();
    let create = |prefer: &str| {
        let accounts =
            format!("POST {ROOT}accounts HTTP/1.1\r\nContent-Type: application/json\r\n{prefer}\r\n{{\"name\":\"x\"}}");
        part(Some(1), &accounts)
    };
    let patch = write(Some(2), "PATCH", "$1", "{\"fax\":\"1\"}");
    for set in [
        change_set(&[patch.clone(), create("")]),
        change_set(&[create("Prefer: return=representation\r\n"), patch]),
        change_set(&[write(
            Some(1),
            "POST",
            &format!("{ROOT}contacts"),
            "{\"parentcustomerid_account@odata.bind\":\"$7\"}",
        )]),
    ] {
        let answer = send(&mut trial, &joined("b", &[set]), "");
        assert_eq!((answer.status, statuses(&answer)), (400, vec![400]), "{}", answer.text);
        assert!(answer.text.contains("does not exist in the batch context."), "{}", answer.text);
    }
}

#[test]
fn a_batch_that_is_none_is_refused_as_a_whole() {
    let mut trial = Trial::new();
    let good = joined("b", &[get("WhoAmI")]);
    let too_many: Vec<String> = (0..1001).map(|_| get("WhoAmI")).collect();
    let set = |part: String| joined("b", &[change_set(&[part.clone(), part])]);
    for (body, fragment) in [
        (good.replace("\r\n", "\n"), "Stream was not readable"),
        (good.strip_suffix("\r\n").unwrap().to_owned(), "Stream was not readable"),
        (joined("b", &[part(None, &format!("GET {ROOT}WhoAmI HTTP/1.1"))]), "Stream was not readable"),
        (joined("b", &too_many), "1001 requests"),
        (joined("b", &[write(None, "POST", &format!("{ROOT}$batch"), "")]), "may hold no batch"),
        (set(get("WhoAmI")), "invalid HTTP method 'GET'"),
        (set(write(Some(1), "POST", &format!("{ROOT}accounts"), "{}")), "more than once"),
    ] {
        let (status, _, message) = send(&mut trial, &body, "odata.continue-on-error").error();
        assert_eq!(status, 400);
        assert!(message.contains(fragment), "{message}");
    }
    let bare = trial.ask("POST", "$batch").body(&good).answer().error();
    assert_eq!(bare.0, 400);
    let foreign = joined("b", &[part(None, "GET https://elsewhere.example/api/data/v9.2/WhoAmI HTTP/1.1\r\n\r\n")]);
    assert_eq!(statuses(&send(&mut trial, &foreign, "")), [400]);
}

#[test]
fn a_change_set_may_end_on_the_line_before_the_outer_boundary() {
    // RFC 2046 §5.1.1: the line break before a delimiter belongs to the delimiter.
    let mut trial = Trial::new();
    let create = write(Some(1), "POST", &format!("{ROOT}accounts"), "{\"name\":\"Tight\"}");
    let roomy = change_set(std::slice::from_ref(&create));
    let tight = roomy.strip_suffix("\r\n").unwrap().to_owned();
    assert!(tight.ends_with("--c--\r\n") && !tight.ends_with("\r\n\r\n"));
    for set in [roomy, tight] {
        let answer = send(&mut trial, &joined("b", &[set, get("WhoAmI")]), "");
        assert_eq!((answer.status, statuses(&answer)), (200, vec![204, 200]), "{}", answer.text);
    }
    assert_eq!(trial.column("accounts?$filter=name eq 'Tight'", "name").len(), 2);
}
