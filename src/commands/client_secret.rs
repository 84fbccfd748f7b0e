//! Where an app's client secret is taken from, shared by `connect` and `reconnect`. Never from the command line itself.

use std::path::PathBuf;

use clap::Args;

use crate::commands::auth_flags::Bound;
use crate::context::Context;
use crate::output::prompt;
use crate::problem::Problem;
use crate::secret::Secret;
use crate::settings::{client_secret_from_environment, secret_from_file};

/// The flag that a script uses where a person is asked.
const FLAG: &str = "--client-secret-stdin";

/// The places that can be named, of which one is.
#[derive(Debug, Args)]
#[group(multiple = false)]
pub struct ClientSecretFlags {
    /// Read the app's client secret from stdin
    #[arg(id = "client_secret_stdin", long = "client-secret-stdin")]
    stdin: bool,
    /// Read the app's client secret from a file
    #[arg(id = "client_secret_file", long = "client-secret-file", value_name = "FILE")]
    file: Option<PathBuf>,
    /// Ask for the app's client secret
    #[arg(id = "client_secret_prompt", long = "client-secret-prompt")]
    prompt: bool,
}

impl ClientSecretFlags {
    /// Whether a place was named.
    pub(super) fn is_given(&self) -> bool {
        self.stdin || self.file.is_some() || self.prompt
    }

    /// Those ways to sign in that have a secret.
    pub(super) fn bound(&self) -> [Bound; 3] {
        let flows = &["browser", "secret"];
        [
            Bound { flag: "--client-secret-stdin", is_typed: self.stdin, flows },
            Bound { flag: "--client-secret-file", is_typed: self.file.is_some(), flows },
            Bound { flag: "--client-secret-prompt", is_typed: self.prompt, flows },
        ]
    }

    /// The secret of an app that has one for certain: from the place that was named, else from the environment, else it is
    /// asked for.
    pub(super) fn require(&self, context: &Context) -> Result<Secret, Problem> {
        if let Some(secret) = self.read(context)? {
            return Ok(secret);
        }
        match client_secret_from_environment(&context.environment)? {
            Some((secret, _)) => Ok(secret),
            None => Self::ask(context),
        }
    }

    /// The secret, asked for.
    pub(super) fn ask(context: &Context) -> Result<Secret, Problem> {
        Ok(prompt::secret(&context.screen, "Client secret", FLAG)?)
    }

    /// The secret, from the place that was named.
    pub(super) fn read(&self, context: &Context) -> Result<Option<Secret>, Problem> {
        let screen = &context.screen;
        if let Some(file) = &self.file {
            return secret_from_file(file).map(Some);
        }
        // Whoever types it by hand shall not see it on the screen.
        if self.prompt || (self.stdin && screen.can_ask()) {
            return Ok(Some(prompt::secret(screen, "Client secret", FLAG)?));
        }
        if self.stdin {
            return Ok(Some(screen.read_stdin_secret()?));
        }
        Ok(None)
    }
}
