//! `connect`: sign in to an organisation and save the connection. The steps themselves are `session::sign_in`.

use clap::{Args, ValueEnum};

use crate::auth::{Authority, Prompt, RedirectUri};
use crate::commands::CommandError;
use crate::commands::admin_consent;
use crate::commands::auth_flags::{AuthFlags, Bound, refuse_foreign};
use crate::commands::browser_flags::BrowserFlags;
use crate::commands::certificate_flags::Opened;
use crate::commands::client_secret::ClientSecretFlags;
use crate::commands::default_connection::DefaultFlags;
use crate::commands::look_alike;
use crate::commands::organisations::{
    OrganisationsError, cloud, connect_chosen, connect_sharing, discovery_for, lend, mended, store_beside,
    with_settings_of,
};
use crate::commands::signing_in::connect;
use crate::connection::{App, Connection, ConnectionName, Flow, StoreKind};
use crate::context::Context;
use crate::problem::{Exit, Problem};
use crate::secret::Secret;
use crate::session::{SharedSignIn, Wait, Wanted};
use crate::settings::client_secret_from_environment;
use crate::tenant::{Discovery, TenantUrl};

/// Sign in to an organisation and save the connection
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  d365conn connect --tenant-url https://contoso.crm4.dynamics.com
  d365conn connect --tenant-url contoso.crm4.dynamics.com --name prod --read-only
  d365conn connect --tenant-url https://contoso.crm4.dynamics.com --client-id APP_ID
  d365conn connect --tenant-url https://contoso.crm4.dynamics.com --from contoso --name second
  printf %s \"$SECRET\" | d365conn connect --tenant-url https://contoso.crm4.dynamics.com --client-id WEB_APP_ID --client-secret-stdin
  d365conn connect --tenant-url https://contoso.crm4.dynamics.com --auth device
  printf %s \"$SECRET\" | d365conn connect --tenant-url https://contoso.crm4.dynamics.com --auth secret --client-id DAEMON_ID --client-secret-stdin
  d365conn connect --tenant-url https://contoso.crm4.dynamics.com --auth certificate --client-id DAEMON_ID --certificate nightly.pem
  d365conn connect --tenant-url https://contoso.crm4.dynamics.com --auth federated --client-id DAEMON_ID
  d365conn connect --tenant-url https://contoso.crm4.dynamics.com --auth managed-identity
  d365conn connect --tenant-url https://contoso.crm4.dynamics.com --auth az

Without --client-id the managed app signs in; --client-id always means an app of
your own. Register http://localhost as its redirect URI, under \"Mobile and desktop
applications\" (no secret) or \"Web\" (with one); `d365conn app setup` says how.

Without --tenant-url, on a terminal, you sign in first and choose from a list. One
sign-in serves every organisation of a tenant: --from NAME takes that of a saved
connection, and the browser is opened only where Entra refuses it.")]
pub struct Connect {
    /// The organisation's address, as it stands in the browser up to the first single slash
    #[arg(long, value_name = "URL")]
    tenant_url: Option<String>,
    /// Use the sign-in of this saved connection instead of the browser
    #[arg(long, value_name = "NAME", conflicts_with_all = ["client_id", "client_secret_stdin", "client_secret_file", "client_secret_prompt"])]
    from: Option<String>,
    /// Without `--tenant-url`, where to look: commercial, gcc, gcc-high, dod, china, or a sandbox's address
    #[arg(long, value_name = "CLOUD", value_parser = cloud, conflicts_with = "tenant_url")]
    cloud: Option<Discovery>,
    /// What to call the connection; the organisation's name when left out
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// Application (client) id of your own app registration
    #[arg(long, value_name = "ID")]
    client_id: Option<String>,
    #[command(flatten)]
    auth: AuthFlags,
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
    #[command(flatten)]
    default: DefaultFlags,
    /// Ask an administrator to grant your own app its permissions for everybody, and connect to nothing yet
    #[arg(long, conflicts_with_all = ["from", "name", "store", "read_only", "label", "default", "no_default"])]
    admin_consent: bool,
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

/// The ways to sign in through an app that the user names.
const HAVE_AN_APP: &[&str] = &["browser", "device", "secret", "certificate", "federated"];

impl Connect {
    /// Checks everything that can be checked without a network, then signs in, proves and saves.
    ///
    /// # Errors
    /// Whatever stood in the way; an existing connection of that name is then as it was.
    pub fn run(self, context: &Context) -> Result<Exit, Problem> {
        let wait = self.browser.begin_wait(context);
        let opened = self.opened(context)?;
        let tenant_url = self.tenant_url.as_deref().map(|text| mended(context, text)).transpose()?;
        let lender = self.from.as_deref().map(|name| context.saved_connection(Some(name))).transpose()?;
        if self.admin_consent {
            return self.ask_for_consent(context, tenant_url, wait);
        }
        if let Some(tenant_url) = &tenant_url {
            look_alike::ask(context, tenant_url)?;
        }
        if tenant_url.is_none() && (opened.flow != Flow::Browser || !context.screen.can_ask()) {
            return Err(OrganisationsError::TenantUrlNeeded.into());
        }
        let discovery = discovery_for(context, self.cloud.as_ref(), lender.as_ref())?;
        let shared = lender.as_ref().map(|lender| lend(context, lender)).transpose()?;
        let is_known = tenant_url.is_some();
        let wanted = self.wanted(
            context,
            opened,
            tenant_url.unwrap_or_else(|| discovery.url().clone()),
            lender.as_ref().zip(shared.as_ref()),
            wait,
        )?;
        let (name, opening) = (self.name.as_deref(), self.browser.opening());
        match shared {
            _ if !is_known => connect_chosen(context, &discovery, lender.as_ref(), wanted, name, opening),
            Some(shared) => connect_sharing(context, wanted, &shared, opening),
            None => connect(context, wanted, opening),
        }
    }

    fn wanted(
        &self,
        context: &Context,
        opened: Opened,
        tenant_url: TenantUrl,
        lender: Option<(&Connection, &SharedSignIn)>,
        wait: Wait,
    ) -> Result<Wanted, Problem> {
        let name = ConnectionName::parse(self.name.as_deref().unwrap_or_else(|| tenant_url.organisation()))?;
        if let Some(redirect_uri) = &self.redirect_uri {
            RedirectUri::parse(redirect_uri)?;
        }
        if let Some(tenant) = &self.tenant {
            Authority::for_tenant(&tenant_url, tenant)?;
        }
        let flagged = self.browser.response_mode()?;
        let wanted = Wanted {
            tenant_url,
            name,
            app: match &opened.flow {
                // Whose identity it is, the token tells.
                Flow::ManagedIdentity { .. } | Flow::Az => App::Own { client_id: String::new() },
                _ => context.app(self.client_id.as_deref())?,
            },
            client_secret: self.client_secret(context, &opened.flow)?,
            flow: opened.flow,
            certificate_password: opened.password,
            certificate: opened.kept,
            tenant: self.tenant.clone(),
            redirect_uri: self.redirect_uri.clone(),
            response_mode: flagged.or_else(|| Some(lender?.0.response_mode)).unwrap_or_default(),
            no_graph: self.browser.no_graph,
            login_hint: self.browser.login_hint.clone(),
            prompt: self.browser.prompt.map(Prompt::from),
            wait,
            store: store_beside(context, self.store.map(StoreKind::from), lender.map(|(lender, _)| lender))?,
            read_only: self.read_only,
            label: self.label.clone(),
            default_wish: self.default.wish(),
            bound_tenant: None,
            replaces: None,
        };
        Ok(match lender {
            Some((lender, shared)) => with_settings_of(lender, shared, wanted),
            None => wanted,
        })
    }

    /// How to sign in; every flag that was typed goes with it.
    fn opened(&self, context: &Context) -> Result<Opened, Problem> {
        let flow = self.auth.word();
        let own = [
            Bound { flag: "--client-id", is_typed: self.client_id.is_some(), flows: HAVE_AN_APP },
            Bound { flag: "--from", is_typed: self.from.is_some(), flows: &["browser"] },
            Bound { flag: "--redirect-uri", is_typed: self.redirect_uri.is_some(), flows: &["browser"] },
            Bound { flag: "--admin-consent", is_typed: self.admin_consent, flows: &["browser"] },
        ];
        let bound = own.into_iter().chain(self.browser.bound()).chain(self.client_secret.bound());
        refuse_foreign(flow, bound.chain(self.auth.bound()))?;
        if self.client_id.is_none() && ["secret", "certificate", "federated"].contains(&flow) {
            return Err(CommandError::ClientIdNeeded { flow }.into());
        }
        self.auth.opened(context)
    }

    fn ask_for_consent(self, context: &Context, tenant_url: Option<TenantUrl>, wait: Wait) -> Result<Exit, Problem> {
        let Self { tenant, client_id, redirect_uri, browser, .. } = self;
        let discovery = discovery_for(context, self.cloud.as_ref(), None)?;
        let asked = admin_consent::Asked { tenant_url, discovery, tenant, client_id, redirect_uri, browser, wait };
        admin_consent::ask(context, asked)
    }

    /// The app's secret, from the one place that was named; else from our environment, when an own app is meant.
    fn client_secret(&self, context: &Context, flow: &Flow) -> Result<Option<Secret>, Problem> {
        match flow {
            Flow::Browser => {}
            Flow::Secret => return self.client_secret.require(context).map(Some),
            _ => return Ok(None),
        }
        match (&self.client_id, self.client_secret.is_given()) {
            (None, false) => Ok(None),
            (None, true) => Err(CommandError::SecretOfNobody.into()),
            (Some(_), true) => self.client_secret.read(context),
            (Some(_), false) => Ok(client_secret_from_environment(&context.environment)?.map(|(secret, _)| secret)),
        }
    }
}
