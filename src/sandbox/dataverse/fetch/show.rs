//! The answer to a Fetch query: rows with the columns of every node, or totals. It never chooses rows.

use crate::sandbox::Outgoing;
use crate::sandbox::data::{Kind, Schema};
use crate::sandbox::dataverse::aggregate::{Totals, grouped_date};
use crate::sandbox::dataverse::collection::{Pool, say_total};
use crate::sandbox::dataverse::exchange::Exchange;
use crate::sandbox::dataverse::fetch::conditions::{Moment, Tuple};
use crate::sandbox::dataverse::fetch::paging::page;
use crate::sandbox::dataverse::fetch::plan::{By, Node, Plan, Shown};
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
    pool: &Pool,
    text: &str,
) -> Result<Outgoing, Refusal> {
    // `$top` and its like are OData's: what they would mean beside a Fetch query is said nowhere.
    if let Some(option) = exchange.options.names().find(|name| name.starts_with('$')) {
        return Err(Refusal::not_built(&format!("{option} beside a Fetch query or a saved view")));
    }
    let plan = Plan::read(text, pool.table)?;
    let moment = Moment { caller: exchange.caller, now: world.now() };
    let found = tuples(world, &plan, pool.rows(world), moment);
    let mut object = Object::new();
    object.text("@odata.context", &exchange.context(pool.table.set_name));
    if plan.is_aggregate {
        let (lines, has_more) = totals(world, exchange, &plan, &found)?;
        if has_more && exchange.preferences.wants(MORE) {
            object.plain(&format!("@{MORE}"), true);
        }
        object.raw("value", &array(lines));
        return Ok(exchange.json(200, object.finish()));
    }
    let count = plan.is_counted.then_some(found.len());
    say_total(&mut object, exchange, count);
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
        && let Some(text) = formatted((world, exchange.caller), node.table, row, column, value)
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

/// The lines of the page, and whether there are more.
fn totals(
    world: &World,
    exchange: &Exchange<'_>,
    plan: &Plan,
    found: &[Tuple<'_>],
) -> Result<(Vec<String>, bool), Refusal> {
    let shown: Vec<(usize, &Shown)> =
        plan.nodes.iter().enumerate().flat_map(|(at, node)| node.columns.iter().map(move |it| (at, it))).collect();
    let alias = |shown: &Shown| shown.alias.clone().unwrap_or_default();
    let mut totals = Totals::default();
    for (_, column) in &shown {
        match column.aggregate {
            None => totals.keys.push(alias(column)),
            Some(measure) => totals.measures.push((alias(column), measure)),
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
        is_plain.then(|| {
            formatted(
                (world, exchange.caller),
                node.table,
                &Row::new(uuid::Uuid::nil()),
                node.column(column.column),
                value,
            )
        })?
    };
    let size = plan.top.or(plan.count).unwrap_or(usize::MAX);
    let start = (plan.page.unwrap_or(1) - 1).saturating_mul(size);
    let has_more = plan.top.is_none() && lines.len() > start.saturating_add(size);
    let shown_lines = lines
        .iter()
        .skip(start)
        .take(size)
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
        .collect();
    Ok((shown_lines, has_more))
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
            ("<fetch top='5' count='2'><entity name='account'/></fetch>", "0x80040203"),
            ("<fetch top='5' paging-cookie='x'><entity name='account'/></fetch>", "0x80040203"),
            ("<fetch top='5' returntotalrecordcount='true'><entity name='account'/></fetch>", "0x80040203"),
            ("<fetch top='5001'><entity name='account'/></fetch>", "0x80041139"),
            ("<fetch frobnicate='1'><entity name='account'/></fetch>", "0x80040303"),
            ("<fetch><entity name='account'><frobnicate/></entity></fetch>", "0x8004111C"),
            ("<fetch><entity name='account'><order alias='x'/></entity></fetch>", "0x80041132"),
            ("<fetch><entity name='account'><order/></entity></fetch>", "0x80041133"),
            ("<fetch><entity name='account'><order attribute='name' entityname='c'/></entity></fetch>", "0x80041126"),
            ("<fetch><entity name='email'><attribute name='to'/></entity></fetch>", "0x800404B8"),
            ("<fetch aggregate='true'><entity name='account'/></fetch>", "0x8004112F"),
            (
                "<fetch aggregate='true'><entity name='account'><attribute name='name' alias='n'/></entity></fetch>",
                "0x8004112F",
            ),
            (
                "<fetch aggregate='true'><entity name='account'><attribute name='name' alias='n' aggregate='sum'/></entity></fetch>",
                "0x8004112F",
            ),
            (
                "<fetch aggregate='true'><entity name='account'><attribute name='name' alias='n' aggregate='x'/></entity></fetch>",
                "0x800404B6",
            ),
            (
                "<fetch aggregate='true'><entity name='account'><attribute name='name' alias='n' groupby='true'/>\
                 <attribute name='accountid' alias='n' aggregate='count'/></entity></fetch>",
                "0x80041130",
            ),
            (
                "<fetch aggregate='true'><entity name='account'><attribute name='name' alias='n' groupby='true'/>\
                 <order attribute='name'/></entity></fetch>",
                "0x80041131",
            ),
            (
                "<fetch aggregate='true'><entity name='account'><attribute name='name' alias='n' groupby='true'/>\
                 <order alias='m'/></entity></fetch>",
                "0x8004110A",
            ),
            (
                "<fetch aggregate='true'><entity name='account'><attribute name='name' alias='n' groupby='true' \
                 dategrouping='day'/></entity></fetch>",
                "0x80041135",
            ),
            ("<fetch page='2' paging-cookie='%3Ccookie'><entity name='account'/></fetch>", "0x8004112A"),
            ("<fetch count='5000' page='11'><entity name='account'/></fetch>", "0x8004430A"),
            (
                "<fetch aggregate='true'><entity name='account'><attribute name='name' aggregate='count'/></entity></fetch>",
                "0x80041109",
            ),
        ] {
            let set = if fetch.contains("email") { "emails" } else { "accounts" };
            assert_eq!(trial.refused("GET", &format!("{set}?fetchXml={fetch}")).1, code, "{fetch}");
        }
        for (condition, code) in [
            ("attribute='name' operator='frobnicate' value='x'", "0x80041120"),
            ("attribute='revenue' operator='like' value='1%'", "0x80041106"),
            ("attribute='name' operator='today'", "0x80041106"),
            ("attribute='name' operator='eq-userid'", "0x80041106"),
            ("attribute='name' operator='contain-values' value='1'", "0x80041106"),
            ("attribute='createdon' operator='last-x-days'", "0x80040303"),
            ("attribute='createdon' operator='last-x-days' value='x'", "0x80040203"),
            ("attribute='createdon' operator='today' value='1'", "0x80040303"),
            ("attribute='createdon' operator='on' value='x'", "0x80040203"),
            ("attribute='name' operator='eq' value='x' frobnicate='y'", "0x80040303"),
        ] {
            let fetch =
                format!("<fetch><entity name='account'><filter><condition {condition}/></filter></entity></fetch>");
            assert_eq!(trial.refused("GET", &format!("accounts?fetchXml={fetch}")).1, code, "{condition}");
        }
    }

    #[test]
    fn what_the_sandbox_has_not_is_501_by_its_name() {
        let mut trial = Trial::new();
        let inside = |text: &str| format!("<fetch><entity name='account'>{text}</entity></fetch>");
        let condition = |text: &str| inside(&format!("<filter><condition attribute='name' {text}/></filter>"));
        let link = |text: &str| inside(&format!("<link-entity {text}/>"));
        for (fetch, named) in [
            ("<fetch aggregatelimit='9'><entity name='account'/></fetch>".to_owned(), "'aggregatelimit'"),
            ("<fetch datasource='retained'><entity name='account'/></fetch>".to_owned(), "'datasource'"),
            (inside("<attribute name='name' rowaggregate='CountChildren' alias='n'/>"), "'rowaggregate'"),
            (inside("<attribute name='primarycontactidname'/>"), "'primarycontactidname'"),
            (inside("<filter isquickfindfields='1'/>"), "'isquickfindfields'"),
            (condition("operator='under' value='x'"), "'under'"),
            (condition("operator='in-fiscal-year' value='2026'"), "'in-fiscal-year'"),
            (condition("operator='eq' valueof='accountnumber'"), "'valueof'"),
            (link("name='contact' from='contactid' to='primarycontactid' link-type='exists'"), "'exists'"),
            (link("name='contact'"), "without from and to"),
            (link("name='accountleads' from='accountid' to='accountid'"), "'accountleads'"),
            (
                "<fetch aggregate='true'><entity name='account'><attribute name='createdon' alias='y' groupby='true' \
                 dategrouping='fiscal-year'/></entity></fetch>"
                    .to_owned(),
                "'fiscal-year'",
            ),
        ] {
            let (status, code, message) = trial.refused("GET", &format!("accounts?fetchXml={fetch}"));
            assert_eq!((status, code.as_str()), (501, "0x80040219"), "{fetch}: {message}");
            assert!(message.contains(named), "{message}");
        }
        let plain = inside("<attribute name='name'/>");
        let (status, _, message) = trial.refused("GET", &format!("accounts?fetchXml={plain}&$top=3"));
        assert!(status == 501 && message.contains("$top"), "{message}");
    }

    #[test]
    fn all_rows_are_counted_where_the_query_says_so() {
        let mut trial = Trial::new();
        let prefer = "odata.include-annotations=\"*\"";
        for (wish, total) in
            [("", -1), (" returntotalrecordcount='true'", 200), (" returntotalrecordcount='false'", -1)]
        {
            let fetch =
                format!("<fetch count='3'{wish}><entity name='account'><attribute name='name'/></entity></fetch>");
            let json = trial.ask("GET", &format!("accounts?fetchXml={fetch}")).header("prefer", prefer).answer().json();
            assert_eq!(json["@Microsoft.Dynamics.CRM.totalrecordcount"], total, "{wish}");
            assert_eq!(json["@Microsoft.Dynamics.CRM.totalrecordcountlimitexceeded"], false);
            assert_eq!(json["value"].as_array().map(Vec::len), Some(3));
        }
        let both = "<fetch top='3' returntotalrecordcount='false'><entity name='account'><attribute name='name'/></entity></fetch>";
        assert_eq!(rows(&mut trial, "accounts", both).len(), 3);
    }

    #[test]
    fn an_order_may_name_a_link_and_totals_come_in_pages() {
        let mut trial = Trial::new();
        let fetch = "<fetch><entity name='account'><attribute name='name'/><order attribute='fullname' entityname='c'/>\
                     <link-entity name='contact' from='contactid' to='primarycontactid' alias='c'><attribute name='fullname'/>\
                     </link-entity></entity></fetch>";
        let names: Vec<String> = rows(&mut trial, "accounts", fetch)
            .iter()
            .map(|row| crate::sandbox::world::folded(row["c.fullname"].as_str().unwrap()))
            .collect();
        assert!(names.len() > 100 && names.is_sorted());
        let page = |trial: &mut Trial, number: usize| {
            let fetch = format!(
                "<fetch aggregate='true' count='2' page='{number}'><entity name='lead'><attribute name='leadqualitycode' \
                 alias='q' groupby='true'/><order alias='q'/></entity></fetch>"
            );
            rows(trial, "leads", &fetch).iter().map(|row| row["q"].to_string()).collect::<Vec<_>>()
        };
        let (first, second) = (page(&mut trial, 1), page(&mut trial, 2));
        assert_eq!(first.len(), 2);
        assert!(!second.is_empty() && second.iter().all(|row| !first.contains(row)), "{first:?} {second:?}");
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
        let contacts = trial.find("savedqueries", "name eq 'Active Contacts' and returnedtypecode eq 'contact'");
        let account = trial.find("accounts", "accountnumber eq 'NL-0007'");
        let own = format!("accounts({account})/contact_customer_accounts");
        let filter = format!("_parentcustomerid_value eq {account} and statecode eq 0");
        let expected = trial.column(&format!("contacts?$filter={filter}"), "contactid").len();
        let shown = trial.get(&format!("{own}?savedQuery={contacts}"));
        assert_eq!(shown["value"].as_array().map(Vec::len), Some(expected));
        let (status, _, message) = trial.refused("GET", &format!("{own}?fetchXml=<fetch/>"));
        assert!(status == 501 && message.contains("fetchXml"), "{message}");
    }
}
