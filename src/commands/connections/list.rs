//! `connections list`: every saved connection and how it is known to be. It asks neither network nor keyring.

use serde_json::Value;

use crate::commands::connections::describe::{Fields, describe};
use crate::commands::connections::life::SOON;
use crate::context::Context;
use crate::output::{Column, Format, SinkOptions, objects};
use crate::problem::{Exit, Problem};

/// The keys of `connections list`, in order; they are promised.
const LIST_KEYS: [&str; 12] = [
    "name",
    "tenant_url",
    "default",
    "auth",
    "app",
    "store",
    "user",
    "status",
    "label",
    "read_only",
    "sandbox",
    "refresh_token_idle_until",
];

/// Those of them that fit on a terminal side by side; `connections show` has the others.
const TABLE_KEYS: [&str; 5] = ["name", "tenant_url", "user", "status", "default"];

/// So many connections are named in the line below the table.
const MOST_NAMED: usize = 3;

pub(super) fn list(context: &Context) -> Result<Exit, Problem> {
    let format = context.format()?;
    let connections = context.registry()?.read()?;
    if format == Format::Table && connections.is_empty() {
        let advice = "no connection yet; make one with d365conn connect --tenant-url https://ORG.crm.dynamics.com";
        context.screen.note(advice);
        return Ok(Exit::Done);
    }
    let options = SinkOptions { id_column: Some("name".to_owned()), ..SinkOptions::default() };
    let columns = |keys: &[&'static str]| keys.iter().copied().map(Column::named).collect::<Vec<_>>();
    let rows =
        connections.iter().map(|connection| describe(context, connection, connections.is_default(&connection.name)));
    if format != Format::Table {
        objects(&context.screen, format, &columns(&LIST_KEYS), rows, options)?;
        return Ok(Exit::Done);
    }
    let rows: Vec<Fields> = rows.collect();
    objects(&context.screen, format, &columns(&table_keys(&rows)), &rows, options)?;
    if context.screen.is_terminal_stderr() {
        context.screen.note(&summary(&rows));
    }
    Ok(Exit::Done)
}

fn value<'a>(fields: &'a Fields, key: &str) -> &'a Value {
    fields.iter().find(|(name, _)| *name == key).map_or(&Value::Null, |(_, value)| value)
}

/// The usual columns, and those in which any connection has something to say.
fn table_keys(rows: &[Fields]) -> Vec<&'static str> {
    let is_soon = |fields| value(fields, "days_left").as_i64().is_some_and(|days| days <= SOON);
    let mut keys = TABLE_KEYS.to_vec();
    keys.extend(rows.iter().any(|fields| value(fields, "label").is_string()).then_some("label"));
    keys.extend(rows.iter().any(|fields| *value(fields, "sandbox") == true).then_some("sandbox"));
    keys.extend(rows.iter().any(is_soon).then_some("days_left"));
    keys
}

/// How many there are, and what to do for those that need it.
fn summary(rows: &[Fields]) -> String {
    let count = if rows.len() == 1 { "1 connection".to_owned() } else { format!("{} connections", rows.len()) };
    let unwell = rows.iter().filter(|fields| *value(fields, "status") == "needs-reconnect");
    let unwell: Vec<&str> = unwell.filter_map(|fields| value(fields, "name").as_str()).collect();
    if unwell.is_empty() {
        return count;
    }
    let needing = if unwell.len() == 1 { "1 needs".to_owned() } else { format!("{} need", unwell.len()) };
    let commands: Vec<String> =
        unwell.iter().take(MOST_NAMED).map(|name| format!("d365conn reconnect {name}")).collect();
    let more = if unwell.len() > MOST_NAMED { ", …" } else { "" };
    format!("{count}, {needing} a reconnect: {}{more}", commands.join(", "))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn row(name: &str, status: &str, label: Option<&str>, is_sandbox: bool, days_left: Option<i64>) -> Fields {
        [
            ("name", json!(name)),
            ("status", json!(status)),
            ("label", json!(label)),
            ("sandbox", json!(is_sandbox)),
            ("days_left", json!(days_left)),
        ]
        .to_vec()
    }

    #[test]
    fn marks_have_a_column_when_any_connection_has_them() {
        let more = |rows: &[Fields]| table_keys(rows)[TABLE_KEYS.len()..].to_vec();
        assert!(more(&[row("a", "ok", None, false, Some(90)), row("b", "ok", None, false, None)]).is_empty());
        assert_eq!(more(&[row("a", "ok", None, false, None), row("b", "ok", Some("x"), false, None)]), ["label"]);
        assert_eq!(more(&[row("a", "ok", None, true, Some(30))]), ["sandbox", "days_left"]);
    }

    #[test]
    fn the_summary_counts_and_names_the_way_back() {
        let rows = |words: &[&str]| -> Vec<Fields> {
            words
                .iter()
                .zip("abcdef".chars())
                .map(|(word, name)| row(&name.to_string(), word, None, false, None))
                .collect()
        };
        let bad = "needs-reconnect";
        assert_eq!(summary(&rows(&["ok"])), "1 connection");
        assert_eq!(summary(&rows(&["ok", "unknown"])), "2 connections");
        assert_eq!(summary(&rows(&["ok", bad])), "2 connections, 1 needs a reconnect: d365conn reconnect b");
        assert_eq!(
            summary(&rows(&[bad, bad, bad, bad])),
            "4 connections, 4 need a reconnect: d365conn reconnect a, d365conn reconnect b, d365conn reconnect c, …"
        );
    }
}
