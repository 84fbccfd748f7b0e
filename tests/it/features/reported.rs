//! What users of other tools have reported in public, done here: each held from the start and has to stay so. The table of
//! all of them is `tests/data/threats.toml`; what they sent over a wire of their own making is in `wire/reported.rs`.

use serde_json::{Value, json};

use super::listener::{left_alone, status};
use crate::world::World;

fn json_of(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

fn made(world: &World, line: &str) -> String {
    world.run(line).succeeds().trim().to_owned()
}

#[test]
fn each_refusal_that_comes_back_through_the_browser_is_told_by_its_number() {
    for (error, description, exit, code) in [
        ("access_denied", "AADSTS65004: User declined to consent to access the app.", 4, "auth/"),
        ("server_error", "AADSTS90033: A transient error has occurred. Please try again.", 6, "auth/"),
        (
            "invalid_client",
            "AADSTS650052: The app is trying to access a service that your organization lacks.",
            4,
            "auth/",
        ),
        (
            "invalid_resource",
            "AADSTS500011: The resource principal named https://x was not found.",
            4,
            "auth/organisation-unknown",
        ),
        ("interaction_required", "AADSTS50079: The user is required to use multi-factor authentication.", 4, "auth/"),
        ("unauthorized_client", "AADSTS700016: Application was not found in the directory.", 4, "auth/"),
    ] {
        let mut world = World::new();
        let form: String = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("error", error)
            .append_pair("error_description", &format!("{description}\r\nCorrelation ID: 9999"))
            .finish();
        let (outcome, reply) = left_alone(&mut world, "", move |door| {
            door.say(&door.post(&format!("{form}&state={}", door.state), "Origin: null\r\n"))
        });
        assert_eq!(status(&reply), "200", "{error}");
        let said = outcome.fails(exit, code);
        let (number, _) = description.split_once(':').unwrap();
        assert!(said.contains(number), "{number}: {said}");
        assert!(said.contains("fix:") && said.contains("9999"), "{number}: {said}");
        assert_eq!(world.run("connections list -o json").succeeds().trim(), "[]", "{number}");
    }
}

#[test]
fn a_browser_that_fetches_ahead_looks_at_headers_or_frames_the_answer_redeems_one_code() {
    let mut world = World::new();
    let (outcome, replies) = left_alone(&mut world, "--response-mode query", |door| {
        let target = format!("/?{}", door.made_up());
        let framed = door.say(&door.get(&target, "Sec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: iframe\r\n"));
        let head = door.say(&door.get(&target, "").replacen("GET", "HEAD", 1));
        let greeting = {
            use std::io::{Read as _, Write as _};
            let mut stream = door.connect();
            // What a browser sends that was told `https://localhost`.
            let _ = stream.write_all(b"\x16\x03\x01\x00\x05\x01\x00\x00\x01\x00\r\n\r\n");
            let mut reply = String::new();
            let _ = stream.read_to_string(&mut reply);
            reply
        };
        let navigated = "Sec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: document\r\n";
        let ahead = door.say(&door.get(&target, &format!("{navigated}Sec-Purpose: prefetch\r\nConnection: close\r\n")));
        [framed, head, greeting, ahead]
    });
    outcome.fails(4, "auth/");
    assert_eq!(replies.each_ref().map(|reply| status(reply)), ["403", "405", "400", "303"], "{replies:#?}");
    let redeemed = world.sandbox.requests();
    let redeemed = redeemed.iter().filter(|request| request.field("grant_type") == Some("authorization_code"));
    assert_eq!(redeemed.count(), 1);
}

#[test]
fn a_key_with_slashes_ampersands_and_percent_signs_is_one_value_everywhere() {
    let world = World::connected();
    for key in ["A/B+C&D#1%", "a'b/c", "..", "%2F", "x y?z=1", "Ærø/é"] {
        let id = made(&world, &format!("accounts create name=Keyed \"accountnumber={key}\""));
        let named = format!("\"accountnumber={key}\"");
        let row = json_of(&world.run(&format!("accounts get {named} --select name,accountnumber -o json")).succeeds());
        assert_eq!(row, json!({ "name": "Keyed", "accountnumber": key }));
        world.run(&format!("accounts upsert --key {named} name=Upserted")).succeeds();
        world
            .run(&format!("records nl_project update --key nl_code=NLP-001 \"nl_accountid=accountnumber={key}\""))
            .succeeds();
        let bound = world.run("records nl_project get nl_code=NLP-001 --select nl_accountid --jq ._nl_accountid_value");
        assert_eq!(bound.succeeds().trim(), id, "{key}");
        let found =
            world.run(&format!("accounts list --filter \"accountnumber eq '{}'\" -o json", key.replace('\'', "''")));
        let rows = json_of(&found.succeeds());
        assert_eq!(rows.as_array().map(Vec::len), Some(1), "{key}: {rows}");
        assert_eq!((&rows[0]["name"], &rows[0]["accountid"]), (&"Upserted".into(), &id.as_str().into()), "{key}");
    }
}

#[test]
fn numbers_as_spreadsheets_and_scripts_write_them_are_refused_or_kept_digit_for_digit() {
    let world = World::connected();
    world.run("tables show account --columns").succeeds();
    for typed in ["1e6", "1,000.50", "1.000,50", "1 000", "$5", "0x10", "1_000", "--5", "1.", "NaN", "∞"] {
        let said = world.run(&format!("accounts create name=x \"revenue={typed}\"")).fails(2, "dataverse/wrong-kind");
        assert!(said.contains(typed), "{typed}: {said}");
    }
    world.run("accounts create name=x revenue=12.34567").fails(2, "dataverse/beyond-limits");
    for (number, kept) in [("1.25E+3", "1250"), ("0.10", "0.1"), ("1250.50", "1250.5"), ("-0", "0")] {
        let data = format!("{{\"name\":\"Digits\",\"revenue\":{number}}}");
        let shown = world.run_with_stdin("accounts create --data - --dry-run", &data).succeeds();
        assert!(shown.contains(&format!("\"revenue\":{number}")), "{number} goes out as it was given: {shown}");
        let id = world.run_with_stdin("accounts create --data -", &data).succeeds();
        let back = world.run(&format!("accounts get {} --select revenue --jq .revenue", id.trim())).succeeds();
        let back: f64 = back.trim().parse().unwrap();
        assert!((back - kept.parse::<f64>().unwrap()).abs() < f64::EPSILON, "{number} came back as {back}");
    }
}

#[test]
fn a_lookup_is_written_by_its_own_name_and_sent_by_the_one_the_service_takes() {
    let world = World::connected();
    let contact = made(&world, "contacts create firstname=Ida lastname=Holmgaard");
    let line = "records nl_project update --key nl_code=NLP-001";
    let get = "records nl_project get nl_code=NLP-001 --select nl_contactid -o json";
    for typed in [
        format!("nl_contactid={contact}"),
        "\"nl_contactid=Ida Holmgaard\"".to_owned(),
        "nl_contactid=lastname=Holmgaard".to_owned(),
        format!("_nl_contactid_value={contact}"),
    ] {
        world.run(&format!("{line} nl_contactid=")).succeeds();
        assert_eq!(json_of(&world.run(get).succeeds())["_nl_contactid_value"], Value::Null);
        let shown = world.run(&format!("{line} {typed} --dry-run")).succeeds();
        assert!(shown.contains(&format!("\"nl_ContactId@odata.bind\":\"/contacts({contact})\"")), "{typed}: {shown}");
        world.run(&format!("{line} {typed}")).succeeds();
        assert_eq!(json_of(&world.run(get).succeeds())["_nl_contactid_value"], contact.as_str(), "{typed}");
    }
    // Two of that name: who is meant is asked, with both.
    let other = made(&world, "contacts create firstname=Ida lastname=Holmgaard");
    let said = world.run(&format!("{line} \"nl_contactid=Ida Holmgaard\"")).fails(2, "dataverse/ambiguous-record");
    assert!(said.contains(&contact) && said.contains(&other), "{said}");
    assert_eq!(json_of(&world.run(get).succeeds())["_nl_contactid_value"], contact.as_str(), "nothing was changed");
}

#[test]
fn line_ends_quotes_and_tabs_in_a_cell_come_out_as_each_format_writes_them() {
    let world = World::connected();
    let text = "one\r\ntwo \"three\"\tfour, five";
    let data = json!({ "name": "Cells", "description": text }).to_string();
    let id = world.run_with_stdin("accounts create --data -", &data).succeeds();
    let line = format!("accounts get {} --select description", id.trim());
    let shown = |format: &str| world.run(&format!("{line} -o {format}")).succeeds();
    // RFC 4180: quoted, quotes doubled, line ends as they are.
    assert_eq!(shown("csv"), format!("description\n\"{}\"\n", text.replace('"', "\"\"")));
    assert_eq!(shown("tsv"), "one\\r\\ntwo \"three\"\\tfour, five\n");
    assert_eq!(json_of(&shown("json")), json!({ "description": text }));
    let lines = shown("ndjson");
    assert_eq!((lines.lines().count(), json_of(&lines)), (1, json!({ "description": text })));
    let table = world.run("accounts list --filter \"name eq 'Cells'\" --select name,description -o table").succeeds();
    assert!(!table.contains(['\r', '\t']) && table.lines().count() == 2, "{table:?}");
}

#[test]
fn portals_of_the_power_platform_are_no_organisation() {
    let world = World::new();
    let id = "6d2ef3c1-9f6e-4e11-8179-000d3a000002";
    for address in [
        format!("https://web.powerapps.com/environments/{id}/home"),
        format!("https://copilotstudio.microsoft.com/environments/{id}/home"),
        "https://flow.microsoft.com/".to_owned(),
        "https://teams.microsoft.com/v2/".to_owned(),
        format!("https://make.powerautomate.com/environments/{id}/flows"),
    ] {
        let said = world.run(&format!("connect --tenant-url {address} --store file")).fails(2, "tenant/");
        let host = url::Url::parse(&address).unwrap().host_str().unwrap().to_owned();
        assert!(said.contains(&host) && said.contains("Environment"), "{address}: {said}");
    }
    assert!(world.sandbox.requests().is_empty());
}
