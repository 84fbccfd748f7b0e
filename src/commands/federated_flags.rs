//! Who vouches for an app: a file that is named, else the runner of the job. What they say is not read here.

use std::path::PathBuf;

use clap::Args;

use crate::commands::CommandError;
use crate::commands::auth_flags::Bound;
use crate::connection::{AssertionSource, Flow};
use crate::context::Context;
use crate::paths::absolute;
use crate::problem::Problem;
use crate::settings::{assertion_source, federated_token_file};

/// Where another provider's token is.
#[derive(Debug, Args)]
pub struct FederatedFlags {
    /// With `--auth federated`: a file with the token of another identity provider, read anew for every sign-in
    #[arg(long, value_name = "FILE")]
    federated_token_file: Option<PathBuf>,
}

impl FederatedFlags {
    /// Its flags, which no other way to sign in has.
    pub(super) fn bound(&self) -> [Bound; 1] {
        let is_typed = self.federated_token_file.is_some();
        [Bound { flag: "--federated-token-file", is_typed, flows: &["federated"] }]
    }

    /// The choice, which is remembered: the file of the flag or of the environment, else GitHub Actions, else Azure Pipelines.
    ///
    /// # Errors
    /// When nobody is there who could vouch.
    pub(super) fn flow(&self, context: &Context) -> Result<Flow, Problem> {
        let environment = &context.environment;
        let named = match &self.federated_token_file {
            Some(file) => Some(file.clone()),
            None => federated_token_file(environment)?.map(|(file, _)| PathBuf::from(file)),
        };
        let source = match named {
            Some(file) => AssertionSource::File(absolute(&file).display().to_string()),
            None => assertion_source(environment)?.ok_or(CommandError::NobodyVouches)?,
        };
        Ok(Flow::Federated { source })
    }
}
