//! The ids of rows, one a line, to feed the next command. Nothing else of a row is looked at.

use crate::output::{Column, OutputError, RowSink, Screen, StandardOutput};
use crate::record::Record;

/// Ids only.
pub(super) struct IdRows {
    out: StandardOutput,
    id_column: Option<String>,
}

impl IdRows {
    pub(super) fn new(screen: &Screen, id_column: Option<String>) -> Self {
        Self { out: screen.data(), id_column }
    }
}

impl RowSink for IdRows {
    fn begin(&mut self, _: &[Column]) -> Result<(), OutputError> {
        if self.id_column.is_some() { Ok(()) } else { Err(OutputError::NoId) }
    }

    fn row(&mut self, record: &Record) -> Result<(), OutputError> {
        let id = self.id_column.as_deref().and_then(|column| record.cell(column)).filter(|id| !id.is_null());
        let id = id.ok_or(OutputError::NoId)?.text();
        self.out.put(id.as_bytes())?;
        self.out.put(b"\n")
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
    use crate::output::rows::tests::{ROWS, piped, record};
    use crate::output::{Format, ScreenOptions, SinkOptions, Stdio};

    #[test]
    fn ids_come_one_a_line_whatever_columns_are_wanted() {
        let options = SinkOptions { id_column: Some("accountid".to_owned()), ..SinkOptions::default() };
        assert_eq!(piped(Format::Id, options, &["name"], &ROWS), "a1\na2\na3\n");
    }

    #[test]
    fn rows_without_an_id_are_refused() {
        let screen = Screen::new(Stdio::captured().0, &ScreenOptions::default());
        assert!(matches!(IdRows::new(&screen, None).begin(&[]), Err(OutputError::NoId)));
        let mut rows = IdRows::new(&screen, Some("accountid".to_owned()));
        assert!(matches!(rows.row(&record(r#"{"total":3}"#)), Err(OutputError::NoId)));
        assert!(matches!(rows.row(&record(r#"{"accountid":null}"#)), Err(OutputError::NoId)));
    }
}
