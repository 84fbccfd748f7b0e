//! One record by the values of its columns: by an alternate key where they are one, else by a condition that has to hold for
//! exactly one. Source: Microsoft Learn, "Use an alternate key to reference a record".

use crate::dataverse::encode::string_literal;
use crate::dataverse::{ColumnKind, DataverseError, Definition, Expand, Query, RecordId, Table};
use crate::dataverse::{client::Client, nearest};
use crate::problem::Problem;
use crate::record::Record;

/// Characters that an address does not take within a key, however they are encoded.
const FORBIDDEN: &str = "/<>*%&:\\?+#";
/// How many candidates are named.
const MOST_CANDIDATES: u64 = 5;

/// How one record is told from the others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pick {
    /// By its id.
    Id(RecordId),
    /// By columns with their values, as typed.
    Columns(Vec<(String, String)>),
}

impl Pick {
    /// Reads an id, or words `column=value`.
    ///
    /// # Errors
    /// [`DataverseError::BadRecordId`] for a word that is neither.
    pub fn parse(words: &[impl AsRef<str>]) -> Result<Self, DataverseError> {
        if let [one] = words
            && !one.as_ref().contains('=')
        {
            return RecordId::parse(one.as_ref()).map(Self::Id);
        }
        let mut columns: Vec<(String, String)> = Vec::with_capacity(words.len());
        for word in words {
            let bad = || DataverseError::BadRecordId { text: word.as_ref().to_owned() };
            let (name, value) = word.as_ref().split_once('=').ok_or_else(bad)?;
            if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
                return Err(bad());
            }
            if columns.iter().any(|(column, _)| column == name) {
                return Err(DataverseError::ColumnTwice { column: name.to_owned() });
            }
            columns.push((name.to_owned(), value.to_owned()));
        }
        Ok(Self::Columns(columns))
    }
}

/// Which record, and what of it.
#[derive(Debug, Clone)]
pub struct Wanted<'a> {
    /// The table.
    pub table: &'a Table,
    /// The columns; none means all.
    pub select: &'a [String],
    /// Related records.
    pub expand: Option<&'a Expand>,
    /// Whether names and labels come along.
    pub annotations: bool,
}

impl Client {
    /// The one record that `given` tells.
    ///
    /// # Errors
    /// [`DataverseError::NoMatch`], [`DataverseError::SeveralMatch`] with candidates, [`DataverseError::NoSuchColumn`],
    /// or whatever kept the answer away.
    pub async fn find(&self, wanted: Wanted<'_>, given: &Pick) -> Result<Record, Problem> {
        let Wanted { table, select, expand, annotations } = wanted;
        let columns = match given {
            Pick::Id(id) => return self.get_with(table, id, select, expand, annotations).await,
            Pick::Columns(columns) => columns,
        };
        let definition = self.definition(&table.logical_name, &[]).await?;
        if let Some(key) = key(&definition, columns)? {
            return self.get_at(table, &key, select, expand, annotations).await;
        }
        let filter = condition(&definition, columns)?;
        let query = Query {
            select: select.to_vec(),
            filter: Some(filter.clone()),
            expand: expand.cloned(),
            top: Some(1),
            annotations,
            ..Query::of(&table.entity_set)
        };
        let mut rows = self.rows(query);
        let first = rows.next().await?;
        let rest = rows.next().await?;
        match first {
            None => Err(DataverseError::NoMatch { table: table.logical_name.clone() }.into()),
            Some(record) if rest.is_none() && !rows.has_more() => Ok(record),
            Some(_) => Err(self.candidates(table, filter).await),
        }
    }

    async fn candidates(&self, table: &Table, filter: String) -> Problem {
        let select: Vec<String> = table.name_column.iter().chain([&table.id_column]).cloned().collect();
        let query = Query { select, filter: Some(filter), top: Some(MOST_CANDIDATES), ..Query::of(&table.entity_set) };
        let mut rows = self.rows(query);
        let mut candidates = Vec::new();
        loop {
            match rows.next().await {
                Ok(Some(row)) => {
                    let cell = |name: &str| row.cell(name).map(|cell| cell.text().into_owned()).unwrap_or_default();
                    let name = table.name_column.as_deref().map(cell).unwrap_or_default();
                    candidates.push(format!("{} ({name})", cell(&table.id_column)));
                }
                Ok(None) => break,
                Err(problem) => return problem,
            }
        }
        DataverseError::SeveralMatch { table: table.logical_name.clone(), candidates }.into()
    }
}

/// The key for an address, where the columns are an alternate key and their values can stand there.
fn key(definition: &Definition, columns: &[(String, String)]) -> Result<Option<String>, DataverseError> {
    let names: Vec<&str> = columns.iter().map(|(name, _)| name.as_str()).collect();
    let is_fit = columns.iter().all(|(_, value)| !value.contains(|c| FORBIDDEN.contains(c)) && !value.is_empty());
    if !is_fit || definition.key_of(&names).is_none() {
        return Ok(None);
    }
    let parts = columns
        .iter()
        .map(|(name, value)| Ok(format!("{}={}", sent_as(definition, name)?, literal(definition, name, value)?)));
    parts.collect::<Result<Vec<_>, _>>().map(|parts| Some(parts.join(",")))
}

fn condition(definition: &Definition, columns: &[(String, String)]) -> Result<String, DataverseError> {
    let parts = columns.iter().map(|(name, value)| {
        let value = if value.is_empty() { "null".to_owned() } else { literal(definition, name, value)? };
        Ok(format!("{} eq {value}", sent_as(definition, name)?))
    });
    parts.collect::<Result<Vec<_>, _>>().map(|parts| parts.join(" and "))
}

fn unknown(definition: &Definition, name: &str) -> DataverseError {
    let names: Vec<String> = definition.columns.iter().map(|column| column.name.clone()).collect();
    DataverseError::NoSuchColumn {
        table: definition.names.logical_name.clone(),
        column: name.to_owned(),
        near: nearest::names(name, &names),
    }
}

fn sent_as(definition: &Definition, name: &str) -> Result<String, DataverseError> {
    let column = definition.column(name).ok_or_else(|| unknown(definition, name))?;
    let is_lookup = column.kind == ColumnKind::Lookup;
    Ok(if is_lookup { format!("_{}_value", column.name) } else { column.name.clone() })
}

/// A value as OData writes it for a column of this kind.
fn literal(definition: &Definition, name: &str, value: &str) -> Result<String, DataverseError> {
    let column = definition.column(name).ok_or_else(|| unknown(definition, name))?;
    let unfit = |wanted: &'static str| DataverseError::UnfitKey { column: name.to_owned(), wanted };
    let is_number = || serde_json::from_str::<serde_json::Number>(value).is_ok();
    Ok(match column.kind {
        ColumnKind::Whole | ColumnKind::Big | ColumnKind::Choice | ColumnKind::State | ColumnKind::Status => {
            value.parse::<i64>().map_err(|_| unfit("a whole number"))?.to_string()
        }
        ColumnKind::Decimal | ColumnKind::Money | ColumnKind::Double => {
            if is_number() {
                value.to_owned()
            } else {
                return Err(unfit("a number"));
            }
        }
        ColumnKind::Boolean => match value {
            "true" | "false" => value.to_owned(),
            _ => return Err(unfit("true or false")),
        },
        ColumnKind::Guid | ColumnKind::Lookup => RecordId::parse(value)?.to_string(),
        ColumnKind::Date => {
            let is_plain = value.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-:.+".contains(&byte));
            if is_plain { value.to_owned() } else { return Err(unfit("a date such as 2026-03-01")) }
        }
        _ => string_literal(value),
    })
}
