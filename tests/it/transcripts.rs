//! README.md and tests/transcripts, typed line by line: what they say appears is what appears, and every command in them
//! exists. `[..]` stands for what differs from run to run, `...` for any lines. No test of one feature lives here.

mod document;
mod session;
mod shell;

use std::path::{Path, PathBuf};

use clap::error::ErrorKind;
use d365conn::problem::Exit;
use snapbox::{Assert, IntoData as _};

use document::{Kind, parts};
use session::Session;
use shell::{Command, Piece, parse};

fn path(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(file)
}

fn read(file: &str) -> String {
    std::fs::read_to_string(path(file)).unwrap()
}

/// Plays a document from its first line to its last, and says where it is wrong. With `SNAPSHOTS=overwrite` what appeared
/// is written into the document instead, for its author to read through.
fn play(file: &str) {
    let is_overwriting = std::env::var("SNAPSHOTS").is_ok_and(|action| action == "overwrite");
    let mut session = Session::new();
    let mut faults = Vec::new();
    let text = read(file);
    let mut rewritten: Vec<String> = text.lines().map(str::to_owned).collect();
    for part in parts(&text) {
        let place = |fault: &str| format!("{file}:{}: {fault}", part.line);
        match part.kind {
            Kind::Meanwhile(event) => session.meanwhile(&event),
            Kind::Session(typed) => {
                let (mut expected, mut actual) = (String::new(), String::new());
                for line in typed {
                    let shown = session.type_line(&line.command);
                    expected.extend([line.text.as_str(), &settled(&line.shown)]);
                    actual.extend([line.text.as_str(), &settled(&shown)]);
                }
                let assert = Assert::new().normalize_paths(false);
                if is_overwriting {
                    let (actual, _) = assert.normalize(actual.into_data(), expected.into_data());
                    overwrite(&mut rewritten, part.line, &actual.to_string());
                } else if let Err(fault) =
                    assert.try_eq(Some(&place("what appeared")), actual.into_data(), expected.into_data())
                {
                    faults.push(fault.to_string());
                }
            }
            Kind::Commands(lines) => faults.extend(lines.iter().flat_map(|line| mistakes(line)).map(|it| place(&it))),
            Kind::Span(span) => faults.extend(mistakes(&span).iter().map(|it| place(it))),
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    if is_overwriting {
        let lines = rewritten.into_iter().filter(|line| line != GONE);
        std::fs::write(path(file), lines.map(|line| line + "\n").collect::<String>()).unwrap();
    }
}

/// A line that is taken out once no line has to keep its number any more.
const GONE: &str = "\0";

/// Puts `shown` into the block whose fence is line `fence`, counted from 1.
fn overwrite(lines: &mut [String], fence: usize, shown: &str) {
    for line in lines[fence..].iter_mut().take_while(|line| *line != "```") {
        GONE.clone_into(line);
    }
    lines[fence - 1].extend(["\n", shown.trim_end_matches('\n')]);
}

/// Without the blank lines at its end: those in a document are there for the eye.
fn settled(text: &str) -> String {
    let text = text.trim_end_matches('\n');
    if text.is_empty() { String::new() } else { format!("{text}\n") }
}

/// What the program's parser has against the `d365conn …` in a line: nothing, when it is written rightly.
fn mistakes(line: &str) -> Vec<String> {
    if !line.contains("d365conn ") && !line.contains("cargo run ") {
        return Vec::new();
    }
    parse(line).iter().filter_map(mistake).collect()
}

fn mistake(command: &Command) -> Option<String> {
    let words = command.words.iter().map(|word| {
        let texts = word.iter().map(|piece| match piece {
            Piece::Text(text) => text.as_str(),
            Piece::Variable { .. } | Piece::Output { .. } => "1",
        });
        texts.collect::<String>()
    });
    let words: Vec<String> = words.collect();
    let arguments = match words.first().map(String::as_str) {
        Some("d365conn") => &words[1..],
        Some("cargo" | "xargs") => {
            let program = words.iter().position(|word| word == "--" || word == "d365conn")?;
            &words[program + 1..]
        }
        _ => return None,
    };
    // `…` stands for more of the same.
    let arguments = arguments.iter().map(String::as_str).take_while(|word| *word != "…");
    let parsed = d365conn::cli::command().try_get_matches_from(std::iter::once("d365conn").chain(arguments));
    let error = parsed.err().filter(|error| !is_only_unfinished(error.kind()))?;
    Some(format!("{}: {error}", words.join(" ")))
}

/// Help, or a command named without all that belongs to it, as prose does.
fn is_only_unfinished(kind: ErrorKind) -> bool {
    use ErrorKind::{
        DisplayHelp, DisplayHelpOnMissingArgumentOrSubcommand, DisplayVersion, MissingRequiredArgument,
        MissingSubcommand,
    };
    matches!(
        kind,
        DisplayHelp
            | DisplayVersion
            | DisplayHelpOnMissingArgumentOrSubcommand
            | MissingRequiredArgument
            | MissingSubcommand
    )
}

#[test]
fn the_readme_is_true() {
    play("README.md");
}

#[test]
fn every_transcript_is_true() {
    let mut files: Vec<String> = std::fs::read_dir(path("tests/transcripts"))
        .unwrap()
        .map(|entry| format!("tests/transcripts/{}", entry.unwrap().file_name().display()))
        .collect();
    files.sort();
    assert!(files.len() >= 3);
    for file in files {
        play(&file);
    }
}

#[test]
fn the_readme_lists_every_exit_status() {
    let readme = read("README.md");
    for exit in Exit::ALL {
        assert!(readme.contains(&format!("| {} | ", exit.code())), "{}", exit.code());
    }
}

#[test]
fn every_command_that_a_phrase_advises_exists() {
    let mut faults = Vec::new();
    for phrase in d365conn::phrasebook() {
        for line in phrase.remedy_in_general() {
            // A gap in a phrase is filled with a fact.
            let spans = line.split('`').skip(1).step_by(2).map(|span| span.replace(['<', '>'], ""));
            faults.extend(spans.flat_map(|span| mistakes(&span)).map(|it| format!("{}: {it}", phrase.code)));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn a_command_that_does_not_exist_is_seen() {
    for line in ["printf x | d365conn accounts lost", "d365conn reconnect --quite", "cargo run -- lost"] {
        assert_eq!(mistakes(line).len(), 1, "{line}");
    }
    for line in
        ["printf x | d365conn accounts list", "d365conn connect", "d365conn --help", "cargo run", "d365conn accounts …"]
    {
        assert_eq!(mistakes(line), Vec::<String>::new(), "{line}");
    }
}
