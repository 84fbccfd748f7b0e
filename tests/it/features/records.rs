//! Rows: list, get, create, update, delete, under the nouns and for any table.

use d365conn::sandbox::Fault;

use crate::world::World;

fn json(text: &str) -> serde_json::Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

fn first_account(world: &World) -> String {
    world.run("accounts list --top 1 -o id").succeeds().trim().to_owned()
}

#[test]
fn fifty_rows_are_shown_on_a_terminal_unless_told_otherwise() {
    let world = World::connected();
    let outcome = world.run_on_terminal("accounts list -o id");
    assert!(outcome.stderr.contains("--all"), "{}", outcome.stderr);
    assert_eq!(outcome.succeeds().lines().count(), 50);
    assert_eq!(world.run("accounts list --top 7 -o id").succeeds().lines().count(), 7);
    let all = world.run("accounts list --page-size 30 -o id").succeeds();
    let mut ids: Vec<_> = all.lines().collect();
    assert!(ids.len() >= 190, "{}", ids.len());
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), all.lines().count(), "a row came twice");
}

#[test]
fn a_page_size_beside_a_top_still_gives_as_many_as_asked_for() {
    let world = World::connected();
    assert_eq!(world.run("accounts list --top 25 --page-size 10 -o id").succeeds().lines().count(), 25);
}

#[test]
fn select_filter_and_order_are_the_services_own() {
    let world = World::connected();
    let text = world
        .run(
            "accounts list --select name,revenue --filter \"revenue gt 0\" --order-by \"revenue desc\" --top 3 -o json",
        )
        .succeeds();
    let rows = json(&text);
    let rows = rows.as_array().unwrap();
    assert_eq!(rows.len(), 3);
    for row in rows {
        let keys: Vec<_> = row.as_object().unwrap().keys().cloned().collect();
        assert_eq!(keys, ["name", "revenue"]);
    }
}

#[test]
fn every_digit_of_money_survives_in_every_format() {
    let world = World::connected();
    let line = "accounts list --select revenue --order-by \"revenue desc\" --top 1";
    for format in ["json", "ndjson", "csv", "tsv"] {
        let text = world.run(&format!("{line} -o {format}")).succeeds();
        assert!(text.contains("922337203685477.5807"), "{format}: {text}");
    }
}

#[test]
fn the_count_is_told_on_the_side() {
    let world = World::connected();
    let outcome = world.run("accounts list --top 2 --count -o id");
    assert!(outcome.stderr.contains("2 of "), "{}", outcome.stderr);
    assert_eq!(outcome.succeeds().lines().count(), 2);
}

#[test]
fn an_empty_result_is_no_error() {
    let world = World::connected();
    assert_eq!(world.run("accounts list --filter \"name eq 'no such name'\" -o json").succeeds().trim(), "[]");
    assert_eq!(world.run("accounts list --filter \"name eq 'no such name'\" -o id").succeeds(), "");
}

#[test]
fn a_record_is_created_read_changed_and_deleted() {
    let world = World::connected();
    let id = world.run("accounts create name='Fjord & Co' telephone1='+47 1'").succeeds().trim().to_owned();
    let row = json(&world.run(&format!("accounts get {id} --select name,telephone1 -o json")).succeeds());
    assert_eq!(row, serde_json::json!({"name": "Fjord & Co", "telephone1": "+47 1"}));
    world.run(&format!("accounts update {id} telephone1= --data '{{\"numberofemployees\": 13}}'")).succeeds();
    let row = json(&world.run(&format!("accounts get {id} --select telephone1,numberofemployees -o json")).succeeds());
    assert_eq!(row, serde_json::json!({"telephone1": null, "numberofemployees": 13}));
    world.run(&format!("accounts delete {id}")).succeeds();
    world.run(&format!("accounts get {id}")).fails(3, "0x80040217");
}

#[test]
fn a_record_may_come_as_json_from_a_file_or_stdin() {
    let world = World::connected();
    std::fs::write(world.path("row.json"), r#"{"name":"From a file","revenue":922337203685477.5806}"#).unwrap();
    let id = world
        .run(&format!("accounts create --data '@{}'", world.path("row.json").display()))
        .succeeds()
        .trim()
        .to_owned();
    let text = world.run(&format!("accounts get {id} --select revenue -o json")).succeeds();
    assert!(text.contains("922337203685477.5806"), "{text}");
    world.run_with_stdin("contacts create --data -", r#"{"lastname":"Stdin"}"#).succeeds();
}

#[test]
fn an_update_never_creates() {
    let world = World::connected();
    world.run("accounts update 00000000-0000-4000-8000-000000000001 name=x").fails(3, "0x80040217");
}

#[test]
fn several_deletions_need_a_yes() {
    let world = World::connected().without_terminal();
    let one = world.run("accounts create name=one").succeeds().trim().to_owned();
    let two = world.run("accounts create name=two").succeeds().trim().to_owned();
    let said = world.run(&format!("accounts delete {one} {two}")).fails(2, "output/");
    assert!(said.contains("--yes"), "{said}");
    world.run(&format!("accounts delete {one} {two} --yes")).succeeds();
}

#[test]
fn any_table_can_be_named_in_three_ways() {
    let world = World::connected();
    for name in ["task", "tasks", "Task"] {
        let text = world.run(&format!("records {name} list --top 2 -o json")).succeeds();
        assert_eq!(json(&text).as_array().map(Vec::len), Some(2), "{name}");
    }
    world.run("records nosuchtable list").fails(2, "dataverse/");
}

#[test]
fn a_malformed_id_is_refused_before_any_request() {
    let world = World::connected();
    let before = world.sandbox.requests().len();
    world.run("accounts get 5d0c0001-1111-ef11-8400-000d3ab1c11").fails(2, "dataverse/bad-record-id");
    world.run("accounts update \"x') or (1 eq 1\" name=x").fails(2, "dataverse/bad-record-id");
    assert_eq!(world.sandbox.requests().len(), before);
}

#[test]
fn a_wrong_column_is_told_and_a_wrong_filter_is_the_services_error() {
    let world = World::connected();
    world.run("accounts list --select nosuchcolumn").fails(2, "dataverse/column-not-there");
    world.run("accounts list --filter \"name eq 'open\"").fails(1, "dataverse/");
    world.run("accounts create nosuchcolumn:=1").fails(2, "dataverse/column-not-there");
}

#[test]
fn a_read_only_connection_refuses_every_write() {
    let world = World::new();
    world.run("connect --tenant-url {org} --store file --read-only").succeeds();
    let id = first_account(&world);
    let before = world.sandbox.requests().len();
    world.run("accounts create name=x").fails(5, "dataverse/read-only");
    world.run(&format!("accounts update {id} name=x")).fails(5, "dataverse/read-only");
    world.run(&format!("accounts delete {id}")).fails(5, "dataverse/read-only");
    assert_eq!(world.sandbox.requests().len(), before);
}

#[test]
fn throttling_is_waited_out() {
    let world = World::connected();
    world.sandbox.faults().order_times(Fault::DataverseThrottled { retry_after: 7 }, 2);
    world.run("accounts list --top 1").succeeds();
}

#[test]
fn throttling_beyond_the_limit_ends_busy() {
    let world = World::connected();
    world.sandbox.faults().order(Fault::DataverseThrottled { retry_after: 120 });
    let said = world.run("accounts list --max-wait 1m").fails(8, "net/");
    assert!(said.contains("--max-wait"), "{said}");
}

#[test]
fn a_lost_answer_does_not_make_a_second_record() {
    let world = World::connected();
    world.sandbox.faults().order(Fault::LoseAnswer);
    world.run("accounts create name=Once").succeeds();
    assert_eq!(world.run("accounts list --filter \"name eq 'Once'\" -o id").succeeds().lines().count(), 1);
}

#[test]
fn a_next_link_to_elsewhere_is_refused_and_nothing_goes_there() {
    let thief = World::new();
    let world = World::connected();
    world
        .sandbox
        .faults()
        .order(Fault::NextLinkTo { url: format!("{}/api/data/v9.2/accounts", thief.sandbox.address()) });
    let outcome = world.run("accounts list --all --page-size 10 -o ndjson");
    assert_eq!(outcome.exit, 1, "{}", outcome.stderr);
    assert!(outcome.stderr.contains("net/foreign-link"), "{}", outcome.stderr);
    assert!(thief.sandbox.requests().is_empty());
}

#[test]
fn a_missing_privilege_is_named() {
    let world = World::connected();
    world.sandbox.faults().order(Fault::PrivilegeDenied { name: "prvReadAccount".to_owned() });
    let said = world.run("accounts list").fails(5, "0x80040220");
    assert!(said.contains("prvReadAccount"), "{said}");
}

#[test]
fn a_page_of_html_is_no_dataverse() {
    let world = World::connected();
    world.sandbox.faults().order(Fault::DataverseHtml);
    let outcome = world.run("accounts list");
    assert_eq!(outcome.exit, 6, "{}", outcome.stderr);
}

#[test]
fn whoami_names_user_and_organisation() {
    let world = World::connected();
    let who = json(&world.run("whoami -o json").succeeds());
    assert_eq!(who["user"], "Inès Moreau");
    assert_eq!(who["kind"], "user");
    assert_eq!(who["connection"], "sandbox");
    assert!(who["roles"].as_array().is_some_and(|roles| !roles.is_empty()), "{who}");
}

#[test]
fn a_column_without_a_name_is_refused_before_any_network() {
    let world = World::connected();
    let before = world.sandbox.requests().len();
    for select in ["' '", "name,", "name,,revenue"] {
        world.run(&format!("accounts list --select {select}")).fails(2, "commands/empty-column");
        let get = format!("accounts get 00000000-0000-4000-8000-000000000001 --select {select}");
        world.run(&get).fails(2, "commands/empty-column");
    }
    assert_eq!(world.sandbox.requests().len(), before);
    let row = json(&world.run("accounts list --select ' name , accountnumber,name' --top 1 -o json").succeeds());
    let keys: Vec<_> = row[0].as_object().unwrap().keys().cloned().collect();
    assert_eq!(keys, ["accountnumber", "name"]);
}

#[test]
fn a_record_is_never_written_from_nothing() {
    let world = World::connected();
    let id = first_account(&world);
    let before = world.sandbox.requests().len();
    world.run("accounts create").fails(2, "commands/no-value");
    world.run(&format!("accounts update {id}")).fails(2, "commands/no-value");
    assert_eq!(world.sandbox.requests().len(), before);
    world.run("accounts create --data '{}'").succeeds();
}

#[test]
fn a_known_table_is_shown_alike_by_noun_and_by_name() {
    let world = World::connected();
    let by_noun = world.run("accounts list --top 3 --order-by name -o json").succeeds();
    assert_eq!(world.run("records account list --top 3 --order-by name -o json").succeeds(), by_noun);
    let rows = json(&world.run("records Account list --select primarycontactid --top 1 -o json").succeeds());
    assert!(rows[0].get("_primarycontactid_value").is_some(), "{rows}");
}

#[test]
fn a_record_read_alone_says_nothing_about_the_answer_it_came_in() {
    let world = World::connected();
    let id = first_account(&world);
    let row = json(&world.run(&format!("accounts get {id} -o json")).succeeds());
    assert!(row.get("@odata.context").is_none() && row.get("@odata.etag").is_some(), "{row}");
    assert_eq!(world.run(&format!("accounts get {{{}}} --select name -o id", id.to_uppercase())).succeeds().trim(), id);
}

#[test]
fn cells_that_a_spreadsheet_would_run_are_made_safe_when_asked_for() {
    let world = World::connected();
    world.run("accounts create name=Formula telephone1='+47 1'").succeeds();
    let line = "accounts list --select telephone1 --filter \"name eq 'Formula'\" -o csv";
    let outcome = world.run(line);
    assert!(outcome.stderr.contains("--csv-safe"), "{}", outcome.stderr);
    assert_eq!(outcome.succeeds(), "telephone1\n+47 1\n");
    let outcome = world.run(&format!("{line} --csv-safe"));
    assert_eq!((outcome.stdout.as_str(), outcome.stderr.as_str()), ("telephone1\n'+47 1\n", ""));
}

#[test]
fn the_rest_is_spoken_of_only_when_there_is_one() {
    let world = World::connected();
    let id = first_account(&world);
    let outcome = world.run(&format!("accounts list --filter \"accountid eq {id}\""));
    assert_eq!(outcome.stderr, "");
    outcome.succeeds();
}

#[test]
fn whoami_leaves_out_what_may_not_be_read() {
    let world = World::connected();
    world.sandbox.faults().order(Fault::PrivilegeDenied { name: "prvReadSystemuser".to_owned() });
    let who = json(&world.run("whoami -o json").succeeds());
    assert_eq!((&who["user"], &who["organisation"]), (&serde_json::Value::Null, &"Northlight".into()), "{who}");
    let id = world.run("whoami -o id").succeeds();
    assert_eq!(id.trim(), who["user_id"]);
}
