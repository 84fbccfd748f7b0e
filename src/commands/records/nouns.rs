//! The nouns of the CRM, as one table: which table each means and which of its columns matter. No request is made here.
//!
//! Table, set and key names: Microsoft Learn, "Dataverse table/entity reference".

use clap::{ArgMatches, Command, FromArgMatches as _, Subcommand as _};

use crate::commands::CommandError;
use crate::commands::records::own::{
    Activate, Cancel, Deactivate, Disqualify, Lose, Merge, OwnVerb, Qualify, Reactivate, Reopen, Resolve, Win,
};
use crate::commands::records::{Place, Verb};
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
    /// Logical name of the table.
    pub table: &'static str,
    /// Entity set name, as it stands in addresses.
    pub entity_set: &'static str,
    /// Primary key column.
    pub id_column: &'static str,
    /// Primary name column.
    pub name_column: &'static str,
    /// The columns shown when none are asked for; the key comes after them.
    pub columns: &'static [&'static str],
    /// Lookup columns: asked for by name, they are sent as `_name_value`.
    pub lookups: &'static [&'static str],
    /// The verbs it has beyond those of every table.
    pub own_verbs: &'static [OwnVerb],
}

/// Every noun.
pub const NOUNS: &[Noun] = &[
    Noun {
        word: "accounts",
        alias: None,
        singular: "account",
        table: "account",
        entity_set: "accounts",
        id_column: "accountid",
        name_column: "name",
        columns: &["name", "accountnumber", "telephone1", "address1_city", "_primarycontactid_value", "statecode"],
        lookups: &["primarycontactid", "parentaccountid", "ownerid", "transactioncurrencyid", "originatingleadid"],
        own_verbs: &[OwnVerb::of::<Activate>(), OwnVerb::of::<Deactivate>(), OwnVerb::of::<Merge>()],
    },
    Noun {
        word: "contacts",
        alias: None,
        singular: "contact",
        table: "contact",
        entity_set: "contacts",
        id_column: "contactid",
        name_column: "fullname",
        columns: &["fullname", "emailaddress1", "telephone1", "jobtitle", "_parentcustomerid_value", "statecode"],
        lookups: &["parentcustomerid", "ownerid", "transactioncurrencyid", "originatingleadid"],
        own_verbs: &[OwnVerb::of::<Activate>(), OwnVerb::of::<Deactivate>(), OwnVerb::of::<Merge>()],
    },
    Noun {
        word: "leads",
        alias: None,
        singular: "lead",
        table: "lead",
        entity_set: "leads",
        id_column: "leadid",
        name_column: "fullname",
        columns: &["fullname", "subject", "companyname", "emailaddress1", "leadqualitycode", "statuscode"],
        lookups: &[
            "customerid",
            "parentaccountid",
            "parentcontactid",
            "qualifyingopportunityid",
            "campaignid",
            "ownerid",
        ],
        own_verbs: &[OwnVerb::of::<Qualify>(), OwnVerb::of::<Disqualify>()],
    },
    Noun {
        word: "opportunities",
        alias: None,
        singular: "opportunity",
        table: "opportunity",
        entity_set: "opportunities",
        id_column: "opportunityid",
        name_column: "name",
        columns: &[
            "name",
            "_customerid_value",
            "estimatedvalue",
            "estimatedclosedate",
            "closeprobability",
            "statuscode",
        ],
        lookups: &["customerid", "parentaccountid", "parentcontactid", "pricelevelid", "originatingleadid", "ownerid"],
        own_verbs: &[OwnVerb::of::<Win>(), OwnVerb::of::<Lose>(), OwnVerb::of::<Reopen>()],
    },
    Noun {
        word: "incidents",
        alias: Some("cases"),
        singular: "incident",
        table: "incident",
        entity_set: "incidents",
        id_column: "incidentid",
        name_column: "title",
        columns: &["ticketnumber", "title", "_customerid_value", "prioritycode", "caseorigincode", "statuscode"],
        lookups: &["customerid", "primarycontactid", "subjectid", "productid", "parentcaseid", "ownerid"],
        own_verbs: &[OwnVerb::of::<Resolve>(), OwnVerb::of::<Cancel>(), OwnVerb::of::<Reactivate>()],
    },
];

impl Noun {
    /// The noun that `word` names.
    #[must_use]
    pub fn find(word: &str) -> Option<&'static Self> {
        NOUNS.iter().find(|noun| noun.word == word || noun.alias == Some(word))
    }

    /// The noun for a table.
    #[must_use]
    pub fn of_table(logical_name: &str) -> Option<&'static Self> {
        NOUNS.iter().find(|noun| noun.table == logical_name)
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
        let command = Command::new(noun)
            .about(format!("List, read, create, change and delete {noun}"))
            .after_help(format!(
                "Examples:\n  d365conn {noun} list --top 5\n  d365conn {noun} list --filter \"statecode eq 0\" -o ndjson\n\nOne of them is {article} {singular}; `d365conn {noun} list --help` shows more.",
                article = if singular.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" },
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
