//! Makes text from elsewhere inert on a terminal: what could move the cursor, hide or reorder letters is shown as a
//! visible escape. Nothing here is used for pipes and files, which get every byte as it is.

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

    proptest! {
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
