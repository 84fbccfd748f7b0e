//! The requests that commands send, in form: method, address, headers and body, as the files in `tests/data/requests` write
//! them down. What comes of them is asked elsewhere.
//!
//! A file is one topic on one sandbox, its cases run in order. `[ids]` names records by the command that prints their id;
//! `{name}` stands for one in everything below. `<name>` in an expectation stands for an id that the client made, the same
//! at every place of one case. Requests for metadata count only where a case says `metadata = true`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use d365conn::sandbox::{Seen, Wire};
use serde::Deserialize;

use crate::world::World;

const API: &str = "/api/data/v9.2/";
const ABSENT: &str = "(absent)";
/// A body that is a file.
const BYTES: &str = "(bytes)";

/// A topic.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Topic {
    #[serde(default)]
    ids: BTreeMap<String, String>,
    case: Vec<Case>,
}

/// What is typed and what goes over the wire.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    /// The command line without `d365conn`.
    run: String,
    #[serde(default)]
    stdin: String,
    #[serde(default)]
    exit: u8,
    /// What stderr says.
    stderr: Option<String>,
    #[serde(default)]
    metadata: bool,
    #[serde(default)]
    request: Vec<Expected>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    method: String,
    /// Below the Web API's root, as it goes on the wire.
    path: String,
    /// The whole query, decoded.
    #[serde(default)]
    query: BTreeMap<String, String>,
    /// Some of the headers, names in lower case.
    #[serde(default)]
    headers: BTreeMap<String, String>,
    /// The body; line breaks and what stands before them may be added at will.
    #[serde(default)]
    body: String,
}

fn files() -> Vec<PathBuf> {
    let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/requests");
    let mut files: Vec<PathBuf> = std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

fn topic(file: &PathBuf) -> Topic {
    let text = std::fs::read_to_string(file).unwrap();
    toml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

#[test]
fn every_command_sends_what_the_web_api_is_documented_to_take() {
    std::thread::scope(|scope| {
        for file in files() {
            scope.spawn(move || play(&file));
        }
    });
}

#[test]
fn the_forms_of_many_requests_are_written_down() {
    let cases: usize = files().iter().map(|file| topic(file).case.len()).sum();
    assert!(cases >= 80, "{cases}");
}

fn play(file: &PathBuf) {
    let topic = topic(file);
    let world = World::connected().without_terminal();
    let ids: Vec<(String, String)> = topic
        .ids
        .iter()
        .map(|(name, command)| (format!("{{{name}}}"), world.run(command).succeeds().trim().to_owned()))
        .collect();
    let filled = |text: &str| ids.iter().fold(text.to_owned(), |text, (name, id)| text.replace(name, id));
    world.sandbox.listen();
    for case in &topic.case {
        let before = world.sandbox.requests().len();
        let outcome = world.run_with_stdin(&filled(&case.run), &filled(&case.stdin));
        let place = format!("{}: {}", file.file_name().unwrap().display(), case.run);
        assert_eq!(outcome.exit, case.exit, "{place}\n{}", outcome.stderr);
        if let Some(said) = &case.stderr {
            assert!(outcome.stderr.contains(&filled(said)), "{place}\n{}", outcome.stderr);
        }
        let sent: Vec<(Seen, Wire)> = world
            .sandbox
            .requests()
            .into_iter()
            .skip(before)
            .filter_map(|seen| seen.wire.clone().map(|wire| (seen, wire)))
            .filter(|(seen, _)| case.metadata || !seen.path.contains("/EntityDefinitions"))
            .collect();
        let shown: Vec<String> = sent.iter().map(|(seen, _)| format!("{} {}", seen.method, seen.path)).collect();
        assert_eq!(sent.len(), case.request.len(), "{place}\nsent {shown:#?}");
        let mut made = BTreeMap::new();
        for ((seen, wire), expected) in sent.iter().zip(&case.request) {
            check(&place, seen, wire, expected, &filled, &mut made);
        }
    }
}

fn check(
    place: &str,
    seen: &Seen,
    wire: &Wire,
    expected: &Expected,
    filled: &dyn Fn(&str) -> String,
    made: &mut BTreeMap<String, String>,
) {
    assert_eq!(seen.method, expected.method, "{place}");
    let path = seen.path.strip_prefix(API).unwrap_or_else(|| panic!("{place}: {}", seen.path));
    assert_matches(place, path, &filled(&expected.path), made);
    let query: BTreeMap<String, String> = wire.query.iter().cloned().collect();
    let wanted: BTreeMap<String, String> =
        expected.query.iter().map(|(name, value)| (name.clone(), filled(value))).collect();
    assert_eq!(query, wanted, "{place}");
    // Microsoft Learn, "Compose HTTP requests and handle errors": these go with every request.
    for (name, value) in [("odata-version", "4.0"), ("odata-maxversion", "4.0")] {
        assert_eq!(wire.header(name), Some(value), "{place}: {name}");
    }
    for (name, value) in &expected.headers {
        match (value.as_str(), wire.header(name)) {
            (ABSENT, found) => assert_eq!(found, None, "{place}: {name}"),
            (value, found) => {
                let found = found.unwrap_or_else(|| panic!("{place}: no {name}"));
                assert_matches(place, found, &filled(value), made);
            }
        }
    }
    if expected.body == BYTES {
        assert!(!wire.body.is_empty(), "{place}: no bytes");
        return;
    }
    let body = String::from_utf8(wire.body.clone()).unwrap();
    let wanted: String = expected.body.lines().map(str::trim).collect();
    assert_matches(place, &body, &filled(&wanted), made);
    if !body.is_empty() {
        assert_eq!(wire.header("content-type"), Some("application/json; charset=utf-8"), "{place}");
    }
}

/// Whether `found` is `pattern`, each `<name>` in it standing for one GUID.
#[track_caller]
fn assert_matches(place: &str, found: &str, pattern: &str, made: &mut BTreeMap<String, String>) {
    let mut rest = found;
    let mut pieces = pattern.split('<');
    let mut is_same = rest.starts_with(pieces.next().unwrap_or_default());
    rest = rest.get(pattern.split('<').next().unwrap_or_default().len()..).unwrap_or_default();
    for piece in pieces {
        let Some((name, literal)) = piece.split_once('>') else { panic!("{place}: `<` without `>` in {pattern}") };
        let id = rest.get(..36).unwrap_or_default();
        is_same &= uuid::Uuid::try_parse(id).is_ok();
        is_same &= made.entry(name.to_owned()).or_insert_with(|| id.to_owned()) == id;
        rest = rest.get(36..).unwrap_or_default();
        is_same &= rest.starts_with(literal);
        rest = rest.get(literal.len()..).unwrap_or_default();
    }
    assert!(is_same && rest.is_empty(), "{place}\nsent:     {found}\nexpected: {pattern}");
}
