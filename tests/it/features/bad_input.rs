//! Input that is wrong, one kind after the other: each is told clearly, with its exit status, before a change is sent; what is
//! sent is sent once.

use d365conn::sandbox::Fault;

use crate::world::World;

/// Requests to the Web API that could change something.
fn changes(world: &World) -> usize {
    world.sandbox.requests().iter().filter(|seen| seen.method != "GET" && seen.path.contains("/api/")).count()
}

/// All requests to the Web API.
fn asked(world: &World) -> usize {
    world.sandbox.requests().iter().filter(|seen| seen.path.contains("/api/")).count()
}

/// What is typed, how it ends, by which phrase, and what is said.
type Case<'a> = (&'a str, u8, &'a str, &'a str);

/// Every one ends as it should, and nothing is changed.
#[track_caller]
fn check(world: &World, cases: &[Case<'_>]) {
    let before = changes(world);
    for (line, exit, code, says) in cases {
        let said = world.run(line).fails(*exit, code);
        assert!(said.contains(says), "{line}: {says} is not in {said}");
        assert_eq!(changes(world), before, "{line}: a change was sent");
    }
}

/// The same, and nobody is asked anything.
#[track_caller]
fn check_offline(world: &World, cases: &[Case<'_>]) {
    let before = asked(world);
    check(world, cases);
    assert_eq!(asked(world), before, "something was asked");
}

/// A world that knows the tables accounts and contacts already.
fn knowing() -> World {
    let world = World::connected();
    for table in ["account", "contact"] {
        world.run(&format!("tables show {table} --columns")).succeeds();
    }
    world
}

fn made(world: &World, line: &str) -> String {
    world.run(line).succeeds().trim().to_owned()
}

#[test]
fn a_column_that_is_not_there() {
    let world = knowing();
    let id = made(&world, "accounts create name=x");
    let (update, get) = (format!("accounts update {id} nmae=y"), format!("accounts get {id} --select nmae"));
    let code = "dataverse/column-not-there";
    check(
        &world,
        &[
            ("accounts create nmae=x", 2, code, "account has no column `nmae`"),
            ("accounts create nmae=x", 2, code, "run the command again with `name`"),
            ("accounts create --data '{\"nmae\":\"x\"}'", 2, code, "`name`"),
            ("accounts create Name=x", 2, code, "`name`"),
            (&update, 2, code, "`name`"),
            ("accounts upsert --key accountnumber=AC-1 nmae=x", 2, code, "`name`"),
            (&get, 2, code, "`name`"),
            ("accounts list --select nmae", 2, code, "`name`"),
            ("accounts list --select name,zzzzz", 2, code, "d365conn tables show account --columns"),
            ("accounts list --order-by 'nmae desc'", 2, code, "`name`"),
            ("accounts list --filter \"nmae eq 'x'\"", 2, code, "`name`"),
            ("accounts list --filter \"primarycontactid/fullnam eq 'x'\"", 2, code, "contact has no column `fullnam`"),
            ("accounts list --expand 'primarycontactid($select=fulname)'", 2, code, "`fullname`"),
            ("accounts list --filter \"contact_customer_accounts/any(o:o/lastnam eq 'x')\"", 2, code, "`lastname`"),
            (
                "accounts list --filter \"Microsoft.Dynamics.CRM.Today(PropertyName='createdn')\"",
                2,
                code,
                "`createdon`",
            ),
            ("accounts count --filter \"nmae eq 'x'\"", 2, code, "`name`"),
            ("accounts delete --filter \"nmae eq 'x'\" --yes", 2, code, "`name`"),
            (
                "accounts list --filter \"primarycontactid eq 'x'\"",
                2,
                "dataverse/lookup-by-name",
                "_primarycontactid_value",
            ),
            ("accounts list --expand primarycontact", 2, "dataverse/way-not-there", "`primarycontactid`"),
            (
                "accounts list --filter \"PrimaryContactId/fullname eq 'x'\"",
                2,
                "dataverse/way-not-there",
                "`primarycontactid`",
            ),
            ("contacts list --expand parentcustomerid", 2, "dataverse/way-not-there", "`parentcustomerid_account`"),
        ],
    );
}

#[test]
fn a_column_that_is_not_there_where_nothing_is_known_of_the_table() {
    let world = World::connected();
    let before = asked(&world);
    let said = world.run("accounts list --order-by nmae").fails(1, "dataverse/unknown-column");
    assert!(said.contains("run the command again with `name`"), "{said}");
    assert_eq!(asked(&world) - before, 2, "the question, and what could have been meant");
    // Now it is known.
    world.run("accounts list --order-by nmae").fails(2, "dataverse/column-not-there");
}

#[test]
fn what_is_right_costs_no_request_more_and_what_is_doubtful_passes() {
    let world = knowing();
    for line in [
        "accounts list --select name,primarycontactid --order-by 'revenue desc,primarycontactid/fullname' --top 1",
        "accounts list --filter \"_primarycontactid_value ne null and contains(name,'nmae') or not (statecode eq 1)\" --top 1",
        "accounts list --expand 'primarycontactid($select=fullname),contact_customer_accounts($filter=lastname ne null)' --top 1",
        "accounts count --filter \"Microsoft.Dynamics.CRM.Today(PropertyName='createdon')\"",
    ] {
        let before = asked(&world);
        world.run(line).succeeds();
        assert_eq!(asked(&world) - before, 1, "{line}");
    }
}

#[test]
fn a_column_that_nobody_writes() {
    let world = knowing();
    let code = "dataverse/read-only-column";
    check(
        &world,
        &[
            ("accounts create name=x createdon=2026-01-01T00:00:00Z", 2, code, "createdon"),
            ("accounts create --data '{\"name\":\"x\",\"createdon\":\"2026-01-01T00:00:00Z\"}'", 2, code, "createdon"),
            ("contacts create lastname=x fullname=y", 2, code, "fullname"),
            (
                "accounts update 00000000-0000-4000-8000-000000000001 modifiedon=2026-01-01T00:00:00Z",
                2,
                code,
                "modifiedon",
            ),
        ],
    );
}

#[test]
fn a_label_that_is_no_choice() {
    let world = knowing();
    let code = "dataverse/no-such-choice";
    check(
        &world,
        &[
            ("accounts create name=x industrycode=Consultancy", 2, code, "Consulting (7)"),
            ("accounts create name=x industrycode=99", 2, code, "Consulting (7)"),
            ("accounts create name=x donotemail=perhaps", 2, code, "true"),
        ],
    );
}

#[test]
fn a_name_that_several_bear() {
    let world = knowing();
    let one = made(&world, "contacts create firstname=Ada lastname=Twin");
    let two = made(&world, "contacts create firstname=Ada lastname=Twin");
    let code = "dataverse/ambiguous-record";
    check(
        &world,
        &[
            ("accounts create name=x primarycontactid='Ada Twin'", 2, code, &one),
            ("accounts create name=x primarycontactid='Ada Twin'", 2, code, &two),
            ("accounts create name=x primarycontactid='Nobody Atall'", 3, "dataverse/nothing-found", "Nobody Atall"),
            (
                "contacts create lastname=x parentcustomerid=Somebody",
                2,
                "dataverse/table-needed",
                "parentcustomerid=account:",
            ),
        ],
    );
}

#[test]
fn a_value_of_the_wrong_kind() {
    let world = knowing();
    let code = "dataverse/wrong-kind";
    let limits = "dataverse/beyond-limits";
    check(
        &world,
        &[
            ("accounts create name=x numberofemployees=many", 2, code, "a whole number"),
            ("accounts create name=x numberofemployees=1.5", 2, code, "a whole number"),
            ("accounts create name=x revenue=1,000", 2, code, "a number"),
            ("contacts create lastname=x birthdate=tomorrow", 2, code, "2026-03-01"),
            ("contacts create lastname=x birthdate=2026-02-30", 2, code, "2026-03-01"),
            ("contacts create lastname=x birthdate=1700-01-01", 2, limits, "1753-01-01"),
            ("accounts create name=x numberofemployees=-1", 2, limits, "0 to "),
            ("accounts create name=x revenue=922337203685477.5808", 2, limits, "922337203685477"),
            ("accounts create name=x revenue=1.00001", 2, limits, "4 digits"),
        ],
    );
    let long = format!("accounts create name={}", "x".repeat(161));
    check(&world, &[(&long, 2, "dataverse/too-long", "161 characters, 160 are allowed")]);
    check_offline(
        &world,
        &[
            ("accounts create name", 2, "dataverse/bad-value", "name"),
            ("accounts create revenue:=12x", 2, "dataverse/bad-json", "revenue"),
            ("accounts create --data '[1]'", 2, "dataverse/bad-json", "a JSON object"),
            ("accounts create", 2, "commands/", ""),
        ],
    );
}

#[test]
fn a_required_column_that_is_missing() {
    let world = knowing();
    let id = made(&world, "leads create lastname=x subject=y");
    let (owner, state) = (format!("leads update {id} ownerid="), format!("accounts update {id} statecode="));
    check(
        &world,
        &[
            ("records role create --data '{}'", 2, "dataverse/column-missing", "add name=…"),
            (&owner, 2, "dataverse/not-empty", "ownerid"),
            (&state, 2, "dataverse/not-empty", "statecode"),
        ],
    );
}

#[test]
fn an_id_that_is_none() {
    let world = knowing();
    check_offline(
        &world,
        &[
            ("accounts update 5d0c0001-1111-ef11-8400-000d3ab1c11 name=x", 2, "dataverse/", "5d0c0001"),
            ("accounts delete 5d0c0001-1111-ef11-8400-000d3ab1c11g --yes", 2, "dataverse/", "5d0c0001"),
        ],
    );
    check(
        &world,
        &[
            ("accounts create name=x accountid=5d0c", 2, "dataverse/wrong-kind", "a GUID"),
            (
                "accounts create name=x primarycontactid=contact:5d0c0001-1111-ef11-8400-000d3ab1c11g",
                2,
                "dataverse/",
                "",
            ),
            // Somebody may be called so.
            ("accounts get 1234", 3, "dataverse/nothing-found", "called `1234`"),
        ],
    );
}

#[test]
fn a_key_value_that_no_address_takes_is_found_by_a_condition() {
    let world = knowing();
    for number in ["A/1", "50% & more", "a<b>*c", "#7?", "c:\\d+e", "O'Neil"] {
        let id = made(&world, &format!("accounts create name=odd \"accountnumber={number}\""));
        let got = made(&world, &format!("accounts get \"accountnumber={number}\" -o id"));
        assert_eq!(got, id, "{number}");
        world.run(&format!("accounts upsert --key \"accountnumber={number}\" fax=7")).succeeds();
        let fax = made(&world, &format!("accounts get {id} --select fax -o tsv"));
        assert_eq!(fax, "7", "{number}");
        let contact =
            made(&world, &format!("contacts create lastname=x \"parentcustomerid=account@accountnumber={number}\""));
        let parent = made(&world, &format!("contacts get {contact} --select parentcustomerid -o tsv"));
        assert_eq!(parent, id, "{number}");
    }
    assert_eq!(made(&world, "accounts list --filter \"name eq 'odd'\" --all -o id").lines().count(), 6);
}

#[test]
fn an_injection_through_ids_keys_and_conditions() {
    let world = knowing();
    let all = made(&world, "accounts count");
    check(
        &world,
        &[
            // What is no id is a name, and a name stays a text.
            ("accounts get \"x') or (1 eq 1\"", 3, "dataverse/nothing-found", ""),
            ("accounts get '00000000-0000-4000-8000-000000000001)/name?('", 3, "dataverse/nothing-found", ""),
            (
                "accounts delete '00000000-0000-4000-8000-000000000001)/../contacts(x' --yes",
                2,
                "dataverse/bad-record-id",
                "",
            ),
            ("accounts update 'accounts(1)' name=x", 2, "dataverse/bad-record-id", ""),
            ("accounts get \"name=x' or name ne '\"", 3, "dataverse/", ""),
            ("accounts delete --filter \"name eq 'x'&\\$top=1 or name ne ''\" --yes", 1, "dataverse/", ""),
            ("accounts create name=y \"primarycontactid=x' or fullname ne '\"", 3, "dataverse/nothing-found", ""),
            ("records 'accounts(1)/contacts?x=' list", 2, "dataverse/", ""),
            ("records ../../v9.0/accounts list", 2, "dataverse/", ""),
            ("accounts list --select 'name&$filter=x'", 2, "dataverse/column-not-there", ""),
            ("accounts create 'na me=x'", 2, "dataverse/bad-value", ""),
        ],
    );
    // A text stays a text, whatever is in it.
    let id = made(&world, "accounts create \"name=x' or name ne '\" \"description=%27&\\$top=1#\"");
    assert_eq!(made(&world, "accounts list --filter \"name eq 'x'' or name ne '''\" -o id"), id);
    assert_eq!(made(&world, "accounts count").parse::<u32>().unwrap(), all.parse::<u32>().unwrap() + 1);
}

#[test]
fn json_in_which_a_key_stands_twice() {
    let world = knowing();
    let code = "dataverse/column-twice";
    check_offline(
        &world,
        &[
            ("accounts create --data '{\"name\":\"a\",\"name\":\"b\"}'", 2, code, "name"),
            ("accounts create --data '{\"name\":\"a\",\"\\u006eame\":\"b\"}'", 2, code, "name"),
            (
                "accounts create --data '{\"name\":\"a\",\"primarycontactid\":{\"fax\":\"1\",\"fax\":\"2\"}}'",
                2,
                code,
                "primarycontactid.fax",
            ),
            ("accounts create 'x:={\"a\":1,\"a\":2}'", 2, code, "x.a"),
        ],
    );
    check(
        &world,
        &[
            ("accounts create name=a --data '{\"name\":\"b\"}'", 2, code, "name"),
            ("accounts create name=a name=b", 2, code, "name"),
        ],
    );
}

#[test]
fn a_change_over_a_connection_that_only_reads() {
    let world = World::new();
    world.run("connect --tenant-url {org} --store file --read-only").succeeds();
    let id = "00000000-0000-4000-8000-000000000001";
    let file = world.path("operations.ndjson");
    std::fs::write(&file, format!("{{\"method\":\"DELETE\",\"path\":\"accounts({id})\"}}\n")).unwrap();
    let before = asked(&world);
    for line in [
        "accounts create name=x".to_owned(),
        format!("accounts update {id} name=x"),
        "accounts upsert --key accountnumber=A-1 name=x".to_owned(),
        format!("accounts delete {id}"),
        "accounts delete --filter \"name eq 'x'\" --yes".to_owned(),
        format!("accounts assign {id} --to {id}"),
        format!("accounts link {id} primarycontactid {id}"),
        format!("accounts unlink {id} primarycontactid"),
        format!("accounts add-note {id} --text x"),
        format!("accounts merge {id} {} --yes", id.replace("01", "02")),
        format!("leads qualify {id}"),
        format!("leads disqualify {id}"),
        format!("opportunities win {id}"),
        format!("opportunities lose {id}"),
        format!("opportunities reopen {id}"),
        format!("cases resolve {id} --subject x"),
        format!("cases cancel {id}"),
        format!("cases reactivate {id}"),
        format!("accounts deactivate {id}"),
        format!("batch {}", file.display()),
        "api accounts -f name=x".to_owned(),
        format!("api 'accounts({id})' -X DELETE"),
    ] {
        world.run(&line).fails(5, "dataverse/read-only");
        assert_eq!(asked(&world), before, "{line}");
    }
}

#[test]
fn nothing_is_sent_twice() {
    let world = knowing();
    for line in [
        "accounts create name=once",
        "contacts create lastname=once",
        "accounts upsert --key accountnumber=ONCE-1 name=once",
        "accounts create --data '{\"name\":\"once\",\"contact_customer_accounts\":[{\"lastname\":\"inside\"}]}'",
    ] {
        let before = changes(&world);
        world.run(line).succeeds();
        assert_eq!(changes(&world) - before, 1, "{line}");
    }
    // What the service refuses is not tried again.
    let before = changes(&world);
    world.run("accounts create --data '{\"name\":\"x\",\"revenue\":\"much\"}'").fails(1, "dataverse/");
    world.run("accounts update 00000000-0000-4000-8000-000000000001 name=x").fails(3, "dataverse/record-missing");
    assert_eq!(changes(&world) - before, 2);
    // Where the answer is lost, the same record is asked about, and there is one.
    for line in ["accounts create name=lost", "accounts upsert --key accountnumber=LOST-1 name=lost"] {
        world.sandbox.faults().order(Fault::LoseAnswer);
        world.run(line).succeeds();
    }
    assert_eq!(made(&world, "accounts list --filter \"name eq 'lost'\" -o id").lines().count(), 2);
}

#[test]
fn a_line_break_in_what_goes_into_a_header() {
    let world = knowing();
    let id = made(&world, "accounts create name=x");
    let before = asked(&world);
    for line in [
        format!("accounts update {id} name=y --if-match 'a\r\nX: y'"),
        format!("accounts update {id} name=y --if-match 'a\r\nX: y' --dry-run"),
        format!("accounts update {id} name=y --if-match ''"),
        format!("accounts delete {id} --yes --if-match 'a\r\nX: y'"),
        "accounts create name=y --solution 'a\nb'".to_owned(),
        "api WhoAmI -H 'Prefer: a\r\nX: y'".to_owned(),
    ] {
        let outcome = world.run(&line);
        assert_eq!((outcome.exit, outcome.stdout.as_str()), (2, ""), "{line}: {}", outcome.stderr);
        assert!(!outcome.stderr.contains('\r'), "{:?}", outcome.stderr);
    }
    assert_eq!(asked(&world), before, "something was asked");
}
