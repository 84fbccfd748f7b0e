//! Whether the names in a question are there, by the definitions that are at hand. Pure. What leads to a table whose definition
//! is not at hand is not judged, nor is anything that could be right.

use std::sync::Arc;

use crate::dataverse::expand::Item;
use crate::dataverse::names::Asked;
use crate::dataverse::names::mentions::{Mention, Role, of_filter, of_order};
use crate::dataverse::{ColumnDefinition, ColumnKind, Definition, ValueError, nearest};

/// What is at hand of other tables, by logical name.
pub(super) type Known<'a> = dyn Fn(&str) -> Option<Arc<Definition>> + Sync + 'a;

/// A name that is not there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wrong(ValueError);

impl Wrong {
    /// The table that does not have it.
    pub fn table(&self) -> &str {
        match &self.0 {
            ValueError::UnknownColumn { table, .. }
            | ValueError::UnknownWay { table, .. }
            | ValueError::PartiesAsColumn { table, .. }
            | ValueError::LookupByName { table, .. } => table,
            _ => "",
        }
    }
}

impl From<Wrong> for crate::dataverse::DataverseError {
    fn from(wrong: Wrong) -> Self {
        wrong.0.into()
    }
}

/// The first name that is not there.
pub(super) fn first_wrong(table: &Definition, asked: Asked<'_>, known: &Known<'_>) -> Option<Wrong> {
    let wrong = || {
        mentioned(table, asked.filter, asked.order_by, known)?;
        asked.expand.map_or(Ok(()), |expand| expand.items().iter().try_for_each(|item| expanded(table, item, known)))
    };
    wrong().err().map(Wrong)
}

fn mentioned(
    table: &Definition,
    filter: Option<&str>,
    order_by: Option<&str>,
    known: &Known<'_>,
) -> Result<(), ValueError> {
    let all = [filter.and_then(of_filter), order_by.and_then(of_order)];
    all.iter().flatten().flatten().try_for_each(|mention| judge(table, mention, known))
}

/// One expansion, with what stands in its parentheses.
fn expanded(table: &Definition, item: &Item, known: &Known<'_>) -> Result<(), ValueError> {
    let Some(other) = way(table, &item.name)?.and_then(known) else { return Ok(()) };
    item.select.iter().try_for_each(|name| column(&other, name))?;
    mentioned(&other, item.filter.as_deref(), item.order_by.as_deref(), known)?;
    item.expand.iter().try_for_each(|item| expanded(&other, item, known))
}

fn judge(table: &Definition, mention: &Mention<'_>, known: &Known<'_>) -> Result<(), ValueError> {
    let Some((last, way_there)) = mention.path.split_last() else { return Ok(()) };
    let mut at = None;
    for name in way_there {
        let here = at.as_deref().unwrap_or(table);
        let Some(next) = way(here, name)?.and_then(known) else { return Ok(()) };
        at = Some(next);
    }
    let here = at.as_deref().unwrap_or(table);
    match mention.role {
        Role::Collection => way(here, last).map(drop),
        Role::Property => column(here, last),
        Role::BesideNull if is_lookup(here, last) => Ok(()),
        Role::Value | Role::BesideNull => value(here, last),
    }
}

fn is_lookup(table: &Definition, name: &str) -> bool {
    table.many_to_one.iter().any(|way| way.navigation == name)
}

/// A column by any of its names.
fn column(table: &Definition, name: &str) -> Result<(), ValueError> {
    table.sent_as(name).map(drop)
}

/// A column by the name that it has in a condition.
fn value(table: &Definition, name: &str) -> Result<(), ValueError> {
    match table.column(name) {
        Some(column) if column.kind == ColumnKind::Lookup && column.name == name => {
            Err(ValueError::LookupByName { table: table.names.logical_name.clone(), column: name.to_owned() })
        }
        Some(column) if column.kind == ColumnKind::Parties => Err(table.parties(name)),
        Some(_) => Ok(()),
        // A lookup by the way to one of its tables, and what only the service knows of it.
        None if is_lookup(table, name) => Ok(()),
        None => {
            let (table, near) = (table.names.logical_name.clone(), near(table, name));
            Err(ValueError::UnknownColumn { table, column: name.to_owned(), near })
        }
    }
}

/// The columns that could have been meant by a name, as they are written in a condition.
pub(super) fn near(table: &Definition, name: &str) -> Vec<String> {
    let names: Vec<String> = table.columns.iter().map(|column| column.name.clone()).collect();
    let near = nearest::names(name, &names).into_iter();
    near.filter_map(|name| table.column(&name).map(ColumnDefinition::property)).collect()
}

/// The table that a navigation property leads to; `None` where it is no single one, or can't be told.
fn way<'a>(table: &'a Definition, name: &str) -> Result<Option<&'a str>, ValueError> {
    let ones = || table.many_to_one.iter().filter(|way| way.navigation == name);
    let many = table.one_to_many.iter().map(|way| (&way.navigation, &way.table));
    let many = many.chain(table.many_to_many.iter().map(|way| (&way.navigation, &way.table)));
    if let Some((_, table)) = many.clone().find(|(navigation, _)| *navigation == name) {
        return Ok(Some(table));
    }
    let mut ones_there = ones();
    match (ones_there.next(), ones_there.next()) {
        (Some(way), None) => return Ok(Some(&way.table)),
        (Some(_), Some(_)) => return Ok(None),
        (None, _) => {}
    }
    // Activities answer to names of the table that they all share, and everything to some that metadata does not list.
    if table.names.is_activity || name.ends_with("_activity_parties") {
        return Ok(None);
    }
    let names: Vec<String> =
        table.many_to_one.iter().map(|way| &way.navigation).chain(many.map(|(name, _)| name)).cloned().collect();
    // A lookup's own name is what people try where each of its tables has another way.
    let by_column = table.many_to_one.iter().filter(|way| way.column == name).map(|way| way.navigation.clone());
    let mut near: Vec<String> = by_column.collect();
    if near.is_empty() {
        near = nearest::names(name, &names);
    }
    Err(ValueError::UnknownWay { table: table.names.logical_name.clone(), name: name.to_owned(), near })
}
