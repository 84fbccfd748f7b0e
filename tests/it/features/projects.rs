//! A table that the demo company made for itself: every kind of column that custom tables have, read and written by name.

use serde_json::Value;

use crate::world::World;

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

#[test]
fn a_custom_table_is_worked_with_by_any_of_its_names() {
    let world = World::connected();
    for name in ["nl_project", "nl_projects", "nl_Project"] {
        let rows = json(&world.run(&format!("records {name} list --select nl_name,nl_code -o json")).succeeds());
        assert_eq!(rows.as_array().unwrap().len(), 12, "{name}");
    }
    let made = world
        .run(
            "records nl_project create nl_name=Quay nl_code=NLP-100 nl_accountid=accountnumber=NL-0007 nl_kind=Training \
             nl_budget=1250.5 nl_startson=2027-03-01 nl_billable=yes",
        )
        .succeeds();
    let row = json(&world.run(&format!("records nl_project get {} -o json", made.trim())).succeeds());
    assert_eq!((&row["nl_budget"], &row["nl_startson"]), (&serde_json::json!(1250.5), &Value::from("2027-03-01")));
    assert_eq!((row["nl_kind"].as_i64(), row["nl_billable"].as_bool()), (Some(100_000_002), Some(true)));
    assert!(row["_nl_accountid_value"].is_string());
    world.run("records nl_project update --key nl_code=NLP-100 nl_description=Done").succeeds();
    world.run("records nl_project delete --key nl_code=NLP-100").succeeds();
}

#[test]
fn several_choices_are_written_by_label_and_by_number() {
    let world = World::connected();
    let regions = |typed: &str| {
        world.run(&format!("records nl_project update --key nl_code=NLP-001 {typed}")).succeeds();
        let line = "records nl_project get nl_code=NLP-001 --select nl_regions -o json";
        json(&world.run(line).succeeds())["nl_regions"].clone()
    };
    assert_eq!(regions("nl_regions=north,South"), "1,3");
    assert_eq!(regions("nl_regions=2,4"), "2,4");
    assert_eq!(regions("'nl_regions=Overseas, by sea'"), "5");
    assert_eq!(regions("nl_regions="), Value::Null);
    regions("nl_regions=1,2");
    let labels = world.run("records nl_project get nl_code=NLP-001 --select nl_regions --labels -o json").succeeds();
    assert!(labels.contains("North; East"), "{labels}");
    let wrong = world.run("records nl_project update --key nl_code=NLP-001 nl_regions=North,Up");
    assert!(wrong.stderr.contains("North (1)"), "{}", wrong.stderr);
    wrong.fails(2, "dataverse/");
}

#[test]
fn a_record_is_told_from_others_by_one_of_its_several_choices() {
    let world = World::connected();
    let code = |typed: &str| world.run(&format!("records nl_project get '{typed}' --select nl_code --jq .nl_code"));
    assert_eq!(code("nl_regions=overseas, by sea").succeeds().trim(), "NLP-005");
    assert_eq!(code("nl_regions=5").succeeds().trim(), "NLP-005");
    code("nl_regions=South,West").fails(2, "dataverse/ambiguous-record");
}

#[test]
fn the_kinds_of_its_columns_are_told_truthfully() {
    let world = World::connected();
    let columns = json(&world.run("tables show nl_project --columns -o json").succeeds());
    let kind = |name: &str| {
        let column = columns.as_array().unwrap().iter().find(|column| column["name"] == name);
        column.unwrap_or_else(|| panic!("no {name}: {columns}"))["type"].as_str().unwrap_or_default().to_owned()
    };
    for (name, expected) in [
        ("nl_regions", "choices"),
        ("nl_contract", "file"),
        ("nl_photo", "image"),
        ("nl_kind", "choice"),
        ("nl_budget", "money"),
        ("nl_accountid", "lookup"),
    ] {
        assert_eq!(kind(name), expected, "{name}");
    }
    let whole = json(&world.run("tables show nl_project -o json").succeeds());
    assert_eq!((whole["is_custom"].as_bool(), whole["keys"].as_u64()), (Some(true), Some(1)));
}
