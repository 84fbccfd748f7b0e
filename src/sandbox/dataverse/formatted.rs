//! What the service shows beside a raw value: labels, names, money with its symbol, dates in English. It never parses any.

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use uuid::Uuid;

use crate::sandbox::data::{Behaviour, Column, Kind, Table, zone_of};
use crate::sandbox::dataverse::values::chosen_values;
use crate::sandbox::odata::Number;
use crate::sandbox::world::{Link, Row, Value, World};

/// The formatted value of a column, for a user with English settings and a zone; `None` where the service gives none.
pub(super) fn formatted(
    (world, viewer): (&World, Uuid),
    table: &Table,
    row: &Row,
    column: &Column,
    value: &Value,
) -> Option<String> {
    match (&column.kind, value) {
        (Kind::Choice(_) | Kind::State(_) | Kind::Status(_), Value::Whole(value)) => {
            column.label(*value).map(|label| label.text.to_owned())
        }
        (Kind::Choices(_), Value::Text(values)) => {
            let labels = chosen_values(values)?;
            let labels: Option<Vec<&str>> =
                labels.into_iter().map(|value| column.label(value).map(|label| label.text)).collect();
            labels.map(|labels| labels.join("; "))
        }
        (Kind::TableName, Value::Text(name)) => Some(name.to_string()),
        (Kind::Money(_), Value::Number(number)) => Some(money(*number, &currency_symbol(world, table, row))),
        (_, Value::Number(number)) => Some(grouped(&number.with_scale(2).to_string())),
        (_, Value::Whole(whole)) => Some(grouped(&whole.to_string())),
        (_, Value::Flag(flag)) => Some(if *flag { "Yes" } else { "No" }.to_owned()),
        (_, Value::Moment(moment)) => Some(match column.behaviour {
            Behaviour::Moment => date_with_time(zone_of(world, viewer).to_datetime(*moment)),
            Behaviour::Day => date(zone_of(world, viewer).to_datetime(*moment).date()),
            Behaviour::Clock => date_with_time(TimeZone::UTC.to_datetime(*moment)),
        }),
        (_, Value::Day(day)) => Some(date(*day)),
        (_, Value::Link(link)) => name_of(world, *link),
        _ => None,
    }
}

/// The primary name of a record.
pub(super) fn name_of(world: &World, link: Link) -> Option<String> {
    let (table, row) = world.linked(link)?;
    row.value(table.name?)?.as_text().map(str::to_owned)
}

fn currency_symbol(world: &World, table: &Table, row: &Row) -> String {
    let symbol = || {
        let link = row.value(table.place("transactioncurrencyid")?)?.as_link()?;
        let (currencies, currency) = world.linked(link)?;
        currency.value(currencies.place("currencysymbol")?)?.as_text().map(str::to_owned)
    };
    symbol().unwrap_or_default()
}

fn money(number: Number, symbol: &str) -> String {
    let digits = grouped(&number.with_scale(2).to_string());
    match digits.strip_prefix('-') {
        Some(digits) => format!("-{symbol}{digits}"),
        None => format!("{symbol}{digits}"),
    }
}

/// Commas between groups of three digits.
fn grouped(number: &str) -> String {
    let (sign, unsigned) = number.strip_prefix('-').map_or(("", number), |unsigned| ("-", unsigned));
    let (whole, fraction) = unsigned.split_once('.').map_or((unsigned, None), |(whole, rest)| (whole, Some(rest)));
    let mut text = sign.to_owned();
    for (nth, digit) in whole.chars().enumerate() {
        if nth > 0 && (whole.len() - nth) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    if let Some(fraction) = fraction {
        text.push('.');
        text.push_str(fraction);
    }
    text
}

fn date(day: Date) -> String {
    format!("{}/{}/{}", day.month(), day.day(), day.year())
}

fn date_with_time(moment: DateTime) -> String {
    let half = if moment.hour() < 12 { "AM" } else { "PM" };
    let hour = if moment.hour() % 12 == 0 { 12 } else { moment.hour() % 12 };
    format!("{} {hour}:{:02} {half}", date(moment.date()), moment.minute())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_and_money_has_its_symbol() {
        for (text, expected) in [("0", "€0.00"), ("-1234567.895", "-€1,234,567.90"), ("999", "€999.00")] {
            assert_eq!(money(Number::parse(text).unwrap(), "€"), expected);
        }
        assert_eq!(grouped("-123456"), "-123,456");
    }

    #[test]
    fn dates_are_written_the_english_way() {
        for (moment, expected) in [
            ("2026-03-01T00:05:00", "3/1/2026 12:05 AM"),
            ("2026-11-23T12:30:00", "11/23/2026 12:30 PM"),
            ("2026-11-23T23:59:59", "11/23/2026 11:59 PM"),
        ] {
            assert_eq!(date_with_time(moment.parse().unwrap()), expected);
        }
    }
}
