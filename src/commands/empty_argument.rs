//! Arguments of no characters: what a shell makes of a variable that is not set. None of them means anything, and some would
//! mean something else than what was wanted, so they are refused in one place, before any command looks at its own.

use clap::parser::ValueSource;
use clap::{ArgMatches, Command};

use crate::problem::{Diagnose, Exit, Phrase, Problem, Who};

/// Arguments that belong to another program.
const NOT_OURS: [(&str, &str); 1] = [("exec", "words")];

/// An argument that says nothing.
#[derive(Debug, thiserror::Error)]
#[error("{argument} is empty")]
pub struct EmptyArgument {
    /// The flag, or what stands in its place: `` `--filter` ``, `the argument ID`.
    argument: String,
}

/// The phrases of this file.
pub(super) const PHRASES: &[&Phrase] = &[&EMPTY_ARGUMENT];

static EMPTY_ARGUMENT: Phrase = Phrase {
    code: "commands/empty-argument",
    exit: Exit::Usage,
    who: Who::You,
    meaning: "an argument without a single character means nothing; a variable of the shell that is not set leaves one; nothing was done",
    remedy: &["give a value, or leave the argument out", "to empty a column, write `column=`"],
};

impl Diagnose for EmptyArgument {
    fn phrase(&self) -> &'static Phrase {
        &EMPTY_ARGUMENT
    }

    fn facts(&self) -> Vec<(&'static str, String)> {
        Vec::new()
    }
}

/// Sees to it that everything that was typed says something. `command` is the one that parsed `matches`.
///
/// # Errors
/// [`EmptyArgument`].
pub fn check(command: &Command, matches: &ArgMatches) -> Result<(), Problem> {
    for id in matches.ids() {
        let id = id.as_str();
        if matches.value_source(id) != Some(ValueSource::CommandLine) || NOT_OURS.contains(&(command.get_name(), id)) {
            continue;
        }
        let Some(argument) = command.get_arguments().find(|argument| argument.get_id() == id) else { continue };
        let Ok(Some(values)) = matches.try_get_raw(id) else { continue };
        let (mut any, mut all) = (false, true);
        for value in values {
            any |= value.is_empty();
            all &= value.is_empty();
        }
        // What is missing between two commas of several is told by the command, which knows what it would have been.
        if any && (all || argument.get_value_delimiter().is_none()) {
            return Err(EmptyArgument { argument: called(argument) }.into());
        }
    }
    match matches.subcommand() {
        Some((word, below)) => command.find_subcommand(word).map_or(Ok(()), |command| check(command, below)),
        None => Ok(()),
    }
}

fn called(argument: &clap::Arg) -> String {
    match (argument.get_long(), argument.get_value_names()) {
        (Some(long), _) => format!("`--{long}`"),
        (None, Some([name, ..])) => format!("the argument {name}"),
        (None, _) => format!("the argument {}", argument.get_id().as_str().to_uppercase()),
    }
}

#[cfg(test)]
mod tests {
    use clap::{Arg, ArgAction};

    use super::*;

    fn refused(words: &[&str]) -> Option<String> {
        let filter = || Arg::new("filter").long("filter");
        let select = Arg::new("select").long("select").value_delimiter(',').action(ArgAction::Append);
        let mut root = Command::new("d365conn")
            .arg(Arg::new("jq").long("jq").global(true))
            .subcommand(Command::new("list").arg(filter()).arg(select))
            .subcommand(
                Command::new("update").arg(Arg::new("record").value_name("ID")).arg(Arg::new("values").num_args(0..)),
            )
            .subcommand(Command::new("exec").arg(Arg::new("words").num_args(1..).trailing_var_arg(true)));
        let words = std::iter::once(&"d365conn").chain(words);
        let matches = root.try_get_matches_from_mut(words).unwrap();
        check(&root, &matches).err().map(|problem| problem.to_string())
    }

    #[test]
    fn an_argument_of_no_characters_is_refused_wherever_it_stands() {
        for (words, argument) in [
            (&["list", "--filter", ""][..], "`--filter`"),
            (&["list", "--filter="], "`--filter`"),
            (&["list", "--select", ""], "`--select`"),
            (&["list", "--jq", ""], "`--jq`"),
            (&["update", "", "name=x"], "the argument ID"),
            (&["update", "5d0c", "name=x", ""], "the argument VALUES"),
        ] {
            assert_eq!(refused(words), Some(format!("{argument} is empty")), "{words:?}");
        }
        for words in
            [&["list", "--select", "name,"][..], &["update", "5d0c", "name="], &["exec", "printf", ""], &["list"]]
        {
            assert_eq!(refused(words), None, "{words:?}");
        }
    }
}
