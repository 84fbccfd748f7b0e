//! Forgetting the secrets of a connection, for every command that lets one go. What else becomes of the connection is told
//! by the caller.

use std::time::Duration;

use crate::commands::CommandError;
use crate::connection::{Connection, ConnectionId, StoreKind};
use crate::context::Context;
use crate::problem::Problem;
use crate::store::{CredentialLock, DemandBook, HealthBook, StoreError};

/// How long another process may hold a connection before we say so.
pub(super) const LOCK_WAIT: Duration = Duration::from_secs(30);

/// Removes a connection's secrets, and then lets `and_then` remove what points at them, all under the connection's lock: a
/// refresh or a reconnect under way would bring them back. A store that can't be opened keeps them; what that means is
/// handed back, because it is no reason to keep the connection.
///
/// # Errors
/// When another process holds the connection, or the passphrase is not the right one: both can be tried again. What
/// `and_then` says.
pub(super) fn forget_secrets(
    context: &Context,
    connection: &Connection,
    and_then: impl FnOnce() -> Result<(), Problem>,
) -> Result<Option<CommandError>, Problem> {
    forget_filed(context, connection.name.as_str(), &connection.id, connection.store, and_then)
}

/// The same for secrets of which no more is known than what they are filed under.
///
/// # Errors
/// As [`forget_secrets`].
pub(super) fn forget_filed(
    context: &Context,
    name: &str,
    id: &ConnectionId,
    store: StoreKind,
    and_then: impl FnOnce() -> Result<(), Problem>,
) -> Result<Option<CommandError>, Problem> {
    let (places, vault) = (context.places()?, context.vault(store)?);
    let lock = context.block_on(async { Ok(CredentialLock::acquire(vault.as_ref(), id, LOCK_WAIT).await?) })?;
    let left = match vault.remove(id) {
        Ok(()) => None,
        Err(error @ (StoreError::WrongPassphrase { .. } | StoreError::EmptyPassphrase | StoreError::Passphrase(_))) => {
            return Err(error.into());
        }
        Err(source) => Some(CommandError::SecretsLeft {
            connection: name.to_owned(),
            place: store.place(),
            id: id.to_string(),
            source,
        }),
    };
    let left = left.or_else(|| forget_copy(context, name, id, store));
    let notes = HealthBook::new(places).forget(id).and_then(|()| DemandBook::new(places).strike(id));
    if let Err(error) = notes {
        context.trace().decision(|| format!("could not forget the health of the connection: {error}"));
    }
    and_then()?;
    drop(lock);
    Ok(left)
}

/// Removes what a move of the secrets that broke off left in the other store.
fn forget_copy(context: &Context, name: &str, id: &ConnectionId, store: StoreKind) -> Option<CommandError> {
    let copy = context.noted(id).copy_in.filter(|copy| *copy != store)?;
    let source = context.vault(copy).ok()?.remove(id).err()?;
    Some(CommandError::SecretsLeft { connection: name.to_owned(), place: copy.place(), id: id.to_string(), source })
}
