//! Names that look like one that was typed. Pure; it knows nothing of what they name.

/// The most names that are offered.
const MOST: usize = 3;

/// The names among `known` that are nearest to `typed`, the nearest first: within a third of its letters, or containing it.
pub(super) fn names(typed: &str, known: &[String]) -> Vec<String> {
    let typed = typed.to_lowercase();
    let limit = (typed.chars().count() / 3).max(1);
    let mut near: Vec<(usize, &String)> = known
        .iter()
        .filter_map(|name| {
            let lower = name.to_lowercase();
            let distance = distance(&typed, &lower);
            let is_part = typed.len() >= 3 && lower.contains(&typed);
            if distance <= limit { Some((distance, name)) } else { is_part.then_some((limit + 1, name)) }
        })
        .collect();
    near.sort_by(|a, b| a.0.cmp(&b.0).then(a.1.len().cmp(&b.1.len())).then(a.1.cmp(b.1)));
    near.dedup_by(|a, b| a.1 == b.1);
    near.into_iter().take(MOST).map(|(_, name)| name.clone()).collect()
}

/// `` `account` or `accounts` ``.
pub(in crate::dataverse) fn any_of(names: &[String]) -> String {
    let quoted: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
    quoted.join(" or ")
}

/// Letters to change, add, remove or swap with their neighbour (optimal string alignment distance).
fn distance(a: &str, b: &str) -> usize {
    let a: Vec<char> = a.chars().collect();
    let b: Vec<char> = b.chars().collect();
    let mut before_last = vec![0; b.len() + 1];
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i; b.len() + 1];
        for j in 1..=b.len() {
            let is_other = usize::from(a[i - 1] != b[j - 1]);
            row[j] = (last[j] + 1).min(row[j - 1] + 1).min(last[j - 1] + is_other);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                row[j] = row[j].min(before_last[j - 2] + 1);
            }
        }
        before_last = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_finger_is_forgiven() {
        let known: Vec<String> =
            ["account", "accounts", "contact", "lead", "incident", "new_project"].map(str::to_owned).to_vec();
        for (typed, expected) in [
            ("acount", &["account", "accounts"][..]),
            ("Accuont", &["account", "accounts"]),
            ("leda", &["lead"]),
            ("project", &["new_project"]),
            ("zzz", &[]),
            ("", &[]),
        ] {
            assert_eq!(names(typed, &known), expected, "{typed}");
        }
    }
}
