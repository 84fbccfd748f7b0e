//! The pages of a Fetch query: how many rows, from where, and the cookie that leads on. It never joins or filters.

use std::fmt::Write as _;

use crate::sandbox::dataverse::fetch::conditions::Tuple;
use crate::sandbox::dataverse::fetch::plan::{By, Plan};
use crate::sandbox::dataverse::preferences::LARGEST_PAGE;
use crate::sandbox::dataverse::refusal::Refusal;
use crate::sandbox::dataverse::values::to_text;
use crate::sandbox::odata::{encode, guid, parse_xml};
use crate::sandbox::world::Value;

/// How many rows pages without a cookie may reach. Source: Microsoft Learn, "Page results using FetchXML".
const REACH: usize = 50_000;

/// One page.
pub(super) struct Page<'world> {
    /// Its rows.
    pub rows: Vec<Tuple<'world>>,
    /// Whether there are more.
    pub has_more: bool,
    /// The annotation that leads on, where the order allows one.
    pub cookie: Option<String>,
}

/// Cuts the page out of all rows.
pub(super) fn page<'world>(
    plan: &Plan,
    rows: Vec<Tuple<'world>>,
    preferred: Option<usize>,
) -> Result<Page<'world>, Refusal> {
    if let Some(top) = plan.top {
        return Ok(Page { rows: rows.into_iter().take(top).collect(), has_more: false, cookie: None });
    }
    let size = plan.count.or(preferred).unwrap_or(LARGEST_PAGE).min(LARGEST_PAGE);
    let number = plan.page.unwrap_or(1);
    let start = match &plan.cookie {
        Some(cookie) if !cookie.is_empty() => after(plan, cookie, &rows, number)?,
        _ if (number - 1).saturating_mul(size) >= REACH => {
            let message = "Paging cookie is required when trying to retrieve a set of records on any high pages.";
            return Err(Refusal::new(400, "0x8004430A", message));
        }
        _ => (number - 1).saturating_mul(size),
    };
    let has_more = rows.len() > start.saturating_add(size);
    let rows: Vec<Tuple<'world>> = rows.into_iter().skip(start).take(size).collect();
    let is_rooted = plan.orders.iter().all(|order| order.node == 0) && !plan.is_aggregate && !plan.is_distinct;
    let cookie = match (rows.first(), rows.last()) {
        (Some(first), Some(last)) if has_more && is_rooted => Some(cookie(plan, first, last, number)),
        _ => None,
    };
    Ok(Page { rows, has_more, cookie })
}

fn columns(plan: &Plan) -> impl Iterator<Item = u16> {
    plan.orders.iter().filter_map(|order| if let By::Column(column) = order.by { Some(column) } else { None })
}

/// The inner cookie stands percent-encoded twice inside the outer one.
fn cookie(plan: &Plan, first: &Tuple<'_>, last: &Tuple<'_>, number: usize) -> String {
    let root = plan.nodes[0].table;
    let mut inner = format!("<cookie page=\"{number}\">");
    for column in columns(plan).chain([root.key]) {
        let _ = write!(inner, "<{}", root.column(column).name);
        for (attribute, tuple) in [("last", last), ("first", first)] {
            let row = tuple.first().copied().flatten();
            let key = row.map(|row| Value::Id(row.id)).filter(|_| column == root.key);
            let value = key.or_else(|| row.and_then(|row| row.value(column).cloned()));
            let _ = match value {
                Some(value) => write!(inner, " {attribute}=\"{}\"", escaped(&to_text(&value))),
                None => write!(inner, " {attribute}null=\"1\""),
            };
        }
        inner.push_str(" />");
    }
    inner.push_str("</cookie>");
    let encoded = encode(&encode(&inner));
    format!("<cookie pagenumber=\"{}\" pagingcookie=\"{encoded}\" istracking=\"False\" />", number + 1)
}

/// Where the rows behind a cookie begin.
fn after(plan: &Plan, cookie: &str, rows: &[Tuple<'_>], number: usize) -> Result<usize, Refusal> {
    let broken = || Refusal::new(400, "0x8004112A", "The paging cookie of the Fetch query can't be read.");
    let root = plan.nodes[0].table;
    let inner = parse_xml(cookie).filter(|inner| inner.name == "cookie").ok_or_else(broken)?;
    let page: usize = inner.attribute("page").and_then(|page| page.parse().ok()).ok_or_else(broken)?;
    if page + 1 != number {
        let message = "The page number of the Fetch query does not follow that of its paging cookie.";
        return Err(Refusal::new(400, "0x8004112A", message));
    }
    let names = inner.children.iter().map(|child| child.name.as_str());
    if !names.eq(columns(plan).chain([root.key]).map(|column| root.column(column).name)) {
        let message = "The order of the query does not match the order in its paging cookie.";
        return Err(Refusal::new(400, "0x80041129", message));
    }
    let last = inner.children.last().and_then(|key| key.attribute("last")).ok_or_else(broken)?;
    let last = guid(last.trim_matches(['{', '}'])).ok_or_else(broken)?;
    let is_last = |tuple: &Tuple<'_>| tuple.first().copied().flatten().is_some_and(|row| row.id == last);
    rows.iter().rposition(is_last).map(|at| at + 1).ok_or_else(broken)
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
