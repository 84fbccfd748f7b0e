//! Finding the one record that is meant: by its name, or by columns that tell it apart. What is done with it is not known here.

use serde::Deserialize;

use crate::dataverse::client::Client;
use crate::dataverse::encode::{API, resource, string_literal};
use crate::dataverse::values::{Reference, ValueError, typed_json};
use crate::dataverse::{Body, ColumnKind, DataverseError, Definition, Detail, Only, Query, RecordId, Table, Write};
use crate::problem::{Exit, Problem};
use crate::record::Record;

/// So many of several candidates are told.
const CANDIDATES: u64 = 5;
/// What a value in the key of an address can't hold, encoded or not. Source: Microsoft Learn, "Use an alternate key to
/// reference a record".
const FORBIDDEN_IN_KEYS: [char; 11] = ['/', '<', '>', '*', '%', '&', ':', '\\', '?', '+', '#'];

#[derive(Deserialize)]
struct Page {
    value: Vec<Box<serde_json::value::RawValue>>,
}

impl Client {
    /// The id of the one record of `table` that `reference` means.
    ///
    /// # Errors
    /// [`ValueError::NothingFound`], [`ValueError::Ambiguous`] with some of them, [`ValueError::UnknownColumn`], or whatever
    /// kept the answer away.
    pub async fn find_record(&self, table: &Table, reference: &Reference) -> Result<RecordId, Problem> {
        let (filter, what) = match reference {
            Reference::Id(id) => return Ok(*id),
            Reference::Name(name) => {
                let column = table.name_column.as_ref().unwrap_or(&table.id_column);
                (format!("{column} eq {}", string_literal(name)), format!("called `{name}`"))
            }
            Reference::Key(parts) => {
                let definition = self.definition_of_key(table, parts).await?;
                let conditions: Vec<String> = literals(&definition, parts)?
                    .into_iter()
                    .map(|(property, literal)| format!("{property} eq {literal}"))
                    .collect();
                (conditions.join(" and "), told(parts))
            }
        };
        let query = Query {
            select: std::iter::once(&table.id_column).chain(&table.name_column).cloned().collect(),
            filter: Some(filter),
            top: Some(CANDIDATES),
            ..Query::of(&table.entity_set)
        };
        let page: Page = self.read_as(&query.to_request()).await?;
        let mut found = Vec::new();
        for row in &page.value {
            let record = Record::parse(row.get().to_owned()).map_err(|error| self.malformed(&error))?;
            let text = |column: &str| record.cell(column).map(|cell| cell.text().into_owned()).unwrap_or_default();
            let name = table.name_column.as_deref().map(text).unwrap_or_default();
            found.push((RecordId::parse(&text(&table.id_column))?, name));
        }
        let called = table.logical_name.clone();
        match found.as_slice() {
            [(id, _)] => Ok(*id),
            [] => Err(ValueError::NothingFound { table: called, what }.into()),
            _ => {
                let candidates = found.iter().map(|(id, name)| format!("{id} ({name})")).collect();
                Err(ValueError::Ambiguous { table: called, what, candidates }.into())
            }
        }
    }

    /// `/contacts(…)`: what binds a lookup to the record that is meant. An alternate key stands there by itself, so that
    /// nobody comes between finding the record and pointing at it.
    ///
    /// # Errors
    /// As [`Client::find_record`].
    pub async fn address_of(&self, table: &Table, reference: &Reference) -> Result<String, Problem> {
        if let Reference::Key(parts) = reference
            && let Some(key) = self.alternate_key(table, parts).await?
        {
            return Ok(format!("/{}({key})", table.entity_set));
        }
        let id = self.find_record(table, reference).await?;
        Ok(format!("/{}({id})", table.entity_set))
    }

    /// `accountnumber='A-17'`: these columns as the key of an address, not encoded; `None` where they are no key, or a value
    /// can't stand in one.
    ///
    /// # Errors
    /// When a column is unknown or a value does not fit it.
    pub async fn alternate_key(&self, table: &Table, parts: &[(String, String)]) -> Result<Option<String>, Problem> {
        let definition = self.definition_of_key(table, parts).await?;
        let names: Vec<&str> = parts.iter().map(|(name, _)| name.as_str()).collect();
        let is_addressable = parts.iter().all(|(_, value)| !value.contains(FORBIDDEN_IN_KEYS));
        if !is_addressable || definition.key_of(&names).is_none() {
            return Ok(None);
        }
        let parts = literals(&definition, parts)?;
        let parts: Vec<String> = parts.into_iter().map(|(property, literal)| format!("{property}={literal}")).collect();
        Ok(Some(parts.join(",")))
    }

    /// The key of an upsert as it stands in the address: an alternate key, or the primary key alone; `None` where a value can't
    /// stand there.
    ///
    /// # Errors
    /// [`ValueError::NotAKey`] when the columns are no key of the table; as [`Client::alternate_key`].
    pub async fn key_for_upsert(&self, table: &Table, parts: &[(String, String)]) -> Result<Option<String>, Problem> {
        if let [(column, value)] = parts
            && *column == table.id_column
        {
            return Ok(Some(RecordId::parse(value)?.to_string()));
        }
        let definition = self.definition_of_key(table, parts).await?;
        let names: Vec<&str> = parts.iter().map(|(name, _)| name.as_str()).collect();
        if definition.key_of(&names).is_none() {
            let keys = definition.keys.iter().map(|key| key.columns.join(" and ")).collect();
            let columns = names.join(" and ");
            return Err(ValueError::NotAKey { table: table.logical_name.clone(), columns, keys }.into());
        }
        self.alternate_key(table, parts).await
    }

    /// The write that an upsert becomes when its key can't stand in an address: what a search finds is changed, what it does
    /// not find is made, under an id of ours and with the key's values.
    ///
    /// # Errors
    /// [`ValueError::NothingFound`] where only a change is wanted, [`ValueError::Taken`] where only a new record is.
    pub async fn upsert_by_search(
        &self,
        table: &Table,
        parts: &[(String, String)],
        mut body: Body,
        only: Option<Only>,
    ) -> Result<Write, Problem> {
        let found = self.find_record(table, &Reference::Key(parts.to_vec())).await;
        match (found, only) {
            (Ok(_), Some(Only::Create)) => {
                Err(ValueError::Taken { table: table.logical_name.clone(), what: told(parts) }.into())
            }
            (Ok(id), _) => Ok(Write::Update { table: table.clone(), id, body, if_match: None }),
            (Err(problem), None | Some(Only::Create)) if problem.exit() == Exit::NotFound => {
                let definition = self.definition_of_key(table, parts).await?;
                for (name, value) in parts {
                    let column = definition.column(name).filter(|column| column.kind != ColumnKind::Lookup);
                    if let Some(column) = column.filter(|_| body.value(name).is_none()) {
                        let json = typed_json(&table.logical_name, column, value)?;
                        let json = serde_json::value::RawValue::from_string(json).unwrap_or_default();
                        body.add(name, json)?;
                    }
                }
                Ok(Write::create(table, RecordId::random(), &body)?)
            }
            (Err(problem), _) => Err(problem),
        }
    }

    async fn definition_of_key(
        &self,
        table: &Table,
        parts: &[(String, String)],
    ) -> Result<std::sync::Arc<Definition>, Problem> {
        let definition = self.definition(&table.logical_name, &[]).await?;
        let columns = parts.iter().filter_map(|(name, _)| definition.column(name));
        let details: Vec<Detail> = columns.filter_map(|column| column.kind.detail()).collect();
        self.definition(&table.logical_name, &details).await
    }
}

/// The path of a record with such a key, encoded.
pub(super) fn path_of_key(table: &Table, key: &str) -> String {
    format!("{API}{}({})", resource(&table.entity_set), resource(key))
}

/// Each column under the name it has in a query, with its value as an OData literal: texts in quotes, nothing else.
fn literals(definition: &Definition, parts: &[(String, String)]) -> Result<Vec<(String, String)>, Problem> {
    let table = &definition.names.logical_name;
    let mut literals = Vec::new();
    for (name, value) in parts {
        let column = definition.column(name).ok_or_else(|| ValueError::UnknownColumn {
            table: table.clone(),
            column: name.clone(),
            near: Vec::new(),
        })?;
        let literal = match column.kind {
            ColumnKind::Text | ColumnKind::Memo | ColumnKind::Table => string_literal(value),
            ColumnKind::Lookup => RecordId::parse(value)?.to_string(),
            _ => typed_json(table, column, value)?.trim_matches('"').to_owned(),
        };
        literals.push((column.property(), literal));
    }
    Ok(literals)
}

fn told(parts: &[(String, String)]) -> String {
    let parts: Vec<String> = parts.iter().map(|(column, value)| format!("{column} `{value}`")).collect();
    format!("with {}", parts.join(" and "))
}

/// `column=value` words as the parts of a key.
///
/// # Errors
/// [`ValueError::BadKey`] for what is none, [`DataverseError::ColumnTwice`].
pub fn key_of_words(words: &[String]) -> Result<Vec<(String, String)>, Problem> {
    let mut parts: Vec<(String, String)> = Vec::new();
    for word in words {
        let Reference::Key(part) = Reference::parse(word) else {
            return Err(ValueError::BadKey { text: word.clone() }.into());
        };
        for (column, value) in part {
            if parts.iter().any(|(known, _)| *known == column) {
                return Err(DataverseError::ColumnTwice { column }.into());
            }
            parts.push((column, value));
        }
    }
    Ok(parts)
}
