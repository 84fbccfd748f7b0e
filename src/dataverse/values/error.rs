//! Values that a table does not take, and records that a lookup names and nobody finds. Each is told before anything is
//! written.

use crate::dataverse::nearest::any_of;
use crate::dataverse::phrases::values as phrases;
use crate::problem::{Diagnose, Phrase};

/// The most that is listed.
const MOST_LISTED: usize = 12;

/// Why a value can't be written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ValueError {
    /// No such column.
    #[error("{table} has no column `{}`", column.escape_debug())]
    UnknownColumn {
        /// The table.
        table: String,
        /// As typed.
        column: String,
        /// Columns that look like it.
        near: Vec<String>,
    },
    /// No such navigation property.
    #[error("nothing of {table} is reached by `{}`", name.escape_debug())]
    UnknownWay {
        /// The table.
        table: String,
        /// As typed.
        name: String,
        /// Navigation properties that look like it.
        near: Vec<String>,
    },
    /// A lookup by the name of its column where its value is meant.
    #[error("`{column}` of {table} is a lookup, whose id has another name")]
    LookupByName {
        /// The table.
        table: String,
        /// The lookup.
        column: String,
    },
    /// A column that nobody may write, or not at this time.
    #[error("the column {column} of {table} can't be written{when}")]
    ReadOnlyColumn {
        /// The table.
        table: String,
        /// The column.
        column: String,
        /// ` when a record is created`, ` in a change`, or nothing.
        when: &'static str,
    },
    /// A label that is none of the choice's.
    #[error("`{}` is no choice of {column}", text.escape_debug())]
    NoSuchChoice {
        /// The table.
        table: String,
        /// The column.
        column: String,
        /// As typed.
        text: String,
        /// What there is.
        choices: Vec<String>,
    },
    /// A label or number that fits several choices.
    #[error("`{}` may be {} choices of {column}", text.escape_debug(), candidates.len())]
    AmbiguousChoice {
        /// The table.
        table: String,
        /// The column.
        column: String,
        /// As typed.
        text: String,
        /// Each as it can be typed.
        candidates: Vec<String>,
    },
    /// A lookup whose id is given as if it were a value.
    #[error("the lookup {column} of {table} takes no id as its value")]
    LookupAsValue {
        /// The table.
        table: String,
        /// The lookup.
        column: String,
        /// `"parentcustomerid_account@odata.bind": "/accounts(…)"`, once for each table.
        bindings: Vec<String>,
        /// `parentcustomerid=account:…`, once for each table.
        words: Vec<String>,
    },
    /// A record of a table that the lookup does not lead to.
    #[error("{column} leads to {}, not to {table}", targets.join(" or "))]
    NotATarget {
        /// The lookup, as it was called.
        column: String,
        /// The table that was named.
        table: String,
        /// Those that it leads to.
        targets: Vec<String>,
    },
    /// Text that does not fit the column's kind.
    #[error("`{}` is not {wanted}, which {column} takes", text.escape_debug())]
    WrongKind {
        /// The column.
        column: String,
        /// As typed.
        text: String,
        /// What it should be, with its article.
        wanted: String,
    },
    /// More text than the column takes.
    #[error("the text for {column} has {length} characters, {longest} are allowed")]
    TooLong {
        /// The column.
        column: String,
        /// Its length.
        length: usize,
        /// The most.
        longest: u64,
    },
    /// A number or date beyond the column's limits.
    #[error("{text} is outside of what {column} takes: {limits}")]
    OutOfRange {
        /// The column.
        column: String,
        /// As typed.
        text: String,
        /// `0 to 100`, `from 1753-01-01`, `4 digits after the point`.
        limits: String,
    },
    /// A column that can't be empty.
    #[error("the column {column} can't be empty")]
    NotEmpty {
        /// The column.
        column: String,
    },
    /// A new record without what the platform wants.
    #[error("a new {table} needs {}", columns.join(", "))]
    Missing {
        /// The table.
        table: String,
        /// What is missing.
        columns: Vec<String>,
    },
    /// A column whose bytes travel in another way.
    #[error("the column {column} holds {kind}")]
    NotByValue {
        /// The column.
        column: String,
        /// `a file`, `an image`, `parties`.
        kind: &'static str,
    },
    /// Parties of an activity that is there already.
    #[error("the parties in {column} can't be changed one by one")]
    PartiesLater {
        /// The column.
        column: String,
        /// The table.
        table: String,
        /// Its entity set.
        entity_set: String,
    },
    /// A record inside a change.
    #[error("a change of {table} takes no records inside it, as in `{}`", column.escape_debug())]
    NestedInChange {
        /// The table.
        table: String,
        /// The navigation property.
        column: String,
    },
    /// A lookup to several tables, and none is named.
    #[error("{column} leads to several tables, and `{}` names none", text.escape_debug())]
    TableNeeded {
        /// The lookup.
        column: String,
        /// As typed.
        text: String,
        /// The tables.
        targets: Vec<String>,
    },
    /// A key that is not written `column=value`.
    #[error("`{}` is not a key", text.escape_debug())]
    BadKey {
        /// As typed.
        text: String,
    },
    /// Columns that are no alternate key.
    #[error("{columns} is no key of {table}")]
    NotAKey {
        /// The table.
        table: String,
        /// As typed.
        columns: String,
        /// What keys there are.
        keys: Vec<String>,
    },
    /// A record that was not to be there.
    #[error("there is a {table} {what} already")]
    Taken {
        /// The table.
        table: String,
        /// As [`ValueError::NothingFound`].
        what: String,
    },
    /// Nothing is called so.
    #[error("there is no {table} {what}")]
    NothingFound {
        /// The table.
        table: String,
        /// `called `…``, `with accountnumber `…``.
        what: String,
    },
    /// Several are called so.
    #[error("there are several of {table} {what}")]
    Ambiguous {
        /// The table.
        table: String,
        /// As [`ValueError::NothingFound`].
        what: String,
        /// `name (id)` of some.
        candidates: Vec<String>,
    },
    /// A key that is to lead to the one record to change leads to several.
    #[error("there are several of {table} {what}")]
    KeyOfSeveral {
        /// The table.
        table: String,
        /// As [`ValueError::NothingFound`].
        what: String,
        /// `name (id)` of some.
        candidates: Vec<String>,
    },
    /// The values of an upsert say something else than its key.
    #[error("the key says {column}=`{}`, the values say {column}=`{}`", key.escape_debug(), value.escape_debug())]
    KeyContradicted {
        /// The column.
        column: String,
        /// In the key.
        key: String,
        /// Among the values.
        value: String,
    },
    /// A day for a column that keeps moments, and no zone in which it begins.
    #[error("{day} begins at another moment in every zone, and the zone of the user who writes can't be read: {why}")]
    NoTimeZone {
        /// The column.
        column: String,
        /// As typed.
        day: String,
        /// What kept it away.
        why: String,
    },
    /// `--time-zone` names none.
    #[error("there is no time zone `{}` here", name.escape_debug())]
    UnknownTimeZone {
        /// As typed.
        name: String,
    },
    /// Parties are asked for as a column.
    #[error("`{column}` of {table} holds parties, which are records of their own")]
    PartiesAsColumn {
        /// The table.
        table: String,
        /// The column.
        column: String,
    },
    /// Parties of what is no activity.
    #[error("{table} is no activity, and nobody takes part in it")]
    NoActivity {
        /// The table.
        table: String,
    },
    /// `--as` names nobody.
    #[error("there is no user `{}`", typed.escape_debug())]
    NoSuchUser {
        /// As typed.
        typed: String,
    },
}

impl Diagnose for ValueError {
    fn phrase(&self) -> &'static Phrase {
        match self {
            Self::UnknownColumn { .. } => &phrases::NO_SUCH_COLUMN,
            Self::UnknownWay { .. } => &phrases::NO_SUCH_WAY,
            Self::LookupByName { .. } => &phrases::LOOKUP_BY_NAME,
            Self::ReadOnlyColumn { .. } => &phrases::READ_ONLY_COLUMN,
            Self::NoSuchChoice { .. } => &phrases::NO_SUCH_CHOICE,
            Self::AmbiguousChoice { .. } => &phrases::AMBIGUOUS_CHOICE,
            Self::LookupAsValue { .. } => &phrases::LOOKUP_AS_VALUE,
            Self::NotATarget { .. } => &phrases::NOT_A_TARGET,
            Self::WrongKind { .. } => &phrases::WRONG_KIND,
            Self::TooLong { .. } => &phrases::TOO_LONG,
            Self::OutOfRange { .. } => &phrases::OUT_OF_RANGE,
            Self::NotEmpty { .. } => &phrases::NOT_EMPTY,
            Self::Missing { .. } => &phrases::MISSING,
            Self::NotByValue { .. } => &phrases::NOT_BY_VALUE,
            Self::PartiesLater { .. } => &phrases::PARTIES_LATER,
            Self::NestedInChange { .. } => &phrases::NESTED_IN_CHANGE,
            Self::TableNeeded { .. } => &phrases::TABLE_NEEDED,
            Self::BadKey { .. } => &phrases::BAD_KEY,
            Self::NotAKey { .. } => &phrases::NOT_A_KEY,
            Self::Taken { .. } => &phrases::TAKEN,
            Self::NothingFound { .. } => &phrases::NOTHING_FOUND,
            Self::Ambiguous { .. } => &phrases::AMBIGUOUS_RECORD,
            Self::KeyOfSeveral { .. } => &phrases::KEY_OF_SEVERAL,
            Self::KeyContradicted { .. } => &phrases::KEY_CONTRADICTED,
            Self::NoTimeZone { .. } => &phrases::NO_TIME_ZONE,
            Self::UnknownTimeZone { .. } => &phrases::UNKNOWN_TIME_ZONE,
            Self::PartiesAsColumn { .. } => &phrases::PARTIES_AS_COLUMN,
            Self::NoActivity { .. } => &phrases::NO_ACTIVITY,
            Self::NoSuchUser { .. } => &phrases::NO_SUCH_USER,
        }
    }

    fn facts(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::UnknownColumn { table, near, .. } | Self::UnknownWay { table, near, .. } => {
                let mut facts = vec![("table", table.clone())];
                facts.extend((!near.is_empty()).then(|| ("nearest", any_of(near))));
                facts
            }
            Self::NoTimeZone { column, day, .. } => vec![("example", format!("{column}={day}T00:00:00+01:00"))],
            Self::ReadOnlyColumn { table, .. }
            | Self::PartiesAsColumn { table, .. }
            | Self::NestedInChange { table, .. }
            | Self::NothingFound { table, .. } => vec![("table", table.clone())],
            Self::NoSuchChoice { table, choices, .. } => {
                let mut facts = vec![("table", table.clone())];
                facts.extend((!choices.is_empty()).then(|| ("choices", listed(choices))));
                facts
            }
            Self::AmbiguousChoice { column, candidates, .. } => {
                vec![("column", column.clone()), ("candidates", any_of(candidates))]
            }
            Self::LookupAsValue { bindings, words, .. } => {
                vec![("bindings", any_of(bindings)), ("words", any_of(words))]
            }
            Self::NotATarget { column, targets, .. } => {
                let examples: Vec<String> = targets.iter().map(|table| format!("{column}={table}:…")).collect();
                vec![("examples", any_of(&examples))]
            }
            Self::Missing { columns, .. } => {
                vec![("example", columns.iter().map(|column| format!("{column}=…")).collect::<Vec<_>>().join(" "))]
            }
            Self::PartiesLater { table, entity_set, .. } => {
                vec![("table", table.clone()), ("set", entity_set.clone())]
            }
            Self::TableNeeded { column, text, targets } => {
                let examples: Vec<String> = targets.iter().map(|table| format!("{column}={table}:{text}")).collect();
                vec![("examples", any_of(&examples))]
            }
            Self::NotAKey { table, keys, .. } => {
                let mut facts = vec![("table", table.clone())];
                facts.extend((!keys.is_empty()).then(|| ("keys", listed(keys))));
                facts
            }
            Self::Ambiguous { table, candidates, .. } | Self::KeyOfSeveral { table, candidates, .. } => {
                vec![("table", table.clone()), ("candidates", listed(candidates))]
            }
            Self::NotByValue { column, .. }
            | Self::LookupByName { column, .. }
            | Self::KeyContradicted { column, .. } => vec![("column", column.clone())],
            Self::WrongKind { .. }
            | Self::TooLong { .. }
            | Self::OutOfRange { .. }
            | Self::NotEmpty { .. }
            | Self::BadKey { .. }
            | Self::Taken { .. }
            | Self::UnknownTimeZone { .. }
            | Self::NoActivity { .. }
            | Self::NoSuchUser { .. } => Vec::new(),
        }
    }
}

fn listed(names: &[String]) -> String {
    let more = if names.len() > MOST_LISTED { ", …" } else { "" };
    let listed: Vec<&str> = names.iter().take(MOST_LISTED).map(String::as_str).collect();
    format!("{}{more}", listed.join(", "))
}
