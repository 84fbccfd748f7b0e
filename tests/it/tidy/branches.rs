//! What an error is, callers ask the error itself. An exit status and the code of a phrase are for people and scripts: only
//! what prints them reads them.

use super::source::{Source, house, line_after};

/// Rooms and files that print: the exit and the code are what they show, or the HTTP status that a program is given for it.
const PRINTING: [&str; 9] = [
    "src/main.rs",
    "src/lib.rs",
    "src/cli.rs",
    "src/output/",
    "src/problem/",
    "src/proxy/forward.rs",
    "src/proxy/refusal.rs",
    "src/doctor/finding.rs",
    "src/doctor/explain.rs",
];

/// Files of `dataverse` in which somebody else's problem comes in: the screen, files and tokens that the caller lends.
const LENT: [&str; 4] = [
    "src/dataverse/error.rs",
    "src/dataverse/client.rs",
    "src/dataverse/files/fetch.rs",
    "src/dataverse/files/sending.rs",
];

/// Every place that decides by an exit status or by the text of a code, told as `file:line: what`.
fn branches(files: &[Source]) -> Vec<String> {
    let mut branches = Vec::new();
    for file in files.iter().filter(|file| !PRINTING.iter().any(|place| file.path.starts_with(place))) {
        let code = file.code();
        let mut tell = |at: usize, what: &str| {
            branches.push(format!("{}:{}: {what}", file.path, line_after(&code[..at])));
        };
        for asked in [".exit()", ".exit"] {
            for (at, _) in code.match_indices(asked) {
                let (before, after) = (&code[..at], code[at + asked.len()..].trim_start());
                let is_whole = !after.starts_with(|next: char| next.is_alphanumeric() || "_(".contains(next));
                if is_whole && is_decision(before, after) {
                    tell(at, "decides by an exit status; ask the error itself");
                }
            }
        }
        for (at, asked) in code.match_indices(".code") {
            let (before, after) = (&code[..at], code[at + asked.len()..].trim_start());
            let is_of_phrase = before.ends_with("phrase()") || before.ends_with("phrase");
            if is_of_phrase && is_decision(before, after) {
                tell(at, "decides by the code of a phrase; ask the error itself");
            }
        }
    }
    branches
}

/// Whether what stands between `before` and `after` is compared with something or matched.
fn is_decision(before: &str, after: &str) -> bool {
    let statement = before.rsplit([';', '{', '}']).next().unwrap_or_default();
    let opened = before
        .rsplit_once("matches!(")
        .is_some_and(|(_, inside)| inside.matches('(').count() >= inside.matches(')').count() && !inside.contains(';'));
    let is_matched = after.starts_with('{') && statement.split_whitespace().any(|word| word == "match");
    after.starts_with("==") || after.starts_with("!=") || opened || is_matched || is_compared(statement)
}

/// Whether the last operator before it compares: `Exit::Usage == error.exit()`.
fn is_compared(statement: &str) -> bool {
    let operand = statement.trim_end_matches(|c: char| c.is_alphanumeric() || "_.()".contains(c)).trim_end();
    operand.ends_with("==") || operand.ends_with("!=")
}

/// Every file of `dataverse` that hands on a problem instead of its own error.
fn untyped(files: &[Source]) -> Vec<String> {
    let own = files.iter().filter(|file| file.room() == "dataverse" && !LENT.contains(&file.path.as_str()));
    own.filter(|file| !super::source::words(&file.code(), "Problem").is_empty()).map(|file| file.path.clone()).collect()
}

#[test]
fn nobody_decides_by_an_exit_status_or_the_code_of_a_phrase() {
    let branches = branches(&house());
    assert!(branches.is_empty(), "{}", branches.join("\n"));
}

#[test]
fn dataverse_keeps_the_type_of_its_errors() {
    let untyped = untyped(&house());
    assert!(untyped.is_empty(), "{}", untyped.join("\n"));
    let planted = Source::planted("src/dataverse/count.rs", "use crate::problem::Problem;\n");
    assert_eq!(untyped_count(planted), 1);
}

fn untyped_count(file: Source) -> usize {
    untyped(&[file]).len()
}

#[test]
fn planted_decisions_are_seen() {
    for text in [
        "fn f() { if problem.exit() == Exit::NotFound { g() } }\n",
        "fn f() { match x { Err(problem) if Exit::Failed == problem.exit() => {} } }\n",
        "fn f() { if problem.exit() != Exit::Done {} }\n",
        "fn f() -> bool { matches!(problem.exit(), Exit::Failed | Exit::NotFound) }\n",
        "fn f() -> bool { !matches!(error.phrase().exit, Exit::Failed) }\n",
        "fn f() { let x = match problem.exit() { Exit::Done => 1, _ => 2 }; }\n",
        "fn f() -> bool { problem.phrase().code == CLOSED }\n",
        "fn f() -> bool { CLOSED == phrase.code }\n",
        "fn f() { match problem.phrase().code { \"net/tls\" => 1, _ => 2 } }\n",
    ] {
        assert_eq!(branches(&[Source::planted("src/commands/get.rs", text)]).len(), 1, "{text}");
    }
}

#[test]
fn what_only_shows_them_is_not_called_a_decision() {
    for (path, text) in [
        ("src/commands/get.rs", "fn f() { json!(problem.phrase().code) }\n"),
        ("src/commands/get.rs", "fn f() { Ok(examination.exit()) }\n"),
        ("src/commands/get.rs", "fn f() { matches!(x, Y); Ok(examination.exit()) }\n"),
        ("src/commands/get.rs", "#[cfg(test)]\nmod tests { fn f() { problem.exit() == Exit::Done } }\n"),
        ("src/output/problem.rs", "fn f() { if problem.exit() == Exit::Done {} }\n"),
    ] {
        assert_eq!(branches(&[Source::planted(path, text)]), Vec::<String>::new(), "{text}");
    }
}
