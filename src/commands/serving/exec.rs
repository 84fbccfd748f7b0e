//! `exec`: runs a program with a fresh token in its environment, and none of our secrets. The program takes our place, so
//! nothing of this command is there once it runs.

use std::ffi::OsString;
use std::time::Duration;

use clap::Args;

use crate::child::Program;
use crate::commands::serving::ServingError;
use crate::commands::serving::inheritance::inheritance;
use crate::commands::serving::lease::{Freshness, Lease};
use crate::commands::serving::masks::mask;
use crate::context::Context;
use crate::environment;
use crate::problem::{Exit, Problem};

/// The program can't renew its token, so one that is nearly over is renewed beforehand.
const WORTHWHILE: Duration = Duration::from_secs(30 * 60);

/// Run a program with a fresh access token in its environment
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  d365conn exec -- python3 nightly.py
  d365conn exec -c contoso -- d365conn accounts list --top 3

The program finds D365CONN_TENANT_URL, D365CONN_ACCESS_TOKEN and D365CONN_EXEC_CONNECTION, the
name of the connection; a d365conn in it uses them by itself. It inherits everything else but
our other secrets. It is looked up on the PATH, takes our place, and its exit status is ours:
127 when there is no such program, 126 when it can't be run, 128 + n when signal n ended it.

The token is not renewed: it lasts an hour or so, which -v tells exactly. A job that takes
longer calls `d365conn token` itself for each stretch of its work; under exec it names the
saved connection with -c \"$D365CONN_EXEC_CONNECTION\".")]
pub struct Exec {
    /// The program and its arguments
    #[arg(required = true, trailing_var_arg = true, value_name = "CMD")]
    words: Vec<OsString>,
}

impl Exec {
    /// Becomes the program.
    ///
    /// # Errors
    /// When it can't be run, or there is no token for it.
    pub fn run(self, context: &Context) -> Result<Exit, Problem> {
        if let Some(connection) = context.environment.raw(environment::EXEC_CONNECTION) {
            return Err(ServingError::Nested { connection: connection.to_string_lossy().into_owned() }.into());
        }
        let mut words = self.words.into_iter();
        let name = words.next().unwrap_or_default();
        // A slip of the finger costs no token.
        let program = Program::find(&name, context.environment.raw(environment::PATH))?;
        let target = context.target()?;
        let lease = Lease::take(context, Freshness::Rather(WORTHWHILE))?;
        mask(context, &lease.secret)?;
        let inherited = inheritance(&context.environment, &target, &lease);
        Err(program.take_over(&words.collect::<Vec<_>>(), &inherited).into())
    }
}
