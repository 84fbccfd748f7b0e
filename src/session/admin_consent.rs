//! Asks an administrator, in the browser, to grant an app its permissions for everybody in a tenant. Nobody is signed in
//! by it and nothing is stored.

use crate::auth::{self, AdminConsentRequest, AuthError, Authority, Granted, Listener, RedirectUri};
use crate::problem::Problem;
use crate::session::prompt_wait::Meanwhile;
use crate::session::{OnStep, SignIn, Step, Wait};
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
    pub wait: Wait,
}

impl ConsentWanted {
    /// The same request as a command that can be typed again.
    fn command(&self) -> String {
        let mut command = format!("d365conn connect --admin-consent --client-id {}", self.client_id);
        for (flag, value) in
            [("--tenant-url", self.tenant_url.as_ref().map(TenantUrl::as_str)), ("--tenant", self.tenant.as_deref())]
        {
            if let Some(value) = value {
                command = format!("{command} {flag} {value}");
            }
        }
        command
    }
}

impl SignIn<'_> {
    /// Opens the page, waits, and says what was granted.
    ///
    /// # Errors
    /// Whatever stood in the way, or that the administrator declined.
    pub async fn ask_for_consent(&self, wanted: &ConsentWanted, on_step: &OnStep<'_>) -> Result<Granted, Problem> {
        let resource = wanted.tenant_url.as_ref().unwrap_or(&wanted.resource);
        let authority = match (&wanted.tenant_url, &wanted.tenant) {
            (Some(tenant_url), tenant) => {
                let found = auth::discover(self.http, tenant_url).await?;
                tenant.as_ref().map_or(Ok(found.clone()), |tenant| found.with_tenant(tenant))?
            }
            (None, Some(tenant)) => Authority::for_tenant(resource, tenant)?,
            (None, None) => Authority::for_any_tenant(resource)?,
        };
        drop(on_step(Step::AuthorityFound(&authority)));
        let listener = Listener::bind(&wanted.redirect_uri).await?;
        let uri = listener.redirect_uri();
        let request = AdminConsentRequest::new(resource, &authority, &wanted.client_id, &uri, wanted.no_graph)?;
        let turned_away = |why| {
            drop(on_step(Step::TurnedAway(why)));
        };
        let answer = listener.consent(&request, turned_away);
        let waiting = Meanwhile::new(self.browser, wanted.wait, on_step);
        let is_late = || {
            let again = wanted.command();
            let (longest, redirect_uri) = (wanted.wait.in_all(), request.redirect_uri.clone());
            AuthError::TimedOut { waited: longest, redirect_uri, again, consent: None, leaner: None }.into()
        };
        waiting.answer((wanted.redirect_uri.to_register(), &request.url), answer, is_late).await
    }
}
