//! Multipart messages (RFC 2046 §5.1): writes them with CRLF after every line, as the service demands, and reads them
//! however they come. Pure. It never looks into a part.

/// The message of `parts`, each with its headers, a blank line and its content.
pub(super) fn join(boundary: &str, parts: &[Vec<u8>]) -> Vec<u8> {
    let mut message = Vec::with_capacity(parts.iter().map(|part| part.len() + boundary.len() + 8).sum());
    for part in parts {
        message.extend_from_slice(format!("--{boundary}\r\n").as_bytes());
        message.extend_from_slice(part);
        message.extend_from_slice(b"\r\n");
    }
    message.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
    message
}

/// The parts of a message. Lines may end with LF alone, and the closing line may be missing.
pub(super) fn split<'body>(boundary: &str, body: &'body [u8]) -> Vec<&'body [u8]> {
    let (mut parts, mut start, mut at) = (Vec::new(), None, 0);
    while at < body.len() {
        let end = body[at..].iter().position(|byte| *byte == b'\n').map_or(body.len(), |end| at + end + 1);
        let line = body[at..end].trim_ascii_end();
        let rest = line.strip_prefix(b"--").and_then(|line| line.strip_prefix(boundary.as_bytes()));
        if let Some(rest) = rest.filter(|rest| rest.is_empty() || *rest == b"--") {
            parts.extend(start.map(|start| without_line_end(&body[start..at])));
            start = rest.is_empty().then_some(end);
        }
        at = end;
    }
    parts.extend(start.map(|start| &body[start..]));
    parts
}

fn without_line_end(text: &[u8]) -> &[u8] {
    let text = text.strip_suffix(b"\n").unwrap_or(text);
    text.strip_suffix(b"\r").unwrap_or(text)
}

/// Headers, names in lower case, and what follows the blank line. A line that is no header is passed over.
pub(super) fn headers(text: &[u8]) -> (Vec<(String, String)>, &[u8]) {
    let (mut headers, mut rest) = (Vec::new(), text);
    while !rest.is_empty() {
        let end = rest.iter().position(|byte| *byte == b'\n').map_or(rest.len(), |end| end + 1);
        let line = String::from_utf8_lossy(&rest[..end]);
        rest = &rest[end..];
        if line.trim().is_empty() {
            break;
        }
        if let Some((name, value)) = line.split_once(':') {
            headers.push((name.trim().to_lowercase(), value.trim().to_owned()));
        }
    }
    (headers, rest)
}

/// The first value of a header.
pub(super) fn header<'a>(headers: &'a [(String, String)], name: &str) -> Option<&'a str> {
    headers.iter().find(|(header, _)| header == name).map(|(_, value)| value.as_str())
}

/// The boundary in a content type, quoted or not.
pub(super) fn boundary(content_type: &str) -> Option<&str> {
    let (kind, rest) = content_type.split_once(';')?;
    if !kind.trim().to_ascii_lowercase().starts_with("multipart/") {
        return None;
    }
    rest.split(';').find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim().eq_ignore_ascii_case("boundary").then(|| value.trim().trim_matches('"'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_boundary_is_found_quoted_or_not() {
        assert_eq!(boundary("multipart/mixed; boundary=\"a b\""), Some("a b"));
        assert_eq!(boundary("Multipart/Mixed; charset=utf-8; Boundary=x_1"), Some("x_1"));
        assert_eq!(boundary("application/json; boundary=x"), None);
        assert_eq!(boundary("multipart/mixed"), None);
    }

    #[test]
    fn odd_line_ends_and_a_missing_end_are_taken() {
        let parts: [&[u8]; 2] = [b"A: 1\n\n{}", b"B: 2\n\nx"];
        for text in ["--b\nA: 1\n\n{}\n--b\nB: 2\n\nx\n--b--\n", "preamble\r\n--b \r\nA: 1\n\n{}\r\n--b\r\nB: 2\n\nx"] {
            assert_eq!(split("b", text.as_bytes()), parts, "{text:?}");
        }
        assert!(split("b", b"").is_empty() && split("b", b"--b--\r\n--c\r\nx").is_empty());
    }

    proptest! {
        #[test]
        fn what_was_joined_is_split_the_same(
            parts in prop::collection::vec("[ -~\r\n]{0,60}".prop_filter("a delimiter", |text| !text.contains("--b")), 0..6)
        ) {
            let parts: Vec<Vec<u8>> = parts.into_iter().map(String::into_bytes).collect();
            let message = join("batch_1", &parts);
            let found: Vec<Vec<u8>> = split("batch_1", &message).into_iter().map(<[u8]>::to_vec).collect();
            prop_assert_eq!(found, parts);
        }

        #[test]
        fn no_bytes_are_too_odd(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let text = [b"--b\r\n".as_slice(), &bytes, b"\r\n--b--\r\n"].concat();
            for part in split("b", &text) {
                let _ = headers(part);
            }
        }
    }
}
