//! `reconnect`: sign in again in place, with the same settings. A connection that can't be signed in stays as it was.

use clap::Args;

use crate::auth::Prompt;
use crate::commands::CommandError;
use crate::commands::auth_flags::refuse_foreign;
use crate::commands::browser_flags::{BrowserFlags, PromptFlag};
use crate::commands::certificate_flags::CertificateFlags;
use crate::commands::client_secret::ClientSecretFlags;
use crate::commands::signing_in::connect;
use crate::connection::{App, Connection, Flow};
use crate::context::Context;
use crate::problem::{Exit, Problem};
use crate::secret::Secret;
use crate::session::{CLIENT_SECRET, Wanted, client_secret_gone};
use crate::store::{DefaultWish, Secrets, StoreError};

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
        let wait = self.browser.begin_wait(context);
        let old = context.saved_connection(self.name.as_deref())?;
        let bound = self.browser.bound().into_iter().chain(self.client_secret.bound()).chain(self.certificate.bound());
        refuse_foreign(old.flow.word(), bound)?;
        let kept = self.kept(context, &old)?;
        let is_reused =
            matches!(&kept, Kept::Usable(_)) && !self.client_secret.is_given() && !self.certificate.is_given();
        // What is kept is shown to the tenant that it was made for; what is given now, to the one that is there now.
        let is_bound = is_reused && (old.has_client_secret || old.flow.is_unattended());
        let bound_tenant = Some(old.account.tenant.clone()).filter(|tenant| is_bound && !tenant.is_empty());
        let opened = self.certificate.open_again(context, &old, kept.secrets())?;
        let client_secret = self.client_secret(context, &old, kept)?;
        let response_mode = self.browser.response_mode()?.unwrap_or(old.response_mode);
        let opening = self.browser.opening();
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
            response_mode,
            no_graph: self.browser.no_graph || old.no_graph,
            login_hint,
            prompt: self.browser.prompt.map(Prompt::from),
            wait,
            store: old.store,
            read_only: old.read_only,
            label: old.label.clone(),
            default_wish: DefaultWish::IfFirst,
            bound_tenant,
            replaces: Some(old.id.clone()),
        };
        connect(context, wanted, opening)
    }

    /// What is kept of the connection. Where it was made for something else than the list says now, a person has to sign in,
    /// or the credential has to be given anew: else that is the end.
    fn kept(&self, context: &Context, old: &Connection) -> Result<Kept, Problem> {
        let is_secret_given = || self.client_secret.is_given() || context.screen.can_ask();
        let is_given_anew = |other: &StoreError| {
            matches!(other, StoreError::MadeForAnother { .. })
                && match &old.flow {
                    Flow::Secret => is_secret_given(),
                    Flow::Certificate { .. } => self.certificate.is_given(),
                    flow => !flow.is_unattended() && (!old.has_client_secret || is_secret_given()),
                }
        };
        match context.vault_of(old)?.read() {
            Ok(Some(secrets)) => Ok(Kept::Usable(secrets)),
            // What is gone or damaged is replaced by what comes of this sign-in.
            Ok(None) | Err(StoreError::FileVanished { .. } | StoreError::SecretsDamaged { .. }) => Ok(Kept::Nothing),
            Err(other) if is_given_anew(&other) => {
                context.screen.warn(&format!("{other}; nothing that is kept is used"));
                Ok(Kept::MadeForAnother)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// The renewed secret if one was given, else the one that is kept.
    fn client_secret(&self, context: &Context, old: &Connection, kept: Kept) -> Result<Option<Secret>, Problem> {
        match (&old.app, self.client_secret.is_given()) {
            (App::Managed { .. }, true) => Err(CommandError::SecretOfNobody.into()),
            (App::Own { .. }, true) => self.client_secret.read(context),
            (_, false) if old.has_client_secret => match kept {
                Kept::MadeForAnother => ClientSecretFlags::ask(context).map(Some),
                kept => Ok(Some(kept.secrets().find(CLIENT_SECRET).cloned().ok_or_else(|| client_secret_gone(old))?)),
            },
            (_, false) => Ok(None),
        }
    }
}

/// What is kept of a connection that signs in again.
enum Kept {
    /// It may be shown to those it was made for.
    Usable(Secrets),
    /// Nothing, or nothing whole.
    Nothing,
    /// It was made for something else than the connection is now.
    MadeForAnother,
}

impl Kept {
    fn secrets(&self) -> Secrets {
        match self {
            Self::Usable(secrets) => secrets.clone(),
            Self::Nothing | Self::MadeForAnother => Secrets::new(),
        }
    }
}
