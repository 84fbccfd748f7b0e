//! Records that stand inside a new one, as JSON: each judged by its own table's definition, level after level. Nothing in
//! them is translated, as nothing is in the JSON around them.

use serde_json::value::RawValue;

use crate::dataverse::client::Client;
use crate::dataverse::values::complete::{check_complete, check_name};
use crate::dataverse::values::{Purpose, ValueError};
use crate::dataverse::{Body, DataverseError, Definition};

/// Refuses names in nested records that their tables do not know or take, and records that lack what the platform needs.
///
/// # Errors
/// [`ValueError`], also [`ValueError::NestedInChange`]; whatever kept a definition away.
pub(super) async fn check_nested(
    client: &Client,
    table: &Definition,
    body: &Body,
    purpose: Purpose,
) -> Result<(), DataverseError> {
    for (name, json) in body.columns() {
        let records = records(name, json);
        let Some(place) = Place::of(table, name).filter(|_| !records.is_empty()) else { continue };
        if purpose == Purpose::Change {
            let table = table.names.logical_name.clone();
            return Err(ValueError::NestedInChange { table, column: name.to_owned() }.into());
        }
        let definition = client.definition(place.table, &[]).await?;
        for record in records {
            let record = Body::parse(Some(record.get()), &[] as &[&str])?;
            for name in record.column_names() {
                check_name(&definition, name, Purpose::Create)?;
            }
            check_complete(&definition, &record, place.given)?;
            Box::pin(check_nested(client, &definition, &record, Purpose::Create)).await?;
        }
    }
    Ok(())
}

/// Where a nested record belongs.
struct Place<'a> {
    table: &'a str,
    /// Its column that the record around it fills.
    given: Option<&'a str>,
}

impl<'a> Place<'a> {
    /// `None` for what leads to no one table that is known.
    fn of(table: &'a Definition, name: &str) -> Option<Self> {
        let mut ways = table.many_to_one.iter().filter(|way| way.navigation == name);
        if let (Some(way), None) = (ways.next(), ways.next()) {
            let targets = table.column(&way.column).map(|column| table.targets(column)).unwrap_or_default();
            return targets.contains(&way.table.as_str()).then_some(Self { table: &way.table, given: None });
        }
        if let Some(way) = table.one_to_many.iter().find(|way| way.navigation == name) {
            return Some(Self { table: &way.table, given: Some(&way.column) });
        }
        let way = table.many_to_many.iter().find(|way| way.navigation == name)?;
        Some(Self { table: &way.table, given: None })
    }
}

/// Whether something in a body looks like a record of its own; only the table's definition tells.
pub(super) fn has_records(body: &Body) -> bool {
    body.columns().any(|(name, json)| !records(name, json).is_empty())
}

/// The objects in a value: itself, or those of a list. Whatever else stands there is the service's to judge, and so are the
/// parties of an activity, which a change takes too.
fn records<'j>(name: &str, json: &'j str) -> Vec<&'j RawValue> {
    if name.ends_with("_activity_parties") {
        return Vec::new();
    }
    let all: Vec<&RawValue> = match json.as_bytes().first() {
        Some(b'{') => serde_json::from_str(json).map(|record| vec![record]).unwrap_or_default(),
        Some(b'[') => serde_json::from_str(json).unwrap_or_default(),
        _ => Vec::new(),
    };
    all.into_iter().filter(|record| record.get().starts_with('{')).collect()
}
