//! Finding the one record that is meant, however it was named. What is done with it is not known here.

use std::sync::Arc;

use crate::dataverse::addressing::{Address, detail_for_comparing};
use crate::dataverse::client::Client;
use crate::dataverse::values::{Reference, ValueError};
use crate::dataverse::{DataverseError, Definition, Detail, Expand, Query, RecordId, Table};
use crate::record::Record;

/// So many of several candidates are told.
const CANDIDATES: u64 = 5;

/// Of which table a record is wanted, and what of it.
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

/// What is there where an address leads.
pub(super) enum Found {
    /// A record that was named by its id, which says it all.
    Id(RecordId),
    /// One record.
    One(Record),
    /// None.
    Nothing {
        /// What it was looked for by, for people.
        what: String,
    },
    /// More than one.
    Several {
        /// What they were looked for by, for people.
        what: String,
        /// Some of them.
        candidates: Vec<String>,
    },
}

impl Found {
    /// Why that is not one record.
    fn into_error(self, table: &Table) -> ValueError {
        let table = table.logical_name.clone();
        match self {
            Self::Several { what, candidates } => ValueError::Ambiguous { table, what, candidates },
            Self::Nothing { what } => ValueError::NothingFound { table, what },
            Self::Id(_) | Self::One(_) => ValueError::NothingFound { table, what: String::new() },
        }
    }
}

impl<'a> Wanted<'a> {
    /// The id of a record and nothing more.
    pub(super) fn id_of(table: &'a Table) -> Self {
        Self { table, select: std::slice::from_ref(&table.id_column), expand: None, annotations: false }
    }
}

/// The id that a record has.
pub(super) fn id_in(table: &Table, record: &Record) -> Result<RecordId, DataverseError> {
    RecordId::parse(&record.cell(&table.id_column).map(|cell| cell.text().into_owned()).unwrap_or_default())
}

impl Client {
    /// The one record that `reference` means.
    ///
    /// # Errors
    /// [`ValueError::NothingFound`], [`ValueError::Ambiguous`] with some of them, [`ValueError::UnknownColumn`], what is wrong
    /// with a value, or whatever kept the answer away.
    pub async fn find(&self, wanted: Wanted<'_>, reference: &Reference) -> Result<Record, DataverseError> {
        let address = self.way_to(wanted.table, reference).await?;
        self.at(wanted, address).await
    }

    /// The id of the one record of `table` that `reference` means.
    ///
    /// # Errors
    /// As [`Client::find`].
    pub async fn find_record(&self, table: &Table, reference: &Reference) -> Result<RecordId, DataverseError> {
        let address = self.way_to(table, reference).await?;
        self.id_at(table, address).await
    }

    /// The same for a record that is going to be changed.
    ///
    /// # Errors
    /// As [`Client::find`]; [`ValueError::KeyOfSeveral`] in the place of [`ValueError::Ambiguous`].
    pub async fn find_to_change(&self, table: &Table, reference: &Reference) -> Result<RecordId, DataverseError> {
        let address = self.way_to(table, reference).await?;
        match self.found(Wanted::id_of(table), address).await? {
            Found::Id(id) => Ok(id),
            Found::One(record) => id_in(table, &record),
            Found::Several { what, candidates } => {
                Err(ValueError::KeyOfSeveral { table: table.logical_name.clone(), what, candidates }.into())
            }
            nothing @ Found::Nothing { .. } => Err(nothing.into_error(table).into()),
        }
    }

    /// `/contacts(…)`: what binds a lookup to the record that is meant. An alternate key stands there by itself, so that
    /// nobody comes between finding the record and pointing at it.
    ///
    /// # Errors
    /// As [`Client::find`].
    pub async fn address_of(&self, table: &Table, reference: &Reference) -> Result<String, DataverseError> {
        let key = match self.way_to(table, reference).await? {
            Address::Key(key) => key,
            condition @ Address::Condition { .. } => self.id_at(table, condition).await?.to_string(),
        };
        Ok(format!("/{}({key})", table.entity_set))
    }

    /// What leads to the record.
    pub(super) async fn way_to(&self, table: &Table, reference: &Reference) -> Result<Address, DataverseError> {
        Ok(match reference {
            Reference::Id(id) => Address::Key(id.to_string()),
            Reference::Name(name) => Address::of_name(table, name)
                .ok_or_else(|| DataverseError::BadRecordId { text: name.clone(), column: None })?,
            Reference::Key(parts) => match parts.as_slice() {
                [(column, value)] if *column == table.id_column => Address::Key(RecordId::parse(value)?.to_string()),
                parts => {
                    let definition = self.definition_of_key(table, parts).await?;
                    let mut zoned = Vec::with_capacity(parts.len());
                    for (name, value) in parts {
                        let value = match definition.column(name) {
                            Some(column) => self.with_zone(column, value).await?,
                            None => value.clone(),
                        };
                        zoned.push((name.clone(), value));
                    }
                    Address::of_columns(&definition, &zoned)?
                }
            },
        })
    }

    async fn id_at(&self, table: &Table, address: Address) -> Result<RecordId, DataverseError> {
        match self.found(Wanted::id_of(table), address).await? {
            Found::Id(id) => Ok(id),
            Found::One(record) => id_in(table, &record),
            none_or_several => Err(none_or_several.into_error(table).into()),
        }
    }

    async fn at(&self, wanted: Wanted<'_>, address: Address) -> Result<Record, DataverseError> {
        if let Address::Key(key) = &address {
            return self.get_at(wanted.table, key, wanted.select, wanted.expand, wanted.annotations).await;
        }
        let table = wanted.table;
        match self.found(wanted, address).await? {
            Found::One(record) => Ok(record),
            others => Err(others.into_error(table).into()),
        }
    }

    /// What an address leads to. An id is taken as it stands: nobody is asked whether there is such a record.
    pub(super) async fn found(&self, wanted: Wanted<'_>, address: Address) -> Result<Found, DataverseError> {
        let Wanted { table, select, expand, annotations } = wanted;
        let (filter, what) = match address {
            Address::Key(key) => {
                return Ok(match RecordId::parse(&key) {
                    Ok(id) => Found::Id(id),
                    Err(_) => Found::One(self.get_at(table, &key, select, expand, annotations).await?),
                });
            }
            Address::Condition { filter, what } => (filter, what),
        };
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
        Ok(match first {
            None => Found::Nothing { what },
            Some(record) if rest.is_none() && !rows.has_more() => Found::One(record),
            Some(_) => Found::Several { what, candidates: self.candidates(table, filter).await? },
        })
    }

    /// Some of the records for which a condition holds: ids with names.
    async fn candidates(&self, table: &Table, filter: String) -> Result<Vec<String>, DataverseError> {
        let select: Vec<String> = std::iter::once(&table.id_column).chain(&table.name_column).cloned().collect();
        let query = Query { select, filter: Some(filter), top: Some(CANDIDATES), ..Query::of(&table.entity_set) };
        let mut rows = self.rows(query);
        let mut candidates = Vec::new();
        while let Some(row) = rows.next().await? {
            let cell = |name: &str| row.cell(name).map(|cell| cell.text().into_owned()).unwrap_or_default();
            let name = table.name_column.as_deref().map(cell).unwrap_or_default();
            candidates.push(format!("{} ({name})", cell(&table.id_column)));
        }
        Ok(candidates)
    }

    pub(super) async fn definition_of_key(
        &self,
        table: &Table,
        parts: &[(String, String)],
    ) -> Result<Arc<Definition>, DataverseError> {
        let knows = |definition: &Definition| parts.iter().all(|(name, _)| definition.column(name).is_some());
        let definition = self.definition_that(&table.logical_name, knows).await?;
        let columns = parts.iter().filter_map(|(name, _)| definition.column(name));
        let details: Vec<Detail> = columns.filter_map(detail_for_comparing).collect();
        self.definition(&table.logical_name, &details).await
    }
}
