//! What is known about the service's error codes: name, title and phrase. Offline; no request and no text of the service
//! is looked at.

mod table;

use crate::dataverse::codes::table::{Row, TABLE};
use crate::dataverse::phrases::{load, records};
use crate::problem::Phrase;

/// Every published name, one `NUMBER Name` a line, sorted by number. Source: Microsoft Learn, "Web service error codes".
static NAMES: &str = include_str!("error_names.txt");

/// The title of a code of which nothing but the name is known.
const NAMED_ONLY: &str = "known by its name alone";

/// The codes after which the service has undone everything, so that the same request may succeed a moment later.
const TRANSIENT: &[u32] = &[0x8004_4150, 0x8004_4151, 0x8004_418D, 0x8004_8544, 0x8004_A001];

/// The codes that are about what a user may, which come with other statuses than 403 too.
const RIGHTS: &[u32] = &[
    0x8004_020D,
    0x8004_0220,
    0x8004_0256,
    0x8004_0299,
    0x8004_2F09,
    0x8004_2F0A,
    0x8004_8306,
    0x8004_8405,
    0x8007_2560,
];

/// One code of the service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Code {
    /// Its number, as in `0x80072560`.
    pub number: u32,
    /// Microsoft's name for it, where one is published.
    pub name: Option<&'static str>,
    /// What it means in a few words.
    pub title: &'static str,
    /// What to do.
    pub phrase: &'static Phrase,
}

/// What is known about `number`; `None` when nothing is.
#[must_use]
pub fn find(number: u32) -> Option<Code> {
    let name = name_of(number);
    match row_of(number) {
        Some(Row(_, title, phrase)) => Some(Code { number, name, title, phrase }),
        None => name.is_some().then_some(Code { number, name, title: NAMED_ONLY, phrase: &records::REFUSED }),
    }
}

/// The number of a code by Microsoft's name for it, in any letter case.
#[must_use]
pub fn find_by_name(name: &str) -> Option<u32> {
    NAMES.lines().filter_map(parse_line).find(|(_, known)| known.eq_ignore_ascii_case(name)).map(|(number, _)| number)
}

/// Reads a code as people meet it: `0x80072560`, `80072560` or the signed decimal of .NET logs, `-2147015328`.
#[must_use]
pub fn parse(text: &str) -> Option<u32> {
    let text = text.trim();
    if let Some(digits) = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        return u32::from_str_radix(digits, 16).ok();
    }
    if text.starts_with('-') {
        return text.parse::<i32>().ok().map(i32::cast_unsigned);
    }
    if text.len() == 8 && text.starts_with('8') {
        return u32::from_str_radix(text, 16).ok();
    }
    text.parse().ok()
}

/// The phrase of a code that has one of its own.
pub(super) fn phrase_of(number: u32) -> Option<&'static Phrase> {
    row_of(number).map(|Row(_, _, phrase)| *phrase)
}

/// Whether the service undid the request and the same request may succeed a moment later.
pub(super) fn is_transient(number: u32) -> bool {
    TRANSIENT.contains(&number)
}

/// Whether the service says by it that the user may not.
pub(super) fn is_about_rights(number: u32) -> bool {
    RIGHTS.contains(&number)
}

/// Whether it says no to the request itself, and not that the service is busy or broken.
pub(super) fn is_lasting(number: u32) -> bool {
    let passing: [&'static Phrase; 4] = [&load::BUSY, &load::DATABASE, &load::UNAVAILABLE, &load::PLATFORM_FAULT];
    phrase_of(number).is_some_and(|phrase| !passing.iter().any(|passing| phrase.is(passing)))
}

fn row_of(number: u32) -> Option<&'static Row> {
    TABLE.binary_search_by_key(&number, |Row(known, ..)| *known).ok().map(|at| &TABLE[at])
}

/// Searches the text by halves: no index is built, so a run that meets no error pays nothing.
fn name_of(number: u32) -> Option<&'static str> {
    let mut rest = NAMES;
    while !rest.is_empty() {
        let middle = rest.len() / 2;
        let start = rest[..middle].rfind('\n').map_or(0, |at| at + 1);
        let end = rest[start..].find('\n').map_or(rest.len(), |at| start + at + 1);
        let (known, name) = parse_line(rest[start..end].trim_end())?;
        match number.cmp(&known) {
            std::cmp::Ordering::Equal => return Some(name),
            std::cmp::Ordering::Less => rest = &rest[..start],
            std::cmp::Ordering::Greater => rest = &rest[end..],
        }
    }
    None
}

fn parse_line(line: &'static str) -> Option<(u32, &'static str)> {
    let (number, name) = line.split_once(' ')?;
    Some((u32::from_str_radix(number, 16).ok()?, name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::Exit;

    #[test]
    fn every_name_is_found_by_its_number_and_its_number_by_the_name() {
        let lines: Vec<_> = NAMES.lines().map(|line| parse_line(line).expect("a number and a name")).collect();
        assert!(lines.len() > 3400);
        assert!(lines.is_sorted_by(|a, b| a.0 < b.0), "the file is not sorted");
        for (number, name) in &lines {
            assert_eq!(name_of(*number), Some(*name));
        }
        for (number, name) in lines.iter().step_by(97) {
            assert_eq!(find_by_name(&name.to_uppercase()), Some(*number), "{name}");
        }
        assert_eq!(name_of(0x8004_FFFE), None);
        assert_eq!(name_of(u32::MAX), None);
    }

    #[test]
    fn the_table_is_sorted_and_its_titles_are_fragments() {
        assert!(TABLE.is_sorted_by(|a, b| a.0 < b.0));
        for Row(number, title, _) in TABLE {
            assert!(!title.ends_with('.'), "{number:#x}: {title}");
        }
    }

    #[test]
    fn the_code_decides_the_exit() {
        for (number, exit) in [
            (0x8007_2560, Exit::Forbidden),
            (0x8004_0220, Exit::Forbidden),
            (0x8004_0217, Exit::NotFound),
            (0x8004_0237, Exit::Conflict),
            (0x8006_0882, Exit::Conflict),
            (0x8007_2322, Exit::Busy),
            (0x8004_A101, Exit::SignIn),
            (0x8004_0265, Exit::Failed),
            (0x8004_0216, Exit::Unreachable),
        ] {
            assert_eq!(find(number).map(|code| code.phrase.exit), Some(exit), "{number:#x}");
        }
    }

    #[test]
    fn a_code_is_read_in_every_form_people_meet() {
        for text in ["0x80072560", "0X80072560", "80072560", "-2147015328", " 0x80072560 "] {
            assert_eq!(parse(text), Some(0x8007_2560), "{text}");
        }
        assert_eq!(parse("-2147015902"), Some(0x8007_2322));
        assert_eq!(parse("0x0"), Some(0));
        for text in ["", "0x", "0xg", "AADSTS50011", "0x180072560", "-99999999999"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
