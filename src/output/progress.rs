//! One line on a terminal that says how long work is going, and goes away afterwards. A pipe, a log and a dumb terminal
//! never see it, and nothing here measures time.

use std::time::Duration;

use crate::output::{Screen, term};

/// A progress line on standard error. It is wiped when this is dropped.
pub struct Progress {
    screen: Option<Screen>,
}

impl Progress {
    /// Puts `text` up, if standard error is a terminal that can be written over and nobody asked for quiet.
    #[must_use]
    pub fn start(screen: &Screen, text: &str) -> Self {
        let progress = Self { screen: screen.shows_progress().then(|| screen.clone()) };
        progress.update(text);
        progress
    }

    /// Replaces the text: once a page or a request, not once a record.
    pub fn update(&self, text: &str) {
        if let Some(screen) = &self.screen {
            // The last column stays free: some terminals break the line when it is written.
            let room = usize::from(screen.error_width()).saturating_sub(1);
            screen.set_progress(Some(term::cut(&term::inert(text), room).into_owned()));
        }
    }

    /// Says that something is being waited for, and why: `waiting 12 s: the service asked for it`.
    pub fn waiting(&self, duration: Duration, why: &str) {
        // A part of a second is a second to whoever waits.
        let seconds = duration.as_secs() + u64::from(duration.subsec_nanos() > 0);
        self.update(&format!("waiting {seconds} s: {why}"));
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(screen) = &self.screen {
            screen.set_progress(None);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::environment::Environment;
    use crate::output::{ScreenOptions, Stdio};

    #[test]
    fn the_line_is_replaced_steps_aside_for_notes_and_is_wiped_at_the_end() {
        let (stdio, captured) = Stdio::captured();
        let screen = Screen::new(stdio.with_terminal(20), &ScreenOptions::default());
        let progress = Progress::start(&screen, "0 records");
        screen.note("hello");
        progress.waiting(Duration::from_millis(11_500), "the service asked for it");
        drop(progress);
        assert_eq!(captured.stderr(), "0 records\r\u{1b}[Khello\n0 records\r\u{1b}[Kwaiting 12 s: the …\r\u{1b}[K");
    }

    #[test]
    fn pipes_logs_dumb_terminals_and_quiet_runs_see_nothing() {
        let terminal = || Stdio::captured().0.with_terminal(80);
        for (stdio, options) in [
            (Stdio::captured().0, ScreenOptions::default()),
            (terminal(), ScreenOptions::of(&Environment::of([("TERM", "dumb")]))),
            (terminal(), ScreenOptions::of(&Environment::of([("CI", "true")]))),
            (terminal(), ScreenOptions { quiet: true, ..ScreenOptions::default() }),
        ] {
            let progress = Progress::start(&Screen::new(stdio, &options), "working");
            assert!(progress.screen.is_none());
        }
    }
}
