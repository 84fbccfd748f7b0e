//! FetchXML as a plan: tables, columns and links looked up. It never touches a record.

use crate::sandbox::data::{Column, Kind, Schema, Table};
use crate::sandbox::dataverse::aggregate::Measure;
use crate::sandbox::dataverse::fetch::conditions::Filter;
use crate::sandbox::dataverse::fetch::words::{check, date_part, is_outer};
use crate::sandbox::dataverse::preferences::LARGEST_PAGE;
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
    /// `returntotalrecordcount`.
    pub is_counted: bool,
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
    pub aggregate: Option<Measure>,
    /// Whether rows are grouped by it.
    pub is_group: bool,
    /// `day`, `month`, …
    pub dates: Option<String>,
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
    if let Some(place) = table.place(name) {
        if matches!(table.column(place).kind, Kind::Parties) {
            return Err(Refusal::new(400, "0x800404B8", format!("The party list '{name}' can't be queried.")));
        }
        return Ok(place);
    }
    // The service knows the label of a lookup or a choice as a column of its own.
    let labelled = name.strip_suffix("name").map(|stem| stem.strip_suffix("yomi").unwrap_or(stem));
    let labelled = labelled.and_then(|stem| table.place(stem)).map(|place| table.column(place));
    if labelled.is_some_and(|column| !column.targets().is_empty() || !column.labels().is_empty()) {
        return Err(Refusal::not_built(&format!("the label column '{name}' in FetchXML")));
    }
    let message = format!("'{}' entity doesn't contain attribute with Name = '{name}'.", table.logical_name);
    Err(Refusal::new(400, "0x80041103", message))
}

impl Plan {
    /// Reads FetchXML for the entity set of `table`.
    pub fn read(text: &str, table: &'static Table) -> Result<Self, Refusal> {
        let root = parse_xml(text).ok_or_else(|| malformed("Malformed XML in the Fetch query."))?;
        let [entity] = root.children.as_slice() else { return Err(malformed("A fetch holds one entity.")) };
        if root.name != "fetch" || entity.name != "entity" {
            return Err(malformed("The root of a query is <fetch>, with an <entity> inside."));
        }
        check(&root)?;
        check_top(&root)?;
        let mut plan = Self {
            nodes: Vec::new(),
            top: number(&root, "top")?,
            count: number(&root, "count")?,
            page: number(&root, "page")?,
            cookie: root.attribute("paging-cookie").map(str::to_owned),
            is_counted: root.says("returntotalrecordcount"),
            is_distinct: root.says("distinct"),
            is_aggregate: root.says("aggregate"),
            filters: Vec::new(),
            orders: Vec::new(),
        };
        let name = entity.attribute("name").unwrap_or_default();
        if table_named(name)?.index != table.index {
            let message = format!("Entity name in fetch ('{name}') doesn't match the entity set '{}'.", table.set_name);
            return Err(malformed(message));
        }
        let mut late = Late::default();
        plan.add(entity, table, None, &mut late)?;
        // A condition or an order may name a link that stands behind it.
        for (node, filter) in late.filters {
            let filter = Filter::read(&filter, node, &plan)?;
            plan.filters.push((node, filter));
        }
        for (node, order) in late.orders {
            let order = plan.order(node, &order)?;
            plan.orders.push(order);
        }
        plan.check_aggregate()?;
        Ok(plan)
    }

    /// Totals need something that is totalled, each under a name of its own.
    fn check_aggregate(&self) -> Result<(), Refusal> {
        if !self.is_aggregate {
            return Ok(());
        }
        let aliases: Vec<&str> = self.aliases().collect();
        if aliases.is_empty() {
            let message = "An aggregate query names the attributes that are aggregated or grouped by.";
            return Err(Refusal::new(400, "0x8004112F", message));
        }
        match aliases.iter().enumerate().find(|(at, alias)| aliases[..*at].contains(alias)) {
            Some((_, alias)) => {
                Err(Refusal::new(400, "0x80041130", format!("The alias '{alias}' is given to several attributes.")))
            }
            None => Ok(()),
        }
    }

    fn aliases(&self) -> impl Iterator<Item = &str> {
        self.nodes.iter().flat_map(|node| node.columns.iter().filter_map(|shown| shown.alias.as_deref()))
    }

    /// Reads an order that stands in a node. Totals are ordered by alias, rows by attribute.
    fn order(&self, node: usize, element: &Element) -> Result<Order, Refusal> {
        let refused = |code, message: String| Err(Refusal::new(400, code, message));
        let node = match element.attribute("entityname") {
            Some(alias) => {
                let missing = || Refusal::new(400, "0x80041126", format!("The link '{alias}' of an order is missing."));
                self.node(alias).map_err(|_| missing())?
            }
            None => node,
        };
        let by = match (self.is_aggregate, element.attribute("attribute"), element.attribute("alias")) {
            (true, Some(name), _) => {
                let message =
                    format!("An aggregate query can't be ordered by the attribute '{name}', only by an alias.");
                return refused("0x80041131", message);
            }
            (true, None, None) => {
                return refused("0x80041134", "An aggregate query is ordered by an alias.".to_owned());
            }
            (true, None, Some(alias)) if !self.aliases().any(|known| known == alias) => {
                return refused("0x8004110A", format!("The alias '{alias}' of an order does not exist in the query."));
            }
            (true, None, Some(alias)) => By::Alias(alias.to_owned()),
            (false, _, Some(alias)) => {
                let message = format!("The alias '{alias}' can't order a query that aggregates nothing.");
                return refused("0x80041132", message);
            }
            (false, None, None) => return refused("0x80041133", "An order names an attribute.".to_owned()),
            (false, Some(name), None) => By::Column(column_of(self.nodes[node].table, name)?),
        };
        Ok(Order { node, by, is_descending: element.says("descending") })
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
        late: &mut Late,
    ) -> Result<(), Refusal> {
        check(element)?;
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
                    let shown = Shown::read(child, table, self.is_aggregate)?;
                    self.nodes[at].columns.push(shown);
                }
                "all-attributes" => {
                    check(child)?;
                    let all = table.places().filter(|(_, column)| column.is_plain() || !column.targets().is_empty());
                    let all: Vec<Shown> = all.map(|(column, _)| Shown::plain(column)).collect();
                    self.nodes[at].columns.extend(all);
                }
                "filter" => late.filters.push((at, child.clone())),
                "order" => {
                    check(child)?;
                    late.orders.push((at, child.clone()));
                }
                "link-entity" => {
                    check(child)?;
                    let other = table_named(child.attribute("name").unwrap_or_default())?;
                    let is_outer = is_outer(child)?;
                    let (Some(from), Some(to)) = (child.attribute("from"), child.attribute("to")) else {
                        return Err(Refusal::not_built("a <link-entity> without from and to in FetchXML"));
                    };
                    let (from, to) = (column_of(other, from)?, column_of(table, to)?);
                    self.add(child, other, Some(Link { parent: at, to, from, is_outer }), late)?;
                }
                other => {
                    let message = format!("The element <{other}> is not known in a Fetch query.");
                    return Err(Refusal::new(400, "0x8004111C", message));
                }
            }
        }
        Ok(())
    }
}

/// What can be read only when every link is known.
#[derive(Default)]
struct Late {
    filters: Vec<(usize, Element)>,
    orders: Vec<(usize, Element)>,
}

/// A number that an attribute of the root holds, from 1.
fn number(root: &Element, name: &str) -> Result<Option<usize>, Refusal> {
    match root.attribute(name) {
        None => Ok(None),
        Some(text) => match text.parse::<usize>() {
            Ok(number) if number > 0 => Ok(Some(number)),
            _ => Err(malformed(format!("The attribute {name} holds '{text}'."))),
        },
    }
}

/// `top` stands by itself. Source: Microsoft Learn, "Page results using FetchXML" and "Count rows using FetchXML".
fn check_top(root: &Element) -> Result<(), Refusal> {
    let Some(top) = number(root, "top")? else { return Ok(()) };
    let is_given = |name: &&str| match *name {
        "returntotalrecordcount" => root.says(name),
        name => root.attribute(name).is_some(),
    };
    if let Some(name) = ["page", "count", "paging-cookie", "returntotalrecordcount"].iter().find(|name| is_given(name))
    {
        let message = format!("The top attribute can't be specified with paging attribute {name}");
        return Err(Refusal::new(400, "0x80040203", message));
    }
    if top > LARGEST_PAGE {
        let message = format!("The attribute top holds {top}; the most is {LARGEST_PAGE}.");
        return Err(Refusal::new(400, "0x80041139", message));
    }
    Ok(())
}

impl Shown {
    fn plain(column: u16) -> Self {
        Self { column, alias: None, aggregate: None, is_group: false, dates: None }
    }

    fn read(element: &Element, table: &'static Table, is_aggregate: bool) -> Result<Self, Refusal> {
        check(element)?;
        let column = column_of(table, element.attribute("name").unwrap_or_default())?;
        let kind = &table.column(column).kind;
        let measure = |how: &str| Measure::read(how, element.says("distinct")).map_err(|_| unknown_aggregate(how));
        let shown = Self {
            column,
            alias: element.attribute("alias").map(str::to_owned),
            aggregate: element.attribute("aggregate").map(measure).transpose()?,
            is_group: element.says("groupby"),
            dates: date_part(element, kind)?,
        };
        let refused = |code, message: &str| Err(Refusal::new(400, code, message));
        match (is_aggregate, shown.aggregate, shown.is_group) {
            (false, None, false) => return Ok(shown),
            (false, ..) => return refused("0x80041107", "The query aggregates attributes, but is no aggregate query."),
            (true, Some(_), true) => return refused("0x80041137", "An attribute is grouped by, or aggregated."),
            (true, None, false) => {
                return refused("0x8004112F", "An attribute of an aggregate query is grouped by, or aggregated.");
            }
            (true, Some(measure), false) if !measure.is_for(kind) => {
                return refused("0x8004112F", "The aggregate is not for a column of this type.");
            }
            (true, ..) => {}
        }
        if shown.alias.is_none() {
            return refused("0x80041109", "An alias is required for an aggregate attribute.");
        }
        Ok(shown)
    }
}

impl Node {
    /// The column at a place.
    pub fn column(&self, place: u16) -> &'static Column {
        self.table.column(place)
    }
}

fn unknown_aggregate(how: &str) -> Refusal {
    Refusal::new(400, "0x800404B6", format!("The aggregate '{how}' is not known."))
}

fn table_named(name: &str) -> Result<&'static Table, Refusal> {
    let schema = Schema::of_sandbox();
    if schema.associations.iter().any(|association| association.intersection() == name) {
        return Err(Refusal::not_built(&format!("the intersection table '{name}' in FetchXML")));
    }
    let unknown = || Refusal::new(400, "0x80041102", format!("The entity with a name = '{name}' was not found."));
    schema.by_name(name).ok_or_else(unknown)
}
