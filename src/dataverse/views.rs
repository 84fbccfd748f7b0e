//! Views by name: the public ones of a table, and those that the user made. What a view asks for is FetchXML.
//! Source: Microsoft Learn, "Retrieve and execute predefined queries".

use serde::Deserialize;

use crate::dataverse::client::Client;
use crate::dataverse::encode::{API, query_value, string_literal};
use crate::dataverse::fetchxml::cells;
use crate::dataverse::{DataverseError, FetchXml, RecordId, Table, nearest};
use crate::net::Request;

/// A view.
#[derive(Debug, Clone)]
pub struct View {
    /// What it asks for.
    pub fetch: FetchXml,
    /// The columns that it shows, by their logical names, those of linked tables behind an alias and a dot.
    pub columns: Vec<String>,
}

#[derive(Deserialize)]
struct Row {
    name: String,
    #[serde(alias = "savedqueryid", alias = "userqueryid")]
    id: RecordId,
    fetchxml: Option<String>,
    layoutxml: Option<String>,
}

/// The two kinds: entity set, key, what people call it.
const KINDS: [(&str, &str, &str); 2] =
    [("savedqueries", "savedqueryid", "public"), ("userqueries", "userqueryid", "yours")];

impl Client {
    /// The view of `table` that is called so, or has this id.
    ///
    /// # Errors
    /// [`DataverseError::UnknownView`] with names that look like it, [`DataverseError::AmbiguousView`], or whatever kept
    /// the answer away.
    pub async fn view(&self, table: &Table, name: &str) -> Result<View, DataverseError> {
        let id = RecordId::parse(name).ok();
        let mut found = Vec::new();
        for (set, key, kind) in KINDS {
            let wanted = match id {
                Some(id) => format!("{key} eq {id}"),
                None => format!("name eq {}", string_literal(name)),
            };
            let columns = format!("name,fetchxml,layoutxml,{key}");
            found.extend(self.list(set, &columns, table, Some(&wanted)).await?.into_iter().map(|row| (row, kind)));
        }
        // The service compares names as patterns, without regard to case.
        let is_it = |row: &Row| row.id.to_string() == name || row.name.to_lowercase() == name.to_lowercase();
        found.retain(|(row, _)| id.is_some() || is_it(row));
        match found.as_slice() {
            [] => Err(DataverseError::UnknownView {
                name: name.to_owned(),
                table: table.logical_name.clone(),
                near: self.views_like(table, name).await,
            }),
            [(row, _)] => Ok(View {
                fetch: FetchXml::parse(row.fetchxml.as_deref().unwrap_or_default())?,
                columns: cells(row.layoutxml.as_deref().unwrap_or_default()),
            }),
            several => Err(DataverseError::AmbiguousView {
                name: name.to_owned(),
                candidates: several.iter().map(|(row, kind)| format!("{} ({kind})", row.id)).collect(),
            }),
        }
    }

    /// Names that look like one that there is not. Only a suggestion hangs on it, so a failure gives none.
    async fn views_like(&self, table: &Table, name: &str) -> Vec<String> {
        let mut names = Vec::new();
        for (set, key, _) in KINDS {
            let rows = self.list(set, &format!("name,{key}"), table, None).await.unwrap_or_default();
            names.extend(rows.into_iter().map(|row| row.name));
        }
        nearest::names(name, &names)
    }

    async fn list(
        &self,
        set: &str,
        columns: &str,
        table: &Table,
        wanted: Option<&str>,
    ) -> Result<Vec<Row>, DataverseError> {
        // 0 is a view as the list of views shows it; other numbers are lookups, searches, offline rules.
        let mut filter = format!(
            "returnedtypecode eq {} and statecode eq 0 and querytype eq 0",
            string_literal(&table.logical_name)
        );
        if let Some(wanted) = wanted {
            filter.push_str(" and ");
            filter.push_str(wanted);
        }
        let path = format!("{API}{set}?$select={columns}&$filter={}", query_value(&filter));
        self.read_rows(&Request::get(path)).await
    }
}
