//! The secrets of a saved connection, out of its store. What they are good for is not known here.

use crate::connection::Connection;
use crate::problem::Problem;
use crate::session::SessionError;
use crate::store::{Secrets, Vault};

/// The secrets of `connection`, which `vault` keeps.
///
/// # Errors
/// [`SessionError::SecretsGone`], or that the store can't be read.
pub fn stored_secrets(vault: &dyn Vault, connection: &Connection) -> Result<Secrets, Problem> {
    let gone = || SessionError::SecretsGone { connection: connection.name.to_string(), store: connection.store.word() };
    Ok(vault.read(&connection.id)?.ok_or_else(gone)?)
}
