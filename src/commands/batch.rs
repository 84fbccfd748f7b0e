//! `batch`: several operations in one request, a verdict for each in their order. How they travel is not known here.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use clap::Args;
use serde_json::value::RawValue;

use crate::commands::CommandError;
use crate::context::Context;
use crate::dataverse::{
    BatchError, Client, Course, MOST_OPERATIONS, Operation, Outcome, SentOrShown, Verdict, operations,
};
use crate::output::problem::brief;
use crate::output::{Column, Format, Progress, SinkOptions, sink};
use crate::problem::{Exit, Problem};
use crate::record::Record;
use crate::settings::Changes;

/// How many operations travel together when nobody says.
const DEFAULT_SIZE: usize = 100;

/// Run several operations in as few requests as possible
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  d365conn batch operations.ndjson
  d365conn batch operations.ndjson --atomic
  d365conn batch operations.ndjson --dry-run
  echo '{\"method\": \"GET\", \"path\": \"accounts?$top=1\"}' | d365conn batch -

Each line is one JSON object: {\"id\", \"method\", \"path\", \"body\", \"headers\"}; id, body and headers may be left out.
The answers come in the same order, one line each: {\"id\", \"status\", \"record_id\", \"body\", \"error\"}.
With --atomic all of it happens or nothing, and \"$ID\" as a path or in an \"@odata.bind\" means what operation ID created.")]
pub struct Batch {
    /// File of operations, one JSON object a line; `-` for stdin
    file: String,
    /// All of it or nothing: one change set of at most 1000 operations, without reads
    #[arg(long)]
    atomic: bool,
    /// Leave out what comes after the first operation that fails
    #[arg(long, conflicts_with = "atomic")]
    stop_on_error: bool,
    /// Operations in one request
    #[arg(long, value_name = "N", conflicts_with = "atomic", value_parser = clap::value_parser!(u16).range(1..=1000))]
    size: Option<u16>,
}

impl Batch {
    /// Reads all lines before the first is sent.
    ///
    /// # Errors
    /// A line that is no operation, and whatever kept the first request from being taken.
    pub fn run(self, context: &Context) -> Result<Exit, Problem> {
        let place = if self.file == "-" { self.file.clone() } else { format!("@{}", self.file) };
        let text = context.json_argument(Some(&place))?.unwrap_or_default();
        let operations = operations(&text, self.atomic);
        if let Err(BatchError::MethodOverride { .. }) = operations {
            context.client()?.check_writable()?;
        }
        let operations = operations?;
        if self.atomic && operations.len() > MOST_OPERATIONS {
            return Err(BatchError::TooMany { count: operations.len() }.into());
        }
        let format = if context.settings.output.is_some() { context.format()? } else { Format::Ndjson };
        let client = context.client()?;
        let client = if operations.iter().any(Operation::is_change) { client.showing_reads() } else { client };
        client.check_operations(&operations)?;
        context.block_on(self.send(context, &client, &operations, format))
    }

    async fn send(
        &self,
        context: &Context,
        client: &Client,
        operations: &[Operation],
        format: Format,
    ) -> Result<Exit, Problem> {
        let options = SinkOptions { id_column: Some("record_id".to_owned()), ..SinkOptions::default() };
        let mut sink = sink(format, &context.screen, options);
        let course = Course { atomic: self.atomic, goes_on: !self.stop_on_error, may_repeat: false };
        let size = if self.atomic { MOST_OPERATIONS } else { self.size.map_or(DEFAULT_SIZE, usize::from) };
        let progress = Progress::start(&context.screen, &format!("0 of {} operations", operations.len()));
        let columns = ["id", "status", "record_id", "body", "error"].map(Column::named);
        // Programs are given what there is; rows need every cell.
        let columns = if format.is_json() { &[][..] } else { &columns[..] };
        let (mut failed, mut said, mut ended) = (0, 0, None);
        let is_shown = context.settings.changes == Changes::Shown && operations.iter().any(Operation::is_change);
        let (mut kinds, mut shown) = (BTreeSet::new(), 0);
        for now in operations.chunks(size) {
            // Of requests that are only shown the first of each kind tells enough.
            let known = kinds.len();
            kinds.extend(now.iter().map(|operation| operation.method.to_string()));
            if is_shown && kinds.len() == known {
                continue;
            }
            let outcomes = match &ended {
                Some(Ended::AtFailure) => now.iter().map(|_| Outcome::not_reached()).collect(),
                Some(Ended::Refused(why)) => now.iter().map(|_| Outcome::not_sent(why)).collect(),
                None => match client.batch(now, course).await {
                    Ok(SentOrShown::Sent(outcomes)) => outcomes,
                    Ok(SentOrShown::Shown) => {
                        shown += 1;
                        continue;
                    }
                    Err(error) if said == 0 => return Err(error.into()),
                    Err(error) => {
                        let why = error.to_string();
                        let outcomes = now.iter().map(|_| Outcome::not_sent(&why)).collect();
                        ended = Some(Ended::Refused(why));
                        outcomes
                    }
                },
            };
            if said == 0 {
                sink.begin(columns)?;
            }
            for (operation, outcome) in now.iter().zip(outcomes) {
                failed += usize::from(!outcome.is_done());
                sink.row(&row(operation, outcome)?)?;
            }
            sink.flush()?;
            said += now.len();
            progress.update(&format!("{said} of {} operations", operations.len()));
            if self.stop_on_error && failed > 0 && ended.is_none() {
                ended = Some(Ended::AtFailure);
            }
        }
        drop(progress);
        if is_shown {
            let (count, requests) = (operations.len(), operations.len().div_ceil(size));
            context
                .screen
                .note(&format!("{count} operations in {requests} requests; {shown} of them shown, none sent"));
            return Ok(Exit::Done);
        }
        sink.end()?;
        if failed == 0 {
            return Ok(Exit::Done);
        }
        context.screen.note(&format!("{failed} of {} operations failed", operations.len()));
        Ok(Exit::Partly)
    }
}

/// Why the operations that are left are not sent.
enum Ended {
    /// One failed, and that is where it was to end.
    AtFailure,
    /// The service takes no more.
    Refused(String),
}

/// JSON as it came; anything else as a text.
fn as_json(body: &str) -> String {
    match serde_json::from_str::<&RawValue>(body) {
        Ok(json) => json.get().to_owned(),
        Err(_) => serde_json::Value::from(body).to_string(),
    }
}

/// `{"id", "status", "record_id"?, "body"?, "error"?}`.
fn row(operation: &Operation, outcome: Outcome) -> Result<Record, Problem> {
    let mut text = format!("{{\"id\":{}", serde_json::Value::from(operation.id.as_str()));
    let _ = write!(text, ",\"status\":{}", serde_json::Value::from(outcome.status));
    match outcome.verdict {
        Verdict::Done { record, body } => {
            if let Some(record) = record {
                let _ = write!(text, ",\"record_id\":\"{record}\"");
            }
            if let Some(body) = body {
                let _ = write!(text, ",\"body\":{}", as_json(&body));
            }
        }
        Verdict::Failed(error) => {
            let _ = write!(text, ",\"error\":{}", brief(&error.into()));
        }
    }
    text.push('}');
    Record::parse(text).map_err(|_| CommandError::Bug { place: None }.into())
}
