//! What of a connection goes to another machine, and what becomes of it there without being saved. Nothing here seals or
//! opens a bundle.

use crate::connection::Connection;
use crate::problem::Problem;
use crate::session::kept::{CLIENT_SECRET, REFRESH_TOKEN, drop_access_token};
use crate::settings::{Credential, EnvironmentConnection};
use crate::store::{Bundle, BundleError, Secrets};

/// A connection packed for another machine: with what signs in, without the cached access token, which the other machine
/// asks for itself.
///
/// # Errors
/// [`BundleError::NothingToCarry`].
pub fn packed(connection: Connection, mut secrets: Secrets) -> Result<Bundle, BundleError> {
    drop_access_token(&mut secrets);
    if secrets.find(REFRESH_TOKEN).is_none() && secrets.find(CLIENT_SECRET).is_none() {
        return Err(BundleError::NothingToCarry { connection: connection.name.to_string() });
    }
    Ok(Bundle { connection, secrets })
}

/// The connection of a bundle that is used where it is, in memory only.
///
/// # Errors
/// [`BundleError::NothingToCarry`].
pub fn environment_connection(bundle: Bundle) -> Result<EnvironmentConnection, Problem> {
    let Bundle { connection, mut secrets } = bundle;
    let client_id = connection.app.client_id().to_owned();
    let credential = match (secrets.take(REFRESH_TOKEN), secrets.take(CLIENT_SECRET)) {
        (Some(token), client_secret) => Credential::RefreshToken { client_id, client_secret, token },
        (None, Some(client_secret)) => Credential::ClientSecret { client_id, client_secret },
        (None, None) => return Err(BundleError::NothingToCarry { connection: connection.name.to_string() }.into()),
    };
    Ok(EnvironmentConnection {
        tenant_url: connection.tenant_url,
        tenant: Some(connection.account.tenant).filter(|tenant| !tenant.is_empty()),
        credential,
        read_only: connection.read_only.then(|| connection.name.to_string()),
    })
}
