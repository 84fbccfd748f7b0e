//! `$apply`: filters, groups and totals over the records of a table. The adding up itself is done in `aggregate`.

use crate::sandbox::Outgoing;
use crate::sandbox::data::{Kind, Table};
use crate::sandbox::dataverse::aggregate::{Measure, Totals};
use crate::sandbox::dataverse::collection::Pool;
use crate::sandbox::dataverse::condition::{Condition, Setting};
use crate::sandbox::dataverse::exchange::Exchange;
use crate::sandbox::dataverse::formatted::formatted;
use crate::sandbox::dataverse::json::{Object, array};
use crate::sandbox::dataverse::path::Path;
use crate::sandbox::dataverse::refusal::Refusal;
use crate::sandbox::dataverse::show::FORMATTED;
use crate::sandbox::dataverse::values::to_json;
use crate::sandbox::odata::split_outside_quotes;
use crate::sandbox::world::{Row, World};

/// A column that rows are grouped by or that is added up.
struct Source {
    alias: String,
    /// `None` counts rows.
    path: Option<Path>,
}

/// What rows end in.
const TOTALLED: [&str; 2] = ["aggregate", "groupby"];
/// OData's transformations; most of them, and most places for them, the sandbox has not.
const TRANSFORMATIONS: [&str; 12] = [
    "aggregate",
    "groupby",
    "filter",
    "orderby",
    "top",
    "skip",
    "compute",
    "concat",
    "expand",
    "search",
    "topcount",
    "bottomcount",
];

fn unfit(text: &str) -> Refusal {
    Refusal::unsupported(format!("The $apply '{text}' can't be read or is not offered."))
}

/// `GET accounts?$apply=…`.
pub(super) fn apply(world: &World, exchange: &Exchange<'_>, pool: &Pool, text: &str) -> Result<Outgoing, Refusal> {
    let setting = Setting::of(exchange);
    let is_beside = |name: &&str| name.starts_with('$') && !matches!(*name, "$apply" | "$top");
    match exchange.options.names().find(is_beside) {
        Some("$orderby") => {
            let message = "The query node SingleValueOpenPropertyAccess is not supported";
            return Err(Refusal::unsupported(message));
        }
        Some(option @ ("$filter" | "$select" | "$expand" | "$count" | "$skiptoken")) => {
            return Err(Refusal::not_built(&format!("{option} beside $apply")));
        }
        Some(_) => exchange.check_options()?,
        None => {}
    }
    let mut rows: Vec<&Row> = pool.rows(world).collect();
    let mut steps = split_outside_quotes(text, '/').into_iter();
    let last = loop {
        let step = steps.next().ok_or_else(|| Refusal::not_built("an $apply of filters alone"))?.trim();
        let Some(filter) = inside(step, "filter") else { break step };
        let condition = Condition::read(filter, pool.table, world, &setting)?;
        rows.retain(|row| condition.holds(world, row));
    };
    let unread = |step: &str| match TRANSFORMATIONS.iter().find(|name| inside(step.trim(), name).is_some()) {
        Some(name) => Refusal::not_built(&format!("the transformation '{name}' at this place of $apply")),
        None => unfit(text),
    };
    let is_total = TOTALLED.iter().any(|name| inside(last, name).is_some());
    let (keys, measures) = read(last, pool.table)?.ok_or_else(|| if is_total { unfit(text) } else { unread(last) })?;
    if let Some(step) = steps.next() {
        return Err(unread(step));
    }
    let mut totals = Totals::of(
        keys.iter().map(|key| key.alias.clone()).collect(),
        measures.iter().map(|(source, measure)| (source.alias.clone(), *measure)).collect(),
    );
    let value = |source: &Source, row| source.path.as_ref().and_then(|path| path.value(world, row).cloned());
    for row in rows {
        let keys = keys.iter().map(|key| value(key, row)).collect();
        totals.add(keys, measures.iter().map(|(source, _)| value(source, row)).collect())?;
    }
    let top = exchange.options.value("$top").map(|top| {
        top.parse::<usize>()
            .map_err(|_| Refusal::new(400, "0x0", format!("Invalid value '{top}' for $top query option found.")))
    });
    let top = top.transpose()?.unwrap_or(usize::MAX);
    let nobody = Row::new(uuid::Uuid::nil());
    let lines = totals.finish().into_iter().take(top).map(|line| {
        let mut object = Object::new();
        // A group of nulls leaves its key out.
        for (name, value) in &line {
            let Some(value) = value else { continue };
            if exchange.preferences.wants(FORMATTED) {
                let column =
                    keys.iter().find(|key| key.alias == *name).and_then(|key| key.path.as_ref()).map(Path::column);
                let label =
                    column.and_then(|column| formatted((world, exchange.caller), pool.table, &nobody, column, value));
                let plain = || to_json(value).trim_matches('"').to_owned();
                object.text(&format!("{name}@{FORMATTED}"), &label.unwrap_or_else(plain));
            }
            object.raw(name, &to_json(value));
        }
        object.finish()
    });
    let mut object = Object::new();
    object.text("@odata.context", &exchange.context(pool.table.set_name)).raw("value", &array(lines));
    Ok(exchange.json(200, object.finish()))
}

type Read = (Vec<Source>, Vec<(Source, Measure)>);

/// `aggregate(…)` or `groupby((…),aggregate(…))`; `None` when it is neither.
fn read(step: &str, table: &'static Table) -> Result<Option<Read>, Refusal> {
    if let Some(items) = inside(step, "aggregate") {
        return Ok(aggregated(items, table)?.map(|measures| (Vec::new(), measures)));
    }
    let Some(inner) = inside(step, "groupby") else { return Ok(None) };
    let parts = split_outside_quotes(inner, ',');
    let (names, rest) = match parts.as_slice() {
        [names] => (*names, None),
        [names, rest] => (*names, Some(*rest)),
        _ => return Ok(None),
    };
    let Some(names) = inside(names.trim(), "") else { return Ok(None) };
    let mut keys = Vec::new();
    for name in names.split(',').map(str::trim) {
        let steps: Vec<String> = name.split('/').map(str::to_owned).collect();
        let path = Path::resolve(table, &steps)?;
        if matches!(path.column().kind, Kind::Moment) {
            return Err(Refusal::unsupported("Group by is not supported on a date with a time."));
        }
        let alias = match steps.as_slice() {
            // The service names the table that the lookup leads to.
            [_, last] => format!("{}_{last}", path.table().logical_name),
            _ => name.to_owned(),
        };
        keys.push(Source { alias, path: Some(path) });
    }
    let measures = match rest.map(str::trim) {
        None => Some(Vec::new()),
        Some(rest) => inside(rest, "aggregate").map(|items| aggregated(items, table)).transpose()?.flatten(),
    };
    Ok(measures.map(|measures| (keys, measures)))
}

/// `revenue with sum as total,$count as n`.
fn aggregated(items: &str, table: &'static Table) -> Result<Option<Vec<(Source, Measure)>>, Refusal> {
    let mut measures = Vec::new();
    for item in items.split(',') {
        let words: Vec<&str> = item.split_whitespace().collect();
        measures.push(match words.as_slice() {
            ["$count", "as", alias] => (Source { alias: (*alias).to_owned(), path: None }, Measure::Count),
            [name, "with", how, "as", alias] => {
                let path = Path::resolve(table, &name.split('/').map(str::to_owned).collect::<Vec<_>>())?;
                let unknown = || Refusal::unsupported(format!("The aggregate '{how}' is not supported in $apply."));
                let is_known = matches!(*how, "sum" | "average" | "min" | "max");
                let measure = is_known.then(|| Measure::read(how, false)).transpose()?.ok_or_else(unknown)?;
                if !measure.is_for(&path.column().kind) {
                    let kind = path.column().kind.edm_type();
                    let message = format!("The aggregate '{how}' is not supported on '{name}' of type '{kind}'.");
                    return Err(Refusal::unsupported(message));
                }
                (Source { alias: (*alias).to_owned(), path: Some(path) }, measure)
            }
            _ => return Ok(None),
        });
    }
    Ok(Some(measures))
}

/// What stands between the parentheses of a transformation.
fn inside<'text>(step: &'text str, name: &str) -> Option<&'text str> {
    step.strip_prefix(name)?.trim_start().strip_prefix('(')?.strip_suffix(')')
}

#[cfg(test)]
mod tests {
    use crate::sandbox::dataverse::trial::Trial;

    #[test]
    fn records_are_grouped_and_added_up() {
        let mut trial = Trial::new();
        let total = trial.get("accounts?$apply=aggregate($count as n)");
        assert_eq!(total["value"], serde_json::json!([{"n": 200}]));
        let filtered = trial.get("accounts?$apply=filter(accountnumber eq 'NL-0007')/aggregate($count as n)");
        assert_eq!(filtered["value"][0]["n"], 1);
        let text = trial
            .ask("GET", "accounts?$apply=filter(accountnumber eq 'NL-0001')/aggregate(revenue with max as most)")
            .answer()
            .text;
        let revenue = trial.get("accounts(accountnumber='NL-0001')?$select=revenue")["revenue"].to_string();
        assert!(text.contains(&format!("\"most\":{}", revenue.trim_end_matches(".0"))), "{text} {revenue}");
        let groups = trial.get("leads?$apply=groupby((leadqualitycode),aggregate($count as n))");
        let groups = groups["value"].as_array().unwrap();
        assert_eq!(groups.iter().map(|group| group["n"].as_u64().unwrap()).sum::<u64>(), 60);
        let owners = trial.get("accounts?$apply=groupby((primarycontactid/fullname))");
        assert!(owners["value"][1]["contact_fullname"].is_string());
        for crooked in [
            "x",
            "groupby(name)",
            "groupby(())",
            "aggregate()",
            "aggregate(name)",
            "aggregate($count as n)/x",
            "aggregate(name with sum as n)",
            "aggregate(revenue with countdistinct as n)",
            "aggregate(revenue with avg as n)",
        ] {
            let (_, code, message) = trial.refused("GET", &format!("accounts?$apply={crooked}"));
            assert!(matches!(code.as_str(), "0x80060888" | "0x0"), "{crooked}: {message}");
        }
        for (absent, named) in [
            ("filter(name eq 'a')", "filters alone"),
            ("aggregate($count as n)/filter(n gt 1)", "'filter'"),
            ("orderby(name)/groupby((name))", "'orderby'"),
            ("groupby((name))&$count=true", "$count"),
            ("groupby((name))&$filter=name eq 'a'", "$filter"),
        ] {
            let (status, _, message) = trial.refused("GET", &format!("accounts?$apply={absent}"));
            assert!(status == 501 && message.contains(named), "{absent}: {message}");
        }
        assert!(trial.get("accounts?$apply=groupby((statecode))&$top=1")["value"].as_array().unwrap().len() == 1);
        assert_eq!(trial.refused("GET", "accounts?$apply=groupby((nme))").1, "0x0");
    }
}
