//! What is typed for a record becomes what is in it: values by the kinds of their columns, lookups by name, and every digit.

use proptest::prelude::*;

use crate::world::World;

fn json(text: &str) -> serde_json::Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

fn id_of(world: &World, line: &str) -> String {
    world.run(line).succeeds().trim().to_owned()
}

#[test]
fn a_record_is_written_in_the_words_of_people() {
    let world = World::connected();
    let account =
        id_of(&world, "accounts create name='Fjord & Co' industrycode=consulting donotemail=yes revenue=1250.50");
    let contact = id_of(
        &world,
        "contacts create lastname=Zwiebelfisch birthdate=1984-05-06 parentcustomerid='account:Fjord & Co'",
    );
    world.run(&format!("accounts update {account} primarycontactid=Zwiebelfisch numberofemployees=12")).succeeds();
    let row = json(
        &world
            .run(&format!(
                "accounts get {account} --select industrycode,donotemail,revenue,primarycontactid,numberofemployees -o json"
            ))
            .succeeds(),
    );
    assert_eq!(row["industrycode"], 7);
    assert_eq!(row["donotemail"], true);
    assert_eq!(row["_primarycontactid_value"], contact.as_str());
    assert_eq!(row["numberofemployees"], 12);
    let row =
        json(&world.run(&format!("contacts get {contact} --select birthdate,parentcustomerid -o json")).succeeds());
    assert_eq!(row, serde_json::json!({"birthdate": "1984-05-06", "_parentcustomerid_value": account}));
    world.run(&format!("contacts update {contact} parentcustomerid= birthdate=")).succeeds();
    let row =
        json(&world.run(&format!("contacts get {contact} --select birthdate,parentcustomerid -o json")).succeeds());
    assert_eq!(row, serde_json::json!({"birthdate": null, "_parentcustomerid_value": null}));
}

#[test]
fn a_name_that_several_bear_is_answered_with_their_ids() {
    let world = World::connected();
    let one = id_of(&world, "contacts create firstname=Ada lastname=Twin");
    let two = id_of(&world, "contacts create firstname=Ada lastname=Twin");
    let said = world.run("accounts create name=x primarycontactid='Ada Twin'").fails(2, "dataverse/ambiguous-record");
    assert!(said.contains(&one) && said.contains(&two), "{said}");
    world.run("accounts create name=x primarycontactid='Nobody Here'").fails(3, "dataverse/nothing-found");
    assert_eq!(world.run("accounts list --filter \"name eq 'x'\" -o id").succeeds(), "");
}

#[test]
fn a_dry_run_shows_the_requests_and_sends_none() {
    let world = World::connected();
    let ids = world.run("accounts list --top 2 -o id").succeeds();
    let (one, two) = ids.trim().split_once('\n').unwrap();
    let changes =
        || world.sandbox.requests().iter().filter(|seen| seen.method != "GET" && seen.path.contains("/api/")).count();
    let before = changes();
    let shown = world.run(&format!("accounts delete {one} {two} --dry-run")).succeeds();
    for id in [one, two] {
        let address = format!("DELETE {}/api/data/v9.2/accounts({id})", world.sandbox.address());
        assert!(shown.contains(&address), "{shown}");
    }
    assert!(shown.contains("If-Match: *") && !shown.to_lowercase().contains("bearer"), "{shown}");
    let ids = world.run("contacts list --top 51 -o id").succeeds();
    let outcome = world.run(&format!("contacts delete {} --dry-run", ids.replace('\n', " ")));
    assert_eq!(outcome.stderr, "51 records would be deleted; the first request is shown\n");
    assert_eq!(outcome.succeeds().matches("DELETE ").count(), 1);
    let shown = world.run("accounts create name=Alder revenue=1.10 --dry-run -o json").succeeds();
    let shown = json(&shown);
    assert_eq!(shown["method"], "POST");
    assert!(shown["body"].as_str().unwrap().contains("\"revenue\":1.10"), "{shown}");
    let shown = world.run("accounts upsert --key accountnumber=AC-9 name=x --dry-run").succeeds();
    assert!(shown.contains("PATCH") && shown.contains("(accountnumber='AC-9')"), "{shown}");
    assert_eq!(changes(), before);
}

#[test]
fn one_acts_as_another_user_by_any_of_their_names() {
    let world = World::connected();
    let row = json(
        &world
            .run(
                "records systemuser list --filter \"isdisabled eq false and fullname ne 'Inès Moreau' and domainname ne null\" \
                 --select systemuserid,domainname,fullname --top 1 -o json",
            )
            .succeeds(),
    );
    let (id, sign_in) = (row[0]["systemuserid"].as_str().unwrap(), row[0]["domainname"].as_str().unwrap());
    for user in [id, sign_in] {
        let account = id_of(&world, &format!("accounts create name=theirs --as {user}"));
        let owner = json(&world.run(&format!("accounts get {account} --select _createdby_value -o json")).succeeds());
        assert_eq!(owner["_createdby_value"].as_str(), Some(id), "{user}: {owner}");
    }
}

#[test]
fn an_upsert_says_whether_it_changed_or_made_one() {
    let world = World::connected();
    let first = world.run("accounts upsert --key accountnumber=AC-500 name=one");
    assert!(first.stderr.contains("created account"), "{}", first.stderr);
    let id = first.succeeds().trim().to_owned();
    let second = world.run("accounts upsert --key accountnumber=AC-500 name=two -o id");
    assert!(second.stderr.contains("changed account"), "{}", second.stderr);
    assert_eq!(second.succeeds().trim(), id);
    world
        .run("accounts upsert --key accountnumber=AC/500 name=three --update-only")
        .fails(3, "dataverse/nothing-found");
    world.run("accounts upsert --key accountnumber=AC/500 name=three").succeeds();
    world.run("accounts upsert --key accountnumber=AC/500 name=three --create-only").fails(7, "dataverse/key-taken");
}

#[test]
fn a_version_that_has_passed_stops_a_change() {
    let world = World::connected();
    let id = id_of(&world, "accounts create name=versioned");
    let row = json(&world.run(&format!("accounts get {id} -o json")).succeeds());
    let etag = row["@odata.etag"].as_str().unwrap().to_owned();
    world.run(&format!("accounts update {id} name=second --if-match '{etag}'")).succeeds();
    world.run(&format!("accounts update {id} name=third --if-match '{etag}'")).fails(7, "dataverse/");
    world.run(&format!("accounts delete {id} --if-match '{etag}'")).fails(7, "dataverse/");
}

#[test]
fn duplicates_are_refused_where_that_is_asked_for() {
    let world = World::connected();
    world.run("accounts create name='Twice & Co'").succeeds();
    world.run("accounts create name='Twice & Co' --detect-duplicates").fails(7, "dataverse/");
    world.run("accounts create name='Twice & Co'").succeeds();
}

#[test]
fn a_read_only_connection_asks_nothing_before_it_refuses() {
    let world = World::new();
    world.run("connect --tenant-url {org} --store file --read-only").succeeds();
    let before = world.sandbox.requests().len();
    for line in [
        "accounts create name=x",
        "accounts update --key accountnumber=NL-0001 name=x",
        "accounts upsert --key accountnumber=NL-0001 name=x",
        "accounts delete --key accountnumber=NL-0001",
    ] {
        world.run(line).fails(5, "dataverse/read-only");
    }
    assert_eq!(world.sandbox.requests().len(), before);
}

#[test]
fn a_column_made_a_minute_ago_is_asked_for_once_before_it_is_refused() {
    let world = World::connected();
    world.run("accounts create name=x").succeeds();
    let asked = || world.sandbox.requests().iter().filter(|seen| seen.path.ends_with("%27account%27)")).count();
    let before = asked();
    world.run("accounts create name=x new_made=1").fails(2, "dataverse/column-not-there");
    assert_eq!(asked() - before, 1);
}

#[test]
fn nothing_of_a_table_is_asked_or_kept_for_json_from_the_environment_alone() {
    let mut world = World::connected();
    let token = json(&world.run("token -o json").succeeds())["accessToken"].as_str().unwrap().to_owned();
    world.set("D365CONN_TENANT_URL", &world.sandbox.address());
    world.set("D365CONN_ACCESS_TOKEN", &token);
    let (files, before) = (world.files(), world.sandbox.requests().len());
    world.run("accounts create --data '{\"name\":\"x\"}' revenue:=1.10").succeeds();
    assert_eq!(world.sandbox.requests().len() - before, 1);
    world.run("accounts create name=x revenue=1.10").succeeds();
    assert_eq!(world.files(), files);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    /// From the words of the command line over the wire and back onto stdout.
    #[test]
    fn no_digit_of_money_changes_on_its_way(whole in -922_337_203_685_476_i64..922_337_203_685_476, fraction in 0_u32..10_000) {
        static WORLD: std::sync::LazyLock<World> = std::sync::LazyLock::new(World::connected);
        let typed = format!("{whole}.{fraction:04}");
        let id = id_of(&WORLD, &format!("accounts create name=money revenue={typed}"));
        for format in ["json", "ndjson", "csv", "tsv"] {
            let shown = WORLD.run(&format!("accounts get {id} --select revenue -o {format}")).succeeds();
            prop_assert!(shown.contains(&typed), "{}: {} in {}", format, typed, shown);
            let shown = WORLD.run(&format!("accounts list --filter \"accountid eq {id}\" --select revenue -o {format}")).succeeds();
            prop_assert!(shown.contains(&typed), "{}: {} in {}", format, typed, shown);
        }
    }
}
