//! Tokens of the identity that Azure gave the machine on which this runs: no user, no secret of ours, no refresh token.
//! Where to ask is told by the environment and judged in `endpoint.rs`; answers are judged in `answer.rs`. Nothing is kept.

mod answer;
mod arc;
mod endpoint;
mod error;

use std::path::Path;
use std::time::Duration;

use crate::auth::{AuthError, TokenSet};
use crate::clock::Clock;
use crate::connection::ManagedIdentity;
use crate::net::{Http, NetError, Response, retry_after};
use crate::tenant::TenantUrl;

use answer::Next;

pub use endpoint::IdentityEndpoint;
pub use error::IdentityError;

/// How long a connection to a machine's own metadata may take. It is there at once or not at all: a laptop shall hear of it
/// before its owner wonders.
const NEAR: Duration = Duration::from_secs(2);
/// The longest answer that is read, in bytes.
const LONGEST: usize = 256 * 1024;

/// A token for the organisation, of `identity`. It opens the organisation only where an administrator made an application
/// user for that identity; that is Dataverse's to say.
///
/// # Errors
/// [`AuthError::Identity`]; [`AuthError::Throttled`] when the endpoint asks for a longer pause than is worth waiting for.
pub async fn managed_identity_token(
    http: &Http,
    clock: &Clock,
    endpoint: &IdentityEndpoint,
    identity: &ManagedIdentity,
    tenant_url: &TenantUrl,
) -> Result<TokenSet, AuthError> {
    ask(http, clock, endpoint, identity, tenant_url, Path::new(arc::KEYS)).await
}

async fn ask(
    http: &Http,
    clock: &Clock,
    endpoint: &IdentityEndpoint,
    identity: &ManagedIdentity,
    tenant_url: &TenantUrl,
    keys: &Path,
) -> Result<TokenSet, AuthError> {
    // A bare origin is what the resource is called, without `/.default` and without a slash at its end.
    let request = endpoint.request(identity, tenant_url.as_str().trim_end_matches('/'))?;
    let http = http.connecting_within(NEAR);
    let mut key = None;
    let mut failures = 0;
    loop {
        let outgoing = match &key {
            None => request.clone(),
            Some(key) => arc::with_key(request.clone(), key),
        };
        let mut response = match http.send(endpoint.origin(), &outgoing, None).await {
            Ok(response) => response,
            Err(cause) => return Err(unreachable(endpoint, cause)),
        };
        if response.status == 401 && endpoint.is_arc() && key.is_none() {
            key = Some(arc::key_of(&response, keys)?);
            continue;
        }
        let pause = response.header("retry-after").and_then(|value| retry_after(value, clock.now()));
        let status = response.status;
        let body = read(&mut response).await.map_err(AuthError::from)?;
        match answer::next(endpoint.is_imds(), status, failures, pause) {
            Next::Take if status == 200 => {
                let odd = |what| AuthError::OddToken { host: endpoint.host(), what };
                return answer::tokens(&body, clock.now()).map_err(odd);
            }
            Next::Take => return Err(endpoint.refusal(status, &body, identity, tenant_url)),
            Next::Wait(pause) => clock.wait(pause).await,
            Next::GiveUp(wait) => return Err(AuthError::Throttled { host: endpoint.host(), wait }),
        }
        failures += 1;
    }
}

async fn read(response: &mut Response) -> Result<Vec<u8>, NetError> {
    response.body.read(LONGEST).await
}

/// Nobody listens: where nothing in the environment named a place, this is no machine of Azure's.
fn unreachable(endpoint: &IdentityEndpoint, cause: NetError) -> AuthError {
    IdentityError::Absent { looked_for: endpoint.looked_for(), cause: Some(Box::new(cause)) }.into()
}

#[cfg(test)]
mod tests;
