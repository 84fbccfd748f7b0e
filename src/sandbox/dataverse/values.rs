//! From literals and JSON to the value a column can hold, and from a value to JSON. It never looks at a record.

use jiff::tz::TimeZone;

use crate::sandbox::data::Kind;
use crate::sandbox::dataverse::json::quote;
use crate::sandbox::odata::{Literal, Number, day, guid, moment};
use crate::sandbox::world::{Link, Value};

/// A literal as a value to compare a column with; `None` when the types do not fit. Not for `null`.
pub(super) fn from_literal(kind: &Kind, literal: &Literal) -> Option<Value> {
    Some(match (kind, literal) {
        (Kind::Text(_) | Kind::Memo(_) | Kind::TableName | Kind::Image(_) | Kind::Choices(_), Literal::Text(text)) => {
            Value::text(text.as_str())
        }
        (
            Kind::Whole(_)
            | Kind::Big
            | Kind::Decimal(_)
            | Kind::Money(_)
            | Kind::Double(_)
            | Kind::Choice(_)
            | Kind::State(_)
            | Kind::Status(_),
            Literal::Number(number),
        ) => Value::Number(*number),
        (Kind::Flag, Literal::Flag(flag)) => Value::Flag(*flag),
        (Kind::Moment | Kind::Day, Literal::Moment(moment)) => Value::Moment(*moment),
        (Kind::Day, Literal::Day(day)) => Value::Day(*day),
        (Kind::Moment, Literal::Day(day)) => {
            Value::Moment(TimeZone::UTC.to_timestamp(day.to_datetime(jiff::civil::Time::midnight())).ok()?)
        }
        (Kind::File(_) | Kind::Key | Kind::Guid | Kind::Lookup(_), Literal::Guid(id)) => Value::Id(*id),
        // One of the service's own samples quotes the GUID of a lookup, and it is taken.
        (Kind::Lookup(_), Literal::Text(text)) => Value::Id(guid(text)?),
        _ => return None,
    })
}

/// Text as a value to compare a column with: from a JSON list, or from a paging cookie.
pub(super) fn from_text(kind: &Kind, text: &str) -> Option<Value> {
    match kind {
        Kind::Text(_) | Kind::Memo(_) | Kind::TableName | Kind::Image(_) | Kind::Choices(_) => Some(Value::text(text)),
        Kind::File(_) | Kind::Key | Kind::Guid | Kind::Lookup(_) => guid(text.trim_matches(['{', '}'])).map(Value::Id),
        Kind::Flag if matches!(text, "1" | "0") => Some(Value::Flag(text == "1")),
        Kind::Day | Kind::Moment => {
            let literal = day(text).map(Literal::Day).or_else(|| moment(text).map(Literal::Moment));
            from_literal(kind, &literal?)
        }
        _ => from_literal(kind, &Literal::bare(text)?),
    }
}

/// A value as text in a paging cookie.
pub(super) fn to_text(value: &Value) -> String {
    match value {
        Value::Text(text) => text.to_string(),
        Value::Whole(whole) => whole.to_string(),
        Value::Number(number) => number.to_string(),
        Value::Flag(flag) => u8::from(*flag).to_string(),
        Value::Moment(moment) => moment.to_string(),
        Value::Day(day) => day.to_string(),
        Value::Id(id) | Value::Link(Link { id, .. }) => format!("{{{}}}", id.to_string().to_uppercase()),
    }
}

/// A value as JSON.
pub(super) fn to_json(value: &Value) -> String {
    match value {
        Value::Text(text) => quote(text),
        Value::Id(id) | Value::Link(Link { id, .. }) => format!("\"{id}\""),
        Value::Moment(moment) => format!("\"{moment}\""),
        Value::Day(day) => format!("\"{day}\""),
        Value::Flag(flag) => flag.to_string(),
        Value::Whole(_) | Value::Number(_) => to_text(value),
    }
}

/// A value as plain text, for `/$value`.
pub(super) fn to_plain(value: &Value) -> String {
    match value {
        Value::Text(text) => text.to_string(),
        other => to_json(other).trim_matches('"').to_owned(),
    }
}

/// The values of a multi-select choice out of its text: `1,3`. `None` when one is no number.
pub(super) fn chosen_values(text: &str) -> Option<Vec<i64>> {
    text.split(',').map(|value| value.trim().parse().ok()).collect()
}

/// A number at the scale its column keeps; `None` when the column holds no fractions and the number has one.
pub(super) fn at_scale(kind: &Kind, column: &str, number: Number) -> Option<Value> {
    Some(match kind {
        Kind::Money(_) => Value::Number(number.with_scale(4)),
        Kind::Decimal(_) => Value::Number(number.with_scale(if column == "exchangerate" { 10 } else { 2 })),
        Kind::Double(_) => Value::Number(number.with_scale(5).trimmed()),
        _ => Value::Whole(number.as_whole()?),
    })
}
