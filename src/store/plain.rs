//! The short way through `connections.toml`: the few kinds of lines that this program writes itself, read without the
//! whole of TOML. It never judges: whatever else it meets, it leaves all of the text to the TOML reader.

use serde::Deserialize;
use serde::de::value::{BorrowedStrDeserializer, Error, MapDeserializer, SeqDeserializer};
use serde::de::{Deserializer, IntoDeserializer, Visitor};
use serde::forward_to_deserialize_any;

/// What a line can give a key.
enum Plain<'a> {
    Text(&'a str),
    Whole(i64),
    Flag(bool),
    Table(Table<'a>),
    Tables(Vec<Self>),
}

type Table<'a> = Vec<(&'a str, Plain<'a>)>;

/// What TOML would make of `text`, or `None` where that is for the TOML reader to say.
pub(super) fn read<'de, T: Deserialize<'de>>(text: &'de str, array: &'static str) -> Option<T> {
    let mut top: Table<'de> = Vec::new();
    let mut tables: Vec<Table<'de>> = Vec::new();
    for line in text.lines() {
        if line.is_empty() {
            continue;
        }
        if line.bytes().any(|byte| byte.is_ascii_control()) {
            return None;
        }
        if let Some(heading) = line.strip_prefix("[[") {
            heading.strip_suffix("]]").filter(|name| *name == array)?;
            tables.push(Vec::new());
        } else if !line.starts_with('#') {
            let (key, value) = line.split_once('=').and_then(|(key, value)| {
                // One space on either side, as it is written here.
                Some((key.strip_suffix(' ')?, value.strip_prefix(' ')?))
            })?;
            if !is_bare(key) || key == array {
                return None;
            }
            let table = tables.last_mut().unwrap_or(&mut top);
            if table.iter().any(|(known, _)| *known == key) {
                return None;
            }
            table.push((key, value_of(value)?));
        }
    }
    top.push((array, Plain::Tables(tables.into_iter().map(Plain::Table).collect())));
    T::deserialize(Plain::Table(top)).ok()
}

/// Whether a key needs no quotes.
fn is_bare(key: &str) -> bool {
    !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
}

fn value_of(text: &str) -> Option<Plain<'_>> {
    match text {
        "true" => Some(Plain::Flag(true)),
        "false" => Some(Plain::Flag(false)),
        _ => match text.strip_prefix('"') {
            Some(rest) => rest.strip_suffix('"').filter(|text| !text.contains(['"', '\\'])).map(Plain::Text),
            None if text.starts_with('0') && text.len() > 1 => None,
            None if !text.bytes().all(|byte| byte.is_ascii_digit()) => None,
            None => text.parse().ok().map(Plain::Whole),
        },
    }
}

impl<'de> IntoDeserializer<'de, Error> for Plain<'de> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

impl<'de> Deserializer<'de> for Plain<'de> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self {
            Self::Text(text) => visitor.visit_borrowed_str(text),
            Self::Whole(number) => visitor.visit_i64(number),
            Self::Flag(flag) => visitor.visit_bool(flag),
            Self::Table(table) => MapDeserializer::new(table.into_iter()).deserialize_any(visitor),
            Self::Tables(tables) => SeqDeserializer::new(tables.into_iter()).deserialize_any(visitor),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        match self {
            Self::Text(text) => visitor.visit_enum(BorrowedStrDeserializer::new(text)),
            other => other.deserialize_any(visitor),
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct map struct identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn plain(text: &str) -> Option<toml::Table> {
        read::<toml::Table>(text, "connections")
    }

    #[test]
    fn the_lines_of_this_program_are_read() {
        let text =
            "# c\n\nversion = 1\n\n[[connections]]\nname = \"a é\"\nread_only = true\n\n[[connections]]\nn = \"\"\n";
        assert_eq!(plain(text), Some(toml::from_str(text).unwrap()));
        assert!(plain(include_str!("../../tests/data/connections-v1.toml")).is_some());
    }

    #[test]
    fn anything_else_is_left_to_toml() {
        for line in [
            "a = 1 # one",
            "a = '1'",
            "a = \"\\n\"",
            "a = \"\"\"x\"\"\"",
            "a = 01",
            "a = +1",
            "a = 1.5",
            "a = ",
            "a=1",
            "a.b = 1",
            "a = \"x\" \"y\"",
            "a = \"",
            " a = 1",
            "a = 1 ",
            "a = 99999999999999999999",
            "[a]",
            "[[other]]",
            "[[connections]] # c",
            "connections = 1",
            "a = 1\na = 1",
            "# \u{7}",
            "a = \"\t\"",
            "a",
        ] {
            assert_eq!(plain(line), None, "{line}");
        }
    }

    proptest! {
        #[test]
        fn whatever_is_read_is_what_toml_reads(
            lines in prop::collection::vec(("[a-c]|version|connections|\"a\"", " = |=|  = ", "[0-9]{1,3}|\"[a-z\\\\\"#=\\[ é]{0,4}\"|true|false|'x'|[x\"]"), 0..6),
            breaks in prop::collection::vec("\n|\r\n|\r|\n\n|\n# [[é]]\n|\n[[connections]]\n|\n[a]\n|\n[[b]]\n", 6),
        ) {
            let text: String =
                lines.iter().zip(&breaks).flat_map(|((key, is, value), end)| [key, is, value, end].map(String::as_str)).collect();
            if let Some(mut read) = plain(&text) {
                // An array without a table is not written in TOML at all.
                if read["connections"].as_array().is_some_and(Vec::is_empty) {
                    read.remove("connections");
                }
                prop_assert_eq!(Some(read), toml::from_str(&text).ok(), "{}", text);
            }
        }
    }
}
