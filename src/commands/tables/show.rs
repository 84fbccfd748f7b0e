//! `tables show`: one table, or one kind of its parts. How a part is described is told beside this file.

use clap::{ArgAction, Args};
use serde_json::json;

use crate::commands::tables::parts;
use crate::context::Context;
use crate::dataverse::{Client, ColumnKind, Definition, Detail};
use crate::output::{Column, Format, SinkOptions, object, objects};
use crate::problem::{Exit, Problem};

/// Show one table: its names, or its columns, choices, relationships or keys
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  d365conn tables show account
  d365conn tables show accounts --columns
  d365conn tables show incident --choices -o csv
  d365conn tables show contact --relationships -o json
  d365conn tables show account --keys

The navigation property of a lookup, as `--relationships` shows it, is what stands before
`@odata.bind` and in `--expand`.")]
pub struct Show {
    /// The table, by logical name (account), entity set name (accounts) or schema name (Account)
    table: String,
    #[command(flatten)]
    part: Part,
    /// Ask the organisation again instead of using what is remembered
    #[arg(long)]
    refresh: bool,
}

/// The kind of part that is shown; the table's names without one.
#[derive(Debug, Args)]
#[group(multiple = false)]
struct Part {
    /// Its columns: type, whether required, who may write them, limits
    #[arg(long, action = ArgAction::Count)]
    columns: u8,
    /// The labels and values of its choices, states and status reasons
    #[arg(long, action = ArgAction::Count)]
    choices: u8,
    /// Its lookups, collections and many-to-many relationships
    #[arg(long, action = ArgAction::Count)]
    relationships: u8,
    /// Its alternate keys
    #[arg(long, action = ArgAction::Count)]
    keys: u8,
}

impl Show {
    /// Shows it.
    pub(super) fn run(self, context: &Context) -> Result<Exit, Problem> {
        let format = context.format()?;
        let client = context.client()?;
        if self.refresh {
            client.forget_metadata();
        }
        let has_details = self.part.relationships + self.part.keys == 0;
        let table = context.block_on(definition(&client, &self.table, has_details))?;
        let ((keys, fitting), rows) = match self.part {
            Part { columns: 1.., .. } => ((&parts::COLUMNS.0[..], parts::COLUMNS.1), parts::columns(&table)),
            Part { choices: 1.., .. } => ((&parts::CHOICES.0[..], parts::CHOICES.1), parts::choices(&table)),
            Part { relationships: 1.., .. } => {
                ((&parts::RELATIONSHIPS.0[..], parts::RELATIONSHIPS.1), parts::relationships(&table))
            }
            Part { keys: 1.., .. } => ((&parts::KEYS.0[..], parts::KEYS.1), parts::keys(&table)),
            Part { .. } => return summary(context, format, &table),
        };
        let shown = if format == Format::Table { &keys[..fitting] } else { keys };
        let columns: Vec<Column> = shown.iter().map(|key| Column::new(*key, key.replace('_', " "))).collect();
        let options = SinkOptions { id_column: keys.first().map(|key| (*key).to_owned()), ..SinkOptions::default() };
        objects(&context.screen, format, &columns, rows, options)?;
        Ok(Exit::Done)
    }
}

async fn definition(client: &Client, name: &str, has_details: bool) -> Result<std::sync::Arc<Definition>, Problem> {
    let table = client.table_named(name).await?;
    let definition = client.definition(&table.logical_name, &[]).await?;
    if !has_details {
        return Ok(definition);
    }
    let mut details: Vec<Detail> = definition.columns.iter().filter_map(|column| column.kind.detail()).collect();
    details.sort_unstable();
    details.dedup();
    Ok(client.definition(&table.logical_name, &details).await?)
}

fn summary(context: &Context, format: Format, table: &Definition) -> Result<Exit, Problem> {
    let names = &table.names;
    let has_choices = |kinds: &[ColumnKind]| table.columns.iter().filter(|column| kinds.contains(&column.kind)).count();
    let choices = has_choices(&[ColumnKind::Choice, ColumnKind::Choices, ColumnKind::State, ColumnKind::Status]);
    let fields = [
        ("logical_name", json!(names.logical_name)),
        ("entity_set", json!(names.entity_set)),
        ("schema_name", json!(names.schema_name)),
        ("label", json!(names.label)),
        ("id_column", json!(names.id_column)),
        ("name_column", json!(names.name_column)),
        ("type_code", json!(names.type_code)),
        ("is_activity", json!(names.is_activity)),
        ("is_custom", json!(names.is_custom)),
        ("columns", json!(parts::columns(table).len())),
        ("choice_columns", json!(choices)),
        ("lookups", json!(table.many_to_one.len())),
        ("collections", json!(table.one_to_many.len())),
        ("many_to_many", json!(table.many_to_many.len())),
        ("keys", json!(table.keys.len())),
    ];
    if format == Format::Id {
        context.screen.line(&names.logical_name)?;
    } else {
        object(&context.screen, format, &fields)?;
    }
    Ok(Exit::Done)
}
