//! A text as it reads once it is decoded: percent signs, JSON and HTML escapes, base64 and hexadecimal digits, each byte with
//! its place in the original. What is looked for in it is not known here.

use std::ops::Range;

use crate::secret::watch::SHORTEST;

/// Looks at decoded bytes; the second argument tells where a range of them stands in the original.
pub(super) type Search<'a> = dyn FnMut(&[u8], &dyn Fn(Range<usize>) -> Range<usize>) + 'a;

/// Shows `search` every way in which `text` can be decoded.
pub(super) fn of(text: &str, search: &mut Search<'_>) {
    let bytes = text.as_bytes();
    if memchr::memchr3(b'%', b'\\', b'&', bytes).is_some() {
        unescaped(bytes, false, search);
    }
    // In a form a plus is a blank; elsewhere it is itself, which was looked for above.
    if memchr::memchr(b'+', bytes).is_some() {
        unescaped(bytes, true, search);
    }
    for run in runs(bytes, |byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'-' | b'_')) {
        // A secret in the midst of encoded text begins at any of four places of a group.
        for offset in 0..4 {
            let start = run.start + offset;
            decoded(bytes.get(start..run.end).unwrap_or_default(), start, 6, sextet, search);
        }
    }
    for run in runs(bytes, |byte| byte.is_ascii_hexdigit()) {
        for offset in 0..2 {
            let start = run.start + offset;
            decoded(bytes.get(start..run.end).unwrap_or_default(), start, 4, nibble, search);
        }
    }
}

/// Longest stretches of bytes that belong together, if something encoded has room in them.
fn runs(bytes: &[u8], belongs: impl Fn(u8) -> bool) -> impl Iterator<Item = Range<usize>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let start = at + bytes.get(at..)?.iter().position(|byte| belongs(*byte))?;
        let length = bytes[start..].iter().take_while(|byte| belongs(**byte)).count();
        at = start + length;
        Some(start..at)
    })
    .filter(|run| run.len() > SHORTEST)
}

/// Digits of `bits` bits each, joined to bytes. `start` is the place of the first in the original.
fn decoded(digits: &[u8], start: usize, bits: usize, value: fn(u8) -> u32, search: &mut Search<'_>) {
    let (mut view, mut held, mut count) = (Vec::with_capacity(digits.len() * bits / 8), 0_u32, 0);
    for digit in digits {
        held = (held << bits) | value(*digit);
        count += bits;
        if count >= 8 {
            count -= 8;
            view.push(u8::try_from((held >> count) & 0xff).unwrap_or_default());
            held &= (1 << count) - 1;
        }
    }
    search(&view, &|found| start + found.start * 8 / bits..start + (found.end * 8).div_ceil(bits));
}

/// Base64 of either alphabet (RFC 4648 §4 and §5).
fn sextet(digit: u8) -> u32 {
    u32::from(match digit {
        b'A'..=b'Z' => digit - b'A',
        b'a'..=b'z' => digit - b'a' + 26,
        b'0'..=b'9' => digit - b'0' + 52,
        b'+' | b'-' => 62,
        _ => 63,
    })
}

fn nibble(digit: u8) -> u32 {
    char::from(digit).to_digit(16).unwrap_or_default()
}

/// Escapes undone, byte by byte with their places.
fn unescaped(bytes: &[u8], plus_is_blank: bool, search: &mut Search<'_>) {
    let mut view = Vec::with_capacity(bytes.len());
    // Where each byte of the view begins in the original; one more for the end.
    let mut places = Vec::with_capacity(bytes.len() + 1);
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let rest = &bytes[at..];
        let escape = match byte {
            b'%' => percent(rest),
            b'\\' => backslash(rest),
            b'&' => entity(rest),
            b'+' if plus_is_blank => Some((u32::from(b' '), 1)),
            _ => None,
        };
        let length = match escape {
            // A percent sign stands for a byte, which may be part of a character.
            Some((number, length)) if *byte == b'%' => {
                view.push(u8::try_from(number).unwrap_or_default());
                length
            }
            Some((number, length)) => {
                let character = char::from_u32(number).unwrap_or(char::REPLACEMENT_CHARACTER);
                view.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
                length
            }
            None => {
                view.push(*byte);
                1
            }
        };
        places.resize(view.len(), at);
        at += length;
    }
    places.push(at);
    search(&view, &|found| {
        // The end of a byte is the beginning of the next that stands elsewhere.
        let last = places[found.end - 1];
        let end = places[found.end..].iter().find(|place| **place > last);
        places[found.start]..end.copied().unwrap_or(bytes.len())
    });
}

/// `%2B`.
fn percent(rest: &[u8]) -> Option<(u32, usize)> {
    Some((number(rest.get(1..3)?, 16)?, 3))
}

/// `\u002b` of JSON, `\u{2b}` as control characters are shown on a terminal, and JSON's short escapes.
fn backslash(rest: &[u8]) -> Option<(u32, usize)> {
    Some(match rest.get(1)? {
        b'u' if rest.get(2) == Some(&b'{') => {
            let digits = rest.get(3..)?.iter().take(6).take_while(|byte| byte.is_ascii_hexdigit()).count();
            (rest.get(3 + digits) == Some(&b'}')).then_some(())?;
            (number(&rest[3..3 + digits], 16)?, digits + 4)
        }
        b'u' => (number(rest.get(2..6)?, 16)?, 6),
        b'n' => (u32::from(b'\n'), 2),
        b'r' => (u32::from(b'\r'), 2),
        b't' => (u32::from(b'\t'), 2),
        escaped @ (b'"' | b'\\' | b'/' | b'\'') => (u32::from(*escaped), 2),
        _ => return None,
    })
}

/// `&#43;`, `&#x2b;` and HTML's five named characters.
fn entity(rest: &[u8]) -> Option<(u32, usize)> {
    const NAMED: [(&[u8], u8); 5] = [(b"amp", b'&'), (b"lt", b'<'), (b"gt", b'>'), (b"quot", b'"'), (b"apos", b'\'')];
    let length = rest.iter().take(10).position(|byte| *byte == b';')?;
    let name = &rest[1..length];
    let number = match name.strip_prefix(b"#") {
        Some([b'x' | b'X', digits @ ..]) => number(digits, 16)?,
        Some(digits) => number(digits, 10)?,
        None => NAMED.iter().find(|(named, _)| *named == name).map(|(_, byte)| u32::from(*byte))?,
    };
    Some((number, length + 1))
}

fn number(digits: &[u8], radix: u32) -> Option<u32> {
    let digits = std::str::from_utf8(digits).ok().filter(|digits| !digits.starts_with('+'))?;
    u32::from_str_radix(digits, radix).ok()
}
