//! The few colours there are. Colour never carries meaning alone, and nothing here decides whether it is wanted.

use anstyle::{AnsiColor, Color, Effects};

/// Whether and how text is coloured on one stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Style {
    coloured: bool,
}

impl Style {
    /// No escape sequence at all.
    pub const PLAIN: Self = Self { coloured: false };
    /// With colour.
    pub const COLOURED: Self = Self { coloured: true };

    /// Whether anything is coloured.
    #[must_use]
    pub const fn is_coloured(self) -> bool {
        self.coloured
    }

    /// The word that opens an error, or a bad verdict.
    #[must_use]
    pub fn error(self, text: &str) -> String {
        self.paint(colour(AnsiColor::Red).bold(), text)
    }

    /// The word that opens a warning.
    #[must_use]
    pub fn warning(self, text: &str) -> String {
        self.paint(colour(AnsiColor::Yellow).bold(), text)
    }

    /// The word that opens a way out, or a good verdict.
    #[must_use]
    pub fn good(self, text: &str) -> String {
        self.paint(colour(AnsiColor::Green).bold(), text)
    }

    /// The heading of a column, the name of a field.
    #[must_use]
    pub fn heading(self, text: &str) -> String {
        self.paint(anstyle::Style::new().bold(), text)
    }

    /// What may be skipped while reading: codes, ids.
    #[must_use]
    pub fn faint(self, text: &str) -> String {
        self.paint(anstyle::Style::new().effects(Effects::DIMMED), text)
    }

    fn paint(self, style: anstyle::Style, text: &str) -> String {
        if self.coloured { format!("{style}{text}{style:#}") } else { text.to_owned() }
    }
}

const fn colour(colour: AnsiColor) -> anstyle::Style {
    anstyle::Style::new().fg_color(Some(Color::Ansi(colour)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colour_is_put_on_and_taken_off_again() {
        assert_eq!(Style::COLOURED.error("error:"), "\u{1b}[1m\u{1b}[31merror:\u{1b}[0m");
        assert_eq!(Style::PLAIN.error("error:"), "error:");
    }
}
