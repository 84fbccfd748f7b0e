//! DOOR (keyboard): questions to the person at the terminal. Without one nothing is ever asked: the error names the flag
//! that gives the answer instead.

#![cfg_attr(unix, expect(clippy::disallowed_methods, reason = "this is the door to the keyboard"))]

use crate::output::{OutputError, Screen, term};
use crate::secret::Secret;

/// Asks for a secret without showing what is typed. An empty answer is asked for again.
///
/// # Errors
/// [`OutputError::NoTerminal`] with `flag` when nobody can be asked, [`OutputError::Interrupted`] on Ctrl-C.
pub fn secret(screen: &Screen, question: &str, flag: &'static str) -> Result<Secret, OutputError> {
    must_ask(screen, flag)?;
    loop {
        let answer = keyboard::hidden(screen, &format!("{}: ", term::message(question)))?;
        if !answer.is_empty() {
            return Ok(answer);
        }
    }
}

/// Asks for a secret that is being chosen, twice.
///
/// # Errors
/// As [`secret`]; [`OutputError::Differ`] when the two are not the same.
pub fn new_secret(screen: &Screen, question: &str, flag: &'static str) -> Result<Secret, OutputError> {
    let first = secret(screen, question, flag)?;
    let second = secret(screen, "the same again", flag)?;
    if first.is_same_as(&second) { Ok(first) } else { Err(OutputError::Differ) }
}

/// Asks a question to be answered with `y` or `n`; Enter alone is no.
///
/// # Errors
/// As [`secret`].
pub fn confirm(screen: &Screen, question: &str, flag: &'static str) -> Result<bool, OutputError> {
    must_ask(screen, flag)?;
    loop {
        let answer = keyboard::shown(screen, &format!("{} [y/N] ", term::message(question)))?;
        if let Some(answer) = yes_or_no(&answer) {
            return Ok(answer);
        }
    }
}

/// Asks for a number from 1 to `count`; Enter alone is `None`.
///
/// # Errors
/// As [`secret`].
pub fn choose(screen: &Screen, question: &str, count: usize, flag: &'static str) -> Result<Option<usize>, OutputError> {
    must_ask(screen, flag)?;
    loop {
        let answer = keyboard::shown(screen, &format!("{} [1-{count}] ", term::message(question)))?;
        if let Some(answer) = number(&answer, count) {
            return Ok((answer > 0).then_some(answer));
        }
    }
}

/// Shows `text` and waits for Enter.
///
/// # Errors
/// As [`secret`].
pub fn press_enter(screen: &Screen, text: &str, flag: &'static str) -> Result<(), OutputError> {
    must_ask(screen, flag)?;
    keyboard::hidden(screen, &format!("{} ", term::message(text))).map(drop)
}

fn must_ask(screen: &Screen, flag: &'static str) -> Result<(), OutputError> {
    if screen.can_ask() { Ok(()) } else { Err(OutputError::NoTerminal { flag }) }
}

fn yes_or_no(answer: &str) -> Option<bool> {
    match answer.trim().to_ascii_lowercase().as_str() {
        "y" | "yes" => Some(true),
        "" | "n" | "no" => Some(false),
        _ => None,
    }
}

/// What was typed, if it is an answer: one of the numbers, or 0 for nothing.
fn number(answer: &str, count: usize) -> Option<usize> {
    match answer.trim() {
        "" => Some(0),
        digits => digits.parse().ok().filter(|number| (1..=count).contains(number)),
    }
}

/// Key by key, with the terminal's own echo and signals off. Ctrl-C arrives as a key, so the terminal is always put back
/// in order before anything ends; the signal would leave it silent.
#[cfg(unix)]
mod keyboard {
    use std::io;

    use rustix::termios::{LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr};

    use crate::output::line::{Line, Step};
    use crate::output::{OutputError, Screen};
    use crate::secret::Secret;

    pub(super) fn hidden(screen: &Screen, prompt: &str) -> Result<Secret, OutputError> {
        read_line(screen, prompt, false)
    }

    pub(super) fn shown(screen: &Screen, prompt: &str) -> Result<String, OutputError> {
        read_line(screen, prompt, true).map(|line| line.expose().to_owned())
    }

    fn read_line(screen: &Screen, prompt: &str, echo: bool) -> Result<Secret, OutputError> {
        // The mode first, the prompt second: what is typed on seeing the prompt is never echoed.
        let _raw = Raw::enter().map_err(OutputError::Unreadable)?;
        screen.say_inert(prompt);
        let mut line = Line::default();
        loop {
            let mut key = [0];
            let read = match screen.read(&mut key) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                other => other.map_err(OutputError::Unreadable)?,
            };
            // The end of the input is the terminal being closed.
            let step = if read == 0 { Step::Interrupted } else { line.press(key[0]) };
            match step {
                Step::Typed(text) if echo => screen.say_inert(&text),
                Step::Erased(columns) if echo => {
                    screen.say_inert(&format!("{0}{1}{0}", "\u{8}".repeat(columns), " ".repeat(columns)));
                }
                Step::Nothing | Step::Typed(_) | Step::Erased(_) => {}
                Step::Done(answer) => {
                    screen.say_inert("\n");
                    return Ok(answer);
                }
                Step::Interrupted => {
                    screen.say_inert("\n");
                    return Err(OutputError::Interrupted);
                }
            }
        }
    }

    /// The terminal without echo, line editing and signals; put back as it was when dropped.
    struct Raw {
        before: Termios,
    }

    impl Raw {
        fn enter() -> io::Result<Self> {
            let before = tcgetattr(io::stdin())?;
            let mut raw = before.clone();
            raw.local_modes -= LocalModes::ECHO | LocalModes::ECHONL | LocalModes::ICANON | LocalModes::ISIG;
            raw.special_codes[SpecialCodeIndex::VMIN] = 1;
            raw.special_codes[SpecialCodeIndex::VTIME] = 0;
            tcsetattr(io::stdin(), OptionalActions::Flush, &raw)?;
            Ok(Self { before })
        }
    }

    impl Drop for Raw {
        fn drop(&mut self) {
            // Nothing is left to do if the terminal refuses: it has gone.
            let _ = tcsetattr(io::stdin(), OptionalActions::Now, &self.before);
        }
    }
}

/// The console reads keys without echo by itself, and Ctrl-C there changes no mode that would have to be put back.
#[cfg(not(unix))]
mod keyboard {
    use std::io::{BufRead as _, BufReader};

    use crate::output::{OutputError, Screen};
    use crate::secret::Secret;

    pub(super) fn hidden(screen: &Screen, prompt: &str) -> Result<Secret, OutputError> {
        screen.say_inert(prompt);
        let answer = dialoguer::console::Term::stderr().read_secure_line().map_err(OutputError::Unreadable)?;
        Ok(Secret::new(answer))
    }

    pub(super) fn shown(screen: &Screen, prompt: &str) -> Result<String, OutputError> {
        screen.say_inert(prompt);
        let mut answer = String::new();
        // One byte at a time: what is typed ahead belongs to the next question.
        BufReader::with_capacity(1, screen.input()).read_line(&mut answer).map_err(OutputError::Unreadable)?;
        if answer.is_empty() { Err(OutputError::Interrupted) } else { Ok(answer) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::{ScreenOptions, Stdio};
    use crate::problem::{Diagnose as _, Exit};

    #[test]
    fn without_a_keyboard_the_error_names_the_flag() {
        let (stdio, captured) = Stdio::captured();
        let screen = Screen::new(stdio.with_input("yes\n").with_terminal(80), &ScreenOptions::default());
        let error = confirm(&screen, "delete 3 records?", "--yes").unwrap_err();
        assert_eq!(error.phrase().exit, Exit::Usage);
        assert_eq!(
            error.phrase().remedy_with(&error.facts()),
            ["answer beforehand with `--yes`: a flag is added to the command, a variable is set before it runs"]
        );
        assert!(secret(&screen, "client secret", "--client-secret-stdin").is_err());
        assert!(press_enter(&screen, "press Enter", "--no-browser").is_err());
        assert_eq!(captured.stderr(), "");
    }

    #[test]
    fn only_a_number_that_was_offered_is_a_choice() {
        for (typed, answer) in [
            ("1", Some(1)),
            (" 3 ", Some(3)),
            ("", Some(0)),
            ("0", None),
            ("4", None),
            ("-1", None),
            ("1.", None),
            ("one", None),
            ("99999999999999999999", None),
        ] {
            assert_eq!(number(typed, 3), answer, "{typed}");
        }
    }

    #[test]
    fn only_a_clear_answer_counts() {
        for (typed, answer) in [
            ("y", Some(true)),
            (" YES ", Some(true)),
            ("", Some(false)),
            ("n", Some(false)),
            ("No", Some(false)),
            ("yep", None),
            ("ja", None),
        ] {
            assert_eq!(yes_or_no(typed), answer, "{typed}");
        }
    }
}
