//! What of a connection goes to another machine, and what becomes of it there without being saved. Nothing here seals or
//! opens a bundle.

use crate::connection::{Connection, Flow};
use crate::problem::Problem;
use crate::session::kept::{CERTIFICATE, CERTIFICATE_PASSWORD, CLIENT_SECRET, REFRESH_TOKEN, drop_access_token};
use crate::settings::{Credential, EnvironmentConnection};
use crate::store::{Bundle, BundleError, Secrets, is_of_upload};

/// A connection packed for another machine: with what signs in, without the cached access token, which the other machine
/// asks for itself.
///
/// # Errors
/// [`BundleError::NothingToCarry`].
pub fn packed(connection: Connection, mut secrets: Secrets) -> Result<Bundle, BundleError> {
    drop_access_token(&mut secrets);
    let uploads: Vec<String> = secrets.names().filter(|name| is_of_upload(name)).map(str::to_owned).collect();
    for name in uploads {
        secrets.take(&name);
    }
    let is_enough = match &connection.flow {
        Flow::Secret => secrets.find(CLIENT_SECRET).is_some(),
        flow => flow.is_unattended() || secrets.find(REFRESH_TOKEN).is_some(),
    };
    if !is_enough {
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
    let client_secret = secrets.take(CLIENT_SECRET);
    let credential = match (connection.flow, secrets.take(REFRESH_TOKEN)) {
        (flow, _) if flow.is_unattended() => {
            let secret = client_secret.or_else(|| secrets.take(CERTIFICATE_PASSWORD));
            Credential::App { client_id, flow, secret, certificate: secrets.take(CERTIFICATE) }
        }
        (_, Some(token)) => {
            let variable = "the bundle";
            Credential::RefreshToken { client_id: Some(client_id), client_secret, token, variable }
        }
        (_, None) => return Err(BundleError::NothingToCarry { connection: connection.name.to_string() }.into()),
    };
    Ok(EnvironmentConnection {
        tenant_url: connection.tenant_url,
        tenant: Some(connection.account.tenant).filter(|tenant| !tenant.is_empty()),
        credential,
        read_only: connection.read_only.then(|| connection.name.to_string()),
    })
}
