//! Rows as one JSON array, each on its own line. The text of a value is copied, never read as a number.

use memchr::memchr2;

use crate::output::lookup::Lookup;
use crate::output::{Column, OutputError, RowSink, Screen, SinkOptions, StandardOutput};
use crate::record::{FORMATTED_VALUE, Record};

/// A record as a JSON object on one line: as it came, or only the wanted columns in the wanted order.
pub(super) struct JsonText {
    labels: bool,
    wanted: Option<Wanted>,
    line: Vec<u8>,
}

struct Wanted {
    lookup: Lookup,
    /// For each column its key and its label's key, quoted and with a colon.
    keys: Vec<[String; 2]>,
}

impl JsonText {
    pub(super) fn new(labels: bool) -> Self {
        Self { labels, wanted: None, line: Vec::new() }
    }

    pub(super) fn begin(&mut self, columns: &[Column]) {
        self.wanted = (!columns.is_empty()).then(|| {
            let lookup = Lookup::new(columns, self.labels);
            let key = |name: &str| format!("{}:", serde_json::Value::from(name));
            let keys = lookup
                .columns
                .iter()
                .map(|column| [key(&column.name), key(&format!("{}{FORMATTED_VALUE}", column.name))]);
            Wanted { keys: keys.collect(), lookup }
        });
    }

    /// `before`, the object, `after`.
    pub(super) fn line(&mut self, before: &str, record: &Record, after: &str) -> &[u8] {
        self.line.clear();
        self.line.extend_from_slice(before.as_bytes());
        match &mut self.wanted {
            None => copy(record.as_json().trim(), &mut self.line),
            Some(wanted) => wanted.write(record, &mut self.line),
        }
        self.line.extend_from_slice(after.as_bytes());
        &self.line
    }
}

impl Wanted {
    fn write(&mut self, record: &Record, line: &mut Vec<u8>) {
        let found = self.lookup.find(record);
        line.push(b'{');
        for (column, [key, label_key]) in self.keys.iter().enumerate() {
            if column > 0 {
                line.push(b',');
            }
            line.extend_from_slice(key.as_bytes());
            copy(found.values[column].map_or("null", |cell| cell.as_json()), line);
            if let Some(label) = found.label(column) {
                line.push(b',');
                line.extend_from_slice(label_key.as_bytes());
                copy(label.as_json(), line);
            }
        }
        line.push(b'}');
    }
}

/// Copies JSON text without its line breaks: a string can't hold one, so between values is the only place for them.
fn copy(json: &str, line: &mut Vec<u8>) {
    if memchr2(b'\n', b'\r', json.as_bytes()).is_none() {
        line.extend_from_slice(json.as_bytes());
    } else {
        line.extend(json.bytes().filter(|byte| !matches!(byte, b'\n' | b'\r')));
    }
}

/// One array; or, where one record is meant, one object.
pub(super) struct JsonRows {
    out: StandardOutput,
    text: JsonText,
    single: bool,
    begun: bool,
}

impl JsonRows {
    pub(super) fn new(screen: &Screen, options: &SinkOptions) -> Self {
        Self { out: screen.json(), text: JsonText::new(options.labels), single: options.single, begun: false }
    }
}

impl RowSink for JsonRows {
    fn begin(&mut self, columns: &[Column]) -> Result<(), OutputError> {
        self.text.begin(columns);
        Ok(())
    }

    fn row(&mut self, record: &Record) -> Result<(), OutputError> {
        let line = match (self.single, self.begun) {
            (true, _) => self.text.line("", record, "\n"),
            (false, false) => self.text.line("[\n ", record, ""),
            (false, true) => self.text.line(",\n ", record, ""),
        };
        self.begun = true;
        self.out.put(line)
    }

    fn flush(&mut self) -> Result<(), OutputError> {
        self.out.finish()
    }

    fn end(&mut self) -> Result<(), OutputError> {
        self.out.put(match (self.single, self.begun) {
            (true, _) => b"",
            (false, false) => b"[]\n",
            (false, true) => b"\n]\n",
        })?;
        self.out.finish()
    }

    fn abandon(&mut self) {
        if self.begun {
            // Whatever fails here, the error that broke the stream is the one to show.
            let _ = self.out.put(b"\n").and_then(|()| self.out.finish());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::rows::tests::{ROWS, columns, on_terminal, piped, record};
    use crate::output::{Format, ScreenOptions, Stdio};

    #[test]
    fn without_columns_a_record_is_copied_byte_for_byte() {
        let json = piped(Format::Json, SinkOptions::default(), &[], &ROWS);
        assert_eq!(json, format!("[\n {},\n {},\n {}\n]\n", ROWS[0], ROWS[1], ROWS[2]));
    }

    #[test]
    fn wanted_columns_come_in_their_order_with_every_digit_and_null_where_absent() {
        let json = piped(Format::Json, SinkOptions::default(), &["revenue", "name", "note"], &ROWS);
        let expected = concat!(
            "[\n {\"revenue\":922337203685477.5807,\"name\":\"Contoso \\\"Ltd\\\", UK\",\"note\":\"a\\tb\\r\\nc\\\\d\"},\n",
            " {\"revenue\":1.10,\"name\":null,\"note\":\"=1+1\"},\n",
            " {\"revenue\":-5,\"name\":\"株式会社\",\"note\":null}\n]\n",
        );
        assert_eq!(json, expected);
    }

    #[test]
    fn labels_stand_beside_their_values() {
        let options = SinkOptions { labels: true, ..SinkOptions::default() };
        let json = piped(Format::Json, options, &["statecode"], &ROWS[..2]);
        let label = r#""statecode@OData.Community.Display.V1.FormattedValue":"Active""#;
        assert_eq!(json, format!("[\n {{\"statecode\":0,{label}}},\n {{\"statecode\":1}}\n]\n"));
    }

    #[test]
    fn no_rows_are_an_empty_array() {
        assert_eq!(piped(Format::Json, SinkOptions::default(), &["name"], &[]), "[]\n");
    }

    #[test]
    fn one_record_is_one_object() {
        let options = SinkOptions { single: true, ..SinkOptions::default() };
        assert_eq!(piped(Format::Json, options, &["accountid"], &ROWS[..1]), "{\"accountid\":\"a1\"}\n");
    }

    #[test]
    fn a_broken_stream_leaves_the_array_open() {
        let (stdio, captured) = Stdio::captured();
        let mut sink = JsonRows::new(&Screen::new(stdio, &ScreenOptions::default()), &SinkOptions::default());
        sink.begin(&columns(&[])).unwrap();
        sink.row(&record(r#"{"a":1}"#)).unwrap();
        sink.abandon();
        assert_eq!(captured.stdout(), "[\n {\"a\":1}\n");
        assert!(serde_json::from_str::<serde_json::Value>(&captured.stdout()).is_err());
    }

    #[test]
    fn a_pretty_record_still_takes_one_line() {
        let json = piped(Format::Json, SinkOptions::default(), &[], &["{\r\n  \"a\": [\n 1,\n 2]\n}\n"]);
        assert_eq!(json, "[\n {  \"a\": [ 1, 2]}\n]\n");
    }

    #[test]
    fn on_a_terminal_it_is_the_same_json() {
        let row = "{\"a\":\"\u{9b}2J\u{202e}\"}";
        let shown = on_terminal(Format::Json, 80, &[], &[row]);
        assert_eq!(shown, "[\n {\"a\":\"\\u009b2J\\u202e\"}\n]\n");
    }
}
