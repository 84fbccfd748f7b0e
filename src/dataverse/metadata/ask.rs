//! Asking an organisation for its metadata, each part once. How a definition is written on the wire is known elsewhere.

use std::collections::BTreeSet;
use std::sync::Arc;

use tokio::task::JoinSet;

use crate::dataverse::client::Client;
use crate::dataverse::inner_pages::is_cut;
use crate::dataverse::metadata::parse::{SentColumn, SentTable, add_details};
use crate::dataverse::metadata::{Definition, Detail, TableNames, paths};
use crate::dataverse::{DataverseError, Table, nearest};

impl Client {
    /// Every table that has a place in addresses, in the order of their names.
    ///
    /// # Errors
    /// Whatever kept the answer away.
    pub async fn tables(&self) -> Result<Arc<Vec<TableNames>>, DataverseError> {
        let now = self.now();
        if let Some(tables) = self.catalog().tables(now) {
            return Ok(tables);
        }
        let list: Vec<SentTable> = self.read_rows(&paths::tables()).await?;
        let mut tables: Vec<TableNames> = list.iter().filter_map(SentTable::names).collect();
        tables.sort_by(|a, b| a.logical_name.cmp(&b.logical_name));
        Ok(self.catalog().keep_tables(tables, now))
    }

    /// The table that `name` means: its logical name in any letter case, its entity set name or its schema name.
    ///
    /// # Errors
    /// [`DataverseError::UnknownTable`] with names that look like it, [`DataverseError::AmbiguousTable`], or whatever kept
    /// the answer away.
    pub async fn table_named(&self, name: &str) -> Result<Table, DataverseError> {
        match self.table_if_any(name).await? {
            Some(table) => Ok(table),
            None if self.catalog().is_kept() => Err(unknown(name, &self.tables().await?)),
            None => Err(unknown(name, &self.tables().await.unwrap_or_default())),
        }
    }

    /// The table with this logical name, as the organisation itself says it: what else answers to it does not matter.
    ///
    /// # Errors
    /// As [`Client::table_named`], but [`DataverseError::AmbiguousTable`].
    pub async fn table_of(&self, logical_name: &str) -> Result<Table, DataverseError> {
        match self.table_by(logical_name, logical).await? {
            Some(table) => Ok(table),
            None => self.table_named(logical_name).await,
        }
    }

    /// The table whose records are in this entity set, as an address names it.
    ///
    /// # Errors
    /// As [`Client::table_of`].
    pub async fn table_in_set(&self, entity_set: &str) -> Result<Table, DataverseError> {
        match self.table_by(entity_set, in_set).await? {
            Some(table) => Ok(table),
            None => self.table_named(entity_set).await,
        }
    }

    /// As [`Client::table_named`]; `None` where no table is called so.
    ///
    /// # Errors
    /// As [`Client::table_named`], but [`DataverseError::UnknownTable`].
    pub async fn table_if_any(&self, name: &str) -> Result<Option<Table>, DataverseError> {
        self.table_by(name, meant).await
    }

    async fn table_by(&self, name: &str, pick: Pick) -> Result<Option<Table>, DataverseError> {
        let catalog = self.catalog();
        let known = catalog.tables(self.now());
        // A list that is not kept would be long for one name.
        if known.is_none() && !catalog.is_kept() {
            let list: Vec<SentTable> = self.read_rows(&paths::tables_named(name)).await?;
            let tables: Vec<TableNames> = list.iter().filter_map(SentTable::names).collect();
            return pick(&tables, name);
        }
        let is_old = known.is_some();
        if let Some(table) = pick(&self.tables().await?, name)? {
            return Ok(Some(table));
        }
        if is_old {
            // It may have been made since.
            catalog.forget();
            return pick(&self.tables().await?, name);
        }
        Ok(None)
    }

    /// What an organisation says about one table, by its logical name. Of columns, names and kinds; what only some kinds
    /// have is told where `details` asks for it.
    ///
    /// # Errors
    /// [`DataverseError::Refused`] when there is no such table, or whatever kept the answer away.
    pub async fn definition(&self, logical_name: &str, details: &[Detail]) -> Result<Arc<Definition>, DataverseError> {
        let now = self.now();
        let known = if let Some(definition) = self.catalog().definition(logical_name, now) {
            definition
        } else {
            let body = self.read(&paths::table(logical_name)).await?;
            // What is cut is kept by nobody: its columns would be unknown for a day.
            if std::str::from_utf8(&body).is_ok_and(is_cut) {
                return Err(self.malformed(&"a part of a table's definition is in further pages"));
            }
            let sent: SentTable = serde_json::from_slice(&body).map_err(|error| self.malformed(&error))?;
            let unusable = || DataverseError::UnknownTable { name: logical_name.to_owned(), near: Vec::new() };
            self.catalog().keep_definition(sent.into_definition().ok_or_else(unusable)?, now)
        };
        let missing: BTreeSet<Detail> =
            details.iter().copied().filter(|detail| !known.known.contains(detail)).collect();
        if missing.is_empty() {
            return Ok(known);
        }
        let mut asked = JoinSet::new();
        for detail in missing {
            let (client, request) = (self.clone(), paths::details(logical_name, detail));
            asked.spawn(async move { client.read_rows::<SentColumn>(&request).await.map(|list| (detail, list)) });
        }
        let mut definition = Definition::clone(&known);
        while let Some(answer) = asked.join_next().await {
            match answer.map_err(|_| DataverseError::StreamLost)? {
                Ok((detail, list)) => add_details(&mut definition, detail, list),
                // An organisation that does not know a kind of column has none of it.
                Err(error) if error.is_unknown_to_service() => {}
                Err(error) => return Err(error),
            }
        }
        Ok(self.catalog().keep_definition(definition, now))
    }

    /// The same without details, asked for anew once where what was kept is not what `knows` wants: a column may have been
    /// made since.
    ///
    /// # Errors
    /// As [`Client::definition`].
    pub async fn definition_that(
        &self,
        logical_name: &str,
        knows: impl Fn(&Definition) -> bool,
    ) -> Result<Arc<Definition>, DataverseError> {
        let is_old = self.catalog().definition(logical_name, self.now()).is_some();
        let definition = self.definition(logical_name, &[]).await?;
        if !is_old || knows(&definition) {
            return Ok(definition);
        }
        self.forget_metadata();
        self.definition(logical_name, &[]).await
    }

    /// From now on everything is asked for again.
    pub fn forget_metadata(&self) {
        self.catalog().forget();
    }
}

/// Chooses a table by a name.
type Pick = fn(&[TableNames], &str) -> Result<Option<Table>, DataverseError>;

/// The table with this logical name.
#[expect(clippy::unnecessary_wraps, reason = "it stands where a choice may fail")]
fn logical(tables: &[TableNames], name: &str) -> Result<Option<Table>, DataverseError> {
    Ok(tables.iter().find(|table| table.logical_name == name).map(TableNames::to_table))
}

/// The table with this entity set name.
#[expect(clippy::unnecessary_wraps, reason = "it stands where a choice may fail")]
fn in_set(tables: &[TableNames], name: &str) -> Result<Option<Table>, DataverseError> {
    Ok(tables.iter().find(|table| table.entity_set == name).map(TableNames::to_table))
}

/// The table that `name` means among these. One table's logical name may be another's set name: then it means neither.
fn meant(tables: &[TableNames], name: &str) -> Result<Option<Table>, DataverseError> {
    let called = called(tables, name);
    match called.as_slice() {
        [] => Ok(None),
        [table] => Ok(Some(table.to_table())),
        _ => Err(DataverseError::AmbiguousTable {
            name: name.to_owned(),
            tables: called.iter().map(|table| table.logical_name.clone()).collect(),
            candidates: called.iter().map(|table| own_name(tables, table).to_owned()).collect(),
        }),
    }
}

/// The tables that answer to a name.
fn called<'a>(tables: &'a [TableNames], name: &str) -> Vec<&'a TableNames> {
    let is_called = |table: &&TableNames| {
        [&table.logical_name, &table.entity_set, &table.schema_name].iter().any(|own| own.eq_ignore_ascii_case(name))
    };
    tables.iter().filter(is_called).collect()
}

/// A name to which no other table answers, if it has one.
fn own_name<'a>(tables: &[TableNames], table: &'a TableNames) -> &'a str {
    let names = [&table.logical_name, &table.entity_set, &table.schema_name];
    names.into_iter().find(|name| called(tables, name).len() == 1).unwrap_or(&table.logical_name)
}

fn unknown(name: &str, tables: &[TableNames]) -> DataverseError {
    let names: Vec<String> =
        tables.iter().flat_map(|table| [table.logical_name.clone(), table.entity_set.clone()]).collect();
    DataverseError::UnknownTable { name: name.to_owned(), near: nearest::names(name, &names) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(logical: &str, schema: &str, set: &str) -> TableNames {
        TableNames {
            logical_name: logical.to_owned(),
            schema_name: schema.to_owned(),
            entity_set: set.to_owned(),
            label: None,
            id_column: format!("{logical}id"),
            name_column: None,
            type_code: None,
            is_activity: false,
            is_custom: false,
        }
    }

    #[test]
    fn a_table_answers_to_three_names_and_two_tables_to_one_are_told() {
        let tables = [
            names("account", "Account", "accounts"),
            names("new_set", "new_Set", "new_things"),
            names("new_thing", "new_Things", "new_thingset"),
        ];
        let found = |name: &str| meant(&tables, name).map(|table| table.map(|table| table.logical_name));
        for name in ["account", "Account", "ACCOUNTS"] {
            assert_eq!(found(name).unwrap().as_deref(), Some("account"), "{name}");
        }
        assert_eq!(found("acount").unwrap(), None);
        let error = found("new_things").unwrap_err();
        assert!(
            matches!(&error, DataverseError::AmbiguousTable { candidates, .. } if candidates == &["new_set", "new_thing"]),
            "{error}"
        );
        // The logical name of one is the set name of the other.
        let tables = [names("new_box", "new_Box", "new_boxes"), names("new_pack", "new_Pack", "new_box")];
        let error = meant(&tables, "new_box").unwrap_err();
        assert_eq!(error.to_string(), "`new_box` is a name of several tables: new_box, new_pack");
        assert!(
            matches!(&error, DataverseError::AmbiguousTable { candidates, .. } if candidates == &["new_boxes", "new_pack"]),
            "{error}"
        );
        for (name, table) in [("new_boxes", "new_box"), ("new_pack", "new_pack")] {
            assert_eq!(meant(&tables, name).unwrap().map(|table| table.logical_name).as_deref(), Some(table));
        }
        assert_eq!(in_set(&tables, "new_box").unwrap().map(|table| table.logical_name).as_deref(), Some("new_pack"));
        assert_eq!(logical(&tables, "new_box").unwrap().map(|table| table.entity_set).as_deref(), Some("new_boxes"));
    }
}
