//! `Merge`: one of two records stays, takes over what is chosen, and everything that hung on the other.

use crate::sandbox::Outgoing;
use crate::sandbox::data::Schema;
use crate::sandbox::dataverse::actions::given::Given;
use crate::sandbox::dataverse::actions::states::{into_state, row, set, state};
use crate::sandbox::dataverse::body::{Purpose, changes};
use crate::sandbox::dataverse::exchange::Exchange;
use crate::sandbox::dataverse::refusal::Refusal;
use crate::sandbox::world::{Link, Value, World};

/// The tables that can be merged, with the state and the reason of a record that was merged into another.
const MERGED: [(&str, i64, i64); 4] = [("account", 1, 2), ("contact", 1, 2), ("lead", 2, 7), ("incident", 2, 2000)];

/// `Merge`.
pub(super) fn merge(world: &mut World, exchange: &Exchange<'_>, given: &Given) -> Result<Outgoing, Refusal> {
    let abstract_type = || Refusal::new(400, "0x80040203", "Required field 'Target' is missing");
    let target = given.record(world, exchange, "Target", "crmbaseentity")?.ok_or_else(abstract_type)?;
    let subordinate = given.record(world, exchange, "Subordinate", "crmbaseentity")?.ok_or_else(abstract_type)?;
    let table = Schema::of_sandbox().table(target.table);
    let Some((_, merged_state, status)) = MERGED.iter().find(|(name, ..)| *name == table.logical_name) else {
        let message = format!("The 'Merge' method does not support entities of type '{}'.", table.logical_name);
        return Err(Refusal::new(400, "0x80040800", message));
    };
    if target.table != subordinate.table || target.id == subordinate.id {
        return Err(Refusal::new(400, "0x80040203", "Merge needs two different records of one table."));
    }
    for link in [target, subordinate] {
        if state(table, row(world, link)?) != 0 {
            let code = if table.logical_name == "incident" { "0x8004F457" } else { "0x8004022E" };
            return Err(Refusal::new(400, code, "Only active records can be merged."));
        }
    }
    if let Some(json) = given.json("UpdateContent") {
        let taken = changes(world, &exchange.root, table, json.as_bytes(), Purpose::Update)?;
        let taken = taken.into_iter().filter(|(place, _)| *place != table.key).collect();
        world.update(table, target.id, taken, exchange.caller);
    }
    move_children(world, exchange, subordinate, target);
    let mut closing = into_state(table, *merged_state, *status)?;
    set(&mut closing, table, "merged", Some(Value::Flag(true)));
    set(&mut closing, table, "masterid", Some(Value::Link(target)));
    world.update(table, subordinate.id, closing, exchange.caller);
    Ok(Outgoing::empty(204))
}

/// Whatever points to the one points to the other from now on; a record never to itself.
fn move_children(world: &mut World, exchange: &Exchange<'_>, from: Link, to: Link) {
    let schema = Schema::of_sandbox();
    let name = schema.table(from.table).logical_name;
    let mut moves = Vec::new();
    for table in schema.tables() {
        let leads_there = |place: &u16| {
            let column = table.column(*place);
            column.name != "masterid" && column.targets().iter().any(|target| target.table == name)
        };
        for place in table.places().map(|(place, _)| place).filter(leads_there) {
            let holders = world.rows(table).filter(|row| row.value(place).and_then(Value::as_link) == Some(from));
            moves.extend(holders.map(|row| (table, row.id, place)));
        }
    }
    for (table, id, place) in moves {
        let is_itself = Link { table: table.index, id } == to;
        let value = (!is_itself).then_some(Value::Link(to));
        world.update(table, id, vec![(place, value)], exchange.caller);
    }
}
