//! Rows through `--jq`: what the expression makes of each record, one value a line. How it is compiled lives in `filter`.

use crate::output::filter::Filter;
use crate::output::json::JsonText;
use crate::output::{Column, OutputError, RowSink, Screen, SinkOptions, StandardOutput};
use crate::record::Record;

/// The values that a filter makes of records.
pub(super) struct FilteredRows {
    out: StandardOutput,
    text: JsonText,
    filter: Filter,
    id_column: Option<String>,
}

impl FilteredRows {
    pub(super) fn new(screen: &Screen, filter: Filter, options: &SinkOptions) -> Self {
        Self { out: screen.data(), text: JsonText::new(options.labels), filter, id_column: options.id_column.clone() }
    }
}

impl RowSink for FilteredRows {
    fn begin(&mut self, columns: &[Column]) -> Result<(), OutputError> {
        let mut seen = columns.to_vec();
        // An expression sees the id of a record whatever columns were named.
        if let Some(id) = self.id_column.take().filter(|_| !columns.is_empty()) {
            seen.push(Column::named(id));
        }
        self.text.begin(&seen);
        Ok(())
    }

    fn row(&mut self, record: &Record) -> Result<(), OutputError> {
        let json = String::from_utf8_lossy(self.text.line("", record, ""));
        write(&mut self.out, &self.filter, &json)
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

/// A whole document: through the screen's filter, or as it is, with a line that ends it.
///
/// # Errors
/// [`OutputError::FilterFailed`], or when standard output refuses it.
pub fn passed(screen: &Screen, document: &[u8]) -> Result<(), OutputError> {
    if document.is_empty() {
        return Ok(());
    }
    let mut out = screen.data();
    if let Some(filter) = screen.filter() {
        write(&mut out, filter, &String::from_utf8_lossy(document))?;
    } else {
        out.put(document)?;
        if !document.ends_with(b"\n") {
            out.put(b"\n")?;
        }
    }
    out.finish()
}

/// One JSON value through the filter, each result on a line of its own.
pub(super) fn write(out: &mut StandardOutput, filter: &Filter, json: &str) -> Result<(), OutputError> {
    filter.run(json, |line| {
        out.put(line)?;
        out.put(b"\n")
    })
}
