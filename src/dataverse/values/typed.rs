//! Text made into the JSON of a column, by what the table says the column holds. Pure. Lookups are not judged here.

use jiff::civil::{Date, DateTime};
use jiff::{Timestamp, tz::TimeZone};

use crate::dataverse::values::ValueError;
use crate::dataverse::values::choice::{self, Chosen};
use crate::dataverse::values::digits::{Digits, fraction_digits, plain};
use crate::dataverse::{ColumnDefinition, ColumnKind, RecordId};

/// The earliest date of the service. Source: Microsoft Learn, "Behavior and format of the date and time column".
const FIRST_YEAR: i16 = 1753;
/// The service keeps money with so many digits after the point, whatever a column shows of them.
const MONEY_DIGITS: u32 = 4;

/// The JSON text of `text` in `column` of `table`.
pub(in crate::dataverse) fn json(table: &str, column: &ColumnDefinition, text: &str) -> Result<String, ValueError> {
    match column.kind {
        ColumnKind::Text | ColumnKind::Memo => words(column, text),
        ColumnKind::Whole | ColumnKind::Big => whole(column, text),
        ColumnKind::Decimal | ColumnKind::Money | ColumnKind::Double => number(column, text),
        ColumnKind::Boolean => boolean(table, column, text),
        ColumnKind::Choice | ColumnKind::State | ColumnKind::Status => Ok(choice(table, column, text)?.to_string()),
        ColumnKind::Choices => choices(table, column, text),
        ColumnKind::Date if column.is_day() => day(column, text),
        ColumnKind::Date => moment(column, text),
        ColumnKind::Guid => match RecordId::parse(text) {
            Ok(id) => Ok(quoted(&id.to_string())),
            Err(_) => Err(wrong(column, text, "a GUID")),
        },
        ColumnKind::Image => Err(ValueError::NotByValue { column: column.name.clone(), kind: "an image" }),
        ColumnKind::File => Err(ValueError::NotByValue { column: column.name.clone(), kind: "a file" }),
        ColumnKind::Parties => Err(ValueError::NotByValue { column: column.name.clone(), kind: "parties" }),
        ColumnKind::Table | ColumnKind::Lookup | ColumnKind::Other => Ok(quoted(text)),
    }
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

fn wrong(column: &ColumnDefinition, text: &str, wanted: &str) -> ValueError {
    ValueError::WrongKind { column: column.name.clone(), text: text.to_owned(), wanted: wanted.to_owned() }
}

fn outside(column: &ColumnDefinition, text: &str, limits: impl Into<String>) -> ValueError {
    ValueError::OutOfRange { column: column.name.clone(), text: text.to_owned(), limits: limits.into() }
}

/// The service counts UTF-16 units.
fn words(column: &ColumnDefinition, text: &str) -> Result<String, ValueError> {
    let length = text.encode_utf16().count();
    match column.longest {
        Some(longest) if length as u64 > longest => {
            Err(ValueError::TooLong { column: column.name.clone(), length, longest })
        }
        _ => Ok(quoted(text)),
    }
}

fn whole(column: &ColumnDefinition, text: &str) -> Result<String, ValueError> {
    let plain = plain(text.trim()).filter(|number| !number.contains('.'));
    let number = plain.ok_or_else(|| wrong(column, text, "a whole number"))?;
    let bits = if column.kind == ColumnKind::Whole {
        (i64::from(i32::MIN), i64::from(i32::MAX))
    } else {
        (i64::MIN, i64::MAX)
    };
    let fits = number.parse::<i64>().is_ok_and(|number| bits.0 <= number && number <= bits.1);
    if !fits {
        return Err(outside(column, text, format!("{} to {}", bits.0, bits.1)));
    }
    within(column, text, number)
}

fn number(column: &ColumnDefinition, text: &str) -> Result<String, ValueError> {
    let number = plain(text.trim()).ok_or_else(|| wrong(column, text, "a number such as 1250.50"))?;
    let kept = match column.kind {
        ColumnKind::Money => Some(MONEY_DIGITS.max(column.precision.unwrap_or_default())),
        ColumnKind::Decimal => column.precision,
        _ => None,
    };
    // The service would round without a word.
    if let Some(kept) = kept.filter(|kept| fraction_digits(&number) > *kept as usize) {
        return Err(outside(column, text, format!("at most {kept} digits after the point")));
    }
    within(column, text, number)
}

fn within(column: &ColumnDefinition, text: &str, number: String) -> Result<String, ValueError> {
    let (Some(least), Some(most)) = (&column.least, &column.most) else { return Ok(number) };
    let is_within = match (Digits::parse(&number), Digits::parse(least), Digits::parse(most)) {
        (Some(number), Some(least), Some(most)) => least <= number && number <= most,
        _ => true,
    };
    if is_within { Ok(number) } else { Err(outside(column, text, format!("{least} to {most}"))) }
}

fn boolean(table: &str, column: &ColumnDefinition, text: &str) -> Result<String, ValueError> {
    let chosen = chosen(table, column, text, choice::flag(&column.choices, text))?;
    Ok((chosen == [1]).to_string())
}

fn choice(table: &str, column: &ColumnDefinition, text: &str) -> Result<i64, ValueError> {
    if column.choices.is_empty()
        && let Ok(value) = text.trim().parse::<i64>()
    {
        return Ok(value);
    }
    let values = chosen(table, column, text, choice::one(&column.choices, text))?;
    values.first().copied().ok_or_else(|| no_such_choice(table, column, text))
}

/// Several labels or numbers by comma or semicolon, sent as `"1,9"`.
fn choices(table: &str, column: &ColumnDefinition, text: &str) -> Result<String, ValueError> {
    let values = if column.choices.is_empty() {
        let numbers = text.split([',', ';']).map(|part| part.trim().parse());
        numbers.collect::<Result<Vec<i64>, _>>().map_err(|_| no_such_choice(table, column, text))?
    } else {
        chosen(table, column, text, choice::many(&column.choices, text))?
    };
    let values: Vec<String> = values.iter().map(ToString::to_string).collect();
    Ok(quoted(&values.join(",")))
}

fn chosen(table: &str, column: &ColumnDefinition, text: &str, chosen: Chosen) -> Result<Vec<i64>, ValueError> {
    match chosen {
        Chosen::One(values) => Ok(values),
        Chosen::Nothing(part) => Err(no_such_choice(table, column, &part)),
        Chosen::Several(candidates) => Err(ValueError::AmbiguousChoice {
            table: table.to_owned(),
            column: column.name.clone(),
            text: text.trim().to_owned(),
            candidates,
        }),
    }
}

fn no_such_choice(table: &str, column: &ColumnDefinition, text: &str) -> ValueError {
    let choices = match column.kind {
        ColumnKind::Boolean => choice::flags_offered(&column.choices),
        _ => choice::all_offered(column, text),
    };
    ValueError::NoSuchChoice {
        table: table.to_owned(),
        column: column.name.clone(),
        text: text.trim().to_owned(),
        choices,
    }
}

fn day(column: &ColumnDefinition, text: &str) -> Result<String, ValueError> {
    let day = date(text.trim()).ok_or_else(|| wrong(column, text, "a date such as 2026-03-01"))?;
    Ok(quoted(&in_time(column, text, day)?.to_string()))
}

/// A moment goes out in UTC. What is not in a zone keeps its wall-clock time, and only that.
fn moment(column: &ColumnDefinition, text: &str) -> Result<String, ValueError> {
    let typed = text.trim();
    let is_wall_clock = column.behavior.as_deref() == Some("TimeZoneIndependent");
    if let Some(day) = date(typed).filter(|_| is_wall_clock) {
        return Ok(quoted(&format!("{}T00:00:00Z", in_time(column, text, day)?)));
    }
    let bare = typed.contains('T').then(|| typed.parse::<DateTime>().ok()).flatten();
    let has_zone = typed.parse::<Timestamp>().is_ok();
    match (bare.filter(|_| !has_zone), typed.parse::<Timestamp>()) {
        (Some(time), _) if is_wall_clock => {
            in_time(column, text, time.date())?;
            Ok(quoted(&format!("{time}Z")))
        }
        (None, Ok(_)) if is_wall_clock && !typed.ends_with(['Z', 'z']) => {
            Err(wrong(column, text, "a time without a zone such as 2026-03-01T08:30:00"))
        }
        (None, Ok(moment)) => {
            in_time(column, text, TimeZone::UTC.to_datetime(moment).date())?;
            Ok(quoted(&moment.to_string()))
        }
        _ if is_wall_clock => Err(wrong(column, text, "a time such as 2026-03-01T08:30:00")),
        _ => Err(wrong(column, text, "a time with its zone such as 2026-03-01T08:30:00Z or 2026-03-01T09:30:00+01:00")),
    }
}

/// A date and nothing else.
fn date(text: &str) -> Option<Date> {
    let is_date = text.len() == 10 && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    is_date.then(|| text.parse().ok()).flatten()
}

fn in_time(column: &ColumnDefinition, text: &str, day: Date) -> Result<Date, ValueError> {
    if day.year() >= FIRST_YEAR { Ok(day) } else { Err(outside(column, text, "from 1753-01-01 on")) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::dataverse::{Choice, Required};

    fn column(kind: ColumnKind) -> ColumnDefinition {
        ColumnDefinition {
            name: "c".into(),
            schema_name: "C".into(),
            label: None,
            kind,
            required: Required::No,
            is_readable: true,
            is_creatable: true,
            is_updatable: true,
            part_of: None,
            longest: Some(5),
            least: None,
            most: None,
            precision: None,
            format: None,
            behavior: None,
            choices: Vec::new(),
            targets: Vec::new(),
            most_kibibytes: None,
        }
    }

    fn offer(value: i64, label: &str, other: &str) -> Choice {
        Choice { value, label: label.into(), other_labels: vec![other.into()], state: None, default_reason: None }
    }

    fn check(column: &ColumnDefinition, text: &str, expected: Result<&str, &str>) {
        let found = json("t", column, text);
        let told = found.as_deref().map_err(|error| error.phrase().code.trim_start_matches("dataverse/"));
        assert_eq!(told, expected, "{text}");
    }

    use crate::problem::Diagnose as _;

    #[test]
    fn text_is_counted_as_the_service_counts() {
        let text = column(ColumnKind::Text);
        check(&text, "a\"b", Ok("\"a\\\"b\""));
        check(&text, "12345", Ok("\"12345\""));
        check(&text, "123456", Err("too-long"));
        check(&text, "😀😀", Ok("\"😀😀\""));
        check(&text, "😀😀😀", Err("too-long"));
    }

    #[test]
    fn numbers_are_whole_or_exact_and_within_their_limits() {
        let whole = ColumnDefinition { least: Some("0".into()), most: Some("100".into()), ..column(ColumnKind::Whole) };
        check(&whole, " 007 ", Ok("7"));
        for text in ["-1", "101", "2147483648", "99999999999999999999"] {
            check(&whole, text, Err("beyond-limits"));
        }
        for text in ["1.5", "x", "1,000", "1e2"] {
            check(&whole, text, Err("wrong-kind"));
        }
        check(&column(ColumnKind::Big), "9223372036854775807", Ok("9223372036854775807"));
        let money = ColumnDefinition {
            least: Some("-922337203685477".into()),
            most: Some("922337203685477.5807".into()),
            precision: Some(2),
            ..column(ColumnKind::Money)
        };
        check(&money, "922337203685477.5807", Ok("922337203685477.5807"));
        check(&money, "922337203685477.5808", Err("beyond-limits"));
        check(&money, "1.10", Ok("1.10"));
        check(&money, "1.00010000", Ok("1.00010000"));
        check(&money, "1.00001", Err("beyond-limits"));
        let decimal = ColumnDefinition { precision: Some(2), ..column(ColumnKind::Decimal) };
        check(&decimal, "12345678901234567890.12", Ok("12345678901234567890.12"));
        check(&decimal, "0.123", Err("beyond-limits"));
        check(&column(ColumnKind::Double), "-0.123456789", Ok("-0.123456789"));
        check(&column(ColumnKind::Double), "NaN", Err("wrong-kind"));
    }

    #[test]
    fn choices_answer_to_their_numbers_and_to_labels_of_every_language() {
        let offers = vec![
            offer(7, "Beratung", "Consulting"),
            offer(8, "A, B", "x"),
            offer(9, "Twice", "y"),
            offer(10, "twice", "z"),
        ];
        let one = ColumnDefinition { choices: offers.clone(), ..column(ColumnKind::Choice) };
        check(&one, "7", Ok("7"));
        check(&one, "consulting", Ok("7"));
        check(&one, "Beratung", Ok("7"));
        check(&one, "a, b", Ok("8"));
        for text in ["6", "Berat", ""] {
            check(&one, text, Err("no-such-choice"));
        }
        check(&one, "Twice", Err("ambiguous-choice"));
        check(&one, "Twice (9)", Ok("9"));
        check(&column(ColumnKind::Status), "4", Ok("4"));
        let many = ColumnDefinition { choices: offers, ..column(ColumnKind::Choices) };
        check(&many, "9, Beratung,9", Ok("\"9,7\""));
        check(&many, "A, B", Ok("\"8\""));
        check(&many, "A, B; Beratung", Ok("\"8,7\""));
        check(&many, "9,nothing", Err("no-such-choice"));
        let flag = ColumnDefinition {
            choices: vec![offer(0, "Allow", "x"), offer(1, "Do Not Allow", "y")],
            ..column(ColumnKind::Boolean)
        };
        for (text, expected) in
            [("do not allow", "true"), ("Allow", "false"), ("yes", "true"), ("0", "false"), ("FALSE", "false")]
        {
            check(&flag, text, Ok(expected));
        }
        check(&flag, "maybe", Err("no-such-choice"));
    }

    #[test]
    fn choices_that_look_like_what_was_typed_are_told_first() {
        let offers = vec![offer(1, "Accounting", "x"), offer(6, "Business Services", "y"), offer(7, "Consulting", "z")];
        let one = ColumnDefinition { choices: offers, ..column(ColumnKind::Choice) };
        let told = |text| choice::all_offered(&one, text).join(", ");
        assert_eq!(told("Consultng"), "Consulting (7), Accounting (1), Business Services (6)");
        assert_eq!(told("zzz"), "Accounting (1), Business Services (6), Consulting (7)");
    }

    #[test]
    fn dates_follow_the_behaviour_of_their_column() {
        let behaves = |behavior: &str, format: &str| ColumnDefinition {
            behavior: Some(behavior.into()),
            format: Some(format.into()),
            ..column(ColumnKind::Date)
        };
        let day = behaves("DateOnly", "DateOnly");
        check(&day, "2026-03-01", Ok("\"2026-03-01\""));
        check(&day, "2026-02-30", Err("wrong-kind"));
        check(&day, "2026-03-01T00:00:00Z", Err("wrong-kind"));
        check(&day, "1752-12-31", Err("beyond-limits"));
        let moment = behaves("UserLocal", "DateAndTime");
        check(&moment, "2026-03-01T08:30:00Z", Ok("\"2026-03-01T08:30:00Z\""));
        check(&moment, "2026-03-01T09:30:00+01:00", Ok("\"2026-03-01T08:30:00Z\""));
        for text in ["2026-03-01", "2026-03-01T08:30:00", "tomorrow", "01.03.2026"] {
            check(&moment, text, Err("wrong-kind"));
        }
        // Midnight where? That is found out before.
        check(&behaves("UserLocal", "DateOnly"), "2026-03-01", Err("wrong-kind"));
        check(&behaves("UserLocal", "DateOnly"), "2026-03-01T00:00:00+01:00", Ok("\"2026-02-28T23:00:00Z\""));
        check(&behaves("TimeZoneIndependent", "DateOnly"), "2026-03-01", Ok("\"2026-03-01T00:00:00Z\""));
        let wall_clock = behaves("TimeZoneIndependent", "DateAndTime");
        check(&wall_clock, "2026-03-01T08:30:00", Ok("\"2026-03-01T08:30:00Z\""));
        check(&wall_clock, "2026-03-01T08:30:00+01:00", Err("wrong-kind"));
    }

    proptest! {
        #[test]
        fn every_digit_of_money_goes_out_as_it_was_typed(whole in 0_i64..922_337_203_685_477, fraction in 0_u32..10_000) {
            let typed = format!("{whole}.{fraction:04}");
            prop_assert_eq!(json("t", &column(ColumnKind::Money), &typed), Ok(typed));
        }
    }
}
