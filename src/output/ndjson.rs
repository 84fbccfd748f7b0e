//! Rows as JSON objects, one a line. The text of an object is made in `json`.

use crate::output::json::JsonText;
use crate::output::{Column, OutputError, RowSink, Screen, SinkOptions, StandardOutput};
use crate::record::Record;

/// One object a line.
pub(super) struct NdjsonRows {
    out: StandardOutput,
    text: JsonText,
}

impl NdjsonRows {
    pub(super) fn new(screen: &Screen, options: &SinkOptions) -> Self {
        Self { out: screen.json(), text: JsonText::new(options.labels) }
    }
}

impl RowSink for NdjsonRows {
    fn begin(&mut self, columns: &[Column]) -> Result<(), OutputError> {
        self.text.begin(columns);
        Ok(())
    }

    fn row(&mut self, record: &Record) -> Result<(), OutputError> {
        self.out.put(self.text.line("", record, "\n"))
    }

    fn flush(&mut self) -> Result<(), OutputError> {
        self.out.finish()
    }

    fn end(&mut self) -> Result<(), OutputError> {
        self.out.finish()
    }

    fn abandon(&mut self) {
        // Whatever fails here, the error that broke the stream is the one to show.
        let _ = self.out.finish();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::Format;
    use crate::output::rows::tests::{ROWS, piped};

    #[test]
    fn every_record_is_one_line() {
        assert_eq!(
            piped(Format::Ndjson, SinkOptions::default(), &[], &ROWS),
            format!("{}\n{}\n{}\n", ROWS[0], ROWS[1], ROWS[2])
        );
        assert_eq!(piped(Format::Ndjson, SinkOptions::default(), &[], &["{\"a\":\n1}"]), "{\"a\":1}\n");
    }

    #[test]
    fn wanted_columns_only() {
        let lines = piped(Format::Ndjson, SinkOptions::default(), &["revenue"], &ROWS);
        assert_eq!(lines, "{\"revenue\":922337203685477.5807}\n{\"revenue\":1.10}\n{\"revenue\":-5}\n");
    }

    #[test]
    fn no_rows_are_no_lines() {
        assert_eq!(piped(Format::Ndjson, SinkOptions::default(), &["name"], &[]), "");
    }
}
