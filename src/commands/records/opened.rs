//! How every verb on records begins and ends: format, connection and table opened in one order, and what was done said in one
//! way. What is done in between is each verb's own.

use std::cell::OnceCell;

use crate::commands::records::Place;
use crate::commands::summary;
use crate::context::Context;
use crate::dataverse::{Client, RecordId, Reference, StatusReason, Table};
use crate::output::Format;
use crate::problem::{Exit, Problem};

/// What a verb works with.
pub(super) struct Opened<'a> {
    pub context: &'a Context,
    pub format: Format,
    pub client: Client,
    pub table: Table,
    /// What people call the record that is changed, once that is known.
    pub called: OnceCell<String>,
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
            deed(&Opened { context, format, client, table, called: OnceCell::new() }).await
        })
    }
}

impl Opened<'_> {
    /// The id of the record to change.
    ///
    /// # Errors
    /// As [`Client::find_to_change`].
    pub async fn find(&self, reference: &Reference) -> Result<RecordId, Problem> {
        if let Reference::Key(parts) = reference
            && let Some((_, name)) = parts.iter().find(|(column, _)| self.table.name_column.as_ref() == Some(column))
        {
            let _ = self.called.set(name.clone());
        }
        Ok(self.client.find_to_change(&self.table, reference).await?)
    }

    /// What people call a record that is about to be destroyed, read where somebody at a terminal sees it. In a script no
    /// request is made for it.
    ///
    /// # Errors
    /// Whatever kept it away: what can't be read is not destroyed unseen.
    pub async fn read_name(&self, id: &RecordId) -> Result<Option<String>, Problem> {
        let Some(column) = self.table.name_column.as_ref().filter(|_| self.context.screen.is_attended()) else {
            return Ok(self.called.get().cloned());
        };
        let select = [self.table.id_column.clone(), column.clone()];
        let record = self.client.get(&self.table, id, &select, false).await?;
        Ok(record.cell(column).map(|cell| cell.text().into_owned()).filter(|name| !name.is_empty()))
    }

    /// Says that a record was made.
    ///
    /// # Errors
    /// When it can't be said.
    pub fn created(&self, id: &RecordId) -> Result<Exit, Problem> {
        let name = self.called.get().map(String::as_str);
        summary::created(self.context, self.format, &self.table, id, name)
    }

    /// Says what was done to a record.
    ///
    /// # Errors
    /// When it can't be said.
    pub fn changed(&self, id: &RecordId, what: &str) -> Result<Exit, Problem> {
        self.changed_called(id, what, self.called.get().map(String::as_str))
    }

    /// The same of a record that has another status now, which is said too.
    ///
    /// # Errors
    /// As [`Opened::changed`].
    pub fn turned(&self, id: &RecordId, what: &str, reason: &StatusReason) -> Result<Exit, Problem> {
        let exit = self.changed(id, what)?;
        self.context.screen.note(&reason.to_string());
        Ok(exit)
    }

    /// The same for a record that people call `name`.
    ///
    /// # Errors
    /// As [`Opened::changed`].
    pub fn changed_called(&self, id: &RecordId, what: &str, name: Option<&str>) -> Result<Exit, Problem> {
        summary::changed(self.context, self.format, &self.table, id, what, name)
    }
}
