//! What every format of rows has in common: the sink that takes records one by one, the columns, the choice of format.
//! How a format looks lives in the file of its name.

use std::collections::HashSet;
use std::str::FromStr;

use crate::output::csv::CsvRows;
use crate::output::filtered::FilteredRows;
use crate::output::id::IdRows;
use crate::output::json::JsonRows;
use crate::output::ndjson::NdjsonRows;
use crate::output::table::TableRows;
use crate::output::tsv::TsvRows;
use crate::output::{OutputError, Screen};
use crate::record::Record;

/// Takes records in order and writes each as soon as it can. Memory does not grow with the number of rows.
///
/// The order of calls is `begin`, any number of `row`, then either `end` or `abandon`. Nothing is written before the
/// first row, so a request that fails at once leaves standard output empty.
pub trait RowSink: Send {
    /// Says which columns are wanted, in order. None means: whatever the records hold.
    ///
    /// # Errors
    /// [`OutputError::NoId`] when ids are to be printed and the rows have none.
    fn begin(&mut self, columns: &[Column]) -> Result<(), OutputError>;

    /// Takes one record.
    ///
    /// # Errors
    /// [`OutputError`] when standard output refuses it; nothing more should be sent then.
    fn row(&mut self, record: &Record) -> Result<(), OutputError>;

    /// Makes everything so far visible, for rows that trickle in.
    ///
    /// # Errors
    /// As [`RowSink::row`].
    fn flush(&mut self) -> Result<(), OutputError>;

    /// All rows have come: closes what is open and sees to it that everything was written.
    ///
    /// # Errors
    /// As [`RowSink::row`]. Only a success here means that the output is complete.
    fn end(&mut self) -> Result<(), OutputError>;

    /// The stream broke: writes what came and leaves the rest visibly unfinished, so that nobody takes a part for the
    /// whole. Never fails: a worse error is on its way already.
    fn abandon(&mut self);
}

/// A column of the output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Its key in the record, such as `_primarycontactid_value`; also its name in JSON, CSV and TSV.
    pub name: String,
    /// What stands above it in a table.
    pub heading: String,
}

impl Column {
    /// A column with a heading of its own.
    pub fn new(name: impl Into<String>, heading: impl Into<String>) -> Self {
        Self { name: name.into(), heading: heading.into() }
    }

    /// A column headed by its name.
    pub fn named(name: impl Into<String>) -> Self {
        let name = name.into();
        Self { heading: name.clone(), name }
    }

    /// The columns without those named before: a column asked for twice is shown once.
    pub(super) fn distinct(columns: &[Self]) -> Vec<Self> {
        let mut known = HashSet::with_capacity(columns.len());
        columns.iter().filter(|column| known.insert(column.name.as_str())).cloned().collect()
    }
}

/// A format of rows and objects: what `--output` and `D365CONN_OUTPUT` take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// Aligned columns, fitted to the terminal, for people.
    Table,
    /// One JSON array.
    Json,
    /// One JSON object a line.
    Ndjson,
    /// RFC 4180 quoting with a header; lines end with a line feed, as Unix tools expect.
    Csv,
    /// Values apart by tabs, no header; tab, line feed, carriage return and backslash are written `\t \n \r \\`.
    Tsv,
    /// The id of each record, one a line.
    Id,
}

impl Format {
    /// Every format, in the order in which help lists them.
    pub const ALL: [Self; 6] = [Self::Table, Self::Json, Self::Ndjson, Self::Csv, Self::Tsv, Self::Id];

    /// What is meant when nothing was said.
    #[must_use]
    pub const fn default_for(terminal: bool) -> Self {
        if terminal { Self::Table } else { Self::Tsv }
    }

    /// The word that is typed.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Table => "table",
            Self::Json => "json",
            Self::Ndjson => "ndjson",
            Self::Csv => "csv",
            Self::Tsv => "tsv",
            Self::Id => "id",
        }
    }

    /// Whether errors are shown as JSON too.
    #[must_use]
    pub const fn is_json(self) -> bool {
        matches!(self, Self::Json | Self::Ndjson)
    }
}

impl FromStr for Format {
    type Err = OutputError;

    fn from_str(word: &str) -> Result<Self, OutputError> {
        Self::ALL
            .into_iter()
            .find(|format| format.word().eq_ignore_ascii_case(word.trim()))
            .ok_or_else(|| OutputError::UnknownFormat { given: word.to_owned() })
    }
}

/// What varies within a format.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SinkOptions {
    /// The column that holds a record's id, for [`Format::Id`].
    pub id_column: Option<String>,
    /// Labels as the service sends them, beside the values (JSON) or in their place (CSV, TSV).
    pub labels: bool,
    /// One record is meant: JSON is one object instead of an array, a table stands upright.
    pub single: bool,
    /// Text that a spreadsheet would run gets a `'` in front (CSV).
    pub csv_safe: bool,
}

/// The sink of a format, writing to the screen's standard output; a screen with a filter has a format of its own.
#[must_use]
pub fn sink(format: Format, screen: &Screen, options: SinkOptions) -> Box<dyn RowSink> {
    if let Some(filter) = screen.filter() {
        return Box::new(FilteredRows::new(screen, filter.clone(), &options));
    }
    match format {
        Format::Table => Box::new(TableRows::new(screen, options.single)),
        Format::Json => Box::new(JsonRows::new(screen, &options)),
        Format::Ndjson => Box::new(NdjsonRows::new(screen, &options)),
        Format::Csv => Box::new(CsvRows::new(screen, &options)),
        Format::Tsv => Box::new(TsvRows::new(screen, options.labels)),
        Format::Id => Box::new(IdRows::new(screen, options.id_column)),
    }
}

/// What the tests of every format share.
#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::output::{Captured, ScreenOptions, Stdio};

    /// Rows with what tends to break: money with all its digits, labels, nulls, absent columns, quotes, line breaks.
    pub(in crate::output) const ROWS: [&str; 3] = [
        concat!(
            r#"{"@odata.etag":"W/\"1\"","accountid":"a1","name":"Contoso \"Ltd\", UK","#,
            r#""revenue@OData.Community.Display.V1.FormattedValue":"£922,337,203,685,477.5807","#,
            r#""revenue":922337203685477.5807,"statecode":0,"#,
            r#""statecode@OData.Community.Display.V1.FormattedValue":"Active","note":"a\tb\r\nc\\d"}"#
        ),
        r#"{"accountid":"a2","name":null,"revenue":1.10,"statecode":1,"note":"=1+1"}"#,
        r#"{"accountid":"a3","revenue":-5,"name":"株式会社"}"#,
    ];

    pub(in crate::output) fn columns(names: &[&str]) -> Vec<Column> {
        names.iter().map(|name| Column::named(*name)).collect()
    }

    pub(in crate::output) fn record(json: &str) -> Record {
        Record::parse(json.to_owned()).unwrap()
    }

    /// What `rows` look like on the given streams.
    pub(in crate::output) fn written(
        (stdio, captured): (Stdio, Captured),
        format: Format,
        options: SinkOptions,
        names: &[&str],
        rows: &[&str],
    ) -> Captured {
        let screen = Screen::new(stdio, &ScreenOptions::default());
        let mut sink = sink(format, &screen, options);
        sink.begin(&columns(names)).unwrap();
        for row in rows {
            sink.row(&record(row)).unwrap();
        }
        sink.end().unwrap();
        captured
    }

    /// What `rows` look like in a pipe.
    pub(in crate::output) fn piped(format: Format, options: SinkOptions, names: &[&str], rows: &[&str]) -> String {
        written(Stdio::captured(), format, options, names, rows).stdout()
    }

    /// What `rows` look like on a terminal of `width` columns.
    pub(in crate::output) fn on_terminal(format: Format, width: u16, names: &[&str], rows: &[&str]) -> String {
        let (stdio, captured) = Stdio::captured();
        let screen_options = ScreenOptions { environment_colour: Some(false), ..ScreenOptions::default() };
        let screen = Screen::new(stdio.with_terminal(width), &screen_options);
        let mut sink = sink(format, &screen, SinkOptions::default());
        sink.begin(&columns(names)).unwrap();
        for row in rows {
            sink.row(&record(row)).unwrap();
        }
        sink.end().unwrap();
        captured.stdout()
    }

    #[test]
    fn formats_are_known_by_their_words() {
        for format in Format::ALL {
            assert_eq!(format.word().parse::<Format>().unwrap(), format);
        }
        assert_eq!("JSON".parse::<Format>().unwrap(), Format::Json);
        assert!(matches!("xml".parse::<Format>(), Err(OutputError::UnknownFormat { given }) if given == "xml"));
        assert_eq!(Format::default_for(true), Format::Table);
        assert_eq!(Format::default_for(false), Format::Tsv);
    }

    #[test]
    fn a_stream_that_breaks_before_its_first_row_leaves_standard_output_empty() {
        for format in Format::ALL {
            let (stdio, captured) = Stdio::captured();
            let screen = Screen::new(stdio, &ScreenOptions::default());
            let mut sink = sink(format, &screen, SinkOptions { id_column: Some("id".into()), ..Default::default() });
            sink.begin(&columns(&["name"])).unwrap();
            sink.abandon();
            drop(sink);
            assert_eq!(captured.stdout(), "", "{format:?}");
        }
    }

    #[test]
    fn what_came_before_the_break_is_written() {
        for format in Format::ALL {
            let (stdio, captured) = Stdio::captured();
            let screen = Screen::new(stdio, &ScreenOptions::default());
            let mut sink = sink(format, &screen, SinkOptions { id_column: Some("name".into()), ..Default::default() });
            sink.begin(&columns(&["name"])).unwrap();
            sink.row(&record(r#"{"name":"Contoso"}"#)).unwrap();
            sink.abandon();
            assert!(captured.stdout().contains("Contoso"), "{format:?}");
        }
    }

    #[test]
    fn a_column_asked_for_twice_is_shown_once() {
        assert_eq!(piped(Format::Tsv, SinkOptions::default(), &["a", "b", "a"], &[r#"{"a":1,"b":2}"#]), "1\t2\n");
    }

    #[test]
    fn no_format_lets_a_hostile_cell_reach_a_terminal() {
        let hostile = "{\"id\":\"\\u001b]0;x\\u0007\u{9b}2J\u{202e}\\r\u{7f}\"}";
        for format in [Format::Table, Format::Json, Format::Ndjson, Format::Csv, Format::Tsv] {
            let shown = on_terminal(format, 80, &["id"], &[hostile]);
            assert!(shown.chars().all(|c| !c.is_control() || c == '\n'), "{format:?}: {shown:?}");
            assert!(!shown.contains('\u{202e}'), "{format:?}: {shown:?}");
        }
    }
}
