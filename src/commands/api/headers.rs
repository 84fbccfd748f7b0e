//! Headers that the user may give, and those of an answer as they are shown. Pure.

use crate::commands::api::ApiError;
use crate::net::overrides_method;

/// What carries credentials, names another host or frames the message. We send these ourselves, or nobody does.
const OURS: [&str; 17] = [
    "authorization",
    "proxy-authorization",
    "cookie",
    "host",
    "connection",
    "content-length",
    "transfer-encoding",
    "te",
    "trailer",
    "upgrade",
    "expect",
    "accept-encoding",
    "content-encoding",
    "user-agent",
    "x-ms-client-request-id",
    "x-original-url",
    "x-rewrite-url",
];
/// Families of the same kind.
const OUR_FAMILIES: [&str; 3] = ["x-ms-authorization", "x-forwarded", "proxy-"];
/// Answers whose values are nobody's business.
const MASKED: [&str; 4] = ["set-cookie", "www-authenticate", "proxy-authenticate", "authorization"];

/// Reads `Name: value`.
///
/// # Errors
/// [`ApiError::BadHeader`], [`ApiError::MethodOverride`], or [`ApiError::ForbiddenHeader`] for one that is ours to send.
pub(super) fn parse(word: &str) -> Result<(String, String), ApiError> {
    let bad = || ApiError::BadHeader { word: word.split(':').next().unwrap_or_default().to_owned() };
    let (name, value) = word.split_once(':').ok_or_else(bad)?;
    let (name, value) = (name.trim(), value.trim());
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    if name.is_empty() || !name.bytes().all(is_token) || !value.bytes().all(|byte| (0x20..0x7f).contains(&byte)) {
        return Err(bad());
    }
    if overrides_method(name) {
        return Err(ApiError::MethodOverride { name: name.to_owned() });
    }
    let lower = name.to_ascii_lowercase();
    if OURS.contains(&lower.as_str()) || OUR_FAMILIES.iter().any(|family| lower.starts_with(family)) {
        return Err(ApiError::ForbiddenHeader { name: name.to_owned() });
    }
    Ok((name.to_owned(), value.to_owned()))
}

/// Status and headers of an answer, with an empty line behind them.
pub(super) fn shown(status: u16, headers: &[(String, Vec<u8>)]) -> String {
    let mut text = format!("HTTP {status}\n");
    for (name, value) in headers {
        let value = String::from_utf8_lossy(value);
        text.push_str(name);
        text.push_str(": ");
        text.push_str(if MASKED.contains(&name.as_str()) { "***" } else { &value });
        text.push('\n');
    }
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_ours_to_send_is_refused_in_any_case() {
        for word in
            ["Authorization: Bearer x", "HOST:evil.example", "cookie: a", "X-Forwarded-Host: x", "Content-Length: 1"]
        {
            assert!(matches!(parse(word), Err(ApiError::ForbiddenHeader { .. })), "{word}");
        }
        for word in ["Prefer", ": x", "a b: c", "Prefer: a\r\nHost: x", "Prefer: é"] {
            assert!(matches!(parse(word), Err(ApiError::BadHeader { .. })), "{word}");
        }
        let good = parse("Prefer: odata.include-annotations=\"*\"").unwrap();
        assert_eq!(good, ("Prefer".to_owned(), "odata.include-annotations=\"*\"".to_owned()));
    }

    #[test]
    fn cookies_and_challenges_are_masked() {
        let headers = [("etag".to_owned(), b"W/\"1\"".to_vec()), ("set-cookie".to_owned(), b"session=secret".to_vec())];
        assert_eq!(shown(200, &headers), "HTTP 200\netag: W/\"1\"\nset-cookie: ***\n\n");
    }
}
