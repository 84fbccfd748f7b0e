//! Doors: which files may touch the outside world, and which rooms may name which crate. No door is opened here.

use super::source::{Source, files_under, house, line_after, words};

/// The files that may touch a piece of the outside world, each a different one.
const DOORS: [&str; 14] = [
    "src/auth/browser.rs",
    "src/auth/loopback.rs",
    "src/child.rs",
    "src/clock.rs",
    "src/environment.rs",
    "src/net/http.rs",
    "src/output/prompt.rs",
    "src/output/screen.rs",
    "src/paths.rs",
    "src/proxy/server.rs",
    "src/sandbox/robot.rs",
    "src/sandbox/server.rs",
    "src/signals.rs",
    "src/store/keyring.rs",
];

/// Files that are compiled for tests only and play the other side there.
const STAND_INS: [&str; 2] = ["src/auth/stand_in.rs", "src/auth/loopback/tests.rs"];

/// A crate, and the files or directories (these end with `/`) that may name it.
const CRATES: [(&str, &[&str]); 12] = [
    ("reqwest", &["src/net/"]),
    ("oauth2", &["src/auth/"]),
    ("keyring", &["src/store/keyring.rs"]),
    ("keyring_core", &["src/store/keyring.rs"]),
    ("clap", &["src/cli.rs", "src/cli/", "src/commands/", "tests/it/features/examples.rs", "tests/it/transcripts.rs"]),
    ("clap_complete", &["src/cli.rs", "src/cli/", "src/commands/"]),
    ("clap_mangen", &["src/cli.rs", "src/cli/", "src/commands/"]),
    // The client's own library is looked into for what broke, and takes a body that is still arriving in its form.
    ("hyper", &["src/sandbox/", "src/proxy/", "src/net/error.rs", "src/net/upload.rs"]),
    ("hyper_util", &["src/sandbox/", "src/proxy/"]),
    ("http_body_util", &["src/sandbox/", "src/proxy/"]),
    ("signal_hook", &["src/signals.rs"]),
    ("wiremock", &["tests/it/wire.rs", "tests/it/wire/"]),
];

fn is_within(path: &str, places: &[&str]) -> bool {
    places.iter().any(|place| if place.ends_with('/') { path.starts_with(place) } else { path == *place })
}

/// Whether the word between `before` and `after` is a crate's name: it begins a path, or is the whole of a `use`.
fn is_crate_name(before: &str, after: &str) -> bool {
    let begins_path = match before.strip_suffix("::") {
        None => !before.ends_with('.'),
        // `::reqwest` is the crate, `self::reqwest` and `Vec::<A>::reqwest` are not.
        Some(outer) => !outer.ends_with(|last: char| last.is_alphanumeric() || matches!(last, '_' | '>')),
    };
    let is_used_whole = before.trim_end().ends_with("use") || before.trim_end().ends_with("extern crate");
    let after = after.trim_start();
    begins_path && (after.starts_with("::") || (is_used_whole && (after.starts_with(';') || after.starts_with("as "))))
}

fn strangers(files: &[Source]) -> Vec<String> {
    let mut strangers = Vec::new();
    for file in files {
        let code = if file.path.starts_with("src/") { file.code() } else { file.code_and_tests() };
        for (name, places) in CRATES.iter().filter(|(_, places)| !is_within(&file.path, places)) {
            for (before, after) in words(&code, name) {
                if is_crate_name(before, after) {
                    let line = line_after(before);
                    strangers.push(format!("{}:{line}: names `{name}`, which only {places:?} may", file.path));
                }
            }
        }
    }
    strangers
}

/// Files that lift the ban on a touch of the outside world without being a door, and doors that don't say they are one.
fn unmarked(files: &[Source]) -> Vec<String> {
    let mut unmarked = Vec::new();
    for file in files {
        let is_door = DOORS.contains(&file.path.as_str());
        let says_so = file.text.lines().take_while(|line| line.starts_with("//!")).any(|line| line.contains("DOOR"));
        let code = file.code();
        let lifts = ["disallowed_methods", "disallowed_types", "disallowed_macros"]
            .iter()
            .any(|lint| !words(&code, lint).is_empty());
        if lifts && !is_door && !STAND_INS.contains(&file.path.as_str()) {
            unmarked.push(format!("{}: lifts a ban, but is no door", file.path));
        }
        if is_door && !says_so {
            unmarked.push(format!("{}: is a door, but its first lines don't say DOOR", file.path));
        }
        if says_so && !is_door {
            unmarked.push(format!("{}: calls itself a DOOR, but is not on the list of doors", file.path));
        }
    }
    unmarked
}

#[test]
fn a_crate_is_named_only_in_the_room_that_owns_it() {
    let mut files = house();
    files.extend(files_under("tests", &[".rs"]).into_iter().filter(|file| !file.path.starts_with("tests/it/tidy/")));
    let strangers = strangers(&files);
    assert!(strangers.is_empty(), "{}", strangers.join("\n"));
}

#[test]
fn only_doors_lift_the_ban_on_the_outside_world_and_every_door_says_so() {
    let unmarked = unmarked(&house());
    assert!(unmarked.is_empty(), "{}", unmarked.join("\n"));
}

#[test]
fn planted_strangers_are_seen() {
    for (path, text) in [
        ("src/dataverse/client.rs", "use reqwest::Client;\n"),
        ("src/dataverse/client.rs", "fn f() -> ::reqwest::Error {}\n"),
        ("src/session/tokens.rs", "use oauth2 as o;\n"),
        ("src/store/vault.rs", "use keyring::Entry;\n"),
        ("src/settings.rs", "#[derive(clap::Args)]\nstruct Global {}\n"),
        ("src/auth/loopback.rs", "use hyper::Request;\n"),
        ("tests/it/features/connect.rs", "use wiremock::MockServer;\n"),
    ] {
        assert_eq!(strangers(&[Source::planted(path, text)]).len(), 1, "{path}: {text}");
    }
    for (path, text) in [
        ("src/net/error.rs", "fn f(error: reqwest::Error) {}\n"),
        ("src/store/mod.rs", "mod keyring;\npub use self::keyring::Keyring;\n"),
        ("src/session/tokens.rs", "use crate::store::keyring::Keyring;\n// reqwest::Client\n"),
        ("tests/it/wire/paging.rs", "use wiremock::MockServer;\n"),
    ] {
        assert_eq!(strangers(&[Source::planted(path, text)]), Vec::<String>::new(), "{path}: {text}");
    }
}

#[test]
fn planted_side_doors_are_seen() {
    for (path, text) in [
        ("src/dataverse/client.rs", "//! Rows.\n#![expect(clippy::disallowed_methods, reason = \"hurry\")]\n"),
        ("src/dataverse/client.rs", "//! Rows.\n#[expect(clippy::all, clippy::disallowed_types, reason = \"x\")]\n"),
        ("src/clock.rs", "//! What time it is.\n"),
        ("src/dataverse/client.rs", "//! DOOR (rows): rows.\n"),
    ] {
        assert_eq!(unmarked(&[Source::planted(path, text)]).len(), 1, "{path}: {text}");
    }
}
