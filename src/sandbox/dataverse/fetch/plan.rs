//! FetchXML as a plan: tables, columns and links looked up. It never touches a record.

use crate::sandbox::data::{Column, Schema, Table};
use crate::sandbox::dataverse::fetch::conditions::Filter;
use crate::sandbox::dataverse::refusal::Refusal;
use crate::sandbox::odata::{Element, parse_xml};

/// A whole query.
pub(super) struct Plan {
    /// The root first; a link comes after what it is linked to.
    pub nodes: Vec<Node>,
    /// `top`.
    pub top: Option<usize>,
    /// `count`.
    pub count: Option<usize>,
    /// `page`, from 1.
    pub page: Option<usize>,
    /// `paging-cookie`.
    pub cookie: Option<String>,
    /// `distinct`.
    pub is_distinct: bool,
    /// `aggregate`.
    pub is_aggregate: bool,
    /// Conditions of every node, with the node they stand in.
    pub filters: Vec<(usize, Filter)>,
    /// The order, outermost first.
    pub orders: Vec<Order>,
}

/// One table in the query.
pub(super) struct Node {
    /// The table.
    pub table: &'static Table,
    /// What its columns are called by; empty for the root.
    pub alias: String,
    /// How it is linked.
    pub link: Option<Link>,
    /// The columns that are shown.
    pub columns: Vec<Shown>,
}

/// How a table is linked to another.
pub(super) struct Link {
    /// The other, by its place among the nodes.
    pub parent: usize,
    /// The other's column.
    pub to: u16,
    /// This table's column.
    pub from: u16,
    /// Whether rows without a counterpart stay.
    pub is_outer: bool,
}

/// A column that is shown.
pub(super) struct Shown {
    /// The column.
    pub column: u16,
    /// The name it is given.
    pub alias: Option<String>,
    /// `sum`, `avg`, …
    pub aggregate: Option<String>,
    /// Whether rows are grouped by it.
    pub is_group: bool,
    /// `day`, `month`, …
    pub dates: Option<String>,
    /// Whether equal values count once.
    pub is_distinct: bool,
}

/// One part of the order.
pub(super) struct Order {
    /// The node.
    pub node: usize,
    /// The column, or for totals the alias.
    pub by: By,
    /// Largest first.
    pub is_descending: bool,
}

/// What rows are ordered by.
pub(super) enum By {
    Column(u16),
    Alias(String),
}

pub(super) fn malformed(message: impl Into<String>) -> Refusal {
    Refusal::new(400, "0x80040303", message)
}

pub(super) fn column_of(table: &'static Table, name: &str) -> Result<u16, Refusal> {
    table.place(name).ok_or_else(|| {
        let message = format!("'{}' entity doesn't contain attribute with Name = '{name}'.", table.logical_name);
        Refusal::new(400, "0x80041103", message)
    })
}

impl Plan {
    /// Reads FetchXML for the entity set of `table`.
    pub fn read(text: &str, table: &'static Table) -> Result<Self, Refusal> {
        let root = parse_xml(text).ok_or_else(|| malformed("Malformed XML in the Fetch query."))?;
        let [entity] = root.children.as_slice() else { return Err(malformed("A fetch holds one entity.")) };
        if root.name != "fetch" || entity.name != "entity" {
            return Err(malformed("The root of a query is <fetch>, with an <entity> inside."));
        }
        let number = |name: &str| match root.attribute(name) {
            None => Ok(None),
            Some(text) => match text.parse::<usize>() {
                Ok(number) if number > 0 => Ok(Some(number)),
                _ => Err(malformed(format!("The attribute {name} holds '{text}'."))),
            },
        };
        let mut plan = Self {
            nodes: Vec::new(),
            top: number("top")?,
            count: number("count")?,
            page: number("page")?,
            cookie: root.attribute("paging-cookie").map(str::to_owned),
            is_distinct: root.says("distinct"),
            is_aggregate: root.says("aggregate"),
            filters: Vec::new(),
            orders: Vec::new(),
        };
        if plan.top.is_some() && plan.page.is_some() {
            let message = "The top attribute can't be specified with paging attribute page.";
            return Err(Refusal::new(400, "0x80040203", message));
        }
        let name = entity.attribute("name").unwrap_or_default();
        if table_named(name)?.index != table.index {
            let message = format!("Entity name in fetch ('{name}') doesn't match the entity set '{}'.", table.set_name);
            return Err(malformed(message));
        }
        plan.add(entity, table, None, &mut Vec::new())?;
        Ok(plan)
    }

    /// The place of a node by its alias.
    pub fn node(&self, alias: &str) -> Result<usize, Refusal> {
        let unknown = || Refusal::new(400, "0x80041109", format!("The alias '{alias}' is not defined in the query."));
        self.nodes.iter().position(|node| !node.alias.is_empty() && node.alias == alias).ok_or_else(unknown)
    }

    fn add(
        &mut self,
        element: &Element,
        table: &'static Table,
        link: Option<Link>,
        late: &mut Vec<(usize, Element)>,
    ) -> Result<(), Refusal> {
        let at = self.nodes.len();
        let alias = match (&link, element.attribute("alias")) {
            (None, _) => String::new(),
            (Some(_), Some(alias)) => alias.to_owned(),
            (Some(_), None) => format!("{}{at}", table.logical_name),
        };
        if at > 0 && self.nodes.iter().any(|node| node.alias == alias) {
            return Err(Refusal::new(400, "0x80041109", format!("The alias '{alias}' is not unique in the query.")));
        }
        self.nodes.push(Node { table, alias, link, columns: Vec::new() });
        for child in &element.children {
            match child.name.as_str() {
                "attribute" => {
                    let column = column_of(table, child.attribute("name").unwrap_or_default())?;
                    let shown = Shown {
                        column,
                        alias: child.attribute("alias").map(str::to_owned),
                        aggregate: child.attribute("aggregate").map(str::to_owned),
                        is_group: child.says("groupby"),
                        dates: child.attribute("dategrouping").map(str::to_owned),
                        is_distinct: child.says("distinct"),
                    };
                    if self.is_aggregate && shown.alias.is_none() {
                        return Err(Refusal::new(
                            400,
                            "0x80041109",
                            "An alias is required for an aggregate attribute.",
                        ));
                    }
                    self.nodes[at].columns.push(shown);
                }
                "all-attributes" => {
                    let all = table.places().filter(|(_, column)| column.is_plain() || !column.targets().is_empty());
                    let all: Vec<Shown> = all.map(|(column, _)| Shown::plain(column)).collect();
                    self.nodes[at].columns.extend(all);
                }
                "filter" => late.push((at, child.clone())),
                "order" => {
                    let by = match (child.attribute("attribute"), child.attribute("alias")) {
                        (Some(name), _) => By::Column(column_of(table, name)?),
                        (None, Some(alias)) => By::Alias(alias.to_owned()),
                        (None, None) => return Err(malformed("An order names an attribute or an alias.")),
                    };
                    self.orders.push(Order { node: at, by, is_descending: child.says("descending") });
                }
                "link-entity" => {
                    let other = table_named(child.attribute("name").unwrap_or_default())?;
                    let is_outer = match child.attribute("link-type") {
                        None | Some("inner") => false,
                        Some("outer") => true,
                        Some(kind) => return Err(malformed(format!("The link-type '{kind}' is not offered here."))),
                    };
                    let from = column_of(other, child.attribute("from").unwrap_or_default())?;
                    let to = column_of(table, child.attribute("to").unwrap_or_default())?;
                    self.add(child, other, Some(Link { parent: at, to, from, is_outer }), late)?;
                }
                other => return Err(malformed(format!("The element <{other}> is not known in a Fetch query."))),
            }
        }
        if at == 0 {
            // A condition may name a link that stands behind it.
            for (node, filter) in late.drain(..) {
                let filter = Filter::read(&filter, node, self)?;
                self.filters.push((node, filter));
            }
        }
        Ok(())
    }
}

impl Shown {
    fn plain(column: u16) -> Self {
        Self { column, alias: None, aggregate: None, is_group: false, dates: None, is_distinct: false }
    }
}

impl Node {
    /// The column at a place.
    pub fn column(&self, place: u16) -> &'static Column {
        self.table.column(place)
    }
}

fn table_named(name: &str) -> Result<&'static Table, Refusal> {
    Schema::of_sandbox()
        .by_name(name)
        .ok_or_else(|| Refusal::new(400, "0x80041102", format!("The entity with a name = '{name}' was not found.")))
}
