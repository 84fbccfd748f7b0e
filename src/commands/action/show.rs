//! `action show`: what one action or function takes and gives.

use clap::Args;
use serde_json::{Value, json};

use crate::commands::action::told;
use crate::context::Context;
use crate::output::{Column, Format, SinkOptions, objects};
use crate::problem::{Exit, Problem};

/// Show what an action or function takes and gives
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  d365conn action show nl_Escalate
  d365conn action show QualifyLead -o json")]
pub struct Show {
    /// Its name
    name: String,
}

impl Show {
    /// Shows it; one of a name for several tables is shown for each.
    pub(super) fn run(self, context: &Context) -> Result<Exit, Problem> {
        let format = context.format()?;
        let client = context.client()?;
        context.block_on(async {
            let callables = client.callables().await?;
            let found = callables.named(&self.name)?;
            if format == Format::Table {
                for (position, it) in found.iter().enumerate() {
                    if position > 0 {
                        context.screen.line("")?;
                    }
                    context.screen.line(&told::page(&callables, it))?;
                }
                return Ok(Exit::Done);
            }
            let keys = ["name", "kind", "bound_to", "custom", "parameters", "returns", "members"];
            let columns: Vec<Column> = keys.iter().map(|key| Column::named(*key)).collect();
            let single = found.len() == 1;
            let rows = found.iter().map(|it| -> [(&str, Value); 7] {
                [
                    ("name", json!(it.name)),
                    ("kind", json!(it.kind())),
                    ("bound_to", json!(told::bound_to(it))),
                    ("custom", json!(it.is_custom())),
                    ("parameters", told::structured(&callables, it)),
                    ("returns", json!(it.result)),
                    ("members", told::members(&callables, it)),
                ]
            });
            let options = SinkOptions { id_column: Some("name".to_owned()), single, ..SinkOptions::default() };
            objects(&context.screen, format, &columns, rows, options)?;
            Ok(Exit::Done)
        })
    }
}
