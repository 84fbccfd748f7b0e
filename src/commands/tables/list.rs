//! `tables list`: every table by its names. What a table is made of is not known here.

use clap::Args;
use serde_json::json;

use crate::context::Context;
use crate::output::{Column, Format, SinkOptions, objects};
use crate::problem::{Exit, Problem};

/// The keys of `tables list`, in order; they are promised.
const KEYS: [&str; 9] = [
    "logical_name",
    "entity_set",
    "label",
    "schema_name",
    "id_column",
    "name_column",
    "type_code",
    "is_activity",
    "is_custom",
];
/// Those of them that fit on a terminal side by side.
const TABLE_KEYS: [&str; 5] = ["logical_name", "entity_set", "label", "id_column", "name_column"];

/// List the tables of the organisation
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  d365conn tables list
  d365conn tables list --custom -o json
  d365conn tables list -o id

What is learned of tables is kept for a day; --refresh asks again.")]
pub struct List {
    /// Only tables that did not come with the platform
    #[arg(long)]
    custom: bool,
    /// Ask the organisation again instead of using what is remembered
    #[arg(long)]
    refresh: bool,
}

impl List {
    /// Lists them.
    pub(super) fn run(self, context: &Context) -> Result<Exit, Problem> {
        let format = context.format()?;
        let client = context.client()?;
        if self.refresh {
            client.forget_metadata();
        }
        let tables = context.block_on(async { Ok(client.tables().await?) })?;
        let keys = if format == Format::Table { &TABLE_KEYS[..] } else { &KEYS[..] };
        let columns: Vec<Column> = keys.iter().map(|key| Column::new(*key, key.replace('_', " "))).collect();
        let rows = tables.iter().filter(|table| !self.custom || table.is_custom).map(|table| {
            [
                ("logical_name", json!(table.logical_name)),
                ("entity_set", json!(table.entity_set)),
                ("label", json!(table.label)),
                ("schema_name", json!(table.schema_name)),
                ("id_column", json!(table.id_column)),
                ("name_column", json!(table.name_column)),
                ("type_code", json!(table.type_code)),
                ("is_activity", json!(table.is_activity)),
                ("is_custom", json!(table.is_custom)),
            ]
        });
        let options = SinkOptions { id_column: Some("logical_name".to_owned()), ..SinkOptions::default() };
        objects(&context.screen, format, &columns, rows, options)?;
        Ok(Exit::Done)
    }
}
