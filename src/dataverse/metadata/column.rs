//! One column as its organisation defines it. No value of a record is judged here.

use serde::{Deserialize, Serialize};

/// A column of a table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ColumnDefinition {
    /// Logical name: what stands in a record.
    pub name: String,
    /// Schema name.
    pub schema_name: String,
    /// What people call it, in the user's language.
    pub label: Option<String>,
    /// What it holds.
    pub kind: ColumnKind,
    /// How much it is wanted.
    pub required: Required,
    /// Whether it is sent with a record.
    pub is_readable: bool,
    /// Whether a new record may have it.
    pub is_creatable: bool,
    /// Whether a change may name it.
    pub is_updatable: bool,
    /// The column that this one accompanies: a lookup's name, money in the base currency.
    pub part_of: Option<String>,
    /// Most characters of text.
    pub longest: Option<u64>,
    /// Least number, with its digits as sent.
    pub least: Option<String>,
    /// Most number, with its digits as sent.
    pub most: Option<String>,
    /// Digits after the point.
    pub precision: Option<u32>,
    /// `Email`, `Url`, `DateOnly`, …
    pub format: Option<String>,
    /// `UserLocal`, `DateOnly` or `TimeZoneIndependent`, of a date.
    pub behavior: Option<String>,
    /// What a choice offers.
    pub choices: Vec<Choice>,
    /// Tables that a lookup may lead to.
    pub targets: Vec<String>,
    /// The most KiB of a file or an image.
    #[serde(default)]
    pub most_kibibytes: Option<u64>,
}

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ColumnKind {
    /// One line of text.
    Text,
    /// Many lines of text.
    Memo,
    /// A whole number of 32 bits.
    Whole,
    /// A whole number of 64 bits.
    Big,
    /// A decimal number.
    Decimal,
    /// Money.
    Money,
    /// A floating-point number.
    Double,
    /// Yes or no.
    Boolean,
    /// One of some labels.
    Choice,
    /// Any of some labels.
    Choices,
    /// The state of the record.
    State,
    /// The reason for the state.
    Status,
    /// A date, with or without a time.
    Date,
    /// A record of another table.
    Lookup,
    /// The parties of an activity.
    Parties,
    /// A GUID: the primary key, or one that points nowhere.
    Guid,
    /// The logical name of a table.
    Table,
    /// A picture.
    Image,
    /// A file.
    File,
    /// What the service works out, or keeps to itself.
    Other,
}

/// How much a column is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Required {
    /// By nobody.
    No,
    /// By forms, which recommend it.
    Recommended,
    /// By forms; the Web API takes a record without it.
    Application,
    /// By the platform.
    System,
}

/// One label of a choice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice {
    /// What a record holds.
    pub value: i64,
    /// What people read, in the user's language.
    pub label: String,
    /// The label in other languages.
    pub other_labels: Vec<String>,
    /// The state that a status reason belongs to.
    pub state: Option<i64>,
    /// Of a state: the reason that a record gets where none is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_reason: Option<i64>,
}

/// What only a derived type of column tells, and has to be asked for by that type. Source: Microsoft Learn, "Query table
/// definitions using the Web API".
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Detail {
    /// Length and format of text.
    String,
    /// Length of long text.
    Memo,
    /// Limits of whole numbers.
    Integer,
    /// Limits of decimal numbers.
    Decimal,
    /// Limits of money.
    Money,
    /// Limits of floating-point numbers.
    Double,
    /// The two labels.
    Boolean,
    /// Labels.
    Picklist,
    /// Labels.
    MultiSelectPicklist,
    /// Labels.
    State,
    /// Labels.
    Status,
    /// Whether there is a time, and in which zone.
    DateTime,
    /// Where a lookup leads.
    Lookup,
    /// How large a file may be.
    File,
    /// How large an image may be.
    Image,
}

impl ColumnKind {
    /// What people call it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Memo => "long text",
            Self::Whole => "whole number",
            Self::Big => "big whole number",
            Self::Decimal => "decimal number",
            Self::Money => "money",
            Self::Double => "floating-point number",
            Self::Boolean => "yes or no",
            Self::Choice => "choice",
            Self::Choices => "choices",
            Self::State => "state",
            Self::Status => "status reason",
            Self::Date => "date",
            Self::Lookup => "lookup",
            Self::Parties => "parties",
            Self::Guid => "id",
            Self::Table => "table name",
            Self::Image => "image",
            Self::File => "file",
            Self::Other => "other",
        }
    }

    /// The derived type that knows more of it.
    #[must_use]
    pub const fn detail(self) -> Option<Detail> {
        Some(match self {
            Self::Text => Detail::String,
            Self::Memo => Detail::Memo,
            Self::Whole => Detail::Integer,
            Self::Decimal => Detail::Decimal,
            Self::Money => Detail::Money,
            Self::Double => Detail::Double,
            Self::Boolean => Detail::Boolean,
            Self::Choice => Detail::Picklist,
            Self::Choices => Detail::MultiSelectPicklist,
            Self::State => Detail::State,
            Self::Status => Detail::Status,
            Self::Date => Detail::DateTime,
            Self::Lookup => Detail::Lookup,
            Self::Big | Self::Parties | Self::Guid | Self::Table | Self::Image | Self::File | Self::Other => {
                return None;
            }
        })
    }
}

impl Required {
    /// What people call it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::No => "no",
            Self::Recommended => "recommended",
            Self::Application => "by forms",
            Self::System => "always",
        }
    }
}

impl ColumnDefinition {
    /// The name that it has in a record and in `$select`: a lookup is sent as `_name_value`.
    #[must_use]
    pub fn property(&self) -> String {
        if self.kind == ColumnKind::Lookup { format!("_{}_value", self.name) } else { self.name.clone() }
    }

    /// Whether it holds a day without a time.
    #[must_use]
    pub fn is_day(&self) -> bool {
        self.kind == ColumnKind::Date && self.behavior.as_deref() == Some("DateOnly")
    }
}
