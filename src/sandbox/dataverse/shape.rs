//! `$select` and `$expand`: what of a record is shown. It never shows it.

use std::fmt::Write as _;

use crate::sandbox::data::{Kind, Schema, Table};
use crate::sandbox::dataverse::condition::{Condition, Setting};
use crate::sandbox::dataverse::order::Order;
use crate::sandbox::dataverse::preferences::LARGEST_PAGE;
use crate::sandbox::dataverse::refusal::Refusal;
use crate::sandbox::dataverse::way::Way;
use crate::sandbox::odata::{Expand, Options, parse_expand, parse_names};
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
    /// For collections: whether `odata.maxpagesize` cuts them, as it does where any `$expand` is nested.
    pub is_paged: bool,
    /// For lookups: whether only the address of the record is shown.
    pub is_reference: bool,
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
        let mut shape = Self::level(table, options, world, setting, 1)?;
        if shape.expanded() > MOST_EXPANDS {
            return Err(too_many());
        }
        // Source: Microsoft Learn, "Join tables using OData", on nested expands.
        if shape.expansions.iter().any(Expansion::is_nested) {
            shape.expansions.iter_mut().try_for_each(Expansion::page)?;
        }
        Ok(shape)
    }

    fn level(
        table: &'static Table,
        options: &Options,
        world: &World,
        setting: &Setting<'_>,
        depth: usize,
    ) -> Result<Self, Refusal> {
        if depth > MOST_EXPANDS {
            return Err(too_many());
        }
        let (columns, names) = selection(table, options.value("$select"))?;
        let mut shape = Self { columns, expansions: Vec::new(), context: names };
        let Some(text) = options.value("$expand") else { return Ok(shape) };
        let setting = Setting { options: setting.options, caller: setting.caller, is_inside_expand: true };
        for expand in &parse_expand(text)? {
            shape.expansions.push(Expansion::read(table, expand, world, &setting, depth)?);
        }
        for expansion in shape.expansions.iter().filter(|expansion| expansion.is_reference) {
            if let Way::Lookup { column, .. } = expansion.way
                && !shape.columns.contains(&column)
            {
                shape.columns.push(column);
            }
        }
        let contexts = shape.expansions.iter().map(|expansion| {
            let inner = expansion.shapes.first().map_or("", |(_, shape)| shape.context.as_str());
            if expansion.is_reference {
                format!("{}/$ref", expansion.name)
            } else {
                format!("{}({inner})", expansion.name)
            }
        });
        let names = (!shape.context.is_empty()).then(|| shape.context.clone());
        shape.context = names.into_iter().chain(contexts).collect::<Vec<_>>().join(",");
        Ok(shape)
    }

    /// How many `$expand` options there are, at every level.
    fn expanded(&self) -> usize {
        let inner = |expansion: &Expansion| expansion.shapes.first().map_or(0, |(_, shape)| shape.expanded());
        self.expansions.iter().map(|expansion| 1 + inner(expansion)).sum()
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

/// What the service says of options that it takes on the first level of collections alone.
const ONLY: &str = "Only $select and $filter clause can be provided while doing $expand on many-to-one relationship or nested \
                    one-to-many relationship.";

fn too_many() -> Refusal {
    Refusal::unsupported(format!("The number of $expand options exceeded the limit of {MOST_EXPANDS}."))
}

impl Expansion {
    fn read(
        table: &'static Table,
        expand: &Expand,
        world: &World,
        setting: &Setting<'_>,
        depth: usize,
    ) -> Result<Self, Refusal> {
        let (name, is_reference) = match expand.path.strip_suffix("/$ref") {
            Some(name) => (name, true),
            None => (expand.path.as_str(), false),
        };
        let options = &expand.options;
        let way = Way::find(table, name).ok_or_else(|| Refusal::unknown_property(name, &table.type_name()))?;
        check_options(name, &way, is_reference, options)?;
        let schema = Schema::of_sandbox();
        let tables: Vec<&'static Table> = match &way {
            Way::Lookup { targets, .. } => targets.iter().filter_map(|target| schema.by_name(target)).collect(),
            Way::Collection { table, .. } | Way::Association { table, .. } => vec![schema.table(*table)],
        };
        let mut shapes = Vec::new();
        for table in &tables {
            shapes.push((table.index, Shape::level(table, options, world, setting, depth + 1)?));
        }
        let condition = match (options.value("$filter"), tables.first()) {
            (Some(filter), Some(table)) => Some(Condition::read(filter, table, world, setting)?),
            _ => None,
        };
        let order = match (options.value("$orderby"), tables.first()) {
            (Some(order), Some(table)) => Order::read(order, table, setting)?,
            _ => Order::default(),
        };
        let top = options.value("$top").map(|top| {
            let invalid = || Refusal::new(400, "0x0", format!("Invalid value '{top}' for $top query option found."));
            top.parse().map_err(|_| invalid())
        });
        let top = top.transpose()?.unwrap_or(LARGEST_PAGE).min(LARGEST_PAGE);
        let written: Vec<String> = options
            .names()
            .map(|name| format!("{name}={}", written(options.value(name).unwrap_or_default())))
            .collect();
        let (name, written) = (name.to_owned(), written.join("&"));
        Ok(Self { name, way, shapes, condition, order, top, is_paged: false, is_reference, written })
    }

    fn is_nested(&self) -> bool {
        self.shapes.iter().any(|(_, shape)| !shape.expansions.is_empty())
    }

    /// Lets `odata.maxpagesize` cut this collection and those inside; they take neither an order nor a top then.
    fn page(&mut self) -> Result<(), Refusal> {
        if !matches!(self.way, Way::Lookup { .. }) && (self.written.contains("$top=") || !self.order.is_plain()) {
            return Err(Refusal::unsupported(ONLY));
        }
        self.is_paged = true;
        self.shapes.iter_mut().flat_map(|(_, shape)| &mut shape.expansions).try_for_each(Self::page)
    }

    /// How records of a table are shown.
    pub fn shape(&self, table: &Table) -> Option<&Shape> {
        self.shapes.iter().find(|(index, _)| *index == table.index).map(|(_, shape)| shape)
    }
}

/// Refuses what an expansion does not take.
fn check_options(name: &str, way: &Way, is_reference: bool, options: &Options) -> Result<(), Refusal> {
    let is_lookup = matches!(way, Way::Lookup { .. });
    if is_reference && !is_lookup {
        return Err(Refusal::unsupported("Expand with $ref is only supported on lookup type navigation property."));
    }
    for option in options.names() {
        match option {
            _ if is_reference => {
                let message = format!("The option {option} is not supported while doing $expand on '{name}/$ref'.");
                return Err(Refusal::unsupported(message));
            }
            "$expand" if matches!(way, Way::Association { .. }) => {
                let message = format!("Nested $expand is not supported on the many-to-many relationship '{name}'.");
                return Err(Refusal::unsupported(message));
            }
            "$expand" if !is_lookup => {
                return Err(Refusal::not_built(&format!("a nested $expand inside the collection '{name}'")));
            }
            "$filter" if is_lookup => {
                return Err(Refusal::not_built(&format!("$filter inside the $expand of the lookup '{name}'")));
            }
            "$orderby" | "$top" if is_lookup => return Err(Refusal::unsupported(ONLY)),
            "$select" | "$expand" | "$filter" | "$orderby" | "$top" => {}
            option => {
                let message = format!("The option {option} is not supported while doing $expand on '{name}'.");
                return Err(Refusal::unsupported(message));
            }
        }
    }
    match options.repeated() {
        Some(option) => Err(Refusal::new(400, "0x0", format!("'{option}' stands twice in the $expand of '{name}'."))),
        None => Ok(()),
    }
}

/// The value of an option as it may stand in a link.
fn written(value: &str) -> String {
    let mut text = String::with_capacity(value.len());
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~!$'()*,;:@/=".contains(&byte) {
            text.push(char::from(byte));
        } else {
            let _ = write!(text, "%{byte:02X}");
        }
    }
    text
}
