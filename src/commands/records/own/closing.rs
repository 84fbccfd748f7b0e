//! Closing an opportunity, one way or the other: flags and request that winning and losing share.

use clap::Args;
use serde_json::value::RawValue;

use crate::commands::records::Place;
use crate::commands::records::which::Which;
use crate::context::Context;
use crate::dataverse::crm::{Ending, LOSE_OPPORTUNITY, WIN_OPPORTUNITY, close};
use crate::dataverse::{SentOrShown, VerbError};
use crate::problem::{Exit, Problem};

/// Microsoft Learn, "Opportunity table reference": 1 is Won, 2 is Lost.
const WON: i64 = 1;
const LOST: i64 = 2;

/// Which opportunity, and how it ended.
#[derive(Debug, Args)]
pub struct Closing {
    #[command(flatten)]
    which: Which,
    /// The status reason, by its label or number; the organisation's default for the state when left out
    #[arg(long, value_name = "REASON")]
    reason: Option<String>,
    /// What it really brought in
    #[arg(long, value_name = "AMOUNT", allow_hyphen_values = true)]
    revenue: Option<String>,
    /// The day it was closed, such as 2026-03-31; today when left out
    #[arg(long, value_name = "DAY")]
    close_date: Option<String>,
    /// The title of the activity that tells of it
    #[arg(long, value_name = "TEXT")]
    subject: Option<String>,
    /// More about it
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,
}

impl Closing {
    /// Closes it.
    pub(super) fn close(self, context: &Context, place: &Place, is_won: bool) -> Result<Exit, Problem> {
        let (action, state, done, title) =
            if is_won { (WIN_OPPORTUNITY, WON, "won", "Won") } else { (LOSE_OPPORTUNITY, LOST, "lost", "Lost") };
        let revenue = self.revenue.map(amount).transpose()?;
        let close_date = self.close_date.map(day).transpose()?;
        self.which.change(context, place, async |opened, id| {
            let status = opened.client.reason(&opened.table, state, self.reason.as_deref()).await?;
            let subject = self.subject.unwrap_or_else(|| title.to_owned());
            let ending = Ending { status: status.value, subject, description: self.description, revenue, close_date };
            let SentOrShown::Sent(_) = opened.client.call(&close(action, &opened.table, id, &ending)).await? else {
                return Ok(Exit::Done);
            };
            opened.turned(&id, done, &status)
        })
    }
}

/// Digits with at most one point, which are JSON as they stand.
fn amount(text: String) -> Result<Box<RawValue>, VerbError> {
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'-'));
    match RawValue::from_string(text.clone()) {
        Ok(value) if is_number => Ok(value),
        _ => Err(VerbError::BadAmount { text }),
    }
}

fn day(text: String) -> Result<String, VerbError> {
    match text.parse::<jiff::civil::Date>() {
        Ok(day) => Ok(day.to_string()),
        Err(_) => Err(VerbError::BadDay { text }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_keeps_its_digits_and_a_day_is_one() {
        for good in ["125000.10", "0", "-5.0", "922337203685477.5807"] {
            assert_eq!(amount(good.to_owned()).map(|value| value.get().to_owned()), Ok(good.to_owned()));
        }
        for bad in ["", "1,5", "1e3", "ten", "1.2.3", "01", "\"1\"", "1 ", "- 1"] {
            assert!(amount(bad.to_owned()).is_err(), "{bad}");
        }
        assert_eq!(day("2026-03-31".to_owned()), Ok("2026-03-31".to_owned()));
        for bad in ["", "31.3.2026", "2026-02-30", "yesterday"] {
            assert!(day(bad.to_owned()).is_err(), "{bad}");
        }
    }
}
