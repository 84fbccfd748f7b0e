//! `proxy`: a loopback address under which another program finds the organisation, until Ctrl-C. What is let through is
//! decided below; no request is read here.

use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use serde_json::json;

use crate::commands::records::NOUNS;
use crate::connection::Look;
use crate::context::Context;
use crate::net::{Origin, TokenSource};
use crate::output::Format;
use crate::problem::{Exit, Problem};
use crate::proxy::{Ending, Options, Proxy as Running, ProxyError, Scope};
use crate::settings::{Target, parse_duration};
use crate::tenant::TenantUrl;

/// Serve the organisation's Web API on this computer, with the bearer added
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  d365conn proxy
  d365conn proxy --read-only --allow-tables accounts,contacts
  d365conn proxy --port 8080 --idle-exit 30m -o json

It prints one line, http://127.0.0.1:PORT/SECRET, and serves until Ctrl-C. Another
program puts that line where the organisation's address would stand:
http://127.0.0.1:PORT/SECRET/api/data/v9.2/accounts. It needs no token and no login.

WHO HAS THE LINE CAN DO WHAT THE PROXY LETS THROUGH, as the user of the connection, as
long as it runs: keep it out of logs and repositories. Without the secret nothing is
let through, nor from a web page, nor under another name than 127.0.0.1 (`localhost`
may lead to another program). Only /api/data/ is reached; redirects aren't followed.
Next links, delta links, Location and OData-EntityId lead through the proxy; other
addresses in bodies, such as @odata.context, stay the organisation's own.

--read-only lets GET and HEAD through. A read-only connection is always served so, and
one that becomes read-only or is forgotten meanwhile at once. A function of your own
that writes although it is called by GET isn't noticed.

--allow-tables lets through a table's records: lists, one by key, /$count, create,
update, delete. Closed are $batch, functions, actions, properties and links behind a
record, $expand, $apply, fetchXml, saved views, paths across tables in $filter, and
bodies with records in records. Open to readers stay $metadata and WhoAmI. It limits
what is asked, not what the service does by itself: names of linked records come with
formatted values, lookups can be set and filtered by, a delete cascades, plug-ins run.
Headers that act for another user (MSCRMCallerID) pass, as far as the user may use them.

A body over 1 MiB is passed on as it arrives and can't be sent again: a token that is
refused meanwhile ends in 503, and the next try succeeds. A body or an answer that
falls silent for --timeout is broken off, and so is one of which less than 64 KiB pass
in ten times that.")]
pub struct Proxy {
    /// The port to listen on; a free one when left out
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    port: Option<u16>,
    /// Let only reads through
    #[arg(long)]
    read_only: bool,
    /// Let only these tables through: nouns, entity set names or logical names
    #[arg(long, value_name = "TABLES", value_delimiter = ',')]
    allow_tables: Option<Vec<String>>,
    /// End when nothing was let through for so long, such as 30m
    #[arg(long, value_name = "DURATION", value_parser = parse_duration)]
    idle_exit: Option<Duration>,
}

/// The connection that is served.
struct Served {
    name: Option<String>,
    tenant_url: TenantUrl,
    tokens: Arc<dyn TokenSource>,
    is_read_only: bool,
    look: Option<Look>,
}

impl Served {
    fn of(context: &Context) -> Result<Self, Problem> {
        let connection = match context.target()? {
            Target::Environment(connection) => {
                let tokens = context.tokens_of_environment(&connection)?;
                let is_read_only = connection.read_only.is_some();
                return Ok(Self { name: None, tenant_url: connection.tenant_url, tokens, is_read_only, look: None });
            }
            Target::Named(name) => context.saved_connection(Some(name.as_str()))?,
            Target::Default => context.saved_connection(None)?,
        };
        let tokens = context.tokens_of(&connection)?;
        let name = Some(connection.name.to_string());
        let look = Some(context.look_at(&connection)?);
        Ok(Self { name, tenant_url: connection.tenant_url, tokens, is_read_only: connection.read_only, look })
    }
}

impl Proxy {
    /// Starts it, says where it is, and stays.
    ///
    /// # Errors
    /// When the port is taken, a table is unknown, or the connection has no token.
    pub fn run(self, context: &Context) -> Result<Exit, Problem> {
        let format = context.format()?;
        let served = Served::of(context)?;
        context.block_on(async {
            let origin = Origin::of(&served.tenant_url);
            let scope =
                Scope { is_read_only: self.read_only || served.is_read_only, tables: self.entity_sets(context).await? };
            let proxy = Running::start(Options {
                port: self.port.unwrap_or(0),
                http: context.http_to_dataverse()?,
                origin: origin.clone(),
                tokens: Arc::clone(&served.tokens),
                scope: scope.clone(),
                look: served.look.clone(),
                screen: context.screen.clone(),
                trace: context.trace(),
            })
            .await?;
            // Who can't have a token now is told so now, and not with the first request of another program.
            served.tokens.token().await?;
            let mut ending = Ending::watch();
            let address = proxy.address().expose();
            match format {
                Format::Json | Format::Ndjson => {
                    let card = json!({ "url": address, "connection": served.name, "tenant_url": origin.as_str() });
                    context.screen.line(&card.to_string())?;
                }
                _ => context.screen.line(address)?,
            }
            context.screen.note(&told(&scope, &origin));
            let exit = tokio::select! {
                exit = told_by(&mut ending) => exit,
                () = idle(&proxy, self.idle_exit) => {
                    context.screen.note("nothing was asked for; the proxy ends");
                    Exit::Done
                }
            };
            tokio::select! {
                () = proxy.close() => {}
                // A second signal waits for nobody.
                _ = told_by(&mut ending) => {}
            }
            Ok(exit)
        })
    }

    /// The tables as they stand in addresses. A noun asks nobody; another name is looked up, and taken as it is by a user
    /// who may not look.
    async fn entity_sets(&self, context: &Context) -> Result<Option<Vec<String>>, Problem> {
        let Some(names) = &self.allow_tables else { return Ok(None) };
        let mut sets = Vec::new();
        for name in names.iter().map(|name| name.trim()) {
            if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
                return Err(ProxyError::NoTableName { name: name.to_owned() }.into());
            }
            let is_noun = |noun: &&crate::commands::records::Noun| {
                [Some(noun.word), noun.alias, Some(noun.table), Some(noun.entity_set)].contains(&Some(name))
            };
            sets.push(match NOUNS.iter().find(is_noun) {
                Some(noun) => noun.entity_set.to_owned(),
                None => match context.client()?.table_named(name).await {
                    Ok(table) => table.entity_set,
                    Err(error) if error.is_forbidden() => name.to_owned(),
                    Err(error) => return Err(error.into()),
                },
            });
        }
        Ok(Some(sets))
    }
}

async fn told_by(ending: &mut Option<Ending>) -> Exit {
    match ending {
        Some(ending) => ending.told().await,
        None => std::future::pending().await,
    }
}

async fn idle(proxy: &Running, limit: Option<Duration>) {
    match limit {
        Some(limit) => proxy.is_idle_for(limit).await,
        None => std::future::pending().await,
    }
}

fn told(scope: &Scope, origin: &Origin) -> String {
    let what = match (&scope.tables, scope.is_read_only) {
        (None, false) => "everything its user may do".to_owned(),
        (None, true) => "reading".to_owned(),
        (Some(tables), false) => tables.join(", "),
        (Some(tables), true) => format!("reading of {}", tables.join(", ")),
    };
    format!("serving {} for {what}; Ctrl-C ends it", origin.host())
}
