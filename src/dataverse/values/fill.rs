//! What was typed made into the body of a write: words by the kinds of their columns, lookups found, JSON as it is. What is
//! wrong is told before anything is written.

use std::sync::Arc;

use serde_json::json;
use serde_json::value::RawValue;

use crate::dataverse::client::Client;
use crate::dataverse::values::complete::{Place, check_access, check_complete, check_name, place};
use crate::dataverse::values::nested::{check_nested, has_records};
use crate::dataverse::values::parties::{self, Party};
use crate::dataverse::values::reference::link;
use crate::dataverse::values::{Reference, Value, ValueError, Word, typed};
use crate::dataverse::{
    Body, ColumnDefinition, ColumnKind, DataverseError, Definition, Detail, RecordId, Required, Table,
};

/// What is to be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// A new record.
    Create,
    /// A change of one.
    Change,
}

/// The body of a write to `table`: what `data` holds, and what `words` say.
///
/// Where only JSON was given and nothing is kept of the table, nothing is asked: the service judges it. A change with what
/// looks like a record inside is judged all the same, because the service's answer to one tells nobody what to do.
///
/// # Errors
/// [`ValueError`]; [`crate::dataverse::DataverseError::ColumnTwice`]; whatever kept the table's definition away.
pub async fn fill(
    client: &Client,
    table: &Table,
    mut body: Body,
    mut words: Vec<Word>,
    purpose: Purpose,
) -> Result<Body, DataverseError> {
    if !client.catalog().is_kept() && !words.iter().any(Word::needs_kind) {
        for word in words.drain(..) {
            if let Value::Json(json) = word.value {
                body.add(&word.column, json)?;
            }
        }
        if purpose == Purpose::Create || !has_records(&body) {
            return Ok(body);
        }
    }
    let names: Vec<String> =
        body.column_names().chain(words.iter().map(|word| word.column.as_str())).map(str::to_owned).collect();
    let definition = definition_for(client, table, &names, &words).await?;
    for (name, json) in body.columns() {
        check_name(&definition, name, purpose)?;
        check_lookup(client, &definition, name, json).await?;
    }
    let mut gathered = Vec::new();
    for word in words {
        match (place(&definition, &word.column)?, &word.value) {
            (Place::Column(column), value) if column.kind == ColumnKind::Parties => {
                gathered.extend(invited(client, &definition, column, value, purpose).await?);
            }
            _ => {
                let (name, json) = written(client, &definition, word, purpose).await?;
                body.add(&name, json)?;
            }
        }
    }
    if !gathered.is_empty() {
        body.add(&parties::collection(&definition.names.logical_name), raw(&format!("[{}]", gathered.join(","))))?;
    }
    if purpose == Purpose::Create {
        check_complete(&definition, &body, None)?;
    }
    check_nested(client, &definition, &body, purpose).await?;
    Ok(body)
}

/// The table's definition, which knows all of the names if the organisation does.
async fn definition_for(
    client: &Client,
    table: &Table,
    names: &[String],
    words: &[Word],
) -> Result<Arc<Definition>, DataverseError> {
    let knows = |definition: &Definition| names.iter().all(|name| place(definition, name).is_ok());
    let definition = client.definition_that(&table.logical_name, knows).await?;
    let typed = words.iter().filter(|word| word.needs_kind());
    let columns = typed.filter_map(|word| match place(&definition, &word.column) {
        Ok(Place::Column(column) | Place::Navigation(column, _)) => Some(column),
        Ok(Place::Other) | Err(_) => None,
    });
    let details: Vec<Detail> = columns.filter_map(|column| column.kind.detail()).collect();
    client.definition(&table.logical_name, &details).await
}

/// What one word adds to the body.
async fn written(
    client: &Client,
    definition: &Definition,
    word: Word,
    purpose: Purpose,
) -> Result<(String, Box<RawValue>), DataverseError> {
    let (column, fixed) = match (place(definition, &word.column)?, word.value) {
        (place, Value::Json(json)) => {
            if let Place::Column(column) | Place::Navigation(column, _) = place {
                check_access(definition, column, purpose)?;
            }
            check_lookup(client, definition, &word.column, json.get()).await?;
            return Ok((word.column, json));
        }
        (Place::Column(column), value) => (column, Some((value, None))),
        (Place::Navigation(column, table), value) => (column, Some((value, Some(table)))),
        (Place::Other, _) => {
            return Err(ValueError::NotByValue { column: word.column, kind: "several records" }.into());
        }
    };
    check_access(definition, column, purpose)?;
    let is_lookup = column.kind == ColumnKind::Lookup;
    match fixed {
        Some((Value::Text(text), table)) if is_lookup => {
            let (navigation, address) = bound(client, definition, column, &column.name, &text, table).await?;
            Ok((format!("{navigation}@odata.bind"), raw(&serde_json::Value::from(address).to_string())))
        }
        Some((Value::Text(text), _)) => {
            let text = client.with_zone(column, &text).await?;
            Ok((column.name.clone(), raw(&typed::json(&definition.names.logical_name, column, &text)?)))
        }
        _ if column.required == Required::System => Err(ValueError::NotEmpty { column: column.name.clone() }.into()),
        _ if is_lookup => {
            // Any of a lookup's navigation properties empties it.
            let way = definition.many_to_one.iter().find(|way| way.column == column.name);
            let navigation = way.map_or_else(|| column.name.clone(), |way| way.navigation.clone());
            Ok((navigation, raw("null")))
        }
        _ => Ok((column.name.clone(), raw("null"))),
    }
}

/// The parties that a column of an activity stands for, each as JSON of its own. They are made together with the activity:
/// later only all parties of it can be replaced at once. Source: Microsoft Learn, "Associate and disassociate table rows".
async fn invited(
    client: &Client,
    definition: &Definition,
    column: &ColumnDefinition,
    value: &Value,
    purpose: Purpose,
) -> Result<Vec<String>, DataverseError> {
    check_access(definition, column, purpose)?;
    let table = &definition.names.logical_name;
    if purpose == Purpose::Change {
        let entity_set = definition.names.entity_set.clone();
        return Err(ValueError::PartiesLater { column: column.name.clone(), table: table.clone(), entity_set }.into());
    }
    let (role, text) = match (parties::role(&column.name), value) {
        (Some(role), Value::Text(text)) => (role, text),
        (Some(_), Value::Nothing) => return Ok(Vec::new()),
        (None, _) | (_, Value::Json(_)) => {
            return Err(ValueError::NotByValue { column: parties::collection(table), kind: "parties" }.into());
        }
    };
    let mut invited = Vec::new();
    for party in parties::parties(text) {
        invited.push(match party {
            Party::Address(address) => json!({ "addressused": address, "participationtypemask": role }).to_string(),
            Party::Record(text) => {
                let party = client.definition(parties::TABLE, &[]).await?;
                let unknown = || ValueError::NotByValue { column: parties::collection(table), kind: "parties" };
                let lookup = party.column(parties::LOOKUP).ok_or_else(unknown)?;
                let (navigation, address) = bound(client, &party, lookup, &column.name, text, None).await?;
                json!({ format!("{navigation}@odata.bind"): address, "participationtypemask": role }).to_string()
            }
        });
    }
    Ok(invited)
}

/// Text that is JSON already.
fn raw(json: &str) -> Box<RawValue> {
    RawValue::from_string(json.to_owned()).unwrap_or_default()
}

/// The navigation property and the address of the record that a lookup is to lead to; `typed` is what the lookup was called.
async fn bound(
    client: &Client,
    definition: &Definition,
    column: &ColumnDefinition,
    typed: &str,
    text: &str,
    fixed: Option<&str>,
) -> Result<(String, String), DataverseError> {
    let all = definition.targets(column);
    let targets: Vec<&str> = match fixed.filter(|table| all.contains(table)) {
        Some(table) => vec![table],
        None => all,
    };
    let owned = || targets.iter().map(|table| (*table).to_owned()).collect();
    let needed = || ValueError::TableNeeded { column: typed.to_owned(), text: text.to_owned(), targets: owned() };
    let link = link(text)?;
    let (target, reference) = match (target_called(client, &targets, link.table).await?, targets.as_slice()) {
        (Called::Target(table), _) => (table, link.reference),
        (Called::Other(table), _) => {
            return Err(ValueError::NotATarget { column: typed.to_owned(), table, targets: owned() }.into());
        }
        (Called::Nothing, [only]) => ((*only).to_owned(), Reference::parse(text)?),
        (Called::Nothing, _) => return Err(needed().into()),
    };
    let way = definition.navigation(&column.name, &target).ok_or_else(needed)?;
    let address = match &reference {
        // A user is better known by a sign-in name than by a full one.
        Reference::Name(name) if target == "systemuser" && name.contains('@') => {
            client.owner(&format!("user:{name}")).await?.reference()
        }
        _ => client.address_of(&client.table_of(&target).await?, &reference).await?,
    };
    Ok((way.navigation.clone(), address))
}

/// What a word in front of a reference names.
enum Called {
    /// One of the tables that a lookup leads to.
    Target(String),
    /// Another table of the organisation.
    Other(String),
    /// No table, or there is no word: it is a part of a name.
    Nothing,
}

/// What a word in front of a reference names: a table by its logical name, by another of its names, or as people call a user.
async fn target_called(client: &Client, targets: &[&str], word: Option<&str>) -> Result<Called, DataverseError> {
    let Some(word) = word else { return Ok(Called::Nothing) };
    let word = if word.eq_ignore_ascii_case("user") { "systemuser" } else { word };
    if let Some(target) = targets.iter().find(|target| target.eq_ignore_ascii_case(word)) {
        return Ok(Called::Target((*target).to_owned()));
    }
    Ok(match client.table_if_any(word).await? {
        Some(table) if targets.contains(&table.logical_name.as_str()) => Called::Target(table.logical_name),
        Some(table) => Called::Other(table.logical_name),
        None => Called::Nothing,
    })
}

/// Refuses JSON that gives a lookup an id as its value, which the service takes under another name only.
async fn check_lookup(client: &Client, definition: &Definition, name: &str, json: &str) -> Result<(), DataverseError> {
    let Some(column) = lookup_as_value(definition, name, json) else { return Ok(()) };
    let given = serde_json::from_str::<String>(json).unwrap_or_default();
    let (mut bindings, mut words) = (Vec::new(), Vec::new());
    for target in definition.targets(column) {
        let Some(way) = definition.navigation(&column.name, target) else { continue };
        let names = client.table_of(target).await;
        let set = names.map_or_else(|_| "SET".to_owned(), |table| table.entity_set);
        let id = RecordId::parse(&given).map_or_else(|_| "ID".to_owned(), |id| id.to_string());
        bindings.push(format!("\"{}@odata.bind\": \"/{set}({id})\"", way.navigation));
        words.push(format!("{}={target}:{id}", column.name));
    }
    let (table, column) = (definition.names.logical_name.clone(), column.name.clone());
    Err(ValueError::LookupAsValue { table, column, bindings, words }.into())
}

/// The lookup that JSON gives a plain value, where that can't be written. `null` empties one by a navigation property alone.
pub(in crate::dataverse) fn lookup_as_value<'a>(
    definition: &'a Definition,
    name: &str,
    json: &str,
) -> Option<&'a ColumnDefinition> {
    let column = match place(definition, name) {
        Ok(Place::Column(column) | Place::Navigation(column, _)) if column.kind == ColumnKind::Lookup => column,
        _ => return None,
    };
    let is_navigation = definition.many_to_one.iter().any(|way| way.navigation == name);
    let is_taken = json.starts_with(['{', '[']) || (json == "null" && is_navigation);
    (!is_taken && !name.contains('@')).then_some(column)
}
