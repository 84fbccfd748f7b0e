//! Which test holds which threat. `tests/data/threats.toml` says it in plain words; here it is proved that every test it
//! names is there and runs, and that nothing that must be held is missing. Whether a test is a good one is not asked here.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::source::{Source, files_under, first_word, top};

/// The threats that must be held. Killed imports, signals during them and their reader (113, 114, 123) come with the import.
const THREATS: &[u16] = &[
    1, 2, 3, 4, 5, 7, 9, 10, 11, 17, 18, 19, 20, 21, 22, 23, 24, 26, 28, 36, 37, 38, 39, 40, 41, 43, 52, 53, 54, 55,
    56, 57, 58, 59, 60, 61, 63, 69, 70, 71, 72, 73, 79, 80, 81, 82, 84, 86, 89, 93, 94, 95, 96, 98, 99, 100, 101, 102,
    104, 105, 108, 109, 110, 111, 119, 120, 121, 122,
];

/// The reported cases that must be held.
const CASES: &[u16] = &[
    2, 4, 7, 16, 17, 19, 21, 22, 23, 25, 27, 28, 31, 40, 41, 43, 45, 48, 49, 50, 54, 57, 59, 67, 68, 70, 71, 72, 76,
    80, 81, 83, 84, 86,
];

/// How `.ci/run` makes the tests with real parts run.
const ALL_TESTS: &str = "cargo test --locked -- --include-ignored";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    threat: Vec<Row>,
    case: Vec<Row>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    number: u16,
    must_hold: String,
    tests: Vec<String>,
}

fn table() -> Table {
    toml::from_str(include_str!("../../data/threats.toml")).unwrap()
}

/// The path of a file's module as `cargo test` writes it.
fn module_of(path: &str) -> String {
    let path = path.strip_prefix("src/").or_else(|| path.strip_prefix("tests/it/")).unwrap_or(path);
    let path = path.trim_end_matches(".rs");
    let names = path.split('/').filter(|name| !matches!(*name, "mod" | "lib" | "main"));
    names.collect::<Vec<_>>().join("::")
}

/// Every test in these files, and whether it is run on demand only.
fn tests_in(files: &[Source]) -> BTreeMap<String, bool> {
    let mut found = BTreeMap::new();
    for file in files {
        let code = file.code_and_tests();
        let mut modules: Vec<(String, usize)> = vec![(module_of(&file.path), 0)];
        let (mut depth, mut awaited, mut is_test, mut is_ignored) = (0_usize, None, false, false);
        let mut rest = code.as_str();
        while let Some(next) = rest.chars().next() {
            let word = first_word(rest);
            let mut length = next.len_utf8().max(word.len());
            match (next, word) {
                ('{', _) => {
                    depth += 1;
                    modules.extend(awaited.take().map(|name| (name, depth)));
                }
                ('}', _) => {
                    modules.pop_if(|(_, opened)| *opened == depth && depth > 0);
                    depth = depth.saturating_sub(1);
                }
                (';', _) => awaited = None,
                ('#', _) if rest.starts_with("#[") => {
                    let attribute = rest[2..].trim_start();
                    is_test |= ["test]", "tokio::test]", "tokio::test("].iter().any(|mark| attribute.starts_with(mark));
                    is_ignored |= first_word(attribute) == "ignore";
                    length = rest.find(']').unwrap_or(length);
                }
                (_, "mod") => awaited = Some(first_word(rest[length..].trim_start()).to_owned()),
                (_, "fn") => {
                    if is_test {
                        let name = first_word(rest[length..].trim_start());
                        let path: Vec<&str> = modules.iter().map(|(module, _)| module.as_str()).chain([name]).collect();
                        found.insert(path.join("::"), is_ignored);
                    }
                    (is_test, is_ignored) = (false, false);
                }
                _ => {}
            }
            rest = &rest[length..];
        }
    }
    found
}

/// What is wrong with the rows of one part of the table.
fn faults(rows: &[Row], required: &[u16], known: &BTreeMap<String, bool>) -> Vec<String> {
    let mut faults = Vec::new();
    let numbers: Vec<u16> = rows.iter().map(|row| row.number).collect();
    if !numbers.is_sorted_by(|one, next| one < next) {
        faults.push("its numbers are not in order, or one is there twice".to_owned());
    }
    for row in rows {
        if row.must_hold.len() < 20 || row.tests.is_empty() {
            faults.push(format!("{} says too little", row.number));
        }
        let missing = row.tests.iter().filter(|test| !known.contains_key(*test));
        faults.extend(missing.map(|test| format!("{}: there is no test {test}", row.number)));
        let once: BTreeSet<&String> = row.tests.iter().collect();
        if once.len() != row.tests.len() {
            faults.push(format!("{} names a test twice", row.number));
        }
    }
    let missing = required.iter().filter(|number| !numbers.contains(number));
    faults.extend(missing.map(|number| format!("{number} is held by no test")));
    faults
}

#[test]
fn every_threat_and_every_reported_case_is_held_by_tests_that_are_there() {
    let files = [files_under("src", &[".rs"]), files_under("tests/it", &[".rs"])].concat();
    let known = tests_in(&files);
    assert!(known.len() > 1_000, "the tests are not where these look for them: {}", known.len());
    let Table { threat, case } = table();
    assert_eq!(faults(&threat, THREATS, &known), Vec::<String>::new());
    assert_eq!(faults(&case, CASES, &known), Vec::<String>::new());
}

#[test]
fn what_is_run_on_demand_only_is_demanded() {
    let known = tests_in(&files_under("tests/it", &[".rs"]));
    let Table { threat, case } = table();
    let is_on_demand = |test: &String| known.get(test) == Some(&true);
    assert!(threat.iter().chain(&case).flat_map(|row| &row.tests).any(is_on_demand), "no test has real parts");
    let Ok(script) = std::fs::read_to_string(top().join(".ci/run")) else { return };
    assert!(script.lines().any(|line| line == ALL_TESTS), "`.ci/run` has no line `{ALL_TESTS}`");
}

#[test]
fn planted_holes_are_seen() {
    let house = "fn helper() {}\n#[cfg(test)]\nmod tests {\n    mod deep { #[test] fn below() {} }\n    // #[test]\n    fn no_test() {}\n    \
                 proptest! {\n        #[test]\n        fn of_any_text(text in \".*\") {}\n    }\n}\n";
    let suite = "#[tokio::test(flavor = \"multi_thread\")]\n#[ignore = \"needs a keyring\"]\nasync fn on_demand() {}\nfn mod_of() {}\n#[test]\nfn at_once() {}\n";
    let files = [Source::planted("src/auth/url.rs", house), Source::planted("tests/it/real/mod.rs", suite)];
    let known = tests_in(&files);
    let expected = [
        ("auth::url::tests::deep::below", false),
        ("auth::url::tests::of_any_text", false),
        ("real::at_once", false),
        ("real::on_demand", true),
    ];
    assert_eq!(known, expected.map(|(test, is_ignored)| (test.to_owned(), is_ignored)).into());
    let row = |number, tests: &[&str]| Row {
        number,
        must_hold: "a sentence that is long enough".to_owned(),
        tests: tests.iter().map(ToString::to_string).collect(),
    };
    let sound = [row(1, &["real::at_once"]), row(3, &["real::on_demand", "auth::url::tests::deep::below"])];
    assert_eq!(faults(&sound, &[1, 3], &known), Vec::<String>::new());
    for (rows, required, fault) in [
        (vec![row(1, &["real::gone"])], &[1][..], "there is no test real::gone"),
        (vec![row(1, &["url::tests::no_test"])], &[1], "there is no test"),
        (vec![row(1, &[])], &[1], "says too little"),
        (vec![row(1, &["real::at_once", "real::at_once"])], &[1], "twice"),
        (vec![row(3, &["real::at_once"]), row(1, &["real::at_once"])], &[1], "not in order"),
        (vec![row(1, &["real::at_once"])], &[1, 2], "2 is held by no test"),
    ] {
        let faults = faults(&rows, required, &known);
        assert!(faults.len() == 1 && faults[0].contains(fault), "{fault}: {faults:?}");
    }
}
