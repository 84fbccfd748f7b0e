//! Changes addresses in bodies that stream past: the organisation's becomes the proxy's in the links of an answer, and the
//! proxy's becomes the organisation's in a request. Every other byte passes as it is. No I/O.

use memchr::{memchr, memchr2, memmem};

/// A text in JSON that is followed by a colon is a name: inside a value its quote would have a backslash in front. So a
/// name's end can be found without reading the JSON around it.
const LINKS: [&[u8]; 2] = [b"@odata.nextLink\"", b"@odata.deltaLink\""];
/// Header lines in the parts of a batch's answer.
const LINES: [&[u8]; 2] = [b"\nlocation:", b"\nodata-entityid:"];
/// Blanks that may stand before a link. More than this was never meant to be read.
const MOST_BLANKS: usize = 64;

/// Rewrites the links of an answer. Memory: the longest beginning of a link.
#[derive(Debug)]
pub(super) struct Outward {
    origin: Vec<u8>,
    prefix: Vec<u8>,
    has_lines: bool,
    held: Vec<u8>,
}

/// Why a link can't be changed at a place.
enum No {
    /// None of the organisation's begins there.
    Link,
    /// Too little has arrived to say.
    Certainty,
}

/// A link of the organisation: from `start` on, `skip` bytes are its origin.
struct Link {
    start: usize,
    skip: usize,
}

impl Outward {
    /// `origin` and `prefix` without a slash at the end; `has_lines` for the parts of a batch.
    pub(super) fn new(origin: &str, prefix: &str, has_lines: bool) -> Self {
        Self { origin: origin.into(), prefix: prefix.into(), has_lines, held: Vec::new() }
    }

    /// Takes a piece in and gives out what is certain.
    pub(super) fn pass(&mut self, piece: &[u8]) -> Vec<u8> {
        self.held.extend_from_slice(piece);
        let held = std::mem::take(&mut self.held);
        let mut out = Vec::with_capacity(held.len() + self.prefix.len());
        let mut done = 0;
        let mut from = 0;
        while let Some(at) = self.next_candidate(&held, from) {
            match self.look(&held, at) {
                Err(No::Link) => from = at + 1,
                Err(No::Certainty) => {
                    out.extend_from_slice(&held[done..at]);
                    self.held = held[at..].to_vec();
                    return out;
                }
                Ok(Link { start, skip }) => {
                    out.extend_from_slice(&held[done..start]);
                    out.extend_from_slice(&self.prefix);
                    done = start + skip;
                    from = done;
                }
            }
        }
        out.extend_from_slice(&held[done..]);
        out
    }

    /// What is left at the end.
    pub(super) fn end(self) -> Vec<u8> {
        self.held
    }

    fn next_candidate(&self, held: &[u8], from: usize) -> Option<usize> {
        let rest = &held[from..];
        let at = if self.has_lines { memchr2(b'@', b'\n', rest) } else { memchr(b'@', rest) };
        at.map(|at| at + from)
    }

    fn look(&self, held: &[u8], at: usize) -> Result<Link, No> {
        let rest = &held[at..];
        let mut no = No::Link;
        for name in LINKS.iter().chain(self.has_lines.then_some(&LINES).into_iter().flatten()) {
            let length = name.len().min(rest.len());
            if !rest[..length].eq_ignore_ascii_case(&name[..length]) {
                continue;
            }
            if length < name.len() {
                no = No::Certainty;
                continue;
            }
            let is_line = name[0] == b'\n';
            let start = if is_line { skip_blanks(rest, length)? } else { skip_to_text(rest, length)? };
            let skip = self.length_of_origin(&rest[start..], is_line)?;
            return Ok(Link { start: at + start, skip });
        }
        Err(no)
    }

    /// How many bytes of `link` are the organisation's origin: none of a link that begins at its root.
    fn length_of_origin(&self, link: &[u8], is_line: bool) -> Result<usize, No> {
        match slash(link, 0, is_line) {
            // `//host` leads elsewhere.
            Ok(after) => {
                return match slash(link, after, is_line) {
                    Ok(_) => Err(No::Link),
                    Err(No::Link) => Ok(0),
                    Err(No::Certainty) => Err(No::Certainty),
                };
            }
            Err(No::Link) => {}
            Err(No::Certainty) => return Err(No::Certainty),
        }
        let mut at = 0;
        for expected in &self.origin {
            at = match link.get(at) {
                _ if *expected == b'/' => slash(link, at, is_line)?,
                Some(byte) if byte.eq_ignore_ascii_case(expected) => at + 1,
                Some(_) => return Err(No::Link),
                None => return Err(No::Certainty),
            };
        }
        // `https://contoso.crm4.dynamics.com.evil.example` only begins like it.
        slash(link, at, is_line).map(|_| at)
    }
}

/// What follows a slash at `at`. In JSON it may have a backslash in front.
fn slash(link: &[u8], at: usize, is_line: bool) -> Result<usize, No> {
    match (link.get(at), link.get(at + 1)) {
        (Some(b'/'), _) => Ok(at + 1),
        (Some(b'\\'), Some(b'/')) if !is_line => Ok(at + 2),
        (Some(b'\\'), None) if !is_line => Err(No::Certainty),
        (Some(_), _) => Err(No::Link),
        (None, _) => Err(No::Certainty),
    }
}

/// Where the blanks after `from` end.
fn skip_blanks(bytes: &[u8], from: usize) -> Result<usize, No> {
    let is_blank = |byte: &u8| matches!(byte, b' ' | b'\t');
    let blanks = bytes[from..].iter().take_while(|byte| is_blank(byte)).count();
    match blanks {
        MOST_BLANKS.. => Err(No::Link),
        _ if from + blanks == bytes.len() => Err(No::Certainty),
        _ => Ok(from + blanks),
    }
}

/// Where the text after the colon after `from` begins.
fn skip_to_text(bytes: &[u8], from: usize) -> Result<usize, No> {
    let mut wanted = [b':', b'"'].iter().peekable();
    for (at, byte) in bytes.iter().enumerate().skip(from).take(MOST_BLANKS) {
        match wanted.peek() {
            None => return Ok(at),
            Some(expected) if byte == *expected => {
                wanted.next();
            }
            Some(_) if byte.is_ascii_whitespace() => {}
            Some(_) => return Err(No::Link),
        }
    }
    if bytes.len() - from < MOST_BLANKS { Err(No::Certainty) } else { Err(No::Link) }
}

/// Replaces every occurrence of one text by another while a request streams past. The text holds the proxy's secret, so
/// nothing else can look like it, and the secret never reaches the service.
#[derive(Debug)]
pub(super) struct Inward {
    from: Vec<u8>,
    to: Vec<u8>,
    held: Vec<u8>,
}

impl Inward {
    /// Both without a slash at the end.
    pub(super) fn new(prefix: &str, origin: &str) -> Self {
        Self { from: prefix.into(), to: origin.into(), held: Vec::new() }
    }

    /// Takes a piece in and gives out what is certain.
    pub(super) fn pass(&mut self, piece: &[u8]) -> Vec<u8> {
        self.held.extend_from_slice(piece);
        let mut out = Vec::with_capacity(self.held.len());
        let mut done = 0;
        for at in memmem::find_iter(&self.held, &self.from) {
            out.extend_from_slice(&self.held[done..at]);
            out.extend_from_slice(&self.to);
            done = at + self.from.len();
        }
        // Only what may still become the text is kept back.
        let rest = &self.held[done..];
        let longest = rest.len().min(self.from.len().saturating_sub(1));
        let kept = (1..=longest).rev().find(|length| self.from.starts_with(&rest[rest.len() - length..])).unwrap_or(0);
        out.extend_from_slice(&rest[..rest.len() - kept]);
        let kept_from = self.held.len() - kept;
        self.held.drain(..kept_from);
        out
    }

    /// What is left at the end.
    pub(super) fn end(self) -> Vec<u8> {
        self.held
    }
}

#[cfg(test)]
mod tests;
