//! One value in a record. It never knows its column.

use std::cmp::Ordering;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use uuid::Uuid;

use crate::sandbox::odata::Number;

/// A value; the absence of one is `null`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Value {
    /// Text.
    Text(Box<str>),
    /// A whole number, a choice, a state.
    Whole(i64),
    /// Money and other numbers with a fraction, at the scale of their column.
    Number(Number),
    /// Yes or no.
    Flag(bool),
    /// A date with a time.
    Moment(Timestamp),
    /// A date.
    Day(Date),
    /// A GUID.
    Id(Uuid),
    /// A record.
    Link(Link),
}

/// A record of some table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Link {
    /// The table's place in the schema.
    pub table: u16,
    /// The record.
    pub id: Uuid,
}

impl Value {
    /// Text.
    pub fn text(text: impl Into<Box<str>>) -> Self {
        Self::Text(text.into())
    }

    /// The order of two values of one kind, as the service sees it: text without regard to case, numbers exactly.
    /// `None` when they cannot be compared.
    pub fn compared_with(&self, other: &Self) -> Option<Ordering> {
        Some(match (self, other) {
            (Self::Text(left), Self::Text(right)) => compare_text(left, right),
            (Self::Flag(left), Self::Flag(right)) => left.cmp(right),
            (Self::Moment(left), Self::Moment(right)) => left.cmp(right),
            (Self::Day(left), Self::Day(right)) => left.cmp(right),
            (Self::Day(left), Self::Moment(right)) => left.cmp(&day_of(*right)),
            (Self::Moment(left), Self::Day(right)) => day_of(*left).cmp(right),
            _ => match (self.as_id(), other.as_id()) {
                (Some(left), Some(right)) => left.cmp(&right),
                _ => self.as_number()?.cmp(&other.as_number()?),
            },
        })
    }

    /// The GUID of a record or a bare one.
    pub fn as_id(&self) -> Option<Uuid> {
        match self {
            Self::Id(id) | Self::Link(Link { id, .. }) => Some(*id),
            _ => None,
        }
    }

    /// The record pointed to.
    pub fn as_link(&self) -> Option<Link> {
        if let Self::Link(link) = self { Some(*link) } else { None }
    }

    /// Text.
    pub fn as_text(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    /// A whole number.
    pub fn as_whole(&self) -> Option<i64> {
        if let Self::Whole(whole) = self { Some(*whole) } else { None }
    }

    /// Any number.
    pub fn as_number(&self) -> Option<Number> {
        match self {
            Self::Whole(whole) => Some(Number::whole(*whole)),
            Self::Number(number) => Some(*number),
            _ => None,
        }
    }
}

/// The day of a moment in UTC.
pub(crate) fn day_of(moment: Timestamp) -> Date {
    TimeZone::UTC.to_datetime(moment).date()
}

/// Text in the form in which it is compared and indexed.
pub(crate) fn folded(text: &str) -> String {
    text.to_lowercase()
}

fn compare_text(left: &str, right: &str) -> Ordering {
    left.chars().flat_map(char::to_lowercase).cmp(right.chars().flat_map(char::to_lowercase))
}
