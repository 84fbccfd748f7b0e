//! The answer to a Fetch query: rows with the columns of every node, or totals. It never chooses rows.

use crate::sandbox::Outgoing;
use crate::sandbox::data::{Kind, Schema, Table};
use crate::sandbox::dataverse::aggregate::{Measure, Totals, grouped_date};
use crate::sandbox::dataverse::exchange::Exchange;
use crate::sandbox::dataverse::fetch::conditions::{Moment, Tuple};
use crate::sandbox::dataverse::fetch::paging::page;
use crate::sandbox::dataverse::fetch::plan::{By, Node, Plan, Shown, malformed};
use crate::sandbox::dataverse::fetch::run::tuples;
use crate::sandbox::dataverse::formatted::formatted;
use crate::sandbox::dataverse::json::{Object, array};
use crate::sandbox::dataverse::refusal::Refusal;
use crate::sandbox::dataverse::show::FORMATTED;
use crate::sandbox::dataverse::values::to_json;
use crate::sandbox::world::{Row, Value, World};

const LOOKUP_TABLE: &str = "Microsoft.Dynamics.CRM.lookuplogicalname";
const COOKIE: &str = "Microsoft.Dynamics.CRM.fetchxmlpagingcookie";
const MORE: &str = "Microsoft.Dynamics.CRM.morerecords";

/// `GET accounts?fetchXml=…`.
pub(in crate::sandbox::dataverse) fn fetch(
    world: &World,
    exchange: &Exchange<'_>,
    table: &'static Table,
    text: &str,
) -> Result<Outgoing, Refusal> {
    let plan = Plan::read(text, table)?;
    let moment = Moment { caller: exchange.caller, now: world.now() };
    let found = tuples(world, &plan, moment);
    let mut object = Object::new();
    object.text("@odata.context", &exchange.context(table.set_name));
    if plan.is_aggregate {
        object.raw("value", &array(totals(world, exchange, &plan, &found)?));
        return Ok(exchange.json(200, object.finish()));
    }
    let page = page(&plan, found, exchange.preferences.page_size)?;
    if page.has_more && exchange.preferences.wants(MORE) {
        object.plain(&format!("@{MORE}"), true);
    }
    if let Some(cookie) = page.cookie.filter(|_| exchange.preferences.wants(COOKIE)) {
        object.text(&format!("@{COOKIE}"), &cookie);
    }
    object.raw("value", &array(page.rows.iter().map(|tuple| row(world, exchange, &plan, tuple))));
    Ok(exchange.json(200, object.finish()))
}

fn row(world: &World, exchange: &Exchange<'_>, plan: &Plan, tuple: &Tuple<'_>) -> String {
    let mut object = Object::new();
    let root = tuple.first().copied().flatten();
    if let Some(root) = root.filter(|_| !plan.is_distinct) {
        object.text("@odata.etag", &root.etag());
    }
    for (node, found) in plan.nodes.iter().zip(tuple) {
        let Some(found) = found else { continue };
        for shown in &node.columns {
            cell(&mut object, world, exchange, node, found, shown);
        }
    }
    if let Some(root) = root.filter(|_| !plan.is_distinct) {
        let node = &plan.nodes[0];
        let is_named = |column: &str| node.columns.iter().any(|shown| node.column(shown.column).name == column);
        let is_money = |shown: &Shown| matches!(node.column(shown.column).kind, Kind::Money(_));
        let currency = node.table.place("transactioncurrencyid").filter(|_| !is_named("transactioncurrencyid"));
        if let Some(value) = currency.filter(|_| node.columns.iter().any(is_money)).and_then(|place| root.value(place))
        {
            object.raw("_transactioncurrencyid_value", &to_json(value));
        }
        if !is_named(node.column(node.table.key).name) {
            object.text(node.column(node.table.key).name, &root.id.to_string());
        }
    }
    object.finish()
}

/// Null columns are left out, as the service leaves them.
fn cell(object: &mut Object, world: &World, exchange: &Exchange<'_>, node: &Node, row: &Row, shown: &Shown) {
    let Some(value) = row.value(shown.column) else { return };
    let column = node.column(shown.column);
    let name = match (&shown.alias, node.alias.as_str()) {
        (Some(alias), _) => alias.clone(),
        (None, "") => column.property(),
        (None, alias) => format!("{alias}.{}", column.name),
    };
    if exchange.preferences.wants(FORMATTED)
        && let Some(text) = formatted(world, node.table, row, column, value)
    {
        object.text(&format!("{name}@{FORMATTED}"), &text);
    }
    if exchange.preferences.wants(LOOKUP_TABLE)
        && let Some(link) = value.as_link()
    {
        object.text(&format!("{name}@{LOOKUP_TABLE}"), Schema::of_sandbox().table(link.table).logical_name);
    }
    object.raw(&name, &to_json(value));
}

fn totals(world: &World, exchange: &Exchange<'_>, plan: &Plan, found: &[Tuple<'_>]) -> Result<Vec<String>, Refusal> {
    let shown: Vec<(usize, &Shown)> =
        plan.nodes.iter().enumerate().flat_map(|(at, node)| node.columns.iter().map(move |it| (at, it))).collect();
    let alias = |shown: &Shown| shown.alias.clone().unwrap_or_default();
    let mut totals = Totals::default();
    for (_, column) in &shown {
        match (&column.aggregate, column.is_group) {
            (None, true) => totals.keys.push(alias(column)),
            (Some(how), false) => totals.measures.push((alias(column), Measure::read(how, column.is_distinct)?)),
            _ => return Err(malformed("An attribute of an aggregate query is grouped by, or aggregated.")),
        }
    }
    let sources = |is_group: bool| shown.iter().filter(move |(_, column)| column.is_group == is_group);
    let value = |tuple: &Tuple<'_>, (at, column): &(usize, &Shown)| -> Option<Value> {
        let value = tuple[*at].and_then(|row| row.value(column.column))?;
        match &column.dates {
            Some(part) => grouped_date(part, value).map(Value::Whole),
            None => Some(value.clone()),
        }
    };
    for tuple in found {
        let keys = sources(true).map(|source| value(tuple, source)).collect();
        totals.add(keys, sources(false).map(|source| value(tuple, source)).collect())?;
    }
    let mut lines = totals.finish();
    for order in plan.orders.iter().rev() {
        let By::Alias(alias) = &order.by else { continue };
        lines.sort_by(|left, right| {
            let value = |line: &[(String, Option<Value>)]| line.iter().find(|(name, _)| name == alias)?.1.clone();
            let ordering = match (value(left), value(right)) {
                (Some(left), Some(right)) => left.compared_with(&right).unwrap_or(std::cmp::Ordering::Equal),
                (left, right) => left.is_some().cmp(&right.is_some()),
            };
            if order.is_descending { ordering.reverse() } else { ordering }
        });
    }
    let label = |name: &str, value: &Value| {
        let (at, column) = shown.iter().find(|(_, column)| column.alias.as_deref() == Some(name))?;
        let node = &plan.nodes[*at];
        let is_plain = column.aggregate.is_none() && column.dates.is_none();
        is_plain
            .then(|| formatted(world, node.table, &Row::new(uuid::Uuid::nil()), node.column(column.column), value))?
    };
    Ok(lines
        .iter()
        .take(plan.top.or(plan.count).unwrap_or(usize::MAX))
        .map(|line| {
            let mut object = Object::new();
            for (name, value) in line {
                let Some(value) = value else { continue };
                if exchange.preferences.wants(FORMATTED) {
                    let text = label(name, value).unwrap_or_else(|| to_json(value).trim_matches('"').to_owned());
                    object.text(&format!("{name}@{FORMATTED}"), &text);
                }
                object.raw(name, &to_json(value));
            }
            object.finish()
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use serde_json::Value as Json;

    use crate::sandbox::dataverse::trial::Trial;

    const PAGED: &str = "odata.include-annotations=\"Microsoft.Dynamics.CRM.fetchxmlpagingcookie,\
                         Microsoft.Dynamics.CRM.morerecords\"";

    fn rows(trial: &mut Trial, set: &str, fetch: &str) -> Vec<Json> {
        trial.get(&format!("{set}?fetchXml={fetch}"))["value"].as_array().unwrap().clone()
    }

    #[test]
    fn conditions_choose_rows() {
        let mut trial = Trial::new();
        for (condition, expected) in [
            ("attribute='accountnumber' operator='eq' value='nl-0007'", 1),
            ("attribute='accountnumber' operator='like' value='NL-000%25'", 8),
            ("attribute='accountnumber' operator='begins-with' value='NL-00'", 98),
            ("attribute='accountnumber' operator='null'", 1),
            ("attribute='revenue' operator='ge' value='922337203685477.5807'", 1),
            ("attribute='accountnumber' operator='between'><value>NL-0005</value><value>NL-0009</value></condition", 5),
            ("attribute='accountnumber' operator='in'><value>NL-0005</value><value>NL-0006</value></condition", 2),
            ("attribute='createdon' operator='last-x-days' value='1000'", 200),
            ("attribute='createdon' operator='olderthan-x-years' value='5'", 0),
            ("attribute='creditonhold' operator='eq' value='true'", usize::MAX),
        ] {
            let condition = condition.replace("%25", "%");
            let close = if condition.ends_with("condition") { ">" } else { "/>" };
            let fetch = format!(
                "<fetch><entity name='account'><attribute name='name'/><filter><condition {condition}{close}</filter></entity></fetch>"
            );
            let found = rows(&mut trial, "accounts", &fetch).len();
            assert!(found == expected || (expected == usize::MAX && found > 0), "{condition}: {found}");
        }
    }

    #[test]
    fn links_join_tables_and_leave_nulls_out() {
        let mut trial = Trial::new();
        let fetch = |kind: &str| {
            format!(
                "<fetch><entity name='account'><attribute name='name'/><attribute name='primarycontactid'/>\
                 <link-entity name='contact' from='contactid' to='primarycontactid' alias='c' link-type='{kind}'>\
                 <attribute name='fullname'/></link-entity></entity></fetch>"
            )
        };
        let inner = rows(&mut trial, "accounts", &fetch("inner"));
        let outer = rows(&mut trial, "accounts", &fetch("outer"));
        assert_eq!((inner.len(), outer.len()), (199, 200));
        assert!(inner.iter().all(|row| row["c.fullname"].is_string() && row["_primarycontactid_value"].is_string()));
        assert_eq!(outer.iter().filter(|row| row.get("c.fullname").is_none()).count(), 1);
    }

    #[test]
    fn pages_follow_the_cookie() {
        let mut trial = Trial::new();
        let (mut seen, mut page, mut cookie) = (Vec::new(), 1, String::new());
        loop {
            let fetch = format!(
                "<fetch count='70' page='{page}'{cookie}><entity name='account'><attribute name='name'/><order attribute='name'/>\
                 </entity></fetch>"
            );
            let json = trial.ask("GET", &format!("accounts?fetchXml={fetch}")).header("prefer", PAGED).answer().json();
            seen.extend(json["value"].as_array().unwrap().iter().map(|row| row["accountid"].to_string()));
            if json["@Microsoft.Dynamics.CRM.morerecords"] != true {
                break;
            }
            let outer = json["@Microsoft.Dynamics.CRM.fetchxmlpagingcookie"].as_str().unwrap();
            let inner = outer.split("pagingcookie=\"").nth(1).unwrap().split('"').next().unwrap();
            let once = crate::sandbox::odata::decode(inner, false).unwrap();
            let text = crate::sandbox::odata::decode(&once, false).unwrap();
            let attribute = text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;");
            cookie = format!(" paging-cookie=\"{attribute}\"");
            page += 1;
        }
        assert_eq!((page, seen.len()), (3, 200));
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen.len(), 200);
    }

    #[test]
    fn rows_are_added_up() {
        let mut trial = Trial::new();
        let total = "<fetch aggregate='true'><entity name='account'><attribute name='accountid' alias='n' aggregate='count'/>\
                     <attribute name='revenue' alias='most' aggregate='max'/></entity></fetch>";
        let text = trial.ask("GET", &format!("accounts?fetchXml={total}")).answer().text;
        assert!(text.contains("\"n\":200") && text.contains("\"most\":922337203685477.5807"), "{text}");
        let groups = "<fetch aggregate='true'><entity name='lead'><attribute name='leadqualitycode' alias='q' groupby='true'/>\
                      <attribute name='leadid' alias='n' aggregate='countcolumn'/><order alias='n' descending='true'/></entity></fetch>";
        let groups = rows(&mut trial, "leads", groups);
        let counts: Vec<u64> = groups.iter().map(|group| group["n"].as_u64().unwrap()).collect();
        assert_eq!(counts.iter().sum::<u64>(), 60);
        assert!(counts.is_sorted_by(|left, right| left >= right), "{counts:?}");
    }

    #[test]
    fn what_is_wrong_has_its_code() {
        let mut trial = Trial::new();
        for (fetch, code) in [
            ("<fetch>", "0x80040303"),
            ("<fetch><entity name='nothing'/></fetch>", "0x80041102"),
            ("<fetch><entity name='account'><attribute name='nme'/></entity></fetch>", "0x80041103"),
            ("<fetch><entity name='contact'/></fetch>", "0x80040303"),
            ("<fetch top='5' page='2'><entity name='account'/></fetch>", "0x80040203"),
            ("<fetch page='2' paging-cookie='%3Ccookie'><entity name='account'/></fetch>", "0x8004112A"),
            ("<fetch count='5000' page='11'><entity name='account'/></fetch>", "0x8004430A"),
            (
                "<fetch aggregate='true'><entity name='account'><attribute name='name' aggregate='count'/></entity></fetch>",
                "0x80041109",
            ),
            (
                "<fetch><entity name='account'><filter><condition attribute='name' operator='under' value='x'/></filter></entity></fetch>",
                "0x80040303",
            ),
        ] {
            assert_eq!(trial.refused("GET", &format!("accounts?fetchXml={fetch}")).1, code, "{fetch}");
        }
    }

    #[test]
    fn views_run_by_their_id() {
        let mut trial = Trial::new();
        let active = trial.find("savedqueries", "name eq 'Active Accounts' and returnedtypecode eq 'account'");
        let rows = trial.get(&format!("accounts?savedQuery={active}"));
        assert_eq!(rows["value"].as_array().map(Vec::len), Some(184));
        let big = trial.find("userqueries", "name eq 'Big Fish'");
        assert!(
            trial.get(&format!("accounts?userQuery={big}"))["value"].as_array().is_some_and(|rows| !rows.is_empty())
        );
        assert_eq!(trial.refused("GET", &format!("contacts?savedQuery={active}")).1, "0x80040203");
    }
}
