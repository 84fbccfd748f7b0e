//! Lines for standard error, made so that text from elsewhere can't begin a line of its own.

use crate::output::term;

/// Finished lines, each of them inert.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lines(String);

impl Lines {
    /// One line.
    #[must_use]
    pub fn of(text: &str) -> Self {
        Self::default().line(text)
    }

    /// And another. It is cut in its middle where it is longer than a message gets.
    #[must_use]
    pub fn line(mut self, text: &str) -> Self {
        self.0.push_str(&term::message(text));
        self.0.push('\n');
        self
    }

    /// And an empty one.
    #[must_use]
    pub fn blank(self) -> Self {
        self.line("")
    }

    /// And an address to be opened by hand, whole however long it is.
    #[must_use]
    pub fn address(mut self, url: &str) -> Self {
        self.0.push_str("  ");
        self.0.push_str(&term::inert(url));
        self.0.push('\n');
        self
    }

    /// All of them, each with its line feed.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_stays_one_line_and_an_address_stays_whole() {
        let url = format!("https://login.example/?claims={}\n", "x".repeat(3_000));
        let lines = Lines::of("one\ntwo").blank().address(&url);
        assert_eq!(lines.as_str(), format!("one\\ntwo\n\n  {}\\n\n", url.trim_end()));
        assert_eq!(Lines::of(&url).as_str().chars().count(), 2_001);
    }
}
