//! `token`: an access token on stdout, for a script to use. It is never shown on a terminal that nobody asked to show it on.

use std::time::Duration;

use clap::Args;
use serde_json::json;

use crate::commands::serving::ServingError;
use crate::commands::serving::lease::{Freshness, Lease};
use crate::commands::serving::masks::mask;
use crate::context::Context;
use crate::output::{Format, object};
use crate::problem::{Exit, Problem};
use crate::settings::parse_duration;

/// Print an access token for a script
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  d365conn token --min-ttl 20m
  d365conn token -o json
  d365conn token -o header | curl -sS -H @- https://contoso.crm4.dynamics.com/api/data/v9.2/WhoAmI

In a shell: TOKEN=$(d365conn token). A token lasts an hour or so; a job that takes longer
calls this again for each stretch of its work: as long as the token is good, that costs
no request. D365CONN_OUTPUT is about rows and does not count here. In GitHub Actions and
Azure Pipelines the runner is told on stderr to mask the token. Never put it into an
argument: every user of the computer can read those.")]
pub struct Token {
    /// Output: json as Azure's tools print it, or header for an HTTP client; the token alone when left out
    #[arg(short, long, value_name = "json|header")]
    output: Option<String>,
    /// Renew a token that would end sooner than this, such as 20m [default: 5m, if Entra can be reached]
    #[arg(long, value_name = "DURATION", value_parser = parse_duration)]
    min_ttl: Option<Duration>,
    /// Print it on a terminal too
    #[arg(long)]
    show: bool,
}

/// What the token comes as.
enum Shape {
    Raw,
    Header,
    Json,
}

impl Shape {
    fn of(output: Option<&str>) -> Result<Self, ServingError> {
        match output {
            None => Ok(Self::Raw),
            Some("header") => Ok(Self::Header),
            Some("json") => Ok(Self::Json),
            Some(other) => Err(ServingError::UnknownShape { given: other.to_owned() }),
        }
    }
}

impl Token {
    /// Gets it and prints it.
    ///
    /// # Errors
    /// When it may not be printed here, or there is none.
    pub fn run(self, context: &Context) -> Result<Exit, Problem> {
        let shape = Shape::of(self.output.as_deref())?;
        if context.screen.is_terminal_stdout() && !self.show {
            return Err(ServingError::OnTerminal.into());
        }
        let lease = Lease::take(context, self.min_ttl.map_or(Freshness::Usual, Freshness::AtLeast))?;
        mask(context, &lease.secret)?;
        match shape {
            Shape::Raw => context.screen.line(lease.secret.expose())?,
            Shape::Header => context.screen.line(&format!("Authorization: Bearer {}", lease.secret.expose()))?,
            Shape::Json => {
                let on_the_wall = |end| context.clock.on_the_wall(end).strftime("%Y-%m-%d %H:%M:%S.000000").to_string();
                let fields = [
                    ("accessToken", json!(lease.secret.expose())),
                    // Local time without an offset, as `az account get-access-token` has it, for those who read no number.
                    ("expiresOn", json!(lease.end.map(on_the_wall))),
                    ("expires_on", json!(lease.end.map(jiff::Timestamp::as_second))),
                    ("tenant", json!(lease.tenant)),
                    ("tokenType", json!("Bearer")),
                ];
                object(&context.screen, Format::Json, &fields)?;
            }
        }
        Ok(Exit::Done)
    }
}
