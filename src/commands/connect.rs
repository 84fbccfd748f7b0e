//! `connect`: sign in to an organisation and save the connection. The steps themselves are `session::sign_in`.

use clap::{Args, ValueEnum};

use crate::auth::{Authority, Prompt, RedirectUri};
use crate::commands::CommandError;
use crate::commands::browser_flags::BrowserFlags;
use crate::commands::client_secret::ClientSecretFlags;
use crate::commands::look_alike;
use crate::commands::signing_in::connect;
use crate::connection::{ConnectionName, ResponseMode, StoreKind};
use crate::context::Context;
use crate::problem::{Exit, Problem};
use crate::secret::Secret;
use crate::session::Wanted;
use crate::settings::{Settings, client_secret_from_environment};
use crate::tenant::TenantUrl;

/// Sign in to an organisation and save the connection
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  d365conn connect --tenant-url https://contoso.crm4.dynamics.com
  d365conn connect --tenant-url contoso.crm4.dynamics.com --name prod --read-only
  d365conn connect --tenant-url https://contoso.crm4.dynamics.com --client-id APP_ID
  printf %s \"$SECRET\" | d365conn connect --tenant-url https://contoso.crm4.dynamics.com --client-id WEB_APP_ID --client-secret-stdin

Without --client-id the managed app signs in; --client-id always means an app of
your own. Register http://localhost as its redirect URI, under \"Mobile and desktop
applications\" (no secret) or \"Web\" (with one).")]
pub struct Connect {
    /// The organisation's address, as it stands in the browser up to the first single slash
    #[arg(long, value_name = "URL")]
    tenant_url: String,
    /// What to call the connection; the organisation's name when left out
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// Application (client) id of your own app registration
    #[arg(long, value_name = "ID")]
    client_id: Option<String>,
    #[command(flatten)]
    client_secret: ClientSecretFlags,
    /// Entra tenant, instead of the one the organisation names
    #[arg(long, value_name = "TENANT")]
    tenant: Option<String>,
    /// Redirect URI of a registration with a fixed one, such as `http://localhost:8400/callback`
    #[arg(long, value_name = "URI")]
    redirect_uri: Option<String>,
    /// Where to keep the secrets
    #[arg(long, value_enum, value_name = "STORE")]
    store: Option<StoreFlag>,
    /// Refuse every write through this connection
    #[arg(long)]
    read_only: bool,
    /// A note shown before anything destructive
    #[arg(long, value_name = "TEXT")]
    label: Option<String>,
    /// Keep the present default connection
    #[arg(long)]
    no_default: bool,
    #[command(flatten)]
    browser: BrowserFlags,
}

/// Values of `--store`.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum StoreFlag {
    /// The operating system's keyring
    Keyring,
    /// One file, encrypted with a passphrase
    File,
}

impl From<StoreFlag> for StoreKind {
    fn from(flag: StoreFlag) -> Self {
        match flag {
            StoreFlag::Keyring => Self::Keyring,
            StoreFlag::File => Self::File,
        }
    }
}

impl Connect {
    /// Checks everything that can be checked without a network, then signs in, proves and saves.
    ///
    /// # Errors
    /// Whatever stood in the way; an existing connection of that name is then as it was.
    pub fn run(self, context: &Context) -> Result<Exit, Problem> {
        let parsed = TenantUrl::parse(&self.tenant_url)?;
        if !parsed.repairs.is_empty() {
            let repairs: Vec<String> = parsed.repairs.iter().map(ToString::to_string).collect();
            context.screen.note(&format!("{}: using {}", repairs.join(", "), parsed.url));
        }
        look_alike::ask(context, &parsed.url)?;
        let name = ConnectionName::parse(self.name.as_deref().unwrap_or_else(|| parsed.url.organisation()))?;
        if let Some(redirect_uri) = &self.redirect_uri {
            RedirectUri::parse(redirect_uri)?;
        }
        if let Some(tenant) = &self.tenant {
            Authority::for_tenant(&parsed.url, tenant)?;
        }
        let store = Settings::store(self.store.map(StoreKind::from), &context.environment)?;
        let app = context.app(self.client_id.as_deref())?;
        let client_secret = self.client_secret(context)?;
        let wanted = Wanted {
            tenant_url: parsed.url,
            name,
            app,
            client_secret,
            tenant: self.tenant,
            redirect_uri: self.redirect_uri,
            response_mode: self.browser.response_mode.map(ResponseMode::from).unwrap_or_default(),
            no_graph: self.browser.no_graph,
            login_hint: self.browser.login_hint,
            prompt: self.browser.prompt.map(Prompt::from),
            wait: self.browser.wait,
            store,
            read_only: self.read_only,
            label: self.label,
            becomes_default: !self.no_default,
            replaces: None,
        };
        connect(context, wanted, self.browser.no_browser)
    }

    /// The app's secret, from the one place that was named; else from our environment, when an own app is meant.
    fn client_secret(&self, context: &Context) -> Result<Option<Secret>, Problem> {
        match (&self.client_id, self.client_secret.is_given()) {
            (None, false) => Ok(None),
            (None, true) => Err(CommandError::SecretOfNobody.into()),
            (Some(_), true) => self.client_secret.read(context),
            (Some(_), false) => Ok(client_secret_from_environment(&context.environment)?.map(|(secret, _)| secret)),
        }
    }
}
