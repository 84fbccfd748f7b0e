//! Which of some choices was typed: by its label, by its number, or by both as a list of them offers it. Labels are folded for
//! comparing; where two choices fit, none is taken. Pure.

use std::collections::BTreeSet;

use crate::dataverse::{Choice, ColumnDefinition, nearest};

/// So many readings of one text are kept apart; two are one too many already.
const MOST_READINGS: usize = 4;
/// So many labels at most stand in one text.
const MOST_PARTS: usize = 512;

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::dataverse) enum Chosen {
    /// Nothing is called so; the part of the text that is not.
    Nothing(String),
    /// Exactly this.
    One(Vec<i64>),
    /// Each of these, as they can be typed.
    Several(Vec<String>),
}

/// A text as labels are compared: without blanks at its ends, a no-break space as a plain one, in small letters.
pub(in crate::dataverse) fn folded(text: &str) -> String {
    let plain = |c: char| if matches!(c, '\u{a0}' | '\u{2007}' | '\u{202f}' | '\u{feff}') { ' ' } else { c };
    text.chars().map(plain).collect::<String>().trim().to_lowercase()
}

/// A choice as it is offered, and may be typed: two may have one label.
pub(in crate::dataverse) fn offered(choice: &Choice) -> String {
    format!("{} ({})", choice.label.trim(), choice.value)
}

/// The choices that a text means: by number, by a label in any language, or as they are offered.
pub(in crate::dataverse) fn fitting<'a>(choices: impl IntoIterator<Item = &'a Choice>, text: &str) -> Vec<&'a Choice> {
    let wanted = folded(text);
    let mut fitting: Vec<&Choice> = Vec::new();
    for choice in choices {
        let mut labels = std::iter::once(&choice.label).chain(&choice.other_labels);
        let is_meant = !wanted.is_empty()
            && (wanted.parse() == Ok(choice.value)
                || labels.any(|label| folded(label) == wanted)
                || folded(&offered(choice)) == wanted);
        if is_meant && fitting.iter().all(|known| known.value != choice.value) {
            fitting.push(choice);
        }
    }
    fitting
}

/// The one choice that a text means.
pub(in crate::dataverse) fn one<'a>(choices: impl IntoIterator<Item = &'a Choice>, text: &str) -> Chosen {
    match fitting(choices, text).as_slice() {
        [] => Chosen::Nothing(text.trim().to_owned()),
        [choice] => Chosen::One(vec![choice.value]),
        several => Chosen::Several(several.iter().map(|choice| offered(choice)).collect()),
    }
}

/// The choices that a text lists, parted by commas or, as the service writes them, semicolons. A label may hold either, so
/// every way to part the text is looked at, and only one may be left.
pub(in crate::dataverse) fn many(choices: &[Choice], text: &str) -> Chosen {
    let is_sign = |c: char| matches!(c, ',' | ';');
    let signs: Vec<usize> = text.match_indices(is_sign).map(|(at, _)| at).collect();
    if signs.len() >= MOST_PARTS {
        return Chosen::Nothing(text.trim().to_owned());
    }
    let starts: Vec<usize> = std::iter::once(0).chain(signs.iter().map(|at| at + 1)).collect();
    let ends: Vec<usize> = signs.iter().copied().chain([text.len()]).collect();
    let labels = choices.iter().flat_map(|choice| std::iter::once(&choice.label).chain(&choice.other_labels));
    let most_signs = labels.map(|label| label.matches(is_sign).count()).max().unwrap_or_default();
    // What the text from each part on may mean, from the last part to the first.
    let mut readings: Vec<Vec<Vec<i64>>> = vec![Vec::new(); starts.len() + 1];
    readings[starts.len()].push(Vec::new());
    for first in (0..starts.len()).rev() {
        for last in first..starts.len().min(first + most_signs + 1) {
            for choice in fitting(choices, &text[starts[first]..ends[last]]) {
                for rest in readings[last + 1].clone() {
                    let mut reading = vec![choice.value];
                    reading.extend(rest.into_iter().filter(|value| *value != choice.value));
                    let is_known = readings[first].iter().any(|known| set(known) == set(&reading));
                    if !is_known && readings[first].len() < MOST_READINGS {
                        readings[first].push(reading);
                    }
                }
            }
        }
    }
    match readings[0].as_slice() {
        [] => {
            let parts = starts.iter().zip(&ends).map(|(start, end)| &text[*start..*end]);
            let unknown = parts.into_iter().find(|part| fitting(choices, part).is_empty());
            Chosen::Nothing(unknown.unwrap_or(text).trim().to_owned())
        }
        [reading] => Chosen::One(reading.clone()),
        several => {
            let in_all = |value: i64| several.iter().all(|reading| reading.contains(&value));
            let in_some = |value: i64| several.iter().any(|reading| reading.contains(&value));
            let differing = choices.iter().filter(|choice| in_some(choice.value) && !in_all(choice.value));
            Chosen::Several(differing.map(offered).collect())
        }
    }
}

fn set(values: &[i64]) -> BTreeSet<i64> {
    values.iter().copied().collect()
}

/// Every choice of a column as it may be typed: those that look like `text` first, as a column can have more of them than
/// anybody reads.
pub(super) fn all_offered(column: &ColumnDefinition, text: &str) -> Vec<String> {
    let labels: Vec<String> = column.choices.iter().map(|choice| choice.label.clone()).collect();
    let near = nearest::names(text, &labels);
    let mut choices: Vec<&Choice> = column.choices.iter().collect();
    choices.sort_by_key(|choice| near.iter().position(|label| *label == choice.label).unwrap_or(near.len()));
    choices.into_iter().map(offered).collect()
}

/// Yes or no, by a label, by the words for it, or as the two are offered.
pub(super) fn flag(choices: &[Choice], text: &str) -> Chosen {
    let wanted = folded(text);
    let mut meant: BTreeSet<i64> = fitting(choices, text).iter().map(|choice| choice.value).collect();
    let words = [(1, ["true", "yes", "1"]), (0, ["false", "no", "0"])];
    meant.extend(words.iter().filter(|(_, words)| words.contains(&wanted.as_str())).map(|(value, _)| value));
    let as_word = |choice: &&Choice| folded(&offered_flag(choice)) == wanted;
    meant.extend(choices.iter().filter(as_word).map(|choice| choice.value));
    match meant.len() {
        0 => Chosen::Nothing(text.trim().to_owned()),
        1 => Chosen::One(meant.into_iter().collect()),
        _ => Chosen::Several(flags_offered(choices)),
    }
}

/// What a column of yes and no takes.
pub(super) fn flags_offered(choices: &[Choice]) -> Vec<String> {
    if choices.is_empty() {
        return vec!["true".to_owned(), "false".to_owned()];
    }
    choices.iter().map(offered_flag).collect()
}

fn offered_flag(choice: &Choice) -> String {
    format!("{} ({})", choice.label.trim(), choice.value == 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offer(value: i64, label: &str) -> Choice {
        Choice { value, label: label.into(), other_labels: Vec::new(), state: None, default_reason: None }
    }

    fn told(chosen: &Chosen) -> String {
        match chosen {
            Chosen::Nothing(part) => format!("nothing {part}"),
            Chosen::One(values) => values.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "),
            Chosen::Several(candidates) => format!("several {}", candidates.join(" | ")),
        }
    }

    #[test]
    fn a_label_that_is_also_the_number_of_another_is_never_chosen() {
        let choices = [offer(1, "2"), offer(2, "1"), offer(3, "3"), offer(4, "Four")];
        for (typed, expected) in [
            ("1", "several 2 (1) | 1 (2)"),
            ("2", "several 2 (1) | 1 (2)"),
            ("3", "3"),
            ("4", "4"),
            ("1 (2)", "2"),
            ("2 (1)", "1"),
            ("four (4)", "4"),
            ("5", "nothing 5"),
            ("", "nothing "),
        ] {
            assert_eq!(told(&one(&choices, typed)), expected, "{typed}");
        }
    }

    #[test]
    fn blanks_at_the_ends_and_no_break_spaces_are_folded_and_two_of_one_label_are_told() {
        let choices = [offer(1, "North "), offer(2, "Far\u{a0}South"), offer(3, "east"), offer(4, "East\u{a0}")];
        for (typed, expected) in [
            ("north", "1"),
            (" NORTH\u{a0}", "1"),
            ("North (1)", "1"),
            ("far south", "2"),
            ("Far\u{202f}South", "2"),
            ("East", "several east (3) | East (4)"),
            ("East (4)", "4"),
        ] {
            assert_eq!(told(&one(&choices, typed)), expected, "{typed}");
        }
    }

    #[test]
    fn what_the_service_writes_for_several_labels_is_read_again() {
        let choices =
            [offer(1, "North"), offer(2, "East; far"), offer(3, "South, deep"), offer(4, "West"), offer(5, "far")];
        for (typed, expected) in [
            ("North; West", "1 4"),
            ("North,West", "1 4"),
            ("4, North; 4", "4 1"),
            ("East; far", "2"),
            ("North; East; far; South, deep", "1 2 3"),
            ("South, deep", "3"),
            ("far; North", "5 1"),
            ("North; Up; West", "nothing Up"),
            ("North;", "nothing "),
            ("North (1); West (4)", "1 4"),
        ] {
            assert_eq!(told(&many(&choices, typed)), expected, "{typed}");
        }
        let both = [offer(1, "A"), offer(2, "B"), offer(3, "A; B"), offer(4, "C")];
        assert_eq!(told(&many(&both, "A; B; C")), "several A (1) | B (2) | A; B (3)");
        assert_eq!(told(&many(&both, "3; C")), "3 4");
        let long = "A,".repeat(20_000);
        assert!(matches!(many(&both, &long), Chosen::Nothing(_)));
    }

    #[test]
    fn yes_that_is_the_label_of_no_is_told() {
        let swapped = [offer(0, "Yes"), offer(1, "No")];
        for (typed, expected) in [
            ("yes", "several Yes (false) | No (true)"),
            ("true", "1"),
            ("0", "0"),
            ("Yes (false)", "0"),
            ("Yes (0)", "0"),
            ("No (true)", "1"),
            ("maybe", "nothing maybe"),
        ] {
            assert_eq!(told(&flag(&swapped, typed)), expected, "{typed}");
        }
        assert_eq!(told(&flag(&[], " YES ")), "1");
    }
}
