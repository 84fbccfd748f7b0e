//! The conditions of FetchXML. They are read once and asked of row after row; no row is chosen here.

use jiff::Timestamp;
use uuid::Uuid;

use crate::sandbox::BUSINESS_UNIT_ID;
use crate::sandbox::data::Kind;
use crate::sandbox::dataverse::condition::holds_one;
use crate::sandbox::dataverse::dates::{around, stretch};
use crate::sandbox::dataverse::fetch::plan::{Plan, column_of, malformed};
use crate::sandbox::dataverse::fetch::words::{check, odata_name, takes};
use crate::sandbox::dataverse::pattern::Pattern;
use crate::sandbox::dataverse::refusal::Refusal;
use crate::sandbox::dataverse::values::from_text;
use crate::sandbox::odata::{Element, TextFunction};
use crate::sandbox::world::{Row, Value, day_of};

/// A filter: conditions that hold together or each by itself.
pub(super) struct Filter {
    is_any: bool,
    conditions: Vec<Condition>,
    filters: Vec<Filter>,
}

struct Condition {
    node: usize,
    column: u16,
    operator: String,
    values: Vec<Value>,
    texts: Vec<String>,
}

/// Who asks, and when.
#[derive(Clone, Copy)]
pub(super) struct Moment {
    pub caller: Uuid,
    pub now: Timestamp,
}

/// A row of every node; none where an outer link found nothing.
pub(super) type Tuple<'world> = Vec<Option<&'world Row>>;

impl Filter {
    pub(super) fn read(element: &Element, node: usize, plan: &Plan) -> Result<Self, Refusal> {
        check(element)?;
        let is_any = match element.attribute("type") {
            None | Some("and") => false,
            Some("or") => true,
            Some(other) => {
                return Err(Refusal::new(400, "0x80041122", format!("A filter is of type and or or, not '{other}'.")));
            }
        };
        let mut filter = Self { is_any, conditions: Vec::new(), filters: Vec::new() };
        for child in &element.children {
            match child.name.as_str() {
                "condition" => filter.conditions.push(Condition::read(child, node, plan)?),
                "filter" => filter.filters.push(Self::read(child, node, plan)?),
                "link-entity" => return Err(Refusal::not_built("a <link-entity> inside a <filter> in FetchXML")),
                other => {
                    let message = format!("The element <{other}> is not known in a filter.");
                    return Err(Refusal::new(400, "0x8004111C", message));
                }
            }
        }
        Ok(filter)
    }

    /// Whether it looks at one node only.
    pub(super) fn is_about(&self, node: usize) -> bool {
        self.conditions.iter().all(|condition| condition.node == node)
            && self.filters.iter().all(|it| it.is_about(node))
    }

    pub(super) fn holds(&self, plan: &Plan, tuple: &Tuple<'_>, moment: Moment) -> bool {
        let mut parts = self
            .conditions
            .iter()
            .map(|condition| condition.holds(plan, tuple, moment))
            .chain(self.filters.iter().map(|filter| filter.holds(plan, tuple, moment)));
        if self.is_any { parts.any(|holds| holds) } else { parts.all(|holds| holds) }
    }
}

impl Condition {
    fn read(element: &Element, node: usize, plan: &Plan) -> Result<Self, Refusal> {
        check(element)?;
        if let Some(other) = element.children.iter().find(|child| child.name != "value") {
            let message = format!("The element <{}> is not known in a condition.", other.name);
            return Err(Refusal::new(400, "0x8004111C", message));
        }
        let node = element.attribute("entityname").map_or(Ok(node), |alias| plan.node(alias))?;
        let table = plan.nodes[node].table;
        let column = column_of(table, element.attribute("attribute").unwrap_or_default())?;
        let operator = element.attribute("operator").unwrap_or_default().to_owned();
        let mut texts: Vec<String> = element.attribute("value").map(str::to_owned).into_iter().collect();
        for child in &element.children {
            check(child)?;
            texts.push(child.text.clone());
        }
        let kind = &table.column(column).kind;
        let wanted = takes(&operator, kind)?;
        if !wanted.contains(&texts.len()) {
            return Err(malformed(format!("The operator '{operator}' takes another number of values.")));
        }
        let is_compared = matches!(
            operator.as_str(),
            "eq" | "ne" | "neq" | "gt" | "ge" | "lt" | "le" | "in" | "not-in" | "between" | "not-between"
        );
        let values = if is_compared {
            let read = |text: &String| from_text(kind, flag(kind, text)).ok_or_else(|| unfit(text, &operator));
            texts.iter().map(read).collect::<Result<_, _>>()?
        } else {
            Vec::new()
        };
        let is_fit = |text: &String| match operator.as_str() {
            "on" | "on-or-after" | "on-or-before" => date_of(text).is_some(),
            "contain-values" | "not-contain-values" => text.trim().parse::<i64>().is_ok(),
            name => !name.contains("-x-") || text.parse::<i64>().is_ok_and(|amount| amount > 0),
        };
        match texts.iter().find(|text| !is_fit(text)) {
            Some(text) => Err(unfit(text, &operator)),
            None => Ok(Self { node, column, operator, values, texts }),
        }
    }

    fn holds(&self, plan: &Plan, tuple: &Tuple<'_>, moment: Moment) -> bool {
        let value = tuple[self.node].and_then(|row| row.value(self.column));
        let column = plan.nodes[self.node].column(self.column);
        let order = |at: usize| value.zip(self.values.get(at)).and_then(|(left, right)| left.compared_with(right));
        let is_like = |function| {
            let sought = self.texts.first().map_or("", String::as_str);
            let pattern = match function {
                Some(function) => Pattern::new(function, sought),
                None => Pattern::like(sought),
            };
            value.and_then(Value::as_text).is_some_and(|text| pattern.fits(text))
        };
        let is_id = |id: Uuid| value.and_then(Value::as_id) == Some(id);
        let unit = || BUSINESS_UNIT_ID.parse().unwrap_or_default();
        match self.operator.as_str() {
            "null" => value.is_none(),
            "not-null" => value.is_some(),
            "eq" => order(0).is_some_and(std::cmp::Ordering::is_eq),
            "ne" | "neq" => !order(0).is_some_and(std::cmp::Ordering::is_eq),
            "gt" => order(0).is_some_and(std::cmp::Ordering::is_gt),
            "ge" => order(0).is_some_and(std::cmp::Ordering::is_ge),
            "lt" => order(0).is_some_and(std::cmp::Ordering::is_lt),
            "le" => order(0).is_some_and(std::cmp::Ordering::is_le),
            "in" => (0..self.values.len()).any(|at| order(at).is_some_and(std::cmp::Ordering::is_eq)),
            "not-in" => !(0..self.values.len()).any(|at| order(at).is_some_and(std::cmp::Ordering::is_eq)),
            "contain-values" => self.is_chosen(value),
            "not-contain-values" => !self.is_chosen(value),
            "between" => self.is_between(value),
            "not-between" => !self.is_between(value),
            "like" => is_like(None),
            "not-like" => !is_like(None),
            "begins-with" => is_like(Some(TextFunction::StartsWith)),
            "not-begin-with" => !is_like(Some(TextFunction::StartsWith)),
            "ends-with" => is_like(Some(TextFunction::EndsWith)),
            "not-end-with" => !is_like(Some(TextFunction::EndsWith)),
            "eq-userid" => is_id(moment.caller),
            "ne-userid" => !is_id(moment.caller),
            "eq-businessid" => is_id(unit()),
            "ne-businessid" => !is_id(unit()),
            _ => self.is_within(value, &column.kind, moment.now),
        }
    }

    /// Whether a choice of several holds one of the values.
    fn is_chosen(&self, value: Option<&Value>) -> bool {
        let wanted: Vec<i64> = self.texts.iter().filter_map(|text| text.trim().parse().ok()).collect();
        value.is_some_and(|found| holds_one(found, &wanted))
    }

    fn is_between(&self, value: Option<&Value>) -> bool {
        let [least, most] = self.values.as_slice() else { return false };
        let order = |bound| value.and_then(|value| value.compared_with(bound));
        order(least).is_some_and(std::cmp::Ordering::is_ge) && order(most).is_some_and(std::cmp::Ordering::is_le)
    }

    /// Whether a date lies in the stretch that the operator names.
    fn is_within(&self, value: Option<&Value>, kind: &Kind, now: Timestamp) -> bool {
        let text = self.texts.first().map_or("", String::as_str);
        let name = odata_name(&self.operator);
        let found = date_of(text).and_then(|date| around(&name, date));
        let Some((from, until)) = found.or_else(|| stretch(&name, text.parse().unwrap_or(1), now)) else {
            return false;
        };
        match (value, kind) {
            (Some(Value::Moment(at)), _) => {
                from.is_none_or(|from| *at >= from) && until.is_none_or(|until| *at < until)
            }
            (Some(Value::Day(at)), Kind::Day) => {
                let last = |until: Timestamp| day_of(until - jiff::SignedDuration::from_secs(1));
                from.is_none_or(|from| *at >= day_of(from)) && until.is_none_or(|until| *at <= last(until))
            }
            _ => false,
        }
    }
}

/// The day that a date, with a time behind it or not, lies on.
fn date_of(text: &str) -> Option<jiff::civil::Date> {
    text.get(..10)?.parse().ok()
}

/// FetchXML writes yes and no as numbers or as words.
fn flag<'text>(kind: &Kind, text: &'text str) -> &'text str {
    match (kind, text) {
        (Kind::Flag, "true") => "1",
        (Kind::Flag, "false") => "0",
        _ => text,
    }
}

fn unfit(text: &str, operator: &str) -> Refusal {
    Refusal::new(400, "0x80040203", format!("The value '{text}' does not fit the condition operator '{operator}'."))
}
