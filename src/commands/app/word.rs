//! What may be typed after `app`, and how the answer is shown. What is to be registered is `guide`'s.

use clap::{Args, Subcommand};

use crate::auth::RedirectUri;
use crate::commands::app::guide::{Guide, Kind};
use crate::commands::app::page::page;
use crate::commands::organisations::{cloud, discovery_for, mended};
use crate::context::Context;
use crate::output::{Format, object};
use crate::problem::{Diagnose, Exit, Phrase, Problem, Who};
use crate::tenant::Discovery;

/// Register an app of your own in Entra
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  d365conn app setup --tenant-url https://fabrikam.crm4.dynamics.com")]
pub struct App {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Say what to register in Entra, ready to paste
    #[command(after_help = "Examples:
  d365conn app setup
  d365conn app setup --tenant-url https://fabrikam.crm4.dynamics.com --secret
  d365conn app setup --tenant-url https://fabrikam.crm4.dynamics.com --client-credentials
  d365conn app setup --cloud gcc-high -o json

Nothing is sent anywhere: the steps, the lines for the Azure CLI and the address for
an administrator's consent are only printed.")]
    Setup(Setup),
}

/// The flags of `app setup`.
#[derive(Debug, Args)]
struct Setup {
    /// The organisation's address; an example when left out
    #[arg(long, value_name = "URL")]
    tenant_url: Option<String>,
    /// Without `--tenant-url`, the cloud: commercial, gcc, gcc-high, dod or china
    #[arg(long, value_name = "CLOUD", value_parser = cloud, conflicts_with = "tenant_url")]
    cloud: Option<Discovery>,
    /// What to call the registration
    #[arg(long, value_name = "NAME", default_value = "d365conn")]
    name: String,
    /// The redirect URI that you will give to `connect`, if it is not `http://localhost`
    #[arg(long, value_name = "URI")]
    redirect_uri: Option<String>,
    /// An app with a client secret, registered under "Web"
    #[arg(long)]
    secret: bool,
    /// An app that signs in by itself, without a person
    #[arg(long, conflicts_with_all = ["redirect_uri", "secret"])]
    client_credentials: bool,
    /// Entra tenant, to be filled in where it is known
    #[arg(long, value_name = "TENANT")]
    tenant: Option<String>,
}

/// A guide that can't be given.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// The sandbox has no portal.
    #[error("nothing can be registered in the sandbox at {address}")]
    Sandbox {
        /// Its address.
        address: String,
    },
}

impl Diagnose for AppError {
    fn phrase(&self) -> &'static Phrase {
        match self {
            Self::Sandbox { .. } => &NO_APPS_IN_SANDBOX,
        }
    }

    fn facts(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::Sandbox { address } => vec![("tenant_url", address.clone())],
        }
    }
}

/// The phrases of this file.
pub const APP_PHRASES: &[&Phrase] = &[&NO_APPS_IN_SANDBOX];

static NO_APPS_IN_SANDBOX: Phrase = Phrase {
    code: "commands/no-apps-in-sandbox",
    exit: Exit::Usage,
    who: Who::You,
    meaning: "its apps are registered already, with and without a secret, and it prints their ids when it starts",
    remedy: &[
        "see the ids at {tenant_url} in a browser, and run `d365conn connect --tenant-url {tenant_url} --client-id ID`",
        "read the guide for a real organisation: `d365conn app setup --tenant-url https://ORG.crm.dynamics.com`",
    ],
};

impl App {
    /// Prints the guide.
    ///
    /// # Errors
    /// When a flag has a value that it can't have.
    pub fn run(self, context: &Context) -> Result<Exit, Problem> {
        let Action::Setup(setup) = self.action;
        let guide = setup.guide(context)?;
        // In a pipe it is still text that was asked for.
        let format = context.format()?;
        if context.settings.output.is_none() || format == Format::Table {
            context.screen.show(&page(&guide))?;
        } else {
            object(&context.screen, format, &guide.fields())?;
        }
        Ok(Exit::Done)
    }
}

impl Setup {
    fn guide(self, context: &Context) -> Result<Guide, Problem> {
        let tenant_url = self.tenant_url.as_deref().map(|text| mended(context, text)).transpose()?;
        let commercial = Discovery::named("commercial");
        let discovery = discovery_for(context, self.cloud.as_ref().or(commercial.as_ref()), None)?;
        let address = tenant_url.as_ref().unwrap_or(discovery.url());
        if address.is_sandbox() {
            return Err(AppError::Sandbox { address: address.to_string() }.into());
        }
        let redirect = self.redirect_uri.as_deref().map(RedirectUri::parse).transpose()?.unwrap_or_default();
        let kind = match (self.client_credentials, self.secret) {
            (true, _) => Kind::Daemon,
            (false, true) => Kind::Web(redirect),
            (false, false) => Kind::Desktop(redirect),
        };
        Guide::new(kind, self.name, tenant_url.as_ref(), &discovery, self.tenant)
    }
}
