//! The id of a record. Nothing here asks whether there is such a record.

use std::fmt;

use serde::Deserialize;

use crate::dataverse::DataverseError;

/// A GUID, written in lower case without braces, as the service wants it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(try_from = "String")]
pub struct RecordId(uuid::Uuid);

impl RecordId {
    /// Takes a GUID in its usual form, in any letter case, with or without braces and surrounding space.
    ///
    /// # Errors
    /// [`DataverseError::BadRecordId`] for everything else, so that nothing typed is ever spliced into an address.
    pub fn parse(text: &str) -> Result<Self, DataverseError> {
        let plain = text.trim();
        let plain = plain.strip_prefix('{').and_then(|inner| inner.strip_suffix('}')).unwrap_or(plain);
        let refuse = || DataverseError::BadRecordId { text: text.to_owned(), column: None };
        if plain.len() != 36 {
            return Err(refuse());
        }
        uuid::Uuid::try_parse(plain).map(Self).map_err(|_| refuse())
    }

    /// A new id, for a record that is about to be created.
    #[must_use]
    pub fn random() -> Self {
        Self(uuid::Uuid::new_v4())
    }
}

impl TryFrom<String> for RecordId {
    type Error = DataverseError;

    fn try_from(text: String) -> Result<Self, DataverseError> {
        Self::parse(&text)
    }
}

impl fmt::Display for RecordId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.hyphenated().fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::{Diagnose as _, Exit};

    #[test]
    fn an_id_is_written_one_way_however_it_was_typed() {
        for text in [
            "5d0c0001-1111-ef11-8400-000d3ab1c111",
            "{5D0C0001-1111-EF11-8400-000D3AB1C111}",
            " 5D0C0001-1111-ef11-8400-000d3ab1c111\n",
        ] {
            let id = RecordId::parse(text).expect(text);
            assert_eq!(id.to_string(), "5d0c0001-1111-ef11-8400-000d3ab1c111");
        }
    }

    #[test]
    fn what_is_no_id_never_gets_near_an_address() {
        for text in [
            "",
            "5d0c0001",
            "5d0c00011111ef118400000d3ab1c111",
            "{5d0c0001-1111-ef11-8400-000d3ab1c111",
            "urn:uuid:5d0c0001-1111-ef11-8400-000d3ab1c111",
            "x') or (1 eq 1",
            "5d0c0001-1111-ef11-8400-000d3ab1c11/",
            "5d0c0001-1111-ef11-8400-000d3ab1c1é",
        ] {
            let error = RecordId::parse(text).expect_err(text);
            assert_eq!(error.phrase().exit, Exit::Usage);
        }
    }
}
