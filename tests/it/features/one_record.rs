//! What every verb on one record has in common: the ways to name it, `--dry-run`, `--as`.

use d365conn::sandbox::INES;

use crate::world::World;

/// A verb with everything it needs; `RECORD` stands for the record.
const VERBS: [(&str, &str, &str); 14] = [
    ("accounts", "accounts update RECORD telephone1=1", "PATCH"),
    ("accounts", "accounts deactivate RECORD", "PATCH"),
    ("accounts", "accounts assign RECORD --to 'team:Nordic Sales'", "PATCH"),
    ("accounts", "accounts add-note RECORD --text Hello", "POST"),
    ("accounts", "accounts link RECORD primarycontactid contact:CONTACT", "PUT"),
    ("accounts", "accounts unlink RECORD primarycontactid", "DELETE"),
    ("accounts", "accounts merge RECORD OTHER --yes", "POST"),
    ("leads", "leads qualify RECORD", "POST"),
    ("leads", "leads disqualify RECORD", "PATCH"),
    ("opportunities", "opportunities win RECORD", "POST"),
    ("opportunities", "opportunities lose RECORD", "POST"),
    ("incidents", "incidents resolve RECORD --subject x", "POST"),
    ("incidents", "incidents cancel RECORD", "PATCH"),
    ("accounts", "accounts delete RECORD", "DELETE"),
];

fn open(world: &World, noun: &str) -> Vec<String> {
    let line = format!("{noun} list --filter \"statecode eq 0\" --top 2 -o id");
    world.run(&line).succeeds().lines().map(str::to_owned).collect()
}

/// The column of the name, with a value that no other record has.
fn named(world: &World, noun: &str, id: &str) -> String {
    let (column, value) = match noun {
        "leads" => ("subject", "Only this one"),
        "incidents" => ("title", "Only this one"),
        _ => ("name", "Only this one"),
    };
    world.run(&format!("{noun} update {id} \"{column}={value}\"")).succeeds();
    format!("--key \"{column}={value}\"")
}

fn changes(world: &World) -> usize {
    let requests = world.sandbox.requests();
    requests.iter().filter(|seen| seen.method != "GET" && seen.path.contains("/api/")).count()
}

#[test]
fn every_verb_takes_a_key_in_the_place_of_the_id_and_shows_what_it_would_send() {
    for (noun, line, method) in VERBS {
        let world = World::connected();
        let ids = open(&world, noun);
        let contact = open(&world, "contacts").remove(0);
        let filled =
            |record: &str| line.replace("RECORD", record).replace("CONTACT", &contact).replace("OTHER", &ids[1]);
        let key = named(&world, noun, &ids[0]);
        let before = changes(&world);
        let by_id = world.run(&format!("{} --dry-run", filled(&ids[0]))).succeeds();
        let by_key = world.run(&format!("{} --dry-run", filled(&key))).succeeds();
        assert_eq!(changes(&world), before, "{line}");
        assert!(by_id.starts_with(&format!("{method} {}/api/data/v9.2/", world.sandbox.address())), "{line}: {by_id}");
        assert!(by_id.contains(&ids[0]) && by_id.contains("OData-Version: 4.0"), "{line}: {by_id}");
        assert!(!by_id.to_lowercase().contains("bearer"), "{line}: {by_id}");
        if !line.contains("add-note") {
            assert_eq!(by_id, by_key, "{line}");
        }
        world.run(&filled(&key)).succeeds();
        assert_eq!(changes(&world), before + 1, "{line}");
        let sent = world.sandbox.requests().len();
        world.run(&filled("'Only this one'")).fails(2, "dataverse/bad-record-id");
        // What a variable that is not set leaves in the place of the id.
        let said = world.run(&filled("name=x")).fails(2, "commands/which-record");
        assert!(said.contains("`--key \"name=x\"`") && said.contains("`ID \"name=x\"`"), "{line}: {said}");
        world.run(&filled("''")).fails(2, "commands/empty-argument");
        world.run(&format!("{} --key name=x", filled(&ids[0]))).fails(2, "");
        assert_eq!(world.sandbox.requests().len(), sent, "{line}");
    }
}

#[test]
fn every_verb_is_done_in_the_name_of_another_user() {
    for (noun, line, _) in VERBS {
        let world = World::connected();
        let ids = open(&world, noun);
        let contact = open(&world, "contacts").remove(0);
        let line = line.replace("RECORD", &ids[0]).replace("CONTACT", &contact).replace("OTHER", &ids[1]);
        let shown = world.run(&format!("{line} --as {} --dry-run", INES.user_name)).succeeds();
        assert!(shown.contains(&format!("CallerObjectId: {}", INES.object_id)), "{line}: {shown}");
    }
}

#[test]
fn a_deletion_by_condition_shows_the_number_and_the_first_request_and_asks_nothing() {
    let world = World::connected().without_terminal();
    let before = changes(&world);
    let outcome = world.run("contacts delete --filter \"contactid ne null\" --dry-run");
    assert_eq!(outcome.stderr, "500 contact records would be deleted, in 5 requests; the first is shown\n");
    let shown = outcome.succeeds();
    assert_eq!(shown.matches("\nDELETE ").count(), 100, "{shown}");
    assert_eq!(shown.matches("POST ").count(), 1, "{shown}");
    assert_eq!(changes(&world), before);
}

#[test]
fn an_action_shows_what_it_would_send() {
    let world = World::connected();
    let before = changes(&world);
    let case = open(&world, "incidents").remove(0);
    let shown = world.run(&format!("action run nl_Escalate --on incident {case} Reason=x --dry-run")).succeeds();
    assert!(
        shown.starts_with("POST ") && shown.contains("nl_Escalate") && shown.contains("\"Reason\":\"x\""),
        "{shown}"
    );
    assert_eq!(changes(&world), before);
}

#[test]
fn the_address_of_a_record_is_had_by_its_name_too() {
    let world = World::connected();
    let id = world.run("accounts create name='Fjord & Co'").succeeds();
    let by_id = world.run(&format!("accounts open {id}")).succeeds();
    assert_eq!(world.run("accounts open 'Fjord & Co'").succeeds(), by_id);
    assert_eq!(world.run("accounts open name='Fjord & Co'").succeeds(), by_id);
}

#[test]
fn the_other_end_of_a_tie_is_named_as_in_a_lookup() {
    let world = World::connected();
    let account = open(&world, "accounts").remove(0);
    let contact = world.run("contacts create firstname=Ada lastname=Zwiebelfisch").succeeds();
    for other in ["'Ada Zwiebelfisch'", "contact:'Ada Zwiebelfisch'", "contact@lastname=Zwiebelfisch"] {
        world.run(&format!("accounts link {account} primarycontactid {other}")).succeeds();
        let row = world.run(&format!("accounts get {account} --jq ._primarycontactid_value")).succeeds();
        assert_eq!(row, contact, "{other}");
        world.run(&format!("accounts unlink {account} primarycontactid")).succeeds();
    }
    world.run(&format!("accounts link {account} primarycontactid 'Nobody: Here'")).fails(3, "dataverse/nothing-found");
}

#[test]
fn an_activity_is_given_away_through_its_own_navigation_property() {
    let world = World::connected();
    let task = world.run("records task create subject=Call").succeeds();
    let shown =
        world.run(&format!("records task assign {} --to 'team:Nordic Sales' --dry-run", task.trim())).succeeds();
    assert!(shown.contains("\"ownerid_task@odata.bind\":\"/teams("), "{shown}");
    world.run(&format!("records task assign {} --to 'team:Nordic Sales'", task.trim())).succeeds();
}
