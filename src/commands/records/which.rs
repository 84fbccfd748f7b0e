//! Which record a verb that changes one means: an id, or `column=value`. A name alone is too little to change something by.

use clap::Args;

use crate::commands::records::Place;
use crate::commands::records::opened::{Aim, Opened};
use crate::context::Context;
use crate::dataverse::{DataverseError, RecordId, Reference, ValueError};
use crate::problem::{Exit, Problem};

/// The record, as typed.
#[derive(Debug, Args)]
pub struct Which {
    /// The record's id, or `column=value` that tells it apart
    #[arg(value_name = "ID|KEY=VALUE")]
    record: String,
}

impl Which {
    /// What was typed.
    ///
    /// # Errors
    /// As [`which`].
    pub(super) fn reference(&self, place: &Place) -> Result<Reference, Problem> {
        which(&self.record, place)
    }

    /// Does `deed` to the record, on a connection that takes changes. What is wrong with the words is told before anything is
    /// asked.
    ///
    /// # Errors
    /// As [`which`]; what kept the record from being found; what the deed met.
    pub(super) fn change(
        &self,
        context: &Context,
        place: &Place,
        deed: impl AsyncFnOnce(&Opened<'_>, RecordId) -> Result<Exit, Problem>,
    ) -> Result<Exit, Problem> {
        let reference = self.reference(place)?;
        place.open(context, Aim::Change, async |opened| {
            let id = opened.client.find_record(&opened.table, &reference).await?;
            deed(opened, id).await
        })
    }
}

/// What was typed for a record.
///
/// # Errors
/// [`DataverseError::BadRecordId`] for what is neither; [`ValueError::BadKey`] for `column=`, which is what empties a column.
pub(super) fn which(text: &str, place: &Place) -> Result<Reference, Problem> {
    sure(Reference::parse(text)?, text, place.name_column())
}

/// The same once it is taken apart; `text` is all of it, and records are known by their `name_column`, if that is known.
///
/// # Errors
/// As [`which`].
pub(in crate::commands) fn sure(
    reference: Reference,
    text: &str,
    name_column: Option<&str>,
) -> Result<Reference, Problem> {
    match reference {
        Reference::Name(_) => {
            let column = name_column.map(str::to_owned);
            Err(DataverseError::BadRecordId { text: text.to_owned(), column }.into())
        }
        Reference::Key(parts) if parts.iter().any(|(_, value)| value.is_empty()) => {
            Err(ValueError::BadKey { text: text.to_owned() }.into())
        }
        reference => Ok(reference),
    }
}
