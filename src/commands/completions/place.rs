//! Whether the next word of a command line is the name of a saved connection. Pure: it judges words and knows no shell.

use clap::{Arg, Command};

use crate::commands::naming::{FLAG, PLACES};

/// Whether a saved connection is named behind `typed`, the words after the program's name. `command` is the whole command
/// line, built, so that global flags are known everywhere.
pub(super) fn takes_connection(command: &Command, typed: &[String]) -> bool {
    let mut here = command;
    let mut path: Vec<&str> = Vec::new();
    let mut positionals = 0;
    let mut awaited: Option<&Arg> = None;
    let mut are_flags_over = false;
    for word in typed {
        if awaited.is_some() {
            // Bash makes three words of `--connection=contoso`.
            if word != "=" {
                awaited = None;
            }
        } else if !are_flags_over && word == "--" {
            are_flags_over = true;
        } else if let Some(flag) = word.strip_prefix("--").filter(|_| !are_flags_over) {
            awaited = if flag.contains('=') { None } else { with_value(here, |arg| arg.get_long() == Some(flag)) };
        } else if let Some(letters) = word.strip_prefix('-').filter(|letters| !letters.is_empty() && !are_flags_over) {
            awaited = behind_letters(here, letters);
        } else if let Some(below) = here.find_subcommand(word).filter(|_| positionals == 0) {
            path.push(below.get_name());
            here = below;
        } else {
            positionals += 1;
        }
    }
    if let Some(flag) = awaited {
        return flag.get_id() == FLAG;
    }
    let mut places = PLACES.iter().filter(|(place, _)| *place == path.as_slice());
    places.any(|(_, id)| here.get_positionals().nth(positionals).is_some_and(|next| next.get_id() == id))
}

fn with_value(command: &Command, is_meant: impl Fn(&Arg) -> bool) -> Option<&Arg> {
    command.get_arguments().find(|arg| is_meant(arg)).filter(|arg| arg.get_action().takes_values())
}

/// The flag whose value comes after `-letters`: the last of them, if one before it doesn't take the rest as its value.
fn behind_letters<'a>(command: &'a Command, letters: &str) -> Option<&'a Arg> {
    let mut rest = letters.chars();
    while let Some(letter) = rest.next() {
        if let Some(flag) = with_value(command, |arg| arg.get_short() == Some(letter)) {
            return rest.as_str().is_empty().then_some(flag);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_expected_behind_its_flag_and_in_its_places() {
        let mut command = crate::cli::command();
        command.build();
        let check = |typed: &str, expected: bool| {
            let typed: Vec<String> = typed.split_whitespace().map(str::to_owned).collect();
            assert_eq!(takes_connection(&command, &typed), expected, "{typed:?}");
        };
        for typed in [
            "-c",
            "--connection",
            "--connection =",
            "-qc",
            "accounts list -c",
            "connections -c",
            "reconnect",
            "disconnect",
            "doctor",
            "doctor --offline",
            "reconnect --prompt consent",
            "reconnect --prompt=consent -v",
            "-o json connections show",
            "connections use",
            "connections set",
            "connections set --label x",
            "connections rename",
            "connections check",
            "disconnect --",
        ] {
            check(typed, true);
        }
        for typed in [
            "",
            "-c x",
            "-cx",
            "--connection=x",
            "--connection = x",
            "-o",
            "connections",
            "connections list",
            "connections rename old",
            "connections set x",
            "connections set --label",
            "reconnect x",
            "reconnect --prompt",
            "accounts list",
            "accounts get",
            "connect",
            "connect --name",
            "explain",
            "nonsense",
            "-- -c",
        ] {
            check(typed, false);
        }
    }

    #[test]
    fn every_place_exists_and_none_below_connections_is_forgotten() {
        let command = crate::cli::command();
        for (path, id) in PLACES {
            let leaf = path.iter().fold(&command, |command, word| command.find_subcommand(word).unwrap());
            assert!(leaf.get_positionals().any(|arg| arg.get_id() == id), "{path:?} {id}");
        }
        // A new name, and a file, are no saved connection's.
        let others = ["new", "file"];
        for leaf in command.find_subcommand("connections").unwrap().get_subcommands() {
            for arg in leaf.get_positionals().filter(|arg| !others.contains(&arg.get_id().as_str())) {
                let is_listed =
                    PLACES.iter().any(|(path, id)| path.last() == Some(&leaf.get_name()) && arg.get_id() == id);
                assert!(is_listed, "connections {}: {}", leaf.get_name(), arg.get_id());
            }
        }
    }
}
