//! One line being typed, key by key: erasing, cancelling, finishing. A pure value: no terminal is touched here.

use unicode_width::UnicodeWidthChar;
use zeroize::Zeroizing;

use crate::secret::Secret;

/// The longest line that is taken, in bytes. Also reserved at once: a buffer that grows leaves copies of a secret behind.
const LONGEST: usize = 16 * 1024;

/// The line so far.
pub(super) struct Line {
    typed: Zeroizing<String>,
    /// The bytes of a character that is not complete yet.
    partial: Vec<u8>,
    escape: Escape,
}

/// Where in an escape sequence the keys are: an arrow key sends several bytes, and none of them is text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Escape {
    #[default]
    No,
    Begun,
    Sequence,
}

/// What a key did.
#[derive(Debug)]
pub(super) enum Step {
    /// Nothing to show.
    Nothing,
    /// This character was added.
    Typed(String),
    /// Characters that took so many columns were taken away.
    Erased(usize),
    /// Enter: this is the line.
    Done(Secret),
    /// Ctrl-C, or Ctrl-D on an empty line.
    Interrupted,
}

impl Default for Line {
    fn default() -> Self {
        Self { typed: Zeroizing::new(String::with_capacity(LONGEST)), partial: Vec::new(), escape: Escape::No }
    }
}

impl Line {
    /// One byte from the keyboard.
    pub(super) fn press(&mut self, byte: u8) -> Step {
        match self.escape {
            // `ESC [ …` and `ESC O …` end with a letter or `~`; `ESC x` is Alt-x.
            Escape::Begun if matches!(byte, b'[' | b'O') => {
                self.escape = Escape::Sequence;
                return Step::Nothing;
            }
            Escape::Sequence if !(0x40..=0x7e).contains(&byte) && byte >= 0x20 => return Step::Nothing,
            Escape::Begun | Escape::Sequence if byte >= 0x20 => {
                self.escape = Escape::No;
                return Step::Nothing;
            }
            // A control key is itself, whatever went before.
            Escape::Begun | Escape::Sequence | Escape::No => self.escape = Escape::No,
        }
        match byte {
            b'\r' | b'\n' => Step::Done(Secret::new(self.typed.as_str())),
            0x03 => Step::Interrupted,
            0x04 if self.typed.is_empty() => Step::Interrupted,
            0x08 | 0x7f => self.erase(1),
            // Ctrl-U, and Ctrl-W, which erases all of it as a secret has no words.
            0x15 | 0x17 => self.erase(usize::MAX),
            0x1b => {
                self.escape = Escape::Begun;
                Step::Nothing
            }
            0..0x20 => Step::Nothing,
            _ => self.add(byte),
        }
    }

    fn add(&mut self, byte: u8) -> Step {
        self.partial.push(byte);
        match std::str::from_utf8(&self.partial) {
            Ok(text) => {
                let text = text.to_owned();
                self.partial.clear();
                if self.typed.len() + text.len() > LONGEST || text.chars().any(char::is_control) {
                    return Step::Nothing;
                }
                self.typed.push_str(&text);
                Step::Typed(text)
            }
            Err(error) => {
                if error.error_len().is_some() {
                    self.partial.clear();
                }
                Step::Nothing
            }
        }
    }

    fn erase(&mut self, most: usize) -> Step {
        self.partial.clear();
        let mut columns = 0;
        for _ in 0..most {
            let Some(character) = self.typed.pop() else { break };
            columns += character.width().unwrap_or(0);
        }
        Step::Erased(columns)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The line after `keys`; `None` when it was interrupted.
    fn check(keys: &[u8], expected: Option<&str>) {
        let mut line = Line::default();
        for key in keys {
            match line.press(*key) {
                Step::Done(text) => return assert_eq!(Some(text.expose()), expected, "{keys:?}"),
                Step::Interrupted => return assert_eq!(None, expected, "{keys:?}"),
                Step::Nothing | Step::Typed(_) | Step::Erased(_) => {}
            }
        }
        unreachable!("{keys:?} ended nothing");
    }

    #[test]
    fn a_line_is_typed_erased_and_finished() {
        check(b"hunter2\r", Some("hunter2"));
        check(b"ab\x7fc\n", Some("ac"));
        check("é株\u{7f}\u{7f}x\r".as_bytes(), Some("x"));
        check(b"\x7f\x7fx\r", Some("x"));
        check(b"wrong\x15right\r", Some("right"));
        check(b"two words\r", Some("two words"));
        check(b"\r", Some(""));
    }

    #[test]
    fn ctrl_c_interrupts_and_ctrl_d_does_on_an_empty_line() {
        check(b"half\x03", None);
        check(b"\x1b\x03", None);
        check(b"\x04", None);
        check(b"a\x04b\r", Some("ab"));
    }

    #[test]
    fn keys_that_are_no_text_leave_no_trace() {
        check(b"a\x1b[Ab\x1b[3~c\x1bOHd\x1bxe\x1b[1;5Cf\r", Some("abcdef"));
        check(b"a\x01\x1a\tb\r", Some("ab"));
        check(b"a\xff\xc3\xa9\r", Some("a\u{e9}"));
        check("a\u{9b}b\r".as_bytes(), Some("ab"));
    }
}
