//! `connections check`: whether saved connections work, asked live: each renews its token and asks the organisation who it
//! is, several side by side. What a check found is shown here; how a token is renewed is not known.

use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::commands::CommandError;
use crate::commands::connections::checked::{Checked, Proof};
use crate::connection::Connection;
use crate::context::Context;
use crate::dataverse::{Client, ClientParts};
use crate::net::{Origin, TokenSource as _};
use crate::output::{Column, Format, Lines, Progress, SinkOptions, objects, problem};
use crate::problem::{Exit, Problem};
use crate::session::Session;

/// So many connections are checked side by side.
const AT_ONCE: usize = 8;
/// How long a busy organisation may keep a check waiting.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// Those columns that fit on a terminal side by side.
const TABLE_KEYS: [&str; 6] = ["name", "tenant_url", "status", "organisation", "days_left", "code"];

/// See whether saved connections work
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  d365conn connections check
  d365conn connections check contoso -o json
  d365conn connections check --all

Each connection's sign-in is renewed, which also begins its days anew: a refresh token
that is not used for 90 days dies. Ends with 10 when a connection does not work.")]
pub(super) struct Check {
    /// The connection; the default one when left out
    #[arg(conflicts_with = "all")]
    name: Option<String>,
    /// Every saved connection
    #[arg(long)]
    all: bool,
}

impl Check {
    pub(super) fn run(self, context: &Context) -> Result<Exit, Problem> {
        let format = context.format()?;
        let connections = context.saved_connections(self.name.as_deref(), self.all)?;
        if connections.is_empty() {
            context.screen.note("there is no connection to check");
        }
        let checked = check_all(context, connections)?;
        show(context, format, &checked)?;
        Ok(if checked.iter().all(Checked::is_well) { Exit::Done } else { Exit::Unwell })
    }
}

/// What checking one connection takes, apart from everything that only this thread may touch.
struct Way {
    session: Arc<Session>,
    client: Client,
}

impl Way {
    fn to(context: &Context, connection: &Connection) -> Result<Self, Problem> {
        let session = context.session_of(connection)?;
        let client = Client::new(ClientParts {
            http: context.http()?.clone(),
            origin: Origin::of(&connection.tenant_url),
            tokens: Arc::<Session>::clone(&session),
            clock: context.clock.clone(),
            max_wait: context.settings.max_wait.min(LONGEST_WAIT),
            read_only: Some(connection.name.to_string()),
            trace: context.trace(),
        });
        Ok(Self { session, client })
    }

    /// The refresh token is proved first: a cached access token would hide that it is dead.
    async fn prove(&self) -> Result<Proof, Problem> {
        let access_token_ends = match self.session.renewed().await? {
            Some(_) => None,
            None => self.session.token().await?.expires_on,
        };
        let ids = self.client.who_am_i().await?;
        // A user without the right to read its name may still connect.
        let organisation = self.client.organisation().await.ok().map(|organisation| organisation.friendly_name);
        Ok(Proof { ids, organisation, access_token_ends })
    }
}

/// Checks them all, a bounded number side by side, and gives back what was found in the order asked for.
fn check_all(context: &Context, connections: Vec<Connection>) -> Result<Vec<Checked>, Problem> {
    let count = connections.len();
    let mut outcomes: Vec<Option<Result<Proof, Problem>>> = connections.iter().map(|_| None).collect();
    let progress = Progress::start(&context.screen, &format!("checking {}", counted(count)));
    context.block_on(async {
        let slots = Arc::new(Semaphore::new(AT_ONCE));
        let mut under_way = JoinSet::new();
        for (place, connection) in connections.iter().enumerate() {
            match Way::to(context, connection) {
                Err(problem) => outcomes[place] = Some(Err(problem)),
                Ok(way) => {
                    let slots = Arc::clone(&slots);
                    under_way.spawn(async move {
                        let _slot = slots.acquire_owned().await;
                        (place, way.prove().await)
                    });
                }
            }
        }
        while let Some(ended) = under_way.join_next().await {
            let (place, outcome) = ended.map_err(|_| CommandError::Bug { place: None })?;
            outcomes[place] = Some(outcome);
            let left = outcomes.iter().filter(|outcome| outcome.is_none()).count();
            progress.update(&format!("checking {}, {left} to go", counted(count)));
        }
        Ok(())
    })?;
    let found = connections.into_iter().zip(outcomes);
    Ok(found.filter_map(|(connection, outcome)| Some(Checked::of(context, connection, outcome?))).collect())
}

fn counted(connections: usize) -> String {
    if connections == 1 { "1 connection".to_owned() } else { format!("{connections} connections") }
}

/// One row a connection; on a terminal what is wrong is told in full below, on standard error.
fn show(context: &Context, format: Format, checked: &[Checked]) -> Result<(), Problem> {
    let keys: &[&str] = if format == Format::Table { &TABLE_KEYS } else { &Checked::KEYS };
    let columns: Vec<Column> = keys.iter().copied().map(Column::named).collect();
    let options = SinkOptions { id_column: Some("name".to_owned()), ..SinkOptions::default() };
    objects(&context.screen, format, &columns, checked.iter().map(Checked::fields), options)?;
    if format == Format::Table {
        for problem in checked.iter().filter_map(|checked| checked.outcome.as_ref().err()) {
            context.screen.say(&Lines::default().blank());
            problem::show(&context.screen, problem, false);
        }
    }
    Ok(())
}
