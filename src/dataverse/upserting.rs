//! The write that an upsert becomes: by its key in the address, or, where a value can't stand there, by what a search finds.
//! Nothing is written here.

use serde_json::value::RawValue;

use crate::dataverse::addressing::Address;
use crate::dataverse::client::Client;
use crate::dataverse::values::{Reference, ValueError, typed_json};
use crate::dataverse::{Body, ColumnKind, DataverseError, Only, RecordId, Table, Write};

impl Client {
    /// The write that changes the record of `table` with this key, or makes it: an alternate key, or the primary key alone.
    ///
    /// # Errors
    /// [`ValueError::NotAKey`] when the columns are no key of the table; what is wrong with a value. Where a search has to be
    /// made, [`ValueError::NothingFound`] when only a change is wanted, [`ValueError::Taken`] when only a new record is.
    pub async fn upsert(
        &self,
        table: &Table,
        key: &[(String, String)],
        body: Body,
        only: Option<Only>,
    ) -> Result<Write, DataverseError> {
        let is_primary = matches!(key, [(column, _)] if *column == table.id_column);
        if !is_primary {
            self.check_key(table, key).await?;
        }
        let what = match self.way_to(table, &Reference::Key(key.to_vec())).await? {
            Address::Key(key) => return Ok(Write::Upsert { table: table.clone(), key, body, only }),
            Address::Condition { what, .. } => what,
        };
        match (self.find_record(table, &Reference::Key(key.to_vec())).await, only) {
            (Ok(_), Some(Only::Create)) => Err(ValueError::Taken { table: table.logical_name.clone(), what }.into()),
            (Ok(id), _) => Ok(Write::Update { table: table.clone(), id, body, if_match: None }),
            (Err(error), None | Some(Only::Create)) if error.is_nothing_found() => {
                let body = self.with_key(table, key, body).await?;
                Ok(Write::create(table, RecordId::random(), &body)?)
            }
            (Err(error), _) => Err(error),
        }
    }

    async fn check_key(&self, table: &Table, key: &[(String, String)]) -> Result<(), DataverseError> {
        let definition = self.definition_of_key(table, key).await?;
        let names: Vec<&str> = key.iter().map(|(name, _)| name.as_str()).collect();
        if definition.key_of(&names).is_some() {
            return Ok(());
        }
        let keys = definition.keys.iter().map(|key| key.columns.join(" and ")).collect();
        Err(ValueError::NotAKey { table: table.logical_name.clone(), columns: names.join(" and "), keys }.into())
    }

    /// The body of a new record, which has to be given the values of its key.
    async fn with_key(&self, table: &Table, key: &[(String, String)], mut body: Body) -> Result<Body, DataverseError> {
        let definition = self.definition_of_key(table, key).await?;
        for (name, value) in key {
            let column = definition.column(name).filter(|column| column.kind != ColumnKind::Lookup);
            if let Some(column) = column.filter(|_| body.value(name).is_none()) {
                let json = typed_json(&table.logical_name, column, value)?;
                body.add(name, RawValue::from_string(json).unwrap_or_default())?;
            }
        }
        Ok(body)
    }
}
