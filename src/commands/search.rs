//! `search`: words looked for in every table at once. What the service makes of them is not known here.

use clap::Args;
use serde_json::{Value, json};

use crate::commands::records::{Limit, Noun};
use crate::context::Context;
use crate::dataverse::{Hit, Search as Looking};
use crate::output::{Column, SinkOptions, objects};
use crate::problem::{Exit, Problem};

/// Search for words in all tables
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  d365conn search alder
  d365conn search \"+alder +papier\" --table accounts --top 5
  d365conn search holm --table contacts --filter \"statecode eq 0\" -o id")]
pub struct Search {
    /// The words; + before one demands it, - excludes it, a * at its end stands for the rest
    text: String,
    /// Only these tables, separated by commas
    #[arg(long, value_name = "TABLES", value_delimiter = ',')]
    table: Vec<String>,
    /// At most this many records (on a terminal 50 when neither this nor --all is given, elsewhere every one)
    #[arg(long, value_name = "N", conflicts_with = "all", value_parser = clap::value_parser!(u64).range(1..))]
    top: Option<u64>,
    /// Every record that is found, on a terminal too
    #[arg(long)]
    all: bool,
    /// Only records for which this OData condition holds
    #[arg(long, value_name = "ODATA")]
    filter: Option<String>,
}

impl Search {
    /// Searches and shows what was found, the best first.
    ///
    /// # Errors
    /// Whatever kept the answer away.
    pub fn run(self, context: &Context) -> Result<Exit, Problem> {
        let table = |word: &String| Noun::find(word).map_or_else(|| word.clone(), |noun| noun.table.to_owned());
        let limit = Limit::of(context, self.top, self.all);
        let search = Looking {
            text: self.text,
            tables: self.table.iter().map(table).collect(),
            top: limit.top(),
            filter: self.filter,
        };
        search.check()?;
        let format = context.format()?;
        let client = context.client()?;
        let (hits, total) = context.block_on(async { Ok(client.search(&search).await?) })?;
        let columns: Vec<Column> = ["table", "id", "name", "score"].map(Column::named).into();
        let options = SinkOptions { id_column: Some("id".to_owned()), ..SinkOptions::default() };
        objects(&context.screen, format, &columns, hits.iter().map(fields), options)?;
        if let Some(total) = total.filter(|total| *total > hits.len() as u64) {
            let all = if limit.top().is_some() { "; add --all for every one, or --top N" } else { "" };
            context.screen.note(&format!("{} of {total} records found{all}", hits.len()));
        }
        Ok(Exit::Done)
    }
}

fn fields(hit: &Hit) -> Vec<(&'static str, Value)> {
    let score = serde_json::from_str(&hit.score).unwrap_or(Value::Null);
    vec![("table", json!(hit.table)), ("id", json!(hit.id)), ("name", json!(hit.name)), ("score", score)]
}
