//! How text gets into an address: percent-encoding and OData literals. It knows nothing of tables.

use std::fmt::Write as _;

/// Where the Web API of every organisation lives.
pub(super) const API: &str = "/api/data/v9.2/";

/// Percent-encodes the value of a query option: everything but unreserved characters and the signs that OData uses and a
/// query may hold (RFC 3986 §3.4). What comes out goes over the wire unchanged.
pub(super) fn query_value(text: &str) -> String {
    encode(text, |byte| matches!(byte, b'(' | b')' | b',' | b'$' | b'/' | b':' | b';' | b'=' | b'@' | b'*'))
}

/// Percent-encodes a resource: an entity set, with key and navigation behind it. A segment of nothing but dots would be
/// walked upwards by whoever parses the address, so its dots are encoded twice: it then names nothing.
pub(super) fn resource(text: &str) -> String {
    let segments = text.split('/').map(|segment| {
        if !segment.is_empty() && segment.bytes().all(|byte| byte == b'.') {
            return segment.replace('.', "%252E");
        }
        encode(segment, |byte| matches!(byte, b'(' | b')' | b',' | b'$' | b'=' | b'@' | b'\''))
    });
    segments.collect::<Vec<_>>().join("/")
}

/// An OData string literal: in quotes, quotes inside doubled (OData 4.0, part 2, §5.1.1.6.1).
pub(super) fn string_literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// The first option of an address that has a value and no name: what is left of `$top=5` when a shell took `$top` for a
/// variable of its own.
#[must_use]
pub fn nameless_option(address: &str) -> Option<&str> {
    let (_, options) = address.split_once('?')?;
    options.split('&').find(|option| option.trim_start().starts_with('='))
}

/// Percent-encodes everything but unreserved characters (RFC 3986 §2.3) and what `is_plain` lets pass.
pub(super) fn encode(text: &str, is_plain: impl Fn(u8) -> bool) -> String {
    let mut encoded = String::with_capacity(text.len() + 16);
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') || is_plain(byte) {
            encoded.push(char::from(byte));
        } else {
            // Writing to a String can't fail.
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_filter_reads_almost_as_it_was_typed() {
        for (typed, sent) in [
            ("name eq 'O''Neil & Söhne'", "name%20eq%20%27O%27%27Neil%20%26%20S%C3%B6hne%27"),
            ("startswith(name,'a+b')", "startswith(name,%27a%2Bb%27)"),
            ("createdon ge 2026-03-01T00:00:00Z", "createdon%20ge%202026-03-01T00:00:00Z"),
            ("a/b eq '100%#?'", "a/b%20eq%20%27100%25%23%3F%27"),
        ] {
            assert_eq!(query_value(typed), sent);
        }
    }

    #[test]
    fn an_option_without_a_name_is_found() {
        for (address, option) in [
            ("accounts?=name&=2", Some("=name")),
            ("accounts?$select=name& =2", Some(" =2")),
            ("accounts?=", Some("=")),
            ("accounts?$select=name&", None),
            ("accounts?$filter=name%20eq%20'a==b'", None),
            ("accounts", None),
            ("accounts(name='=')", None),
        ] {
            assert_eq!(nameless_option(address), option, "{address}");
        }
    }

    #[test]
    fn a_resource_stays_beneath_the_api() {
        for (typed, sent) in [
            ("accounts", "accounts"),
            ("systemusers(5d0c)/systemuserroles_association", "systemusers(5d0c)/systemuserroles_association"),
            ("accounts?$top=1", "accounts%3F$top=1"),
            ("../../x", "%252E%252E/%252E%252E/x"),
            ("a#b\\c d", "a%23b%5Cc%20d"),
        ] {
            assert_eq!(resource(typed), sent);
            let whole = format!("https://contoso.crm.dynamics.com{API}{sent}");
            let parsed = url::Url::parse(&whole).expect("an address");
            assert_eq!(parsed.as_str(), whole, "the parser changed it");
        }
    }

    proptest! {
        #[test]
        fn a_value_comes_back_whole_and_reaches_nothing_else(text in any::<String>()) {
            let address = format!("https://contoso.crm.dynamics.com{API}accounts?$filter={}", query_value(&text));
            let parsed = url::Url::parse(&address).expect("an address");
            // The wire carries what was built, and a server that decodes it sees what was typed.
            prop_assert_eq!(parsed.as_str(), &address);
            let pairs: Vec<_> = parsed.query_pairs().map(|(name, value)| (name.into_owned(), value.into_owned())).collect();
            prop_assert_eq!(pairs, vec![("$filter".to_owned(), text)]);
            prop_assert!(parsed.fragment().is_none());
        }

        #[test]
        fn a_literal_has_no_single_quote_of_its_own(text in any::<String>()) {
            let literal = string_literal(&text);
            let inner = &literal[1..literal.len() - 1];
            prop_assert!(!inner.replace("''", "").contains('\''));
            prop_assert_eq!(inner.replace("''", "'"), text);
        }
    }
}
