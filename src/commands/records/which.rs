//! Which record a verb that changes one means: an id, or `column=value`. A name alone is too little to change something by.

use crate::dataverse::{RecordId, Reference};
use crate::problem::Problem;

/// What was typed for a record.
///
/// # Errors
/// [`crate::dataverse::DataverseError::BadRecordId`] for what is neither.
pub(super) fn which(text: &str) -> Result<Reference, Problem> {
    match Reference::parse(text) {
        Reference::Name(_) => Ok(Reference::Id(RecordId::parse(text)?)),
        reference => Ok(reference),
    }
}
