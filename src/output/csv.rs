//! Rows as CSV: RFC 4180 quoting, a header, every value as it is. Cells that a spreadsheet would run are reported once,
//! and changed only when asked to be.

use crate::output::lookup::Lookup;
use crate::output::{Column, OutputError, RowSink, Screen, SinkOptions, StandardOutput, guarded, is_formula_like};
use crate::record::Record;

/// CSV with a header.
pub(super) struct CsvRows {
    screen: Screen,
    writer: csv::Writer<StandardOutput>,
    lookup: Option<Lookup>,
    labels: bool,
    formulas: Formulas,
    begun: bool,
}

/// What happens to text that a spreadsheet would run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Formulas {
    /// It is disarmed.
    Guarded,
    /// It is written as it is, and reported.
    Unreported,
    /// It is written as it is, and was reported.
    Reported,
}

impl CsvRows {
    pub(super) fn new(screen: &Screen, options: &SinkOptions) -> Self {
        Self {
            screen: screen.clone(),
            writer: csv::Writer::from_writer(screen.data()),
            lookup: None,
            labels: options.labels,
            formulas: if options.csv_safe { Formulas::Guarded } else { Formulas::Unreported },
            begun: false,
        }
    }

    fn header(&mut self) -> Result<(), OutputError> {
        self.begun = true;
        let Some(lookup) = &self.lookup else { return Ok(()) };
        self.writer.write_record(lookup.columns.iter().map(|column| &column.name)).map_err(of_writing)
    }

    fn finish(&mut self) -> Result<(), OutputError> {
        self.writer.flush().map_err(OutputError::of_writing)
    }
}

impl RowSink for CsvRows {
    fn begin(&mut self, columns: &[Column]) -> Result<(), OutputError> {
        self.lookup = (!columns.is_empty()).then(|| Lookup::new(columns, self.labels));
        Ok(())
    }

    fn row(&mut self, record: &Record) -> Result<(), OutputError> {
        if !self.begun {
            self.lookup.get_or_insert_with(|| Lookup::of_record(record, self.labels));
            self.header()?;
        }
        let Some(lookup) = &mut self.lookup else { return Ok(()) };
        let found = lookup.find(record);
        for column in 0..found.values.len() {
            let Some(cell) = found.shown(column) else {
                self.writer.write_field("").map_err(of_writing)?;
                continue;
            };
            let text = cell.text();
            // A number may begin with a minus sign, and is a number in a spreadsheet too.
            let may_run = cell.as_json().starts_with('"');
            if may_run && self.formulas == Formulas::Guarded {
                self.writer.write_field(guarded(&text).as_bytes()).map_err(of_writing)?;
                continue;
            }
            self.writer.write_field(text.as_bytes()).map_err(of_writing)?;
            if may_run && self.formulas == Formulas::Unreported && is_formula_like(&text) {
                self.formulas = Formulas::Reported;
                self.screen.warn(&format!(
                    "column {} holds text that a spreadsheet would run as a formula; it is written unchanged, and \
                     `--csv-safe` puts a ' in front of such cells",
                    lookup.columns[column].name
                ));
            }
        }
        self.writer.write_record(None::<&[u8]>).map_err(of_writing)?;
        if self.screen.is_terminal_stdout() { self.finish() } else { Ok(()) }
    }

    fn flush(&mut self) -> Result<(), OutputError> {
        self.finish()
    }

    fn end(&mut self) -> Result<(), OutputError> {
        if !self.begun {
            self.header()?;
        }
        self.finish()
    }

    fn abandon(&mut self) {
        // Whatever fails here, the error that broke the stream is the one to show.
        let _ = self.finish();
    }
}

fn of_writing(error: csv::Error) -> OutputError {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => OutputError::of_writing(error),
        other => OutputError::Failed(std::io::Error::other(format!("{other:?}"))),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop_assert_eq, proptest};

    use super::*;
    use crate::output::rows::tests::{ROWS, on_terminal, piped, written};
    use crate::output::{Format, Stdio};

    #[test]
    fn values_are_quoted_and_keep_every_digit() {
        let csv = piped(Format::Csv, SinkOptions::default(), &["name", "revenue", "statecode", "note"], &ROWS);
        let expected = concat!(
            "name,revenue,statecode,note\n",
            "\"Contoso \"\"Ltd\"\", UK\",922337203685477.5807,0,\"a\tb\r\nc\\d\"\n",
            ",1.10,1,=1+1\n",
            "株式会社,-5,,\n",
        );
        assert_eq!(csv, expected);
    }

    #[test]
    fn labels_take_the_place_of_values() {
        let options = SinkOptions { labels: true, ..SinkOptions::default() };
        let csv = piped(Format::Csv, options, &["statecode", "accountid"], &ROWS);
        assert_eq!(csv, "statecode,accountid\nActive,a1\n1,a2\n,a3\n");
    }

    #[test]
    fn without_columns_the_first_record_says_which() {
        let csv = piped(Format::Csv, SinkOptions::default(), &[], &[r#"{"b":1,"@x":2,"a":3}"#, r#"{"a":4,"c":5}"#]);
        assert_eq!(csv, "b,a\n1,3\n,4\n");
    }

    #[test]
    fn no_rows_are_a_header() {
        assert_eq!(piped(Format::Csv, SinkOptions::default(), &["a", "b"], &[]), "a,b\n");
        assert_eq!(piped(Format::Csv, SinkOptions::default(), &[], &[]), "");
    }

    #[test]
    fn formulas_are_reported_once_and_numbers_are_none() {
        let rows = [r#"{"a":-1,"b":"+44 20"}"#, r#"{"a":-2,"b":"=x"}"#];
        let captured = written(Stdio::captured(), Format::Csv, SinkOptions::default(), &["a", "b"], &rows);
        assert_eq!(captured.stdout(), "a,b\n-1,+44 20\n-2,=x\n");
        assert_eq!(captured.stderr().matches("warning: column b").count(), 1);
        let captured = written(Stdio::captured(), Format::Csv, SinkOptions::default(), &["a"], &rows);
        assert_eq!(captured.stderr(), "");
    }

    #[test]
    fn safe_cells_are_prefixed_without_a_word() {
        let options = SinkOptions { csv_safe: true, ..SinkOptions::default() };
        let captured = written(Stdio::captured(), Format::Csv, options, &["a", "b"], &[r#"{"a":-1,"b":"=x"}"#]);
        assert_eq!(captured.stdout(), "a,b\n-1,'=x\n");
        assert_eq!(captured.stderr(), "");
    }

    #[test]
    fn line_breaks_in_a_cell_stay_and_carriage_returns_are_shown_on_a_terminal() {
        assert_eq!(on_terminal(Format::Csv, 80, &["a"], &[r#"{"a":"x\r\ny"}"#]), "a\n\"x\\u{d}\ny\"\n");
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(cells in proptest::collection::vec(any::<(String, String)>(), 0..8)) {
            let rows: Vec<String> =
                cells.iter().map(|(a, b)| serde_json::json!({ "a": a, "b": b }).to_string()).collect();
            let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
            let written = piped(Format::Csv, SinkOptions::default(), &["a", "b"], &rows);
            let mut reader = csv::Reader::from_reader(written.as_bytes());
            let read: Vec<(String, String)> =
                reader.records().map(|row| row.unwrap()).map(|row| (row[0].to_owned(), row[1].to_owned())).collect();
            prop_assert_eq!(read, cells);
        }
    }
}
