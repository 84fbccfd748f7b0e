//! Which of an organisation's own status reasons is meant. No record is changed here.

use crate::dataverse::client::Client;
use crate::dataverse::values::{Chosen, offered, one_choice};
use crate::dataverse::{Choice, DataverseError, Definition, Detail, Table, VerbError};

impl Client {
    /// The status reason of `state` that was typed, by its label in any letter case or its number; the state's first one
    /// where none was. What was kept is asked for anew before a reason is called unknown.
    ///
    /// # Errors
    /// [`VerbError::UnknownReason`] with those there are, [`VerbError::AmbiguousReason`], [`VerbError::NoSuchState`] where the state has none, or whatever
    /// kept the answer away.
    pub async fn reason(&self, table: &Table, state: i64, typed: Option<&str>) -> Result<i64, DataverseError> {
        let ask = || self.definition(&table.logical_name, &[Detail::Status]);
        if let Ok(reason) = pick(reasons(&*ask().await?), state, typed) {
            return Ok(reason);
        }
        self.forget_metadata();
        Ok(pick(reasons(&*ask().await?), state, typed)?)
    }
}

fn reasons(table: &Definition) -> &[Choice] {
    table.column("statuscode").map(|column| column.choices.as_slice()).unwrap_or_default()
}

fn pick(reasons: &[Choice], state: i64, typed: Option<&str>) -> Result<i64, VerbError> {
    let of_state: Vec<&Choice> = reasons.iter().filter(|reason| reason.state == Some(state)).collect();
    let first = of_state.first().ok_or(VerbError::NoSuchState { state })?;
    let Some(typed) = typed else { return Ok(first.value) };
    let typed_text = || typed.trim().to_owned();
    match one_choice(of_state.iter().copied(), typed) {
        Chosen::One(values) => Ok(values.first().copied().unwrap_or(first.value)),
        Chosen::Several(candidates) => Err(VerbError::AmbiguousReason { typed: typed_text(), candidates }),
        Chosen::Nothing(_) => Err(VerbError::UnknownReason {
            typed: typed_text(),
            choices: of_state.iter().map(|reason| offered(reason)).collect(),
        }),
    }
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
        };
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
}
