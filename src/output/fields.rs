//! Our own objects in every format: a connection, the user, the version. Values are ours, but may hold the service's text,
//! so they are made inert like everything else. Rows of a table in the organisation live in `rows`.

use std::collections::HashSet;

use serde::Serialize;
use serde_json::Value;

use crate::output::tsv::escaped;
use crate::output::{Column, Format, OutputError, Screen, SinkOptions, StandardOutput, Style, filtered, sink, term};
use crate::record::Record;

/// Shows one object, its fields in the order given. Keys are `snake_case`: they are what JSON shows.
///
/// A table shows `key  value` lines with spaces in the keys, TSV `key<TAB>value` lines, CSV a header and one row, JSON
/// one object on one line. `-o id` shows the field `id`, or else `name`.
///
/// # Errors
/// [`OutputError`] when standard output refuses it; [`OutputError::NoId`] for an object without either field.
pub fn object(screen: &Screen, format: Format, fields: &[(impl AsRef<str>, Value)]) -> Result<(), OutputError> {
    if let Some(filter) = screen.filter() {
        let mut out = screen.data();
        filtered::write(&mut out, filter, &String::from_utf8_lossy(&json(fields)))?;
        return out.finish();
    }
    let field = |name: &str| fields.iter().find(|(key, _)| key.as_ref() == name).map(|(_, value)| value);
    match format {
        Format::Table => {
            let pairs: Vec<(String, String)> =
                fields.iter().map(|(key, value)| (key.as_ref().replace('_', " "), spoken(value))).collect();
            let mut out = screen.shown();
            write_pairs(&mut out, screen.style(), &pairs)?;
            out.finish()
        }
        Format::Json | Format::Ndjson => {
            let mut out = screen.json();
            out.put(&json(fields))?;
            out.put(b"\n")?;
            out.finish()
        }
        Format::Tsv => {
            let mut out = screen.data();
            for (key, value) in fields {
                out.put(format!("{}\t{}\n", key.as_ref(), escaped(&plain(value))).as_bytes())?;
            }
            out.finish()
        }
        Format::Csv => {
            let columns: Vec<Column> = fields.iter().map(|(key, _)| Column::named(key.as_ref())).collect();
            objects(screen, format, &columns, [fields], SinkOptions::default())
        }
        Format::Id => {
            let id = field("id").or_else(|| field("name")).ok_or(OutputError::NoId)?;
            let mut out = screen.data();
            out.put(plain(id).as_bytes())?;
            out.put(b"\n")?;
            out.finish()
        }
    }
}

/// Shows several objects as rows with these columns, in every format.
///
/// # Errors
/// [`OutputError`] as [`crate::output::RowSink`] gives it.
pub fn objects<K: AsRef<str>, R: AsRef<[(K, Value)]>>(
    screen: &Screen,
    format: Format,
    columns: &[Column],
    rows: impl IntoIterator<Item = R>,
    options: SinkOptions,
) -> Result<(), OutputError> {
    let wanted: HashSet<String> =
        columns.iter().map(|column| column.name.clone()).chain(options.id_column.clone()).collect();
    let is_wanted = |key: &str| columns.is_empty() || wanted.contains(key);
    let mut sink = sink(format, screen, options);
    sink.begin(columns)?;
    for row in rows {
        let fields = row.as_ref().iter().filter(|(key, _)| is_wanted(key.as_ref()));
        // Values written a line ago can't be anything but one object.
        let record = Record::parse(json(fields)).map_err(|error| OutputError::Failed(std::io::Error::other(error)))?;
        sink.row(&record)?;
    }
    sink.end()
}

/// `key  value` lines with the values below each other. Both are made inert; a value of several lines goes on below itself.
pub(super) fn write_pairs(
    out: &mut StandardOutput,
    style: Style,
    pairs: &[(String, String)],
) -> Result<(), OutputError> {
    let keys: Vec<_> = pairs.iter().map(|(key, _)| term::inert(key)).collect();
    let widest = keys.iter().map(|key| term::width(key)).max().unwrap_or(0);
    for (key, (_, value)) in keys.iter().zip(pairs) {
        let mut margin = format!("{}{}", style.heading(key), " ".repeat(widest - term::width(key) + 2));
        if value.is_empty() {
            out.put(format!("{}\n", style.heading(key)).as_bytes())?;
        }
        for line in value.lines() {
            out.put(format!("{margin}{}\n", term::inert(line)).as_bytes())?;
            margin = " ".repeat(widest + 2);
        }
    }
    Ok(())
}

/// One object. It is written field by field, because a map of JSON values has no order of its own.
fn json<'f, K: AsRef<str> + 'f>(fields: impl IntoIterator<Item = &'f (K, Value)>) -> Vec<u8> {
    let mut text = Vec::with_capacity(512);
    for (key, value) in fields {
        text.push(if text.is_empty() { b'{' } else { b',' });
        put_json(&mut text, key.as_ref());
        text.push(b':');
        put_json(&mut text, value);
    }
    text.extend_from_slice(if text.is_empty() { b"{}" } else { b"}" });
    text
}

fn put_json(text: &mut Vec<u8>, value: &(impl Serialize + ?Sized)) {
    // Text and values that are JSON already can't fail to be written into memory.
    let _ = serde_json::to_writer(text, value);
}

/// A value as a script takes it: text without quotes, nothing for null, JSON for what has parts.
fn plain(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// A value as a person reads it: lists by comma, yes and no.
fn spoken(value: &Value) -> String {
    match value {
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::Array(values) if values.iter().all(|value| !value.is_array() && !value.is_object()) => {
            values.iter().map(plain).collect::<Vec<_>>().join(", ")
        }
        other => plain(other),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::output::{ScreenOptions, Stdio};

    fn fields() -> Vec<(&'static str, Value)> {
        vec![
            ("name", json!("work")),
            ("tenant_url", json!("https://contoso.crm.dynamics.com")),
            ("default", json!(true)),
            ("label", Value::Null),
            ("roles", json!(["Salesperson", "Basic\tUser"])),
            ("expires_in", json!(3599)),
        ]
    }

    fn shown(format: Format, fields: &[(&str, Value)]) -> String {
        let (stdio, captured) = Stdio::captured();
        object(&Screen::new(stdio, &ScreenOptions::default()), format, fields).unwrap();
        captured.stdout()
    }

    #[test]
    fn an_object_reads_well_in_every_format() {
        for (format, expected) in [
            (
                Format::Table,
                concat!(
                    "name        work\n",
                    "tenant url  https://contoso.crm.dynamics.com\n",
                    "default     yes\n",
                    "label\n",
                    "roles       Salesperson, Basic\\tUser\n",
                    "expires in  3599\n",
                ),
            ),
            (
                Format::Tsv,
                concat!(
                    "name\twork\n",
                    "tenant_url\thttps://contoso.crm.dynamics.com\n",
                    "default\ttrue\n",
                    "label\t\n",
                    "roles\t[\"Salesperson\",\"Basic\\\\tUser\"]\n",
                    "expires_in\t3599\n",
                ),
            ),
            (
                Format::Json,
                concat!(
                    r#"{"name":"work","tenant_url":"https://contoso.crm.dynamics.com","default":true,"label":null,"#,
                    r#""roles":["Salesperson","Basic\tUser"],"expires_in":3599}"#,
                    "\n"
                ),
            ),
            (
                Format::Csv,
                concat!(
                    "name,tenant_url,default,label,roles,expires_in\n",
                    "work,https://contoso.crm.dynamics.com,true,,\"[\"\"Salesperson\"\",\"\"Basic\\tUser\"\"]\",3599\n",
                ),
            ),
            (Format::Id, "work\n"),
        ] {
            assert_eq!(shown(format, &fields()), expected, "{format:?}");
        }
        assert_eq!(shown(Format::Ndjson, &fields()), shown(Format::Json, &fields()));
    }

    #[test]
    fn an_object_without_a_name_has_no_id() {
        let screen = Screen::new(Stdio::captured().0, &ScreenOptions::default());
        assert!(matches!(object(&screen, Format::Id, &[("version", json!("1"))]), Err(OutputError::NoId)));
    }

    #[test]
    fn a_value_cannot_pass_for_another_field() {
        let shown = shown(Format::Table, &[("label", json!("harmless\nstatus  ok\u{1b}[2J"))]);
        assert_eq!(shown, "label  harmless\n       status  ok\\u{1b}[2J\n");
    }

    #[test]
    fn several_objects_are_rows() {
        let (stdio, captured) = Stdio::captured();
        let rows = [vec![("name", json!("work")), ("read_only", json!(false))], vec![("name", json!("home"))]];
        let columns = [Column::named("name"), Column::new("read_only", "read only")];
        let screen = Screen::new(stdio, &ScreenOptions::default());
        objects(&screen, Format::Json, &columns, &rows, SinkOptions::default()).unwrap();
        objects(&screen, Format::Table, &columns, &rows, SinkOptions::default()).unwrap();
        let expected = concat!(
            "[\n {\"name\":\"work\",\"read_only\":false},\n {\"name\":\"home\",\"read_only\":null}\n]\n",
            "name  read only\nwork  false\nhome\n"
        );
        assert_eq!(captured.stdout(), expected);
    }
}
