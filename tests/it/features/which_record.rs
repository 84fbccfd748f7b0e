//! That a change is made to the record that was meant, and to no other: what names it, what is compared with what was typed,
//! and what is said of it afterwards.

use crate::world::World;

fn made(world: &World, line: &str) -> String {
    world.run(line).succeeds().trim().to_owned()
}

fn changes(world: &World) -> usize {
    let requests = world.sandbox.requests();
    requests.iter().filter(|seen| seen.method != "GET" && seen.path.contains("/api/")).count()
}

fn requests(world: &World) -> usize {
    world.sandbox.requests().len()
}

#[test]
fn an_id_that_is_empty_in_the_shell_changes_no_other_record() {
    let world = World::connected();
    let other = made(&world, "accounts create name=Other telephone1='+32 555'");
    made(&world, "contacts create lastname=Boss jobtitle=Boss");
    let before = requests(&world);
    // `id=; d365conn accounts update $id …`: the shell leaves no word at all.
    for line in [
        "accounts update telephone1='+32 555' description=oops",
        "accounts update name=Other description=oops",
        "contacts update jobtitle=Boss lastname=Zzz",
        "accounts update numberofemployees:=12",
        "accounts update primarycontactid@odata.bind=/contacts(1) name=x",
    ] {
        let said = world.run(line).fails(2, "commands/which-record");
        assert!(said.contains("`ID \"") && said.contains("`--key \""), "{said}");
    }
    assert_eq!(requests(&world), before);
    assert_eq!(world.run(&format!("accounts get {other} --jq .description")).succeeds(), "null\n");
}

#[test]
fn the_record_is_named_by_an_id_or_by_a_key_and_not_by_both() {
    let world = World::connected();
    let id = made(&world, "accounts create name=Keyed accountnumber=AC-K1");
    world.run("accounts update --key accountnumber=AC-K1 telephone1=1 description=two").succeeds();
    world.run("accounts update description=three --key accountnumber=AC-K1").succeeds();
    world.run("accounts update --key name=Keyed --key accountnumber=AC-K1 fax=9").succeeds();
    let row = world.run(&format!("accounts get {id} --select telephone1,description,fax -o tsv")).succeeds();
    assert!(row.contains("1\tthree\t9"), "{row}");
    let before = requests(&world);
    world.run(&format!("accounts update {id} --key accountnumber=AC-K1 fax=1")).fails(2, "commands/record-named-twice");
    world
        .run(&format!("accounts assign {id} --key accountnumber=AC-K1 --to x"))
        .fails(2, "commands/record-named-twice");
    world.run("accounts link --key accountnumber=AC-K1 primarycontactid").fails(2, "commands/usage");
    world.run(&format!("accounts unlink --key accountnumber=AC-K1 a {id} c")).fails(2, "commands/usage");
    world.run("accounts update --key accountnumber= fax=1").fails(2, "dataverse/bad-key");
    world.run("accounts update --key AC-K1 fax=1").fails(2, "dataverse/bad-key");
    world.run("accounts update --key accountnumber=a --key accountnumber=b fax=1").fails(2, "dataverse/column-twice");
    assert_eq!(world.run("accounts update fax=1 --data '{}'").exit, 2);
    assert_eq!(world.run("accounts update --data '{\"fax\":\"1\"}'").exit, 2);
    assert_eq!(requests(&world), before);
    let other = made(&world, "accounts create name=Goes accountnumber=AC-K2");
    world.run("accounts merge --key accountnumber=AC-K1 --other-key accountnumber=AC-K2 --yes").succeeds();
    assert_eq!(world.run(&format!("accounts get {other} --jq .statecode")).succeeds(), "1\n");
    world.run("accounts deactivate --key accountnumber=AC-K1").succeeds();
    assert_eq!(world.run(&format!("accounts get {id} --jq .statecode")).succeeds(), "1\n");
}

#[test]
fn an_empty_argument_is_refused_before_anything_is_asked() {
    let world = World::connected();
    let id = made(&world, "accounts create name=There");
    let before = requests(&world);
    for line in [
        "accounts list --filter ''",
        "accounts list --filter=",
        "accounts list --select ''",
        "accounts list --order-by ''",
        "accounts list --view ''",
        "accounts list --jq ''",
        "accounts list -c ''",
        "accounts list -o ''",
        "accounts count --filter ''",
        "accounts get ''",
        "accounts open ''",
        "accounts delete '' --yes",
        "accounts delete --filter '' --yes",
        "accounts update '' name=x",
        &format!("accounts update {id} name=x ''"),
        &format!("accounts update {id} name=x --return="),
        &format!("accounts update {id} name=x --if-match ''"),
        &format!("accounts add-note {id} --text ''"),
        &format!("accounts assign {id} --to ''"),
        "accounts upsert --key '' name=x",
        "accounts create ''",
        "records '' list",
        "query --fetchxml ''",
        "search ''",
        "api ''",
        "connections use ''",
        "whoami --as ''",
    ] {
        world.run(line).fails(2, "commands/empty-argument");
    }
    assert_eq!(world.run("accounts list --top ''").exit, 2);
    assert_eq!(requests(&world), before);
    world.run(&format!("accounts update {id} description= telephone1=1")).succeeds();
}

#[test]
fn a_key_that_several_records_meet_changes_none_of_them() {
    let world = World::connected().without_terminal();
    for number in ["AC-S1", "AC-S2"] {
        made(&world, &format!("accounts create name=Several accountnumber={number}"));
    }
    let before = changes(&world);
    for line in [
        "accounts update --key name=Several fax=1",
        "accounts delete --key name=Several",
        "accounts deactivate --key name=Several",
        "accounts add-note --key name=Several --text x",
    ] {
        let said = world.run(line).fails(7, "dataverse/key-of-several");
        assert_eq!(said.matches("(Several)").count(), 2, "{said}");
    }
    world.run("accounts get name=Several").fails(2, "dataverse/ambiguous-record");
    assert_eq!(changes(&world), before);
}

#[test]
fn an_upsert_whose_values_contradict_its_key_is_refused_however_they_are_given() {
    let world = World::connected();
    let before = changes(&world);
    for line in [
        "accounts upsert --key accountnumber=AA-1 accountnumber=AA-2 name=x",
        "accounts upsert --key accountnumber=AA-1 name=x --data '{\"accountnumber\":\"AA-2\"}'",
        "accounts upsert --key accountnumber=AA/1 accountnumber=AA-2 name=x",
        "accounts upsert --key accountnumber=AA-1 accountnumber= name=x",
    ] {
        let said = world.run(line).fails(2, "dataverse/key-contradicted");
        assert!(said.contains("accountnumber=`AA") && said.contains("values say accountnumber=`"), "{said}");
    }
    let said = world.run("accounts upsert --key accountnumber=AA-1 accountnumber=AA-2 name=x").stderr;
    assert!(said.contains("AA-1") && said.contains("AA-2"), "{said}");
    world
        .run(
            "accounts upsert --key accountid=5d0c0001-1111-4f11-8400-000d3ab1c111 \
             accountid=5d0c0001-1111-4f11-8400-000d3ab1c112 name=x",
        )
        .fails(2, "dataverse/key-contradicted");
    assert_eq!(changes(&world), before);
    let first = made(&world, "accounts upsert --key accountnumber=AA-1 accountnumber=AA-1 name=x");
    let again =
        made(&world, "accounts upsert --key accountnumber=AA-1 --data '{\"accountnumber\":\"AA-1\"}' name=y -o id");
    assert_eq!(first, again);
    let odd = made(&world, "accounts upsert --key accountnumber=AA/1 accountnumber=AA/1 name=x");
    assert_eq!(made(&world, "accounts upsert --key accountnumber=AA/1 name=y -o id"), odd);
}

#[test]
fn a_name_is_compared_as_typed_and_an_inch_belongs_to_it() {
    let world = World::connected();
    let plain = made(&world, "accounts create name='Monitor 24'");
    world.run("accounts get 'Monitor 24\"'").fails(3, "dataverse/nothing-found");
    world.run("contacts create lastname=x 'parentcustomerid=account:Monitor 24\"'").fails(3, "dataverse/nothing-found");
    let inches = made(&world, "accounts create 'name=Monitor 24\"'");
    for (typed, id) in
        [("Monitor 24", &plain), ("\"Monitor 24\"", &plain), ("Monitor 24\"", &inches), ("\"Monitor 24\"\"", &inches)]
    {
        assert_eq!(made(&world, &format!("accounts get '{typed}' -o id")), *id, "{typed}");
        let contact = made(&world, &format!("contacts create lastname=x 'parentcustomerid=account:{typed}'"));
        let bound = made(&world, &format!("contacts get {contact} --jq ._parentcustomerid_value"));
        assert_eq!(bound, *id, "{typed}");
    }
}

#[test]
fn a_change_says_which_record_it_was_made_to_and_asks_nothing_for_it() {
    let world = World::connected().without_terminal();
    let new = world.run("accounts create name='Alder Freight Two' accountnumber=AC-N1");
    let said = new.stderr.clone();
    let id = new.succeeds().trim().to_owned();
    assert!(said.contains(&format!("created account {id} (Alder Freight Two)")), "{said}");
    let note = world.run(&format!("accounts add-note {id} --subject Visit --text x"));
    let said = note.stderr.clone();
    assert!(said.contains(&format!("created annotation {} (Visit)", note.succeeds().trim())), "{said}");
    // What is known of the table is kept after the first of them.
    world.run(&format!("accounts update {id} fax=0")).succeeds();
    for (line, sent, called) in [
        (format!("accounts update {id} fax=1"), 1, false),
        (format!("accounts update {id} name='Alder Three'"), 1, true),
        (format!("accounts update {id} fax=2 --return=name -o json"), 1, true),
        ("accounts update --key name='Alder Three' fax=3".to_owned(), 2, true),
        (format!("accounts deactivate {id}"), 1, false),
        (format!("accounts delete {id}"), 1, false),
    ] {
        world.run(&format!("{line} --dry-run")).succeeds();
        let before = requests(&world);
        let said = world.run(&line);
        assert!(said.stderr.contains(&format!("account {id}")), "{line}: {}", said.stderr);
        assert_eq!(said.stderr.contains(&format!("{id} (Alder Three)")), called, "{line}: {}", said.stderr);
        assert_eq!(requests(&world) - before, sent, "{line}");
        said.succeeds();
    }
}

#[test]
fn somebody_at_a_terminal_sees_the_name_of_what_is_destroyed() {
    let world = World::connected();
    let ids: Vec<String> =
        ["One", "Two", "Three"].iter().map(|name| made(&world, &format!("accounts create name={name}"))).collect();
    let said = world.run(&format!("accounts delete {}", ids[0]));
    assert!(said.stderr.contains(&format!("deleted account {} (One)", ids[0])), "{}", said.stderr);
    said.succeeds();
    let said = world.run(&format!("accounts merge {} {} --yes", ids[1], ids[2]));
    assert!(said.stderr.contains(&format!("merged into account {} (Two)", ids[1])), "{}", said.stderr);
    said.succeeds();
    world.run(&format!("accounts delete {}", ids[0])).fails(3, "dataverse/record-missing");
}
