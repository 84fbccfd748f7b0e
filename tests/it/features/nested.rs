//! Records made inside another one: all of them or none, each judged by its own table, never twice.

use d365conn::sandbox::Fault;

use crate::world::World;

fn json(text: &str) -> serde_json::Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

fn changes(world: &World) -> usize {
    world.sandbox.requests().iter().filter(|seen| seen.method != "GET" && seen.path.contains("/api/")).count()
}

#[test]
fn an_account_is_made_with_its_people_its_business_and_what_is_to_be_done() {
    let world = World::connected();
    let data = r#"{"name":"Fjord & Co","revenue":922337203685477.5806,
        "primarycontactid":{"firstname":"Ingrid","lastname":"Lund"},
        "contact_customer_accounts":[{"lastname":"Berg"},{"lastname":"Dahl"}],
        "opportunity_customer_accounts":[{"name":"Ferry","Opportunity_Tasks":[{"subject":"Call"}]}]}"#;
    std::fs::write(world.path("account.json"), data).unwrap();
    let file = world.path("account.json");
    let id = world.run(&format!("accounts create --data '@{}'", file.display())).succeeds();
    let id = id.trim();
    let account = json(
        &world
            .run(&format!(
                "accounts get {id} --select name,revenue \
                 --expand 'primarycontactid($select=fullname),contact_customer_accounts($select=lastname)' -o json"
            ))
            .succeeds(),
    );
    assert_eq!(account["primarycontactid"]["fullname"], "Ingrid Lund");
    assert_eq!(account["contact_customer_accounts"].as_array().map(Vec::len), Some(2));
    let tasks =
        world.run("records task list --filter \"regardingobjectid_opportunity_task/name eq 'Ferry'\" -o id").succeeds();
    assert_eq!(tasks.lines().count(), 1);
    assert_eq!(changes(&world), 1, "one request makes them all");
}

#[test]
fn what_is_wrong_inside_is_told_before_anything_is_sent() {
    let world = World::connected();
    let before = changes(&world);
    for (data, code, says) in [
        (
            r#"{"name":"x","primarycontactid":{"lastnam":"y"}}"#,
            "dataverse/column-not-there",
            "contact has no column `lastnam`",
        ),
        (
            r#"{"name":"x","contact_customer_accounts":[{"lastname":"y"},{"lastname":"y","fullname":"z"}]}"#,
            "dataverse/read-only-column",
            "fullname of contact",
        ),
        (
            r#"{"name":"x","opportunity_customer_accounts":[{"name":"y","Opportunity_Tasks":[{"subjct":"z"}]}]}"#,
            "dataverse/column-not-there",
            "`subject`",
        ),
        (
            r#"{"name":"x","primarycontactid":{"lastname":"y","lastname":"z"}}"#,
            "dataverse/column-twice",
            "primarycontactid.lastname",
        ),
    ] {
        let said = world.run(&format!("accounts create --data '{data}'")).fails(2, code);
        assert!(said.contains(says), "{said}");
    }
    assert_eq!(changes(&world), before);
}

#[test]
fn a_change_takes_no_records_inside_it() {
    let world = World::connected();
    let id = world.run("accounts create name=x").succeeds();
    let before = changes(&world);
    for data in [r#"{"primarycontactid":{"lastname":"y"}}"#, r#"{"contact_customer_accounts":[{"lastname":"y"}]}"#] {
        let said =
            world.run(&format!("accounts update {} --data '{data}'", id.trim())).fails(2, "dataverse/nested-in-change");
        assert!(said.contains("d365conn records account link"), "{said}");
    }
    assert_eq!(changes(&world), before);
}

#[test]
fn one_that_the_service_refuses_takes_the_others_with_it() {
    let world = World::connected();
    let data = r#"{"name":"Whole or not","contact_customer_accounts":[{"lastname":"Berg","birthdate":"1700-01-01"}]}"#;
    world.run(&format!("accounts create --data '{data}'")).fails(1, "dataverse/");
    assert_eq!(world.run("accounts list --filter \"name eq 'Whole or not'\" -o id").succeeds(), "");
}

#[test]
fn a_lost_answer_makes_none_of_them_twice() {
    let world = World::connected();
    world.sandbox.faults().order(Fault::LoseAnswer);
    let data = r#"{"name":"Once","contact_customer_accounts":[{"lastname":"Onlyone"}]}"#;
    world.run(&format!("accounts create --data '{data}'")).succeeds();
    assert_eq!(world.run("accounts list --filter \"name eq 'Once'\" -o id").succeeds().lines().count(), 1);
    assert_eq!(world.run("contacts list --filter \"lastname eq 'Onlyone'\" -o id").succeeds().lines().count(), 1);
}
