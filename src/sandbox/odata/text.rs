//! Percent-encoding, both ways. It never decides which characters a place in an address allows.

use std::fmt::Write;

/// Decodes percent escapes, and `+` as a space when `is_query`. `None` when an escape is broken or the bytes are no UTF-8.
pub(crate) fn decode(text: &str, is_query: bool) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        match byte {
            b'%' => {
                let high = char::from(rest.next()?).to_digit(16)?;
                let low = char::from(rest.next()?).to_digit(16)?;
                bytes.push(u8::try_from(high * 16 + low).ok()?);
            }
            b'+' if is_query => bytes.push(b' '),
            other => bytes.push(other),
        }
    }
    String::from_utf8(bytes).ok()
}

/// Encodes everything but letters, digits, `-`, `.` and `_`, with lower-case escapes as the service writes them.
pub(crate) fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_') {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02x}");
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_encoded_is_decoded_to_itself() {
        for text in ["", "O'Neil & Søn", "<cookie page=\"1\" />", "100 % + 1"] {
            assert_eq!(decode(&encode(text), false).as_deref(), Some(text));
        }
        assert_eq!(encode("<a=é>"), "%3ca%3d%c3%a9%3e");
        assert_eq!(decode("a+b%2Bc", true).as_deref(), Some("a b+c"));
        for broken in ["%", "%4", "%zz", "%ff"] {
            assert_eq!(decode(broken, true), None, "{broken}");
        }
    }
}
