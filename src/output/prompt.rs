//! DOOR (keyboard): questions to the person at the terminal. Without one nothing is ever asked: the error names the flag
//! that gives the answer instead.

#![cfg_attr(unix, expect(clippy::disallowed_methods, reason = "this is the door to the keyboard"))]

use std::pin::Pin;
use std::task::{Context, Poll};
use std::thread::JoinHandle;

use tokio::sync::oneshot;

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

/// A question that is asked on a thread of its own while something else is waited for. Dropped before it is answered, it is
/// withdrawn, and the terminal is as it was.
pub struct Asked<T> {
    screen: Screen,
    answer: oneshot::Receiver<Result<T, OutputError>>,
    thread: Option<JoinHandle<()>>,
}

/// Asks `question` meanwhile.
pub fn ask_meanwhile<T: Send + 'static>(
    screen: &Screen,
    question: impl FnOnce(&Screen) -> Result<T, OutputError> + Send + 'static,
) -> Asked<T> {
    let (tell, answer) = oneshot::channel();
    let asker = screen.clone();
    let thread = std::thread::spawn(move || {
        let _ = tell.send(question(&asker));
    });
    Asked { screen: screen.clone(), answer, thread: Some(thread) }
}

impl<T> Future for Asked<T> {
    type Output = Result<T, OutputError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.answer).poll(context).map(|answer| answer.unwrap_or(Err(OutputError::Interrupted)))
    }
}

impl<T> Drop for Asked<T> {
    fn drop(&mut self) {
        let Some(thread) = self.thread.take() else { return };
        self.screen.question().withdraw(true);
        // A console that can't be woken keeps its thread until the process ends.
        if cfg!(unix) {
            let _ = thread.join();
        }
        self.screen.question().withdraw(false);
    }
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

/// Key by key, with the terminal's own echo and signals off. Ctrl-C arrives as a key, and signals from elsewhere are held
/// for as long, so the terminal is always put back in order before anything ends; a signal would leave it silent.
#[cfg(unix)]
mod keyboard {
    use std::io;

    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    use rustix::io::Errno;
    use rustix::termios::{LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr};

    use crate::output::line::{Line, Step};
    use crate::output::{OutputError, Screen};
    use crate::secret::Secret;
    use crate::signals::{self, Held};

    /// How soon a question that is withdrawn ends.
    const MOMENT: Timespec = Timespec { tv_sec: 0, tv_nsec: 50_000_000 };

    pub(super) fn hidden(screen: &Screen, prompt: &str) -> Result<Secret, OutputError> {
        read_line(screen, prompt, false)
    }

    pub(super) fn shown(screen: &Screen, prompt: &str) -> Result<String, OutputError> {
        read_line(screen, prompt, true).map(|line| line.expose().to_owned())
    }

    fn read_line(screen: &Screen, prompt: &str, echo: bool) -> Result<Secret, OutputError> {
        // The mode first, the prompt second: what is typed on seeing the prompt is never echoed.
        let raw = Raw::enter().map_err(OutputError::Unreadable)?;
        screen.say_inert(prompt);
        let mut line = Line::default();
        loop {
            if let Some(over) = screen.question().over() {
                screen.say_inert("\n");
                return Err(over);
            }
            let key = next_key();
            match raw.told() {
                None => {}
                // The signal acts once the terminal is put back.
                Some(Told::End) => {
                    screen.say_inert("\n");
                    return Err(OutputError::Interrupted);
                }
                Some(Told::Again) => {
                    raw.again().map_err(OutputError::Unreadable)?;
                    screen.say_inert(prompt);
                    line = Line::default();
                    continue;
                }
            }
            let step = match key.map_err(OutputError::Unreadable)? {
                Key::None => continue,
                // The terminal was closed.
                Key::End => Step::Interrupted,
                Key::Pressed(key) => line.press(key),
            };
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

    /// What came of waiting a moment for a key.
    enum Key {
        None,
        Pressed(u8),
        End,
    }

    /// The next key. It is read past every buffer, which would hide keys from the look whether there is one.
    fn next_key() -> io::Result<Key> {
        let stdin = io::stdin();
        let mut watched = [PollFd::new(&stdin, PollFlags::IN)];
        match poll(&mut watched, Some(&MOMENT)) {
            Ok(0) | Err(Errno::INTR) => return Ok(Key::None),
            Ok(_) => {}
            Err(error) => return Err(error.into()),
        }
        let mut key = [0];
        match rustix::io::read(&stdin, &mut key) {
            Ok(0) => Ok(Key::End),
            Ok(_) => Ok(Key::Pressed(key[0])),
            Err(Errno::INTR | Errno::AGAIN) => Ok(Key::None),
            Err(error) => Err(error.into()),
        }
    }

    /// What a signal says to a question that stands.
    enum Told {
        End,
        Again,
    }

    /// The terminal without echo, line editing and signals; put back as it was when dropped.
    struct Raw {
        before: Termios,
        silent: Termios,
        // Fields are dropped after the terminal is put back.
        held: Option<Held>,
    }

    impl Raw {
        fn enter() -> io::Result<Self> {
            let held = signals::hold();
            let before = tcgetattr(io::stdin())?;
            let mut raw = before.clone();
            raw.local_modes -= LocalModes::ECHO | LocalModes::ECHONL | LocalModes::ICANON | LocalModes::ISIG;
            raw.special_codes[SpecialCodeIndex::VMIN] = 1;
            raw.special_codes[SpecialCodeIndex::VTIME] = 0;
            let entered = Self { before, silent: raw, held };
            entered.again()?;
            Ok(entered)
        }

        /// Takes the terminal again after somebody else had it.
        fn again(&self) -> io::Result<()> {
            Ok(tcsetattr(io::stdin(), OptionalActions::Flush, &self.silent)?)
        }

        /// What a signal has said. Told to stop, the terminal is lent to others for as long as that lasts.
        fn told(&self) -> Option<Told> {
            let held = self.held.as_ref()?;
            if held.ends() {
                return Some(Told::End);
            }
            let stops = held.stops();
            if stops {
                self.put_back();
                let _ = held.stop();
            }
            // Whoever had the terminal meanwhile may have left its echo on.
            (held.goes_on() || stops).then_some(Told::Again)
        }

        fn put_back(&self) {
            // Nothing is left to do if the terminal refuses: it has gone.
            let _ = tcsetattr(io::stdin(), OptionalActions::Now, &self.before);
        }
    }

    impl Drop for Raw {
        fn drop(&mut self) {
            self.put_back();
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
