//! Several operations in one request: verdicts in order, all or nothing, and refusals before anything is sent.

use d365conn::sandbox::Fault;
use serde_json::Value;

use crate::world::{Outcome, World};

fn answers(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))).collect()
}

fn batch(world: &World, flags: &str, lines: &[&str]) -> Outcome {
    world.run_with_stdin(&format!("batch - {flags}"), &lines.join("\n"))
}

fn batches(world: &World) -> usize {
    world.sandbox.requests().iter().filter(|request| request.path.ends_with("/$batch")).count()
}

#[test]
fn every_operation_gets_its_verdict_in_order() {
    let world = World::connected();
    let outcome = batch(
        &world,
        "",
        &[
            r#"{"id":"new","method":"POST","path":"accounts","body":{"name":"Fjord","revenue":922337203685477.5806}}"#,
            r#"{"method":"GET","path":"accounts?$select=revenue&$filter=name eq 'Fjord'"}"#,
            r#"{"method":"DELETE","path":"accounts(00000000-0000-4000-8000-000000000001)"}"#,
            r#"{"id":9,"method":"PATCH","path":"accounts(accountnumber='NL-0007')","body":{"fax":"1"},"headers":{"If-Match":"*"}}"#,
        ],
    );
    assert_eq!(outcome.exit, 9, "{}", outcome.stderr);
    assert!(outcome.stderr.contains("1 of 4 operations failed"), "{}", outcome.stderr);
    assert!(outcome.stdout.contains("922337203685477.5806"), "{}", outcome.stdout);
    let answers = answers(&outcome.stdout);
    let seen: Vec<_> =
        answers.iter().map(|answer| (answer["id"].as_str().unwrap(), answer["status"].as_u64().unwrap())).collect();
    assert_eq!(seen, [("new", 204), ("2", 200), ("3", 404), ("9", 204)]);
    let id = answers[0]["record_id"].as_str().unwrap();
    world.run(&format!("accounts get {id}")).succeeds();
    assert_eq!(answers[1]["body"]["value"].as_array().map(Vec::len), Some(1));
    let error = &answers[2]["error"];
    assert_eq!((&error["code"], &error["service_code"]), (&"dataverse/record-missing".into(), &"0x80040217".into()));
    assert!(error["message"].as_str().unwrap().contains("Does Not Exist") && error["remedy"][0].is_string(), "{error}");
    assert_eq!(answers[3].get("record_id"), None, "an alternate key is no id");
    assert_eq!(batches(&world), 1);
}

#[test]
fn an_atomic_batch_refers_back_and_happens_whole() {
    let world = World::connected();
    let lines = [
        r#"{"id":"firm","method":"POST","path":"accounts","body":{"name":"Atomic"}}"#,
        r#"{"id":"person","method":"POST","path":"contacts","body":{"lastname":"Lund","parentcustomerid_account@odata.bind":"$firm"}}"#,
        r#"{"id":"change","method":"PATCH","path":"$firm","body":{"telephone1":"+47 1"}}"#,
    ];
    let done = answers(&batch(&world, "--atomic", &lines).succeeds());
    assert_eq!(done.iter().map(|answer| answer["status"].as_u64().unwrap()).collect::<Vec<_>>(), [204, 204, 204]);
    let firm = done[0]["record_id"].as_str().unwrap();
    let person = done[1]["record_id"].as_str().unwrap();
    let row = world.run(&format!("contacts get {person} --select parentcustomerid -o json")).succeeds();
    assert!(row.contains(firm), "{row}");
}

#[test]
fn an_atomic_batch_that_fails_leaves_nothing() {
    let world = World::connected();
    let before = world.run("accounts list --all -o id").succeeds().lines().count();
    let outcome = batch(
        &world,
        "--atomic",
        &[
            r#"{"method":"POST","path":"accounts","body":{"name":"Half"}}"#,
            r#"{"method":"POST","path":"accounts","body":{"nme":"wrong"}}"#,
        ],
    );
    assert_eq!(outcome.exit, 9);
    for answer in answers(&outcome.stdout) {
        assert_eq!(
            (&answer["status"], &answer["error"]["service_code"]),
            (&400.into(), &"0x80048D19".into()),
            "{answer}"
        );
    }
    assert_eq!(world.run("accounts list --all -o id").succeeds().lines().count(), before);
}

#[test]
fn a_batch_stops_at_the_first_failure_when_asked_to() {
    let world = World::connected();
    let lines = [
        r#"{"method":"GET","path":"WhoAmI"}"#,
        r#"{"method":"GET","path":"nothing"}"#,
        r#"{"method":"GET","path":"WhoAmI"}"#,
    ];
    for flags in ["--stop-on-error", "--stop-on-error --size 2"] {
        let outcome = batch(&world, flags, &lines);
        assert_eq!(outcome.exit, 9);
        let answers = answers(&outcome.stdout);
        assert_eq!(
            (&answers[0]["status"], &answers[1]["status"], &answers[2]["status"]),
            (&200.into(), &404.into(), &Value::Null)
        );
        assert_eq!(answers[2]["error"]["code"], "dataverse/batch-not-reached");
    }
    assert_eq!(batches(&world), 2);
}

#[test]
fn many_operations_travel_in_several_batches() {
    let world = World::connected();
    let lines: Vec<String> =
        (0..250).map(|n| format!("{{\"id\":{n},\"method\":\"GET\",\"path\":\"WhoAmI\"}}")).collect();
    let text = world.run_with_stdin("batch -", &lines.join("\n")).succeeds();
    let ids: Vec<String> = answers(&text).iter().map(|answer| answer["id"].as_str().unwrap().to_owned()).collect();
    assert_eq!(ids, (0..250).map(|n| n.to_string()).collect::<Vec<_>>());
    assert_eq!(batches(&world), 3);
}

#[test]
fn a_bad_line_is_refused_before_anything_is_sent() {
    let world = World::connected();
    let before = world.sandbox.requests().len();
    for (lines, flags, place) in [
        (r#"{"method":"GET","path":"https://elsewhere.example/x"}"#, "", "line 1, column 24"),
        ("{\"method\":\"GET\",\"path\":\"WhoAmI\"}\n{\"method\":\"GET\"", "", "line 2, column 15"),
        (r#"{"method":"GET","path":"WhoAmI"}"#, "--atomic", "line 1, column 11"),
        (r#"{"method":"PATCH","path":"$x","body":{}}"#, "--atomic", "line 1, column 26"),
    ] {
        let said = world.run_with_stdin(&format!("batch - {flags}"), lines).fails(2, "dataverse/batch-line");
        assert!(said.contains(place), "{said}");
    }
    world.run_with_stdin("batch -", "\n").fails(2, "dataverse/batch-empty");
    world.run("batch no-such-file.ndjson").fails(2, "paths/file-missing");
    let many = vec![r#"{"method":"POST","path":"accounts"}"#; 1001].join("\n");
    world.run_with_stdin("batch - --atomic", &many).fails(2, "dataverse/batch-too-many");
    assert_eq!(world.sandbox.requests().len(), before);
}

#[test]
fn a_read_only_connection_takes_reads_alone() {
    let world = World::connected();
    world.run("connections set sandbox --read-only true").succeeds();
    let read = r#"{"method":"GET","path":"WhoAmI"}"#;
    let write = r#"{"method":"POST","path":"accounts","body":{"name":"x"}}"#;
    batch(&world, "", &[read, write]).fails(5, "dataverse/read-only");
    assert_eq!(batches(&world), 0);
    batch(&world, "", &[read]).succeeds();
}

#[test]
fn a_busy_service_is_waited_for_and_nothing_is_done_twice() {
    let world = World::connected();
    world.sandbox.faults().order(Fault::DataverseThrottled { retry_after: 20 });
    let before = world.clock.now();
    let text = batch(&world, "", &[r#"{"method":"POST","path":"accounts","body":{"name":"Patience"}}"#]).succeeds();
    assert_eq!(answers(&text)[0]["status"], 204);
    assert!(world.clock.now().duration_since(before).as_secs() >= 20);
    assert_eq!(world.run("accounts list --filter \"name eq 'Patience'\" -o id").succeeds().lines().count(), 1);
}

#[test]
fn a_lost_answer_leaves_every_operation_unknown() {
    let world = World::connected();
    world.sandbox.faults().order(Fault::LoseAnswer);
    let outcome = batch(
        &world,
        "",
        &[r#"{"method":"POST","path":"accounts","body":{"name":"Lost"}}"#, r#"{"method":"GET","path":"WhoAmI"}"#],
    );
    assert_eq!(outcome.exit, 9, "{}", outcome.stderr);
    for answer in answers(&outcome.stdout) {
        assert_eq!((&answer["status"], &answer["error"]["code"]), (&Value::Null, &"dataverse/batch-unknown".into()));
    }
    assert_eq!(world.run("accounts list --filter \"name eq 'Lost'\" -o id").succeeds().lines().count(), 1);
}

#[test]
fn answers_come_in_other_formats_when_asked_for() {
    let world = World::connected();
    let lines = [r#"{"method":"POST","path":"accounts","body":{"name":"x"}}"#, r#"{"method":"GET","path":"nothing"}"#];
    let json = batch(&world, "-o json", &lines);
    let rows: Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!(rows.as_array().map(Vec::len), Some(2));
    let csv = batch(&world, "-o csv", &lines);
    assert!(csv.stdout.starts_with("id,status,record_id,body,error\n1,204,"), "{}", csv.stdout);
    batch(&world, "-c nobody", &lines).fails(2, "store/");
}

#[test]
fn a_dry_run_shows_every_request_as_it_would_go_out_and_sends_none() {
    let world = World::connected();
    let lines = [
        r#"{"method":"POST","path":"accounts","body":{"name":"Never","revenue":1.10}}"#,
        r#"{"method":"GET","path":"accounts?$top=1"}"#,
        r#"{"method":"PATCH","path":"accounts(accountnumber='NL-0007')","body":{"fax":"1"},"headers":{"If-Match":"*"}}"#,
    ];
    let shown = batch(&world, "--size 1 --dry-run", &lines).succeeds();
    let address = format!("POST {}/api/data/v9.2/$batch", world.sandbox.address());
    assert_eq!(shown.matches(&address).count(), 3, "{shown}");
    for part in [
        "Content-Type: multipart/mixed; boundary=\"batch_",
        "Prefer: odata.continue-on-error",
        "GET /api/data/v9.2/accounts?$top=1 HTTP/1.1\r\n",
        "{\"name\":\"Never\",\"revenue\":1.10}",
        "PATCH /api/data/v9.2/accounts(accountnumber='NL-0007') HTTP/1.1\r\n",
        "If-Match: *\r\n",
    ] {
        assert!(shown.contains(part), "{part} is not in {shown}");
    }
    assert!(!shown.to_lowercase().contains("bearer"), "{shown}");
    let shown = batch(&world, "--atomic --dry-run -o json", &lines[..1]).succeeds();
    let shown: Value = serde_json::from_str(&shown).unwrap();
    assert!(shown["body"].as_str().unwrap().contains("--changeset_"), "{shown}");
    assert_eq!(batches(&world), 0);
    // Of many requests the first of each kind is shown, and their number.
    let deletions = vec![r#"{"method":"DELETE","path":"accounts(accountnumber='NL-0007')"}"#; 250];
    let many = [&lines[..1], &deletions].concat();
    let outcome = batch(&world, "--size 50 --dry-run", &many);
    assert!(outcome.stderr.contains("251 operations in 6 requests; 1 of them shown, none sent"), "{}", outcome.stderr);
    assert_eq!(outcome.succeeds().matches(&address).count(), 1);
    // What only reads is no change.
    assert!(batch(&world, "--dry-run", &lines[1..2]).succeeds().contains("\"status\":200"));
}

#[test]
fn every_operation_is_done_as_the_user_who_is_named() {
    let world = World::connected();
    let users = "records systemuser list --filter \"isdisabled eq false and fullname ne 'Inès Moreau' and domainname ne null\" \
                 --select systemuserid,domainname --top 1 -o tsv";
    let found = world.run(users).succeeds();
    let (id, sign_in) = found.trim().split_once('\t').unwrap();
    let lines = [
        r#"{"method":"POST","path":"accounts","body":{"name":"Theirs"}}"#.to_owned(),
        format!(
            r#"{{"method":"POST","path":"accounts","body":{{"name":"Own"}},"headers":{{"MSCRMCallerID":"{id}"}}}}"#
        ),
    ];
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    let done = answers(&batch(&world, &format!("--as {sign_in}"), &lines).succeeds());
    for answer in done {
        let account = answer["record_id"].as_str().unwrap();
        let by = world.run(&format!("accounts get {account} --select _createdby_value -o tsv")).succeeds();
        assert_eq!(by.trim(), id);
    }
}

#[test]
fn an_operation_that_asks_for_another_method_by_a_header_is_never_sent() {
    let world = World::connected();
    for header in ["X-HTTP-Method-Override", "x-http-method", "X-Method-Override", "X_HTTP_METHOD_OVERRIDE"] {
        let hidden = format!(r#"{{"method":"GET","path":"WhoAmI","headers":{{"{header}":"DELETE"}}}}"#);
        let said = batch(&world, "", &[&hidden]).fails(2, "dataverse/batch-method-override");
        assert!(said.contains(&format!("line 1: the header {header}")), "{said}");
    }
    world.run("connections set sandbox --read-only true").succeeds();
    let hidden = r#"{"method":"GET","path":"WhoAmI","headers":{"X-HTTP-Method-Override":"DELETE"}}"#;
    batch(&world, "", &[hidden]).fails(5, "dataverse/read-only");
    assert_eq!(batches(&world), 0);
}
