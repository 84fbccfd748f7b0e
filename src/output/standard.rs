//! The way of bytes to standard output and from standard input: buffered, exact for pipes, inert on terminals. Knows
//! no format.

use std::io::{self, Read, Write};

use memchr::memrchr;

use crate::output::{OutputError, Screen, term};

/// How much is gathered before it is written.
const ENOUGH: usize = 64 * 1024;

/// What makes bytes harmless when they go to a terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Guard {
    /// Visible escapes instead of control characters.
    Text,
    /// JSON escapes instead of control characters.
    Json,
    /// Nothing: the text was made inert before it was styled.
    None,
}

/// Data on its way to standard output, 64 KiB at a time; on a terminal, line by line.
///
/// [`StandardOutput::finish`] tells whether all of it arrived. What is still held when it is dropped is written if that is
/// possible, so that a cut output ends with the last thing that was put.
pub struct StandardOutput {
    screen: Screen,
    guard: Guard,
    held: Vec<u8>,
    broken: bool,
}

impl StandardOutput {
    pub(super) fn new(screen: Screen, guard: Guard) -> Self {
        Self { screen, guard, held: Vec::new(), broken: false }
    }

    /// Takes bytes.
    ///
    /// # Errors
    /// [`OutputError::ClosedPipe`] when nobody reads any more, [`OutputError::Failed`] when they can't be written.
    pub fn put(&mut self, bytes: &[u8]) -> Result<(), OutputError> {
        self.take(bytes).map_err(OutputError::of_writing)
    }

    /// Writes out all that is held.
    ///
    /// # Errors
    /// As [`StandardOutput::put`].
    pub fn finish(&mut self) -> Result<(), OutputError> {
        self.write_out(self.held.len()).map_err(OutputError::of_writing)
    }

    fn take(&mut self, bytes: &[u8]) -> io::Result<()> {
        let terminal = self.screen.is_terminal_stdout();
        if self.held.len() + bytes.len() > ENOUGH {
            self.write_out(if terminal { self.whole_characters() } else { self.held.len() })?;
        }
        if bytes.len() >= ENOUGH && !terminal {
            return self.screen.put(bytes).inspect_err(|_| self.broken = true);
        }
        let before = self.held.len();
        self.held.extend_from_slice(bytes);
        match memrchr(b'\n', bytes) {
            Some(end) if terminal => self.write_out(before + end + 1),
            _ => Ok(()),
        }
    }

    /// How many of the held bytes can be written without splitting a character that has yet to be made inert.
    fn whole_characters(&self) -> usize {
        match std::str::from_utf8(&self.held) {
            Err(error) if error.error_len().is_none() => error.valid_up_to(),
            _ => self.held.len(),
        }
    }

    fn write_out(&mut self, length: usize) -> io::Result<()> {
        if length == 0 {
            return Ok(());
        }
        let bytes = &self.held[..length];
        let written = if self.guard == Guard::None || !self.screen.is_terminal_stdout() {
            self.screen.put(bytes)
        } else {
            let text = String::from_utf8_lossy(bytes);
            let safe = if self.guard == Guard::Json { term::inert_json(&text) } else { term::inert_lines(&text) };
            self.screen.put(safe.as_bytes())
        };
        self.broken = written.is_err();
        self.held.drain(..length);
        written
    }
}

impl Write for StandardOutput {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.take(bytes)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.write_out(self.held.len())
    }
}

impl Drop for StandardOutput {
    fn drop(&mut self) {
        if !self.broken {
            // Whoever wanted to know called `finish`.
            let _ = self.write_out(self.held.len());
        }
    }
}

/// Standard input as a stream.
pub struct StandardInput {
    screen: Screen,
}

impl StandardInput {
    pub(super) fn new(screen: Screen) -> Self {
        Self { screen }
    }
}

impl Read for StandardInput {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.screen.read(buffer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::{Captured, ScreenOptions, Stdio};
    use crate::problem::{Diagnose as _, Exit};

    fn screen(terminal: bool) -> (Screen, Captured) {
        let (stdio, captured) = Stdio::captured();
        let stdio = if terminal { stdio.with_terminal(80) } else { stdio };
        (Screen::new(stdio, &ScreenOptions::default()), captured)
    }

    #[test]
    fn a_pipe_gets_every_byte_as_it_is() {
        let (screen, captured) = screen(false);
        let mut bytes: Vec<u8> = (0..=255).collect();
        bytes.extend("\u{9b}\u{202e}".bytes());
        let mut out = screen.data();
        for _ in 0..1000 {
            out.put(&bytes).unwrap();
        }
        out.finish().unwrap();
        assert_eq!(captured.stdout_bytes(), bytes.repeat(1000));
    }

    #[test]
    fn a_terminal_gets_inert_text_line_by_line() {
        let (screen, captured) = screen(true);
        let mut out = screen.data();
        out.put(b"a\x1b[2Jb\nhalf").unwrap();
        assert_eq!(captured.stdout(), "a\\u{1b}[2Jb\n");
        drop(out);
        assert_eq!(captured.stdout(), "a\\u{1b}[2Jb\nhalf");
        let mut out = screen.json();
        out.put("{\"a\":\"\u{9b}\"}\n".as_bytes()).unwrap();
        assert!(captured.stdout().ends_with("{\"a\":\"\\u009b\"}\n"));
    }

    #[test]
    fn a_character_across_two_blocks_stays_whole() {
        let (screen, captured) = screen(true);
        let text = "é".repeat(ENOUGH);
        let mut out = screen.data();
        for byte in text.bytes() {
            out.put(&[byte]).unwrap();
        }
        out.finish().unwrap();
        assert_eq!(captured.stdout(), text);
    }

    struct Refuses(io::ErrorKind);

    impl Write for Refuses {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(self.0.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_closed_pipe_is_a_quiet_success_and_any_other_refusal_is_not() {
        for (kind, exit) in [(io::ErrorKind::BrokenPipe, Exit::Done), (io::ErrorKind::StorageFull, Exit::Failed)] {
            let stdio = Stdio::of(io::empty(), Refuses(kind), io::sink());
            let mut out = Screen::new(stdio, &ScreenOptions::default()).data();
            out.put(b"x").unwrap();
            assert_eq!(out.finish().unwrap_err().phrase().exit, exit);
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    #[expect(clippy::disallowed_methods, reason = "the full disk is a file")]
    fn a_full_disk_is_no_success() {
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let screen = Screen::new(Stdio::of(io::empty(), full, io::sink()), &ScreenOptions::default());
        let mut out = screen.data();
        out.put(b"a row\n").unwrap();
        let error = out.finish().unwrap_err();
        assert_eq!(error.phrase().exit, Exit::Failed);
        assert_eq!(crate::problem::Problem::from(error).causes(), ["No space left on device (os error 28)"]);
    }
}
