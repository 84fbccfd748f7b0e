//! Which saved connection may lend its sign-in, and whose discovery service is asked. Nothing is asked here.

use crate::commands::organisations::OrganisationsError;
use crate::connection::Connection;
use crate::context::Context;
use crate::problem::Problem;
use crate::settings::Target;
use crate::tenant::{CLOUDS, Discovery};

/// The connection that flags and environment mean; else the default one, else any, of the cloud that is meant.
///
/// # Errors
/// When there is no such connection, or it is in another cloud.
pub fn lender_in(context: &Context, cloud: Option<&Discovery>) -> Result<Option<Connection>, Problem> {
    let is_of = |connection: &Connection| {
        cloud.is_none_or(|cloud| Discovery::beside(&connection.tenant_url).as_ref() == Some(cloud))
    };
    if matches!(context.target()?, Target::Default) {
        let saved = context.registry()?.read()?;
        // An application has no list of its own: the service lists what a user can reach.
        let lends = |connection: &&Connection| is_of(connection) && !connection.flow.is_unattended();
        return Ok(saved.default().into_iter().chain(saved.iter()).find(lends).cloned());
    }
    let named = context.saved_connection(None)?;
    match cloud {
        Some(cloud) if !is_of(&named) => Err(OrganisationsError::OtherCloud {
            connection: named.name.to_string(),
            theirs: named.tenant_url.cloud().name,
            wanted: cloud.cloud().name,
        }
        .into()),
        _ => Ok(Some(named)),
    }
}

/// The discovery service that is meant: the one named, else that of `lender` or of the default connection, else the
/// commercial cloud's.
///
/// # Errors
/// When the saved connections can't be read.
pub fn discovery_for(
    context: &Context,
    cloud: Option<&Discovery>,
    lender: Option<&Connection>,
) -> Result<Discovery, Problem> {
    if let Some(cloud) = cloud {
        return Ok(cloud.clone());
    }
    let saved = context.registry()?.read()?;
    let beside = lender.or_else(|| saved.default()).and_then(|lender| Discovery::beside(&lender.tenant_url));
    let commercial = || CLOUDS.first().and_then(Discovery::of_cloud);
    let cloud = CLOUDS.first().map_or("", |cloud| cloud.name);
    Ok(beside.or_else(commercial).ok_or(OrganisationsError::NoOrganisation { cloud })?)
}
