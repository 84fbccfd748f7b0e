//! `action`: which actions and functions there are, what they take, and running them.

use d365conn::sandbox::Fault;
use serde_json::{Value, json};

use crate::world::World;

fn parsed(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

fn open(world: &World, noun: &str) -> String {
    world.run(&format!("{noun} list --filter \"statecode eq 0\" --top 1 -o id")).succeeds().trim().to_owned()
}

fn metadata_requests(world: &World) -> usize {
    world.sandbox.requests().iter().filter(|seen| seen.path.ends_with("/$metadata")).count()
}

#[test]
fn actions_and_functions_are_listed_built_in_and_custom() {
    let world = World::connected();
    let all = world.run("action list -o id").succeeds();
    assert!(
        ["QualifyLead", "WhoAmI", "nl_PlanVisit"].iter().all(|name| all.lines().any(|line| line == *name)),
        "{all}"
    );
    let custom = parsed(&world.run("action list --custom -o json").succeeds());
    let names: Vec<&str> = custom.as_array().unwrap().iter().map(|it| it["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["nl_Escalate", "nl_OldestOpen", "nl_OpenValue", "nl_PlanVisit", "nl_WorkingDays"]);
    assert_eq!(custom[0]["parameters"], "Reason [Priority]");
    let bound = world.run("action list --bound-to cases -o tsv");
    assert_eq!(bound.exit, 2, "a table has no such name");
    let bound = world.run("action list --bound-to incidents -o id").succeeds();
    assert_eq!(bound, "nl_Escalate\nnl_OldestOpen\n");
    assert_eq!(metadata_requests(&world), 1, "it is kept for the next run");
}

#[test]
fn what_an_action_takes_and_gives_is_shown() {
    let world = World::connected();
    let it = parsed(&world.run("action show nl_planvisit -o json").succeeds());
    assert_eq!((&it["name"], &it["kind"]), (&"nl_PlanVisit".into(), &"action".into()));
    assert_eq!(
        it["parameters"][0],
        json!({"name": "Customer", "type": "crmbaseentity", "required": true, "values": []})
    );
    assert_eq!(it["members"][1], json!({"name": "Summary", "type": "Edm.String"}));
    let page = world.run("action show Microsoft.Dynamics.CRM.QualifyLead -o table").succeeds();
    assert!(page.contains("action, on lead record") && page.contains("CreateAccount"), "{page}");
    assert!(page.contains("run:  d365conn action run QualifyLead --on lead ID CreateAccount=true"), "{page}");
    let said = world.run("action show QualifyLeed").fails(2, "dataverse/unknown-action");
    assert!(said.contains("`QualifyLead`"), "{said}");
}

#[test]
fn functions_are_asked_and_actions_are_done_on_what_they_are_bound_to() {
    let world = World::connected();
    let who = parsed(&world.run("action run whoami -o json").succeeds());
    assert_eq!(who["UserId"], "6d2ef3c1-9f6e-4e11-8179-000d3a000002");
    let days = world.run("action run nl_WorkingDays From=2026-03-02 until=2026-03-08 -o tsv").succeeds();
    assert_eq!(days, "5\n");
    let case = open(&world, "incidents");
    let note =
        world.run(&format!("action run nl_Escalate --on incident {case} Reason='It \"leaks\"' Priority=2 -o json"));
    let note = parsed(&note.succeeds())["NoteId"].as_str().unwrap().to_owned();
    let note = parsed(&world.run(&format!("records annotation get {note} -o json")).succeeds());
    assert_eq!(note["notetext"], "It \"leaks\"");
    let oldest = world.run("action run nl_OldestOpen --on incidents Count=2 -o ndjson").succeeds();
    assert_eq!(oldest.lines().count(), 2);
    assert!(parsed(oldest.lines().next().unwrap())["incidentid"].is_string(), "{oldest}");
    let account = open(&world, "accounts");
    let total = world.run(&format!("action run nl_OpenValue --on account {account} -o json")).succeeds();
    assert!(parsed(&total)["Opportunities"].is_u64() && total.contains("\"Total\":"), "{total}");
}

#[test]
fn records_and_lists_are_parameters_too() {
    let world = World::connected();
    let account = open(&world, "accounts");
    let line = format!("action run nl_PlanVisit Customer=account:{account} When=2026-12-01T09:00:00+01:00");
    let planned = parsed(&world.run(&format!("{line} Topics:='[\"ice\",\"O\\u0027Neil\"]' -o json")).succeeds());
    assert_eq!(planned["Summary"], "Visit: ice, O'Neil (60 min)");
    let id = planned["AppointmentId"].as_str().unwrap();
    let visit = parsed(&world.run(&format!("records appointment get {id} -o json")).succeeds());
    assert_eq!(
        (&visit["scheduledstart"], &visit["_regardingobjectid_value"]),
        (&"2026-12-01T08:00:00Z".into(), &account.as_str().into())
    );
    let user = "6d2ef3c1-9f6e-4e11-8179-000d3a000002";
    let team = world.run("records team list --filter \"name eq 'Service Desk'\" -o id").succeeds();
    let members = format!("action run AddMembersTeam --on team {} Members={user}", team.trim());
    assert_eq!(world.run(&members).succeeds(), "");
    let data = format!(
        r#"{{"Customer":{{"accountid":"{account}","@odata.type":"Microsoft.Dynamics.CRM.account"}},"When":"2026-12-01T09:00:00Z"}}"#
    );
    world.run_with_stdin("action run nl_PlanVisit Minutes=30 --data -", &data).succeeds();
}

#[test]
fn records_are_named_for_an_action_as_anywhere_else() {
    let world = World::connected();
    world.run("accounts create name='Fjord: Sons' accountnumber=FJ-1").succeeds();
    let by_id = world.run("accounts get accountnumber=FJ-1 -o id").succeeds();
    let expected = world.run(&format!("action run nl_OpenValue --on account {}", by_id.trim())).succeeds();
    for on in ["account@accountnumber=FJ-1", &format!("account:{}", by_id.trim())] {
        assert_eq!(world.run(&format!("action run nl_OpenValue --on {on}")).succeeds(), expected, "{on}");
    }
    for customer in ["account@accountnumber=FJ-1", "account:\"Fjord: Sons\""] {
        let line = format!("action run nl_PlanVisit 'Customer={customer}' When=2026-12-01T09:00:00Z --dry-run");
        let shown = world.run(&line).succeeds();
        assert!(shown.contains(by_id.trim()), "{customer}: {shown}");
    }
    world.run("action run nl_OpenValue --on account:Nobody").fails(2, "dataverse/bad-record-id");
    let line = "action run nl_PlanVisit Customer=account:Nobody When=2026-12-01T09:00:00Z";
    world.run(line).fails(3, "dataverse/nothing-found");
}

#[test]
fn what_does_not_fit_is_refused_with_what_would() {
    let world = World::connected();
    let id = open(&world, "incidents");
    world.run("action list -o id").succeeds();
    let before = world.sandbox.requests().len();
    for (line, code, hint) in [
        (format!("action run nl_Escalate --on incident {id}"), "dataverse/missing-parameter", "Reason, [Priority]"),
        (
            format!("action run nl_Escalate --on incident {id} Reason=x Colour=red"),
            "dataverse/unknown-parameter",
            "Reason, [Priority]",
        ),
        (
            format!("action run nl_Escalate --on incident {id} Reason=x Priority=high"),
            "dataverse/bad-parameter",
            "a whole number",
        ),
        (format!("action run nl_Escalate --on incident {id} Reason=x reason=y"), "dataverse/parameter-twice", "Reason"),
        (format!("action run nl_Escalate --on incident {id} Reason"), "dataverse/", "Reason"),
        (format!("action run nl_Escalate --on account {id} Reason=x"), "dataverse/bound-action", "--on incident ID"),
        ("action run nl_Escalate Reason=x".to_owned(), "dataverse/bound-action", "--on incident ID"),
        ("action run nl_OldestOpen".to_owned(), "dataverse/bound-action", "--on incident`"),
        (format!("action run WhoAmI --on incident {id}"), "dataverse/unbound-action", "without `--on`"),
        (
            "action run nl_WorkingDays From=yesterday Until=2026-03-08".to_owned(),
            "dataverse/bad-parameter",
            "2026-03-31",
        ),
        ("action run nl_WorkingDay".to_owned(), "dataverse/unknown-action", "`nl_WorkingDays`"),
        ("action run nl_Escalate --on incident x Reason=y".to_owned(), "dataverse/", "id"),
    ] {
        let said = world.run(&line).fails(2, code);
        assert!(said.contains(hint), "{line}: {said}");
    }
    let asked = world.sandbox.requests().len() - before;
    assert!(asked <= 1, "at most the list of tables was asked for, not {asked} requests");
    assert!(
        world
            .run(&format!("action run nl_Escalate --on incident {id} Reason=' '"))
            .fails(1, "0x80040265")
            .contains("Northlight")
    );
}

#[test]
fn a_read_only_connection_asks_functions_and_refuses_actions() {
    let world = World::new();
    world.run("connect --tenant-url {org} --store file --read-only").succeeds();
    world.run("action run WhoAmI").succeeds();
    let id = open(&world, "incidents");
    let said = world.run(&format!("action run nl_Escalate --on incident {id} Reason=x"));
    said.fails(5, "dataverse/read-only");
}

#[test]
fn an_action_whose_answer_was_lost_is_not_run_again() {
    let world = World::connected();
    let id = open(&world, "incidents");
    world.sandbox.faults().order(Fault::LoseAnswer);
    let line = format!("action run nl_Escalate --on incident {id} Reason=Once");
    world.run(&line).fails(6, "dataverse/outcome-unknown");
    let notes = world
        .run(&format!("records annotation list --filter \"_objectid_value eq {id} and notetext eq 'Once'\" -o id"));
    assert_eq!(notes.succeeds().lines().count(), 1);
}
