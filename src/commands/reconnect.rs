//! `reconnect`: sign in again in place, with the same settings. A connection that can't be signed in stays as it was.

use clap::Args;

use crate::auth::Prompt;
use crate::commands::CommandError;
use crate::commands::auth_flags::refuse_foreign;
use crate::commands::browser_flags::{BrowserFlags, PromptFlag};
use crate::commands::certificate_flags::CertificateFlags;
use crate::commands::client_secret::ClientSecretFlags;
use crate::commands::signing_in::connect;
use crate::connection::{App, Connection, ResponseMode};
use crate::context::Context;
use crate::problem::{Exit, Problem};
use crate::secret::Secret;
use crate::session::Wanted;
use crate::store::DefaultWish;

/// Sign in again with a saved connection's settings
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  d365conn reconnect
  d365conn reconnect contoso --prompt consent
  printf %s \"$SECRET\" | d365conn reconnect contoso-own --client-secret-stdin
  d365conn reconnect nightly --certificate renewed.pem

A client secret or certificate that is given here takes the place of the one before.")]
pub struct Reconnect {
    /// The connection; the default one when left out
    name: Option<String>,
    #[command(flatten)]
    client_secret: ClientSecretFlags,
    #[command(flatten)]
    certificate: CertificateFlags,
    #[command(flatten)]
    browser: BrowserFlags,
}

impl Reconnect {
    /// Signs in again and replaces the secrets.
    ///
    /// # Errors
    /// Whatever stood in the way.
    pub fn run(self, context: &Context) -> Result<Exit, Problem> {
        let old = context.saved_connection(self.name.as_deref())?;
        let bound = self.browser.bound().into_iter().chain(self.client_secret.bound()).chain(self.certificate.bound());
        refuse_foreign(old.flow.word(), bound)?;
        let opened = self.certificate.open_again(context, &old)?;
        let client_secret = self.client_secret(context, &old)?;
        let login_hint = match self.browser.prompt {
            // Entra refuses a hint beside the question which user it shall be.
            Some(PromptFlag::SelectAccount) => self.browser.login_hint,
            _ => self.browser.login_hint.or_else(|| Some(old.account.user.clone()).filter(|user| !user.is_empty())),
        };
        let wanted = Wanted {
            tenant_url: old.tenant_url.clone(),
            name: old.name.clone(),
            flow: opened.flow,
            app: old.app.clone(),
            client_secret,
            certificate_password: opened.password,
            certificate: opened.kept,
            tenant: old.tenant_override.clone(),
            redirect_uri: old.redirect_uri.clone(),
            response_mode: self.browser.response_mode.map_or(old.response_mode, ResponseMode::from),
            no_graph: self.browser.no_graph || old.no_graph,
            login_hint,
            prompt: self.browser.prompt.map(Prompt::from),
            wait: self.browser.wait,
            store: old.store,
            read_only: old.read_only,
            label: old.label.clone(),
            default_wish: DefaultWish::IfFirst,
            replaces: Some(old.id.clone()),
        };
        connect(context, wanted, self.browser.no_browser)
    }

    /// The renewed secret if one was given, else the one that is stored.
    fn client_secret(&self, context: &Context, old: &Connection) -> Result<Option<Secret>, Problem> {
        match (&old.app, self.client_secret.is_given()) {
            (App::Managed { .. }, true) => Err(CommandError::SecretOfNobody.into()),
            (App::Own { .. }, true) => self.client_secret.read(context),
            (_, false) if old.has_client_secret => context.stored_client_secret(old).map(Some),
            (_, false) => Ok(None),
        }
    }
}
