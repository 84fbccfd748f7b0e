//! Which columns are asked for and shown. What their names are on the wire is found out elsewhere.

use std::collections::HashSet;

use crate::commands::CommandError;
use crate::commands::records::Noun;
use crate::dataverse::{Client, DataverseError, Table};
use crate::problem::Problem;

/// Columns that are called the same in every table that has them, and are sent under that name.
const EVERYWHERE: [&str; 5] = ["createdon", "modifiedon", "statecode", "statuscode", "versionnumber"];

/// The columns that `--select` names; `None` for `*` and when nothing is named.
///
/// # Errors
/// When there is no name between two commas.
pub(super) fn selected(typed: Option<&[String]>) -> Result<Selection, Problem> {
    let Some(typed) = typed else { return Ok(Selection::Usual) };
    let names: Vec<String> = typed.iter().map(|name| name.trim().to_owned()).collect();
    match names.as_slice() {
        [all] if all == "*" => Ok(Selection::All),
        names if names.iter().any(String::is_empty) => Err(CommandError::EmptyColumn.into()),
        _ => Ok(Selection::Named(names)),
    }
}

/// Which columns are wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Selection {
    /// Those that matter most.
    Usual,
    /// Every one there is.
    All,
    /// These.
    Named(Vec<String>),
}

impl Selection {
    /// The columns to ask for, each once and under the name it has on the wire; none means all of them. The usual ones end with
    /// the key. Only a column that nobody can be sure of costs a look at the table's definition.
    ///
    /// # Errors
    /// [`crate::dataverse::ValueError::UnknownColumn`], or whatever kept the definition away.
    pub(super) async fn of(&self, client: &Client, table: &Table) -> Result<Vec<String>, Problem> {
        let typed = match self {
            Self::Named(names) => names,
            Self::All => return Ok(Vec::new()),
            Self::Usual => return Ok(once(usual(table))),
        };
        if typed.iter().all(|name| is_sure(table, name)) {
            return Ok(once(typed.clone()));
        }
        match client.sent_names(table, typed).await {
            Ok(names) => Ok(once(names)),
            Err(error) if is_hidden(&error) => Ok(once(typed.clone())),
            Err(error) => Err(error.into()),
        }
    }
}

/// Whether a definition is kept from this user alone: then the service judges the names as they were typed.
pub(super) fn is_hidden(error: &DataverseError) -> bool {
    error.is_refused()
}

fn usual(table: &Table) -> Vec<String> {
    match Noun::of_table(&table.logical_name) {
        Some(noun) => noun.columns.iter().copied().chain([noun.id_column]).map(str::to_owned).collect(),
        None => table.name_column.iter().chain([&table.id_column]).cloned().collect(),
    }
}

/// Whether a column is known to be sent under this name, whatever the organisation.
fn is_sure(table: &Table, name: &str) -> bool {
    let is_lookup = name.starts_with('_') && name.ends_with("_value");
    // `a.name` is a column of a linked table, which only a view has.
    is_lookup || name.contains('.') || EVERYWHERE.contains(&name) || usual(table).iter().any(|usual| usual == name)
}

fn once(names: Vec<String>) -> Vec<String> {
    let mut known = HashSet::with_capacity(names.len());
    names.into_iter().filter(|name| known.insert(name.clone())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_is_asked_for_once_and_some_need_no_definition() {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        assert_eq!(selected(Some(&names(&["name", " name "]))).unwrap(), Selection::Named(names(&["name", "name"])));
        assert_eq!(selected(Some(&names(&[" * "]))).unwrap(), Selection::All);
        assert_eq!(once(names(&["name", "a", "name"])), ["name", "a"]);
        let table = Noun::find("accounts").unwrap().table();
        for sure in ["name", "accountid", "_primarycontactid_value", "_new_boat_value", "createdon", "a.fullname"] {
            assert!(is_sure(&table, sure), "{sure}");
        }
        for unsure in ["primarycontactid", "revenue", "createdby", "nosuch", "Name"] {
            assert!(!is_sure(&table, unsure), "{unsure}");
        }
        assert_eq!(
            usual(&table),
            [
                "name",
                "accountnumber",
                "telephone1",
                "address1_city",
                "_primarycontactid_value",
                "statecode",
                "accountid",
            ]
        );
    }

    #[test]
    fn nothing_between_two_commas_is_refused() {
        for typed in [vec![""], vec!["name", " "], vec!["", ""]] {
            let typed: Vec<String> = typed.into_iter().map(str::to_owned).collect();
            assert!(selected(Some(&typed)).is_err(), "{typed:?}");
        }
    }

    #[test]
    fn an_unknown_table_shows_its_name_and_its_key() {
        let mut table = Table {
            logical_name: "new_boat".to_owned(),
            entity_set: "new_boats".to_owned(),
            id_column: "new_boatid".to_owned(),
            name_column: Some("new_name".to_owned()),
        };
        assert_eq!(usual(&table), ["new_name", "new_boatid"]);
        table.name_column = Some("new_boatid".to_owned());
        assert_eq!(once(usual(&table)), ["new_boatid"]);
    }
}
