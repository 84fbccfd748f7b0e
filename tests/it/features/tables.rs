//! `tables`: what the organisation is made of, asked once a day.

use crate::world::World;

fn json(text: &str) -> serde_json::Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// How many requests for metadata a command makes.
fn asked(world: &World, line: &str) -> usize {
    let count = || world.sandbox.requests().iter().filter(|seen| seen.path.contains("/EntityDefinitions")).count();
    let before = count();
    world.run(line).succeeds();
    count() - before
}

#[test]
fn tables_are_listed_by_each_of_their_names() {
    let world = World::connected();
    let rows = json(&world.run("tables list -o json").succeeds());
    let incident = rows.as_array().unwrap().iter().find(|row| row["logical_name"] == "incident").unwrap();
    assert_eq!(
        (&incident["entity_set"], &incident["schema_name"], &incident["label"], &incident["name_column"]),
        (&"incidents".into(), &"Incident".into(), &"Case".into(), &"title".into())
    );
    assert_eq!(incident["type_code"], 112);
    let ids = world.run("tables list -o id").succeeds();
    assert!(ids.lines().any(|line| line == "transactioncurrency"), "{ids}");
    assert_eq!(ids.lines().count(), rows.as_array().unwrap().len());
}

#[test]
fn a_table_shows_its_columns_choices_relationships_and_keys() {
    let world = World::connected();
    let find = |part: &str, key: &str, name: &str| {
        let rows = json(&world.run(&format!("tables show contact --{part} -o json")).succeeds());
        rows.as_array().unwrap().iter().find(|row| row[key] == name).cloned().unwrap_or_else(|| panic!("{name}"))
    };
    let birthday = find("columns", "name", "birthdate");
    assert_eq!((&birthday["type"], &birthday["detail"]), (&"date".into(), &"DateOnly".into()));
    let customer = find("columns", "name", "parentcustomerid");
    assert_eq!(customer["targets"], serde_json::json!(["account", "contact"]));
    let number = find("columns", "name", "numberofchildren");
    assert_eq!((&number["least"], &number["most"]), (&0.into(), &1_000_000_000.into()));
    assert_eq!(find("columns", "name", "fullname")["writable"], "no");
    let active = find("choices", "label", "Active");
    assert_eq!(active["column"], "statecode");
    assert_eq!(find("relationships", "navigation", "parentcustomerid_account")["table"], "account");
    assert_eq!(find("relationships", "navigation", "Contact_Annotation")["kind"], "collection");
    assert_eq!(find("keys", "columns", "emailaddress1")["status"], "Active");
    for format in ["table", "csv", "tsv", "ndjson", "id"] {
        for part in ["", "--columns", "--choices", "--relationships", "--keys"] {
            assert_ne!(world.run(&format!("tables show Contact {part} -o {format}")).succeeds(), "", "{part} {format}");
        }
    }
}

#[test]
fn what_was_learned_is_kept_for_a_day_or_until_a_refresh() {
    let world = World::connected();
    let first = asked(&world, "tables show account --choices");
    assert!(first > 2, "{first}");
    assert_eq!(asked(&world, "tables show account --choices"), 0);
    assert_eq!(asked(&world, "records account list --top 1"), 0, "the names are known too");
    assert_eq!(asked(&world, "tables show account --choices --refresh"), first);
    world.pass(std::time::Duration::from_secs(24 * 3600));
    assert_eq!(asked(&world, "tables show account --choices"), first);
}

#[test]
fn a_damaged_cache_is_asked_for_again_without_a_word() {
    let world = World::connected();
    let first = asked(&world, "tables show account --columns");
    let kept: Vec<_> =
        world.files().into_iter().filter(|(path, _)| path.to_string_lossy().contains("/metadata/")).collect();
    assert_eq!(kept.len(), 2, "the list and one table");
    for (path, bytes) in &kept {
        std::fs::write(path, &bytes[..bytes.len() / 2]).unwrap();
    }
    let outcome = world.run("tables show account --columns");
    assert_eq!(outcome.stderr, "");
    outcome.succeeds();
    assert_eq!(asked(&world, "tables show account --columns"), 0, "mended");
    assert!(first > 2);
}

#[cfg(unix)]
#[test]
fn the_cache_is_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let world = World::connected();
    world.run("tables list").succeeds();
    let (path, _) = world.files().into_iter().find(|(path, _)| path.ends_with("all-tables.json")).unwrap();
    assert_eq!(std::fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn a_slip_in_a_tables_name_is_answered_with_the_nearest() {
    let world = World::connected();
    let said = world.run("tables show acount").fails(2, "dataverse/unknown-table");
    assert!(said.contains("`account`"), "{said}");
    world.run("tables show account --keys --columns").fails(2, "");
}
