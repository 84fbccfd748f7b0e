//! A record as people name one: by its id, by `column=value`, by its name; with its table in front where a lookup may lead to
//! several. Pure; finding it is another file's work.

use crate::dataverse::values::ValueError;
use crate::dataverse::{DataverseError, RecordId};

/// Which record is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reference {
    /// By its id.
    Id(RecordId),
    /// By columns that tell it apart; a value of no characters means that the column is empty.
    Key(Vec<(String, String)>),
    /// By the name people know it by.
    Name(String),
}

impl Reference {
    /// Takes `GUID`, `column=value` or, where neither fits, a name.
    ///
    /// # Errors
    /// [`DataverseError::BadRecordId`] for what was meant as an id and is none: nobody is called so.
    pub fn parse(text: &str) -> Result<Self, DataverseError> {
        match (RecordId::parse(text), key_part(text)) {
            (Ok(id), _) => Ok(Self::Id(id)),
            (Err(_), Some(part)) => Ok(Self::Key(vec![part])),
            (Err(bad), None) if looks_like_an_id(text) => Err(bad),
            (Err(_), None) => Ok(Self::Name(unquoted(text))),
        }
    }

    /// Takes one word as [`Reference::parse`] does, or several `column=value`.
    ///
    /// # Errors
    /// As [`Reference::parse`]; [`ValueError::BadKey`], [`DataverseError::ColumnTwice`].
    pub fn of_words(words: &[String]) -> Result<Self, DataverseError> {
        match words {
            [one] => Ok(Self::parse(one)?),
            several => Ok(Self::Key(key_parts(several)?)),
        }
    }
}

/// `column=value` words as the parts of a key, none of them empty.
///
/// # Errors
/// [`ValueError::BadKey`] for what is none, [`DataverseError::ColumnTwice`].
pub fn key_of_words(words: &[String]) -> Result<Vec<(String, String)>, DataverseError> {
    if let Some(empty) = words.iter().find(|word| word.ends_with('=')) {
        return Err(ValueError::BadKey { text: empty.clone() }.into());
    }
    key_parts(words)
}

fn key_parts(words: &[String]) -> Result<Vec<(String, String)>, DataverseError> {
    let mut parts: Vec<(String, String)> = Vec::with_capacity(words.len());
    for word in words {
        let (column, value) = key_part(word).ok_or_else(|| ValueError::BadKey { text: word.clone() })?;
        if parts.iter().any(|(known, _)| *known == column) {
            return Err(DataverseError::ColumnTwice { column });
        }
        parts.push((column, value));
    }
    Ok(parts)
}

/// `column=value`.
fn key_part(text: &str) -> Option<(String, String)> {
    let (column, value) = text.split_once('=')?;
    is_name(column).then(|| (column.to_owned(), value.to_owned()))
}

/// Whether a slip of the finger made this of an id: as long as one, in one piece, and hardly a sign in it that none has.
fn looks_like_an_id(text: &str) -> bool {
    let plain = text.trim().trim_start_matches("urn:uuid:").trim_matches(['{', '}']);
    let odd = plain.chars().filter(|sign| !sign.is_ascii_hexdigit() && *sign != '-').count();
    (30..=40).contains(&plain.chars().count()) && odd <= 2 && !plain.contains(char::is_whitespace)
}

/// A name as typed, without a pair of quotation marks around the whole of it. Marks of which one belongs to the name stay:
/// of `Monitor 24"` none comes off.
fn unquoted(name: &str) -> String {
    let inner = name.strip_prefix('"').and_then(|name| name.strip_suffix('"')).filter(|inner| !inner.is_empty());
    // In `"A" & "B"` the first mark and the last are no pair.
    let is_pair = |inner: &&str| {
        let marks = inner.matches('"').count();
        marks % 2 == 1 || marks == 0 || (inner.starts_with('"') && inner.ends_with('"'))
    };
    inner.filter(is_pair).unwrap_or(name).to_owned()
}

/// What stands for a lookup: perhaps a table, and a record of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link<'a> {
    /// What may be a table: the word before the first `:` or `@`.
    pub table: Option<&'a str>,
    /// The record, if that is a table.
    pub reference: Reference,
}

/// Takes `table:GUID`, `table:column=value`, `table:Name`, `table@column=value`. Whether the word in front is a table is for others to say: a name may
/// hold a colon, an address an `@`.
///
/// # Errors
/// As [`Reference::parse`].
pub fn link(text: &str) -> Result<Link<'_>, DataverseError> {
    let at = text.find([':', '@']).filter(|at| is_name(&text[..*at]));
    let Some(at) = at else { return Ok(Link { table: None, reference: Reference::parse(text)? }) };
    let (table, rest) = (&text[..at], &text[at + 1..]);
    let reference = if text.as_bytes()[at] == b'@' {
        let part = key_part(rest).filter(|(_, value)| !value.is_empty());
        part.map_or_else(|| Reference::Name(rest.to_owned()), |part| Reference::Key(vec![part]))
    } else {
        Reference::parse(rest)?
    };
    Ok(Link { table: Some(table), reference })
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::Diagnose as _;

    const ID: &str = "5d0c0001-1111-ef11-8400-000d3ab1c111";

    fn key(column: &str, value: &str) -> Reference {
        Reference::Key(vec![(column.into(), value.into())])
    }

    fn name(text: &str) -> Reference {
        Reference::Name(text.into())
    }

    #[test]
    fn a_record_is_named_in_three_ways() {
        let id = Reference::Id(RecordId::parse(ID).unwrap());
        for (text, expected) in [
            (ID, id.clone()),
            ("accountnumber=AC-1", key("accountnumber", "AC-1")),
            ("description=", key("description", "")),
            ("Alder = Co", name("Alder = Co")),
            ("\"Alder\"", name("Alder")),
            ("\"e=mc2\"", name("e=mc2")),
            ("Monitor 24\"", name("Monitor 24\"")),
            ("\"Monitor 24\"\"", name("Monitor 24\"")),
            ("\"Monitor", name("\"Monitor")),
            ("\"", name("\"")),
            ("\"\"Alder\"\"", name("\"Alder\"")),
            ("\"Alder\" & \"Fjord\"", name("\"Alder\" & \"Fjord\"")),
            (" Alder  ", name(" Alder  ")),
            ("name=\"Alder\"", key("name", "\"Alder\"")),
            ("5d0c0001", name("5d0c0001")),
            ("x') or (1 eq 1", name("x') or (1 eq 1")),
        ] {
            assert_eq!(Reference::parse(text).unwrap(), expected, "{text}");
        }
        for (text, table, expected) in [
            (format!("contact:{ID}"), Some("contact"), id),
            ("contact:\"Ida Holm\"".to_owned(), Some("contact"), name("Ida Holm")),
            ("account:Monitor 24\"".to_owned(), Some("account"), name("Monitor 24\"")),
            ("contact: Ida Holm ".to_owned(), Some("contact"), name(" Ida Holm ")),
            ("account:accountnumber=AC-1".to_owned(), Some("account"), key("accountnumber", "AC-1")),
            ("account:\"e=mc2\"".to_owned(), Some("account"), name("e=mc2")),
            ("contact@emailaddress1=i@x.dk".to_owned(), Some("contact"), key("emailaddress1", "i@x.dk")),
            ("contact@emailaddress1=".to_owned(), Some("contact"), name("emailaddress1=")),
            ("Ida Holm".to_owned(), None, name("Ida Holm")),
            ("Two words: more".to_owned(), None, name("Two words: more")),
        ] {
            assert_eq!(link(&text).unwrap(), Link { table, reference: expected }, "{text}");
        }
    }

    #[test]
    fn what_was_meant_as_an_id_is_never_looked_for_as_a_name() {
        for text in [
            "5d0c0001-1111-ef11-8400-000d3ab1c11",
            "5d0c00011111ef118400000d3ab1c111",
            "{5d0c0001-1111-ef11-8400-000d3ab1c111",
            "urn:uuid:5d0c0001-1111-ef11-8400-000d3ab1c111",
            "5d0c0001-1111-ef11-8400-000d3ab1c11O",
        ] {
            assert_eq!(Reference::parse(text).unwrap_err().phrase().code, "dataverse/bad-record-id", "{text}");
            assert!(link(&format!("contact:{text}")).is_err(), "{text}");
        }
    }

    #[test]
    fn several_words_are_all_columns_and_each_of_them_once() {
        let words =
            |words: &[&str]| Reference::of_words(&words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>());
        let both = Reference::Key(vec![("a".into(), "1".into()), ("b".into(), String::new())]);
        assert_eq!(words(&["a=1", "b="]).unwrap(), both);
        for (typed, code) in [(&["Fjord", "Co"], "dataverse/bad-key"), (&["a=1", "a=2"], "dataverse/column-twice")] {
            assert_eq!(words(typed).unwrap_err().phrase().code, code);
        }
        assert!(key_of_words(&["a=".to_owned()]).is_err());
    }
}
