//! Which of an organisation's own status reasons is meant. No record is changed here.

use std::fmt;

use crate::dataverse::client::Client;
use crate::dataverse::values::{Chosen, offered, one_choice};
use crate::dataverse::{Choice, DataverseError, Definition, Detail, Table, VerbError};

/// A status reason, and the state that a record has with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusReason {
    /// Its number.
    pub value: i64,
    label: String,
    state: String,
}

impl fmt::Display for StatusReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "status: {}, reason: {}", self.state, self.label)
    }
}

impl Client {
    /// The status reason of `state` that was typed, by its label in any letter case or its number; where none was, the one
    /// that the organisation gives such a record by default, or else the state's first one. What was kept is asked for anew
    /// before a reason is called unknown.
    ///
    /// # Errors
    /// [`VerbError::UnknownReason`] with those there are, [`VerbError::AmbiguousReason`], [`VerbError::NoSuchState`] where
    /// the state has none, or whatever kept the answer away.
    pub async fn reason(&self, table: &Table, state: i64, typed: Option<&str>) -> Result<StatusReason, DataverseError> {
        let ask = || self.definition(&table.logical_name, &[Detail::State, Detail::Status]);
        let of = |definition: &Definition| pick(choices(definition, "statecode"), reasons(definition), state, typed);
        if let Ok(reason) = of(&*ask().await?) {
            return Ok(reason);
        }
        self.forget_metadata();
        Ok(of(&*ask().await?)?)
    }
}

fn choices<'a>(table: &'a Definition, column: &str) -> &'a [Choice] {
    table.column(column).map(|column| column.choices.as_slice()).unwrap_or_default()
}

fn reasons(table: &Definition) -> &[Choice] {
    choices(table, "statuscode")
}

fn pick(states: &[Choice], reasons: &[Choice], state: i64, typed: Option<&str>) -> Result<StatusReason, VerbError> {
    let of_state: Vec<&Choice> = reasons.iter().filter(|reason| reason.state == Some(state)).collect();
    let first = of_state.first().copied().ok_or(VerbError::NoSuchState { state })?;
    let definition = states.iter().find(|it| it.value == state);
    let by_number = |value: i64| of_state.iter().copied().find(|reason| reason.value == value);
    let typed_text = || typed.unwrap_or_default().trim().to_owned();
    let chosen = match typed.map(|typed| one_choice(of_state.iter().copied(), typed)) {
        None => definition.and_then(|it| it.default_reason).and_then(by_number).unwrap_or(first),
        Some(Chosen::One(values)) => values.first().copied().and_then(by_number).unwrap_or(first),
        Some(Chosen::Several(candidates)) => {
            return Err(VerbError::AmbiguousReason { typed: typed_text(), candidates });
        }
        Some(Chosen::Nothing(_)) => {
            let choices = of_state.iter().map(|reason| offered(reason)).collect();
            return Err(VerbError::UnknownReason { typed: typed_text(), choices });
        }
    };
    let named = |choice: &Choice| if choice.label.is_empty() { choice.value.to_string() } else { choice.label.clone() };
    let state = definition.map_or_else(|| state.to_string(), named);
    Ok(StatusReason { value: chosen.value, label: named(chosen), state })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::{Diagnose as _, Exit};

    #[test]
    fn a_reason_is_known_by_label_or_number_within_its_state() {
        let reason = |value, state, label: &str| Choice {
            value,
            label: label.into(),
            other_labels: vec![format!("{label} in English")],
            state: Some(state),
            default_reason: None,
        };
        let pick = |reasons: &[Choice], state, typed| super::pick(&[], reasons, state, typed).map(|it| it.value);
        let reasons =
            [reason(1, 0, "New"), reason(4, 2, "Lost"), reason(100_000_001, 2, "Überrascht"), reason(9, 2, "")];
        for (typed, value) in [
            (None, 4),
            (Some("lost"), 4),
            (Some(" ÜBERRASCHT "), 100_000_001),
            (Some("lost in english"), 4),
            (Some("100000001"), 100_000_001),
        ] {
            assert_eq!(pick(&reasons, 2, typed), Ok(value), "{typed:?}");
        }
        for typed in ["New", "1", "", "7"] {
            let error = pick(&reasons, 2, Some(typed)).expect_err(typed);
            assert_eq!(error.phrase().exit, Exit::Usage);
            assert!(error.facts()[0].1.contains("Lost (4)"), "{:?}", error.facts());
        }
        assert!(pick(&reasons, 5, None).is_err());
        let twice = [reason(4, 2, "Lost"), reason(5, 2, "Lost\u{a0}"), reason(6, 2, "5")];
        for (typed, candidates) in [("lost", "`Lost (4)` or `Lost (5)`"), ("5", "`Lost (5)` or `5 (6)`")] {
            let error = pick(&twice, 2, Some(typed)).expect_err(typed);
            assert_eq!(error.phrase().code, "dataverse/ambiguous-reason");
            assert_eq!(error.facts()[0].1, candidates);
        }
        assert_eq!(pick(&twice, 2, Some("Lost (5)")), Ok(5));
    }

    #[test]
    fn where_no_reason_is_named_the_organisation_s_default_is_taken_and_both_are_told() {
        let choice = |value, label: &str, state, default_reason| Choice {
            value,
            label: label.into(),
            other_labels: Vec::new(),
            state,
            default_reason,
        };
        let reasons = [choice(5, "Solved", Some(1), None), choice(1000, "Told", Some(1), None)];
        for (default_reason, told) in [
            (Some(1000), "status: Resolved, reason: Told"),
            (Some(7), "status: Resolved, reason: Solved"),
            (None, "status: Resolved, reason: Solved"),
        ] {
            let states = [choice(0, "Active", None, Some(1)), choice(1, "Resolved", None, default_reason)];
            assert_eq!(pick(&states, &reasons, 1, None).unwrap().to_string(), told);
            assert_eq!(pick(&states, &reasons, 1, Some("solved")).unwrap().value, 5);
        }
    }
}
