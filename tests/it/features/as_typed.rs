//! What is typed is taken for what it says: labels, prefixes of references, ids of lookups in JSON, files in other encodings,
//! and what a record looked like when it was printed.

use crate::world::World;

fn made(world: &World, line: &str) -> String {
    world.run(line).succeeds().trim().to_owned()
}

#[test]
fn what_labels_print_is_taken_again_and_what_a_list_offers_can_be_typed() {
    let world = World::connected();
    let id = made(&world, "records nl_project create nl_name=x nl_regions='North,Overseas, by sea,South'");
    let printed = made(&world, &format!("records nl_project get {id} --select nl_regions --labels -o tsv"));
    let labels = printed.lines().last().unwrap().to_owned();
    assert!(labels.contains("; "), "{labels}");
    let numbers = format!("records nl_project get {id} --jq .nl_regions");
    let before = made(&world, &numbers);
    world.run(&format!("records nl_project update {id} nl_regions=")).succeeds();
    world.run(&format!("records nl_project update {id} 'nl_regions={labels}'")).succeeds();
    assert_eq!(made(&world, &numbers), before);
    let said =
        world.run(&format!("records nl_project update {id} nl_kind=Deliver")).fails(2, "dataverse/no-such-choice");
    assert!(said.contains("Delivery (100000000)"), "{said}");
    world.run(&format!("records nl_project update {id} 'nl_kind=Training (100000002)'")).succeeds();
    assert_eq!(made(&world, &format!("records nl_project get {id} --jq .nl_kind")), "100000002");
    world.run(&format!("records nl_project update {id} 'nl_kind= maintenance\u{a0}'")).succeeds();
    assert_eq!(made(&world, &format!("records nl_project get {id} --jq .nl_kind")), "100000001");
}

#[test]
fn a_table_in_front_that_a_lookup_does_not_lead_to_is_no_part_of_a_name() {
    let world = World::connected();
    let account = made(&world, "accounts create name=Tied");
    let lead = made(&world, "leads create subject=x lastname=Led");
    for typed in [&format!("lead:{lead}"), "lead:Led", "leads@subject=x", "user:ines.moreau@northlight.example"] {
        let said = world.run(&format!("accounts update {account} 'primarycontactid={typed}'"));
        assert!(said.stderr.contains("primarycontactid leads to contact, not to"), "{}", said.stderr);
        said.fails(2, "dataverse/not-a-target");
    }
    world.run(&format!("contacts create lastname=x parentcustomerid=lead:{lead}")).fails(2, "dataverse/not-a-target");
    world.run(&format!("accounts link {account} primarycontactid lead:{lead}")).fails(2, "dataverse/wrong-other");
    // Behind the table stands an id, a name, or what tells one record apart.
    let numbered = made(&world, "accounts create name=Numbered accountnumber=AC-7001 fax='7 001'");
    for typed in ["account:accountnumber=AC-7001", "account:fax=7 001", "accounts:name=Numbered"] {
        let contact = made(&world, &format!("contacts create lastname=x 'parentcustomerid={typed}'"));
        let leads_to = made(&world, &format!("contacts get {contact} --jq ._parentcustomerid_value"));
        assert_eq!(leads_to, numbered, "{typed}");
    }
    let nobody = "contacts create lastname=x parentcustomerid=account:accountnumber=AC-7002";
    world.run(nobody).fails(3, "dataverse/");
    // What is no table is a part of a name.
    let contact = made(&world, "contacts create lastname='Re: Holm'");
    world.run(&format!("accounts update {account} 'primarycontactid=Re: Holm'")).succeeds();
    assert_eq!(made(&world, &format!("accounts get {account} --jq ._primarycontactid_value")), contact);
}

#[test]
fn an_id_as_the_value_of_a_lookup_in_json_is_told_how_it_is_written() {
    let world = World::connected();
    let account = made(&world, "accounts create name=Parent");
    let before = world.sandbox.requests().iter().filter(|seen| seen.method == "POST").count();
    for line in [
        format!("contacts create lastname=x --data '{{\"parentcustomerid\":\"{account}\"}}'"),
        format!("contacts create lastname=x 'parentcustomerid:=\"{account}\"'"),
        format!("contacts create lastname=x --data '{{\"_parentcustomerid_value\":\"{account}\"}}'"),
        format!("contacts create --data '{{\"lastname\":\"x\",\"parentcustomerid_account\":\"{account}\"}}'"),
    ] {
        let said = world.run(&line).fails(2, "dataverse/lookup-as-value");
        assert!(said.contains(&format!("\"parentcustomerid_account@odata.bind\": \"/accounts({account})\"")), "{said}");
        assert!(said.contains(&format!("parentcustomerid=account:{account}")), "{said}");
    }
    let said = world.run("accounts create name=x 'primarycontactid:=\"5d0c0001-1111-4f11-8400-000d3ab1c111\"'");
    said.fails(2, "primarycontactid@odata.bind");
    assert_eq!(world.sandbox.requests().iter().filter(|seen| seen.method == "POST").count(), before);
    let bound = format!(
        "contacts create lastname=x --data '{{\"parentcustomerid_account@odata.bind\":\"/accounts({account})\"}}'"
    );
    world.run(&bound).succeeds();
}

#[test]
fn where_nothing_is_kept_of_a_table_the_refusal_of_an_id_as_a_value_tells_it() {
    let mut world = World::connected();
    let token = world.run("token -o json").succeeds();
    let token: serde_json::Value = serde_json::from_str(&token).unwrap();
    world.set("D365CONN_TENANT_URL", &world.sandbox.address());
    world.set("D365CONN_ACCESS_TOKEN", token["accessToken"].as_str().unwrap());
    let data = "{\"lastname\":\"x\",\"parentcustomerid\":\"5d0c0001-1111-4f11-8400-000d3ab1c111\"}";
    let said = world.run(&format!("contacts create --data '{data}'")).fails(1, "dataverse/bad-payload");
    assert!(said.contains("`parentcustomerid_account@odata.bind` or `parentcustomerid_contact@odata.bind`"), "{said}");
}

#[test]
fn files_of_windows_are_read_or_called_by_their_encoding() {
    let world = World::connected();
    let wide = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    let file = |name: &str, bytes: &[u8]| {
        let path = world.path(name);
        std::fs::write(&path, bytes).unwrap();
        path.display().to_string()
    };
    let json = file("wide.json", &wide("\u{feff}{\"name\":\"Größe\"}"));
    let id = made(&world, &format!("accounts create --data '@{json}'"));
    assert_eq!(made(&world, &format!("accounts get {id} --jq .name")), "Größe");
    let fetch = "<fetch top=\"1\"><entity name=\"account\"><attribute name=\"name\"/></entity></fetch>";
    let xml = file("wide.xml", &wide(&format!("\u{feff}{fetch}")));
    world.run(&format!("query --fetchxml '@{xml}' -o tsv")).succeeds();
    let latin = file("latin.json", b"{\"name\":\"Gr\xf6\xdfe\"}");
    let bare = file("bare.xml", &wide(fetch));
    for (line, encoding) in [
        (format!("accounts create --data '@{latin}'"), "Latin-1"),
        (format!("query --fetchxml '@{bare}'"), "UTF-16"),
        (format!("batch '{latin}'"), "Latin-1"),
        (format!("action run WhoAmI --data '@{latin}'"), "Latin-1"),
    ] {
        let said = world.run(&line).fails(2, "settings/other-encoding");
        assert!(said.contains(encoding) && !said.contains("secret"), "{said}");
    }
}

#[test]
fn what_get_printed_is_taken_by_update() {
    let world = World::connected();
    let contact = made(&world, "contacts create lastname=Holm");
    let id = made(&world, &format!("accounts create name=Printed revenue=12.50 primarycontactid={contact}"));
    for labels in ["", " --labels"] {
        let printed = made(&world, &format!("accounts get {id} -o json{labels}"));
        let edited = printed.replace("\"Printed\"", "\"Edited\"");
        let said = world.run_with_stdin(&format!("accounts update {id} --data -"), &edited);
        for name in ["every annotation", "accountid", "createdon", "_primarycontactid_value", "versionnumber"] {
            assert!(said.stderr.contains(name), "{name}: {}", said.stderr);
        }
        said.succeeds();
        assert_eq!(made(&world, &format!("accounts get {id} --jq .name")), "Edited");
        world.run(&format!("accounts update {id} name=Printed")).succeeds();
    }
    let printed = made(&world, &format!("accounts get {id} -o json"));
    let changed = printed.replace("\"createdon\":\"20", "\"createdon\":\"19");
    world.run_with_stdin(&format!("accounts update {id} --data -"), &changed).fails(2, "dataverse/read-only-column");
    let other = made(&world, "contacts create lastname=Lund");
    let tied = printed.replace(&contact, &other);
    let said =
        world.run_with_stdin(&format!("accounts update {id} --data -"), &tied).fails(2, "dataverse/lookup-as-value");
    assert!(said.contains(&format!("\"primarycontactid@odata.bind\": \"/contacts({other})\"")), "{said}");
    let elsewhere = made(&world, "accounts create name=Elsewhere");
    let said = world.run_with_stdin(&format!("accounts update {elsewhere} --data -"), &printed);
    said.fails(2, "dataverse/key-contradicted");
}

#[test]
fn who_takes_part_in_an_activity_is_shown_and_is_no_column() {
    let world = World::connected();
    let contact = made(&world, "contacts create firstname=Ida lastname=Holm");
    let email = made(&world, &format!("records email create subject=Hello to='contact:{contact},ida@fjord.example'"));
    let shown = world.run(&format!("records email get {email} --parties -o json")).succeeds();
    let rows: Vec<serde_json::Value> = serde_json::from_str(&shown).unwrap();
    let told: Vec<(&str, &str)> =
        rows.iter().map(|row| (row["table"].as_str().unwrap_or(""), row["address"].as_str().unwrap_or(""))).collect();
    assert!(told.contains(&("", "ida@fjord.example")), "{shown}");
    assert!(
        rows.iter().any(|row| row["id"] == contact.as_str() && row["name"] == "Ida Holm" && row["table"] == "contact"),
        "{shown}"
    );
    assert!(
        rows.iter().all(|row| row["role"].as_str().is_some_and(|role| role.to_lowercase().contains("recipient"))),
        "{shown}"
    );
    for line in [
        "records email list --select subject,to".to_owned(),
        format!("records email get {email} --select to"),
        "records email list --filter \"to eq 'x'\"".to_owned(),
    ] {
        let said = world.run(&line).fails(2, "dataverse/parties-as-column");
        assert!(said.contains("--expand email_activity_parties") && said.contains("get <id> --parties"), "{said}");
    }
    world.run(&format!("accounts get {contact} --parties")).fails(2, "dataverse/no-activity");
    world.run(&format!("records email list --select subject --expand email_activity_parties --filter \"activityid eq {email}\" -o json")).succeeds();
}
