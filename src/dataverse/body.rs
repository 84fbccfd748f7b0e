//! The values of a record to write, from words and JSON as typed, kept as text so that no digit changes. Pure. It asks no
//! metadata: whether a column exists and what it takes is judged elsewhere.

use std::collections::{BTreeSet, HashMap};
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::dataverse::DataverseError;

/// Columns with their values as JSON text, in the order in which they were given.
#[derive(Debug, Clone, Default)]
pub struct Body {
    columns: Vec<(String, Box<RawValue>)>,
    /// Where each column stands among them.
    places: HashMap<String, usize>,
}

impl Body {
    /// Takes `column=text`, `column=` (clears it) and `column:=JSON` words, and the text of a JSON object.
    ///
    /// # Errors
    /// [`DataverseError::BadValueWord`], [`DataverseError::BadJson`], or [`DataverseError::ColumnTwice`] when a column is
    /// given twice: among the words, in the JSON at any depth, or once in each.
    pub fn parse(data: Option<&str>, words: &[impl AsRef<str>]) -> Result<Self, DataverseError> {
        let mut body = Self::default();
        if let Some(data) = data {
            body.add_object(data)?;
        }
        for word in words {
            let (column, value, _) = parse_word(word.as_ref())?;
            body.add(column, value)?;
        }
        Ok(body)
    }

    /// Whether no column is given.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.columns.is_empty()
    }

    /// The JSON text of a column's value.
    #[must_use]
    pub fn value(&self, column: &str) -> Option<&str> {
        let place = *self.places.get(column)?;
        self.columns.get(place).map(|(_, value)| value.get())
    }

    /// The columns with the JSON text of their values, in the order in which they were given.
    pub fn columns(&self) -> impl Iterator<Item = (&str, &str)> {
        self.columns.iter().map(|(name, value)| (name.as_str(), value.get()))
    }

    /// The same without these columns.
    #[must_use]
    pub(super) fn without(mut self, names: &[String]) -> Self {
        self.columns.retain(|(name, _)| !names.contains(name));
        self.places = self.columns.iter().enumerate().map(|(place, (name, _))| (name.clone(), place)).collect();
        self
    }

    /// The names of the columns, in the order in which they were given.
    pub fn column_names(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().map(|(name, _)| name.as_str())
    }

    /// The JSON object, without the column `left_out` where one is named, and with `first` in front.
    pub(super) fn to_json(&self, first: Option<(&str, &str)>, left_out: Option<&str>) -> String {
        let mut json = String::from("{");
        let mut add = |name: &str, value: &str| {
            if json.len() > 1 {
                json.push(',');
            }
            json.push_str(&quoted(name));
            json.push(':');
            json.push_str(value);
        };
        if let Some((name, text)) = first {
            add(name, &quoted(text));
        }
        for (name, value) in &self.columns {
            if Some(name.as_str()) != left_out {
                add(name, value.get());
            }
        }
        json.push('}');
        json
    }

    pub(super) fn add(&mut self, column: &str, value: Box<RawValue>) -> Result<(), DataverseError> {
        if self.value(column).is_some() {
            return Err(DataverseError::ColumnTwice { column: column.to_owned() });
        }
        self.places.insert(column.to_owned(), self.columns.len());
        self.columns.push((column.to_owned(), value));
        Ok(())
    }

    fn add_object(&mut self, data: &str) -> Result<(), DataverseError> {
        let data = data.strip_prefix('\u{feff}').unwrap_or(data);
        let bad = |cause| DataverseError::BadJson { place: "--data".to_owned(), wanted: "a JSON object", cause };
        let columns: Columns = serde_json::from_str(data).map_err(bad)?;
        for (column, value) in columns.0 {
            check_keys(&column, &value)?;
            self.add(&column, value)?;
        }
        Ok(())
    }
}

/// The column, the JSON that stands for its value when nothing is known of its kind, and whether that was typed as JSON.
pub(super) fn parse_word(word: &str) -> Result<(&str, Box<RawValue>, bool), DataverseError> {
    let refuse = || DataverseError::BadValueWord { word: word.to_owned() };
    let (left, text) = word.split_once('=').ok_or_else(refuse)?;
    let (column, is_raw) = match left.strip_suffix(':') {
        Some(column) => (column, true),
        None => (left, false),
    };
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'@' | b'.');
    if column.is_empty() || !column.bytes().all(is_name) {
        return Err(refuse());
    }
    let json = if is_raw {
        text.to_owned()
    } else if text.is_empty() {
        "null".to_owned()
    } else {
        quoted(text)
    };
    let bad = |cause| DataverseError::BadJson { place: column.to_owned(), wanted: "JSON", cause };
    let value: Box<RawValue> = serde_json::from_str(&json).map_err(bad)?;
    check_keys(column, &value)?;
    Ok((column, value, is_raw))
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// Refuses a key that stands twice in one object, however deep: readers differ in which of the two they take.
fn check_keys(column: &str, value: &RawValue) -> Result<(), DataverseError> {
    let mut twice = None;
    let mut reader = serde_json::Deserializer::from_str(value.get());
    match (Unique { path: column, twice: &mut twice }).deserialize(&mut reader) {
        Ok(()) => Ok(()),
        Err(cause) => Err(match twice {
            Some(column) => DataverseError::ColumnTwice { column },
            None => DataverseError::BadJson { place: column.to_owned(), wanted: "JSON", cause },
        }),
    }
}

/// The outer object, its values untouched.
struct Columns(Vec<(String, Box<RawValue>)>);

impl<'de> serde::Deserialize<'de> for Columns {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries;
        impl<'de> Visitor<'de> for Entries {
            type Value = Columns;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Columns, A::Error> {
                let mut columns = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    columns.push(entry);
                }
                Ok(Columns(columns))
            }
        }
        deserializer.deserialize_map(Entries)
    }
}

/// Walks a value and stops at the first key that stands twice in its object.
struct Unique<'a> {
    path: &'a str,
    twice: &'a mut Option<String>,
}

impl<'de> DeserializeSeed<'de> for Unique<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Unique<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut seen = BTreeSet::new();
        while let Some(key) = map.next_key::<String>()? {
            let path = format!("{}.{key}", self.path);
            if !seen.insert(key) {
                *self.twice = Some(path);
                return Err(A::Error::custom("a key stands twice"));
            }
            map.next_value_seed(Unique { path: &path, twice: &mut *self.twice })?;
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        while items.next_element_seed(Unique { path: self.path, twice: &mut *self.twice })?.is_some() {}
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::{Diagnose as _, Exit};

    #[test]
    fn a_body_without_some_columns_still_knows_where_the_others_stand() {
        let mut body = Body::parse(None, &["a=1", "b=2", "c=3"]).unwrap().without(&["a".to_owned()]);
        assert_eq!([body.value("a"), body.value("b"), body.value("c")], [None, Some("\"2\""), Some("\"3\"")]);
        body.add("a", RawValue::from_string("4".to_owned()).unwrap()).unwrap();
        assert_eq!(body.to_json(None, None), r#"{"b":"2","c":"3","a":4}"#);
        assert!(body.add("c", Box::default()).is_err());
    }

    fn json(words: &[&str], data: Option<&str>) -> String {
        Body::parse(data, words).expect("values").to_json(None, None)
    }

    #[test]
    fn a_value_is_found_by_its_column_after_others_were_taken_away() {
        let body = Body::parse(None, &["a=1", "b=2", "c=3"]).unwrap().without(&["a".to_owned()]);
        assert_eq!((body.value("a"), body.value("b"), body.value("c")), (None, Some("\"2\""), Some("\"3\"")));
    }

    #[test]
    fn words_become_texts_nulls_and_raw_json() {
        for (word, expected) in [
            ("name=Alder Freight", r#"{"name":"Alder Freight"}"#),
            ("name=a:=b", r#"{"name":"a:=b"}"#),
            ("name==x", r#"{"name":"=x"}"#),
            ("description=", r#"{"description":null}"#),
            ("revenue:=922337203685477.5807", r#"{"revenue":922337203685477.5807}"#),
            ("revenue=125000", r#"{"revenue":"125000"}"#),
            ("name=\"é\n\u{1b}", r#"{"name":"\"é\n\u001b"}"#),
            ("creditonhold:=true", r#"{"creditonhold":true}"#),
            ("primarycontactid@odata.bind=/contacts(5d0c)", r#"{"primarycontactid@odata.bind":"/contacts(5d0c)"}"#),
            (r#"x:={"a":[1,{"b":1.10}]}"#, r#"{"x":{"a":[1,{"b":1.10}]}}"#),
        ] {
            assert_eq!(json(&[word], None), expected);
        }
    }

    #[test]
    fn data_keeps_its_digits_and_order() {
        let data = r#"{"revenue": 1.10, "big": 12345678901234567890.123456789, "name":"\u0041"}"#;
        assert_eq!(
            json(&["fax=1"], Some(data)),
            r#"{"revenue":1.10,"big":12345678901234567890.123456789,"name":"\u0041","fax":"1"}"#
        );
    }

    #[test]
    fn what_is_no_value_is_refused_as_usage() {
        let cases: &[(&[&str], Option<&str>)] = &[
            (&["name"], None),
            (&["=x"], None),
            (&[":=1"], None),
            (&["na me=x"], None),
            (&["name\"=x"], None),
            (&["x:="], None),
            (&["x:=tru"], None),
            (&["x:=1 2"], None),
            (&[], Some("")),
            (&[], Some("[1]")),
            (&[], Some("\"x\"")),
            (&[], Some("{\"a\":1")),
            (&[], Some("{\"a\":NaN}")),
            (&["a=1", "a=2"], None),
            (&["a=1"], Some("{\"a\":1}")),
            (&[], Some("{\"a\":1,\"a\":2}")),
            (&[], Some("{\"a\":1,\"\\u0061\":2}")),
            (&[], Some("{\"n\":[{\"b\":{\"c\":1,\"c\":1}}]}")),
            (&["x:={\"a\":1,\"a\":1}"], None),
        ];
        for (words, data) in cases {
            let error = Body::parse(*data, words)
                .map(|body| body.to_json(None, None))
                .expect_err(&format!("{words:?} {data:?}"));
            assert_eq!(error.phrase().exit, Exit::Usage, "{words:?} {data:?}");
        }
    }

    #[test]
    fn the_path_to_a_doubled_key_is_told() {
        let error = Body::parse(Some(r#"{"n":[{"b":{"c":1,"c":1}}]}"#), &[] as &[&str]).expect_err("doubled");
        assert_eq!(error.to_string(), "the column n.b.c is given twice");
    }
}
