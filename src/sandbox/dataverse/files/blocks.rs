//! Files that come and go in blocks: the messages for columns, for notes and for attachments of emails. A block may come
//! twice and in any order; the list at the end says which of them make the file.
//!
//! Source: Microsoft Learn, "Use file column data" and "Use file attachments with notes".

use std::collections::BTreeMap;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use uuid::Uuid;

use crate::sandbox::Outgoing;
use crate::sandbox::data::{Kind, Schema, Table};
use crate::sandbox::dataverse::actions::{Given, payload};
use crate::sandbox::dataverse::body::{Members, Purpose, changes};
use crate::sandbox::dataverse::exchange::Exchange;
use crate::sandbox::dataverse::files::column::{CHUNK, Here};
use crate::sandbox::dataverse::files::limits;
use crate::sandbox::dataverse::json::Object;
use crate::sandbox::dataverse::refusal::Refusal;
use crate::sandbox::dataverse::write;
use crate::sandbox::odata::guid;
use crate::sandbox::world::{Link, Transfer, Value, World};

/// The most bytes that the name of a block may have before it is encoded.
const LONGEST_NAME: usize = 64;

/// Carries out a message about files; `None` when `name` is another one.
pub(in crate::sandbox::dataverse) fn perform(
    world: &mut World,
    exchange: &Exchange<'_>,
    name: &str,
    given: &Given,
) -> Option<Result<Outgoing, Refusal>> {
    Some(match name {
        "InitializeFileBlocksUpload" => begin_file(world, exchange, given),
        "InitializeAnnotationBlocksUpload" => begin_note(world, exchange, given, "annotation"),
        "InitializeAttachmentBlocksUpload" => begin_note(world, exchange, given, "activitymimeattachment"),
        "UploadBlock" => take(world, exchange, given),
        "CommitFileBlocksUpload" => end_file(world, exchange, given),
        "CommitAnnotationBlocksUpload" => end_note(world, exchange, given, "annotation"),
        "CommitAttachmentBlocksUpload" => end_note(world, exchange, given, "activitymimeattachment"),
        "InitializeFileBlocksDownload" => open_file(world, exchange, given),
        "InitializeAnnotationBlocksDownload" => open_note(world, exchange, given, "annotation", "documentbody"),
        "InitializeAttachmentBlocksDownload" => open_note(world, exchange, given, "activitymimeattachment", "body"),
        "DownloadBlock" => hand_out(world, exchange, given),
        "DeleteFile" => delete(world, exchange, given),
        _ => return None,
    })
}

/// Where an upload goes: a record and the place of its column; none where its end says it.
type Goal = Option<(Link, u16)>;

fn wrong(why: &str) -> Refusal {
    Refusal::new(400, "0x80040203", format!("The file can't be taken: {why}."))
}

fn response(exchange: &Exchange<'_>, name: &str) -> Object {
    let mut object = Object::new();
    object.text("@odata.context", &exchange.context(&format!("Microsoft.Dynamics.CRM.{name}Response")));
    object
}

/// The column of files that a message names.
fn target(world: &World, exchange: &Exchange<'_>, given: &Given) -> Result<Here, Refusal> {
    let record = given.record(world, exchange, "Target", "crmbaseentity")?.ok_or_else(|| wrong("it has no Target"))?;
    let table = Schema::of_sandbox().table(record.table);
    let name = given.text("FileAttributeName")?;
    let is_file = |place: &u16| matches!(table.column(*place).kind, Kind::File(_) | Kind::Image(_));
    let place = table.place(&name).filter(is_file);
    let place = place.ok_or_else(|| wrong(&format!("'{name}' of '{}' holds no files", table.logical_name)))?;
    Ok(Here { table, record, place })
}

fn begin_file(world: &mut World, exchange: &Exchange<'_>, given: &Given) -> Result<Outgoing, Refusal> {
    let here = target(world, exchange, given)?;
    limits::check_name(world, &given.text("FileName")?)?;
    Ok(begun(world, exchange, "InitializeFileBlocksUpload", Some((here.record, here.place))))
}

fn begin_note(
    world: &mut World,
    exchange: &Exchange<'_>,
    given: &Given,
    table: &'static str,
) -> Result<Outgoing, Refusal> {
    let (members, _) = note(world, given, table)?;
    limits::check_name(world, &text(&members, "filename").ok_or_else(|| wrong("it has no filename"))?)?;
    let noun = if table == "annotation" { "Annotation" } else { "Attachment" };
    Ok(begun(world, exchange, &format!("Initialize{noun}BlocksUpload"), None))
}

fn begun(world: &mut World, exchange: &Exchange<'_>, message: &str, to: Goal) -> Outgoing {
    let token = world.files.begin(Transfer::Blocks { to, held: BTreeMap::new() });
    exchange.json(200, response(exchange, message).text("FileContinuationToken", &token).finish())
}

fn take(world: &mut World, exchange: &Exchange<'_>, given: &Given) -> Result<Outgoing, Refusal> {
    let id = given.text("BlockId")?;
    let is_name = STANDARD.decode(&id).is_ok_and(|name| !name.is_empty() && name.len() <= LONGEST_NAME);
    if !is_name {
        return Err(wrong("the BlockId is not base64 of 64 bytes at most"));
    }
    let bytes = STANDARD.decode(given.text("BlockData")?).map_err(|_| payload("'BlockData' is no base64."))?;
    if bytes.len() > CHUNK {
        return Err(wrong("a block has more than 4 MiB"));
    }
    let Some(Transfer::Blocks { held, .. }) = world.files.transfer(&given.text("FileContinuationToken")?) else {
        return Err(wrong("the FileContinuationToken is unknown or over"));
    };
    if held.keys().any(|other| other.len() != id.len()) {
        return Err(wrong("the BlockIds are not equally long"));
    }
    held.insert(id, bytes.into());
    Ok(exchange.with_preferences(Outgoing::empty(204)))
}

/// What the list of blocks makes, with where it goes. The transfer is over.
fn made(world: &mut World, given: &Given) -> Result<(Goal, Vec<u8>), Refusal> {
    let token = given.text("FileContinuationToken")?;
    let Some(Transfer::Blocks { to, held }) = world.files.transfer(&token) else {
        return Err(wrong("the FileContinuationToken is unknown or over"));
    };
    let (to, mut bytes) = (*to, Vec::new());
    for id in given.texts("BlockList")? {
        bytes.extend_from_slice(held.get(&id).ok_or_else(|| wrong("the BlockList names a block that never came"))?);
    }
    world.files.end(&token);
    Ok((to, bytes))
}

fn end_file(world: &mut World, exchange: &Exchange<'_>, given: &Given) -> Result<Outgoing, Refusal> {
    let (to, bytes) = made(world, given)?;
    let (record, place) = to.ok_or_else(|| wrong("the upload is about a note"))?;
    let here = Here { table: Schema::of_sandbox().table(record.table), record, place };
    let (name, kind, length) = (given.text("FileName")?, given.text("MimeType")?, bytes.len());
    let id = here.put(world, exchange.caller, (&name, &kind), bytes)?;
    let mut object = response(exchange, "CommitFileBlocksUpload");
    object.text("FileId", &id.to_string()).plain("FileSizeInBytes", length);
    Ok(exchange.json(200, object.finish()))
}

/// The note that a message is about: its members, and the record if there is one of its id.
fn note(world: &World, given: &Given, table: &str) -> Result<(Members, Option<Uuid>), Refusal> {
    let table = table_called(table)?;
    let json = given.json("Target").unwrap_or("{}");
    let members: Members = serde_json::from_str(json).map_err(|_| payload("'Target' is no record."))?;
    let id = text(&members, table.column(table.key).name).and_then(|id| guid(&id));
    Ok((members, id.filter(|id| world.row(table, *id).is_some())))
}

fn table_called(name: &str) -> Result<&'static Table, Refusal> {
    Schema::of_sandbox().by_name(name).ok_or_else(|| Refusal::unknown_segment(name))
}

fn text(members: &Members, name: &str) -> Option<String> {
    let (_, json) = members.0.iter().find(|(member, _)| member == name)?;
    serde_json::from_str(json.get()).ok()
}

fn end_note(
    world: &mut World,
    exchange: &Exchange<'_>,
    given: &Given,
    name: &'static str,
) -> Result<Outgoing, Refusal> {
    let (table, (_, found)) = (table_called(name)?, note(world, given, name)?);
    let (body, key, noun) = match name {
        "annotation" => ("documentbody", "AnnotationId", "Annotation"),
        _ => ("body", "ActivityMimeAttachmentId", "Attachment"),
    };
    if found.is_some() && name != "annotation" {
        return Err(wrong("an attachment that exists takes no blocks"));
    }
    let (_, bytes) = made(world, given)?;
    let purpose = if found.is_some() { Purpose::Update } else { Purpose::Create };
    let target = given.json("Target").unwrap_or("{}");
    let mut written = changes(world, &exchange.root, table, target.as_bytes(), purpose)?;
    let place = table.place(body).unwrap_or_default();
    written.retain(|(column, _)| *column != place && (found.is_none() || *column != table.key));
    let length = bytes.len();
    written.push((place, Some(Value::text(STANDARD.encode(bytes)))));
    let id = match found {
        Some(id) => write::update(world, exchange, table, id, written).map(|()| id)?,
        None => write::insert(world, exchange, table, None, written)?,
    };
    let mut object = response(exchange, &format!("Commit{noun}BlocksUpload"));
    object.text(key, &id.to_string()).plain("FileSizeInBytes", length);
    Ok(exchange.json(200, object.finish()))
}

fn open_file(world: &mut World, exchange: &Exchange<'_>, given: &Given) -> Result<Outgoing, Refusal> {
    let here = target(world, exchange, given)?;
    let no_file = || Refusal::new(404, "0x80040217", "The column holds no file.");
    let (name, _, bytes) = here.content(world).ok_or_else(no_file)?;
    let length = bytes.len();
    let token = world.files.begin(Transfer::Down(bytes));
    let mut object = response(exchange, "InitializeFileBlocksDownload");
    object.text("FileContinuationToken", &token).plain("FileSizeInBytes", length).text("FileName", &name);
    Ok(exchange.json(200, object.plain("IsChunkingSupported", true).finish()))
}

fn open_note(
    world: &mut World,
    exchange: &Exchange<'_>,
    given: &Given,
    table: &'static str,
    body: &str,
) -> Result<Outgoing, Refusal> {
    let record = given.record(world, exchange, "Target", table)?.ok_or_else(|| wrong("it has no Target"))?;
    let table = table_called(table)?;
    let row = world.row(table, record.id).ok_or_else(|| Refusal::no_record(table, record.id))?;
    let text = |column: &str| row.value(table.place(column)?)?.as_text();
    let no_file = || Refusal::new(404, "0x80040217", "The record holds no file.");
    let bytes: Arc<[u8]> = text(body).and_then(|text| STANDARD.decode(text).ok()).ok_or_else(no_file)?.into();
    let (name, length) = (text("filename").unwrap_or_default().to_owned(), bytes.len());
    let token = world.files.begin(Transfer::Down(bytes));
    let noun = if table.logical_name == "annotation" { "Annotation" } else { "Attachment" };
    let mut object = response(exchange, &format!("Initialize{noun}BlocksDownload"));
    object.text("FileContinuationToken", &token).plain("FileSizeInBytes", length).text("FileName", &name);
    Ok(exchange.json(200, object.finish()))
}

fn hand_out(world: &mut World, exchange: &Exchange<'_>, given: &Given) -> Result<Outgoing, Refusal> {
    let place =
        |name: &str| Ok::<_, Refusal>(usize::try_from(given.big(name)?.unwrap_or_default()).unwrap_or_default());
    let (first, length) = (place("Offset")?, place("BlockLength")?);
    let Some(Transfer::Down(bytes)) = world.files.transfer(&given.text("FileContinuationToken")?) else {
        return Err(wrong("the FileContinuationToken is unknown or over"));
    };
    if length > CHUNK || first >= bytes.len() {
        return Err(wrong("the block lies outside the file or has more than 4 MiB"));
    }
    let part = &bytes[first..first.saturating_add(length).min(bytes.len())];
    let data = STANDARD.encode(part);
    Ok(exchange.json(200, response(exchange, "DownloadBlock").text("Data", &data).finish()))
}

fn delete(world: &mut World, exchange: &Exchange<'_>, given: &Given) -> Result<Outgoing, Refusal> {
    let id = guid(&given.text("FileId")?).ok_or_else(|| payload("'FileId' is no GUID."))?;
    let no_file = || Refusal::new(404, "0x80040217", format!("fileattachment With Id = {id} Does Not Exist"));
    let record = world.files.find(id).ok_or_else(no_file)?.record;
    let table = Schema::of_sandbox().table(record.table);
    let row = world.row(table, record.id).ok_or_else(no_file)?;
    let place = table.places().find(|(place, _)| row.value(*place).and_then(Value::as_id) == Some(id));
    if let Some((place, _)) = place {
        Here { table, record, place }.clear(world, exchange.caller);
    }
    Ok(Outgoing::empty(204))
}
