//! Rows from a stream to the screen, for every command that streams some. Which rows they are is not known here.

use std::collections::HashSet;

use crate::commands::records::columns::is_hidden;
use crate::context::Context;
use crate::dataverse::{Client, RowStream, Table};
use crate::output::{Column, Format, OutputError, RowSink, Screen};
use crate::problem::Problem;
use crate::record::Record;

/// How many rows a person is shown who does not say.
const DEFAULT_TOP: u64 = 50;
/// After so many rows each it is said how far it is.
const FAR: u64 = 50_000;
/// How many rows are looked at when nobody names the columns: FetchXML leaves out what is null.
pub const LOOKED_AT: usize = 50;

/// How many rows are wanted: as many as were asked for, as many as a person looks at, or all of them. A pipe, a file and a
/// jq expression get all, because none of them sees that there is more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    top: Option<u64>,
    is_ours: bool,
}

impl Limit {
    /// The limit of a command with this `--top` and this `--all`.
    #[must_use]
    pub fn of(context: &Context, top: Option<u64>, all: bool) -> Self {
        let is_looked_at =
            context.screen.is_terminal_stdout() && !context.screen.is_filtered() && !context.settings.no_input;
        let is_ours = top.is_none() && !all && is_looked_at;
        Self { top: if is_ours { Some(DEFAULT_TOP) } else { top }, is_ours }
    }

    /// The same where the question may say itself how many rows it wants.
    #[must_use]
    pub const fn unless(self, is_bounded: bool) -> Self {
        if is_bounded && self.is_ours { Self { top: None, is_ours: false } } else { self }
    }

    /// The most rows; none for all of them.
    #[must_use]
    pub const fn top(self) -> Option<u64> {
        self.top
    }

    /// Says that there is more than was shown, if nobody but us ended it there.
    pub fn tell_of_more(self, context: &Context, has_more: bool) {
        if self.is_ours && has_more {
            context.screen.note(&format!("the first {DEFAULT_TOP} are shown; add --all for every one, or --top N"));
        }
    }

    /// Says how far it is, for whoever did not know how much there is.
    fn tell_how_far(self, context: &Context, shown: u64) {
        if self.top.is_none() && shown.is_multiple_of(FAR) {
            context.screen.note(&format!("{shown} rows so far; --top N ends after N"));
        }
    }
}

/// Writes all rows, those of `first` before the others, and says how many there were.
///
/// # Errors
/// When the stream breaks; what came before is written.
pub async fn show(
    context: &Context,
    limit: Limit,
    rows: &mut RowStream,
    mut sink: Box<dyn RowSink>,
    columns: &[Column],
    first: Vec<Record>,
) -> Result<u64, Problem> {
    let mut first = first.into_iter();
    // A refused request must leave stdout empty, so the first row is awaited before anything is written.
    let mut next = match first.next() {
        Some(record) => Some(record),
        None => rows.next().await?,
    };
    sink.begin(columns)?;
    let mut shown = 0;
    while let Some(record) = next {
        sink.row(&record)?;
        shown += 1;
        limit.tell_how_far(context, shown);
        next = match first.next() {
            Some(record) => Some(record),
            None => match rows.next().await {
                Ok(next) => next,
                Err(error) => {
                    sink.abandon();
                    return Err(error.into());
                }
            },
        };
    }
    sink.end()?;
    Ok(shown)
}

/// The first rows, for formats whose columns have to be known before one is written.
///
/// # Errors
/// Whatever kept them away.
pub async fn peek(rows: &mut RowStream, format: Format) -> Result<Vec<Record>, Problem> {
    let mut first = Vec::new();
    while !format.is_json() && first.len() < LOOKED_AT {
        let Some(record) = rows.next().await? else { break };
        first.push(record);
    }
    Ok(first)
}

/// A sink for columns that were taken from the first rows: it says which others came later, because they are not shown.
pub struct LateColumns {
    sink: Box<dyn RowSink>,
    screen: Screen,
    known: HashSet<String>,
    late: Vec<String>,
}

impl LateColumns {
    /// Watches over the rows that go to `sink`.
    #[must_use]
    pub fn watched(sink: Box<dyn RowSink>, screen: &Screen, first: &[Record]) -> Box<dyn RowSink> {
        let known = columns_of(first).into_iter().collect();
        Box::new(Self { sink, screen: screen.clone(), known, late: Vec::new() })
    }
}

impl RowSink for LateColumns {
    fn begin(&mut self, columns: &[Column]) -> Result<(), OutputError> {
        self.sink.begin(columns)
    }

    fn row(&mut self, record: &Record) -> Result<(), OutputError> {
        record.for_each(|name, _| {
            if !name.contains('@') && !self.known.contains(name) {
                self.known.insert(name.to_owned());
                self.late.push(name.to_owned());
            }
        });
        self.sink.row(record)
    }

    fn flush(&mut self) -> Result<(), OutputError> {
        self.sink.flush()
    }

    fn end(&mut self) -> Result<(), OutputError> {
        if !self.late.is_empty() {
            let names = self.late.join(", ");
            let text =
                format!("no row of the first {LOOKED_AT} has {names}, so it is not shown; `-o json` shows everything");
            self.screen.warn(&text);
        }
        self.sink.end()
    }

    fn abandon(&mut self) {
        self.sink.abandon();
    }
}

/// Every column that one of the rows has, in the order in which they appear.
#[must_use]
pub fn columns_of(first: &[Record]) -> Vec<String> {
    let mut known = HashSet::new();
    first.iter().flat_map(Record::column_names).filter(|name| known.insert(name.clone())).collect()
}

/// The columns as they stand in rows: a lookup is sent as `_name_value`, a linked column perhaps with its dot encoded. Only a
/// column that none of the rows has costs a look at the table's definition.
///
/// # Errors
/// Whatever kept the definition away.
pub async fn resolved(
    client: &Client,
    table: &Table,
    names: &[String],
    first: &[Record],
) -> Result<Vec<String>, Problem> {
    let present: HashSet<String> = columns_of(first).into_iter().collect();
    let mut resolved = Vec::with_capacity(names.len());
    for name in names {
        resolved.push(match among(&present, name) {
            Some(form) => form,
            None if name.contains('.') => name.clone(),
            None => match client.definition(&table.logical_name, &[]).await {
                Ok(definition) => definition.sent_as(name).unwrap_or_else(|_| name.clone()),
                Err(error) if is_hidden(&error) => name.clone(),
                Err(error) => return Err(error.into()),
            },
        });
    }
    Ok(resolved)
}

/// The form of a name that stands in rows.
fn among(present: &HashSet<String>, name: &str) -> Option<String> {
    let forms = [name.to_owned(), format!("_{name}_value"), name.replace('.', "_x002e_")];
    forms.into_iter().find(|form| present.contains(form))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_those_of_any_row() {
        let record = |json: &str| Record::parse(json.to_owned()).unwrap();
        let rows = [record(r#"{"@odata.etag":"x","a":1,"_b_value":2}"#), record(r#"{"c.d":1,"a":2}"#)];
        assert_eq!(columns_of(&rows), ["a", "_b_value", "c.d"]);
        let forms = ["b", "a", "c.d", "gone"].map(|name| among(&columns_of(&rows).into_iter().collect(), name));
        assert_eq!(forms, [Some("_b_value"), Some("a"), Some("c.d"), None].map(|form| form.map(str::to_owned)));
    }
}
