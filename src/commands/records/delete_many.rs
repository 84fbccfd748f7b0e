//! Deleting many: the records for which a condition holds, or whose ids come on stdin, counted before the first one goes, and a
//! verdict for each.
//! How they travel is not known here.

use std::collections::HashSet;

use serde_json::json;

use crate::commands::records::Place;
use crate::commands::records::many_error::ManyError;
use crate::commands::summary;
use crate::context::Context;
use crate::dataverse::{
    Asked, Client, Course, Operation, Outcome, Query, RecordId, Reference, SentOrShown, Table, Verdict,
};
use crate::output::problem::brief;
use crate::output::{Format, Progress, object};
use crate::problem::{Exit, Problem};

/// How many deletions travel together.
const TOGETHER: usize = 100;
/// A deletion may be sent twice, and one that fails does not keep the others.
const COURSE: Course = Course { atomic: false, goes_on: true, may_repeat: true };

/// Deletes the records of these ids, which nobody has looked at: with a question, unless their number was foreseen.
pub(super) fn run_ids(
    context: &Context,
    place: &Place,
    references: &[Reference],
    expected: Option<u64>,
) -> Result<Exit, Problem> {
    let mut known = HashSet::new();
    let ids: Vec<RecordId> = references
        .iter()
        .filter_map(|reference| if let Reference::Id(id) = reference { Some(*id) } else { None })
        .filter(|id| known.insert(*id))
        .collect();
    check_count(expected, ids.len())?;
    if ids.is_empty() {
        context.screen.note("no ids came on stdin");
        return Ok(Exit::Done);
    }
    let format = context.format()?;
    let client = context.client()?;
    client.check_writable()?;
    if ids.len() > 1 && expected.is_none() {
        let place = context.warning_of_target();
        context.confirm_change(&format!("Delete {} records{place}?", ids.len()))?;
    }
    context.block_on(async {
        let table = place.table(&client).await?;
        delete(context, &client, format, &table, &ids, false).await
    })
}

/// Refuses another number of ids than was foreseen.
pub(super) fn check_count(expected: Option<u64>, found: usize) -> Result<(), Problem> {
    let found = found as u64;
    match expected.filter(|expected| *expected != found) {
        Some(expected) => Err(ManyError::IdsDiffer { expected, found }.into()),
        None => Ok(()),
    }
}

/// Counts, asks, deletes.
pub(super) fn run(context: &Context, place: &Place, filter: &str, expected: Option<u64>) -> Result<Exit, Problem> {
    if filter.trim().is_empty() {
        return Err(ManyError::EmptyFilter.into());
    }
    let format = context.format()?;
    let client = context.client()?;
    client.check_writable()?;
    let (table, ids) = context.block_on(async {
        let table = place.table(&client).await?;
        client.check_names(&table, Asked { filter: Some(filter), ..Asked::default() }).await?;
        let ids = matching(&client, &table, filter).await?;
        Ok((table, ids))
    })?;
    let found = ids.len() as u64;
    if let Some(expected) = expected.filter(|expected| *expected != found) {
        return Err(ManyError::CountDiffers { expected, found }.into());
    }
    if ids.is_empty() {
        context.screen.note("no record matches");
        return Ok(Exit::Done);
    }
    if found > 1 {
        let place = context.warning_of_target();
        context.confirm_change(&format!("Delete {found} {} records{place}?", table.logical_name))?;
    }
    context.block_on(delete(context, &client, format, &table, &ids, true))
}

/// The ids of all records for which the condition holds.
async fn matching(client: &Client, table: &Table, filter: &str) -> Result<Vec<RecordId>, Problem> {
    let query = Query {
        select: vec![table.id_column.clone()],
        filter: Some(filter.to_owned()),
        ..Query::of(&table.entity_set)
    };
    let mut rows = client.rows(query);
    let mut ids = Vec::new();
    while let Some(row) = rows.next().await? {
        let id = row.cell(&table.id_column).map(|cell| cell.text().into_owned()).unwrap_or_default();
        ids.push(RecordId::parse(&id)?);
    }
    Ok(ids)
}

async fn delete(
    context: &Context,
    client: &Client,
    format: Format,
    table: &Table,
    ids: &[RecordId],
    were_there: bool,
) -> Result<Exit, Problem> {
    // What is gone at a second try may have gone at the first one, but only if it is known to have been there.
    let course = Course { may_repeat: were_there, ..COURSE };
    let progress = Progress::start(&context.screen, &format!("0 of {} records", ids.len()));
    let (mut said, mut failed) = (0, 0);
    for now in ids.chunks(TOGETHER) {
        let operations: Vec<Operation> = now.iter().map(|id| Operation::delete(table, id)).collect();
        let outcomes = match client.batch(&operations, course).await {
            Ok(SentOrShown::Sent(outcomes)) => outcomes,
            Ok(SentOrShown::Shown) => {
                drop(progress);
                let (count, requests) = (ids.len(), ids.len().div_ceil(TOGETHER));
                let shown = if requests == 1 { "it is shown" } else { "the first is shown" };
                context.screen.note(&format!(
                    "{count} {} records would be deleted, in {requests} requests; {shown}",
                    table.logical_name
                ));
                return Ok(Exit::Done);
            }
            Err(error) if said == 0 => return Err(error.into()),
            Err(error) => now.iter().map(|_| Outcome::not_sent(&error.to_string())).collect(),
        };
        for (id, outcome) in now.iter().zip(outcomes) {
            match outcome.verdict {
                // Somebody else was faster, or our own first try was.
                Verdict::Failed(error) if were_there && error.is_not_found() => {
                    summary::changed(context, format, table, id, "deleted", None)?;
                }
                Verdict::Done { .. } => {
                    summary::changed(context, format, table, id, "deleted", None)?;
                }
                Verdict::Failed(error) => {
                    failed += 1;
                    tell(context, format, table, id, &error.into())?;
                }
            }
        }
        said += now.len();
        progress.update(&format!("{said} of {} records", ids.len()));
    }
    drop(progress);
    if failed == 0 {
        return Ok(Exit::Done);
    }
    context.screen.note(&format!("{failed} of {} records were not deleted", ids.len()));
    Ok(Exit::Partly)
}

/// A record that is still there, or may be.
fn tell(context: &Context, format: Format, table: &Table, id: &RecordId, problem: &Problem) -> Result<(), Problem> {
    context.screen.warn(&format!("{} {id} was not deleted: {problem}", table.logical_name));
    if format.is_json() {
        let error = serde_json::from_str(&brief(problem)).unwrap_or_default();
        let fields = vec![
            ("table".to_owned(), json!(table.logical_name)),
            ("id".to_owned(), json!(id.to_string())),
            ("error".to_owned(), error),
        ];
        object(&context.screen, Format::Ndjson, &fields)?;
    }
    Ok(())
}
