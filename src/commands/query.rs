//! `query`: rows by an address of OData or by FetchXML. How pages are followed is not known here.

use clap::{ArgGroup, Args};

use crate::commands::api::Address;
use crate::commands::records::{Cells, LOOKED_AT, LateColumns, Limit, columns_of, peek, show};
use crate::context::Context;
use crate::dataverse::{Client, FetchXml, Query as Rows, Table};
use crate::output::{Column, Format, sink};
use crate::problem::{Exit, Problem};

/// Run a query in OData or FetchXML
#[derive(Debug, Args)]
#[command(
    group = ArgGroup::new("language").required(true),
    after_help = "Examples:
  d365conn query --odata 'accounts?$select=name&$filter=revenue gt 1000000'
  d365conn query --odata 'leads?$apply=groupby((leadqualitycode),aggregate($count as leads))' -o csv
  d365conn query --fetchxml '<fetch><entity name=\"account\"><attribute name=\"name\"/></entity></fetch>' -o json"
)]
pub struct Query {
    /// A collection beneath /api/data/v9.2/, with its options
    #[arg(long, value_name = "PATH", group = "language")]
    odata: Option<String>,
    /// FetchXML, @FILE or - for standard input
    #[arg(long, value_name = "XML", group = "language")]
    fetchxml: Option<String>,
    /// At most this many rows (on a terminal 50 when neither this nor --all is given, nor the query says so itself; elsewhere
    /// every one)
    #[arg(long, value_name = "N", conflicts_with = "all", value_parser = clap::value_parser!(u64).range(1..))]
    top: Option<u64>,
    /// Every row there is, on a terminal too; FetchXML with a `page` goes on from it
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    cells: Cells,
}

/// What was asked, in its language.
enum Asked {
    OData(Address),
    Fetch(FetchXml),
}

/// The question, and how much of its answer is wanted.
struct Question {
    rows: Rows,
    limit: Limit,
    /// The one page that was asked for.
    page: Option<String>,
    table: Option<Table>,
}

impl Query {
    /// Streams the rows from the service to the screen.
    ///
    /// # Errors
    /// When the query can't be read, or whatever kept the rows away.
    pub fn run(self, context: &Context) -> Result<Exit, Problem> {
        let asked = match (&self.odata, context.json_argument(self.fetchxml.as_deref())?) {
            (_, Some(text)) => Asked::Fetch(FetchXml::parse(&text)?),
            (path, None) => Asked::OData(Address::parse(path.as_deref().unwrap_or_default())?),
        };
        let format = context.format()?;
        let client = context.client()?;
        context.block_on(async {
            let Question { rows, limit, page, table } = self.question(context, &client, asked, format).await?;
            let mut rows = client.rows(rows);
            let first = peek(&mut rows, format).await?;
            let columns: Vec<Column> = columns_of(&first).into_iter().map(Column::named).collect();
            let sink = sink(format, &context.screen, self.cells.options_of(table.map(|table| table.id_column), false));
            let is_open = first.len() == LOOKED_AT && !matches!(format, Format::Id);
            let sink = if is_open { LateColumns::watched(sink, &context.screen, &first) } else { sink };
            show(context, limit, &mut rows, sink, &columns, first).await?;
            match page.filter(|_| rows.has_more()) {
                Some(page) => context.screen.note(&format!("that was page {page}, and there are more; --all goes on")),
                None => limit.tell_of_more(context, rows.has_more()),
            }
            Ok(Exit::Done)
        })
    }

    /// The question, and its table as far as that has to be known.
    async fn question(
        &self,
        context: &Context,
        client: &Client,
        asked: Asked,
        format: Format,
    ) -> Result<Question, Problem> {
        let annotations = self.cells.wants_labels(format);
        let limit = Limit::of(context, self.top, self.all);
        let asked = match asked {
            // Its pages are followed as those of any other FetchXML.
            Asked::OData(Address::Path(path)) => match Rows::fetch_in(&path) {
                Some(text) => Asked::Fetch(FetchXml::parse(&text)?),
                None => Asked::OData(Address::Path(path)),
            },
            asked => asked,
        };
        match asked {
            Asked::Fetch(fetch) => {
                let table = client.table_of(fetch.table()).await?;
                let fetch = if self.all { fetch.going_on() } else { fetch };
                let page = fetch.page_alone().map(str::to_owned);
                let limit = limit.unless(fetch.is_bounded());
                let rows = Rows { fetch: Some(fetch), top: limit.top(), annotations, ..Rows::of(&table.entity_set) };
                Ok(Question { rows, limit, page, table: Some(table) })
            }
            Asked::OData(address) => {
                let path = match address {
                    Address::Path(path) => path,
                    Address::Whole(link) => client.adopt(&link)?,
                };
                let rows = Rows { annotations, ..Rows::at(path) };
                let limit = limit.unless(rows.is_bounded());
                let set = rows.entity_set.clone();
                let table = if format == Format::Id { Some(client.table_in_set(&set).await?) } else { None };
                Ok(Question { rows: Rows { top: limit.top(), ..rows }, limit, page: None, table })
            }
        }
    }
}
