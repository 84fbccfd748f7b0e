//! The form of an entry in the phrasebook: what a failure means and what to do. The entries themselves live in each room's `phrases.rs`.

use crate::problem::Exit;

/// Who can mend a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Who {
    /// The person at the keyboard.
    You,
    /// Whoever owns the app registration in Entra.
    AppOwner,
    /// An administrator of the Entra tenant.
    EntraAdmin,
    /// An administrator of the Dataverse environment.
    DataverseAdmin,
}

impl Who {
    /// The word used in JSON and in `explain`.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::You => "you",
            Self::AppOwner => "app-owner",
            Self::EntraAdmin => "entra-admin",
            Self::DataverseAdmin => "dataverse-admin",
        }
    }
}

/// One entry of the phrasebook. The terminal, `-o json`, `explain` and `doctor` all read the same one.
///
/// `meaning` and `remedy` may hold placeholders such as `{redirect_uri}`; the failure's
/// [facts](crate::problem::Diagnose::facts) fill them. A remedy line whose placeholder has no fact is left out,
/// so a phrase may offer a general line beside a specific one.
#[derive(Debug, PartialEq, Eq)]
pub struct Phrase {
    /// `room/slug`, unique: greppable and stable.
    pub code: &'static str,
    /// The status the process ends with.
    pub exit: Exit,
    /// Who can mend it.
    pub who: Who,
    /// What it means, as a fragment: lower case, no full stop.
    pub meaning: &'static str,
    /// What to do, the best first: each line names a command to run or the exact place in a portal. Never empty.
    pub remedy: &'static [&'static str],
}

impl Phrase {
    /// Whether it is that very entry. Texts of codes are not compared.
    #[must_use]
    pub fn is(&self, entry: &'static Self) -> bool {
        std::ptr::eq(self, entry)
    }

    /// `meaning` with its placeholders filled; unknown placeholders stay as they are.
    #[must_use]
    pub fn meaning_with(&self, facts: &[(&'static str, String)]) -> String {
        fill(self.meaning, facts)
    }

    /// The remedy lines that can be filled with `facts`, filled.
    #[must_use]
    pub fn remedy_with(&self, facts: &[(&'static str, String)]) -> Vec<String> {
        self.remedy.iter().map(|line| fill(line, facts)).filter(|line| !has_placeholder(line)).collect()
    }

    /// The remedy lines as `explain` shows them: placeholders become `<name>`.
    #[must_use]
    pub fn remedy_in_general(&self) -> Vec<String> {
        self.remedy.iter().map(|line| generalise(line)).collect()
    }
}

fn fill(template: &str, facts: &[(&'static str, String)]) -> String {
    facts.iter().fold(template.to_owned(), |text, (name, value)| text.replace(&format!("{{{name}}}"), value))
}

fn has_placeholder(text: &str) -> bool {
    placeholder(text).is_some()
}

fn generalise(text: &str) -> String {
    let mut text = text.to_owned();
    while let Some((start, end)) = placeholder(&text) {
        let name = text[start + 1..end].replace('_', "-");
        text.replace_range(start..=end, &format!("<{name}>"));
    }
    text
}

/// The bytes of the first `{snake_case}` in `text`: its opening and its closing brace.
fn placeholder(text: &str) -> Option<(usize, usize)> {
    let mut from = 0;
    while let Some(start) = text[from..].find('{').map(|at| at + from) {
        let end = text[start..].find('}').map(|at| at + start)?;
        let name = &text[start + 1..end];
        if !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_') {
            return Some((start, end));
        }
        from = start + 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const PHRASE: Phrase = Phrase {
        code: "test/phrase",
        exit: Exit::Failed,
        who: Who::You,
        meaning: "`{thing}` broke",
        remedy: &["run `mend {thing}`", "ask {owner}"],
    };

    #[test]
    fn facts_fill_the_placeholders_and_lines_without_facts_are_left_out() {
        let facts = [("thing", "the lamp".to_owned())];
        assert_eq!(PHRASE.meaning_with(&facts), "`the lamp` broke");
        assert_eq!(PHRASE.remedy_with(&facts), ["run `mend the lamp`"]);
    }

    #[test]
    fn explain_shows_every_line_with_its_gaps_named() {
        assert_eq!(PHRASE.remedy_in_general(), ["run `mend <thing>`", "ask <owner>"]);
    }
}
