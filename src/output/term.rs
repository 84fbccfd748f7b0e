//! Makes text from elsewhere inert: what could move the cursor, hide or reorder letters, or begin a line of its own is shown
//! as a visible escape. Rows for pipes and files never come here; they get every byte as it is.

use std::borrow::Cow;
use std::fmt::Write as _;

use unicode_width::UnicodeWidthChar;

/// One line of text, safe to show: line breaks and tabs are escaped too, as `\n`, `\r` and `\t`; everything else that
/// is unsafe as `\u{1b}`. Clean text comes back unchanged.
#[must_use]
pub fn inert(text: &str) -> Cow<'_, str> {
    replace(text, is_unsafe, |character, safe| match character {
        '\n' => safe.push_str("\\n"),
        '\r' => safe.push_str("\\r"),
        '\t' => safe.push_str("\\t"),
        other => escape(other, safe),
    })
}

/// Text of several lines, safe to show: as [`inert`], but line feeds and tabs stay.
#[must_use]
pub fn inert_lines(text: &str) -> Cow<'_, str> {
    replace(text, |character| is_unsafe(character) && !matches!(character, '\n' | '\t'), escape)
}

/// The most characters that one line of a message takes. What is longer was written by somebody else.
const LONGEST_MESSAGE: usize = 2_000;
/// Of these, so many stand at the end: what names a record often comes last.
const TAIL_OF_MESSAGE: usize = 500;

/// One line of a message, whatever text from elsewhere is in it: [`inert`], and [`clipped`].
#[must_use]
pub fn message(text: &str) -> Cow<'_, str> {
    match clipped(text) {
        Cow::Borrowed(text) => match inert(text) {
            Cow::Borrowed(text) => Cow::Borrowed(text),
            Cow::Owned(text) => Cow::Owned(clipped(&text).into_owned()),
        },
        // Clipped once more, because visible escapes are longer than what they stand for.
        Cow::Owned(text) => Cow::Owned(clipped(&inert(&text)).into_owned()),
    }
}

/// Text of at most 2,000 characters. What is longer loses its middle, and ` … ` stands in its place.
#[must_use]
pub fn clipped(text: &str) -> Cow<'_, str> {
    const MARK: &str = " … ";
    if text.len() <= LONGEST_MESSAGE || text.char_indices().nth(LONGEST_MESSAGE).is_none() {
        return Cow::Borrowed(text);
    }
    let head = LONGEST_MESSAGE - TAIL_OF_MESSAGE - MARK.chars().count();
    let head = text.char_indices().nth(head).map_or(text.len(), |(at, _)| at);
    let tail = text.char_indices().nth_back(TAIL_OF_MESSAGE - 1).map_or(0, |(at, _)| at);
    Cow::Owned(format!("{}{MARK}{}", &text[..head], &text[tail..]))
}

/// Text that may be coloured, safe to show: as [`inert_lines`], but the sequences that only colour stay.
#[must_use]
pub fn inert_styled(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("\u{1b}[") {
        safe.push_str(&inert_lines(&rest[..at]));
        let parameters = &rest[at + 2..];
        let end = parameters.find(|c: char| !c.is_ascii_digit() && c != ';').unwrap_or(parameters.len());
        if parameters[end..].starts_with('m') {
            safe.push_str(&rest[at..=at + 2 + end]);
            rest = &parameters[end + 1..];
        } else {
            safe.push_str(&inert_lines(&rest[at..at + 2]));
            rest = parameters;
        }
    }
    safe.push_str(&inert_lines(rest));
    safe
}

/// Text without commands to a build runner that reads standard error: GitHub Actions obeys a line that begins with `::` or
/// holds `##[`, Azure Pipelines one that holds `##vso[`. A blank stands between the signs then.
/// (GitHub Docs, "Workflow commands"; Microsoft Learn, "Logging commands".)
#[must_use]
pub fn uncommanded(text: &str) -> Cow<'_, str> {
    if !text.contains("::") && !text.contains("##") {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 16);
    for line in text.split_inclusive(['\n', '\r']) {
        let begun = line.trim_start();
        let (margin, mut rest) = line.split_at(line.len() - begun.len());
        safe.push_str(margin);
        if let Some(after) = rest.strip_prefix("::") {
            safe.push_str(": :");
            rest = after;
        }
        while let Some(at) = bracket_of_a_command(rest) {
            safe.push_str(&rest[..at]);
            safe.push_str(" [");
            rest = &rest[at + 1..];
        }
        safe.push_str(rest);
    }
    Cow::Owned(safe)
}

/// The same for JSON, which stays the same JSON.
#[must_use]
pub fn uncommanded_json(json: &str) -> Cow<'_, str> {
    if bracket_of_a_command(json).is_none() {
        return Cow::Borrowed(json);
    }
    let mut safe = String::with_capacity(json.len() + 16);
    let mut rest = json;
    while let Some(at) = bracket_of_a_command(rest) {
        safe.push_str(&rest[..at]);
        // Two number signs stand nowhere in JSON but inside a string.
        safe.push_str("\\u005b");
        rest = &rest[at + 1..];
    }
    safe.push_str(rest);
    Cow::Owned(safe)
}

/// Where the bracket of the first `##word[` is.
fn bracket_of_a_command(text: &str) -> Option<usize> {
    let mut from = 0;
    while let Some(at) = text[from..].find("##") {
        let word = from + at + 2;
        let end = text[word..].find(|c: char| !c.is_ascii_alphabetic()).map_or(text.len(), |end| word + end);
        if text[end..].starts_with('[') {
            return Some(end);
        }
        // Three signs in a row hold two pairs.
        from = word - 1;
    }
    None
}

/// JSON text, safe to show and still the same JSON: unsafe characters, which can stand only inside strings, become
/// `\u…` escapes. Line feeds and tabs between the values stay, carriage returns there are dropped.
#[must_use]
pub fn inert_json(json: &str) -> Cow<'_, str> {
    replace(
        json,
        |character| is_unsafe(character) && !matches!(character, '\n' | '\t'),
        |character, safe| {
            if character != '\r' {
                for unit in character.encode_utf16(&mut [0; 2]) {
                    // Writing into a `String` never fails.
                    let _ = write!(safe, "\\u{unit:04x}");
                }
            }
        },
    )
}

/// How many columns of a terminal `text` takes: wide characters two, combining ones none.
#[must_use]
pub fn width(text: &str) -> usize {
    if text.is_ascii() { text.len() } else { text.chars().map(width_of).sum() }
}

/// `text` cut to at most `limit` columns; a cut is marked with `…`, and never goes through a character or between a
/// letter and the accents combined with it.
#[must_use]
pub fn cut(text: &str, limit: usize) -> Cow<'_, str> {
    if width(text) <= limit {
        return Cow::Borrowed(text);
    }
    let mut taken = 0;
    let mut end = 0;
    for (at, character) in text.char_indices() {
        taken += width_of(character);
        // One column is kept for the mark.
        if taken + 1 > limit {
            break;
        }
        end = at + character.len_utf8();
    }
    if limit == 0 { Cow::Borrowed("") } else { Cow::Owned(format!("{}…", &text[..end])) }
}

/// Terminals count character by character, so that is how it is counted here too.
fn width_of(character: char) -> usize {
    character.width().unwrap_or(0)
}

fn replace(text: &str, is_bad: impl Fn(char) -> bool, mut put: impl FnMut(char, &mut String)) -> Cow<'_, str> {
    // Most text is plain ASCII, and looking at bytes is quicker than decoding characters.
    if text.bytes().all(|byte| (0x20..0x7f).contains(&byte)) {
        return Cow::Borrowed(text);
    }
    let Some(first) = text.find(&is_bad) else { return Cow::Borrowed(text) };
    let mut safe = String::with_capacity(text.len() + 16);
    safe.push_str(&text[..first]);
    for character in text[first..].chars() {
        if is_bad(character) {
            put(character, &mut safe);
        } else {
            safe.push(character);
        }
    }
    Cow::Owned(safe)
}

fn escape(character: char, safe: &mut String) {
    // Writing into a `String` never fails.
    let _ = write!(safe, "\\u{{{:x}}}", u32::from(character));
}

/// Characters that act on a terminal, or that show a reader something else than what is there.
fn is_unsafe(character: char) -> bool {
    character.is_control()
        || matches!(character,
            // Bidirectional marks, embeddings, overrides and isolates (Unicode UAX 9; CVE-2021-42574).
            '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
            // Line and paragraph separators.
            | '\u{2028}' | '\u{2029}'
            // Invisible: zero-width spaces and joiners, invisible operators, deprecated format controls, the byte order
            // mark, the Mongolian vowel separator, annotation marks, and tags, which can carry hidden ASCII.
            | '\u{200b}'..='\u{200d}' | '\u{2060}'..='\u{2065}' | '\u{206a}'..='\u{206f}' | '\u{feff}' | '\u{180e}'
            | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};

    use super::*;

    #[test]
    fn hostile_text_is_shown_and_not_obeyed() {
        for (hostile, shown) in [
            ("\u{1b}]52;c;aGk=\u{7}", "\\u{1b}]52;c;aGk=\\u{7}"),
            ("\u{9b}2J", "\\u{9b}2J"),
            ("a\u{8}b\u{7f}", "a\\u{8}b\\u{7f}"),
            ("moc.live\u{202e}", "moc.live\\u{202e}"),
            ("a\u{200d}b\u{2028}c\u{feff}", "a\\u{200d}b\\u{2028}c\\u{feff}"),
            ("\u{e0041}", "\\u{e0041}"),
            ("one\r\ntwo\tthree", "one\\r\\ntwo\\tthree"),
        ] {
            assert_eq!(inert(hostile), shown);
        }
    }

    #[test]
    fn clean_text_is_borrowed_as_it_is() {
        for clean in ["", "Contoso", "Bäckerei Öz 株式会社 🦀", "C:\\temp\\n", "{\"a\": 1}"] {
            assert!(matches!(inert(clean), Cow::Borrowed(same) if same == clean), "{clean}");
        }
    }

    #[test]
    fn lines_stay_lines_where_lines_are_meant() {
        assert_eq!(inert_lines("a\tb\nc\rd"), "a\tb\nc\\u{d}d");
    }

    #[test]
    fn json_keeps_its_meaning() {
        let hostile = "{\"a\":\r\n \"\u{9b}\u{202e}\u{e0041}\u{7f}é\"}";
        let safe = inert_json(hostile);
        assert_eq!(safe, "{\"a\":\n \"\\u009b\\u202e\\udb40\\udc41\\u007fé\"}");
        let read = |json: &str| serde_json::from_str::<serde_json::Value>(json).unwrap();
        assert_eq!(read(&safe), read(hostile));
    }

    #[test]
    fn a_cut_respects_wide_and_combining_characters() {
        for (text, limit, expected) in [
            ("Contoso", 7, "Contoso"),
            ("Contoso", 6, "Conto…"),
            ("株式会社", 8, "株式会社"),
            ("株式会社", 7, "株式会…"),
            ("株式会社", 6, "株式…"),
            ("e\u{301}te\u{301}s", 2, "e\u{301}…"),
            ("ab", 1, "…"),
            ("株", 1, "…"),
            ("ab", 0, ""),
        ] {
            assert_eq!(cut(text, limit), expected, "{text} at {limit}");
            assert!(width(&cut(text, limit)) <= limit, "{text} at {limit}");
        }
    }

    #[test]
    fn a_long_message_loses_its_middle() {
        let text = format!("refused: {} (id 7)", "é".repeat(900_000));
        let shown = message(&text);
        assert_eq!(shown.chars().count(), 2_000);
        assert!(shown.starts_with("refused: éé") && shown.contains("é … é") && shown.ends_with("é (id 7)"));
        assert!(matches!(message(&"x".repeat(2_000)), Cow::Borrowed(_)));
        assert_eq!(message(&"x".repeat(2_001)).chars().count(), 2_000);
        assert_eq!(message(&"\u{1b}".repeat(2_000)).chars().count(), 2_000);
    }

    #[test]
    fn colours_stay_and_nothing_else_that_a_terminal_obeys() {
        for (text, shown) in [
            ("\u{1b}[1m\u{1b}[31merror:\u{1b}[0m x\n", "\u{1b}[1m\u{1b}[31merror:\u{1b}[0m x\n"),
            ("\u{1b}[2J\u{1b}[38;5;1mx", "\\u{1b}[2J\u{1b}[38;5;1mx"),
            ("\u{1b}]52;c;aGk=\u{7}", "\\u{1b}]52;c;aGk=\\u{7}"),
            ("\u{1b}[", "\\u{1b}["),
            ("\u{1b}[1", "\\u{1b}[1"),
            ("\u{1b}[\u{1b}[0m", "\\u{1b}[\u{1b}[0m"),
        ] {
            assert_eq!(inert_styled(text), shown);
        }
    }

    #[test]
    fn a_build_runner_finds_no_command() {
        for (text, shown) in [
            ("::stop-commands::x", ": :stop-commands::x"),
            ("a\n  ::error::x\n", "a\n  : :error::x\n"),
            ("a\r::error::x", "a\r: :error::x"),
            ("a ::error::x", "a ::error::x"),
            ("::::", ": :::"),
            ("a ##vso[task.setvariable]x", "a ##vso [task.setvariable]x"),
            ("##[error]x ##[b]", "## [error]x ## [b]"),
            ("###[x ##VSO[ ##a-b[", "### [x ##VSO [ ##a-b["),
            ("## heading [x]", "## heading [x]"),
        ] {
            assert_eq!(uncommanded(text), shown);
            assert_eq!(uncommanded(shown), shown, "twice");
        }
        let json = r###"{"a":"##vso[x] ##[y] [","b":[]}"###;
        assert_eq!(uncommanded_json(json), r###"{"a":"##vso\u005bx] ##\u005by] [","b":[]}"###);
        let read = |json: &str| serde_json::from_str::<serde_json::Value>(json).unwrap();
        assert_eq!(read(&uncommanded_json(json)), read(json));
    }

    #[test]
    fn the_work_grows_with_the_text_and_not_with_its_square() {
        // Each of these takes a minute and more where a character is looked at once for every other one.
        for piece in ["\u{1b}[", "##", "::\n", "\u{202e}", "##a", "é"] {
            let text = piece.repeat(150_000);
            assert!(message(&text).chars().count() <= 2_000);
            assert!(!uncommanded(&inert_styled(&text)).contains('\u{1b}'));
            assert!(uncommanded_json(&inert_json(&text)).len() >= text.len());
        }
    }

    proptest! {
        #[test]
        fn a_message_is_one_inert_line_and_stays_as_it_is(text in any::<String>(), times in 1_usize..200) {
            let once = message(&text.repeat(times)).into_owned();
            prop_assert!(!once.chars().any(|c| is_unsafe(c) || c == '\n'));
            prop_assert!(once.chars().count() <= 2_000);
            prop_assert_eq!(message(&once), once.as_str());
        }

        #[test]
        fn no_text_is_a_command_to_a_build_runner(text in "[:#\\[a\n\r v]{0,40}") {
            let once = uncommanded(&text).into_owned();
            prop_assert!(!once.split(['\n', '\r']).any(|line| line.trim_start().starts_with("::")), "{:?}", once);
            prop_assert!(!once.contains("##[") && !once.contains("##v["), "{:?}", once);
            prop_assert_eq!(uncommanded(&once), once.as_str());
        }

        #[test]
        fn only_colours_pass_where_text_may_be_styled(text in any::<String>(), colours in "(\u{1b}\\[[0-9;A-K]{0,3}m?){0,5}") {
            let once = inert_styled(&format!("{colours}{text}{colours}"));
            let is_odd = |c: char| is_unsafe(c) && !matches!(c, '\n' | '\t' | '\u{1b}');
            prop_assert!(!once.contains(is_odd));
            prop_assert_eq!(inert_styled(&once), once.as_str());
        }

        #[test]
        fn nothing_unsafe_ever_comes_out(text in any::<String>()) {
            prop_assert!(!inert(&text).chars().any(is_unsafe));
            prop_assert!(!inert_lines(&text).chars().any(|c| is_unsafe(c) && c != '\n' && c != '\t'));
            prop_assert!(!inert_json(&text).chars().any(|c| is_unsafe(c) && c != '\n' && c != '\t'));
        }

        #[test]
        fn printable_text_is_unchanged(text in "[ -~à-ÿ一-龥]*") {
            prop_assert_eq!(inert(&text), text.as_str());
        }

        #[test]
        fn a_cut_never_exceeds_its_limit(text in any::<String>(), limit in 0_usize..60) {
            let safe = inert(&text);
            prop_assert!(width(&cut(&safe, limit)) <= limit);
        }
    }
}
