//! `$select` and `$expand`: what of a record is shown. It never shows it.

use crate::sandbox::data::{Kind, Schema, Table};
use crate::sandbox::dataverse::condition::{Condition, Setting};
use crate::sandbox::dataverse::order::Order;
use crate::sandbox::dataverse::refusal::Refusal;
use crate::sandbox::dataverse::way::Way;
use crate::sandbox::odata::{Options, parse_expand, parse_names};
use crate::sandbox::world::World;

/// The most `$expand` options a request may carry.
const MOST_EXPANDS: usize = 15;

/// What of a table's records is shown.
#[derive(Debug, Clone, Default)]
pub(super) struct Shape {
    /// Columns in the order they are shown.
    pub columns: Vec<u16>,
    /// Related records shown inside.
    pub expansions: Vec<Expansion>,
    /// What `@odata.context` says of it, without parentheses; empty when all columns are shown and nothing is expanded.
    pub context: String,
}

/// Related records shown inside a record.
#[derive(Debug, Clone)]
pub(super) struct Expansion {
    /// The navigation property.
    pub name: String,
    /// Where it leads.
    pub way: Way,
    /// How the records are shown, by table.
    pub shapes: Vec<(u16, Shape)>,
    /// For collections: which records.
    pub condition: Option<Condition>,
    /// For collections: in which order.
    pub order: Order,
    /// For collections: how many at most.
    pub top: usize,
    /// The options as they were written, for the link a collection carries.
    pub written: String,
}

impl Shape {
    /// Reads `$select` and `$expand` for a table.
    pub fn read(
        table: &'static Table,
        options: &Options,
        world: &World,
        setting: &Setting<'_>,
    ) -> Result<Self, Refusal> {
        let (columns, names) = selection(table, options.value("$select"))?;
        let mut shape = Self { columns, expansions: Vec::new(), context: names };
        if let Some(text) = options.value("$expand") {
            let expands = parse_expand(text)?;
            if expands.len() > MOST_EXPANDS {
                let message = format!("The number of $expand options exceeded the limit of {MOST_EXPANDS}.");
                return Err(Refusal::unsupported(message));
            }
            for expand in &expands {
                shape.expansions.push(Expansion::read(table, &expand.path, &expand.options, world, setting)?);
            }
            let contexts = shape.expansions.iter().map(|expansion| {
                let inner = expansion.shapes.first().map_or("", |(_, shape)| shape.context.as_str());
                format!("{}({inner})", expansion.name)
            });
            let names = (!shape.context.is_empty()).then(|| shape.context.clone());
            shape.context = names.into_iter().chain(contexts).collect::<Vec<_>>().join(",");
        }
        Ok(shape)
    }

    /// `(name,revenue)` behind the entity set, or nothing.
    pub fn context(&self) -> String {
        if self.context.is_empty() { String::new() } else { format!("({})", self.context) }
    }
}

/// The columns of a `$select`, with those the service adds by itself.
fn selection(table: &Table, select: Option<&str>) -> Result<(Vec<u16>, String), Refusal> {
    let names = select.map(parse_names).unwrap_or_default();
    if names.is_empty() || names.contains(&"*") {
        let all = table.places().filter(|(_, column)| !matches!(column.kind, Kind::Parties));
        return Ok((all.map(|(place, _)| place).collect(), String::new()));
    }
    let mut columns: Vec<u16> = Vec::new();
    let add = |columns: &mut Vec<u16>, place: Option<u16>| {
        if let Some(place) = place.filter(|place| !columns.contains(place)) {
            columns.push(place);
        }
    };
    for name in &names {
        let place = table.property(name).ok_or_else(|| Refusal::unknown_property(name, &table.type_name()))?;
        add(&mut columns, Some(place));
    }
    for place in columns.clone() {
        let column = table.column(place);
        if matches!(column.kind, Kind::Money(_)) {
            add(&mut columns, table.place("transactioncurrencyid"));
        }
        if let Some((address, _)) = column.name.split_once('_').filter(|(address, _)| is_address(address)) {
            add(&mut columns, table.place(&format!("{address}_composite")));
        }
    }
    if matches!(table.logical_name, "systemuser" | "team") {
        add(&mut columns, table.place("ownerid"));
    }
    add(&mut columns, Some(table.key));
    Ok((columns, names.join(",")))
}

fn is_address(name: &str) -> bool {
    matches!(name, "address1" | "address2" | "address3")
}

impl Expansion {
    fn read(
        table: &'static Table,
        name: &str,
        options: &Options,
        world: &World,
        setting: &Setting<'_>,
    ) -> Result<Self, Refusal> {
        if name.ends_with("/$ref") {
            return Err(Refusal::unsupported("Expand with $ref is only supported on lookup type navigation property."));
        }
        let way = Way::find(table, name).ok_or_else(|| Refusal::unknown_property(name, &table.type_name()))?;
        let is_lookup = matches!(way, Way::Lookup { .. });
        let taken: &[&str] =
            if is_lookup { &["$select", "$expand"] } else { &["$select", "$filter", "$orderby", "$top"] };
        if let Some(option) = options.names().find(|option| !taken.contains(option)) {
            let message = format!("The option {option} is not supported while doing $expand on '{name}'.");
            return Err(Refusal::unsupported(message));
        }
        let schema = Schema::of_sandbox();
        let tables: Vec<&'static Table> = match &way {
            Way::Lookup { targets, .. } => targets.iter().filter_map(|target| schema.by_name(target)).collect(),
            Way::Collection { table, .. } | Way::Association { table, .. } => vec![schema.table(*table)],
        };
        let mut shapes = Vec::new();
        for table in &tables {
            shapes.push((table.index, Shape::read(table, options, world, setting)?));
        }
        let condition = match (options.value("$filter"), tables.first()) {
            (Some(filter), Some(table)) => Some(Condition::read(filter, table, world, setting)?),
            _ => None,
        };
        let order = match (options.value("$orderby"), tables.first()) {
            (Some(order), Some(table)) => Order::read(order, table)?,
            _ => Order::default(),
        };
        let top = options.value("$top").and_then(|top| top.parse().ok()).unwrap_or(usize::MAX);
        let written: Vec<String> = options
            .names()
            .map(|name| format!("{name}={}", options.value(name).unwrap_or_default().replace(' ', "%20")))
            .collect();
        Ok(Self { name: name.to_owned(), way, shapes, condition, order, top, written: written.join("&") })
    }

    /// How records of a table are shown.
    pub fn shape(&self, table: &Table) -> Option<&Shape> {
        self.shapes.iter().find(|(index, _)| *index == table.index).map(|(_, shape)| shape)
    }
}
