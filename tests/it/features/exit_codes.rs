//! Every exit status that this slice can end with is reached somewhere; the ones no other test meets are met here.

use d365conn::sandbox::Fault;

use crate::world::World;

#[test]
fn a_record_that_exists_already_is_a_conflict() {
    let world = World::connected();
    let id = world.run("accounts list --top 1 -o id").succeeds().trim().to_owned();
    world.run(&format!("accounts create accountid={id} name=again")).fails(7, "0x80040237");
}

#[test]
fn nobody_at_the_other_end_is_unreachable() {
    let mut world = World::new().without_terminal();
    world.set("D365CONN_TENANT_URL", "http://127.0.0.1:9");
    world.set("D365CONN_ACCESS_TOKEN", "x");
    world.run("accounts list").fails(6, "net/");
}

#[test]
fn an_unavailable_service_is_unreachable() {
    let world = World::connected();
    world.sandbox.faults().order_times(Fault::DataverseUnavailable, 1);
    // One refusal is waited out.
    world.run("accounts list --top 1").succeeds();
}

#[test]
fn a_store_that_cannot_be_opened_is_11() {
    let world = World::connected();
    std::fs::write(world.path("passphrase"), "wrong").unwrap();
    world.run("accounts list").fails(11, "store/");
}
