//! The values of a record to write, as words or JSON, for every verb that writes one. What a value may be is not known here.

use clap::Args;

use crate::commands::CommandError;
use crate::context::Context;
use crate::dataverse::{Body, Client, Purpose, RecordId, Table, Unprinted, Word, fill};
use crate::problem::Problem;

/// The words and the flag.
#[derive(Debug, Args)]
pub struct Values {
    /// `column=value`: text, numbers, dates, labels of choices, `lookup=table:name`; `column=` empties it, `column:=JSON` is
    /// taken as it is
    #[arg(value_name = "COLUMN=VALUE")]
    pub(super) words: Vec<String>,
    /// A JSON object: as text, `@file`, or `-` for stdin
    #[arg(long, value_name = "JSON|@FILE|-")]
    data: Option<String>,
    /// The zone in which a day begins, for columns that keep days as moments, such as Europe/Oslo [default: the zone of the
    /// user who writes]
    #[arg(long, value_name = "ZONE")]
    time_zone: Option<String>,
}

/// The values, taken apart.
#[derive(Debug)]
pub(super) struct Typed {
    body: Body,
    words: Vec<Word>,
    /// The zone in which days begin, if one was named.
    pub(super) time_zone: Option<String>,
}

impl Values {
    /// Takes them apart.
    ///
    /// # Errors
    /// When nothing was given, or it can't be read.
    pub(super) fn read(&self, context: &Context) -> Result<Typed, Problem> {
        if self.words.is_empty() && self.data.is_none() {
            return Err(CommandError::NoValue.into());
        }
        let words = self.words.iter().map(|word| Word::parse(word)).collect::<Result<_, _>>()?;
        let data = context.json_argument(self.data.as_deref())?;
        let time_zone = self.time_zone.clone();
        Ok(Typed { body: Body::parse(data.as_deref(), &[] as &[&str])?, words, time_zone })
    }
}

impl Typed {
    /// The same for a change of the record `id`: what can't be written and is as it was is left out, and named.
    ///
    /// # Errors
    /// As [`Client::without_printed`].
    pub(super) async fn unprinted(
        self,
        context: &Context,
        client: &Client,
        table: &Table,
        id: &RecordId,
    ) -> Result<Self, Problem> {
        if self.body.is_empty() {
            return Ok(self);
        }
        let Unprinted { body, left_out } = client.without_printed(table, id, self.body).await?;
        if !left_out.is_empty() {
            context.screen.note(&format!("left out, as it can't be written and is as it was: {}", left_out.join(", ")));
        }
        Ok(Self { body, ..self })
    }

    /// The body of a write to `table`, every word by its column.
    ///
    /// # Errors
    /// When a value does not fit.
    pub(super) async fn fill(self, client: &Client, table: &Table, purpose: Purpose) -> Result<Body, Problem> {
        Ok(fill(client, table, self.body, self.words, purpose).await?)
    }
}
