//! `--jq`: what an expression makes of each record, of every command that writes some.

use crate::world::World;

#[test]
fn strings_are_raw_and_one_line_each() {
    let world = World::connected();
    let plain = world.run("accounts list --top 3 --select name -o tsv").succeeds();
    assert_eq!(world.run("accounts list --top 3 --select name --jq .name").succeeds(), plain);
    let lines =
        world.run("accounts list --top 3 --select name,accountid --jq '[.name, (.accountid|length)]'").succeeds();
    assert!(lines.lines().all(|line| line.starts_with("[\"") && line.ends_with(",36]")), "{lines}");
    assert_eq!(lines.lines().count(), 3);
}

#[test]
fn money_keeps_every_digit() {
    let world = World::connected();
    let line = "accounts list --select revenue --order-by 'revenue desc' --top 1 --jq";
    assert_eq!(world.run(&format!("{line} .revenue")).succeeds(), "922337203685477.5807\n");
    assert_eq!(world.run(&format!("{line} '{{r: [.revenue]}}'")).succeeds(), "{\"r\":[922337203685477.5807]}\n");
}

#[test]
fn our_own_objects_pass_through_it_too() {
    let world = World::connected();
    assert_eq!(world.run("connections list --jq .name").succeeds(), "sandbox\n");
    assert_eq!(world.run("whoami --jq .user").succeeds().trim(), "Inès Moreau");
    assert_eq!(world.run("version --jq '.version | split(\".\") | length'").succeeds(), "3\n");
    let id = world.run("accounts create name=A --jq .id").succeeds();
    assert_eq!(id.trim().len(), 36, "{id}");
    assert_eq!(world.run(&format!("accounts get {} --jq .name", id.trim())).succeeds(), "A\n");
}

#[test]
fn labels_are_there_when_they_are_asked_for() {
    let world = World::connected();
    let labelled = "accounts list --top 1 --select statecode --labels --jq \
                    '.[\"statecode@OData.Community.Display.V1.FormattedValue\"]'";
    assert_eq!(world.run(labelled).succeeds(), "Active\n");
}

#[test]
fn a_bad_expression_is_told_with_its_place_before_anything_is_sent() {
    let world = World::connected();
    let before = world.sandbox.requests().len();
    let said = world.run("accounts list --jq '.name |'").fails(2, "output/bad-filter");
    assert!(said.contains("at character 8"), "{said}");
    let said = world.run("accounts list --jq '.name | nosuch'").fails(2, "output/bad-filter");
    assert!(said.contains("nosuch"), "{said}");
    assert_eq!(world.sandbox.requests().len(), before);
}

#[test]
fn an_expression_that_does_not_fit_the_records_is_a_failure() {
    let world = World::connected();
    let said = world.run("accounts list --top 2 --jq .name.first").fails(1, "output/filter-failed");
    assert!(said.contains("index"), "{said}");
}

#[test]
fn another_format_has_no_say() {
    let world = World::connected();
    world.run("accounts list --jq .name -o csv").fails(2, "output/filter-beside-format");
    assert_eq!(world.run("accounts list --top 1 --jq '.name|type' -o json").succeeds(), "string\n");
    let mut world = World::connected();
    world.set("D365CONN_OUTPUT", "csv");
    assert_eq!(world.run("accounts list --top 1 --jq '.name|type'").succeeds(), "string\n");
}

#[test]
fn an_expression_can_neither_end_the_run_nor_read_the_environment() {
    let world = World::connected();
    for outside in ["env", "$ENV.HOME", "halt", "halt_error", "input"] {
        world.run(&format!("accounts list --jq '{outside}'")).fails(2, "output/bad-filter");
    }
}
