//! The words `column=text`, `column=` and `column:=JSON`, taken apart. Pure; what a column holds is not known here.

use serde_json::value::RawValue;

use crate::dataverse::DataverseError;
use crate::dataverse::body::parse_word;

/// A column with what was typed for it.
#[derive(Debug, Clone)]
pub struct Word {
    /// The column, as typed.
    pub column: String,
    /// What was typed.
    pub value: Value,
}

/// What was typed for a column.
#[derive(Debug, Clone)]
pub enum Value {
    /// Nothing: the column is to be empty.
    Nothing,
    /// Text that the column's kind gives a meaning.
    Text(String),
    /// JSON that goes out as it is.
    Json(Box<RawValue>),
}

impl Word {
    /// Takes a word apart.
    ///
    /// # Errors
    /// [`DataverseError::BadValueWord`], [`DataverseError::BadJson`], [`DataverseError::ColumnTwice`] inside JSON.
    pub fn parse(word: &str) -> Result<Self, DataverseError> {
        let (column, json, is_raw) = parse_word(word)?;
        let value = match json.get() {
            // An annotation, such as `x@odata.bind`, has no column whose kind could say more.
            _ if is_raw || column.contains('@') => Value::Json(json),
            "null" => Value::Nothing,
            _ => Value::Text(word.split_once('=').map_or("", |(_, text)| text).to_owned()),
        };
        Ok(Self { column: column.to_owned(), value })
    }

    /// Whether only the column's kind can tell what is meant.
    #[must_use]
    pub fn needs_kind(&self) -> bool {
        !matches!(self.value, Value::Json(_))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_text_nothing_or_json() {
        let parse = |word: &str| match Word::parse(word).expect(word).value {
            Value::Nothing => "nothing".to_owned(),
            Value::Text(text) => format!("text {text}"),
            Value::Json(json) => format!("json {}", json.get()),
        };
        for (word, expected) in [
            ("name=", "nothing"),
            ("name=null", "text null"),
            ("name=a=b", "text a=b"),
            ("name:=null", "json null"),
            ("revenue:=1.10", "json 1.10"),
            ("primarycontactid@odata.bind=/contacts(5d0c)", "json \"/contacts(5d0c)\""),
        ] {
            assert_eq!(parse(word), expected, "{word}");
        }
        for bad in ["name", "=x", "na me=x", "x:=tru"] {
            assert!(Word::parse(bad).is_err(), "{bad}");
        }
    }
}
