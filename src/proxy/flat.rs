//! Judges whether a JSON body writes one record and nothing beside it: a nested object is a record of another table, made
//! along with it (Microsoft Learn, "Create related table rows in one operation"). No I/O.

use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

/// Whether `body` is one JSON object without an object or a list in it.
pub(super) fn is_flat(body: &[u8]) -> bool {
    serde_json::from_slice::<Flat>(body).is_ok_and(|flat| flat.0)
}

struct Flat(bool);

impl<'de> Deserialize<'de> for Flat {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Members)
    }
}

struct Members;

impl<'de> Visitor<'de> for Members {
    type Value = Flat;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    /// Every member is looked at: of two with one name, nobody knows which the service takes.
    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Flat, A::Error> {
        let mut is_flat = true;
        while members.next_key::<IgnoredAny>()?.is_some() {
            let value: &RawValue = members.next_value()?;
            is_flat &= !value.get().starts_with(['{', '[']);
        }
        Ok(Flat(is_flat))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_flat_and_one_with_others_inside_is_not() {
        for body in [
            "{}",
            r#"{"name":"A","revenue":1.50,"donotemail":true,"description":null}"#,
            r#" {"primarycontactid@odata.bind" : "/contacts(1)"} "#,
            r#"{"name":"[not a list]","description":"{not an object}"}"#,
        ] {
            assert!(is_flat(body.as_bytes()), "{body}");
        }
        for body in [
            "",
            "[]",
            "null",
            "\"a\"",
            "{",
            r#"{"primarycontactid":{"firstname":"A"}}"#,
            r#"{"contact_customer_accounts":[{"firstname":"A"}]}"#,
            r#"{"contact_customer_accounts@odata.bind":["/contacts(1)"]}"#,
            r#"{"a":1,"a":{"b":1}}"#,
            r#"{"a":{"b":1},"a":1}"#,
            "{\"a\":\n\t {\"b\":1}}",
            r#"{"a":1}{"b":{}}"#,
            "{\"a\":\"\u{0}\"}",
        ] {
            assert!(!is_flat(body.as_bytes()), "{body}");
        }
    }
}
