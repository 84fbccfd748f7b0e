//! `connections discover`: which organisations the user can reach, and on a terminal, which of them to connect to next.
//! How a list is got and how a sign-in is shared is `organisations`'.

use clap::Args;

use crate::auth::{Authority, Prompt};
use crate::commands::browser_flags::BrowserFlags;
use crate::commands::organisations::{
    Found, KEYS, Listed, OrganisationsError, TABLE_KEYS, choose, cloud, connect_sharing, discovery_for, find,
    find_in_browser, lender_in, store_beside, tell_of_browser, with_settings_of,
};
use crate::commands::signing_in::browser;
use crate::connection::{Connection, ConnectionName, Flow};
use crate::context::Context;
use crate::output::{Column, Format, SinkOptions, objects};
use crate::problem::{Diagnose as _, Exit, Problem};
use crate::session::{NotShared, Wait, Wanted};
use crate::settings::Settings;
use crate::store::DefaultWish;
use crate::tenant::Discovery;

/// The flags of `connections discover`.
#[derive(Debug, Args)]
pub struct Discover {
    /// Where to look: commercial, gcc, gcc-high, dod or china, or the address of a sandbox
    #[arg(long, value_name = "CLOUD", value_parser = cloud)]
    cloud: Option<Discovery>,
    /// Sign in for the list, even if a saved connection could ask for it
    #[arg(long)]
    sign_in: bool,
    /// Application (client) id of your own app registration, for a sign-in
    #[arg(long, value_name = "ID")]
    client_id: Option<String>,
    /// Entra tenant of a sign-in; any that the user belongs to when left out
    #[arg(long, value_name = "TENANT")]
    tenant: Option<String>,
    #[command(flatten)]
    browser: BrowserFlags,
}

impl Discover {
    pub(super) fn run(self, context: &Context) -> Result<Exit, Problem> {
        let wait = self.browser.begin_wait(context);
        let format = context.format()?;
        let lender = if self.sign_in { None } else { lender_in(context, self.cloud.as_ref())? };
        let discovery = discovery_for(context, self.cloud.as_ref(), lender.as_ref())?;
        let (found, lender) = match lender {
            None => (self.sign_in(context, &discovery, wait)?, None),
            Some(lender) => match find(context, &discovery, &lender) {
                Ok(found) => (found, Some(lender)),
                Err(NotShared::Refused(refused)) if self.may_open_browser(context) => {
                    tell_of_browser(context, &refused);
                    (self.sign_in(context, &discovery, wait)?, None)
                }
                Err(not_shared) => return Err(not_shared.into_problem()),
            },
        };
        if found.listed.is_empty() {
            let none = OrganisationsError::NoOrganisation { cloud: discovery.cloud().name };
            context.screen.note(&format!("{none}: {}", none.phrase().meaning));
            for line in none.phrase().remedy_with(&none.facts()) {
                context.screen.note(&format!("- {line}"));
            }
        }
        let is_asked = format == Format::Table && context.screen.is_terminal_stdout() && context.screen.can_ask();
        if !is_asked || found.listed.iter().all(|listed| listed.usable.is_none()) {
            return show(context, format, &found.listed);
        }
        match choose(context, &found.listed, "Which one to connect to? Enter for none", "--no-input")? {
            None => Ok(Exit::Done),
            Some(Listed { connected: Some(connection), .. }) => {
                context.screen.note(&format!("`{connection}` is connected to it already"));
                context.screen.note(&format!("next: d365conn -c {connection} accounts list"));
                Ok(Exit::Done)
            }
            Some(chosen) => self.connect(context, &discovery, chosen, &found, lender.as_ref(), wait),
        }
    }

    fn may_open_browser(&self, context: &Context) -> bool {
        browser(context, self.browser.opening()).is_ok()
    }

    fn sign_in(&self, context: &Context, discovery: &Discovery, wait: Wait) -> Result<Found, Problem> {
        if !self.may_open_browser(context) {
            return Err(OrganisationsError::NobodySignedIn { cloud: discovery.cloud().name }.into());
        }
        find_in_browser(context, discovery, &self.draft(context, discovery, wait)?, self.browser.opening())
    }

    /// The connection that may be made, before its organisation is known.
    fn draft(&self, context: &Context, discovery: &Discovery, wait: Wait) -> Result<Wanted, Problem> {
        if let Some(tenant) = &self.tenant {
            Authority::for_tenant(discovery.url(), tenant)?;
        }
        Ok(Wanted {
            tenant_url: discovery.url().clone(),
            name: ConnectionName::parse("discovery")?,
            flow: Flow::Browser,
            app: context.app(self.client_id.as_deref())?,
            client_secret: None,
            certificate_password: None,
            certificate: None,
            tenant: self.tenant.clone(),
            redirect_uri: None,
            response_mode: self.browser.response_mode()?.unwrap_or_default(),
            no_graph: self.browser.no_graph,
            login_hint: self.browser.login_hint.clone(),
            prompt: self.browser.prompt.map(Prompt::from),
            wait,
            store: Settings::store(None, &context.environment)?,
            read_only: false,
            label: None,
            default_wish: DefaultWish::IfFirst,
            bound_tenant: None,
            replaces: None,
        })
    }

    fn connect(
        &self,
        context: &Context,
        discovery: &Discovery,
        chosen: &Listed,
        found: &Found,
        lender: Option<&Connection>,
        wait: Wait,
    ) -> Result<Exit, Problem> {
        let Some(tenant_url) = chosen.usable.clone() else { return Ok(Exit::Done) };
        let name = ConnectionName::parse(tenant_url.organisation())?;
        let wanted = Wanted { tenant_url, name, ..self.draft(context, discovery, wait)? };
        let wanted = match lender {
            Some(lender) => {
                let store = store_beside(context, None, Some(lender))?;
                let response_mode = self.browser.response_mode()?.unwrap_or(lender.response_mode);
                with_settings_of(lender, &found.shared, Wanted { response_mode, store, ..wanted })
            }
            None => wanted,
        };
        connect_sharing(context, wanted, &found.shared, self.browser.opening())
    }
}

fn show(context: &Context, format: Format, listed: &[Listed]) -> Result<Exit, Problem> {
    if listed.is_empty() && format == Format::Table {
        return Ok(Exit::Done);
    }
    let options = SinkOptions { id_column: Some("url".to_owned()), ..SinkOptions::default() };
    let keys: &[&str] = if format == Format::Table { &TABLE_KEYS } else { &KEYS };
    let columns: Vec<Column> = keys.iter().copied().map(Column::named).collect();
    objects(&context.screen, format, &columns, listed.iter().map(Listed::fields), options)?;
    Ok(Exit::Done)
}
