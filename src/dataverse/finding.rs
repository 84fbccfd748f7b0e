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
                parts => Address::of_columns(&*self.definition_of_key(table, parts).await?, parts)?,
            },
        })
    }

    async fn id_at(&self, table: &Table, address: Address) -> Result<RecordId, DataverseError> {
        if let Address::Key(key) = &address
            && let Ok(id) = RecordId::parse(key)
        {
            return Ok(id);
        }
        let select = std::slice::from_ref(&table.id_column);
        let record = self.at(Wanted { table, select, expand: None, annotations: false }, address).await?;
        let id = record.cell(&table.id_column).map(|cell| cell.text().into_owned()).unwrap_or_default();
        RecordId::parse(&id)
    }

    async fn at(&self, wanted: Wanted<'_>, address: Address) -> Result<Record, DataverseError> {
        let Wanted { table, select, expand, annotations } = wanted;
        let (filter, what) = match address {
            Address::Key(key) => return self.get_at(table, &key, select, expand, annotations).await,
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
        match first {
            None => Err(ValueError::NothingFound { table: table.logical_name.clone(), what }.into()),
            Some(record) if rest.is_none() && !rows.has_more() => Ok(record),
            Some(_) => {
                let candidates = self.candidates(table, filter).await?;
                Err(ValueError::Ambiguous { table: table.logical_name.clone(), what, candidates }.into())
            }
        }
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
