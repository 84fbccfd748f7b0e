//! Nothing is forgotten: every test file is compiled, every variable that is read is documented.

use std::collections::BTreeSet;

use super::source::{Source, files_under, first_word, top, words};

/// The files that a `mod` line leads to, from `root` on.
fn reachable(files: &[Source], root: &str) -> BTreeSet<String> {
    let mut reached = BTreeSet::new();
    let mut waiting = vec![root.to_owned()];
    while let Some(path) = waiting.pop() {
        let Some(file) = files.iter().find(|file| file.path == path) else { continue };
        if !reached.insert(path.clone()) {
            continue;
        }
        let (directory, name) = path.rsplit_once('/').unwrap_or_default();
        let inner = match name {
            "main.rs" | "mod.rs" => directory.to_owned(),
            _ => format!("{directory}/{}", name.trim_end_matches(".rs")),
        };
        for (_, after) in words(&file.code_and_tests(), "mod") {
            let module = first_word(after.trim_start());
            if after.trim_start()[module.len()..].trim_start().starts_with(';') {
                waiting.push(format!("{inner}/{module}.rs"));
                waiting.push(format!("{inner}/{module}/mod.rs"));
            }
        }
    }
    reached
}

fn forgotten(files: &[Source], root: &str) -> Vec<String> {
    let reached = reachable(files, root);
    files.iter().map(|file| file.path.clone()).filter(|path| !reached.contains(path)).collect()
}

#[test]
fn no_test_file_is_forgotten() {
    assert_eq!(forgotten(&files_under("tests/it", &[".rs"]), "tests/it/main.rs"), Vec::<String>::new());
}

#[test]
fn a_planted_forgotten_file_is_seen() {
    let files = [
        Source::planted("tests/it/main.rs", "mod world;\nmod wire;\n// mod lost;\n"),
        Source::planted("tests/it/world.rs", "mod home;\nmod inline { }\n"),
        Source::planted("tests/it/world/home.rs", ""),
        Source::planted("tests/it/wire/mod.rs", "mod paging;\n"),
        Source::planted("tests/it/wire/paging.rs", ""),
        Source::planted("tests/it/wire/token.rs", ""),
        Source::planted("tests/it/lost.rs", ""),
        Source::planted("tests/it/inline.rs", ""),
    ];
    assert_eq!(
        forgotten(&files, "tests/it/main.rs"),
        ["tests/it/wire/token.rs", "tests/it/lost.rs", "tests/it/inline.rs"]
    );
}

/// Variables that `text` does not name as a word of their own.
fn undocumented(text: &str) -> Vec<&'static str> {
    let variables = d365conn::environment::VARIABLES.iter();
    variables.map(|variable| variable.name).filter(|name| words(text, name).is_empty()).collect()
}

#[test]
fn every_variable_is_documented_in_the_readme() {
    let Ok(readme) = std::fs::read_to_string(top().join("README.md")) else { return };
    assert_eq!(undocumented(&readme), Vec::<&str>::new());
}

#[test]
fn a_variable_that_is_only_part_of_another_one_is_not_documented() {
    let missing = undocumented("`D365CONN_CLIENT_SECRET_FILE`");
    assert!(missing.contains(&"D365CONN_CLIENT_SECRET"));
    assert!(!missing.contains(&"D365CONN_CLIENT_SECRET_FILE"));
}
