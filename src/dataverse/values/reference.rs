//! A record as people name one: by its id, by `column=value`, by its name; with its table in front where a lookup may lead to
//! several. Pure; finding it is another file's work.

use crate::dataverse::RecordId;

/// Which record is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reference {
    /// By its id.
    Id(RecordId),
    /// By columns that tell it apart.
    Key(Vec<(String, String)>),
    /// By the name people know it by.
    Name(String),
}

impl Reference {
    /// Takes `GUID`, `column=value` or, where neither fits, a name.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        if let Ok(id) = RecordId::parse(text) {
            return Self::Id(id);
        }
        match key_part(text) {
            Some(part) => Self::Key(vec![part]),
            None => Self::Name(text.trim().trim_matches('"').to_owned()),
        }
    }
}

/// `column=value`.
pub(in crate::dataverse) fn key_part(text: &str) -> Option<(String, String)> {
    let (column, value) = text.split_once('=')?;
    let is_column = is_name(column) && !value.is_empty();
    is_column.then(|| (column.to_owned(), value.to_owned()))
}

/// What stands for a lookup: perhaps a table, and a record of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Link<'a> {
    /// What may be a table: the word before the first `:` or `@`.
    pub(super) table: Option<&'a str>,
    /// The record, if that is a table.
    pub(super) reference: Reference,
}

/// Takes `table:GUID`, `table:Name`, `table@key=value`. Whether the word in front is a table is for others to say: a name may
/// hold a colon, an address an `@`.
pub(super) fn link(text: &str) -> Link<'_> {
    let at = text.find([':', '@']).filter(|at| is_name(&text[..*at]));
    let Some(at) = at else { return Link { table: None, reference: Reference::parse(text) } };
    let (table, rest) = (&text[..at], &text[at + 1..]);
    let reference = if text.as_bytes()[at] == b'@' {
        key_part(rest).map_or_else(|| Reference::Name(rest.to_owned()), |part| Reference::Key(vec![part]))
    } else {
        match RecordId::parse(rest) {
            Ok(id) => Reference::Id(id),
            Err(_) => Reference::Name(rest.trim().trim_matches('"').to_owned()),
        }
    };
    Link { table: Some(table), reference }
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "5d0c0001-1111-ef11-8400-000d3ab1c111";

    #[test]
    fn a_record_is_named_in_three_ways() {
        let key = |column: &str, value: &str| Reference::Key(vec![(column.into(), value.into())]);
        let name = |text: &str| Reference::Name(text.into());
        let id = Reference::Id(RecordId::parse(ID).unwrap());
        for (text, expected) in [
            (ID, id.clone()),
            ("accountnumber=AC-1", key("accountnumber", "AC-1")),
            ("Alder = Co", name("Alder = Co")),
            ("\"Alder\"", name("Alder")),
        ] {
            assert_eq!(Reference::parse(text), expected, "{text}");
        }
        for (text, table, expected) in [
            (format!("contact:{ID}"), Some("contact"), id),
            ("contact:\"Ida Holm\"".to_owned(), Some("contact"), name("Ida Holm")),
            ("contact@emailaddress1=i@x.dk".to_owned(), Some("contact"), key("emailaddress1", "i@x.dk")),
            ("Ida Holm".to_owned(), None, name("Ida Holm")),
            ("Two words: more".to_owned(), None, name("Two words: more")),
        ] {
            assert_eq!(link(&text), Link { table, reference: expected }, "{text}");
        }
    }
}
