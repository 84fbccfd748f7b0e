//! Who takes part in an activity: said in words when it is created, kept and told by the organisation.

use serde_json::Value;

use crate::world::World;

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// What takes part in an activity: what of it, the record, the address.
fn parties(world: &World, noun: &str, id: &str, table: &str) -> Vec<(i64, Option<String>, Option<String>)> {
    let row = json(&world.run(&format!("{noun} get {id} --expand {table}_activity_parties -o json")).succeeds());
    let parties = row[format!("{table}_activity_parties")].as_array().unwrap().clone();
    let text = |party: &Value, column: &str| party[column].as_str().map(str::to_owned);
    let mut parties: Vec<_> = parties
        .iter()
        .map(|party| {
            let mask = party["participationtypemask"].as_i64().unwrap();
            (mask, text(party, "_partyid_value"), text(party, "addressused"))
        })
        .collect();
    parties.sort();
    parties
}

#[test]
fn an_email_goes_from_a_user_to_records_and_bare_addresses() {
    let world = World::connected();
    let contact = json(&world.run("contacts list --top 1 --select fullname,emailaddress1 -o json").succeeds());
    let (name, address) = (contact[0]["fullname"].as_str().unwrap(), contact[0]["emailaddress1"].as_str().unwrap());
    let contact = contact[0]["contactid"].as_str();
    let contact = contact.map_or_else(
        || world.run(&format!("contacts get emailaddress1={address} -o id")).succeeds().trim().to_owned(),
        str::to_owned,
    );
    let user = world.run("users list --filter \"fullname eq 'Inès Moreau'\" -o id").succeeds().trim().to_owned();
    let line = format!(
        "emails create subject=Hello from=user:ines.moreau@northlight.example \
         'to=contact@emailaddress1={address}, ida@fjord.example' cc=account@accountnumber=NL-0007 bcc=systemuser:{user}"
    );
    let id = world.run(&line).succeeds().trim().to_owned();
    let found = parties(&world, "emails", &id, "email");
    let account = world.run("accounts get accountnumber=NL-0007 -o id").succeeds().trim().to_owned();
    let has = |mask: i64, party: Option<&str>, address: Option<&str>| {
        found.iter().any(|(role, id, at)| {
            *role == mask && id.as_deref() == party && address.is_none_or(|wanted| at.as_deref() == Some(wanted))
        })
    };
    assert_eq!(found.len(), 5, "{found:?}");
    assert!(has(1, Some(&user), None) && has(4, Some(&user), None), "{found:?}");
    assert!(has(2, Some(&contact), None) && has(2, None, Some("ida@fjord.example")), "{found:?}");
    assert!(has(3, Some(&account), None), "{found:?}");
    let by_name = world.run(&format!("emails create subject=Hello \"to=contact:\\\"{name}\\\"\""));
    assert!([0, 2].contains(&by_name.exit), "found, or several are called so: {}", by_name.stderr);
    world.run(&format!("emails delete {id}")).succeeds();
    let left =
        world.run(&format!("records activityparty list --filter \"_activityid_value eq {id}\" -o id")).succeeds();
    assert_eq!(left, "", "parties go with their activity");
}

#[test]
fn calls_and_appointments_have_parties_too() {
    let world = World::connected();
    let [one, two] = [0, 1].map(|nth| {
        let ids = world.run("contacts list --top 2 -o id").succeeds();
        ids.lines().nth(nth).unwrap().to_owned()
    });
    let line = format!(
        "appointments create subject=Visit requiredattendees=contact:{one},contact:{two} organizer=user:ines.moreau@northlight.example"
    );
    let visit = world.run(&line).succeeds().trim().to_owned();
    let masks: Vec<i64> = parties(&world, "appointments", &visit, "appointment").iter().map(|party| party.0).collect();
    assert_eq!(masks, [5, 5, 7]);
    let call =
        world.run(&format!("phonecalls create subject=Call from=user:ines.moreau@northlight.example to=contact:{one}"));
    let call = call.succeeds().trim().to_owned();
    assert_eq!(parties(&world, "phonecalls", &call, "phonecall")[1], (2, Some(one), None));
}

#[test]
fn what_is_no_party_is_told_before_anything_is_written() {
    let world = World::connected();
    let before = world.run("emails count").succeeds();
    let said = world.run("emails create subject=x \"to=Ida Holm\"").fails(2, "dataverse/table-needed");
    assert!(said.contains("to=contact:Ida Holm"), "{said}");
    world.run("emails create subject=x to=contact:Nobody").fails(3, "dataverse/nothing-found");
    world.run("emails create subject=x \"to:=[]\"").fails(2, "dataverse/not-by-value");
    world.run("emails create subject=x to=ida@fjord.example cc=").succeeds();
    let id = world.run("emails list --top 1 -o id").succeeds();
    let said =
        world.run(&format!("emails update {} to=ida@fjord.example", id.trim())).fails(2, "dataverse/parties-later");
    assert!(said.contains("api -X PUT 'emails(<id>)/email_activity_parties'"), "{said}");
    let after: u64 = world.run("emails count").succeeds().trim().parse().unwrap();
    assert_eq!(after, before.trim().parse::<u64>().unwrap() + 1);
}

#[test]
fn all_parties_are_replaced_together() {
    let world = World::connected();
    let id = world.run("emails create subject=x to=ida@fjord.example").succeeds().trim().to_owned();
    let everybody = r#"{"value":[{"addressused":"eva@fjord.example","participationtypemask":2}]}"#;
    let line = format!("api -X PUT 'emails({id})/email_activity_parties' --input -");
    world.run_with_stdin(&line, everybody).succeeds();
    assert_eq!(parties(&world, "emails", &id, "email"), [(2, None, Some("eva@fjord.example".to_owned()))]);
}

#[test]
fn the_columns_of_parties_are_shown() {
    let world = World::connected();
    let shown = world.run("tables show email --columns -o tsv").succeeds();
    for column in ["from", "to", "cc", "bcc"] {
        assert!(
            shown.lines().any(|line| line.starts_with(&format!("{column}\t")) && line.contains("parties")),
            "{shown}"
        );
    }
}
