//! Which record a verb that changes one means: an id, or `--key column=value`. A word in the place of the id is never taken
//! for a key: where a variable of a shell was empty, it is the first of the values.

use clap::Args;

use crate::commands::CommandError;
use crate::commands::records::Place;
use crate::commands::records::opened::{Aim, Opened};
use crate::commands::records::which_error::WhichError;
use crate::context::Context;
use crate::dataverse::{DataverseError, RecordId, Reference, ValueError, Word, key_of_words};
use crate::problem::{Exit, Problem};

/// The record, as typed.
#[derive(Debug, Args)]
pub struct Which {
    /// The record's id
    #[arg(value_name = "ID", required_unless_present = "key")]
    record: Option<String>,
    /// In the place of the id: `column=value` that tells the record apart, once for each column of a key
    #[arg(long, value_name = "COLUMN=VALUE")]
    key: Vec<String>,
}

/// The words that are typed behind a record.
#[derive(Debug, Clone, Copy)]
pub(super) struct WordsBehind<'a, const N: usize> {
    /// As typed.
    pub words: [Option<&'a String>; N],
    /// What they are called.
    pub names: [&'static str; N],
    /// So many of them have to be there.
    pub needed: usize,
}

impl Which {
    /// What was typed, where nothing else is typed behind it.
    ///
    /// # Errors
    /// As [`of_id`] and [`of_key`]; [`WhichError::NamedTwice`].
    pub(super) fn reference(&self, place: &Place) -> Result<Reference, Problem> {
        match (&self.record, self.key.as_slice()) {
            (Some(id), []) => of_id(id, place),
            (None, key) => of_key(key),
            (Some(id), _) => Err(WhichError::NamedTwice { word: id.clone() }.into()),
        }
    }

    /// The record and the words behind it. Where `--key` names the record, the first of them stands in the place of the id.
    ///
    /// # Errors
    /// As [`Which::reference`]; [`CommandError::Usage`] for a word too few or too many.
    pub(super) fn with_words<const N: usize>(
        &self,
        place: &Place,
        behind: WordsBehind<'_, N>,
    ) -> Result<(Reference, [Option<String>; N]), Problem> {
        let WordsBehind { words, names, needed } = behind;
        let (reference, mut words) = self.with_some(place, words.into_iter().flatten().cloned().collect())?;
        if let Some(missing) = names.iter().take(needed).nth(words.len()) {
            let said = format!("the following required arguments were not provided: <{missing}>");
            return Err(CommandError::Usage { said }.into());
        }
        if let Some(more) = words.get(N) {
            let said = format!("unexpected argument '{}' found", more.escape_debug());
            return Err(CommandError::Usage { said }.into());
        }
        let mut words = words.drain(..);
        Ok((reference, std::array::from_fn(|_| words.next())))
    }

    /// The record and all words behind it.
    ///
    /// # Errors
    /// As [`Which::reference`].
    pub(super) fn with_some(&self, place: &Place, words: Vec<String>) -> Result<(Reference, Vec<String>), Problem> {
        match (&self.record, self.key.as_slice()) {
            (Some(first), key) if !key.is_empty() => {
                if RecordId::parse(first).is_ok() {
                    return Err(WhichError::NamedTwice { word: first.clone() }.into());
                }
                Ok((of_key(key)?, std::iter::once(first.clone()).chain(words).collect()))
            }
            _ => Ok((self.reference(place)?, words)),
        }
    }

    /// What was typed for a record that is only read: `column=value` in the place of the id does as well.
    ///
    /// # Errors
    /// As [`Which::with_words`], but [`WhichError::WordForRecord`].
    pub(super) fn read_with_words<const N: usize>(
        &self,
        place: &Place,
        behind: WordsBehind<'_, N>,
    ) -> Result<(Reference, [Option<String>; N]), Problem> {
        match &self.record {
            Some(word) if self.key.is_empty() && is_value(word) => {
                let by_key = Self { record: None, key: vec![word.clone()] };
                by_key.with_words(place, behind)
            }
            _ => self.with_words(place, behind),
        }
    }

    /// Does `deed` to the record, on a connection that takes changes. What is wrong with the words is told before anything is
    /// asked.
    ///
    /// # Errors
    /// As [`Which::reference`]; as [`change`].
    pub(super) fn change(
        &self,
        context: &Context,
        place: &Place,
        deed: impl AsyncFnOnce(&Opened<'_>, RecordId) -> Result<Exit, Problem>,
    ) -> Result<Exit, Problem> {
        change(context, place, &self.reference(place)?, deed)
    }
}

/// Does `deed` to a record, on a connection that takes changes.
///
/// # Errors
/// What kept the record from being found; what the deed met.
pub(super) fn change(
    context: &Context,
    place: &Place,
    reference: &Reference,
    deed: impl AsyncFnOnce(&Opened<'_>, RecordId) -> Result<Exit, Problem>,
) -> Result<Exit, Problem> {
    place.open(context, Aim::Change, async |opened| {
        let id = opened.find(reference).await?;
        deed(opened, id).await
    })
}

/// A word that was typed for an id.
///
/// # Errors
/// [`WhichError::WordForRecord`] for `column=value`; [`DataverseError::BadRecordId`] for what is none.
pub(super) fn of_id(word: &str, place: &Place) -> Result<Reference, Problem> {
    match RecordId::parse(word) {
        Ok(id) => Ok(Reference::Id(id)),
        Err(_) if is_value(word) => Err(WhichError::WordForRecord { word: word.to_owned() }.into()),
        Err(_) => {
            let column = place.name_column().map(|column| format!("--key {column}"));
            Err(DataverseError::BadRecordId { text: word.to_owned(), column }.into())
        }
    }
}

/// The words behind `--key`.
///
/// # Errors
/// [`ValueError::BadKey`], also for `column=`, which is what empties a column; [`DataverseError::ColumnTwice`].
pub(super) fn of_key(words: &[String]) -> Result<Reference, Problem> {
    Ok(Reference::Key(key_of_words(words)?))
}

/// Whether a word gives a column a value.
fn is_value(word: &str) -> bool {
    word.contains('=') && !matches!(Word::parse(word), Err(DataverseError::BadValueWord { .. }))
}

/// The same for a record that an action is called on, once it is taken apart; `text` is all of it, and records are known by
/// their `name_column`, if that is known.
///
/// # Errors
/// [`DataverseError::BadRecordId`] for a name; [`ValueError::BadKey`] for `column=`.
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
