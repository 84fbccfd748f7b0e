//! `action list`: which actions and functions there are.

use clap::Args;
use serde_json::{Value, json};

use crate::commands::action::told;
use crate::context::Context;
use crate::dataverse::Callable;
use crate::output::{Column, SinkOptions, objects};
use crate::problem::{Exit, Problem};

/// List actions and functions
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  d365conn action list --custom
  d365conn action list --bound-to lead
  d365conn action list -o json")]
pub struct List {
    /// Only those that are done to this table or its records
    #[arg(long, value_name = "TABLE")]
    bound_to: Option<String>,
    /// Only those that somebody added to the organisation
    #[arg(long)]
    custom: bool,
}

impl List {
    /// Lists them.
    pub(super) fn run(self, context: &Context) -> Result<Exit, Problem> {
        let format = context.format()?;
        let client = context.client()?;
        context.block_on(async {
            let table = match &self.bound_to {
                Some(name) => Some(client.table_named(name).await?.logical_name),
                None => None,
            };
            let callables = client.callables().await?;
            let is_wanted = |it: &&Callable| {
                (!self.custom || it.is_custom())
                    && table.as_deref().is_none_or(|table| it.is_for(table, true) || it.is_for(table, false))
            };
            let keys = ["name", "kind", "bound_to", "parameters", "custom"];
            let columns: Vec<Column> = keys.iter().map(|key| Column::new(*key, key.replace('_', " "))).collect();
            let rows = callables.all().iter().filter(is_wanted).map(|it| -> [(&str, Value); 5] {
                [
                    ("name", json!(it.name)),
                    ("kind", json!(it.kind())),
                    ("bound_to", json!(told::bound_to(it))),
                    ("parameters", json!(told::parameters(it))),
                    ("custom", json!(it.is_custom())),
                ]
            });
            let options = SinkOptions { id_column: Some("name".to_owned()), ..SinkOptions::default() };
            objects(&context.screen, format, &columns, rows, options)?;
            Ok(Exit::Done)
        })
    }
}
