//! How many records there are, exactly. The service's own count stops at 5,000 and its totals at 50,000 records; beyond
//! that the keys are read. Sources: Microsoft Learn, "Count number of rows", "Aggregate data using OData".

use serde::Deserialize;

use crate::dataverse::client::Client;
use crate::dataverse::encode::{API, query_value, resource};
use crate::dataverse::{DataverseError, Query, Table};
use crate::net::Request;

/// The most that `$count` counts.
const MOST_COUNTED: u64 = 5000;

impl Client {
    /// The number of records for which `filter` holds, or of all.
    ///
    /// # Errors
    /// Whatever kept the answer away.
    pub async fn count(&self, table: &Table, filter: Option<&str>) -> Result<u64, DataverseError> {
        let set = resource(&table.entity_set);
        let option = filter.map(|filter| format!("?$filter={}", query_value(filter))).unwrap_or_default();
        let text = self.read_text(&Request::get(format!("{API}{set}/$count{option}"))).await?;
        // A byte order mark stands before the digits.
        let digits = text.trim_start_matches('\u{feff}').trim();
        let counted = digits.parse::<u64>().map_err(|error| self.malformed(&error))?;
        if counted < MOST_COUNTED {
            return Ok(counted);
        }
        match self.total(&set, filter).await {
            Ok(total) => Ok(total),
            // Too many for a total, or a condition that totals don't take: only the keys are left.
            Err(error) if error.is_refused() => self.keys(table, filter).await,
            Err(error) => Err(error),
        }
    }

    async fn total(&self, set: &str, filter: Option<&str>) -> Result<u64, DataverseError> {
        #[derive(Deserialize)]
        struct Total {
            records: u64,
        }
        let condition = filter.map(|filter| format!("filter({filter})/")).unwrap_or_default();
        let apply = query_value(&format!("{condition}aggregate($count as records)"));
        let totals: Vec<Total> = self.read_rows(&Request::get(format!("{API}{set}?$apply={apply}"))).await?;
        let total = totals.first().map(|total| total.records);
        total.ok_or_else(|| self.malformed(&"it has no total"))
    }

    async fn keys(&self, table: &Table, filter: Option<&str>) -> Result<u64, DataverseError> {
        let query = Query {
            select: vec![table.id_column.clone()],
            filter: filter.map(str::to_owned),
            ..Query::of(&table.entity_set)
        };
        let mut rows = self.rows(query);
        let mut counted = 0;
        while rows.next().await?.is_some() {
            counted += 1;
        }
        Ok(counted)
    }
}
