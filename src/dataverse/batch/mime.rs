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

/// The parts of a message. Lines may end with LF alone. A part without a line that ends it is none: whoever sent the
/// message was cut off in it, and half an answer must not pass for one.
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
    fn odd_line_ends_are_taken_and_a_part_that_is_cut_off_is_none() {
        let parts: [&[u8]; 2] = [b"A: 1\n\n{}", b"B: 2\n\nx"];
        for text in
            ["--b\nA: 1\n\n{}\n--b\nB: 2\n\nx\n--b--\n", "preamble\r\n--b \r\nA: 1\n\n{}\r\n--b\r\nB: 2\n\nx\r\n--b--"]
        {
            assert_eq!(split("b", text.as_bytes()), parts, "{text:?}");
        }
        for cut in [
            "--b\nA: 1\n\n{}\n--b\nB: 2\n\nx",
            "--b\nA: 1\n\n{}\n--b\nB: 2\n\nx\n",
            "--b\nA: 1\n\n{}\n--b\nB: 2\n\nx\n--b-",
        ] {
            assert_eq!(split("b", cut.as_bytes()), parts[..1], "{cut:?}");
        }
        assert!(split("b", b"").is_empty() && split("b", b"--b--\r\n--c\r\nx").is_empty());
    }

    /// The same by whole lines and copies.
    fn split_slowly(text: &str) -> Vec<String> {
        let mut parts: Vec<Vec<&str>> = Vec::new();
        let mut is_inside = false;
        for line in text.split_inclusive('\n') {
            match line.trim_end() {
                "--b" => (is_inside, parts) = (true, [parts, vec![Vec::new()]].concat()),
                "--b--" => is_inside = false,
                _ if is_inside => parts.last_mut().unwrap().push(line),
                _ => {}
            }
        }
        if is_inside {
            parts.pop();
        }
        let text_of = |lines: Vec<&str>| {
            let part = lines.concat();
            let part = part.strip_suffix('\n').unwrap_or(&part);
            part.strip_suffix('\r').unwrap_or(part).to_owned()
        };
        parts.into_iter().map(text_of).collect()
    }

    #[test]
    fn a_message_of_a_hundred_thousand_parts_is_read_in_one_go() {
        let message = "--b\r\nA: 1\r\n\r\n{}\r\n".repeat(100_000) + "--b--";
        assert_eq!(split("b", message.as_bytes()).len(), 100_000);
        let lines = "--a\r\n".repeat(1_000_000);
        assert!(split("b", lines.as_bytes()).is_empty());
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
        fn a_message_is_split_as_a_slow_and_simple_reader_splits_it(
            pieces in prop::collection::vec(prop::sample::select(vec![
                "--b", "--b--", "--bb", "--c", "\r\n", "\n", "\r", " ", "A: 1", "{}", "HTTP/1.1 200 OK", "", "--",
            ]), 0..24)
        ) {
            let text = pieces.concat();
            let found: Vec<String> = split("b", text.as_bytes()).iter().map(|part| String::from_utf8_lossy(part).into_owned()).collect();
            prop_assert_eq!(&found, &split_slowly(&text));
            // Parts are pieces of the message, in its order: they need no memory of their own.
            prop_assert!(found.iter().map(String::len).sum::<usize>() <= text.len());
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
