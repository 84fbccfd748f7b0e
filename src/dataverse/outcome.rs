//! What the CRM's actions answer and what a merge takes over, read from the service's JSON. No record is changed here.

use serde_json::value::RawValue;

use crate::dataverse::call::NAMESPACE;
use crate::dataverse::client::Client;
use crate::dataverse::encode::{API, resource};
use crate::dataverse::{DataverseError, RecordId, Table, ValueError, nearest};
use crate::net::Request;
use crate::record::Record;

const WAYS: &str = "Microsoft.Dynamics.CRM.associatednavigationproperty";
const TABLES: &str = "Microsoft.Dynamics.CRM.lookuplogicalname";

/// A record that an action made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Made {
    /// Logical name of its table.
    pub table: String,
    /// Its id.
    pub id: RecordId,
}

/// The records in the answer of an action that gives a collection of them. Each says its type, and its key is the column
/// named after it; what does not is passed over, because the action was carried out whatever its answer looks like.
#[must_use]
pub fn made_records(answer: &[u8]) -> Vec<Made> {
    let Ok(answer) = serde_json::from_slice::<serde_json::Value>(answer) else { return Vec::new() };
    let records = answer["value"].as_array().map(Vec::as_slice).unwrap_or_default();
    let made = |record: &serde_json::Value| {
        let table = record["@odata.type"].as_str()?.trim_start_matches('#').strip_prefix(NAMESPACE)?;
        let id = RecordId::parse(record[format!("{table}id")].as_str()?).ok()?;
        Some(Made { table: table.to_owned(), id })
    };
    records.iter().filter_map(made).collect()
}

/// What an action or function answered: its rows where it gave a collection, else one record; and whether it was one. What
/// is no object in a collection becomes one with the member `value`.
///
/// # Errors
/// [`DataverseError::Malformed`] when it is not JSON of that form.
pub fn answer_records(answer: &[u8]) -> Result<(Vec<Record>, bool), DataverseError> {
    #[derive(serde::Deserialize)]
    struct Rows {
        value: Vec<Box<RawValue>>,
    }
    let malformed = |why: &dyn std::fmt::Display| DataverseError::Malformed {
        host: "the organisation".to_owned(),
        why: why.to_string(),
    };
    let parse = |json: &str| Record::parse(json.to_owned()).map_err(|error| malformed(&error));
    if let Ok(rows) = serde_json::from_slice::<Rows>(answer) {
        let row = |row: &RawValue| {
            if row.get().starts_with('{') { parse(row.get()) } else { parse(&format!("{{\"value\":{}}}", row.get())) }
        };
        let rows = rows.value.iter().map(|value| row(value)).collect::<Result<_, _>>()?;
        return Ok((rows, true));
    }
    let text = std::str::from_utf8(answer).map_err(|error| malformed(&error))?;
    Ok((vec![parse(text)?.without("@odata.context")], false))
}

impl Client {
    /// The values of some columns of a record, in the form in which another record takes them: lookups as bindings.
    ///
    /// # Errors
    /// [`ValueError::UnknownColumn`], or whatever kept the record away.
    pub async fn values_to_take(
        &self,
        table: &Table,
        id: RecordId,
        columns: &[String],
    ) -> Result<Vec<(String, Box<RawValue>)>, DataverseError> {
        if columns.is_empty() {
            return Ok(Vec::new());
        }
        let request = Request::get(format!("{API}{}({id})", resource(&table.entity_set)))
            .header("Prefer", format!("odata.include-annotations=\"{WAYS},{TABLES}\""));
        let body = self.read(&request).await?;
        let record = Record::parse(body).map_err(|error| self.malformed(&error))?;
        let mut taken = Vec::new();
        for column in columns.iter().map(|column| column.trim()) {
            taken.extend(self.value_to_take(table, &record, column).await?);
        }
        Ok(taken)
    }

    async fn value_to_take(
        &self,
        table: &Table,
        record: &Record,
        column: &str,
    ) -> Result<Option<(String, Box<RawValue>)>, DataverseError> {
        if let Some(cell) = record.cell(column).filter(|_| !column.starts_with('_')) {
            return Ok(Some((column.to_owned(), self.json_text(cell.as_json().to_owned())?)));
        }
        let property = if column.starts_with('_') { column.to_owned() } else { format!("_{column}_value") };
        let unknown = || {
            let near = nearest::names(column, &record.column_names());
            ValueError::UnknownColumn { table: table.logical_name.clone(), column: column.to_owned(), near }
        };
        let cell = record.cell(&property).ok_or_else(unknown)?;
        let annotation = |name: &str| record.cell(&format!("{property}@{name}")).map(|cell| cell.text().into_owned());
        // An empty lookup does not say by which way it would lead anywhere; there is nothing to take over.
        let (Some(way), Some(other)) = (annotation(WAYS), annotation(TABLES)) else { return Ok(None) };
        let other = self.table_of(&other).await?;
        let reference = serde_json::Value::from(format!("/{}({})", other.entity_set, cell.text()));
        Ok(Some((format!("{way}@odata.bind"), self.json_text(reference.to_string())?)))
    }

    fn json_text(&self, json: String) -> Result<Box<RawValue>, DataverseError> {
        RawValue::from_string(json).map_err(|error| self.malformed(&error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn made_records_are_read_and_odd_ones_passed_over() {
        let id = "5d0c0001-1111-ef11-8400-000d3ab1c111";
        let answer = format!(
            r##"{{"@odata.context":"x","value":[
                {{"@odata.type":"#Microsoft.Dynamics.CRM.account","accountid":"{id}"}},
                {{"@odata.type":"#Microsoft.Dynamics.CRM.contact"}},
                {{"opportunityid":"{id}"}}, 7
            ]}}"##
        );
        let made = made_records(answer.as_bytes());
        assert_eq!(made.len(), 1);
        assert_eq!((made[0].table.as_str(), made[0].id.to_string()), ("account", id.to_owned()));
        for nothing in ["", "{}", "[]", "{\"value\":7}"] {
            assert!(made_records(nothing.as_bytes()).is_empty(), "{nothing}");
        }
    }
}
