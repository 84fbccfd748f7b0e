//! The stretches of time that the service's date functions name, in UTC. It never reads a clock.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Span, Timestamp};

/// From (included) until (not included); `None` is without end.
pub(super) type Stretch = (Option<Timestamp>, Option<Timestamp>);

/// The stretch of a function that takes at most a number: `Today`, `LastXDays`. `None` when there is no such function.
pub(super) fn stretch(name: &str, amount: i64, now: Timestamp) -> Option<Stretch> {
    let today = TimeZone::UTC.to_datetime(now).date();
    let days = |from: i64, until: i64| both(shifted(today, Unit::Day, from), shifted(today, Unit::Day, until));
    if let Some(unit) = name.strip_prefix("LastX").and_then(Unit::plural) {
        return Some((back(now, today, unit, amount), Some(now)));
    }
    if let Some(unit) = name.strip_prefix("NextX").and_then(Unit::plural) {
        return Some((Some(now), forth(now, today, unit, amount)));
    }
    if let Some(unit) = name.strip_prefix("OlderThanX").and_then(Unit::plural) {
        return Some((None, back(now, today, unit, amount)));
    }
    match name {
        "Today" => days(0, 1),
        "Yesterday" => days(-1, 0),
        "Tomorrow" => days(1, 2),
        "Last7Days" => days(-7, 1),
        "Next7Days" => days(0, 8),
        _ => {
            let (unit, offset) = ["This", "Last", "Next"]
                .into_iter()
                .zip([0, -1, 1])
                .find_map(|(word, offset)| Some((Unit::singular(name.strip_prefix(word)?)?, offset)))?;
            let start = beginning(today, unit)?;
            both(shifted(start, unit, offset), shifted(start, unit, offset + 1))
        }
    }
}

/// The stretch of a function that takes a date: `On`, `OnOrAfter`, `OnOrBefore`.
pub(super) fn around(name: &str, date: Date) -> Option<Stretch> {
    let (start, end) = (midnight(date), shifted(date, Unit::Day, 1).and_then(midnight));
    match name {
        "On" => Some((start, end)),
        "OnOrAfter" => Some((start, None)),
        "OnOrBefore" => Some((None, end)),
        _ => None,
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Unit {
    Minute,
    Hour,
    Day,
    Week,
    Month,
    Year,
}

impl Unit {
    fn singular(word: &str) -> Option<Self> {
        Some(match word {
            "Week" => Self::Week,
            "Month" => Self::Month,
            "Year" => Self::Year,
            _ => return None,
        })
    }

    fn plural(word: &str) -> Option<Self> {
        Some(match word {
            "Minutes" => Self::Minute,
            "Hours" => Self::Hour,
            "Days" => Self::Day,
            "Weeks" => Self::Week,
            "Months" => Self::Month,
            "Years" => Self::Year,
            _ => return None,
        })
    }
}

fn both(from: Option<Date>, until: Option<Date>) -> Option<Stretch> {
    Some((Some(midnight(from?)?), Some(midnight(until?)?)))
}

fn midnight(date: Date) -> Option<Timestamp> {
    TimeZone::UTC.to_timestamp(DateTime::from_parts(date, Time::midnight())).ok()
}

/// Weeks begin on Sunday, as in an organisation whose settings nobody changed.
fn beginning(today: Date, unit: Unit) -> Option<Date> {
    match unit {
        Unit::Week => shifted(today, Unit::Day, -i64::from(today.weekday().to_sunday_zero_offset())),
        Unit::Month => Some(today.first_of_month()),
        Unit::Year => Some(today.first_of_year()),
        _ => Some(today),
    }
}

fn shifted(date: Date, unit: Unit, amount: i64) -> Option<Date> {
    let span = match unit {
        Unit::Week => Span::new().try_weeks(amount),
        Unit::Month => Span::new().try_months(amount),
        Unit::Year => Span::new().try_years(amount),
        _ => Span::new().try_days(amount),
    };
    date.checked_add(span.ok()?).ok()
}

fn back(now: Timestamp, today: Date, unit: Unit, amount: i64) -> Option<Timestamp> {
    match unit {
        Unit::Minute => now.checked_sub(SignedDuration::from_mins(amount.clamp(0, 1 << 32))).ok(),
        Unit::Hour => now.checked_sub(SignedDuration::from_hours(amount.clamp(0, 1 << 32))).ok(),
        _ => shifted(today, unit, amount.saturating_neg()).and_then(midnight),
    }
}

fn forth(now: Timestamp, today: Date, unit: Unit, amount: i64) -> Option<Timestamp> {
    match unit {
        Unit::Minute => now.checked_add(SignedDuration::from_mins(amount.clamp(0, 1 << 32))).ok(),
        Unit::Hour => now.checked_add(SignedDuration::from_hours(amount.clamp(0, 1 << 32))).ok(),
        _ => shifted(today, unit, amount).and_then(|last| shifted(last, Unit::Day, 1)).and_then(midnight),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_functions_name_these_stretches() {
        // A Monday.
        let now: Timestamp = "2026-11-23T10:30:00Z".parse().unwrap();
        for (name, amount, from, until) in [
            ("Today", 0, "2026-11-23T00:00:00Z", "2026-11-24T00:00:00Z"),
            ("Yesterday", 0, "2026-11-22T00:00:00Z", "2026-11-23T00:00:00Z"),
            ("ThisWeek", 0, "2026-11-22T00:00:00Z", "2026-11-29T00:00:00Z"),
            ("LastMonth", 0, "2026-10-01T00:00:00Z", "2026-11-01T00:00:00Z"),
            ("ThisYear", 0, "2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z"),
            ("NextYear", 0, "2027-01-01T00:00:00Z", "2028-01-01T00:00:00Z"),
            ("LastXDays", 7, "2026-11-16T00:00:00Z", "2026-11-23T10:30:00Z"),
            ("LastXHours", 2, "2026-11-23T08:30:00Z", "2026-11-23T10:30:00Z"),
            ("NextXMonths", 1, "2026-11-23T10:30:00Z", "2026-12-24T00:00:00Z"),
        ] {
            let expected = (Some(from.parse().unwrap()), Some(until.parse().unwrap()));
            assert_eq!(stretch(name, amount, now), Some(expected), "{name}");
        }
        assert_eq!(stretch("OlderThanXYears", 1, now), Some((None, Some("2025-11-23T00:00:00Z".parse().unwrap()))));
        assert_eq!(stretch("ThisDecade", 0, now), None);
        let _ = stretch("LastXYears", i64::MAX, now);
        let on = around("On", "2026-03-01".parse().unwrap()).unwrap();
        assert_eq!(on.1, Some("2026-03-02T00:00:00Z".parse().unwrap()));
    }
}
