//! Asks an administrator, in the browser, to grant an app its permissions for everybody in a tenant. Nobody is signed in
//! by it and nothing is stored.

use std::time::Duration;

use crate::auth::{self, AdminConsentRequest, Authority, Granted, Listener, RedirectUri};
use crate::problem::Problem;
use crate::session::{SignIn, Step};
use crate::tenant::TenantUrl;

/// The consent that is wanted.
#[derive(Debug)]
pub struct ConsentWanted {
    /// The organisation, whose own answer names its tenant; `None` where only the tenant is known.
    pub tenant_url: Option<TenantUrl>,
    /// The address whose application the permission is for, where there is no organisation: the discovery service's.
    pub resource: TenantUrl,
    /// The tenant, instead of the one the organisation names.
    pub tenant: Option<String>,
    /// Application (client) id.
    pub client_id: String,
    /// Where the answer is awaited.
    pub redirect_uri: RedirectUri,
    /// Leave Microsoft Graph out.
    pub no_graph: bool,
    /// How long to wait for the administrator.
    pub wait: Duration,
}

impl SignIn<'_> {
    /// Opens the page, waits, and says what was granted.
    ///
    /// # Errors
    /// Whatever stood in the way, or that the administrator declined.
    pub async fn ask_for_consent(
        &self,
        wanted: &ConsentWanted,
        on_step: &dyn Fn(Step<'_>) -> Result<(), Problem>,
    ) -> Result<Granted, Problem> {
        let resource = wanted.tenant_url.as_ref().unwrap_or(&wanted.resource);
        let authority = match (&wanted.tenant_url, &wanted.tenant) {
            (Some(tenant_url), tenant) => {
                let found = auth::discover(self.http, tenant_url).await?;
                tenant.as_ref().map_or(Ok(found.clone()), |tenant| found.with_tenant(tenant))?
            }
            (None, Some(tenant)) => Authority::for_tenant(resource, tenant)?,
            (None, None) => Authority::for_any_tenant(resource)?,
        };
        on_step(Step::AuthorityFound(&authority))?;
        let listener = Listener::bind(&wanted.redirect_uri).await?;
        let uri = listener.redirect_uri();
        let request = AdminConsentRequest::new(resource, &authority, &wanted.client_id, &uri, wanted.no_graph)?;
        on_step(Step::ReadyToOpen { registered: wanted.redirect_uri.to_register(), url: &request.url })?;
        if let Err(error) = self.browser.open(&request.url) {
            on_step(Step::BrowserNotOpened(&error.into()))?;
        }
        let on_silence = || {
            // The wait can't be ended by a remark.
            let _ = on_step(Step::StillWaiting);
        };
        listener.wait_for_consent(&request, wanted.wait, on_silence).await
    }
}
