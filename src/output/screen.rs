//! DOOR (screen): standard input, output and error, as one value that can be swapped for a captured one. Nothing here
//! knows what is said, only where it goes and whether it may be coloured.

#![expect(clippy::disallowed_methods, reason = "this is the door to the screen")]

use std::io::{self, Cursor, IsTerminal as _, Read, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use crate::environment::{self, Environment};
use crate::output::question::QuestionEnd;
use crate::output::standard::{Guard, StandardInput, StandardOutput};
use crate::output::{Filter, Lines, OutputError, Style, term};
use crate::secret::{Secret, masked};

/// The longest secret that is taken from standard input, in bytes. A certificate with its key stays well below.
const LONGEST_SECRET: usize = 64 * 1024;

/// The three streams of a run.
pub struct Stdio {
    /// Where input comes from.
    pub stdin: Box<dyn Read + Send>,
    /// Where data goes.
    pub stdout: Box<dyn Write + Send>,
    /// Where everything else goes.
    pub stderr: Box<dyn Write + Send>,
    /// Which of them are terminals.
    pub terminals: Terminals,
    /// Whether the streams are the process's own, so that a question reaches a keyboard.
    keyboard: bool,
}

/// Which streams are terminals, and how wide.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Terminals {
    /// Standard input.
    pub stdin: bool,
    /// Standard output.
    pub stdout: bool,
    /// Standard error.
    pub stderr: bool,
    /// Columns of the terminal; `None` when there is none or it does not say.
    pub width: Option<u16>,
}

impl Stdio {
    /// The streams of this process.
    #[must_use]
    pub fn of_process() -> Self {
        Self {
            terminals: Terminals {
                stdin: io::stdin().is_terminal(),
                stdout: io::stdout().is_terminal(),
                stderr: io::stderr().is_terminal(),
                width: terminal_size::terminal_size().map(|(width, _)| width.0),
            },
            stdin: Box::new(io::stdin()),
            stdout: Box::new(io::stdout()),
            stderr: Box::new(io::stderr()),
            keyboard: true,
        }
    }

    /// Streams of the caller's making, none of them a terminal.
    #[must_use]
    pub fn of(
        stdin: impl Read + Send + 'static,
        stdout: impl Write + Send + 'static,
        stderr: impl Write + Send + 'static,
    ) -> Self {
        Self {
            stdin: Box::new(stdin),
            stdout: Box::new(stdout),
            stderr: Box::new(stderr),
            terminals: Terminals::default(),
            keyboard: false,
        }
    }

    /// Streams kept in memory, with nothing on standard input, and the hand that reads what was written.
    #[must_use]
    pub fn captured() -> (Self, Captured) {
        let captured = Captured::default();
        (Self::of(io::empty(), captured.stdout.clone(), captured.stderr.clone()), captured)
    }

    /// The same with `input` on standard input.
    #[must_use]
    pub fn with_input(mut self, input: impl Into<Vec<u8>>) -> Self {
        self.stdin = Box::new(Cursor::new(input.into()));
        self
    }

    /// The same, behaving as if all three streams were a terminal of `width` columns. Questions still find no keyboard.
    #[must_use]
    pub fn with_terminal(mut self, width: u16) -> Self {
        self.terminals = Terminals { stdin: true, stdout: true, stderr: true, width: Some(width) };
        self
    }
}

/// What was written to captured streams.
#[derive(Clone, Default)]
pub struct Captured {
    stdout: Memory,
    stderr: Memory,
}

impl Captured {
    /// Standard output so far; bytes that are not UTF-8 are replaced.
    #[must_use]
    pub fn stdout(&self) -> String {
        String::from_utf8_lossy(&held(&self.stdout.0)).into_owned()
    }

    /// Standard error so far; bytes that are not UTF-8 are replaced.
    #[must_use]
    pub fn stderr(&self) -> String {
        String::from_utf8_lossy(&held(&self.stderr.0)).into_owned()
    }

    /// Standard output so far, byte for byte.
    #[must_use]
    pub fn stdout_bytes(&self) -> Vec<u8> {
        held(&self.stdout.0).clone()
    }
}

#[derive(Clone, Default)]
struct Memory(Arc<Mutex<Vec<u8>>>);

impl Write for Memory {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        held(&self.0).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What `--color` says.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ColorChoice {
    /// Colour on a terminal, unless the environment says otherwise.
    #[default]
    Auto,
    /// Colour everywhere.
    Always,
    /// No colour.
    Never,
}

/// What decides how the screen behaves.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ScreenOptions {
    /// `--color`.
    pub color: ColorChoice,
    /// `--quiet`: no notes and no progress.
    pub quiet: bool,
    /// `--no-input`, `D365CONN_NO_INPUT` or `CI`: never ask. The flag is to be added to what the environment says.
    pub no_input: bool,
    /// What the environment says about colour: `NO_COLOR`, then `CLICOLOR_FORCE`, then `TERM=dumb`.
    pub environment_colour: Option<bool>,
    /// `TERM=dumb`, or `CI`, whose log would keep every line of progress.
    pub no_progress: bool,
    /// `COLUMNS`: the width of tables, instead of the terminal's.
    pub columns: Option<u16>,
}

impl ScreenOptions {
    /// What the environment says; the flags are left at their defaults. A variable that is not text counts as set.
    #[must_use]
    pub fn of(environment: &Environment) -> Self {
        let text = |variable| environment.text(variable).ok().flatten();
        let ci = environment.is_set(environment::CI);
        let dumb = text(environment::TERM) == Some("dumb");
        let forced = environment.is_set(environment::CLICOLOR_FORCE) && text(environment::CLICOLOR_FORCE) != Some("0");
        let environment_colour = if environment.is_set(environment::NO_COLOR) {
            Some(false)
        } else if forced {
            Some(true)
        } else {
            dumb.then_some(false)
        };
        Self {
            no_input: ci || environment.is_set(environment::NO_INPUT),
            environment_colour,
            no_progress: dumb || ci,
            columns: text(environment::COLUMNS).and_then(|columns| columns.parse().ok()).filter(|columns| *columns > 0),
            ..Self::default()
        }
    }

    /// How text on a stream is coloured. The flag wins, then the environment, then the terminal.
    fn style(&self, terminal: bool) -> Style {
        let coloured = match self.color {
            ColorChoice::Always => true,
            ColorChoice::Never => false,
            ColorChoice::Auto => self.environment_colour.unwrap_or(terminal && understands_colour()),
        };
        if coloured { Style::COLOURED } else { Style::PLAIN }
    }
}

/// Whether the console of this system understands escape sequences; asking switches that on.
#[cfg(windows)]
fn understands_colour() -> bool {
    dialoguer::console::Term::stderr().features().colors_supported()
}

#[cfg(not(windows))]
const fn understands_colour() -> bool {
    true
}

/// The user's screen: data goes to standard output, everything else to standard error. Clones are the same screen.
#[derive(Clone)]
pub struct Screen(Arc<Streams>, Option<Filter>);

struct Streams {
    input: Mutex<Box<dyn Read + Send>>,
    data: Mutex<Box<dyn Write + Send>>,
    talk: Mutex<Talk>,
    terminals: Terminals,
    keyboard: bool,
    options: ScreenOptions,
    question: QuestionEnd,
}

/// Standard error, and the progress line that may stand on it.
struct Talk {
    stream: Box<dyn Write + Send>,
    progress: Option<String>,
}

/// Back to the beginning of the line, and wipe it.
const WIPE: &str = "\r\u{1b}[K";

impl Talk {
    /// Writes above the progress line. A failure has nowhere to be told, so it is let go.
    fn say(&mut self, text: &str) {
        let _ = match &self.progress {
            None => self.stream.write_all(text.as_bytes()),
            Some(progress) => self.stream.write_all(format!("{WIPE}{text}{progress}").as_bytes()),
        };
        let _ = self.stream.flush();
    }

    fn wipe(&mut self) {
        if self.progress.is_some() {
            let _ = self.stream.write_all(WIPE.as_bytes());
            let _ = self.stream.flush();
        }
    }
}

impl Screen {
    /// A screen on these streams.
    #[must_use]
    pub fn new(stdio: Stdio, options: &ScreenOptions) -> Self {
        Self(
            Arc::new(Streams {
                input: Mutex::new(stdio.stdin),
                data: Mutex::new(stdio.stdout),
                talk: Mutex::new(Talk { stream: stdio.stderr, progress: None }),
                terminals: stdio.terminals,
                keyboard: stdio.keyboard,
                question: QuestionEnd::default(),
                options: *options,
            }),
            None,
        )
    }

    /// The same screen, on which every record passes through `filter`.
    #[must_use]
    pub fn filtered(self, filter: Filter) -> Self {
        Self(self.0, Some(filter))
    }

    /// Whether records pass through a filter.
    #[must_use]
    pub const fn is_filtered(&self) -> bool {
        self.1.is_some()
    }

    /// What every record passes through, if anything.
    pub(super) const fn filter(&self) -> Option<&Filter> {
        self.1.as_ref()
    }

    /// One line worth knowing, on standard error; `--quiet` silences it. Text from elsewhere in it can't begin another one.
    pub fn note(&self, text: &str) {
        self.note_lines(&Lines::of(text));
    }

    /// Several lines worth knowing, on standard error; `--quiet` silences them.
    pub fn note_lines(&self, lines: &Lines) {
        if !self.0.options.quiet {
            self.say(lines);
        }
    }

    /// One line on what may go wrong later, on standard error, after `warning: `. Not silenced.
    pub fn warn(&self, text: &str) {
        self.say_inert(&format!("{} {}\n", self.error_style().warning("warning:"), term::message(text)));
    }

    /// Lines on standard error that nothing silences.
    pub fn say(&self, lines: &Lines) {
        self.say_inert(lines.as_str());
    }

    /// Text on standard error that may be coloured. Nothing in it but colours and line feeds acts on a terminal.
    pub fn say_styled(&self, text: &str) {
        self.say_inert(&term::inert_styled(text));
    }

    /// Text on standard error that this room has made inert. No secret that this process holds is in it, whoever put it
    /// there, and no command to a build runner.
    pub(super) fn say_inert(&self, text: &str) {
        held(&self.0.talk).say(&term::uncommanded(&masked(text)));
    }

    /// A secret on standard error, for a program that asked for it there: a build runner, which takes it out of its log
    /// from then on. The only way past the mask on this stream.
    pub fn say_secret(&self, line: &str) {
        held(&self.0.talk).say(line);
    }

    /// A place for lines of trace on standard error. Not silenced: a trace was asked for.
    pub fn trace_sink(&self) -> impl Fn(&str) + Send + Sync + 'static {
        let screen = self.clone();
        move |line| screen.say(&Lines::of(line))
    }

    /// Data for standard output. A pipe gets every byte as it is; a terminal gets text made inert.
    #[must_use]
    pub fn data(&self) -> StandardOutput {
        StandardOutput::new(self.clone(), Guard::Text)
    }

    /// One line of data on standard output.
    ///
    /// # Errors
    /// As [`StandardOutput::put`].
    pub fn line(&self, text: &str) -> Result<(), OutputError> {
        let mut out = self.data();
        out.put(text.as_bytes())?;
        out.put(b"\n")?;
        out.finish()
    }

    /// Text on standard output that is inert already, and may be styled.
    ///
    /// # Errors
    /// As [`StandardOutput::put`].
    pub fn show(&self, text: &str) -> Result<(), OutputError> {
        let mut out = self.shown();
        out.put(text.as_bytes())?;
        out.finish()
    }

    /// JSON for standard output: as [`Screen::data`], but on a terminal it stays the same JSON.
    #[must_use]
    pub fn json(&self) -> StandardOutput {
        StandardOutput::new(self.clone(), Guard::Json)
    }

    /// Text for standard output that is inert already, and may be styled.
    pub(super) fn shown(&self) -> StandardOutput {
        StandardOutput::new(self.clone(), Guard::None)
    }

    /// Bytes onto standard output, at once.
    pub(super) fn put(&self, bytes: &[u8]) -> io::Result<()> {
        // A progress line and data share one terminal: the line steps aside, and comes back with its next update.
        if self.is_terminal_stdout() {
            held(&self.0.talk).wipe();
        }
        let mut data = held(&self.0.data);
        data.write_all(bytes)?;
        data.flush()
    }

    /// Puts a progress line up, or takes it down.
    pub(super) fn set_progress(&self, line: Option<String>) {
        let mut talk = held(&self.0.talk);
        talk.wipe();
        talk.progress = line.map(|line| masked(&line).into_owned());
        if let Some(line) = talk.progress.clone() {
            let _ = talk.stream.write_all(line.as_bytes());
            let _ = talk.stream.flush();
        }
    }

    /// Whether a progress line is of use: a terminal that can be written over, and nobody asked for quiet.
    pub(super) fn shows_progress(&self) -> bool {
        self.is_terminal_stderr() && !self.0.options.quiet && !self.0.options.no_progress
    }

    /// Whether a question would reach a person.
    #[must_use]
    pub fn can_ask(&self) -> bool {
        self.0.keyboard && self.is_attended()
    }

    /// Whether a person sits at the terminal that reads what is said, and may be asked.
    #[must_use]
    pub fn is_attended(&self) -> bool {
        self.is_terminal_stdin() && self.is_terminal_stderr() && !self.0.options.no_input
    }

    /// From then on no question is waited for any more.
    pub fn end_questions_at(&self, at: Instant) {
        self.0.question.set(at);
    }

    pub(super) fn question(&self) -> &QuestionEnd {
        &self.0.question
    }

    /// Standard input, as a stream.
    #[must_use]
    pub fn input(&self) -> StandardInput {
        StandardInput::new(self.clone())
    }

    pub(super) fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        held(&self.0.input).read(buffer)
    }

    /// All of standard input, if that is at most `limit` bytes.
    ///
    /// # Errors
    /// [`OutputError::TooLong`] when there is more, [`OutputError::Unreadable`] when reading fails.
    pub fn read_stdin_to_end(&self, limit: usize) -> Result<Vec<u8>, OutputError> {
        let mut bytes = Vec::new();
        // One byte more than the limit tells "exactly that much" from "more".
        let most = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
        self.input().take(most).read_to_end(&mut bytes).map_err(OutputError::Unreadable)?;
        if bytes.len() > limit { Err(OutputError::TooLong { limit }) } else { Ok(bytes) }
    }

    /// A secret from standard input: all of it, without the line break at the end that `echo` and editors add.
    ///
    /// # Errors
    /// As [`Screen::read_stdin_to_end`]; [`OutputError::NotText`], and [`OutputError::Empty`] when nothing came.
    pub fn read_stdin_secret(&self) -> Result<Secret, OutputError> {
        let bytes = zeroize::Zeroizing::new(self.read_stdin_to_end(LONGEST_SECRET)?);
        let text = std::str::from_utf8(&bytes).map_err(OutputError::NotText)?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(text).trim_end_matches(['\r', '\n']);
        if text.is_empty() { Err(OutputError::Empty) } else { Ok(Secret::new(text)) }
    }

    /// Whether standard output is a terminal.
    #[must_use]
    pub fn is_terminal_stdout(&self) -> bool {
        self.0.terminals.stdout
    }

    /// Whether standard error is a terminal.
    #[must_use]
    pub fn is_terminal_stderr(&self) -> bool {
        self.0.terminals.stderr
    }

    /// Whether standard input is a terminal.
    #[must_use]
    pub fn is_terminal_stdin(&self) -> bool {
        self.0.terminals.stdin
    }

    /// How many columns a table on standard output may take: `COLUMNS`, else the terminal's; `None` in a pipe.
    #[must_use]
    pub fn width(&self) -> Option<u16> {
        self.0.options.columns.or(if self.is_terminal_stdout() { self.0.terminals.width } else { None })
    }

    /// How many columns the terminal behind standard error has.
    pub(super) fn error_width(&self) -> u16 {
        self.0.terminals.width.unwrap_or(80)
    }

    /// The colours of standard output.
    #[must_use]
    pub fn style(&self) -> Style {
        self.0.options.style(self.is_terminal_stdout())
    }

    /// The colours of standard error.
    #[must_use]
    pub fn error_style(&self) -> Style {
        self.0.options.style(self.is_terminal_stderr())
    }
}

/// Says on standard error where a panic was that nobody caught. No screen is needed, and nothing can fail: it is called by
/// a thread in trouble.
pub fn tell_of_panic(place: &str) {
    let _ = writeln!(io::stderr(), "error: d365conn hit a bug at {place}, on a thread of its own [commands/bug]");
}

/// A stream whose writer panicked is still a stream.
fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(pairs: &[(&str, &str)]) -> ScreenOptions {
        ScreenOptions::of(&Environment::of(pairs.iter().copied()))
    }

    #[test]
    fn colour_follows_flag_then_environment_then_terminal() {
        let check = |pairs: &[(&str, &str)], color, terminal, expected| {
            let options = ScreenOptions { color, ..options(pairs) };
            assert_eq!(options.style(terminal).is_coloured(), expected, "{pairs:?} {color:?} {terminal}");
        };
        check(&[], ColorChoice::Auto, true, true);
        check(&[], ColorChoice::Auto, false, false);
        check(&[("NO_COLOR", "1")], ColorChoice::Auto, true, false);
        check(&[("NO_COLOR", "")], ColorChoice::Auto, true, true);
        check(&[("NO_COLOR", "1")], ColorChoice::Always, false, true);
        check(&[("CLICOLOR_FORCE", "1")], ColorChoice::Auto, false, true);
        check(&[("CLICOLOR_FORCE", "0")], ColorChoice::Auto, false, false);
        check(&[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")], ColorChoice::Auto, true, false);
        check(&[("CLICOLOR_FORCE", "1")], ColorChoice::Never, true, false);
        check(&[("TERM", "dumb")], ColorChoice::Auto, true, false);
    }

    #[test]
    fn the_width_is_the_terminals_unless_columns_says_otherwise() {
        let width = |stdio: Stdio, pairs: &[(&str, &str)]| Screen::new(stdio, &options(pairs)).width();
        assert_eq!(width(Stdio::captured().0.with_terminal(120), &[]), Some(120));
        assert_eq!(width(Stdio::captured().0.with_terminal(120), &[("COLUMNS", "40")]), Some(40));
        assert_eq!(width(Stdio::captured().0.with_terminal(120), &[("COLUMNS", "wide")]), Some(120));
        assert_eq!(width(Stdio::captured().0, &[]), None);
    }

    #[test]
    fn quiet_silences_notes_but_not_warnings() {
        let (stdio, captured) = Stdio::captured();
        let screen = Screen::new(stdio, &ScreenOptions { quiet: true, ..ScreenOptions::default() });
        screen.note("50 of more");
        screen.warn("the id is for development");
        (screen.trace_sink())("GET /api");
        assert_eq!(captured.stderr(), "warning: the id is for development\nGET /api\n");
        assert_eq!(captured.stdout(), "");
    }

    #[test]
    fn notes_are_one_inert_line_on_a_terminal_and_in_a_pipe() {
        for is_terminal in [true, false] {
            let (stdio, captured) = Stdio::captured();
            let stdio = if is_terminal { stdio.with_terminal(80) } else { stdio };
            let screen = Screen::new(stdio, &ScreenOptions { color: ColorChoice::Never, ..ScreenOptions::default() });
            screen.note("label \u{1b}[2J\nfix: run\u{202e} it");
            screen.warn("::stop-commands::x\n##vso[task.complete]");
            screen.trace_sink()("##[error]x");
            screen.say(&Lines::of("::error::x").blank().line("a\nb"));
            screen.say_styled("\u{1b}]52;c;aGk=\u{7}\n");
            let expected = concat!(
                "label \\u{1b}[2J\\nfix: run\\u{202e} it\n",
                "warning: ::stop-commands::x\\n##vso [task.complete]\n",
                "## [error]x\n",
                ": :error::x\n\na\\nb\n",
                "\\u{1b}]52;c;aGk=\\u{7}\n",
            );
            assert_eq!(captured.stderr(), expected);
        }
    }

    #[test]
    fn input_is_taken_up_to_its_limit() {
        let screen = |input: &str| Screen::new(Stdio::captured().0.with_input(input), &ScreenOptions::default());
        assert_eq!(screen("abc").read_stdin_to_end(3).unwrap(), b"abc");
        assert!(matches!(screen("abcd").read_stdin_to_end(3), Err(OutputError::TooLong { limit: 3 })));
    }

    #[test]
    fn a_secret_from_standard_input_loses_only_its_line_break() {
        let secret = |input: &[u8]| {
            Screen::new(Stdio::captured().0.with_input(input), &ScreenOptions::default()).read_stdin_secret()
        };
        assert_eq!(secret(b"p ss \r\n").unwrap().expose(), "p ss ");
        assert_eq!(secret("\u{feff}abc".as_bytes()).unwrap().expose(), "abc");
        assert!(matches!(secret(b"\n"), Err(OutputError::Empty)));
        assert!(matches!(secret(b"\xff\xfe"), Err(OutputError::NotText(_))));
    }
}
