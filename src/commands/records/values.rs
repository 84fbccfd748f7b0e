//! The values of a record to write, as words or JSON, for every verb that writes one. What a value may be is not known here.

use clap::Args;

use crate::commands::CommandError;
use crate::context::Context;
use crate::dataverse::{Body, Client, Purpose, Table, Word, fill};
use crate::problem::Problem;

/// The words and the flag.
#[derive(Debug, Args)]
pub struct Values {
    /// `column=value`: text, numbers, dates, labels of choices, `lookup=table:name`; `column=` empties it, `column:=JSON` is
    /// taken as it is
    #[arg(value_name = "COLUMN=VALUE")]
    pub(super) values: Vec<String>,
    /// A JSON object: as text, `@file`, or `-` for stdin
    #[arg(long, value_name = "JSON|@FILE|-")]
    data: Option<String>,
}

/// The values, taken apart.
#[derive(Debug)]
pub(super) struct Typed {
    body: Body,
    words: Vec<Word>,
}

impl Values {
    /// Takes them apart.
    ///
    /// # Errors
    /// When nothing was given, or it can't be read.
    pub(super) fn read(&self, context: &Context) -> Result<Typed, Problem> {
        if self.values.is_empty() && self.data.is_none() {
            return Err(CommandError::NoValue.into());
        }
        let words = self.values.iter().map(|word| Word::parse(word)).collect::<Result<_, _>>()?;
        let data = context.json_argument(self.data.as_deref())?;
        Ok(Typed { body: Body::parse(data.as_deref(), &[] as &[&str])?, words })
    }
}

impl Typed {
    /// The body of a write to `table`, every word by its column.
    ///
    /// # Errors
    /// When a value does not fit.
    pub(super) async fn fill(self, client: &Client, table: &Table, purpose: Purpose) -> Result<Body, Problem> {
        Ok(fill(client, table, self.body, self.words, purpose).await?)
    }
}
