//! Rows as values apart by tabs, without a header: what a pipe gets when nothing was asked for. One record is always one
//! line.

use std::borrow::Cow;

use crate::output::lookup::Lookup;
use crate::output::{Column, OutputError, RowSink, Screen, StandardOutput};
use crate::record::Record;

/// Tab-separated values.
pub(super) struct TsvRows {
    out: StandardOutput,
    lookup: Option<Lookup>,
    labels: bool,
    line: String,
}

impl TsvRows {
    pub(super) fn new(screen: &Screen, labels: bool) -> Self {
        Self { out: screen.data(), lookup: None, labels, line: String::new() }
    }
}

impl RowSink for TsvRows {
    fn begin(&mut self, columns: &[Column]) -> Result<(), OutputError> {
        self.lookup = (!columns.is_empty()).then(|| Lookup::new(columns, self.labels));
        Ok(())
    }

    fn row(&mut self, record: &Record) -> Result<(), OutputError> {
        let lookup = self.lookup.get_or_insert_with(|| Lookup::of_record(record, self.labels));
        let found = lookup.find(record);
        self.line.clear();
        for column in 0..found.values.len() {
            if column > 0 {
                self.line.push('\t');
            }
            if let Some(cell) = found.shown(column) {
                self.line.push_str(&escaped(&cell.text()));
            }
        }
        self.line.push('\n');
        self.out.put(self.line.as_bytes())
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

/// A value with tab, line feed, carriage return and backslash as `\t`, `\n`, `\r`, `\\`.
pub(super) fn escaped(text: &str) -> Cow<'_, str> {
    let Some(first) = text.find(['\t', '\n', '\r', '\\']) else { return Cow::Borrowed(text) };
    let mut escaped = String::with_capacity(text.len() + 8);
    escaped.push_str(&text[..first]);
    for character in text[first..].chars() {
        match character {
            '\t' => escaped.push_str("\\t"),
            '\n' => escaped.push_str("\\n"),
            '\r' => escaped.push_str("\\r"),
            '\\' => escaped.push_str("\\\\"),
            other => escaped.push(other),
        }
    }
    Cow::Owned(escaped)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};

    use crate::output::rows::tests::{ROWS, on_terminal, piped};
    use crate::output::{Format, SinkOptions};

    #[test]
    fn values_are_raw_and_separators_escaped() {
        let tsv = piped(Format::Tsv, SinkOptions::default(), &["name", "revenue", "statecode", "note"], &ROWS);
        let expected = concat!(
            "Contoso \"Ltd\", UK\t922337203685477.5807\t0\ta\\tb\\r\\nc\\\\d\n",
            "\t1.10\t1\t=1+1\n",
            "株式会社\t-5\t\t\n",
        );
        assert_eq!(tsv, expected);
    }

    #[test]
    fn labels_only_when_asked_for() {
        let options = SinkOptions { labels: true, ..SinkOptions::default() };
        assert_eq!(piped(Format::Tsv, options, &["statecode"], &ROWS[..1]), "Active\n");
        assert_eq!(piped(Format::Tsv, SinkOptions::default(), &["statecode"], &ROWS[..1]), "0\n");
    }

    #[test]
    fn no_rows_are_no_lines() {
        assert_eq!(piped(Format::Tsv, SinkOptions::default(), &["a"], &[]), "");
    }

    #[test]
    fn a_pipe_keeps_control_characters_and_a_terminal_shows_them() {
        let row = r#"{"a":"\u001b[2J","b":1}"#;
        assert_eq!(piped(Format::Tsv, SinkOptions::default(), &["a", "b"], &[row]), "\u{1b}[2J\t1\n");
        assert_eq!(on_terminal(Format::Tsv, 80, &["a", "b"], &[row]), "\\u{1b}[2J\t1\n");
    }

    /// What a script makes of a value.
    fn unescaped(text: &str) -> String {
        let mut plain = String::new();
        let mut characters = text.chars();
        while let Some(character) = characters.next() {
            match (character, character == '\\') {
                (_, true) => match characters.next() {
                    Some('t') => plain.push('\t'),
                    Some('n') => plain.push('\n'),
                    Some('r') => plain.push('\r'),
                    Some(other) => plain.push(other),
                    None => unreachable!("a lone backslash in {text}"),
                },
                (other, false) => plain.push(other),
            }
        }
        plain
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(cells in any::<[String; 3]>()) {
            let row = serde_json::json!({ "a": cells[0], "b": cells[1], "c": cells[2] }).to_string();
            let written = piped(Format::Tsv, SinkOptions::default(), &["a", "b", "c"], &[&row]);
            prop_assert!(written.ends_with('\n') && written.matches(['\n', '\r']).count() == 1);
            let read: Vec<String> = written.trim_end_matches('\n').split('\t').map(unescaped).collect();
            prop_assert_eq!(read, cells);
        }
    }
}
