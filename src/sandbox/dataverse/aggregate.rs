//! Totals over groups of rows, for `$apply` and for FetchXML alike. It is handed values and never looks at a record.

use std::collections::BTreeMap;

use jiff::civil::Date;

use crate::sandbox::data::Kind;
use crate::sandbox::dataverse::refusal::Refusal;
use crate::sandbox::dataverse::values::to_text;
use crate::sandbox::odata::Number;
use crate::sandbox::world::{Value, day_of, folded};

/// How many rows are added up. Source: Microsoft Learn, "Aggregate data using FetchXML".
const LIMIT: usize = 50_000;

/// One total.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Measure {
    /// Rows.
    Count,
    /// Values that are not null; equal ones once.
    Values {
        is_distinct: bool,
    },
    Sum,
    Average,
    Least,
    Most,
}

impl Measure {
    /// FetchXML's and OData's words.
    pub fn read(word: &str, is_distinct: bool) -> Result<Self, Refusal> {
        Ok(match word {
            "count" => Self::Count,
            "countcolumn" => Self::Values { is_distinct },
            "sum" => Self::Sum,
            "avg" | "average" => Self::Average,
            "min" => Self::Least,
            "max" => Self::Most,
            _ => return Err(Refusal::unsupported(format!("The aggregate '{word}' is not offered."))),
        })
    }

    /// Whether it can be taken of such a column: only numbers are added up.
    pub fn is_for(self, kind: &Kind) -> bool {
        match self {
            Self::Count | Self::Values { .. } => true,
            Self::Least | Self::Most => !matches!(kind, Kind::Parties | Kind::Image(_) | Kind::File(_)),
            Self::Sum | Self::Average => {
                matches!(kind, Kind::Whole(_) | Kind::Big | Kind::Decimal(_) | Kind::Money(_) | Kind::Double(_))
            }
        }
    }
}

/// Groups of rows and what is known of each.
#[derive(Default)]
pub(super) struct Totals {
    /// What rows are grouped by.
    pub keys: Vec<String>,
    /// The totals of a group.
    pub measures: Vec<(String, Measure)>,
    groups: BTreeMap<Vec<Option<String>>, Group>,
    rows: usize,
}

struct Group {
    keys: Vec<Option<Value>>,
    rows: i64,
    values: Vec<Vec<Value>>,
}

impl Totals {
    /// Nothing yet, grouped by these keys, measured so.
    pub fn of(keys: Vec<String>, measures: Vec<(String, Measure)>) -> Self {
        Self { keys, measures, ..Self::default() }
    }

    /// Takes a row: its keys, and for every measure the value that is measured.
    pub fn add(&mut self, keys: Vec<Option<Value>>, values: Vec<Option<Value>>) -> Result<(), Refusal> {
        self.rows += 1;
        if self.rows > LIMIT {
            let message = "AggregateQueryRecordLimit exceeded. Cannot perform this operation.";
            return Err(Refusal::new(400, "0x8004E023", message));
        }
        let name = keys.iter().map(|key| key.as_ref().map(|value| folded(&to_text(value)))).collect();
        let count = self.measures.len();
        let fresh = || Group { keys, rows: 0, values: vec![Vec::new(); count] };
        let group = self.groups.entry(name).or_insert_with(fresh);
        group.rows += 1;
        for (all, value) in group.values.iter_mut().zip(values) {
            all.extend(value);
        }
        Ok(())
    }

    /// Every group with its totals; without keys there is one group, even of nothing.
    pub fn finish(mut self) -> Vec<Vec<(String, Option<Value>)>> {
        if self.keys.is_empty() && self.groups.is_empty() {
            let nothing = Group { keys: Vec::new(), rows: 0, values: vec![Vec::new(); self.measures.len()] };
            self.groups.insert(Vec::new(), nothing);
        }
        let line = |group: &Group| {
            let keys = self.keys.iter().cloned().zip(group.keys.iter().cloned());
            let totals = self.measures.iter().zip(&group.values);
            let totals = totals.map(|((name, measure), values)| (name.clone(), measured(*measure, group.rows, values)));
            keys.chain(totals).collect()
        };
        self.groups.values().map(line).collect()
    }
}

fn measured(measure: Measure, rows: i64, values: &[Value]) -> Option<Value> {
    let numbers = || values.iter().filter_map(Value::as_number);
    let sum = || numbers().fold(Number::whole(0), Number::plus);
    match measure {
        Measure::Count => Some(Value::Whole(rows)),
        Measure::Values { is_distinct } => {
            let mut texts: Vec<String> = values.iter().map(|value| folded(&to_text(value))).collect();
            if is_distinct {
                texts.sort_unstable();
                texts.dedup();
            }
            i64::try_from(texts.len()).ok().map(Value::Whole)
        }
        Measure::Sum => numbers().next().map(|_| Value::Number(sum())),
        Measure::Average => {
            let count = i64::try_from(numbers().count()).ok().filter(|count| *count > 0)?;
            Some(Value::Number(sum().over(count)))
        }
        Measure::Least => extreme(values, std::cmp::Ordering::is_lt),
        Measure::Most => extreme(values, std::cmp::Ordering::is_gt),
    }
}

fn extreme(values: &[Value], is_better: fn(std::cmp::Ordering) -> bool) -> Option<Value> {
    values.iter().cloned().reduce(
        |best, value| {
            if value.compared_with(&best).is_some_and(is_better) { value } else { best }
        },
    )
}

/// The part of a date that rows are grouped by, in UTC.
pub(super) fn grouped_date(part: &str, value: &Value) -> Option<i64> {
    let day: Date = match value {
        Value::Moment(moment) => day_of(*moment),
        Value::Day(day) => *day,
        _ => return None,
    };
    Some(match part {
        "day" => i64::from(day.day()),
        "week" => i64::from(day.iso_week_date().week()),
        "month" => i64::from(day.month()),
        "quarter" => i64::from((day.month() - 1) / 3 + 1),
        "year" => i64::from(day.year()),
        _ => return None,
    })
}
