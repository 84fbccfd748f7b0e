//! Queries in the service's own languages, views by name, records by their keys, and search.

use crate::world::World;

fn json(text: &str) -> serde_json::Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

const ALL: &str = "<fetch><entity name=\"account\"><attribute name=\"accountnumber\"/><order attribute=\"accountnumber\"/></entity></fetch>";

#[test]
fn fetchxml_pages_to_the_end() {
    let world = World::connected();
    let outcome = world.run_on_terminal(&format!("query --fetchxml '{ALL}' -o id"));
    assert!(outcome.stderr.contains("--all"), "{}", outcome.stderr);
    assert_eq!(outcome.succeeds().lines().count(), 50);
    let paged = ALL.replace("<fetch>", "<fetch count=\"70\">");
    let before = world.sandbox.requests().len();
    let all = world.run(&format!("query --fetchxml '{paged}' -o id")).succeeds();
    let mut ids: Vec<_> = all.lines().collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!((ids.len(), all.lines().count()), (200, 200));
    let asked = world.sandbox.requests()[before..].iter().filter(|seen| seen.path.ends_with("/accounts")).count();
    assert_eq!(asked, 3);
    assert_eq!(world.run(&format!("query --fetchxml '{ALL}' --top 7 -o id")).succeeds().lines().count(), 7);
}

#[test]
fn fetchxml_comes_from_a_file_or_from_stdin_and_may_bound_itself() {
    let world = World::connected();
    std::fs::write(world.path("query.xml"), ALL.replace("<fetch>", "<fetch top=\"3\">")).unwrap();
    let from_file = format!("query --fetchxml '@{}' -o id", world.path("query.xml").display());
    assert_eq!(world.run(&from_file).succeeds().lines().count(), 3);
    assert_eq!(world.run_with_stdin("query --fetchxml - --top 2 -o id", ALL).succeeds().lines().count(), 2);
}

#[test]
fn linked_columns_and_totals_are_shown_by_their_aliases() {
    let world = World::connected();
    let linked = "<fetch><entity name=\"account\"><attribute name=\"name\"/><filter><condition attribute=\"accountnumber\" \
                  operator=\"eq\" value=\"NL-0007\"/></filter><link-entity name=\"contact\" from=\"contactid\" \
                  to=\"primarycontactid\" alias=\"c\"><attribute name=\"fullname\"/></link-entity></entity></fetch>";
    let csv = world.run(&format!("query --fetchxml '{linked}' -o csv")).succeeds();
    assert!(csv.starts_with("name,accountid,c.fullname\n") || csv.starts_with("name,c.fullname,accountid\n"), "{csv}");
    let total = "<fetch aggregate=\"true\"><entity name=\"account\"><attribute name=\"accountid\" alias=\"n\" \
                 aggregate=\"count\"/><attribute name=\"revenue\" alias=\"most\" aggregate=\"max\"/></entity></fetch>";
    let text = world.run(&format!("query --fetchxml '{total}' -o csv")).succeeds();
    assert_eq!(text, "n,most\n200,922337203685477.5807\n");
}

#[test]
fn broken_fetchxml_is_told_with_its_place_before_anything_is_sent() {
    let world = World::connected();
    let before = world.sandbox.requests().len();
    let said = world
        .run("query --fetchxml '<fetch><entity name=\"account\"></fetch>'")
        .fails(2, "dataverse/fetchxml-not-well-formed");
    assert!(said.contains("line 1"), "{said}");
    assert_eq!(world.sandbox.requests().len(), before);
    let unknown = ALL.replace("accountnumber", "nme");
    world.run(&format!("query --fetchxml '{unknown}'")).fails(1, "0x80041103");
}

#[test]
fn odata_is_taken_as_it_is_written() {
    let world = World::connected();
    let line = "query --odata 'accounts?$select=accountnumber&$orderby=accountnumber&$filter=accountnumber ne null'";
    assert_eq!(world.run_on_terminal(&format!("{line} -o id")).succeeds().lines().count(), 50);
    assert_eq!(world.run(&format!("{line} -o id")).succeeds().lines().count(), 199);
    assert_eq!(world.run_on_terminal(&format!("{line} --all -o id")).succeeds().lines().count(), 199);
    let top = "query --odata 'accounts?$select=name&$top=3' --jq .name";
    assert_eq!(world.run(top).succeeds().lines().count(), 3);
    let groups = "query --odata 'leads?$apply=groupby((leadqualitycode),aggregate($count as leads))' --jq .leads";
    let sum: u64 = world.run(groups).succeeds().lines().map(|line| line.parse::<u64>().unwrap()).sum();
    assert_eq!(sum, 60);
    let me = d365conn::sandbox::INES.user_id.unwrap();
    let roles = format!("query --odata 'systemusers({me})/systemuserroles_association?$select=name' --jq .name");
    assert!(world.run(&roles).succeeds().contains("Salesperson"));
    world.run("query").fails(2, "");
    world.run("query --odata accounts --fetchxml '<fetch/>'").fails(2, "");
    assert!(matches!(world.run("query --odata https://evil.example/x").exit, 1 | 2));
}

#[test]
fn a_view_is_run_by_its_name_with_its_own_columns() {
    let world = World::connected();
    let csv = world.run("accounts list --view \"active accounts\" --all -o csv").succeeds();
    assert!(csv.starts_with("name,telephone1,address1_city,_primarycontactid_value\n"), "{csv}");
    assert_eq!(csv::Reader::from_reader(csv.as_bytes()).records().map(Result::unwrap).count(), 184);
    let some = world.run("accounts list --view \"Active Accounts\" --top 2 --select name -o json").succeeds();
    assert_eq!(json(&some).as_array().map(Vec::len), Some(2));
    let mine = world.run("records account list --view \"Big Fish\" -o tsv").succeeds();
    assert!(!mine.is_empty());
    let said = world.run("accounts list --view \"Active Acounts\"").fails(2, "dataverse/unknown-view");
    assert!(said.contains("`Active Accounts`"), "{said}");
    let said = world.run("accounts list --view \"All Accounts\"").fails(2, "dataverse/ambiguous-view");
    assert!(said.contains("(public)") && said.contains("(yours)"), "{said}");
    let id = said.split(" (yours)").next().unwrap().rsplit(", ").next().unwrap().rsplit(' ').next().unwrap().to_owned();
    assert!(!world.run(&format!("accounts list --view {id} -o id")).succeeds().is_empty());
    world.run("accounts list --view x --filter \"name eq 'a'\"").fails(2, "");
}

#[test]
fn a_record_is_told_by_its_key_or_by_its_values() {
    let world = World::connected();
    let id = world.run("accounts list --filter \"accountnumber eq 'NL-0007'\" -o id").succeeds();
    assert_eq!(world.run("accounts get accountnumber=NL-0007 -o id").succeeds(), id);
    let name = world.run(&format!("accounts get {} --select name --jq .name", id.trim())).succeeds();
    let by_name = format!("accounts get \"name={}\" --select accountid --jq .accountid", name.trim());
    assert_eq!(world.run(&by_name).succeeds(), id);
    world.run("accounts create accountnumber=A/1:x name=Odd").succeeds();
    assert_eq!(world.run("accounts get accountnumber=A/1:x --jq .name").succeeds(), "Odd\n");
    world.run("accounts get accountnumber=none").fails(3, "dataverse/");
    world.run("accounts get name=none").fails(3, "dataverse/nothing-found");
    let said = world.run("contacts get statecode=0").fails(2, "dataverse/ambiguous-record");
    assert!(said.matches('(').count() >= 5, "{said}");
    let said = world.run("accounts get nme=x").fails(2, "dataverse/column-not-there");
    assert!(said.contains("`name`"), "{said}");
    world.run("accounts get statecode=Activ").fails(2, "dataverse/no-such-choice");
    world.run("accounts get numberofemployees=many").fails(2, "dataverse/wrong-kind");
    world.run("accounts get name=a name=b").fails(2, "dataverse/column-twice");
    let before = world.sandbox.requests().len();
    world.run("accounts get 5d0c0001-1111-ef11-8400-000d3ab1c11").fails(2, "dataverse/bad-record-id");
    world.run("accounts get Fjord Co").fails(2, "dataverse/bad-key");
    world.run("accounts update description= name=x").fails(2, "commands/which-record");
    assert_eq!(world.sandbox.requests().len(), before);
    let quoted = world.run("contacts get \"lastname=x' or contactid ne null or lastname eq 'x\"");
    quoted.fails(3, "dataverse/nothing-found");
}

#[test]
fn a_record_answers_to_its_name_if_no_other_bears_it() {
    let world = World::connected();
    world.run("accounts create name='Fjord & Co' industrycode=Consulting").succeeds();
    assert_eq!(world.run("accounts get 'Fjord & Co' --select industrycode --jq .industrycode").succeeds(), "7\n");
    let typed = "accounts get industrycode=consulting name='Fjord & Co' statecode=Active --jq .name";
    assert_eq!(world.run(typed).succeeds(), "Fjord & Co\n");
    world.run("accounts create name='Fjord & Co'").succeeds();
    let said = world.run("accounts get 'Fjord & Co'").fails(2, "dataverse/ambiguous-record");
    assert_eq!(said.matches("(Fjord & Co)").count(), 2, "{said}");
    world.run("accounts get 'Nobody Here'").fails(3, "dataverse/nothing-found");
    world.run("accounts get \"x') or (1 eq 1\"").fails(3, "dataverse/nothing-found");
    let user = "users get ines.moreau@northlight.example --select fullname --jq .fullname";
    assert_eq!(world.run(user).succeeds(), "Inès Moreau\n");
    let said = world.run("accounts delete 'Nobody Here'").fails(2, "dataverse/bad-record-id");
    assert!(said.contains("name="), "{said}");
}

#[test]
fn words_are_searched_for_in_all_tables_or_some() {
    let world = World::connected();
    let rows = json(&world.run("search alder -o json").succeeds());
    let rows = rows.as_array().unwrap();
    assert!(rows.len() > 1);
    assert!(rows.iter().all(|row| row["id"].as_str().is_some_and(|id| id.len() == 36)));
    let accounts = world.run("search \"+alder +papier\" --table accounts --top 5 -o tsv").succeeds();
    assert!(accounts.lines().all(|line| line.starts_with("account\t") && line.contains("Papier")), "{accounts}");
    let some = world.run("search alder --top 1");
    assert!(some.stderr.contains("1 of "), "{}", some.stderr);
    assert_eq!(some.succeeds().lines().count(), 1);
    assert_eq!(world.run("search nothingofthekind -o json").succeeds().trim(), "[]");
    let before = world.sandbox.requests().len();
    world.run("search ' '").fails(2, "dataverse/bad-search");
    world.run("search ''").fails(2, "commands/empty-argument");
    assert_eq!(world.sandbox.requests().len(), before);
}

#[test]
fn an_organisation_without_search_says_who_turns_it_on() {
    let world = World::connected();
    let id = d365conn::sandbox::ORGANISATION_ID;
    world.run(&format!("api 'organizations({id})' -X PATCH -F isexternalsearchindexenabled=false")).succeeds();
    let said = world.run("search alder").fails(1, "dataverse/search-not-enabled");
    assert!(said.contains("Power Platform admin center") && said.contains("NotProvisioned"), "{said}");
}

#[test]
fn a_read_only_connection_may_search_and_query() {
    let world = World::connected();
    world.run("connections set sandbox --read-only true").succeeds();
    world.run("search alder").succeeds();
    world.run(&format!("query --fetchxml '{ALL}'")).succeeds();
    world.run("accounts count").succeeds();
}

#[test]
fn a_condition_with_the_wrong_quotes_is_shown_with_the_right_ones() {
    let world = World::connected();
    let id = world.run("accounts list --top 1 -o id").succeeds().trim().to_owned();
    // FL-36: an id in quotes is text to OData.
    let stderr = world.run(&format!("accounts list --filter \"accountid eq '{id}'\"")).fails(1, "dataverse/misquoted");
    assert!(stderr.contains("incompatible types"), "the service's own words come first: {stderr}");
    assert!(stderr.contains(&format!("write the condition like this: `\"accountid eq {id}\"`")), "{stderr}");
    world.run(&format!("accounts list --filter \"accountid eq {id}\"")).succeeds();
    // FL-38: a query function takes JSON.
    let stderr = world
        .run(
            "accounts list --filter \"Microsoft.Dynamics.CRM.In(PropertyName='name',PropertyValues=['O''Brian','b'])\"",
        )
        .fails(1, "dataverse/misquoted");
    assert!(stderr.contains("Invalid JSON"), "{stderr}");
    let mended = r#"`"Microsoft.Dynamics.CRM.In(PropertyName='name',PropertyValues=[\"O'Brian\",\"b\"])"`"#;
    assert!(stderr.contains(mended), "{stderr}");
}
