//! `accounts(id)/new_file`: a file or picture read, written and removed as a whole, and read in ranges. How one arrives in
//! pieces is known elsewhere.
//!
//! Source: Microsoft Learn, "Use file column data" and "Use image column data". The picture that is shown small is the one
//! that was given: nothing here makes pictures smaller.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use uuid::Uuid;

use crate::sandbox::Outgoing;
use crate::sandbox::data::{Column, Kind, Table};
use crate::sandbox::dataverse::exchange::Exchange;
use crate::sandbox::dataverse::files::{limits, range, ranges};
use crate::sandbox::dataverse::json::Object;
use crate::sandbox::dataverse::keys::Key;
use crate::sandbox::dataverse::refusal::Refusal;
use crate::sandbox::odata::{Segment, encode};
use crate::sandbox::world::{Changes, Link, StoredFile, Value, World};

/// The bytes that a client is asked to send or fetch at a time.
pub(super) const CHUNK: usize = 4_194_304;
const BYTES: &str = "application/octet-stream";

/// Answers what is asked of a column of files or pictures; `None` when the request is for something else.
pub(in crate::sandbox::dataverse) fn answer(
    world: &mut World,
    exchange: &Exchange<'_>,
    table: &'static Table,
    key: &Key,
    rest: &[Segment],
) -> Option<Result<Outgoing, Refusal>> {
    let (first, rest) = rest.split_first()?;
    let place = table.place(&first.name).filter(|_| first.arguments.is_none())?;
    if !matches!(table.column(place).kind, Kind::File(_) | Kind::Image(_)) {
        return None;
    }
    let words: Vec<&str> = rest.iter().map(|segment| segment.name.as_str()).collect();
    let method = exchange.request.method.as_str();
    if !matches!((method, words.as_slice()), ("GET", [] | ["$value"]) | ("PATCH" | "PUT" | "DELETE", [])) {
        return None;
    }
    Some(key.existing(world, table).and_then(|id| {
        let here = Here { table, record: Link { table: table.index, id }, place };
        match method {
            "GET" => Ok(download(world, exchange, here)),
            "DELETE" => {
                here.clear(world, exchange.caller);
                Ok(Outgoing::empty(204))
            }
            _ if exchange.options.value("sessiontoken").is_some() => ranges::take(world, exchange, here),
            _ if exchange.request.header("x-ms-transfer-mode") == Some("chunked") => {
                ranges::begin(world, exchange, here)
            }
            _ => upload(world, exchange, here),
        }
    }))
}

/// A column of a record.
#[derive(Clone, Copy)]
pub(super) struct Here {
    pub table: &'static Table,
    pub record: Link,
    pub place: u16,
}

impl Here {
    pub fn column(self) -> &'static Column {
        self.table.column(self.place)
    }

    /// What stands there: name, media type and bytes.
    pub fn content(self, world: &World) -> Option<(String, String, Arc<[u8]>)> {
        let value = world.row(self.table, self.record.id)?.value(self.place)?;
        match value {
            Value::Text(text) => {
                let name = format!("{}.png", self.column().name);
                Some((name, "image/png".to_owned(), STANDARD.decode(text.as_bytes()).ok()?.into()))
            }
            value => {
                let file = world.files.find(value.as_id()?)?;
                Some((file.name.clone(), file.kind.clone(), Arc::clone(&file.bytes)))
            }
        }
    }

    /// Puts a file there in the place of the one before, and gives its id.
    pub fn put(
        self,
        world: &mut World,
        author: Uuid,
        (name, kind): (&str, &str),
        bytes: Vec<u8>,
    ) -> Result<Uuid, Refusal> {
        let column = self.column();
        let mut changes = Changes::new();
        if let Kind::Image(most) = column.kind {
            limits::check_picture(column, &bytes, most)?;
            changes.push((self.place, Some(Value::text(STANDARD.encode(&bytes)))));
            world.update(self.table, self.record.id, changes, author);
            let id = self.table.place(&format!("{}id", column.name));
            let id = id.and_then(|place| world.row(self.table, self.record.id)?.value(place)?.as_id());
            return Ok(id.unwrap_or_default());
        }
        if let Kind::File(most) = column.kind {
            limits::check_name(world, name)?;
            limits::check_size(bytes.len(), limits::in_bytes(most))?;
        }
        self.let_go(world);
        let (record, name) = (self.record, name.to_owned());
        let told = self.table.place(&format!("{}_name", column.name));
        changes.extend(told.map(|place| (place, Some(Value::text(name.as_str())))));
        let id = world.files.store(StoredFile { record, name, kind: kind.to_owned(), bytes: bytes.into() });
        changes.push((self.place, Some(Value::Id(id))));
        world.update(self.table, self.record.id, changes, author);
        Ok(id)
    }

    /// Empties the column.
    pub fn clear(self, world: &mut World, author: Uuid) {
        self.let_go(world);
        let mut changes: Changes = vec![(self.place, None)];
        let told = self.table.place(&format!("{}_name", self.column().name));
        changes.extend(told.map(|place| (place, None)));
        world.update(self.table, self.record.id, changes, author);
    }

    fn let_go(self, world: &mut World) {
        let id = world.row(self.table, self.record.id).and_then(|row| row.value(self.place)).and_then(Value::as_id);
        if let Some(id) = id {
            world.files.remove(id);
        }
    }
}

/// The name that a request gives its file: in a header of plain letters, or encoded in the address.
pub(super) fn name_of(exchange: &Exchange<'_>) -> Result<String, Refusal> {
    let name = exchange.request.header("x-ms-file-name").or_else(|| exchange.options.value("x-ms-file-name"));
    let name = name.map(str::trim).filter(|name| !name.is_empty() && name.is_ascii() || is_in_address(exchange));
    let missing = || Refusal::new(400, "0x80040203", "The file has no name: x-ms-file-name is missing or not ASCII.");
    name.map(str::to_owned).ok_or_else(missing)
}

fn is_in_address(exchange: &Exchange<'_>) -> bool {
    exchange.request.header("x-ms-file-name").is_none()
}

/// Refuses what the conditions of the request forbid.
pub(super) fn check_conditions(world: &World, exchange: &Exchange<'_>, here: Here) -> Result<(), Refusal> {
    let is_there = here.content(world).is_some();
    if is_there && exchange.condition("if-none-match") == Some("*") {
        return Err(Refusal::duplicate());
    }
    Ok(())
}

fn upload(world: &mut World, exchange: &Exchange<'_>, here: Here) -> Result<Outgoing, Refusal> {
    check_conditions(world, exchange, here)?;
    let name = name_of(exchange)?;
    let kind = exchange.request.header("content-type").unwrap_or(BYTES);
    here.put(world, exchange.caller, (&name, kind), exchange.request.body.clone())?;
    Ok(Outgoing::empty(204))
}

fn download(world: &World, exchange: &Exchange<'_>, here: Here) -> Outgoing {
    let Some((name, kind, bytes)) = here.content(world) else { return Outgoing::empty(204) };
    let length = bytes.len();
    let asked = exchange.request.header("range").map(|header| range::wanted(header, length));
    let (status, first, end) = match asked {
        None => (200, 0, length),
        Some(Some((first, end))) => (206, first, end),
        Some(None) => return Outgoing::empty(416).header("content-range", format!("bytes */{length}")),
    };
    let part = bytes.get(first..end).unwrap_or_default();
    let is_value = exchange.request.path.ends_with("/$value");
    let answer = if is_value {
        Outgoing::with_body(status, BYTES, part)
    } else {
        // Without `/$value` the bytes come in JSON, with the same headers.
        let mut object = Object::new();
        let context = format!("{}({})/{}", here.table.set_name, here.record.id, here.column().name);
        object.text("@odata.context", &exchange.context(&context)).text("value", &STANDARD.encode(part));
        exchange.json(status, object.finish())
    };
    let answer = if status == 206 {
        answer.header("content-range", format!("bytes {first}-{}/{length}", end - 1))
    } else {
        answer
    };
    // Headers hold plain letters only.
    let name = encode(&name);
    answer
        .header("accept-ranges", "bytes")
        .header("content-disposition", format!("attachment; filename=\"{name}\"; filename*=UTF-8''{name}"))
        .header("mimetype", kind)
        .header("x-ms-file-name", name)
        .header("x-ms-file-size", length.to_string())
        .header("x-ms-chunk-size", CHUNK.to_string())
}
