//! Forgetting the secrets of a connection, for every command that lets one go. The list of connections is not touched here.

use std::time::Duration;

use crate::commands::CommandError;
use crate::connection::{Connection, ConnectionId, StoreKind};
use crate::context::Context;
use crate::problem::Problem;
use crate::store::{CredentialLock, HealthBook, StoreError};

/// How long another process may hold a connection before we say so.
pub(super) const LOCK_WAIT: Duration = Duration::from_secs(30);

/// Removes a connection's secrets, under its lock: a refresh under way would bring them back. A store that can't be opened
/// keeps them; what that means is handed back, because it is no reason to keep the connection.
///
/// # Errors
/// When another process holds the connection, or the passphrase is not the right one: both can be tried again.
pub(super) fn forget_secrets(context: &Context, connection: &Connection) -> Result<Option<CommandError>, Problem> {
    forget_filed(context, connection.name.as_str(), &connection.id, connection.store)
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
) -> Result<Option<CommandError>, Problem> {
    let places = context.places()?;
    let _lock = context.block_on(async { Ok(CredentialLock::acquire(places, id, LOCK_WAIT).await?) })?;
    let left = match context.vault(store)?.remove(id) {
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
    if let Err(error) = HealthBook::new(places).forget(id) {
        context.trace().decision(|| format!("could not forget the health of the connection: {error}"));
    }
    Ok(left)
}
