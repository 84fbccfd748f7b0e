//! The body of a write: names looked up, types and limits checked, bindings followed. It never writes.

use serde::Deserialize;
use serde::de::{MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::sandbox::data::{Access, Column, Kind, Required, Schema, Table};
use crate::sandbox::dataverse::keys::referenced;
use crate::sandbox::dataverse::refusal::Refusal;
use crate::sandbox::dataverse::values::{at_scale, chosen_values, from_literal};
use crate::sandbox::dataverse::way::Way;
use crate::sandbox::odata::{Literal, Number, day, guid, moment};
use crate::sandbox::world::{Changes, Value, World, day_of};

/// The most values of a choice of several. Source: Microsoft Learn, "Work with choices columns".
const MOST_CHOSEN: usize = 150;

/// What is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// A new record.
    Create,
    /// A change of one.
    Update,
}

/// A JSON object whose members keep their order and their numbers their digits.
#[derive(Debug)]
pub(super) struct Members(pub Vec<Member>);

/// A name with the JSON that stands for its value.
pub(super) type Member = (String, Box<RawValue>);

impl Members {
    /// Those of a body.
    pub fn read(table: &Table, body: &[u8]) -> Result<Self, Refusal> {
        serde_json::from_slice(body)
            .map_err(|error| Refusal::payload(table, &format!("The body is no JSON object: {error}")))
    }
}

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Members;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Reader)
    }
}

/// Reads a body into changes of a record.
pub(super) fn changes(
    world: &World,
    root: &str,
    table: &'static Table,
    body: &[u8],
    purpose: Purpose,
) -> Result<Changes, Refusal> {
    changes_of(world, root, table, &Members::read(table, body)?.0, purpose)
}

/// Makes members into changes of a record.
pub(super) fn changes_of(
    world: &World,
    root: &str,
    table: &'static Table,
    members: &[Member],
    purpose: Purpose,
) -> Result<Changes, Refusal> {
    let mut changes = Changes::new();
    for (name, json) in members {
        if let Some(change) = member(world, root, table, name, json.get(), purpose)? {
            changes.retain(|(place, _)| *place != change.0);
            changes.push(change);
        }
    }
    Ok(changes)
}

fn member(
    world: &World,
    root: &str,
    table: &'static Table,
    name: &str,
    json: &str,
    purpose: Purpose,
) -> Result<Option<(u16, Option<Value>)>, Refusal> {
    if name.starts_with('@') {
        return Ok(None);
    }
    if let Some((property, annotation)) = name.split_once('@') {
        if annotation == "odata.bind" {
            return bind(world, root, table, property, json, purpose).map(Some);
        }
        let is_known = table.property(property).is_some() || table.navigation(property).is_some();
        return if is_known { Ok(None) } else { Err(Refusal::undeclared(table, property)) };
    }
    if let Some(place) = table.property(name) {
        let column = table.column(place);
        if !column.is_plain() {
            let inner =
                "CRM do not support direct update of Entity Reference properties, Use Navigation properties instead.";
            return Err(Refusal::payload(table, inner));
        }
        check_access(table, column, purpose)?;
        return value(table, column, json).map(|value| Some((place, value)));
    }
    match table.navigation(name) {
        Some((place, _)) if json == "null" => {
            check_access(table, table.column(place), purpose)?;
            check_cleared(table, table.column(place))?;
            Ok(Some((place, None)))
        }
        Some(_) if json.starts_with('{') => Err(deep(name)),
        None if json.starts_with('[') && Way::find(table, name).is_some() => Err(deep(name)),
        None if json.starts_with('[') && name.ends_with("_activity_parties") => {
            Err(Refusal::new(501, "0x80040219", format!("Parties ('{name}') are not offered by the sandbox.")))
        }
        _ => Err(Refusal::undeclared(table, name)),
    }
}

/// Only what makes one new record takes others inside it.
fn deep(name: &str) -> Refusal {
    Refusal::unsupported(format!("Records nested in '{name}' are taken only where one record is created by POST."))
}

pub(super) fn check_access(table: &Table, column: &Column, purpose: Purpose) -> Result<(), Refusal> {
    let (code, verb) = match (column.access, purpose) {
        (Access::Writable, _) | (Access::CreateOnly, Purpose::Create) => return Ok(()),
        // The service drops the primary key of a record it updates.
        (Access::CreateOnly, Purpose::Update) if matches!(column.kind, Kind::Key) => return Ok(()),
        (_, Purpose::Create) => ("0x80041A01", "create"),
        (_, Purpose::Update) => ("0x80041A02", "update"),
    };
    let message = format!(
        "The column '{}' of the table '{}' is not valid for {verb}: it is read-only.",
        column.name, table.logical_name
    );
    Err(Refusal::new(400, code, message))
}

/// Refuses to clear what a record can't be without: an owner, and what the platform requires.
pub(super) fn check_cleared(table: &Table, column: &Column) -> Result<(), Refusal> {
    if column.name == "ownerid" {
        return Err(Refusal::no_owner(table));
    }
    if column.required == Required::System {
        let message = format!("Attribute '{}' cannot be set to NULL", column.name);
        return Err(Refusal::new(400, "0x80040203", message));
    }
    Ok(())
}

/// Follows `nav@odata.bind`.
fn bind(
    world: &World,
    root: &str,
    table: &'static Table,
    navigation: &str,
    json: &str,
    purpose: Purpose,
) -> Result<(u16, Option<Value>), Refusal> {
    let (place, _) = table.navigation(navigation).ok_or_else(|| Refusal::undeclared_binding(table, navigation))?;
    check_access(table, table.column(place), purpose)?;
    if json == "null" {
        check_cleared(table, table.column(place))?;
        return Ok((place, None));
    }
    let Ok(reference) = serde_json::from_str::<String>(json) else {
        let inner = format!("The value of '{navigation}@odata.bind' is no text.");
        return Err(Refusal::payload(table, &inner));
    };
    let link = referenced(world, root, &reference)?;
    let target = Schema::of_sandbox().table(link.table).logical_name;
    if !table.navigation_targets(navigation).contains(&target) {
        let inner = format!("The navigation property '{navigation}' does not lead to a record of type '{target}'.");
        return Err(Refusal::payload(table, &inner));
    }
    Ok((place, Some(Value::Link(link))))
}

/// A value for a column; `None` clears it. Empty text is null, as the service stores it.
fn value(table: &Table, column: &Column, json: &str) -> Result<Option<Value>, Refusal> {
    if json == "null" {
        check_cleared(table, column)?;
        return Ok(None);
    }
    let unfit = || {
        let shown: String = json.chars().take(60).collect();
        let inner = format!(
            "Cannot convert the literal '{}' to the expected type '{}' of the property '{}'.",
            shown.trim_matches('"'),
            column.kind.edm_type(),
            column.name
        );
        Refusal::payload(table, &inner)
    };
    if json.starts_with('"') {
        let text: String = serde_json::from_str(json).map_err(|_| unfit())?;
        return text_value(table, column, text, unfit);
    }
    let literal = match json {
        "true" => Literal::Flag(true),
        "false" => Literal::Flag(false),
        _ => Literal::Number(Number::parse(json).ok_or_else(unfit)?),
    };
    match from_literal(&column.kind, &literal).ok_or_else(unfit)? {
        Value::Number(number) => number_value(table, column, number)?.ok_or_else(unfit).map(Some),
        value => Ok(Some(value)),
    }
}

fn text_value(
    table: &Table,
    column: &Column,
    text: String,
    unfit: impl Fn() -> Refusal,
) -> Result<Option<Value>, Refusal> {
    Ok(Some(match &column.kind {
        Kind::Text(longest) | Kind::Memo(longest) => {
            if text.is_empty() {
                return Ok(None);
            }
            check_text(table, column, &text, *longest)?;
            Value::text(text)
        }
        Kind::Choices(_) if text.is_empty() => return Ok(None),
        Kind::Choices(_) => {
            let mut values = chosen_values(&text).ok_or_else(&unfit)?;
            if let Some(unknown) = values.iter().find(|value| column.label(**value).is_none()) {
                return Err(no_choice(table, column, *unknown));
            }
            values.sort_unstable();
            values.dedup();
            if values.len() > MOST_CHOSEN {
                let message = format!("The column '{}' holds at most {MOST_CHOSEN} choices.", column.name);
                return Err(Refusal::new(400, "0x80040203", message));
            }
            Value::text(values.iter().map(i64::to_string).collect::<Vec<_>>().join(","))
        }
        Kind::File(_) => {
            let message = format!("The file of '{}' is sent by itself, not with the record.", column.name);
            return Err(Refusal::new(400, "0x80041A02", message));
        }
        Kind::Image(_) | Kind::TableName => Value::text(text),
        Kind::Key | Kind::Guid => Value::Id(guid(&text).ok_or_else(|| {
            Refusal::new(400, "0x80040363", format!("'{text}' in the column '{}' is no GUID.", column.name))
        })?),
        Kind::Day => Value::Day(day(&text).ok_or_else(unfit).and_then(|day| in_range(day, day.year()))?),
        Kind::Moment => {
            let moment = moment(&text).or_else(|| {
                let literal = Literal::Day(day(&text)?);
                match from_literal(&column.kind, &literal)? {
                    Value::Moment(moment) => Some(moment),
                    _ => None,
                }
            });
            let moment = moment.ok_or_else(unfit)?;
            // The service keeps no fractions of a second.
            let whole = jiff::Timestamp::from_second(moment.as_second()).unwrap_or(moment);
            Value::Moment(in_range(whole, day_of(whole).year())?)
        }
        _ => return Err(unfit()),
    }))
}

fn in_range<T>(date: T, year: i16) -> Result<T, Refusal> {
    if year >= 1753 {
        return Ok(date);
    }
    let message =
        "DateTime is less than minumum value supported by CrmDateTime. Minimum value supported: 01/01/1753 00:00:00";
    Err(Refusal::new(400, "0x80040239", message))
}

fn check_text(table: &Table, column: &Column, text: &str, longest: usize) -> Result<(), Refusal> {
    if text.encode_utf16().count() > longest {
        let message = format!(
            "A validation error occurred. The length of the '{}' attribute of the '{}' entity exceeded the maximum allowed \
             length of '{longest}'.",
            column.name, table.logical_name
        );
        return Err(Refusal::new(400, "0x80044331", message));
    }
    if text.chars().any(|character| character.is_control() && !matches!(character, '\t' | '\n' | '\r')) {
        let message = format!("The text of the column '{}' holds characters that are not allowed.", column.name);
        return Err(Refusal::new(400, "0x80040278", message));
    }
    Ok(())
}

/// A number at the scale of its column; `None` when the column holds whole numbers and this is none.
fn number_value(table: &Table, column: &Column, number: Number) -> Result<Option<Value>, Refusal> {
    let (code, limits) = match &column.kind {
        Kind::Whole(limits) => ("0x8004432F", Some(limits)),
        Kind::Decimal(limits) | Kind::Money(limits) | Kind::Double(limits) => ("0x80044330", Some(limits)),
        _ => ("", None),
    };
    if let Some(limits) = limits.filter(|limits| !limits.hold(number)) {
        let message = format!(
            "A validation error occurred. The value of '{}' on record of type '{}' is outside the valid range \
             ({} to {}).",
            column.name, table.logical_name, limits.least, limits.most
        );
        return Err(Refusal::new(400, code, message));
    }
    let Some(value) = at_scale(&column.kind, column.name, number) else { return Ok(None) };
    if let (Some(choice), [_, ..]) = (value.as_whole(), column.labels())
        && column.label(choice).is_none()
    {
        return Err(no_choice(table, column, choice));
    }
    Ok(Some(value))
}

/// A value that is none of the column's choices.
fn no_choice(table: &Table, column: &Column, choice: i64) -> Refusal {
    let accepted: Vec<String> = column.labels().iter().map(|label| label.value.to_string()).collect();
    let message = format!(
        "A validation error occurred. The value {choice} of '{}' on record of type '{}' is outside the valid range. \
         Accepted Values: {}",
        column.name,
        table.logical_name,
        accepted.join(",")
    );
    Refusal::new(400, "0x8004431A", message)
}
