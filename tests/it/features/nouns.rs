//! The nouns of the CRM: every one of them works, and its columns go by the names people use.

use d365conn::commands::records::NOUNS;
use serde_json::Value;

use crate::world::World;

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

fn first(world: &World, noun: &str, filter: &str) -> String {
    world.run(&format!("{noun} list --filter \"{filter}\" --top 1 -o id")).succeeds().trim().to_owned()
}

/// The paths of the requests that a command line sends, metadata apart and told by a star.
fn asked(world: &World, line: &str) -> Vec<String> {
    let before = world.sandbox.requests().len();
    world.run(line).succeeds();
    let requests = world.sandbox.requests().into_iter().skip(before).map(|seen| seen.path);
    let below = requests.filter_map(|path| path.strip_prefix("/api/data/v9.2/").map(str::to_owned));
    below.map(|path| if path.starts_with("EntityDefinitions") { "*".to_owned() } else { path }).collect()
}

#[test]
fn every_noun_lists_reads_counts_and_opens() {
    let world = World::connected();
    for noun in NOUNS {
        let name = noun.word;
        let rows = json(&world.run(&format!("{name} list --top 2 -o json")).succeeds());
        let row = rows.as_array().unwrap().first().unwrap_or_else(|| panic!("{name} has no rows")).as_object().unwrap();
        for column in noun.columns.iter().chain([&noun.id_column]) {
            assert!(row.contains_key(*column), "{name}: {column}");
        }
        let id = row[noun.id_column].as_str().unwrap();
        let one = json(&world.run(&format!("{name} get {id} -o json")).succeeds());
        assert_eq!(one[noun.id_column], id, "{name}");
        assert!(one[noun.name_column].is_string(), "{name}");
        let count: u64 = world.run(&format!("{name} count")).succeeds().trim().parse().unwrap();
        let all = world.run(&format!("{name} list --all -o id")).succeeds();
        assert_eq!(all.lines().count() as u64, count, "{name}");
        let url = world.run(&format!("{name} open {id}")).succeeds();
        assert!(url.contains(&format!("etn={}&id={id}", noun.table)), "{url}");
        let table = world.run(&format!("{name} list --top 3 -o table")).succeeds();
        assert!(table.lines().count() >= 2, "{table}");
        assert_eq!(asked(&world, &format!("{name} list --top 1")).len(), 1, "{name}");
    }
}

#[test]
fn what_a_noun_calls_its_table_is_what_the_metadata_says() {
    let world = World::connected();
    for noun in NOUNS {
        let table = json(&world.run(&format!("tables show {} -o json", noun.table)).succeeds()).to_string();
        for name in [noun.entity_set, noun.id_column, noun.name_column] {
            assert!(table.contains(&format!("\"{name}\"")), "{name}: {table}");
        }
    }
}

#[test]
fn records_of_the_daily_nouns_are_made_changed_and_deleted() {
    let world = World::connected();
    let account = first(&world, "accounts", "statecode eq 0");
    for (noun, words, column) in [
        (
            "tasks",
            format!("subject=Call regardingobjectid=account:{account} scheduledend=2026-12-01T10:00:00Z"),
            "subject",
        ),
        ("phonecalls", format!("subject=Call regardingobjectid=account:{account} phonenumber=\"+45 55\""), "subject"),
        (
            "appointments",
            "subject=Visit scheduledstart=2026-12-01T10:00:00Z scheduledend=2026-12-01T11:00:00Z".into(),
            "subject",
        ),
        ("emails", "subject=Hello description=\"<p>Hello</p>\"".into(), "subject"),
        ("notes", format!("subject=Said notetext=\"On Monday\" objectid=account:{account}"), "subject"),
        ("teams", "name=Fjord businessunitid=Northlight".into(), "name"),
        (
            "users",
            "firstname=Eva lastname=Lund domainname=eva@northlight.example businessunitid=Northlight".into(),
            "title",
        ),
    ] {
        let id = world.run(&format!("{noun} create {words}")).succeeds().trim().to_owned();
        world.run(&format!("{noun} update {id} {column}=Changed")).succeeds();
        let row = json(&world.run(&format!("{noun} get {id} -o json")).succeeds());
        assert_eq!(row[column], "Changed", "{noun}");
        if noun == "users" {
            let said = world.run(&format!("users delete {id}")).fails(1, "dataverse/user-stays");
            assert!(said.contains("isdisabled=yes"), "{said}");
            world.run(&format!("users update {id} isdisabled=yes")).succeeds();
        }
        world.run(&format!("{noun} delete {id}")).succeeds();
        world.run(&format!("{noun} get {id}")).fails(3, "dataverse/record-missing");
    }
}

#[test]
fn activities_are_completed_cancelled_and_reopened() {
    let world = World::connected();
    for (noun, open, reopened) in [
        ("tasks", "statecode eq 0", (0, 2)),
        ("phonecalls", "statecode eq 0", (0, 1)),
        ("appointments", "statecode eq 3", (3, 5)),
        ("emails", "statecode eq 0", (0, 1)),
    ] {
        let id = first(&world, noun, open);
        let states = |world: &World| {
            let row = json(&world.run(&format!("{noun} get {id} --select statecode,statuscode -o json")).succeeds());
            (row["statecode"].as_i64().unwrap(), row["statuscode"].as_i64().unwrap())
        };
        world.run(&format!("{noun} complete {id}")).succeeds();
        assert_eq!(states(&world).0, 1, "{noun}");
        world.run(&format!("{noun} reopen {id}")).succeeds();
        assert_eq!(states(&world), reopened, "{noun}");
        world.run(&format!("{noun} cancel {id}")).succeeds();
        assert_eq!(states(&world).0, 2, "{noun}");
    }
    let call = first(&world, "phonecalls", "statecode eq 0");
    world.run(&format!("phonecalls complete {call} --reason received")).succeeds();
    let said = world.run(&format!("phonecalls cancel {call} --reason Bored")).fails(2, "dataverse/unknown-reason");
    assert!(said.contains("Canceled (3)"), "{said}");
}

#[test]
fn a_lookup_is_selected_by_its_own_name_in_any_table() {
    let world = World::connected();
    for (line, columns) in [
        ("accounts list --select primarycontactid,name --top 1", &["_primarycontactid_value", "name"][..]),
        ("tasks list --select regardingobjectid,createdby --top 1", &["_regardingobjectid_value", "_createdby_value"]),
        (
            "records businessunit list --select name,parentbusinessunitid --top 1",
            &["name", "_parentbusinessunitid_value"],
        ),
    ] {
        let rows = json(&world.run(&format!("{line} -o json")).succeeds());
        for column in columns {
            assert!(rows[0].as_object().unwrap().contains_key(*column), "{line}: {rows}");
        }
        let head = world.run(&format!("{line} -o csv")).succeeds();
        assert_eq!(head.lines().next().unwrap(), columns.join(","), "{line}");
    }
    let id = first(&world, "contacts", "statecode eq 0");
    let row =
        world.run(&format!("contacts update {id} jobtitle=Buyer --return=jobtitle,parentcustomerid,modifiedby -o csv"));
    assert_eq!(row.succeeds().lines().next().unwrap(), "jobtitle,_parentcustomerid_value,_modifiedby_value");
    let rows = world.run("accounts list --view \"Active Accounts\" --top 1 -o csv").succeeds();
    assert!(rows.lines().next().unwrap().contains("_primarycontactid_value"), "{rows}");
}

#[test]
fn a_column_that_the_table_has_not_is_told_before_anything_is_asked_for() {
    let world = World::connected();
    for line in [
        "accounts list --select name,telphone1",
        "accounts get accountnumber=NL-0007 --select telphone1",
        "accounts list --view \"Active Accounts\" --select telphone1",
        "accounts update --key accountnumber=NL-0007 name=X --return=telphone1",
    ] {
        let said = world.run(line).fails(2, "dataverse/column-not-there");
        assert!(said.contains("telephone1"), "{said}");
    }
    let name = world.run("accounts get accountnumber=NL-0007 --select name --jq .name").succeeds();
    assert_ne!(name.trim(), "X", "nothing was written");
}

#[test]
fn a_definition_is_asked_for_only_when_a_column_may_be_a_lookup() {
    let world = World::connected();
    for (line, requests) in [
        ("accounts list --top 1", &["accounts"][..]),
        ("accounts list --top 1 --select name,statecode,createdon,_ownerid_value", &["accounts"]),
        ("accounts list --top 1 --select primarycontactid -o id", &["accounts"]),
        ("accounts list --top 1 --select revenue", &["*", "accounts"]),
        ("accounts list --top 1 --select revenue,ownerid", &["accounts"]),
    ] {
        assert_eq!(asked(&world, line), requests, "{line}");
    }
}
