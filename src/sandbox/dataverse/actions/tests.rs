//! What actions and functions do, asked over the Web API.

use crate::sandbox::dataverse::trial::Trial;

const NAMESPACE: &str = "Microsoft.Dynamics.CRM.";

fn post(trial: &mut Trial, address: &str, body: &str) -> (u16, String) {
    let answer = trial.ask("POST", address).body(body).answer();
    let code = if answer.status < 300 { String::new() } else { answer.error().1 };
    (answer.status, code)
}

fn open(trial: &mut Trial, set: &str) -> String {
    trial.find(set, "statecode eq 0").to_string()
}

#[test]
fn a_qualified_lead_becomes_account_contact_and_opportunity() {
    let mut trial = Trial::new();
    let lead = open(&mut trial, "leads");
    let address = format!("leads({lead})/{NAMESPACE}QualifyLead");
    let body = r#"{"CreateAccount":true,"CreateContact":true,"CreateOpportunity":true,"Status":3}"#;
    let answer = trial.ask("POST", &address).body(body).answer();
    assert_eq!(answer.status, 200, "{}", answer.text);
    let made = answer.json();
    let kinds: Vec<&str> =
        made["value"].as_array().unwrap().iter().map(|it| it["@odata.type"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["account", "contact", "opportunity"].map(|name| format!("#{NAMESPACE}{name}")));
    let closed = trial.get(&format!("leads({lead})"));
    assert_eq!((&closed["statecode"], &closed["statuscode"]), (&1.into(), &3.into()));
    assert_eq!(closed["_qualifyingopportunityid_value"], made["value"][2]["opportunityid"]);
    let account = trial.get(&format!("accounts({})", made["value"][0]["accountid"].as_str().unwrap()));
    assert_eq!(account["name"], closed["companyname"]);
    assert_eq!(account["_primarycontactid_value"], made["value"][1]["contactid"]);
    assert_eq!(post(&mut trial, &address, body), (400, "0x80040519".to_owned()));
    let other = open(&mut trial, "leads");
    let none = r#"{"CreateAccount":false,"CreateContact":false,"CreateOpportunity":false,"Status":-1}"#;
    let answer = trial.ask("POST", &format!("leads({other})/{NAMESPACE}QualifyLead")).body(none).answer();
    assert_eq!(answer.json()["value"], serde_json::json!([]));
}

#[test]
fn a_closed_opportunity_has_an_activity_that_tells_of_it() {
    let mut trial = Trial::new();
    let won = open(&mut trial, "opportunities");
    let body = format!(
        r#"{{"Status":3,"OpportunityClose":{{"subject":"Won","actualrevenue":125000.50,"actualend":"2026-03-01","opportunityid@odata.bind":"/opportunities({won})"}}}}"#
    );
    assert_eq!(post(&mut trial, "WinOpportunity", &body), (204, String::new()));
    let row = trial.get(&format!("opportunities({won})"));
    assert_eq!((&row["statecode"], &row["statuscode"]), (&1.into(), &3.into()));
    assert_eq!((&row["actualvalue"], &row["actualclosedate"]), (&125_000.5.into(), &"2026-03-01".into()));
    let closes = trial.get(&format!("opportunitycloses?$filter=_opportunityid_value eq {won}"));
    assert_eq!(closes["value"][0]["subject"], "Won");
    assert_eq!(post(&mut trial, "LoseOpportunity", &body.replace("\"Status\":3", "\"Status\":5")).1, "0x80040515");
    let lost = open(&mut trial, "opportunities");
    let body = body.replace(&won, &lost);
    assert_eq!(post(&mut trial, "LoseOpportunity", &body).1, "0x80048408", "a reason of another state");
    assert_eq!(post(&mut trial, "LoseOpportunity", &body.replace("\"Status\":3", "\"Status\":5")).0, 204);
    let nobody = r#"{"Status":3,"OpportunityClose":{"subject":"x"}}"#;
    assert_eq!(post(&mut trial, "WinOpportunity", nobody).1, "0x80040203");
}

#[test]
fn open_activities_keep_a_case_open() {
    let mut trial = Trial::new();
    let case = open(&mut trial, "incidents");
    let task = format!(r#"{{"subject":"Look","regardingobjectid_incident_task@odata.bind":"/incidents({case})"}}"#);
    let answer = trial.ask("POST", "tasks").body(&task).answer();
    let task = answer.header("odata-entityid").unwrap().rsplit('/').next().unwrap().to_owned();
    let body = format!(
        r#"{{"Status":5,"IncidentResolution":{{"subject":"Solved","timespent":30,"incidentid@odata.bind":"/incidents({case})"}}}}"#
    );
    assert_eq!(post(&mut trial, "CloseIncident", &body), (400, "0x8004440A".to_owned()));
    assert_eq!(trial.ask("PATCH", &task).body("{\"statecode\":1}").answer().status, 204);
    assert_eq!(post(&mut trial, "CloseIncident", &body), (204, String::new()));
    assert_eq!(trial.get(&format!("incidents({case})"))["statecode"], 1);
    assert_eq!(post(&mut trial, "CloseIncident", &body), (400, "0x80044411".to_owned()));
}

#[test]
fn a_merged_record_hands_over_what_hangs_on_it() {
    let mut trial = Trial::new();
    let target = trial.find("accounts", "accountnumber eq 'NL-0001'");
    let other = trial.find("contacts", &format!("_parentcustomerid_value ne {target} and statecode eq 0"));
    let other = trial.get(&format!("contacts({other})"))["_parentcustomerid_value"].as_str().unwrap().to_owned();
    let count = |trial: &mut Trial, id: &str| {
        trial.get(&format!("contacts?$filter=_parentcustomerid_value eq {id}&$count=true"))["@odata.count"].as_u64()
    };
    let (theirs, ours) = (count(&mut trial, &other).unwrap(), count(&mut trial, &target.to_string()).unwrap());
    let body = format!(
        r#"{{"Target":{{"accountid":"{target}","@odata.type":"{NAMESPACE}account"}},"Subordinate":{{"accountid":"{other}","@odata.type":"{NAMESPACE}account"}},"UpdateContent":{{"fax":"+47 1","@odata.type":"{NAMESPACE}account"}},"PerformParentingChecks":false}}"#
    );
    assert_eq!(post(&mut trial, "Merge", &body), (204, String::new()));
    let gone = trial.get(&format!("accounts({other})"));
    assert_eq!((&gone["statecode"], &gone["merged"]), (&1.into(), &true.into()));
    assert_eq!(gone["_masterid_value"], target.to_string());
    assert_eq!(count(&mut trial, &target.to_string()), Some(theirs + ours));
    assert_eq!(trial.get(&format!("accounts({target})"))["fax"], "+47 1");
    assert_eq!(post(&mut trial, "Merge", &body).1, "0x8004022E", "it is inactive now");
    assert_eq!(
        post(&mut trial, "Merge", &body.replace(&format!("\"@odata.type\":\"{NAMESPACE}account\""), "\"x\":1")).1,
        "0x80048d19"
    );
    assert_eq!(post(&mut trial, "Merge", &body.replace(&other, &target.to_string())).1, "0x80040203");
}

#[test]
fn parameters_are_held_against_what_is_declared() {
    let mut trial = Trial::new();
    let case = open(&mut trial, "incidents");
    let escalate = format!("incidents({case})/{NAMESPACE}nl_Escalate");
    for (method, address, body, status, code) in [
        ("POST", escalate.as_str(), "{}", 400, "0x80040203"),
        ("POST", &escalate, r#"{"Reason":"x","Colour":"red"}"#, 400, "0x80048d19"),
        ("POST", &escalate, r#"{"Reason":1}"#, 400, "0x80048d19"),
        ("POST", &escalate, r#"{"Reason":" "}"#, 400, "0x80040265"),
        ("POST", &escalate, "nothing", 400, "0x80048d19"),
        ("GET", &escalate, "", 404, ""),
        ("POST", &format!("incidents({case})/nl_Escalate"), r#"{"Reason":"x"}"#, 400, "0x80048d19"),
        ("POST", &format!("incidents({case})/{NAMESPACE}Nothing"), "{}", 404, "0x8006088a"),
        ("POST", "nl_WorkingDays(From=2026-03-02,Until=2026-03-06)", "{}", 404, ""),
        ("GET", "nl_WorkingDays(From=2026-03-02)", "", 400, "0x80040203"),
        ("GET", "nl_WorkingDays(From=yesterday,Until=2026-03-06)", "", 400, "0x80048d19"),
        ("GET", "nl_PlanVisit", "", 404, ""),
    ] {
        let (found, found_code, message) = trial.ask(method, address).body(body).answer().error();
        assert_eq!((found, found_code.as_str()), (status, code), "{method} {address} {body}: {message}");
    }
    let answer = trial.ask("POST", &escalate).body(r#"{"Reason":"The pump is down"}"#).answer();
    let note = trial.get(&format!("annotations({})", answer.json()["NoteId"].as_str().unwrap()));
    assert_eq!(note["notetext"], "The pump is down");
    assert_eq!(trial.get(&format!("incidents({case})"))["prioritycode"], 1);
}

#[test]
fn functions_take_their_parameters_from_the_address() {
    let mut trial = Trial::new();
    let week = trial.get("nl_WorkingDays(From=@a,Until=@b)?@a=2026-03-02&@b=2026-03-08");
    assert_eq!(week["Days"], 5);
    let account = trial.find("opportunities", "statecode eq 0 and _accountid_value ne null");
    let account = trial.get(&format!("opportunities({account})"))["_customerid_value"].as_str().unwrap().to_owned();
    let value = trial.get(&format!("accounts({account})/{NAMESPACE}nl_OpenValue()"));
    assert!(value["Opportunities"].as_u64() >= Some(1), "{value}");
    let oldest = trial.get(&format!("incidents/{NAMESPACE}nl_OldestOpen(Count=2)"));
    assert_eq!(oldest["value"].as_array().map(Vec::len), Some(2));
    let body = format!(
        r#"{{"Customer":{{"accountid":"{account}","@odata.type":"{NAMESPACE}account"}},"When":"2026-12-01T09:00:00Z","Topics":["ice","skates"]}}"#
    );
    let planned = trial.ask("POST", "nl_PlanVisit").body(&body).answer();
    assert_eq!(planned.json()["Summary"], "Visit: ice, skates (60 min)");
}

#[test]
fn members_come_to_a_team_and_go() {
    let mut trial = Trial::new();
    let team = trial.find("teams", "name ne null");
    let user = trial.find("systemusers", "isdisabled eq false");
    let body = format!(r#"{{"Members":[{{"@odata.type":"{NAMESPACE}systemuser","ownerid":"{user}"}}]}}"#);
    let is_member = |trial: &mut Trial| {
        let members = trial.column(&format!("teams({team})/teammembership_association"), "systemuserid");
        members.contains(&user.to_string())
    };
    assert_eq!(post(&mut trial, &format!("teams({team})/{NAMESPACE}RemoveMembersTeam"), &body).0, 204);
    assert!(!is_member(&mut trial));
    assert_eq!(post(&mut trial, &format!("teams({team})/{NAMESPACE}AddMembersTeam"), &body).0, 204);
    assert!(is_member(&mut trial));
}
