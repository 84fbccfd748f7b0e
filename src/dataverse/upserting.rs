//! The write that an upsert becomes: by its key in the address, or, where a value can't stand there, by what a search finds.
//! Nothing is written here.

use serde_json::value::RawValue;

use crate::dataverse::addressing::Address;
use crate::dataverse::client::Client;
use crate::dataverse::finding::{Found, id_in};
use crate::dataverse::values::{Reference, ValueError, typed_json};
use crate::dataverse::{Body, ColumnDefinition, ColumnKind, DataverseError, Only, RecordId, Table, Wanted, Write};

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
        let body = self.agreeing(table, key, body).await?;
        let address = self.way_to(table, &Reference::Key(key.to_vec())).await?;
        let what = match &address {
            Address::Key(key) => {
                return Ok(Write::Upsert { table: table.clone(), key: key.clone(), body, only });
            }
            Address::Condition { what, .. } => what.clone(),
        };
        let name = || table.logical_name.clone();
        let id = match self.found(Wanted::id_of(table), address).await? {
            Found::Several { what, candidates } => {
                return Err(ValueError::KeyOfSeveral { table: name(), what, candidates }.into());
            }
            Found::Nothing { what } if only == Some(Only::Update) => {
                return Err(ValueError::NothingFound { table: name(), what }.into());
            }
            Found::Nothing { .. } => {
                let body = self.with_key(table, key, body).await?;
                return Write::create(table, RecordId::random(), &body);
            }
            Found::Id(id) => id,
            Found::One(record) => id_in(table, &record)?,
        };
        if only == Some(Only::Create) {
            return Err(ValueError::Taken { table: name(), what }.into());
        }
        Ok(Write::Update { table: table.clone(), id, body, if_match: None })
    }

    /// The values without those that the key says already.
    ///
    /// # Errors
    /// [`ValueError::KeyContradicted`] where they say something else: the record would be given another key, and the next
    /// run would not find it.
    async fn agreeing(&self, table: &Table, key: &[(String, String)], body: Body) -> Result<Body, DataverseError> {
        if let [(column, id)] = key
            && *column == table.id_column
        {
            return match body.value(column) {
                Some(json) if !is_id(id, json) => {
                    let (column, key) = (column.clone(), id.clone());
                    Err(ValueError::KeyContradicted { column, key, value: shown(json) }.into())
                }
                _ => Ok(body),
            };
        }
        let definition = self.definition_of_key(table, key).await?;
        let mut said_twice = Vec::new();
        for (name, value) in key {
            let Some(column) = definition.column(name) else { continue };
            let ways = definition.many_to_one.iter().filter(|way| way.column == column.name);
            let navigations: Vec<&str> = ways.map(|way| way.navigation.as_str()).collect();
            for (given, json) in body.columns() {
                let plain = given.strip_suffix("@odata.bind").unwrap_or(given);
                if ![column.name.as_str(), &column.property()].contains(&plain) && !navigations.contains(&plain) {
                    continue;
                }
                if !says(&table.logical_name, column, value, json) {
                    let (column, key) = (column.name.clone(), value.clone());
                    return Err(ValueError::KeyContradicted { column, key, value: shown(json) }.into());
                }
                if column.kind != ColumnKind::Lookup {
                    said_twice.push(given.to_owned());
                }
            }
        }
        Ok(body.without(&said_twice))
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

/// Whether JSON that is given for a column is the value that the key has for it.
fn says(table: &str, column: &ColumnDefinition, key: &str, json: &str) -> bool {
    if matches!(column.kind, ColumnKind::Lookup | ColumnKind::Guid) {
        return is_id(key, json);
    }
    let value = |json: &str| serde_json::from_str::<serde_json::Value>(json).ok();
    typed_json(table, column, key).is_ok_and(|typed| typed == json || value(&typed) == value(json))
}

/// Whether JSON holds this id, perhaps in an address as `/accounts(GUID)`.
fn is_id(id: &str, json: &str) -> bool {
    let given = shown(json);
    let inner = given.rsplit_once('(').and_then(|(_, rest)| rest.strip_suffix(')')).unwrap_or(&given);
    RecordId::parse(id).is_ok_and(|id| RecordId::parse(inner).is_ok_and(|inner| inner == id))
}

/// JSON as people write it: text without its quotation marks.
fn shown(json: &str) -> String {
    serde_json::from_str::<String>(json).unwrap_or_else(|_| json.to_owned())
}
