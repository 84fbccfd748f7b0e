//! Reading beyond the plain list: related records, one's own, counts, the address in the app.

use crate::world::World;

fn json(text: &str) -> serde_json::Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

fn account(world: &World) -> String {
    world.run("accounts list --filter \"accountnumber eq 'NL-0007'\" -o id").succeeds().trim().to_owned()
}

#[test]
fn related_records_come_along() {
    let world = World::connected();
    let line = "accounts list --select name --filter \"accountnumber eq 'NL-0007'\" -o json --expand \
                'primarycontactid($select=fullname),contact_customer_accounts($select=lastname;$top=1)'";
    let rows = json(&world.run(line).succeeds());
    let keys: Vec<_> = rows[0].as_object().unwrap().keys().cloned().collect();
    assert_eq!(keys, ["contact_customer_accounts", "name", "primarycontactid"]);
    assert!(rows[0]["primarycontactid"]["fullname"].is_string());
    assert_eq!(rows[0]["contact_customer_accounts"].as_array().map(Vec::len), Some(1));
    let id = account(&world);
    let one = format!("accounts get {id} --select name --expand 'primarycontactid($select=fullname)' -o json");
    assert_eq!(json(&world.run(&one).succeeds())["primarycontactid"], rows[0]["primarycontactid"]);
    let all = format!("accounts get {id} --expand 'primarycontactid($select=fullname)' -o json");
    assert!(json(&world.run(&all).succeeds()).as_object().is_some_and(|row| row.len() > 100));
}

#[test]
fn a_crooked_expansion_is_refused_before_anything_is_sent() {
    let world = World::connected();
    let id = account(&world);
    let before = world.sandbox.requests().len();
    for line in ["accounts list --expand".to_owned(), format!("accounts get {id} --expand")] {
        let said = world.run(&format!("{line} 'primarycontactid($select=fullname'")).fails(2, "dataverse/bad-expand");
        assert!(said.contains("at character 34"), "{said}");
        world.run(&format!("{line} 'a($skip=1)'")).fails(2, "dataverse/bad-expand");
    }
    assert_eq!(world.sandbox.requests().len(), before);
    world.run("accounts list --expand nothing").fails(1, "dataverse/unknown-column");
}

#[test]
fn mine_are_those_that_i_own() {
    let world = World::connected();
    let mine = world.run("accounts list --mine --all --select _ownerid_value -o tsv").succeeds();
    let me = d365conn::sandbox::INES.user_id.unwrap();
    assert!(mine.lines().count() > 5);
    assert!(mine.lines().all(|owner| owner == me), "{mine}");
    let some = world.run("accounts list --mine --filter \"revenue gt 0 or revenue le 0\" --all -o id").succeeds();
    let all = world.run("accounts list --mine --all -o id").succeeds();
    assert!(some.lines().count() <= all.lines().count());
    assert!(some.lines().all(|id| all.contains(id)), "the or stays inside its parentheses");
}

#[test]
fn records_are_counted() {
    let world = World::connected();
    assert_eq!(world.run("accounts count").succeeds(), "200\n");
    assert_eq!(world.run("accounts count --filter \"accountnumber eq 'NL-0007'\"").succeeds(), "1\n");
    assert_eq!(world.run("records contact count -o json").succeeds(), "{\"table\":\"contact\",\"count\":500}\n");
    assert_eq!(world.run("contacts count --jq .count").succeeds(), "500\n");
    world.run("accounts count --filter \"nme eq 'x'\"").fails(1, "dataverse/unknown-column");
}

#[test]
fn a_records_address_in_the_app_is_printed_without_a_request() {
    let world = World::connected();
    let id = account(&world);
    let before = world.sandbox.requests().len();
    let url = format!("{}/main.aspx?pagetype=entityrecord&etn=account&id={id}", world.sandbox.address());
    assert_eq!(world.run(&format!("accounts open {id}")).succeeds(), format!("{url}\n"));
    assert_eq!(json(&world.run(&format!("accounts open {id} -o json")).succeeds())["url"], url.as_str());
    world.run(&format!("accounts open {id}0")).fails(2, "dataverse/bad-record-id");
    assert_eq!(world.sandbox.requests().len(), before);
    let world = world.without_terminal();
    world.run(&format!("accounts open {id} --browser")).fails(2, "commands/nobody-at-the-app");
}

#[test]
fn the_browser_opens_the_record() {
    let mut world = World::connected();
    let id = account(&world);
    let seen = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let hand = std::sync::Arc::clone(&seen);
    world.seat_alone(move |url: &str| hand.lock().unwrap().push(url.to_owned()));
    world.run(&format!("accounts open {id} --browser")).succeeds();
    let opened = seen.lock().unwrap().join(" ");
    assert!(opened.ends_with(&format!("etn=account&id={id}")), "{opened}");
}
