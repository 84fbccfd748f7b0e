//! Who takes part in an activity, read from its parties. How parties are typed is known elsewhere.
//!
//! Source: Microsoft Learn, "Activity party table".

use crate::dataverse::client::Client;
use crate::dataverse::encode::{API, query_value, resource};
use crate::dataverse::{DataverseError, Query, RecordId, Table, ValueError};
use crate::record::Record;

/// Somebody who takes part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Party {
    /// What they do in it, as the service calls it: `Sender`, `To Recipient`.
    pub role: Option<String>,
    /// What people call them, where they are a record.
    pub name: Option<String>,
    /// The table of the record.
    pub table: Option<String>,
    /// The id of the record.
    pub id: Option<String>,
    /// The address that was used.
    pub address: Option<String>,
}

impl Client {
    /// The parties of an activity.
    ///
    /// # Errors
    /// [`ValueError::NoActivity`] for a table of something else; whatever kept the answer away.
    pub async fn parties(&self, table: &Table, id: &RecordId) -> Result<Vec<Party>, DataverseError> {
        let name = &table.logical_name;
        if !self.definition(name, &[]).await?.names.is_activity {
            return Err(ValueError::NoActivity { table: name.clone() }.into());
        }
        let select = query_value("participationtypemask,addressused,_partyid_value");
        let path = format!("{API}{}({id})/{name}_activity_parties?$select={select}", resource(&table.entity_set));
        let mut rows = self.rows(Query { address: Some(path), annotations: true, ..Query::of("activityparties") });
        let mut parties = Vec::new();
        while let Some(record) = rows.next().await? {
            parties.push(party(&record));
        }
        Ok(parties)
    }
}

fn party(record: &Record) -> Party {
    let text = |name: &str| {
        let cell = record.cell(name).filter(|cell| !cell.is_null());
        cell.map(|cell| cell.text().into_owned()).filter(|text| !text.is_empty())
    };
    let label = |name: &str| text(&format!("{name}@OData.Community.Display.V1.FormattedValue"));
    Party {
        role: label("participationtypemask").or_else(|| text("participationtypemask")),
        name: label("_partyid_value"),
        table: text("_partyid_value@Microsoft.Dynamics.CRM.lookuplogicalname"),
        id: text("_partyid_value"),
        address: text("addressused"),
    }
}
