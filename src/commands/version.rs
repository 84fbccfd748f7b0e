//! `version`: what this binary is. It touches nothing.

use clap::Args;
use serde_json::json;

use crate::context::Context;
use crate::output::object;
use crate::problem::{Exit, Problem};

/// Show the version of d365conn
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  d365conn version\n  d365conn version -o json")]
pub struct Version {}

impl Version {
    /// Shows it.
    ///
    /// # Errors
    /// When stdout can't be written.
    pub fn run(context: &Context) -> Result<Exit, Problem> {
        let fields = vec![
            ("name".to_owned(), json!(env!("CARGO_PKG_NAME"))),
            ("version".to_owned(), json!(env!("CARGO_PKG_VERSION"))),
            ("platform".to_owned(), json!(format!("{}-{}", std::env::consts::ARCH, std::env::consts::OS))),
        ];
        object(&context.screen, context.format()?, &fields)?;
        Ok(Exit::Done)
    }
}
