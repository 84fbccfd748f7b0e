//! One row as the service sent it: raw JSON text, and a way to look columns up. Nothing here turns a number into a float.

use std::borrow::Cow;
use std::fmt;

use bytes::Bytes;
use serde::de::{Deserializer as _, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

/// The annotation that carries a value as the service would show it: a choice's label, a lookup's name, money with its sign.
pub const FORMATTED_VALUE: &str = "@OData.Community.Display.V1.FormattedValue";

/// A record: one JSON object, byte for byte as it came.
#[derive(Clone, PartialEq, Eq)]
pub struct Record(Bytes);

/// Text that is not one JSON object in UTF-8.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// The bytes are not UTF-8.
    #[error("the row is not valid UTF-8")]
    NotText(#[source] std::str::Utf8Error),
    /// The text is not a JSON object.
    #[error("the row is not a JSON object")]
    NotObject(#[source] serde_json::Error),
}

impl Record {
    /// Takes one JSON object. The text is checked to be UTF-8 and well formed, and kept unchanged.
    ///
    /// # Errors
    /// [`RecordError`] when it is neither.
    pub fn parse(json: impl Into<Bytes>) -> Result<Self, RecordError> {
        let bytes = json.into();
        let text = std::str::from_utf8(&bytes).map_err(RecordError::NotText)?;
        let mut reader = serde_json::Deserializer::from_str(text);
        reader.deserialize_map(Skip).and_then(|()| reader.end()).map_err(RecordError::NotObject)?;
        Ok(Self(bytes))
    }

    /// The JSON text, as it came.
    #[must_use]
    pub fn as_json(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// The cells of the named columns, in that order, found in one pass. A column that is absent gives `None`.
    #[must_use]
    pub fn cells<'a>(&'a self, columns: &[impl AsRef<str>]) -> Vec<Option<Cell<'a>>> {
        let mut cells = vec![None; columns.len()];
        self.for_each(|name, cell| {
            for (slot, column) in cells.iter_mut().zip(columns) {
                if column.as_ref() == name {
                    *slot = Some(cell);
                }
            }
        });
        cells
    }

    /// One cell.
    #[must_use]
    pub fn cell(&self, column: &str) -> Option<Cell<'_>> {
        self.cells(&[column]).pop().flatten()
    }

    /// Calls `see` with every column in the order of the text, annotations (`…@…`) included.
    pub fn for_each<'a>(&'a self, see: impl FnMut(&str, Cell<'a>)) {
        let mut reader = serde_json::Deserializer::from_str(self.as_json());
        // `parse` saw that the text is one well-formed object, so there is no error left to meet.
        let _ = reader.deserialize_map(EachCell(see));
    }

    /// The same without one member; every other value keeps its very text.
    #[must_use]
    pub fn without(&self, member: &str) -> Self {
        let mut json = String::with_capacity(self.0.len());
        self.for_each(|name, cell| {
            if name != member {
                json.push(if json.is_empty() { '{' } else { ',' });
                json.push_str(&serde_json::Value::from(name).to_string());
                json.push(':');
                json.push_str(cell.as_json());
            }
        });
        json.push_str(if json.is_empty() { "{}" } else { "}" });
        Self(Bytes::from(json))
    }

    /// The names of the data columns in the order of the text, without annotations.
    #[must_use]
    pub fn column_names(&self) -> Vec<String> {
        let mut names = Vec::new();
        self.for_each(|name, _| {
            if !name.contains('@') {
                names.push(name.to_owned());
            }
        });
        names
    }
}

impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_json())
    }
}

/// One value of a record, as JSON text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cell<'a>(&'a str);

impl<'a> Cell<'a> {
    /// The JSON text: quoted for strings, every digit kept for numbers.
    #[must_use]
    pub fn as_json(self) -> &'a str {
        self.0
    }

    /// Whether it is JSON's `null`.
    #[must_use]
    pub fn is_null(self) -> bool {
        self.0 == "null"
    }

    /// What a person reads: a string without its quotes, `null` as nothing, everything else as its JSON text.
    #[must_use]
    pub fn text(self) -> Cow<'a, str> {
        if self.is_null() {
            return Cow::Borrowed("");
        }
        if !self.0.starts_with('"') {
            return Cow::Borrowed(self.0);
        }
        if !self.0.contains('\\') {
            return Cow::Borrowed(self.0.trim_matches('"'));
        }
        // A string with escapes can't be borrowed.
        serde_json::from_str::<String>(self.0).map_or(Cow::Borrowed(self.0), Cow::Owned)
    }
}

struct Skip;

impl<'de> Visitor<'de> for Skip {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(())
    }
}

struct EachCell<F>(F);

impl<'de, F: FnMut(&str, Cell<'de>)> Visitor<'de> for EachCell<F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        while let Some(name) = map.next_key::<Name<'de>>()? {
            let value: &'de RawValue = map.next_value()?;
            (self.0)(&name.0, Cell(value.get()));
        }
        Ok(())
    }
}

/// A key: borrowed from the text unless it has escapes.
#[derive(serde::Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

#[cfg(test)]
mod tests {
    use super::*;

    fn record(json: &str) -> Record {
        Record::parse(json.to_owned()).unwrap_or_else(|error| unreachable!("{error}"))
    }

    #[test]
    fn every_digit_survives() {
        let money = record(r#"{"revenue":922337203685477.5807,"n":1.10,"v":9007199254740993}"#);
        let texts: Vec<_> = money.cells(&["v", "revenue", "n"]).into_iter().flatten().map(Cell::as_json).collect();
        assert_eq!(texts, ["9007199254740993", "922337203685477.5807", "1.10"]);
    }

    #[test]
    fn a_cell_reads_as_a_person_would() {
        let row = record(r#"{"name":"A \"B\" é","empty":null,"on":true,"gone@x":1}"#);
        assert_eq!(row.cell("name").map(|cell| cell.text().into_owned()).as_deref(), Some("A \"B\" é"));
        assert_eq!(row.cell("empty").map(|cell| cell.text().into_owned()).as_deref(), Some(""));
        assert_eq!(row.cell("absent"), None);
        assert_eq!(row.column_names(), ["name", "empty", "on"]);
    }

    #[test]
    fn half_a_row_is_no_row() {
        for broken in ["{\"a\":1", "[1]", "{}x", "\"a\"", ""] {
            assert!(Record::parse(broken.to_owned()).is_err(), "{broken}");
        }
    }

    #[test]
    fn a_member_can_be_left_out_and_the_rest_keeps_its_text() {
        let record = Record::parse(r#"{"@odata.context":"x", "a" : 1.10, "b":{"c":[ 1 ]}}"#).unwrap();
        assert_eq!(record.without("@odata.context").as_json(), r#"{"a":1.10,"b":{"c":[ 1 ]}}"#);
        assert_eq!(Record::parse(r#"{"a":1}"#).unwrap().without("a").as_json(), "{}");
    }
}
