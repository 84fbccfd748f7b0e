//! `$ref`: tying records together and apart. It never changes anything but lookups and many-to-many pairs.

use uuid::Uuid;

use crate::sandbox::Outgoing;
use crate::sandbox::data::{Access, Schema, Table};
use crate::sandbox::dataverse::body::{Members, check_cleared};
use crate::sandbox::dataverse::closed;
use crate::sandbox::dataverse::exchange::Exchange;
use crate::sandbox::dataverse::keys::{Key, referenced};
use crate::sandbox::dataverse::refusal::Refusal;
use crate::sandbox::dataverse::way::Way;
use crate::sandbox::odata::Segment;
use crate::sandbox::world::{Link, Value, World};

/// `POST|PUT|DELETE accounts(id)/nav/$ref`, `DELETE accounts(id)/nav(other)/$ref`.
pub(super) fn relate(
    world: &mut World,
    exchange: &Exchange<'_>,
    table: &'static Table,
    id: Uuid,
    navigation: &Segment,
) -> Result<Outgoing, Refusal> {
    if world.row(table, id).is_none() {
        return Err(Refusal::no_record(table, id));
    }
    let way = Way::find(table, &navigation.name).ok_or_else(|| Refusal::unknown_segment(&navigation.name))?;
    let method = exchange.request.method.as_str();
    match (&way, method) {
        (Way::Lookup { column, targets }, "PUT" | "DELETE") => {
            if table.column(*column).access != Access::Writable {
                return Err(Refusal::wrong_method(method));
            }
            let link = if method == "PUT" { Some(body_reference(world, exchange, table)?) } else { None };
            match link {
                Some(link) => check_target(table, &navigation.name, targets, link)?,
                None => check_cleared(table, table.column(*column))?,
            }
            let changes = vec![(*column, link.map(Value::Link))];
            closed::check_change(world, table, id, &changes)?;
            world.update(table, id, changes, exchange.caller);
        }
        (Way::Collection { table: other, .. } | Way::Association { table: other, .. }, "POST" | "DELETE") => {
            let other = Schema::of_sandbox().table(*other);
            let link = other_end(world, exchange, table, other, navigation)?;
            check_target(table, &navigation.name, &[other.logical_name], link)?;
            if let Way::Collection { column, .. } = &way {
                closed::check_change(world, other, link.id, &vec![(*column, None)])?;
            }
            if method == "DELETE" {
                way.untie(world, id, link.id, exchange.caller);
            } else if !way.tie(world, table, id, link.id, exchange.caller) {
                return Err(Refusal::new(412, "0x80040237", "Cannot insert duplicate key."));
            }
        }
        _ => return Err(Refusal::wrong_method(method)),
    }
    Ok(Outgoing::empty(204))
}

/// The record at the other end: in the body, in the key behind the navigation property, or in `$id`.
fn other_end(
    world: &World,
    exchange: &Exchange<'_>,
    table: &'static Table,
    other: &'static Table,
    navigation: &Segment,
) -> Result<Link, Refusal> {
    if exchange.request.method == "POST" {
        return body_reference(world, exchange, table);
    }
    if let Some(arguments) = &navigation.arguments {
        let id = Key::read(other, arguments, &exchange.options)?.existing(world, other)?;
        return Ok(Link { table: other.index, id });
    }
    match exchange.options.value("$id") {
        Some(reference) => referenced(world, &exchange.root, reference),
        None => Err(Refusal::unsupported("The record to disassociate is missing: name it as a key or in $id.")),
    }
}

fn body_reference(world: &World, exchange: &Exchange<'_>, table: &Table) -> Result<Link, Refusal> {
    let members = serde_json::from_slice::<Members>(&exchange.request.body).ok();
    let id = members.and_then(|members| members.0.into_iter().find(|(name, _)| name == "@odata.id"));
    let reference = id.and_then(|(_, json)| serde_json::from_str::<String>(json.get()).ok());
    let missing = || Refusal::payload(table, "The body of a reference holds one member, '@odata.id'.");
    referenced(world, &exchange.root, &reference.ok_or_else(missing)?)
}

fn check_target(table: &Table, navigation: &str, targets: &[&str], link: Link) -> Result<(), Refusal> {
    let target = Schema::of_sandbox().table(link.table).logical_name;
    if targets.contains(&target) {
        return Ok(());
    }
    let inner = format!("The navigation property '{navigation}' does not lead to a record of type '{target}'.");
    Err(Refusal::payload(table, &inner))
}
