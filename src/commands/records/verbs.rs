//! What can be done with a table's rows, and which table is meant. Each verb's own file does the doing.

use clap::{Args, Subcommand};

use crate::commands::records::{
    Noun, add_note, assign, count, create, delete, files, get, link, list, open, unlink, update, upsert,
};
use crate::context::Context;
use crate::dataverse::{Client, Table};
use crate::problem::{Exit, Problem};

/// The verbs.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// List records
    List(list::List),
    /// Read one record
    Get(get::Get),
    /// Count records
    Count(count::Count),
    /// Show where a record is in the app
    Open(open::Open),
    /// Create a record
    Create(create::Create),
    /// Change a record
    Update(update::Update),
    /// Change the record with a key, or create it
    Upsert(upsert::Upsert),
    /// Delete records
    Delete(delete::Delete),
    /// Give a record to a user or a team
    Assign(assign::Assign),
    /// Write a note on a record
    AddNote(add_note::AddNote),
    /// Take a file out of a record, or put one in
    Files(files::Files),
    /// Tie a record to another one
    Link(link::Link),
    /// End the tie between a record and another one
    Unlink(unlink::Unlink),
}

/// `records TABLE VERB`: any table, custom ones too.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  d365conn records account list --top 3\n  d365conn records tasks list --select subject -o tsv"
)]
pub struct Records {
    /// The table, by logical name (account), entity set name (accounts) or schema name (Account)
    table: String,
    #[command(subcommand)]
    verb: Verb,
}

/// The table that a verb works on, and how it was named.
#[derive(Debug)]
pub enum Place {
    /// One of the nouns: nothing has to be asked.
    Noun(&'static Noun),
    /// Named by the user: the service is asked for its key.
    Named(String),
}

impl Verb {
    /// Does it.
    ///
    /// # Errors
    /// Whatever the verb met.
    pub fn run(self, context: &Context, place: &Place) -> Result<Exit, Problem> {
        match self {
            Self::List(list) => list.run(context, place),
            Self::Get(get) => get.run(context, place),
            Self::Count(count) => count.run(context, place),
            Self::Open(open) => open.run(context, place),
            Self::Create(create) => create.run(context, place),
            Self::Update(update) => update.run(context, place),
            Self::Upsert(upsert) => upsert.run(context, place),
            Self::Delete(delete) => delete.run(context, place),
            Self::Assign(assign) => assign.run(context, place),
            Self::AddNote(note) => note.run(context, place),
            Self::Files(files) => files.run(context, place),
            Self::Link(link) => link.run(context, place),
            Self::Unlink(unlink) => unlink.run(context, place),
        }
    }
}

impl Records {
    /// Does it.
    ///
    /// # Errors
    /// Whatever the verb met.
    pub fn run(self, context: &Context) -> Result<Exit, Problem> {
        self.verb.run(context, &Place::Named(self.table))
    }
}

impl Place {
    /// The column of the names that its records are known by, where that is no question to the service.
    #[must_use]
    pub fn name_column(&self) -> Option<&'static str> {
        let noun = match self {
            Self::Noun(noun) => Some(*noun),
            Self::Named(name) => Noun::of_table(name),
        };
        noun.map(|noun| noun.name_column)
    }

    /// The table's names and key: known for a noun, asked for otherwise.
    ///
    /// # Errors
    /// When there is no such table, or it can't be asked for.
    pub async fn table(&self, client: &Client) -> Result<Table, Problem> {
        match self {
            Self::Noun(noun) => Ok(noun.table()),
            Self::Named(name) => match Noun::of_table(name) {
                Some(noun) => Ok(noun.table()),
                None => Ok(client.table_named(name).await?),
            },
        }
    }
}
