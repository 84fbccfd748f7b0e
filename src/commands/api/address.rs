//! Which path is meant by what was typed. Pure: an address of another organisation is refused by whoever knows ours.

use std::fmt::Write as _;

use crate::commands::api::ApiError;
use crate::dataverse::nameless_option;

/// Where the Web API lives.
const API: &str = "/api/data/v9.2/";

/// What was typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Address {
    /// A path at the organisation, encoded.
    Path(String),
    /// A whole address, encoded, which has to be the organisation's own.
    Whole(String),
}

impl Address {
    /// Reads an address: `accounts?$top=1` is one beneath the Web API, `/api/search/…` is taken as it stands.
    ///
    /// # Errors
    /// [`ApiError::NoPath`] when there is none, [`ApiError::NamelessOption`] when a shell took the name of an option away.
    pub fn parse(typed: &str) -> Result<Self, ApiError> {
        let typed = typed.trim();
        if typed.trim_matches('/').is_empty() {
            return Err(ApiError::NoPath);
        }
        if let Some(option) = nameless_option(typed) {
            let resource = typed.split('?').next().unwrap_or_default().to_owned();
            return Err(ApiError::NamelessOption { option: option.trim().to_owned(), resource });
        }
        let encoded = encoded(typed);
        let is_whole =
            typed.starts_with("//") || typed.split(['/', '?', '(']).next().is_some_and(|it| it.ends_with(':'));
        if is_whole {
            return Ok(Self::Whole(encoded));
        }
        let path = encoded.trim_start_matches('/');
        Ok(Self::Path(if path.starts_with("api/") { format!("/{path}") } else { format!("{API}{path}") }))
    }
}

/// Encodes what no address may hold, and leaves alone what is encoded already.
fn encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~:/?[]@!$&'()*+,;=%".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            // Writing to a String can't fail.
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

/// Adds an option to a path.
pub(super) fn with_option(path: &mut String, name: &str, value: &str) {
    path.push(if path.contains('?') { '&' } else { '?' });
    for (at, text) in [name, value].into_iter().enumerate() {
        if at > 0 {
            path.push('=');
        }
        for byte in text.bytes() {
            if byte.is_ascii_alphanumeric() || b"-._~$@(),/:;*".contains(&byte) {
                path.push(char::from(byte));
            } else {
                let _ = write!(path, "%{byte:02X}");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_path_is_one_beneath_the_web_api() {
        for (typed, path) in [
            ("accounts", "/api/data/v9.2/accounts"),
            ("/accounts?$top=1", "/api/data/v9.2/accounts?$top=1"),
            ("WhoAmI()", "/api/data/v9.2/WhoAmI()"),
            ("/api/search/v2.0/query", "/api/search/v2.0/query"),
            ("api/data/v9.1/accounts", "/api/data/v9.1/accounts"),
            (
                "accounts?$filter=name eq 'Øy & Co#1'",
                "/api/data/v9.2/accounts?$filter=name%20eq%20'%C3%98y%20&%20Co%231'",
            ),
            ("accounts?$filter=name%20eq%20'x'", "/api/data/v9.2/accounts?$filter=name%20eq%20'x'"),
            ("accounts(name='a:b')", "/api/data/v9.2/accounts(name='a:b')"),
            ("a\\b\n", "/api/data/v9.2/a%5Cb"),
        ] {
            assert_eq!(Address::parse(typed).unwrap(), Address::Path(path.to_owned()), "{typed}");
        }
    }

    #[test]
    fn a_whole_address_is_told_apart() {
        for typed in ["https://evil.example/x", "//evil.example/x", "file:///etc/passwd"] {
            assert!(matches!(Address::parse(typed).unwrap(), Address::Whole(_)), "{typed}");
        }
        for empty in ["", " / ", "//"] {
            assert!(Address::parse(empty).is_err(), "{empty:?}");
        }
    }

    #[test]
    fn an_option_is_encoded_and_has_its_sign() {
        let mut path = "/api/data/v9.2/accounts".to_owned();
        with_option(&mut path, "$filter", "name eq 'a&b=c'");
        with_option(&mut path, "$top", "1");
        assert_eq!(path, "/api/data/v9.2/accounts?$filter=name%20eq%20%27a%26b%3Dc%27&$top=1");
    }
}
