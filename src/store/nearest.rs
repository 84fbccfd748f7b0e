//! Which known name a mistyped one was probably meant to be. Nothing here decides to use it.

/// The name among `known` that is nearest to `typed`, if one is near enough to be worth asking about: it differs in letter
/// case only, begins with what was typed, or is reached by changing at most a third of the letters.
pub(super) fn nearest<'a>(typed: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let typed = typed.to_ascii_lowercase();
    known
        .into_iter()
        .filter_map(|name| {
            let lower = name.to_ascii_lowercase();
            let changes = changes(typed.as_bytes(), lower.as_bytes());
            let is_near = changes <= typed.len().max(lower.len()) / 3 || lower.starts_with(&typed);
            is_near.then_some((changes, name))
        })
        .min_by_key(|(changes, _)| *changes)
        .map(|(_, name)| name)
}

/// Whether two names differ by one letter: added, left out, replaced, or swapped with its neighbour. Letter case counts for
/// nothing.
#[must_use]
pub fn is_one_slip_apart(one: &str, other: &str) -> bool {
    let (one, other) = (one.to_ascii_lowercase(), other.to_ascii_lowercase());
    changes(one.as_bytes(), other.as_bytes()) == 1
}

/// How many letters must be added, removed, replaced or swapped with their neighbour to make one from the other.
fn changes(from: &[u8], to: &[u8]) -> usize {
    let mut two_above = Vec::new();
    let mut above: Vec<usize> = (0..=to.len()).collect();
    for (row, letter) in from.iter().enumerate() {
        let mut here = vec![row + 1];
        for (column, other) in to.iter().enumerate() {
            let replaced = above[column] + usize::from(letter != other);
            let mut fewest = replaced.min(above[column + 1] + 1).min(here[column] + 1);
            if row > 0 && column > 0 && *letter == to[column - 1] && from[row - 1] == *other {
                let before_both: usize = two_above[column - 1];
                fewest = fewest.min(before_both + 1);
            }
            here.push(fewest);
        }
        two_above = std::mem::replace(&mut above, here);
    }
    above[to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_finger_finds_the_name_that_was_meant() {
        let known = ["contoso", "contoso-prod", "fabrikam"];
        let check = |typed: &str, expected: Option<&str>| assert_eq!(nearest(typed, known), expected, "{typed}");
        check("contsoo", Some("contoso"));
        check("CONTOSO", Some("contoso"));
        check("contoso-prd", Some("contoso-prod"));
        check("fab", Some("fabrikam"));
        check("fabrkam", Some("fabrikam"));
        check("northwind", None);
        check("x", None);
        assert_eq!(nearest("contoso", []), None);
    }
}
