//! Which columns are asked for and shown. No request is made here.

use crate::commands::CommandError;
use crate::commands::records::Noun;
use crate::dataverse::Table;
use crate::problem::Problem;

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
    /// The columns that were named.
    pub(super) fn names(&self) -> &[String] {
        match self {
            Self::Named(names) => names,
            Self::Usual | Self::All => &[],
        }
    }

    /// The columns to ask for, each once; none means all of them. The usual ones end with the key.
    pub(super) fn of(&self, table: &Table) -> Vec<String> {
        let noun = Noun::of_table(&table.logical_name);
        let wanted: Vec<String> = match (self, noun) {
            (Self::All, _) => Vec::new(),
            (Self::Named(names), Some(noun)) => names.iter().map(|name| sent_as(noun, name)).collect(),
            (Self::Named(names), None) => names.clone(),
            (Self::Usual, Some(noun)) => {
                noun.columns.iter().copied().chain([noun.id_column]).map(str::to_owned).collect()
            }
            (Self::Usual, None) => table.name_column.iter().chain([&table.id_column]).cloned().collect(),
        };
        let mut once: Vec<String> = Vec::with_capacity(wanted.len());
        for column in wanted {
            if !once.contains(&column) {
                once.push(column);
            }
        }
        once
    }
}

/// A column as it stands in a row: a lookup is sent as `_name_value`.
fn sent_as(noun: &Noun, column: &str) -> String {
    if noun.lookups.contains(&column) { format!("_{column}_value") } else { column.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(typed: Option<&[&str]>, columns: &[&str]) {
        let table = Noun::find("accounts").unwrap().table();
        let typed: Option<Vec<String>> = typed.map(|names| names.iter().map(|name| (*name).to_owned()).collect());
        assert_eq!(selected(typed.as_deref()).unwrap().of(&table), columns, "{typed:?}");
    }

    #[test]
    fn columns_are_asked_for_once_and_lookups_under_the_name_they_are_sent_with() {
        check(Some(&["name", " name "]), &["name"]);
        check(Some(&["primarycontactid", "_primarycontactid_value"]), &["_primarycontactid_value"]);
        check(Some(&[" * "]), &[]);
        check(
            None,
            &[
                "name",
                "accountnumber",
                "telephone1",
                "address1_city",
                "_primarycontactid_value",
                "statecode",
                "accountid",
            ],
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
        assert_eq!(Selection::Usual.of(&table), ["new_name", "new_boatid"]);
        table.name_column = Some("new_boatid".to_owned());
        assert_eq!(Selection::Usual.of(&table), ["new_boatid"]);
    }
}
