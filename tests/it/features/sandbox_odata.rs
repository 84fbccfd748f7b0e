//! What the sandbox answers to a query or a change is what the service would answer: as it is documented where the sandbox has
//! it, 501 with its name where it has not, and never something less in silence.

use std::io::{Read as _, Write as _};

use d365conn::sandbox::Fault;

use crate::world::World;

fn json(text: &str) -> serde_json::Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// The refusal that an `api` command ends with: what the service says, and the command's own word for it.
#[track_caller]
fn refused(world: &World, line: &str) -> String {
    let outcome = world.run(line);
    assert_ne!(outcome.exit, 0, "{line}: {}", outcome.stdout);
    outcome.stdout + &outcome.stderr
}

#[test]
fn fetchxml_with_top_counts_no_further_rows() {
    let world = World::connected();
    for paging in ["returntotalrecordcount=\"true\"", "count=\"2\"", "page=\"2\""] {
        let fetch =
            format!("<fetch top=\"5\" {paging}><entity name=\"account\"><attribute name=\"name\"/></entity></fetch>");
        let said = refused(&world, &format!("query --fetchxml '{fetch}' -o json"));
        let name = paging.split('=').next().unwrap();
        assert!(said.contains("top") && said.contains(name), "{said}");
    }
}

#[test]
fn fetchxml_that_adds_up_nothing_is_refused() {
    let world = World::connected();
    let said =
        refused(&world, "query --fetchxml '<fetch aggregate=\"true\"><entity name=\"account\"/></fetch>' -o json");
    assert!(said.contains("0x8004112F"), "{said}");
}

#[test]
fn nobody_takes_the_owner_from_a_record() {
    let world = World::connected();
    let id = world.run("accounts create name=Owned").succeeds().trim().to_owned();
    let owner = |world: &World| world.run(&format!("accounts get {id} --select ownerid -o json")).succeeds();
    let before = owner(&world);
    let said = refused(&world, &format!("api 'accounts({id})' -X PATCH -F ownerid=null"));
    assert!(said.contains("0x80040229"), "{said}");
    assert_eq!(owner(&world), before);
    world.run(&format!("accounts update {id} lastonholdtime=2026-11-01T10:00:00Z")).succeeds();
}

#[test]
fn lists_of_names_stand_in_quotes_of_either_kind() {
    let world = World::connected();
    for list in ["['account','contact']", "[%22account%22,%22contact%22]"] {
        let path = format!("api \"RetrieveTotalRecordCount(EntityNames={list})\"");
        let counted = json(&world.run(&path).succeeds());
        assert_eq!(counted["EntityRecordCountCollection"]["Values"], serde_json::json!([200, 500]), "{list}");
    }
    let within = |list: &str| {
        let function = format!("Microsoft.Dynamics.CRM.In(PropertyName='accountnumber',PropertyValues={list})");
        format!("api \"accounts?\\$select=name&\\$filter={function}\"")
    };
    for list in ["['NL-0005','NL-0006']", "[%22NL-0005%22,%22NL-0006%22]"] {
        let found = json(&world.run(&within(list)).succeeds());
        assert_eq!(found["value"].as_array().map(Vec::len), Some(2), "{list}");
    }
    let said = refused(&world, &within("['O'Brian']"));
    assert!(said.contains("Invalid JSON. A comma character ',' was expected"), "{said}");
}

#[test]
fn an_expanded_collection_that_is_cut_says_where_it_goes_on() {
    let world = World::connected();
    let account = json(&world.run("api \"accounts(accountnumber='NL-0007')\"").succeeds());
    let id = account["accountid"].as_str().unwrap().to_owned();
    for nth in 0..3 {
        let contact = format!("contacts create lastname=Inner{nth} parentcustomerid=account:{id}");
        world.run(&contact).succeeds();
    }
    let count = world.run(&format!("api 'accounts({id})/contact_customer_accounts/$count'")).succeeds();
    let count: usize = count.trim_start_matches('\u{feff}').parse().unwrap();
    let expanded = format!("api 'accounts({id})?$select=name&$expand=contact_customer_accounts($select=lastname)'");
    let whole = json(&world.run(&expanded).succeeds());
    assert_eq!(whole["contact_customer_accounts"].as_array().map(Vec::len), Some(count));
    assert!(!whole["contact_customer_accounts@odata.nextLink"].as_str().unwrap().contains("$skiptoken"));
    world.sandbox.faults().order(Fault::InnerPages { size: 2 });
    let cut = json(&world.run(&expanded).succeeds());
    let mut seen = cut["contact_customer_accounts"].as_array().unwrap().len();
    assert_eq!(seen, 2);
    let mut link = cut["contact_customer_accounts@odata.nextLink"].as_str().map(str::to_owned);
    while let Some(next) = link {
        assert!(next.contains("/contact_customer_accounts?$select=lastname&$skiptoken="), "{next}");
        let page = json(&world.run(&format!("api '{next}'")).succeeds());
        seen += page["value"].as_array().unwrap().len();
        link = page["@odata.nextLink"].as_str().map(str::to_owned);
    }
    assert_eq!(seen, count);
}

#[test]
fn a_change_set_may_end_where_the_outer_boundary_begins() {
    // RFC 2046 §5.1.1: the line break before a boundary belongs to the boundary, and no blank line is due.
    let world = World::connected();
    let token = world.run("token").succeeds().trim().to_owned();
    let address = world.sandbox.address();
    let host = address.strip_prefix("http://").unwrap();
    let body = "--b\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\nContent-Type: application/http\r\n\
                Content-Transfer-Encoding: binary\r\nContent-ID: 1\r\n\r\nPOST /api/data/v9.2/accounts HTTP/1.1\r\n\
                Content-Type: application/json\r\n\r\n{\"name\":\"Tight\"}\r\n--c--\r\n--b--\r\n";
    let head = format!(
        "POST /api/data/v9.2/$batch HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n\
         Content-Type: multipart/mixed; boundary=b\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    let mut stream = std::net::TcpStream::connect(host).unwrap();
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(body.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 ") && answer.contains("HTTP/1.1 204 No Content"), "{answer}");
    let found = world.run("accounts list --filter \"name eq 'Tight'\" -o id").succeeds();
    assert_eq!(found.lines().count(), 1);
}

#[test]
fn references_are_read_one_by_one_and_as_a_list() {
    let world = World::connected();
    let account = "accounts(accountnumber='NL-0007')";
    let one = json(&world.run(&format!("api \"{account}/primarycontactid/\\$ref\"")).succeeds());
    assert!(one["@odata.id"].as_str().unwrap().contains("/contacts("), "{one}");
    let many = json(&world.run(&format!("api \"{account}/contact_customer_accounts/\\$ref\"")).succeeds());
    assert!(many["value"][0]["@odata.id"].as_str().unwrap().contains("/contacts("), "{many}");
    let inside = json(&world.run(&format!("api \"{account}?\\$expand=primarycontactid/\\$ref\"")).succeeds());
    assert_eq!(inside["primarycontactid"]["@odata.id"], one["@odata.id"]);
}

#[test]
fn an_alias_stands_for_a_value_or_a_column() {
    let world = World::connected();
    let by_alias = "api 'accounts?$select=name&$top=5&$filter=@p ne @null&$orderby=@p desc&@p=revenue'";
    let plainly = "api 'accounts?$select=name&$top=5&$filter=revenue ne null&$orderby=revenue desc'";
    let rows = |line: &str| json(&world.run(line).succeeds())["value"].clone();
    assert_eq!(rows(by_alias), rows(plainly));
    assert_eq!(rows(plainly).as_array().map(Vec::len), Some(5));
}

#[test]
fn what_the_sandbox_has_not_is_501_and_named() {
    let world = World::connected();
    for (path, named) in [
        ("accounts?$filter=contact_customer_accounts/any(c:c/lastname eq %27x%27)", "contact_customer_accounts/any"),
        ("accounts?$expand=contact_customer_accounts($expand=ownerid)", "nested $expand"),
        ("accounts?$apply=filter(statecode eq 0)", "$apply"),
        ("audits?$top=1", "audits"),
        ("EntityDefinitions?$top=1", "$top"),
    ] {
        let said = refused(&world, &format!("api '{path}'"));
        assert!(said.contains("501") || said.contains("0x80040219"), "{path}: {said}");
        assert!(said.contains(named), "{path}: {said}");
    }
}

#[test]
fn columns_are_listed_under_names_that_people_read() {
    let world = World::connected();
    let shown = world.run("tables show account --columns -o json").succeeds();
    assert!(shown.contains("Primary Satori ID") && !shown.contains("Primarysatoriid"), "{shown}");
}
