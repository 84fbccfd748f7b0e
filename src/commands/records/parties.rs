//! `get --parties`: who takes part in an activity, each as a row. The activity itself is not read.

use serde_json::{Value, json};

use crate::commands::records::opened::Opened;
use crate::dataverse::{Party, RecordId};
use crate::output::{Column, SinkOptions, objects};
use crate::problem::{Exit, Problem};

/// The keys of a party.
const COLUMNS: [&str; 5] = ["role", "name", "table", "id", "address"];

/// Shows them.
///
/// # Errors
/// As [`crate::dataverse::Client::parties`]; when they can't be shown.
pub(super) async fn show(opened: &Opened<'_>, id: &RecordId) -> Result<Exit, Problem> {
    let parties = opened.client.parties(&opened.table, id).await?;
    let columns = COLUMNS.map(Column::named);
    let row = |party: &Party| -> [(&'static str, Value); 5] {
        [
            ("role", json!(party.role)),
            ("name", json!(party.name)),
            ("table", json!(party.table)),
            ("id", json!(party.id)),
            ("address", json!(party.address)),
        ]
    };
    let options = SinkOptions { id_column: Some("id".to_owned()), ..SinkOptions::default() };
    objects(&opened.context.screen, opened.format, &columns, parties.iter().map(row), options)?;
    Ok(Exit::Done)
}
