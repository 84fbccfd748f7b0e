//! Text patterns as SQL's LIKE has them, which show through in `contains` and its siblings. It never touches a record.

use crate::sandbox::odata::TextFunction;
use crate::sandbox::world::folded;

/// A pattern, folded for comparison without regard to case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pattern(Vec<Part>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    /// Exactly this character.
    One(char),
    /// `_`
    AnyOne,
    /// `%`
    AnyRun,
    /// `[abc]` or `[^abc]`
    Among { characters: Vec<char>, is_negated: bool },
}

impl Pattern {
    /// The pattern of a text function's argument.
    pub fn new(function: TextFunction, sought: &str) -> Self {
        let mut parts = Vec::new();
        if function != TextFunction::StartsWith {
            parts.push(Part::AnyRun);
        }
        parts.extend(Self::like(sought).0);
        if function != TextFunction::EndsWith {
            parts.push(Part::AnyRun);
        }
        Self(parts)
    }

    /// The pattern as it is written, which a whole text has to fit.
    pub fn like(sought: &str) -> Self {
        let mut parts = Vec::new();
        let text: Vec<char> = folded(sought).chars().collect();
        let mut rest = text.as_slice();
        while let [first, after @ ..] = rest {
            rest = after;
            parts.push(match first {
                '%' => Part::AnyRun,
                '_' => Part::AnyOne,
                '[' => match after.iter().position(|character| *character == ']') {
                    Some(end) if end > 0 => {
                        rest = &after[end + 1..];
                        among(&after[..end])
                    }
                    _ => Part::One('['),
                },
                other => Part::One(*other),
            });
        }
        Self(parts)
    }

    /// Whether a text fits.
    pub fn fits(&self, text: &str) -> bool {
        let text: Vec<char> = folded(text).chars().collect();
        let (mut at, mut part) = (0, 0);
        let mut retry: Option<(usize, usize)> = None;
        while at < text.len() {
            match self.0.get(part) {
                Some(Part::AnyRun) => {
                    retry = Some((at, part + 1));
                    part += 1;
                }
                Some(single) if single.takes(text[at]) => {
                    at += 1;
                    part += 1;
                }
                _ => {
                    let Some((from, after)) = retry else { return false };
                    retry = Some((from + 1, after));
                    (at, part) = (from + 1, after);
                }
            }
        }
        self.0[part..].iter().all(|part| *part == Part::AnyRun)
    }
}

impl Part {
    fn takes(&self, character: char) -> bool {
        match self {
            Self::One(one) => *one == character,
            Self::AnyOne => true,
            Self::AnyRun => false,
            Self::Among { characters, is_negated } => characters.contains(&character) != *is_negated,
        }
    }
}

fn among(inner: &[char]) -> Part {
    match inner {
        ['^', characters @ ..] if !characters.is_empty() => {
            Part::Among { characters: characters.to_vec(), is_negated: true }
        }
        characters => Part::Among { characters: characters.to_vec(), is_negated: false },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_fit_without_regard_to_case() {
        use TextFunction::{Contains, EndsWith, StartsWith};
        for (function, sought, text, expected) in [
            (Contains, "ØST", "Nordøst Fiskeri", true),
            (StartsWith, "nord", "Nordøst", true),
            (StartsWith, "øst", "Nordøst", false),
            (EndsWith, "ØST", "Nordøst", true),
            (EndsWith, "aab", "aaaab", true),
            (Contains, "a%c", "xabcx", true),
            (Contains, "a_c", "abbc", false),
            (StartsWith, "[ab]x", "Bx", true),
            (StartsWith, "[^ab]x", "Bx", false),
            (Contains, "[", "a[b", true),
            (Contains, "", "", true),
        ] {
            assert_eq!(Pattern::new(function, sought).fits(text), expected, "{function:?} {sought} {text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn every_text_contains_itself(text in "[a-zæøå ]{0,12}", before in "[a-z]{0,5}", after in "[a-z]{0,5}") {
            let whole = [before, text.clone(), after].concat();
            proptest::prop_assert!(Pattern::new(TextFunction::Contains, &text).fits(&whole));
        }
    }
}
