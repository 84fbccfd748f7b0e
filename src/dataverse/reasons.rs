//! The status reasons of a table, as this organisation has them, and which of them is meant. No record is changed here.

use serde::Deserialize;

use crate::dataverse::client::Client;
use crate::dataverse::encode::{API, query_value, resource, string_literal};
use crate::dataverse::{Table, VerbError};
use crate::net::Request;
use crate::problem::Problem;

/// One reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// Its number, the value of `statuscode`.
    pub value: i64,
    /// The state it belongs to, the value of `statecode`.
    pub state: i64,
    /// What people call it, in the user's language.
    pub label: String,
}

/// The reasons of one table, in the order of the organisation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reasons(pub Vec<Reason>);

impl Reasons {
    /// The reason that was typed, by its label in any letter case or by its number; the first of the state where none was.
    ///
    /// # Errors
    /// [`VerbError::UnknownReason`] with those there are; [`VerbError::NoSuchState`] where the state has none.
    pub fn pick(&self, state: i64, typed: Option<&str>) -> Result<&Reason, VerbError> {
        let of_state: Vec<&Reason> = self.0.iter().filter(|reason| reason.state == state).collect();
        let Some(typed) = typed else {
            return of_state.first().copied().ok_or(VerbError::NoSuchState { state });
        };
        let is_meant = |reason: &&&Reason| {
            let (typed, label) = (typed.trim(), &reason.label);
            (!typed.is_empty() && label.to_lowercase() == typed.to_lowercase()) || typed.parse() == Ok(reason.value)
        };
        of_state.iter().find(is_meant).copied().ok_or_else(|| VerbError::UnknownReason {
            typed: typed.to_owned(),
            choices: of_state.iter().map(|reason| format!("{} ({})", reason.label, reason.value)).collect(),
        })
    }
}

#[derive(Deserialize)]
struct Column {
    #[serde(rename = "OptionSet")]
    options: OptionSet,
}

#[derive(Deserialize)]
struct OptionSet {
    #[serde(rename = "Options")]
    options: Vec<Choice>,
}

#[derive(Deserialize)]
struct Choice {
    #[serde(rename = "Value")]
    value: i64,
    #[serde(rename = "State")]
    state: Option<i64>,
    #[serde(rename = "Label")]
    label: Label,
}

#[derive(Deserialize, Default)]
struct Label {
    #[serde(rename = "UserLocalizedLabel")]
    user: Option<LocalLabel>,
}

#[derive(Deserialize)]
struct LocalLabel {
    #[serde(rename = "Label")]
    text: Option<String>,
}

impl From<Column> for Reasons {
    fn from(column: Column) -> Self {
        let reason = |choice: Choice| {
            let label = choice.label.user.and_then(|label| label.text).unwrap_or_default();
            Some(Reason { value: choice.value, state: choice.state?, label })
        };
        Self(column.options.options.into_iter().filter_map(reason).collect())
    }
}

impl Client {
    /// The status reasons of a table. Microsoft Learn, "Query table definitions using the Web API".
    ///
    /// # Errors
    /// Whatever kept the answer away.
    pub async fn reasons(&self, table: &Table) -> Result<Reasons, Problem> {
        self.read_as::<Column>(&request(table)).await.map(Reasons::from)
    }
}

fn request(table: &Table) -> Request {
    let key = format!("LogicalName={}", string_literal(&table.logical_name));
    Request::get(format!(
        "{API}EntityDefinitions({})/Attributes(LogicalName='statuscode')/Microsoft.Dynamics.CRM.StatusAttributeMetadata\
         ?$select=LogicalName&$expand={}",
        resource(&key),
        query_value("OptionSet($select=Options)")
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::{Diagnose as _, Exit};

    fn reasons() -> Reasons {
        let json = r#"{"OptionSet":{"Options":[
            {"Value":1,"State":0,"Label":{"UserLocalizedLabel":{"Label":"New"}}},
            {"Value":4,"State":2,"Label":{"UserLocalizedLabel":{"Label":"Lost"}}},
            {"Value":100000001,"State":2,"Label":{"UserLocalizedLabel":{"Label":"Überrascht"}}},
            {"Value":9,"State":2,"Label":{"UserLocalizedLabel":null}},
            {"Value":7,"Label":{}}
        ]}}"#;
        Reasons::from(serde_json::from_str::<Column>(json).expect("a column"))
    }

    #[test]
    fn a_reason_is_known_by_label_or_number_within_its_state() {
        for (typed, value) in
            [(None, 4), (Some("lost"), 4), (Some(" ÜBERRASCHT "), 100_000_001), (Some("100000001"), 100_000_001)]
        {
            assert_eq!(reasons().pick(2, typed).map(|reason| reason.value).ok(), Some(value), "{typed:?}");
        }
        for typed in ["New", "1", "", "7"] {
            let error = reasons().pick(2, Some(typed)).expect_err(typed);
            assert_eq!(error.phrase().exit, Exit::Usage);
            assert!(error.facts()[0].1.contains("Lost (4)"), "{:?}", error.facts());
        }
        assert!(reasons().pick(5, None).is_err());
    }
}
