//! A noun of the CRM: what it means, and its part of the command line. Which nouns there are is told in `nouns.rs`.

use clap::{ArgMatches, Command, FromArgMatches as _, Subcommand as _};

use crate::commands::CommandError;
use crate::commands::records::own::OwnVerb;
use crate::commands::records::{NOUNS, Place, Verb};
use crate::context::Context;
use crate::dataverse::Table;
use crate::problem::{Exit, Problem};

/// One noun.
#[derive(Debug)]
pub struct Noun {
    /// The word typed.
    pub word: &'static str,
    /// Another word for it.
    pub alias: Option<&'static str>,
    /// One of them, in prose.
    pub singular: &'static str,
    /// What can be done with them that is worth a word in the list of commands; the usual where it is left out.
    pub about: Option<&'static str>,
    /// Something to do with them on an ordinary day, as typed behind the noun.
    pub example: &'static str,
    /// Logical name of the table.
    pub table: &'static str,
    /// Entity set name, as it stands in addresses.
    pub entity_set: &'static str,
    /// Primary key column.
    pub id_column: &'static str,
    /// Primary name column.
    pub name_column: &'static str,
    /// The columns shown when none are asked for, under the names they are sent with; the key comes after them.
    pub columns: &'static [&'static str],
    /// The verbs it has beyond those of every table.
    pub own_verbs: &'static [OwnVerb],
}

impl Noun {
    /// The noun that `word` names.
    #[must_use]
    pub fn find(word: &str) -> Option<&'static Self> {
        NOUNS.iter().find(|noun| noun.word == word || noun.alias == Some(word))
    }

    /// The noun for a table, by its logical name or that of its entity set.
    #[must_use]
    pub fn of_table(name: &str) -> Option<&'static Self> {
        NOUNS.iter().find(|noun| [noun.table, noun.entity_set].contains(&name))
    }

    /// Does what was typed behind its word.
    ///
    /// # Errors
    /// Whatever the verb met.
    pub fn run(&'static self, matches: &ArgMatches, context: &Context) -> Result<Exit, Problem> {
        let place = Place::Noun(self);
        let own = matches
            .subcommand()
            .and_then(|(word, typed)| self.own_verbs.iter().find(|verb| verb.word == word).map(|verb| (verb, typed)));
        if let Some((verb, typed)) = own {
            return verb.run(typed, context, &place);
        }
        let verb = Verb::from_arg_matches(matches).map_err(|error| CommandError::Usage { said: error.to_string() })?;
        verb.run(context, &place)
    }

    /// The table it means.
    #[must_use]
    pub fn table(&self) -> Table {
        Table {
            logical_name: self.table.to_owned(),
            entity_set: self.entity_set.to_owned(),
            id_column: self.id_column.to_owned(),
            name_column: Some(self.name_column.to_owned()),
        }
    }

    /// Its part of the command line. The verbs beneath are built only when this noun was typed.
    #[must_use]
    pub fn command(&self) -> Command {
        let (noun, singular) = (self.word, self.singular);
        let about = self.about.map_or_else(|| format!("List, read, create, change and delete {noun}"), str::to_owned);
        let command = Command::new(noun)
            .about(about)
            .after_help(format!(
                "Examples:\n  d365conn {noun} list --top 5\n  d365conn {noun} {example}\n\nOne of them is {article} {singular}; `d365conn {noun} list --help` shows more.",
                example = self.example,
                article = if singular.starts_with(['a', 'e', 'i', 'o']) { "an" } else { "a" },
            ))
            .subcommand_required(true)
            .arg_required_else_help(true)
            .defer(with_verbs);
        match self.alias {
            Some(alias) => command.visible_alias(alias),
            None => command,
        }
    }
}

/// Adds the verbs, whose own description would otherwise take the noun's place.
fn with_verbs(noun: Command) -> Command {
    let about = noun.get_about().cloned().unwrap_or_default();
    let own_verbs = Noun::find(noun.get_name()).map(|noun| noun.own_verbs).unwrap_or_default();
    Verb::augment_subcommands(noun).about(about).subcommands(own_verbs.iter().map(OwnVerb::command))
}
