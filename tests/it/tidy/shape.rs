//! The shape of files: what each opens with, how long it may be, what a doorplate holds, which words no type is named by.

use super::source::{Source, files_under, first_word, house, line_after, words};

/// No file is longer.
const LONGEST: usize = 600;

/// Words that say nothing about a type.
const EMPTY_WORDS: [&str; 11] =
    ["Manager", "Helper", "Util", "Utils", "Common", "Service", "Handler", "Data", "Info", "Impl", "Base"];

fn faults(file: &Source) -> Vec<String> {
    let (code, path) = (file.code_and_tests(), &file.path);
    let mut faults = Vec::new();
    if !file.text.starts_with("//! ") {
        faults.push(format!("{path}: does not open with `//!` and what lives there"));
    }
    let lines = file.text.lines().count();
    if lines > LONGEST {
        faults.push(format!("{path}: has {lines} lines, {LONGEST} are allowed"));
    }
    if path.ends_with("/mod.rs") && path != "src/sandbox/mod.rs" && !words(&code, "fn").is_empty() {
        faults.push(format!("{path}: a doorplate holds no `fn`"));
    }
    for keyword in ["struct", "enum", "trait", "type", "union"] {
        for (before, after) in words(&code, keyword) {
            let name = first_word(after.trim_start());
            if before.trim_end().ends_with('{') && keyword == "type" && after.contains("= Bytes;") {
                // An associated type that another crate's trait names.
                continue;
            }
            if let Some(word) = words_of_name(name).into_iter().find(|word| EMPTY_WORDS.contains(&word.as_str())) {
                faults.push(format!("{path}:{}: `{name}`: `{word}` says nothing", line_after(before)));
            }
        }
    }
    for (before, after) in words(&code, "crate") {
        if before.trim_end().ends_with("use")
            && after.trim_start().trim_start_matches("::").trim_start().starts_with('{')
        {
            faults.push(format!("{path}:{}: write one `use crate::room::…` for each room", line_after(before)));
        }
    }
    faults
}

/// `RowStream` → `Row`, `Stream`.
fn words_of_name(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for character in name.chars() {
        match words.last_mut() {
            Some(word) if !character.is_uppercase() => word.push(character),
            _ => words.push(character.to_string()),
        }
    }
    words
}

#[test]
fn every_file_has_the_shape_of_the_house() {
    let files = house().into_iter().chain(files_under("tests", &[".rs"]));
    let faults: Vec<String> = files.flat_map(|file| faults(&file)).collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn planted_faults_of_shape_are_seen() {
    let long = format!("//! Long.\n{}", "\n".repeat(LONGEST));
    for (path, text) in [
        ("src/net/http.rs", "use std::fmt;\n"),
        ("src/net/http.rs", long.as_str()),
        ("src/net/mod.rs", "//! A room.\npub fn logic() {}\n"),
        ("src/net/http.rs", "//! A door.\npub struct TokenManager;\n"),
        ("src/net/http.rs", "//! A door.\npub enum RowData { A }\n"),
        ("src/net/http.rs", "//! A door.\nuse crate::{clock, secret};\n"),
    ] {
        assert_eq!(faults(&Source::planted(path, text)).len(), 1, "{path}");
    }
    for (path, text) in [
        ("src/sandbox/mod.rs", "//! The sandbox.\npub const fn start() {}\n"),
        (
            "src/net/http.rs",
            "//! A door.\n// struct TokenManager\npub struct Database;\nuse crate::clock::{Clock, Wait};\n",
        ),
    ] {
        assert_eq!(faults(&Source::planted(path, text)), Vec::<String>::new(), "{path}");
    }
}
