//! A plan over the world: rows joined, filtered, ordered. It never shows one.

use std::cmp::Ordering;
use std::collections::{BTreeSet, HashMap};

use crate::sandbox::dataverse::fetch::conditions::{Moment, Tuple};
use crate::sandbox::dataverse::fetch::plan::{By, Link, Plan};
use crate::sandbox::dataverse::values::to_text;
use crate::sandbox::world::{Row, Value, World, folded};

/// The rows of a plan in their order, chosen among `rows` of its first table, without regard to pages.
pub(super) fn tuples<'world>(
    world: &'world World,
    plan: &Plan,
    rows: impl Iterator<Item = &'world Row>,
    moment: Moment,
) -> Vec<Tuple<'world>> {
    let mut tuples: Vec<Tuple<'world>> = rows.map(|row| vec![Some(row)]).collect();
    tuples.retain(|tuple| holds_early(plan, 0, tuple, moment));
    for (at, node) in plan.nodes.iter().enumerate() {
        let Some(link) = &node.link else { continue };
        let mut counterparts: HashMap<String, Vec<&Row>> = HashMap::new();
        for row in world.rows(node.table) {
            let mut probe: Tuple<'world> = vec![None; at];
            probe.push(Some(row));
            if let Some(value) = row.value(link.from).filter(|_| holds_early(plan, at, &probe, moment)) {
                counterparts.entry(matched(value)).or_default().push(row);
            }
        }
        tuples = tuples.into_iter().flat_map(|tuple| joined(&tuple, link, &counterparts)).collect();
    }
    let late = |tuple: &Tuple<'world>| {
        plan.filters
            .iter()
            .filter(|(node, filter)| !filter.is_about(*node))
            .all(|(_, it)| it.holds(plan, tuple, moment))
    };
    tuples.retain(late);
    if !plan.is_aggregate {
        tuples.sort_by(|left, right| compared(plan, left, right));
        if plan.is_distinct {
            let mut seen = BTreeSet::new();
            tuples.retain(|tuple| seen.insert(shown(plan, tuple)));
        }
    }
    tuples
}

/// Filters about one node alone are part of the join: an outer link keeps rows for which they do not hold.
fn holds_early(plan: &Plan, at: usize, tuple: &Tuple<'_>, moment: Moment) -> bool {
    plan.filters
        .iter()
        .filter(|(node, filter)| *node == at && filter.is_about(at))
        .all(|(_, filter)| filter.holds(plan, tuple, moment))
}

fn joined<'world>(
    tuple: &Tuple<'world>,
    link: &Link,
    counterparts: &HashMap<String, Vec<&'world Row>>,
) -> Vec<Tuple<'world>> {
    let with = |row: Option<&'world Row>| {
        let mut longer = tuple.clone();
        longer.push(row);
        longer
    };
    let value = tuple[link.parent].and_then(|row| row.value(link.to));
    match value.and_then(|value| counterparts.get(&matched(value))) {
        Some(rows) => rows.iter().map(|row| with(Some(row))).collect(),
        None if link.is_outer => vec![with(None)],
        None => Vec::new(),
    }
}

fn matched(value: &Value) -> String {
    folded(&to_text(value))
}

/// The order of the plan, then that of the keys. Choices are ordered by their labels.
fn compared(plan: &Plan, left: &Tuple<'_>, right: &Tuple<'_>) -> Ordering {
    for order in &plan.orders {
        let By::Column(column) = &order.by else { continue };
        let definition = plan.nodes[order.node].column(*column);
        let value = |tuple: &Tuple<'_>| {
            let value = tuple[order.node].and_then(|row| row.value(*column).cloned())?;
            let label = value.as_whole().and_then(|whole| definition.label(whole));
            Some(label.map_or(value, |label| Value::text(label.text)))
        };
        let ordering = match (value(left), value(right)) {
            (Some(left), Some(right)) => left.compared_with(&right).unwrap_or(Ordering::Equal),
            (left, right) => left.is_some().cmp(&right.is_some()),
        };
        let ordering = if order.is_descending { ordering.reverse() } else { ordering };
        if ordering.is_ne() {
            return ordering;
        }
    }
    left.iter().map(|row| row.map(|row| row.id)).cmp(right.iter().map(|row| row.map(|row| row.id)))
}

fn shown(plan: &Plan, tuple: &Tuple<'_>) -> Vec<Option<String>> {
    let columns =
        plan.nodes.iter().enumerate().flat_map(|(at, node)| node.columns.iter().map(move |it| (at, it.column)));
    columns.map(|(at, column)| tuple[at].and_then(|row| row.value(column)).map(to_text)).collect()
}
