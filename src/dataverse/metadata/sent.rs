//! The names under which columns are asked for and stand in records, made from what people call them. What is asked of the
//! columns is not known here.

use crate::dataverse::client::Client;
use crate::dataverse::{ColumnKind, DataverseError, Definition, Table, ValueError, nearest};

impl Definition {
    /// The name under which a column is asked for and stands in a record: a lookup's is `_name_value`.
    ///
    /// # Errors
    /// [`ValueError::UnknownColumn`] with names that look like it; [`ValueError::PartiesAsColumn`].
    pub fn sent_as(&self, typed: &str) -> Result<String, ValueError> {
        let column = self.column(typed).ok_or_else(|| self.unknown(typed))?;
        if column.kind == ColumnKind::Parties {
            return Err(self.parties(typed));
        }
        Ok(column.property())
    }

    /// A column that holds parties, where a value is wanted.
    pub(in crate::dataverse) fn parties(&self, typed: &str) -> ValueError {
        ValueError::PartiesAsColumn { table: self.names.logical_name.clone(), column: typed.to_owned() }
    }

    /// A column that the table does not have, with those that look like it.
    pub(in crate::dataverse) fn unknown(&self, typed: &str) -> ValueError {
        let names: Vec<String> = self.columns.iter().map(|column| column.name.clone()).collect();
        let near = nearest::names(typed, &names);
        ValueError::UnknownColumn { table: self.names.logical_name.clone(), column: typed.to_owned(), near }
    }
}

impl Client {
    /// The columns of `table` that `typed` names, each as [`Definition::sent_as`] has it. What was kept of the table is asked
    /// for anew before a column is called unknown: it may have been made since.
    ///
    /// # Errors
    /// [`ValueError::UnknownColumn`], or whatever kept the definition away.
    pub async fn sent_names(&self, table: &Table, typed: &[String]) -> Result<Vec<String>, DataverseError> {
        let name = table.logical_name.as_str();
        let is_old = self.catalog().definition(name, self.now()).is_some();
        match all(&*self.definition(name, &[]).await?, typed) {
            Err(_) if is_old => {
                self.forget_metadata();
                Ok(all(&*self.definition(name, &[]).await?, typed)?)
            }
            names => Ok(names?),
        }
    }
}

fn all(definition: &Definition, typed: &[String]) -> Result<Vec<String>, ValueError> {
    typed.iter().map(|name| definition.sent_as(name)).collect()
}
