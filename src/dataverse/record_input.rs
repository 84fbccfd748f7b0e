//! What a record looks like when it was printed, taken for the values of a change: what can't be written and is as it was is
//! left out. What was changed stays, and is judged as any other value.

use serde_json::Value;

use crate::dataverse::client::Client;
use crate::dataverse::{Body, ColumnKind, DataverseError, Definition, RecordId, Table, ValueError};

/// The values that are left, and the names of those that are not.
#[derive(Debug)]
pub struct Unprinted {
    /// What is to be written.
    pub body: Body,
    /// What was left out, in the order in which it stood there; annotations in one word.
    pub left_out: Vec<String>,
}

impl Client {
    /// The values of `body` for a change of a record, without annotations, without its id, and without columns that can't be
    /// written and hold what the body says. The record is read only where there are such columns.
    ///
    /// # Errors
    /// [`ValueError::KeyContradicted`] where the body has the id of another record; whatever kept the record or the table's
    /// definition away.
    pub async fn without_printed(&self, table: &Table, id: &RecordId, body: Body) -> Result<Unprinted, DataverseError> {
        let is_printed = |name: &str| is_annotation(name) || is_lookup_property(name) || name == table.id_column;
        if !self.catalog().is_kept() && !body.column_names().any(is_printed) {
            return Ok(Unprinted { body, left_out: Vec::new() });
        }
        if let Some(json) = body.value(&table.id_column) {
            let given = serde_json::from_str::<String>(json).unwrap_or_else(|_| json.to_owned());
            if RecordId::parse(&given).ok().as_ref() != Some(id) {
                let (column, key) = (table.id_column.clone(), id.to_string());
                return Err(ValueError::KeyContradicted { column, key, value: given }.into());
            }
        }
        let definition = self.definition(&table.logical_name, &[]).await?;
        let fixed: Vec<String> =
            body.column_names().filter(|name| is_fixed(&definition, name)).map(str::to_owned).collect();
        let (mut left_out, mut annotations) = (Vec::new(), Vec::new());
        let record = match fixed.as_slice() {
            [] => None,
            fixed => Some(self.get(table, id, fixed, false).await?),
        };
        for (name, json) in body.columns() {
            let is_same = || {
                let cell = record.as_ref().filter(|_| fixed.iter().any(|fixed| fixed == name))?.cell(name)?;
                Some(value(cell.as_json()) == value(json))
            };
            if is_annotation(name) {
                annotations.push(name.to_owned());
            } else if name == table.id_column || is_same() == Some(true) {
                left_out.push(name.to_owned());
            }
        }
        let body = body.without(&left_out).without(&annotations);
        // With labels there are more of them than anybody reads.
        left_out.extend((!annotations.is_empty()).then(|| "every annotation".to_owned()));
        Ok(Unprinted { body, left_out })
    }
}

/// Whether a column can be read and not written under this name.
fn is_fixed(definition: &Definition, name: &str) -> bool {
    let column = definition.column(name).filter(|column| column.is_readable && column.property() == name);
    column.is_some_and(|column| {
        name != definition.names.id_column && (column.kind == ColumnKind::Lookup || !column.is_updatable)
    })
}

/// `@odata.etag`, `revenue@OData.Community.Display.V1.FormattedValue`; what binds a lookup is none.
fn is_annotation(name: &str) -> bool {
    name.contains('@') && !name.ends_with("@odata.bind") && name != "@odata.type"
}

fn is_lookup_property(name: &str) -> bool {
    name.starts_with('_') && name.ends_with("_value")
}

fn value(json: &str) -> Option<Value> {
    serde_json::from_str(json).ok()
}
