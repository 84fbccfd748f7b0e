//! The CRM's own verbs: qualifying, winning, resolving, merging, assigning, linking.

use d365conn::sandbox::Fault;
use serde_json::Value;

use crate::world::World;

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

fn open(world: &World, noun: &str) -> String {
    world.run(&format!("{noun} list --filter \"statecode eq 0\" --top 1 -o id")).succeeds().trim().to_owned()
}

fn row(world: &World, noun: &str, id: &str) -> Value {
    json(&world.run(&format!("{noun} get {id} -o json")).succeeds())
}

#[test]
fn a_lead_is_qualified_and_what_was_made_is_printed() {
    let world = World::connected();
    let lead = open(&world, "leads");
    let outcome = world.run(&format!("leads qualify {lead} -o json"));
    let said = outcome.stderr.clone();
    let made = json(&outcome.succeeds());
    for row in made.as_array().unwrap() {
        let (table, id) = (row["table"].as_str().unwrap(), row["id"].as_str().unwrap());
        assert!(said.contains(&format!("{table} {id}")), "{said}");
    }
    let tables: Vec<&str> = made.as_array().unwrap().iter().map(|it| it["table"].as_str().unwrap()).collect();
    assert_eq!(tables, ["account", "contact", "opportunity"]);
    let opportunity = row(&world, "opportunities", made[2]["id"].as_str().unwrap());
    assert_eq!(opportunity["_originatingleadid_value"], lead.as_str());
    assert_eq!(row(&world, "leads", &lead)["statecode"], 1);
    world.run(&format!("leads qualify {lead}")).fails(1, "0x80040519");
    let other = open(&world, "leads");
    let ids = world.run(&format!("leads qualify {other} --contact -o id")).succeeds();
    assert_eq!(ids.lines().count(), 1);
    assert!(row(&world, "contacts", ids.trim())["_parentcustomerid_value"].is_null());
}

#[test]
fn a_reason_is_one_of_the_organisations_own() {
    let world = World::connected();
    let lead = open(&world, "leads");
    let said = world.run(&format!("leads disqualify {lead} --reason Bored")).fails(2, "dataverse/unknown-reason");
    assert!(said.contains("No Longer Interested (6)") && !said.contains("Contacted"), "{said}");
    world.run(&format!("leads disqualify {lead} --reason 'no longer interested'")).succeeds();
    let closed = row(&world, "leads", &lead);
    assert_eq!((&closed["statecode"], &closed["statuscode"]), (&2.into(), &6.into()));
}

#[test]
fn an_opportunity_is_won_reopened_and_lost() {
    let world = World::connected();
    let id = open(&world, "opportunities");
    let line = format!("opportunities win {id} --revenue 922337203685.5807 --close-date 2026-03-31 --subject Signed");
    world.run(&line).succeeds();
    let won = world.run(&format!("opportunities get {id} -o json")).succeeds();
    assert!(won.contains("\"actualvalue\":922337203685.5807"), "{won}");
    assert_eq!((&json(&won)["statecode"], &json(&won)["actualclosedate"]), (&1.into(), &"2026-03-31".into()));
    let filter = format!("_opportunityid_value eq {id}");
    let told = world.run(&format!("records opportunityclose list --filter \"{filter}\" --select subject -o tsv"));
    assert_eq!(told.succeeds().trim(), "Signed");
    world.run(&format!("opportunities win {id}")).fails(1, "0x80040515");
    world.run(&format!("opportunities reopen {id}")).succeeds();
    assert_eq!(row(&world, "opportunities", &id)["statecode"], 0);
    world.run(&format!("opportunities lose {id} --reason Out-Sold")).succeeds();
    assert_eq!(row(&world, "opportunities", &id)["statuscode"], 5);
}

#[test]
fn a_case_is_resolved_reactivated_and_cancelled() {
    let world = World::connected();
    let id = open(&world, "cases");
    let line = format!("cases resolve {id} --subject 'Filter cleaned' --minutes 30 --description 'It was dust.'");
    world.run(&line).succeeds();
    let filter = format!("_incidentid_value eq {id}");
    let select = "subject,timespent,description";
    let told = world.run(&format!("records incidentresolution list --filter \"{filter}\" --select {select} -o tsv"));
    assert_eq!(told.succeeds(), "Filter cleaned\t30\tIt was dust.\n");
    world.run(&line).fails(1, "0x80044411");
    world.run(&format!("incidents reactivate {id} --reason Researching")).succeeds();
    assert_eq!(row(&world, "incidents", &id)["statuscode"], 4);
    world.run(&format!("incidents cancel {id}")).succeeds();
    assert_eq!(row(&world, "incidents", &id)["statecode"], 2);
}

#[test]
fn open_activities_are_the_reason_why_a_case_stays_open() {
    let world = World::connected();
    let id = open(&world, "incidents");
    world
        .run(&format!("records task create subject=Look 'regardingobjectid_incident_task@odata.bind=/incidents({id})'"))
        .succeeds();
    let said = world.run(&format!("incidents resolve {id} --subject x")).fails(1, "0x8004440A");
    assert!(said.contains("open activities"), "{said}");
}

#[test]
fn two_accounts_become_one() {
    let world = World::connected();
    let create = |line: &str| world.run(&format!("accounts create {line}")).succeeds().trim().to_owned();
    let contact = open(&world, "contacts");
    let stays = create("name=Alder");
    let goes = create(&format!("name='Alder Ltd' fax='+47 1' 'primarycontactid@odata.bind=/contacts({contact})'"));
    world.run(&format!("contacts link {contact} parentcustomerid account:{goes}")).succeeds();
    let quiet = World::connected().without_terminal();
    let said = quiet.run(&format!("accounts merge {stays} {goes}")).fails(2, "output/");
    assert!(said.contains("--yes"), "{said}");
    world.run(&format!("accounts merge {stays} {stays} --yes")).fails(2, "dataverse/merged-with-itself");
    world.run(&format!("accounts merge {stays} {goes} --take nme --yes")).fails(2, "dataverse/column-not-there");
    assert_eq!(row(&world, "accounts", &goes)["statecode"], 0, "nothing happened yet");
    world.run(&format!("accounts merge {stays} {goes} --take fax,primarycontactid,telephone1 --yes")).succeeds();
    let (kept, gone) = (row(&world, "accounts", &stays), row(&world, "accounts", &goes));
    assert_eq!((&kept["fax"], &kept["name"]), (&"+47 1".into(), &"Alder".into()));
    assert_eq!(kept["_primarycontactid_value"], contact.as_str());
    assert_eq!((&gone["statecode"], &gone["_masterid_value"]), (&1.into(), &stays.as_str().into()));
    assert_eq!(row(&world, "contacts", &contact)["_parentcustomerid_value"], stays.as_str());
    world.run(&format!("accounts activate {goes}")).succeeds();
    world.run(&format!("accounts deactivate {goes} --reason Inactive")).succeeds();
}

#[test]
fn a_record_is_given_to_a_user_or_a_team_by_any_of_their_names() {
    let world = World::connected();
    let id = open(&world, "accounts");
    let user = json(
        &world.run("records systemuser list --select systemuserid,fullname,domainname --top 1 -o json").succeeds(),
    );
    let (user_id, name) = (user[0]["systemuserid"].as_str().unwrap(), user[0]["fullname"].as_str().unwrap());
    let sign_in = user[0]["domainname"].as_str().unwrap();
    for to in [user_id.to_owned(), format!("user:{user_id}"), format!("\"{name}\""), sign_in.to_uppercase()] {
        world.run(&format!("accounts assign {id} --to 'team:Nordic Sales'")).succeeds();
        assert!(!row(&world, "accounts", &id)["_owningteam_value"].is_null());
        world.run(&format!("accounts assign {id} --to {to}")).succeeds();
        assert_eq!(row(&world, "accounts", &id)["_ownerid_value"], user_id, "{to}");
    }
    world.run(&format!("accounts assign {id} --to Nobody")).fails(3, "dataverse/no-such-owner");
    world.run(&format!("accounts assign {id} --to \"x' or 1 eq 1\"")).fails(3, "dataverse/no-such-owner");
    let contact = open(&world, "contacts");
    for other in [&format!("contact:{contact}"), "contacts:Ida", "account:accountnumber=NL-0001"] {
        let said = world.run(&format!("accounts assign {id} --to {other}")).fails(2, "dataverse/not-an-owner");
        assert!(said.contains("`user:`") && said.contains("`team:`"), "{said}");
    }
    world.run(&format!("accounts assign {id} --to team:name=Northlight")).succeeds();
    assert!(!row(&world, "accounts", &id)["_owningteam_value"].is_null());
    world.run(&format!("accounts assign {id} --to user:domainname={sign_in}")).succeeds();
    assert_eq!(row(&world, "accounts", &id)["_ownerid_value"], user_id);
    world.run(&format!("accounts assign {id} --to 'Frank: not there'")).fails(3, "dataverse/no-such-owner");
    world.run(&format!("records team create \"name={name}\"")).succeeds();
    let said = world.run(&format!("accounts assign {id} --to \"{name}\"")).fails(2, "dataverse/ambiguous-owner");
    assert!(said.contains(&format!("user:{user_id}")) && said.contains("team:"), "{said}");
}

#[test]
fn records_are_tied_together_and_apart_by_each_kind_of_relationship() {
    let world = World::connected();
    let (account, contact, lead) = (open(&world, "accounts"), open(&world, "contacts"), open(&world, "leads"));
    world.run(&format!("accounts link {account} PrimaryContactId {contact}")).succeeds();
    assert_eq!(row(&world, "accounts", &account)["_primarycontactid_value"], contact.as_str());
    world.run(&format!("accounts unlink {account} primarycontactid")).succeeds();
    assert!(row(&world, "accounts", &account)["_primarycontactid_value"].is_null());
    world.run(&format!("accounts link {account} contact_customer_accounts {contact}")).succeeds();
    assert_eq!(row(&world, "contacts", &contact)["_parentcustomerid_value"], account.as_str());
    world.run(&format!("accounts unlink {account} contact_customer_accounts {contact}")).succeeds();
    assert!(row(&world, "contacts", &contact)["_parentcustomerid_value"].is_null());
    let many = format!("accounts link {account} accountleads_association lead:{lead}");
    assert!(world.run(&many).stderr.contains("linked account"));
    let again = world.run(&many);
    assert!(again.stderr.contains("linked already"), "{}", again.stderr);
    again.succeeds();
    world.run(&format!("leads unlink {lead} accountleads_association {account}")).succeeds();
    let said = world
        .run(&format!("accounts link {account} primarycontact {contact}"))
        .fails(2, "dataverse/unknown-relationship");
    assert!(said.contains("`primarycontactid`"), "{said}");
    world.run(&format!("accounts link {account} primarycontactid lead:{lead}")).fails(2, "dataverse/wrong-other");
    world
        .run(&format!("contacts link {contact} parentcustomerid {account}"))
        .fails(2, "dataverse/ambiguous-relationship");
    world.run(&format!("accounts unlink {account} accountleads_association")).fails(2, "dataverse/other-needed");
}

#[test]
fn what_is_wrong_as_typed_is_refused_before_any_request() {
    let world = World::connected();
    let id = open(&world, "opportunities");
    let before = world.sandbox.requests().len();
    for line in [
        "leads qualify x".to_owned(),
        format!("opportunities win {id} --revenue 1,5"),
        format!("opportunities win {id} --close-date 2026-02-30"),
        format!("incidents resolve {id}"),
        format!("incidents resolve {id} --subject x --minutes -1"),
        format!("accounts merge {id} {id} --take 'a,,b' --yes"),
        format!("accounts assign {id}"),
        format!("accounts link {id} x lead:{id}0"),
        format!("leads win {id}"),
    ] {
        let outcome = world.run(&line);
        assert_eq!((outcome.exit, outcome.stdout.as_str()), (2, ""), "{line}: {}", outcome.stderr);
    }
    assert_eq!(world.sandbox.requests().len(), before);
}

#[test]
fn a_read_only_connection_refuses_every_verb() {
    let world = World::new();
    world.run("connect --tenant-url {org} --store file --read-only").succeeds();
    let id = open(&world, "opportunities");
    let before = world.sandbox.requests().len();
    for line in [
        "leads qualify ID",
        "leads disqualify ID",
        "opportunities win ID",
        "opportunities lose ID",
        "opportunities reopen ID",
        "incidents resolve ID --subject x",
        "incidents cancel ID",
        "incidents reactivate ID",
        "accounts activate ID",
        "accounts deactivate ID",
        "accounts assign ID --to x",
        "accounts link ID x ID",
        "accounts unlink ID x",
        "accounts merge ID 00000000-0000-4000-8000-000000000001 --yes",
    ] {
        world.run(&line.replace("ID", &id)).fails(5, "dataverse/read-only");
    }
    assert_eq!(world.sandbox.requests().len(), before);
}

#[test]
fn a_lost_answer_is_called_unknown_and_the_action_is_not_sent_again() {
    let world = World::connected();
    let id = open(&world, "opportunities");
    world.sandbox.faults().order(Fault::LoseAnswer);
    world.run(&format!("opportunities win {id}")).fails(6, "dataverse/outcome-unknown");
    let closes = world.run(&format!("records opportunityclose list --filter \"_opportunityid_value eq {id}\" -o id"));
    assert_eq!(closes.succeeds().lines().count(), 1);
}
