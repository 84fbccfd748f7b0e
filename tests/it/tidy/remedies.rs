//! Every way out that a phrase names can be taken: its commands parse, its flags exist. What a command does is not tried.

use std::collections::BTreeSet;

use clap::error::ErrorKind;
use d365conn::auth::AADSTS;
use d365conn::problem::Phrase;

/// A plausible value for a placeholder.
fn example_of(placeholder: &str) -> &'static str {
    match placeholder {
        "flag" => "--yes",
        "connection" | "name" | "nearest_name" => "contoso",
        "tenant_url" | "suggestion" => "https://contoso.crm4.dynamics.com",
        "table" => "account",
        "id" => "003f1e5f-9f6e-4e11-8179-000d3a77e05b",
        "wait" => "15m",
        _ => "x",
    }
}

/// `text` with `{placeholder}` and `<placeholder>` filled.
fn filled(text: &str) -> String {
    let mut text = text.to_owned();
    for (open, close) in [('{', '}'), ('<', '>')] {
        let mut from = 0;
        while let Some(start) = text[from..].find(open).map(|at| at + from) {
            let Some(end) = text[start..].find(close).map(|at| at + start) else { break };
            let name = &text[start + 1..end];
            if name.is_empty()
                || !name.bytes().all(|byte| byte.is_ascii_lowercase() || matches!(byte, b'_' | b'-' | b' '))
            {
                from = start + 1;
                continue;
            }
            let value = example_of(&name.replace(['-', ' '], "_"));
            text.replace_range(start..=end, value);
            from = start + value.len();
        }
    }
    text
}

/// What stands between backticks.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

/// Every long and short flag that any command takes.
fn flags() -> BTreeSet<String> {
    fn collect(command: &clap::Command, found: &mut BTreeSet<String>) {
        for argument in command.get_arguments() {
            found.extend(argument.get_long().map(|long| format!("--{long}")));
            found.extend(argument.get_short().map(|short| format!("-{short}")));
        }
        for sub in command.get_subcommands() {
            collect(sub, found);
        }
    }
    let mut root = d365conn::cli::command();
    root.build();
    let mut found = BTreeSet::from(["-vv".to_owned()]);
    collect(&root, &mut found);
    found
}

/// Why a quoted text that names us or a flag can't be typed.
fn fault(quoted: &str, flags: &BTreeSet<String>) -> Option<String> {
    let text = filled(quoted);
    let Ok(words) = shell_words::split(&text) else { return Some("a shell can't read it".to_owned()) };
    let words: Vec<&str> =
        words.iter().map(String::as_str).take_while(|word| !matches!(*word, ">" | "<" | "|")).collect();
    match words.as_slice() {
        ["d365conn", rest @ ..] if !rest.contains(&"…") => {
            let error = d365conn::cli::command().try_get_matches_from(&words).err()?;
            let said = error.to_string();
            // Prose may leave out what the reader has just typed, and a command's name alone stands for all of it.
            let is_typed_right = match error.kind() {
                ErrorKind::MissingRequiredArgument
                | ErrorKind::DisplayHelp
                | ErrorKind::DisplayVersion
                | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => true,
                ErrorKind::InvalidValue => said.contains("a value is required"),
                _ => false,
            };
            (!is_typed_right).then(|| said.lines().next().unwrap_or_default().to_owned())
        }
        ["d365conn", ..] | [] => unknown_flag(&words, flags),
        [first, ..] if first.starts_with("--") => unknown_flag(&words[..1], flags),
        _ => None,
    }
}

fn unknown_flag(words: &[&str], flags: &BTreeSet<String>) -> Option<String> {
    let unknown = words.iter().find(|word| {
        let flag = word.split('=').next().unwrap_or_default();
        flag.starts_with('-') && flag.len() > 1 && !flag.starts_with("-----") && !flags.contains(flag)
    })?;
    Some(format!("there is no flag {unknown}"))
}

fn phrases() -> Vec<&'static Phrase> {
    d365conn::phrasebook().into_iter().chain(AADSTS.iter().map(|row| row.phrase)).collect()
}

#[test]
fn every_command_and_flag_that_a_phrase_names_exists() {
    let flags = flags();
    let mut faults = BTreeSet::new();
    for phrase in phrases() {
        for text in phrase.remedy.iter().chain([&phrase.meaning]) {
            for quoted in quoted(text) {
                if let Some(fault) = fault(quoted, &flags) {
                    faults.insert(format!("{}: `{quoted}`: {fault}", phrase.code));
                }
            }
        }
    }
    let faults: Vec<_> = faults.into_iter().collect();
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}

#[test]
fn every_line_of_a_remedy_stands_on_its_own() {
    // The lines are joined by "or" where they are shown.
    for phrase in phrases() {
        for line in phrase.remedy {
            let first = line.split([' ', ',']).next().unwrap_or_default();
            assert!(!["or", "then", "and"].contains(&first), "{}: {line}", phrase.code);
        }
    }
}

#[test]
fn planted_remedies_that_lead_nowhere_are_seen() {
    let flags = flags();
    for sound in [
        "d365conn doctor {connection}",
        "d365conn … --yes",
        "--wait 15m",
        "jq . <file>",
        "d365conn connect --client-id {client_id}",
    ] {
        assert_eq!(fault(sound, &flags), None, "{sound}");
    }
    for planted in [
        "d365conn nosuch",
        "d365conn doctor --nosuch",
        "d365conn … --nosuch",
        "--nosuch x",
        "d365conn connect --store attic",
    ] {
        assert!(fault(planted, &flags).is_some(), "{planted}");
    }
}
