//! The values of a record to write, as words or JSON, for every verb that writes one. What a value may be is not known here.

use clap::Args;

use crate::commands::CommandError;
use crate::context::Context;
use crate::dataverse::Body;
use crate::problem::Problem;

/// The words and the flag.
#[derive(Debug, Args)]
pub struct Values {
    /// `column=text` (`column=` leaves it empty), or `column:=JSON` for numbers, booleans and null
    #[arg(value_name = "COLUMN=VALUE")]
    values: Vec<String>,
    /// A JSON object: as text, `@file`, or `-` for stdin
    #[arg(long, value_name = "JSON|@FILE|-")]
    data: Option<String>,
}

impl Values {
    /// The record's body.
    ///
    /// # Errors
    /// When nothing was given, or it can't be read.
    pub(super) fn body(&self, context: &Context) -> Result<Body, Problem> {
        if self.values.is_empty() && self.data.is_none() {
            return Err(CommandError::NoValue.into());
        }
        let data = context.json_argument(self.data.as_deref())?;
        Ok(Body::parse(data.as_deref(), &self.values)?)
    }
}
