//! `list`: rows of a table, as many as asked for, as they arrive. How pages are cut and followed is not known here.

use clap::Args;

use crate::commands::records::columns::{Selection, selected};
use crate::commands::records::{Cells, Limit, Place, peek, resolved, show};
use crate::context::Context;
use crate::dataverse::{Asked, Client, Expand, Query, Table};
use crate::output::{Column, Format, sink};
use crate::problem::{Exit, Problem};

/// List records
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  d365conn accounts list --top 5
  d365conn accounts list --select name,revenue --order-by \"revenue desc\"
  d365conn contacts list --filter \"contains(fullname,'an')\" -o json
  d365conn leads list -o csv
  d365conn accounts list --view \"Active Accounts\"
  d365conn accounts list --mine --expand \"primarycontactid($select=fullname)\" -o json
  d365conn accounts list --select name,revenue --jq '[.name, .revenue]'
  d365conn incidents list --filter \"statecode eq 0\" -o id")]
pub struct List {
    /// Columns to show, separated by commas; `*` for all
    #[arg(long, value_name = "COLUMNS", value_delimiter = ',')]
    select: Option<Vec<String>>,
    /// Only rows for which this OData condition holds
    #[arg(long, value_name = "ODATA")]
    filter: Option<String>,
    /// Order, such as `name` or `revenue desc,name`
    #[arg(long, value_name = "COLUMNS")]
    order_by: Option<String>,
    /// Related records that come along, such as `primarycontactid($select=fullname)`
    #[arg(long, value_name = "ODATA")]
    expand: Option<String>,
    /// The rows and columns of this view, by its name or id
    #[arg(long, value_name = "NAME", conflicts_with_all = ["filter", "order_by", "expand", "mine", "count"])]
    view: Option<String>,
    /// Only rows that you own
    #[arg(long)]
    mine: bool,
    /// At most this many rows (on a terminal 50 when neither this nor --all is given, elsewhere every one)
    #[arg(long, value_name = "N", conflicts_with = "all", value_parser = clap::value_parser!(u64).range(1..))]
    top: Option<u64>,
    /// Every row there is, on a terminal too
    #[arg(long)]
    all: bool,
    /// Say on stderr how many rows match in total
    #[arg(long)]
    count: bool,
    /// Rows per page on the wire, at most 5000
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=5000))]
    page_size: Option<u32>,
    #[command(flatten)]
    cells: Cells,
}

impl List {
    /// Streams the rows from the service to the screen.
    pub(super) fn run(self, context: &Context, place: &Place) -> Result<Exit, Problem> {
        let selection = selected(self.select.as_deref())?;
        let expand = self.expand.as_deref().map(Expand::parse).transpose()?;
        let format = context.format()?;
        let client = context.client()?;
        context.block_on(async {
            let table = place.table(&client).await?;
            if let Some(view) = &self.view {
                return self.run_view(context, &client, &table, view, format, &selection).await;
            }
            let select = match format {
                Format::Id => vec![table.id_column.clone()],
                _ => selection.of(&client, &table).await?,
            };
            let (filter_typed, order_by) = (self.filter.as_deref(), self.order_by.as_deref());
            client.check_names(&table, Asked { filter: filter_typed, order_by, expand: expand.as_ref() }).await?;
            let mut shown = select.clone();
            if let Some(expand) = expand.as_ref().filter(|_| !shown.is_empty()) {
                shown.extend(expand.names().map(str::to_owned));
            }
            let wants_labels = self.cells.wants_labels(format);
            let limit = Limit::of(context, self.top, self.all);
            let query = Query {
                entity_set: table.entity_set.clone(),
                select,
                filter: filter(self.filter, self.mine),
                expand,
                order_by: self.order_by,
                top: limit.top(),
                page_size: self.page_size,
                count: self.count,
                annotations: wants_labels,
                ..Query::default()
            };
            let mut rows = client.rows(query);
            let columns: Vec<Column> = shown.iter().map(Column::named).collect();
            let sink = sink(format, &context.screen, self.cells.options(&table, false));
            let shown_rows = show(context, limit, &mut rows, sink, &columns, Vec::new()).await?;
            if let Some(total) = rows.total() {
                let at_least = if total >= 5000 { " or more" } else { "" };
                context.screen.note(&format!("{shown_rows} of {total}{at_least} matching records"));
            }
            limit.tell_of_more(context, rows.has_more());
            Ok(Exit::Done)
        })
    }

    /// The rows of a view, in its order, with its columns unless others were named.
    async fn run_view(
        &self,
        context: &Context,
        client: &Client,
        table: &Table,
        name: &str,
        format: Format,
        selection: &Selection,
    ) -> Result<Exit, Problem> {
        let view = client.view(table, name).await?;
        // A page that a view was saved with is not what is meant by its rows.
        let fetch = view.fetch.going_on();
        let limit = Limit::of(context, self.top, self.all).unless(fetch.is_bounded());
        let annotations = self.cells.wants_labels(format);
        let query = Query {
            fetch: Some(fetch),
            page_size: self.page_size,
            top: limit.top(),
            annotations,
            ..Query::of(&table.entity_set)
        };
        let mut rows = client.rows(query);
        let first = peek(&mut rows, Format::Tsv).await?;
        let wanted = match selection {
            Selection::Usual => view.columns,
            others => others.of(client, table).await?,
        };
        let wanted = resolved(client, table, &wanted, &first).await?;
        let columns: Vec<Column> = wanted.into_iter().map(Column::named).collect();
        let sink = sink(format, &context.screen, self.cells.options(table, false));
        show(context, limit, &mut rows, sink, &columns, first).await?;
        limit.tell_of_more(context, rows.has_more());
        Ok(Exit::Done)
    }
}

/// What is typed, and that it is the caller's own.
fn filter(typed: Option<String>, is_mine: bool) -> Option<String> {
    const MINE: &str = "Microsoft.Dynamics.CRM.EqualUserId(PropertyName='ownerid')";
    match (typed, is_mine) {
        (typed, false) => typed,
        (None, true) => Some(MINE.to_owned()),
        (Some(typed), true) => Some(format!("{MINE} and ({typed})")),
    }
}
