//! How every verb on records begins and ends: format, connection and table opened in one order, and what was done said in one
//! way. What is done in between is each verb's own.

use crate::commands::records::Place;
use crate::commands::summary;
use crate::context::Context;
use crate::dataverse::{Client, RecordId, Table};
use crate::output::Format;
use crate::problem::{Exit, Problem};

/// What a verb works with.
pub(super) struct Opened<'a> {
    pub context: &'a Context,
    pub format: Format,
    pub client: Client,
    pub table: Table,
}

/// What a table is opened for.
#[derive(Debug, Clone, Copy)]
pub(super) enum Aim<'q> {
    /// To read.
    Read,
    /// To change: a connection that takes none is refused before anything is asked of it.
    Change,
    /// To change once this question is answered with yes; where changes are only shown it is not put.
    ChangeIf(&'q str),
}

impl Place {
    /// Opens the table and does `deed`.
    ///
    /// # Errors
    /// [`crate::dataverse::DataverseError::ReadOnly`], the answer no, whatever kept the table from being opened, or what the
    /// deed met.
    pub(super) fn open(
        &self,
        context: &Context,
        aim: Aim<'_>,
        deed: impl AsyncFnOnce(&Opened<'_>) -> Result<Exit, Problem>,
    ) -> Result<Exit, Problem> {
        let format = context.format()?;
        let client = context.client()?;
        if !matches!(aim, Aim::Read) {
            client.check_writable()?;
        }
        if let Aim::ChangeIf(question) = aim {
            context.confirm_change(question)?;
        }
        context.block_on(async {
            let table = self.table(&client).await?;
            deed(&Opened { context, format, client, table }).await
        })
    }
}

impl Opened<'_> {
    /// Says that a record was made.
    ///
    /// # Errors
    /// When it can't be said.
    pub fn created(&self, id: &RecordId) -> Result<Exit, Problem> {
        summary::created(self.context, self.format, &self.table, id)
    }

    /// Says what was done to a record.
    ///
    /// # Errors
    /// When it can't be said.
    pub fn changed(&self, id: &RecordId, what: &str) -> Result<Exit, Problem> {
        summary::changed(self.context, self.format, &self.table, id, what)
    }
}
