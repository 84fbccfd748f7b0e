//! `action run`: an action or function is done, and what it gives is shown. What it means is not known here.

use clap::Args;

use crate::commands::records::sure;
use crate::context::Context;
use crate::dataverse::{Bound, Call, Client, Given, Reference, SentOrShown, answer_records, link};
use crate::output::{Column, Format, SinkOptions, sink};
use crate::problem::{Exit, Problem};
use crate::record::Record;

/// Run an action or function
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  d365conn action run WhoAmI
  d365conn action run nl_WorkingDays From=2026-03-02 Until=2026-03-31
  d365conn action run nl_Escalate --on incident INCIDENT_ID Reason=\"The pump is down\"
  d365conn action run nl_OpenValue --on account ACCOUNT_ID -o json
  d365conn action run nl_OpenValue --on account@accountnumber=NL-0007
  d365conn action run nl_PlanVisit Customer=account:ACCOUNT_ID When=2026-12-01T09:00:00Z Topics:='[\"ice\"]'")]
pub struct Run {
    /// Its name; `d365conn action list` shows them
    name: String,
    /// `parameter=value`, or `parameter:=JSON`; a record is `table:ID`, `table@column=value` or `table:"Name"`
    #[arg(value_name = "PARAMETER=VALUE")]
    values: Vec<String>,
    /// What it is done to: a table, and the id of a record unless it is done to the whole table; `table:ID` and
    /// `table@column=value` do as well
    #[arg(long, num_args = 1..=2, value_names = ["TABLE", "ID"])]
    on: Vec<String>,
    /// The parameters as a JSON object: as text, `@file`, or `-` for stdin
    #[arg(long, value_name = "JSON|@FILE|-")]
    data: Option<String>,
}

impl Run {
    /// Runs it.
    pub(super) fn run(mut self, context: &Context) -> Result<Exit, Problem> {
        self.part_on_from_values();
        let target = self.target()?;
        let data = context.json_argument(self.data.as_deref())?;
        let format = context.format()?;
        let client = context.client()?;
        context.block_on(async {
            let callables = client.callables().await?;
            let bound = bound(&client, target).await?;
            let on = match &bound {
                Bound::Nothing => None,
                Bound::Record(table, _) => Some((table.logical_name.as_str(), true)),
                Bound::Set(table) => Some((table.logical_name.as_str(), false)),
            };
            let callable = callables.one(&self.name, on)?;
            let given = Given::parse(&callables, callable, &self.values, data.as_deref())?;
            if !callable.is_function {
                client.check_writable()?;
            }
            let arguments = given.arguments(&client).await?;
            let record = match &bound {
                Bound::Record(table, id) => format!(" on {} {id}", table.logical_name),
                Bound::Set(_) | Bound::Nothing => String::new(),
            };
            let call = Call { name: callable.name.clone(), bound, arguments };
            let SentOrShown::Sent(answer) = client.call(&call).await? else {
                return Ok(Exit::Done);
            };
            if let Some(answer) = answer {
                return show(context, format, &answer);
            }
            context.screen.note(&format!("ran {}{record}", callable.name));
            Ok(Exit::Done)
        })
    }

    /// `--on TABLE parameter=value`: what is no id belongs to the parameters.
    fn part_on_from_values(&mut self) {
        if self.on.get(1).is_some_and(|word| word.contains('=')) {
            self.values.extend(self.on.pop());
        }
    }

    /// The table and perhaps the record behind `--on`.
    fn target(&self) -> Result<Option<(String, Option<Reference>)>, Problem> {
        let Some(first) = self.on.first() else { return Ok(None) };
        let link = link(first)?;
        Ok(Some(match (link.table, self.on.get(1)) {
            (_, Some(id)) => (first.clone(), Some(sure(Reference::parse(id)?, id, None)?)),
            (Some(table), None) => (table.to_owned(), Some(sure(link.reference, first, None)?)),
            (None, None) => (first.clone(), None),
        }))
    }
}

async fn bound(client: &Client, target: Option<(String, Option<Reference>)>) -> Result<Bound, Problem> {
    let Some((name, reference)) = target else { return Ok(Bound::Nothing) };
    let table = client.table_named(&name).await?;
    Ok(match reference {
        Some(reference) => {
            let id = client.find_record(&table, &reference).await?;
            Bound::Record(table, id)
        }
        None => Bound::Set(table),
    })
}

/// An object as one record, a collection as rows; as many columns as there are members.
fn show(context: &Context, format: Format, answer: &[u8]) -> Result<Exit, Problem> {
    let (records, is_list) = answer_records(answer)?;
    let mut sink = sink(format, &context.screen, SinkOptions { single: !is_list, ..SinkOptions::default() });
    let names = records.first().map(Record::column_names).unwrap_or_default();
    let columns: Vec<Column> = names.into_iter().filter(|name| !name.contains('@')).map(Column::named).collect();
    sink.begin(&columns)?;
    for record in &records {
        sink.row(record)?;
    }
    sink.end()?;
    Ok(Exit::Done)
}
