//! Multipart messages and the HTTP requests inside them (RFC 2046 §5.1, RFC 9112), as strict as the service: every line of
//! the structure ends with CRLF, the one after the closing boundary of the whole body too. It never looks at what a request
//! asks for.

/// One part of a multipart message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Part<'body> {
    /// Header names in lower case.
    pub headers: Vec<(String, String)>,
    /// What follows the blank line.
    pub content: &'body [u8],
}

/// A request inside a part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Inner<'body> {
    /// `GET`, `POST`, …
    pub method: String,
    /// As written: an address, a path or a reference.
    pub target: String,
    /// Header names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: &'body [u8],
}

impl Part<'_> {
    /// The first value of a header; `name` in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(header, _)| header == name).map(|(_, value)| value.as_str())
    }

    /// The boundary, when the part holds parts itself.
    pub fn boundary(&self) -> Option<&str> {
        boundary(self.header("content-type")?)
    }
}

/// The boundary of `multipart/mixed; boundary="…"`; `None` for every other content type.
pub(super) fn boundary(content_type: &str) -> Option<&str> {
    let (kind, rest) = content_type.split_once(';')?;
    if !kind.trim().eq_ignore_ascii_case("multipart/mixed") {
        return None;
    }
    let value = rest.split(';').find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim().eq_ignore_ascii_case("boundary").then_some(value)
    })?;
    Some(value.trim().trim_matches('"')).filter(|boundary| !boundary.is_empty())
}

/// The parts of a whole body; `None` when it is not well formed to the last CRLF.
pub(super) fn parts<'body>(body: &'body [u8], boundary: &str) -> Option<Vec<Part<'body>>> {
    cut(body, boundary, false)
}

/// The parts of a message inside a part. The line break behind its closing delimiter may be the one that the delimiter
/// around it begins with (RFC 2046 §5.1.1).
pub(super) fn inner_parts<'body>(content: &'body [u8], boundary: &str) -> Option<Vec<Part<'body>>> {
    cut(content, boundary, true)
}

fn cut<'body>(body: &'body [u8], boundary: &str, is_inner: bool) -> Option<Vec<Part<'body>>> {
    let delimiter = format!("--{boundary}");
    let begins_line = |place: usize| place == 0 || body[..place].ends_with(b"\r\n");
    // What stands before the first delimiter is nobody's.
    let first =
        (0..body.len()).find(|place| begins_line(*place) && body[*place..].starts_with(delimiter.as_bytes()))?;
    let after = |place: usize| after_delimiter(body, place, &delimiter, is_inner);
    let (mut parts, mut at) = (Vec::new(), after(first)?);
    loop {
        let After::Part(start) = at else { return Some(parts) };
        let next = (start..body.len()).find(|place| begins_line(*place) && after(*place).is_some())?;
        parts.push(part(body.get(start..next.checked_sub(2)?)?)?);
        at = after(next)?;
    }
}

/// What a delimiter line opens.
enum After {
    /// Another part, which begins here.
    Part(usize),
    /// The end.
    End,
}

fn after_delimiter(body: &[u8], at: usize, delimiter: &str, is_inner: bool) -> Option<After> {
    let is_padding = |text: &[u8]| text.iter().all(|byte| matches!(byte, b' ' | b'\t'));
    let rest = body.get(at..)?.strip_prefix(delimiter.as_bytes())?;
    if let Some(rest) = rest.strip_prefix(b"--") {
        let padding = match rest.iter().position(|byte| *byte == b'\n') {
            Some(line) => rest[..line].strip_suffix(b"\r")?,
            None if is_inner => rest,
            None => return None,
        };
        return is_padding(padding).then_some(After::End);
    }
    let line = rest.iter().position(|byte| *byte == b'\n')?;
    let padding = rest[..line].strip_suffix(b"\r")?;
    is_padding(padding).then_some(After::Part(at + delimiter.len() + line + 1))
}

fn part(text: &[u8]) -> Option<Part<'_>> {
    let (headers, content) = headers(text)?;
    Some(Part { headers, content })
}

/// The request in a part; `None` without a blank line after its headers. Where there is no body, that may be the line
/// break before the delimiter: the widely used clients write it so.
pub(super) fn request(content: &[u8]) -> Option<Inner<'_>> {
    let line_end = content.windows(2).position(|pair| pair == b"\r\n")?;
    let line = std::str::from_utf8(&content[..line_end]).ok()?;
    let (method, rest) = line.split_once(' ')?;
    let target = rest.trim().strip_suffix("HTTP/1.1")?.trim();
    let (headers, body) = headers(&content[line_end + 2..])?;
    Some(Inner { method: method.to_owned(), target: target.to_owned(), headers, body })
}

type Headers = Vec<(String, String)>;

fn headers(mut text: &[u8]) -> Option<(Headers, &[u8])> {
    let mut headers = Vec::new();
    loop {
        if text.is_empty() {
            // The blank line is the one that the delimiter begins with.
            return Some((headers, text));
        }
        let end = text.windows(2).position(|pair| pair == b"\r\n")?;
        let (line, rest) = (&text[..end], &text[end + 2..]);
        if line.is_empty() {
            return Some((headers, rest));
        }
        let (name, value) = std::str::from_utf8(line).ok()?.split_once(':')?;
        headers.push((name.trim().to_lowercase(), value.trim().to_owned()));
        text = rest;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_boundary_may_be_quoted_and_belongs_to_mixed_messages_alone() {
        for (kind, expected) in [
            ("multipart/mixed; boundary=b_1", Some("b_1")),
            ("Multipart/Mixed;charset=utf-8;boundary=\"b 1\"", Some("b 1")),
            ("multipart/mixed", None),
            ("multipart/form-data; boundary=b", None),
            ("application/json", None),
            ("multipart/mixed; boundary=", None),
        ] {
            assert_eq!(boundary(kind), expected, "{kind}");
        }
    }

    #[test]
    fn a_message_is_cut_where_its_lines_say() {
        let body = b"\r\n--b\r\nA: 1\r\n\r\nx\n--bc\r\n--b\r\n\r\n\r\n--b--\r\n";
        let found = parts(body, "b").unwrap();
        assert_eq!(found.len(), 2);
        assert_eq!((found[0].header("a"), found[0].content), (Some("1"), &b"x\n--bc"[..]));
        assert_eq!(found[1].content, b"");
    }

    #[test]
    fn whatever_lacks_a_crlf_is_no_message() {
        let whole = "--b\r\nA: 1\r\n\r\nGET /x HTTP/1.1\r\n\r\n\r\n--b--\r\n";
        assert!(parts(whole.as_bytes(), "b").is_some());
        for broken in [
            whole.replace("\r\n", "\n"),
            whole.strip_suffix("\r\n").unwrap().to_owned(),
            whole.replace("--b--", "--c--"),
            whole.replace("A: 1", "A"),
            String::new(),
        ] {
            assert_eq!(parts(broken.as_bytes(), "b"), None, "{broken:?}");
        }
    }

    #[test]
    fn a_message_inside_a_part_may_end_with_its_closing_delimiter() {
        for end in ["", "\r\n", "\r\n\r\n", " \t", "  \r\nan epilogue"] {
            let inner = format!("--c\r\nA: 1\r\n\r\nx\r\n--c--{end}");
            let found = inner_parts(inner.as_bytes(), "c").unwrap_or_default();
            assert_eq!(found.len(), 1, "{end:?}");
            assert_eq!(found[0].content, b"x", "{end:?}");
        }
        for end in ["x", "-", "\n"] {
            let inner = format!("--c\r\nA: 1\r\n\r\nx\r\n--c--{end}");
            assert_eq!(inner_parts(inner.as_bytes(), "c"), None, "{end:?}");
        }
    }

    #[test]
    fn a_request_needs_its_blank_line() {
        let inner = request(b"PATCH $1/x y HTTP/1.1\r\nIf-Match: *\r\n\r\n{}").unwrap();
        assert_eq!((inner.method.as_str(), inner.target.as_str(), inner.body), ("PATCH", "$1/x y", &b"{}"[..]));
        assert_eq!(inner.headers, [("if-match".to_owned(), "*".to_owned())]);
        assert!(request(b"GET /x HTTP/1.1\r\n").is_some() && request(b"GET /x HTTP/1.1\r\nA: 1\r\n").is_some());
        assert_eq!(request(b"GET /x HTTP/1.1"), None);
        assert_eq!(request(b"GET /x HTTP/1.1\r\nA: 1"), None);
        assert_eq!(request(b"GET /x\r\n\r\n"), None);
    }
}
