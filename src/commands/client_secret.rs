//! Where an app's client secret is taken from, shared by `connect` and `reconnect`. Never from the command line itself.

use std::path::PathBuf;

use clap::Args;

use crate::context::Context;
use crate::output::prompt;
use crate::problem::Problem;
use crate::secret::Secret;
use crate::settings::secret_from_file;

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
