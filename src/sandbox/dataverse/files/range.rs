//! Ranges of bytes as headers write them (RFC 9110 §14). Pure.

/// The bytes of `Range: bytes=first-last` that a file of `length` bytes has, as the first and the one behind the last;
/// `None` for a range that lies outside or is none.
pub(super) fn wanted(header: &str, length: usize) -> Option<(usize, usize)> {
    let (first, last) = header.trim().strip_prefix("bytes=")?.split_once('-')?;
    if first.is_empty() {
        let count: usize = last.parse().ok().filter(|count| *count > 0)?;
        return (length > 0).then(|| (length.saturating_sub(count), length));
    }
    let first: usize = first.parse().ok()?;
    let end = if last.is_empty() { length } else { last.parse::<usize>().ok()?.saturating_add(1).min(length) };
    (first < end).then_some((first, end))
}

/// `Content-Range: bytes first-last/length` as the first, the one behind the last, and the length.
pub(super) fn sent(header: &str) -> Option<(usize, usize, usize)> {
    let (range, length) = header.trim().strip_prefix("bytes")?.trim_start().split_once('/')?;
    let (first, last) = range.split_once('-')?;
    let (first, last, length) = (first.trim().parse().ok()?, last.trim().parse::<usize>().ok()?, length.parse().ok()?);
    (first <= last && last < length).then_some((first, last + 1, length))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_what_the_file_has_of_it() {
        for (header, expected) in [
            ("bytes=0-3", Some((0, 4))),
            ("bytes=4-99", Some((4, 10))),
            ("bytes=9-", Some((9, 10))),
            ("bytes=-3", Some((7, 10))),
            ("bytes=-99", Some((0, 10))),
            ("bytes=10-", None),
            ("bytes=5-4", None),
            ("bytes=-0", None),
            ("bytes=a-b", None),
            ("lines=0-3", None),
        ] {
            assert_eq!(wanted(header, 10), expected, "{header}");
        }
        assert_eq!(wanted("bytes=-3", 0), None);
    }

    #[test]
    fn a_piece_says_where_it_belongs() {
        for (header, expected) in [
            ("bytes 0-3/10", Some((0, 4, 10))),
            ("bytes 4-9/10", Some((4, 10, 10))),
            ("bytes 4-10/10", None),
            ("bytes 4-3/10", None),
            ("bytes */10", None),
            ("4-9/10", None),
        ] {
            assert_eq!(sent(header), expected, "{header}");
        }
    }
}
