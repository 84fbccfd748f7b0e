//! Literals of OData addresses: text, numbers, dates, GUIDs. They know nothing of the columns they will be compared with.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use uuid::Uuid;

use crate::sandbox::odata::Number;

/// A literal value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Literal {
    /// `null`.
    Null,
    /// `true` or `false`.
    Flag(bool),
    /// A number.
    Number(Number),
    /// Quoted text, its doubled apostrophes already single.
    Text(String),
    /// A bare GUID.
    Guid(Uuid),
    /// A date with a time.
    Moment(Timestamp),
    /// A date.
    Day(Date),
    /// `Namespace.Type'Member'`.
    Member {
        /// The qualified type.
        of: String,
        /// The member.
        name: String,
    },
}

impl Literal {
    /// Reads one literal, quotes included; `None` when the text is none.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if let Some(quoted) = text.strip_prefix('\'') {
            return unquote(quoted.strip_suffix('\'')?).map(Self::Text);
        }
        if let Some((of, name)) = text.strip_suffix('\'').and_then(|text| text.split_once('\'')) {
            return Some(Self::Member { of: of.to_owned(), name: name.to_owned() });
        }
        Self::bare(text)
    }

    /// Reads a literal that carries no quotes.
    pub fn bare(text: &str) -> Option<Self> {
        match text {
            "null" => return Some(Self::Null),
            "true" => return Some(Self::Flag(true)),
            "false" => return Some(Self::Flag(false)),
            _ => {}
        }
        Number::parse(text)
            .map(Self::Number)
            .or_else(|| guid(text).map(Self::Guid))
            .or_else(|| day(text).map(Self::Day))
            .or_else(|| moment(text).map(Self::Moment))
    }

    /// The name of the type as the service says it in errors.
    pub fn edm_type(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Flag(_) => "Edm.Boolean",
            Self::Number(number) if number.as_whole().is_some_and(|whole| i32::try_from(whole).is_ok()) => "Edm.Int32",
            Self::Number(_) => "Edm.Decimal",
            Self::Text(_) => "Edm.String",
            Self::Guid(_) => "Edm.Guid",
            Self::Moment(_) => "Edm.DateTimeOffset",
            Self::Day(_) => "Edm.Date",
            Self::Member { .. } => "Enum",
        }
    }
}

/// Doubled apostrophes made single; `None` when a single one stands inside.
fn unquote(text: &str) -> Option<String> {
    let single = text.replace("''", "");
    (!single.contains('\'')).then(|| text.replace("''", "'"))
}

/// A GUID as the service takes it in addresses: 36 characters, no braces, either case.
pub(crate) fn guid(text: &str) -> Option<Uuid> {
    (text.len() == 36).then(|| Uuid::try_parse(text).ok()).flatten()
}

/// `2026-03-01`.
pub(crate) fn day(text: &str) -> Option<Date> {
    (text.len() == 10).then(|| text.parse().ok()).flatten()
}

/// A date with a time; without `Z` or an offset it is taken for UTC, as the service does.
pub(crate) fn moment(text: &str) -> Option<Timestamp> {
    if text.len() < 16 || !text.is_ascii() || !matches!(text.as_bytes()[10], b'T' | b't') {
        return None;
    }
    text.parse::<Timestamp>().ok().or_else(|| {
        let local: DateTime = text.parse().ok()?;
        TimeZone::UTC.to_timestamp(local).ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: impl Into<Option<Literal>>) {
        assert_eq!(Literal::parse(text), expected.into(), "{text}");
    }

    #[test]
    fn literals_are_told_apart_by_their_shape() {
        check("null", Some(Literal::Null));
        check("true", Some(Literal::Flag(true)));
        check("-12.50", Some(Literal::Number(Number::parse("-12.5").unwrap())));
        check("'O''Neil'", Some(Literal::Text("O'Neil".to_owned())));
        check("''", Some(Literal::Text(String::new())));
        check("'O'Neil'", None);
        check("'open", None);
        check("6D2EF3C1-9f6e-4e11-8179-000d3a000002", guid("6d2ef3c1-9f6e-4e11-8179-000d3a000002").map(Literal::Guid));
        check("{6d2ef3c1-9f6e-4e11-8179-000d3a000002}", None);
        check("2026-03-01", Some(Literal::Day("2026-03-01".parse().unwrap())));
        check("2026-02-30", None);
        check("2026-03-01T08:30:00Z", Some(Literal::Moment("2026-03-01T08:30:00Z".parse().unwrap())));
        check("2026-03-01T08:30:00+02:00", Some(Literal::Moment("2026-03-01T06:30:00Z".parse().unwrap())));
        check("2026-03-01T08:30:00", Some(Literal::Moment("2026-03-01T08:30:00Z".parse().unwrap())));
        check("Some.Type'Member'", Some(Literal::Member { of: "Some.Type".to_owned(), name: "Member".to_owned() }));
        check("name", None);
    }
}
