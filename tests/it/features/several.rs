//! Deleting by a condition, and notes with files: what is counted, what is asked, what each record's verdict is.

use d365conn::sandbox::Fault;
use serde_json::Value;

use crate::world::World;

fn made(world: &World, name: &str, count: usize) -> Vec<String> {
    (0..count).map(|_| world.run(&format!("accounts create name={name}")).succeeds().trim().to_owned()).collect()
}

fn left(world: &World, name: &str) -> usize {
    world.run(&format!("accounts list --all --filter \"name eq '{name}'\" -o id")).succeeds().lines().count()
}

#[test]
fn what_matches_is_counted_before_anything_is_deleted() {
    let world = World::connected().without_terminal();
    made(&world, "Doomed", 3);
    let line = "accounts delete --filter \"name eq 'Doomed'\"";
    let said = world.run(&format!("{line} --expect-count 2 --yes")).fails(7, "commands/count-differs");
    assert!(said.contains("3 records match, and 2 were expected") && said.contains("--expect-count 3"), "{said}");
    world.run(&format!("{line} --expect-count 3")).fails(2, "output/");
    assert_eq!(left(&world, "Doomed"), 3);
    let told = world.run(&format!("{line} --expect-count 3 --yes -o json")).succeeds();
    let rows: Vec<Value> = told.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((rows.len(), &rows[0]["table"]), (3, &"account".into()));
    assert_eq!(left(&world, "Doomed"), 0);
    let batches = world.sandbox.requests().iter().filter(|request| request.path.ends_with("$batch")).count();
    assert_eq!(batches, 1);
    world.run(&format!("{line} --yes")).succeeds();
}

#[test]
fn an_empty_condition_and_ids_beside_one_are_refused() {
    let world = World::connected();
    let before = world.sandbox.requests().len();
    world.run("accounts delete --filter ' ' --yes").fails(2, "commands/empty-filter");
    assert_eq!(world.run("accounts delete 00000000-0000-4000-8000-000000000001 --filter x").exit, 2);
    assert_eq!(world.run("accounts delete 00000000-0000-4000-8000-000000000001 --expect-count 1").exit, 2);
    assert_eq!(world.run("accounts delete").exit, 2);
    world.run("connections set sandbox --read-only true").succeeds();
    world.run("accounts delete --filter 'revenue gt 0' --yes").fails(5, "dataverse/read-only");
    assert_eq!(world.sandbox.requests().len(), before);
}

#[test]
fn records_that_stay_are_told_one_by_one() {
    let world = World::connected();
    let outcome = world.run("records businessunit delete --filter \"name ne 'x'\" --yes -o json");
    assert_eq!(outcome.exit, 9, "{}", outcome.stderr);
    let row: Value = serde_json::from_str(outcome.stdout.lines().next().unwrap()).unwrap();
    assert_eq!(row["error"]["service_code"], "0x80040800");
    assert!(outcome.stderr.contains("were not deleted"), "{}", outcome.stderr);
}

#[test]
fn a_lost_answer_is_asked_for_again_and_deletes_nothing_else() {
    let world = World::connected();
    made(&world, "Twice", 2);
    world.sandbox.faults().order(Fault::LoseAnswer);
    world.run("accounts delete --filter \"name eq 'Twice'\" --expect-count 2 --yes").succeeds();
    assert_eq!(left(&world, "Twice"), 0);
}

#[test]
fn a_note_is_written_on_a_record_with_its_file() {
    let world = World::connected();
    let account = made(&world, "Noted", 1).remove(0);
    std::fs::write(world.path("contract.pdf"), b"%PDF-1.7 \xff\x00").unwrap();
    let file = world.path("contract.pdf").display().to_string();
    let note = world
        .run(&format!("accounts add-note {account} --subject Contract --text 'See file' --file {file}"))
        .succeeds()
        .trim()
        .to_owned();
    let row = world.run(&format!("records annotation get {note} -o json")).succeeds();
    let row: Value = serde_json::from_str(&row).unwrap();
    for (column, value) in [
        ("subject", "Contract"),
        ("notetext", "See file"),
        ("filename", "contract.pdf"),
        ("mimetype", "application/pdf"),
        ("documentbody", "JVBERi0xLjcg/wA="),
        ("_objectid_value", account.as_str()),
    ] {
        assert_eq!(row[column], value, "{row}");
    }
    assert_eq!((&row["isdocument"], &row["filesize"]), (&true.into(), &11.into()));
}

#[test]
fn a_note_that_cannot_be_is_refused() {
    let world = World::connected();
    let account = made(&world, "Noted", 1).remove(0);
    assert_eq!(world.run(&format!("accounts add-note {account}")).exit, 2);
    world.run("accounts add-note x --text y").fails(2, "dataverse/");
    world.run(&format!("accounts add-note {account} --file no-such-file")).fails(2, "paths/file-missing");
    std::fs::write(world.path("tool.exe"), b"MZ").unwrap();
    let tool = world.path("tool.exe").display().to_string();
    world.run(&format!("accounts add-note {account} --file {tool}")).fails(1, "0x80043E09");
    std::fs::write(world.path("big.bin"), vec![7_u8; 5_242_881]).unwrap();
    let big = world.path("big.bin").display().to_string();
    world.run(&format!("accounts add-note {account} --file {big}")).fails(2, "dataverse/file-too-large");
}

#[test]
fn ids_from_a_pipe_are_deleted_after_a_yes_or_where_their_number_was_foreseen() {
    let world = World::connected().without_terminal();
    let make = |count: usize| -> String {
        let one = |nth| world.run(&format!("tasks create subject=Piped{nth}")).succeeds();
        (0..count).map(one).collect()
    };
    let left = || world.run("tasks count --filter \"startswith(subject,'Piped')\"").succeeds().trim().to_owned();
    let three = make(3);
    world.run_with_stdin("tasks delete -", &three).fails(2, "output/");
    let said = world.run_with_stdin("tasks delete - --expect-count 2", &three).fails(7, "commands/ids-differ");
    assert!(said.contains("3 different ids were given") && said.contains("--expect-count 3"), "{said}");
    world.run_with_stdin("tasks delete - --yes", &format!("{three}no-id\n")).fails(2, "dataverse/bad-record-id");
    assert_eq!(left(), "3");
    let twice = format!("{three}\r\n  \n{three}");
    let gone = world.run_with_stdin("tasks delete - --expect-count 3", &twice);
    for id in three.lines() {
        assert!(gone.stderr.contains(&format!("deleted task {id}")), "{}", gone.stderr);
    }
    gone.succeeds();
    assert_eq!(left(), "0");
    // Those that are gone already are no success.
    assert_eq!(world.run_with_stdin("tasks delete - --yes", &three).exit, 9);
    world.run_with_stdin("tasks delete -", &make(1)).succeeds();
    let nothing = world.run_with_stdin("tasks delete - --yes", "");
    assert!(nothing.stderr.contains("no ids came on stdin"), "{}", nothing.stderr);
    nothing.succeeds();
    world.run_with_stdin("tasks delete - --yes", &make(101)).succeeds();
    assert_eq!(left(), "0");
}
