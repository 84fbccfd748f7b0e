//! Tables by any of their names. Columns, relationships and choices are not asked for here.

use serde::Deserialize;

use crate::dataverse::client::Client;
use crate::dataverse::encode::{API, query_value, string_literal};
use crate::dataverse::{DataverseError, nearest};
use crate::net::Request;
use crate::problem::Problem;

/// A table, by the names that requests need.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Table {
    /// Logical name: `account`.
    #[serde(rename = "LogicalName")]
    pub logical_name: String,
    /// Entity set name, as in addresses: `accounts`.
    #[serde(rename = "EntitySetName")]
    pub entity_set: String,
    /// Column of the primary key: `accountid`.
    #[serde(rename = "PrimaryIdAttribute")]
    pub id_column: String,
    /// Column of the name people know a record by, if the table has one: `name`.
    #[serde(rename = "PrimaryNameAttribute", default)]
    pub name_column: Option<String>,
}

#[derive(Deserialize)]
struct Page<T> {
    value: Vec<T>,
}

/// Finds a table by logical name (in any letter case), entity set name or schema name, with one request.
///
/// # Errors
/// [`DataverseError::UnknownTable`] with names that look like it, or whatever kept the answer away.
pub async fn find_table(client: &Client, name: &str) -> Result<Table, Problem> {
    let page: Page<Table> = client.read_as(&Request::get(path_of_name(name))).await?;
    let mut tables = page.value;
    // A logical name may be another table's set name; the logical name is what people mean.
    let logical = tables.iter().position(|table| table.logical_name.eq_ignore_ascii_case(name)).unwrap_or(0);
    if logical < tables.len() {
        return Ok(tables.swap_remove(logical));
    }
    let near = nearest::names(name, &all_names(client).await);
    Err(DataverseError::UnknownTable { name: name.to_owned(), near }.into())
}

fn path_of_name(name: &str) -> String {
    let lower = string_literal(&name.to_lowercase());
    let typed = string_literal(name);
    let filter = format!(
        "LogicalName eq {lower} or EntitySetName eq {lower} or EntitySetName eq {typed} or SchemaName eq {typed}"
    );
    format!(
        "{API}EntityDefinitions?$select=LogicalName,EntitySetName,PrimaryIdAttribute,PrimaryNameAttribute&$filter={}",
        query_value(&filter)
    )
}

/// Every name by which a table can be called. Only a suggestion hangs on it, so a failure gives none.
async fn all_names(client: &Client) -> Vec<String> {
    #[derive(Deserialize)]
    struct Names {
        #[serde(rename = "LogicalName")]
        logical_name: String,
        #[serde(rename = "EntitySetName")]
        entity_set: Option<String>,
    }
    let request = Request::get(format!("{API}EntityDefinitions?$select=LogicalName,EntitySetName"));
    let Ok(page) = client.read_as::<Page<Names>>(&request).await else { return Vec::new() };
    page.value.into_iter().flat_map(|names| [Some(names.logical_name), names.entity_set]).flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_only_ever_a_literal() {
        assert_eq!(
            path_of_name("Account"),
            "/api/data/v9.2/EntityDefinitions?$select=LogicalName,EntitySetName,PrimaryIdAttribute,PrimaryNameAttribute\
             &$filter=LogicalName%20eq%20%27account%27%20or%20EntitySetName%20eq%20%27account%27%20or%20\
             EntitySetName%20eq%20%27Account%27%20or%20SchemaName%20eq%20%27Account%27"
        );
        assert!(path_of_name("x' or 1 eq 1 or '").contains("%27x%27%27%20or%201%20eq%201%20or%20%27%27%27"));
    }
}
