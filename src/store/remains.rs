//! What can still be made out in a list of connections that as a whole can't be read: which secrets belong to which name,
//! so that a connection can be let go all the same. Nothing here mends or changes the list.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;

use crate::connection::{ConnectionId, ConnectionName, StoreKind};
use crate::store::configuration::ConfigurationSeed;

/// What is left of a connection's entry: enough to find its secrets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remains {
    /// What it is called.
    pub name: ConnectionName,
    /// What its secrets are filed under.
    pub id: ConnectionId,
    /// Where they are.
    pub store: StoreKind,
}

/// The entries in `text` of which name, id and store can be read. An id that stands under two names belongs to nobody
/// here: whoever removed the secrets of one would take them from the other.
pub(super) fn remains(text: &str) -> Vec<Remains> {
    let mut found: Vec<Remains> = Vec::new();
    for entry in entries(text) {
        let remains =
            || Some(Remains { name: value(&entry, "name")?, id: value(&entry, "id")?, store: value(&entry, "store")? });
        found.extend(remains().filter(|remains| !found.contains(remains)));
    }
    let mut names_of: BTreeMap<ConnectionId, usize> = BTreeMap::new();
    for remains in &found {
        *names_of.entry(remains.id.clone()).or_default() += 1;
    }
    found.retain(|remains| names_of.get(&remains.id) == Some(&1));
    found
}

/// The id of the configuration that the lines above the first entry name.
pub(super) fn configuration(text: &str) -> Option<ConfigurationSeed> {
    let top: Vec<&str> = text.lines().map(str::trim).take_while(|line| !line.starts_with('[')).collect();
    value(&top, "configuration")
}

/// The lines of each `[[connections]]`, up to the next heading of any kind.
fn entries(text: &str) -> Vec<Vec<&str>> {
    let mut entries: Vec<Vec<&str>> = Vec::new();
    let mut is_inside = false;
    for line in text.lines().map(str::trim) {
        if line.starts_with('[') {
            is_inside = line.starts_with("[[connections]");
            if is_inside {
                entries.push(Vec::new());
            }
        } else if let Some(entry) = entries.last_mut().filter(|_| is_inside) {
            entry.push(line);
        }
    }
    entries
}

/// The value of the one line that gives `key`.
fn value<T: DeserializeOwned>(entry: &[&str], key: &str) -> Option<T> {
    let is_of = |line: &&&str| line.strip_prefix(key).is_some_and(|rest| rest.trim_start().starts_with('='));
    let mut lines = entry.iter().filter(is_of);
    let (line, None) = (lines.next()?, lines.next()) else { return None };
    let mut table: BTreeMap<String, T> = toml::from_str(line).ok()?;
    table.remove(key)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const OLDEST: &str = include_str!("../../tests/data/connections-v1.toml");

    fn names(text: &str) -> Vec<String> {
        remains(text).into_iter().map(|remains| remains.name.to_string()).collect()
    }

    #[test]
    fn what_surrounds_the_damage_is_still_made_out() {
        assert_eq!(names(OLDEST), ["contoso", "contoso-nightly", "sandbox"]);
        assert_eq!(names(&format!("{OLDEST}\nnonsense")), ["contoso", "contoso-nightly", "sandbox"]);
        assert_eq!(names(&OLDEST.replacen("tenant_url = \"", "tenant_url = \"\"", 1)), names(OLDEST));
        assert_eq!(names(&OLDEST.replacen("id = \"", "id = \"x", 1)), ["contoso-nightly", "sandbox"]);
        assert_eq!(names(&OLDEST.replacen("[[connections]]", "[[connections]", 1)), names(OLDEST));
        assert_eq!(names(&OLDEST.replace("version = 1", "version = 2")), names(OLDEST));
        assert_eq!(names(&OLDEST.replace('\n', "\r\n")), names(OLDEST));
        assert_eq!(names(&OLDEST[OLDEST.find("[[connections]]").unwrap()..]), names(OLDEST));
    }

    #[test]
    fn nothing_is_made_up() {
        for text in ["", "garbage", "\0\0\0", "[[connections]]", "name = \"a\"\nid = \"b\"", "{\"connections\": []}"] {
            assert_eq!(remains(text), [], "{text}");
        }
        let entry = |name: &str, more: &str| {
            format!(
                "[[connections]]\nname = \"{name}\"\nid = \"00000000-0000-4000-8000-000000000001\"\nstore = \"keyring\"\n{more}"
            )
        };
        assert_eq!(names(&entry("a", "")), ["a"]);
        assert_eq!(names(&entry("a", "id = \"00000000-0000-4000-8000-000000000002\"\n")), Vec::<String>::new());
        assert_eq!(names(&entry("a", "[other]\nstore = \"file\"\n")), ["a"]);
        assert_eq!(names(&[entry("a", ""), entry("a", "")].concat()), ["a"], "the same said twice is the same");
        assert_eq!(names(&[entry("a", ""), entry("b", "")].concat()), Vec::<String>::new(), "one id, two names");
    }

    proptest! {
        #[test]
        fn a_cut_list_gives_up_no_more_than_it_held(end in 0..OLDEST.len()) {
            let end = (0..=end).rev().find(|end| OLDEST.is_char_boundary(*end)).unwrap();
            let all = remains(OLDEST);
            prop_assert!(remains(&OLDEST[..end]).iter().all(|remains| all.contains(remains)));
        }
    }
}
