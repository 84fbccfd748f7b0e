//! The secrets of a saved connection, out of its store, and what a token among them says that they were made for.

use crate::auth::BearerClaims;
use crate::connection::{Connection, Witness};
use crate::problem::Problem;
use crate::session::SessionError;
use crate::session::kept::stored_token;
use crate::store::{ResidentVault, Secrets, StoreError};

/// The secrets of the connection that `vault` belongs to.
///
/// # Errors
/// [`SessionError::SecretsGone`]; [`SessionError::Disconnected`] where another command has let the connection go meanwhile;
/// [`StoreError::MadeForAnother`]; that the store can't be read.
pub fn stored_secrets(vault: &ResidentVault) -> Result<Secrets, Problem> {
    let read = vault.read();
    if matches!(read, Ok(None) | Err(StoreError::SecretsDamaged { .. })) && !vault.is_listed()? {
        let connection = vault.connection();
        let (connection, tenant_url) = (connection.name.to_string(), connection.tenant_url.to_string());
        return Err(SessionError::Disconnected { connection, tenant_url }.into());
    }
    let connection = vault.connection();
    let gone = || SessionError::SecretsGone { connection: connection.name.to_string(), store: connection.store.word() };
    Ok(read?.ok_or_else(gone)?)
}

/// What the access token among `secrets` says that it was issued for, if there is one that says anything.
#[must_use]
pub fn testimony(secrets: &Secrets) -> Option<Witness> {
    let claims = BearerClaims::of(&stored_token(secrets)?.token.secret);
    let witness = Witness {
        audiences: claims.audiences().map(str::to_owned).collect(),
        client_id: claims.app().map(str::to_owned),
        tenant: claims.tenant,
    };
    Some(witness).filter(|witness| *witness != Witness::default())
}

/// That a connection whose app needs a secret has none any more.
#[must_use]
pub fn client_secret_gone(connection: &Connection) -> SessionError {
    SessionError::ClientSecretGone { connection: connection.name.to_string(), store: connection.store.word() }
}
