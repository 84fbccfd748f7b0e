//! A file that arrives in ranges, one after the other, under the address that the first answer gave. One that arrives in
//! named blocks is known elsewhere.

use std::sync::Arc;

use crate::sandbox::Outgoing;
use crate::sandbox::data::Kind;
use crate::sandbox::dataverse::exchange::Exchange;
use crate::sandbox::dataverse::files::column::{CHUNK, Here, check_conditions, name_of};
use crate::sandbox::dataverse::files::{limits, range};
use crate::sandbox::dataverse::refusal::Refusal;
use crate::sandbox::world::{Transfer, World};

/// `x-ms-transfer-mode: chunked`: the answer says where the pieces go.
pub(super) fn begin(world: &mut World, exchange: &Exchange<'_>, here: Here) -> Result<Outgoing, Refusal> {
    check_conditions(world, exchange, here)?;
    let name = name_of(exchange)?;
    limits::check_name(world, &name)?;
    let to = (here.record, here.place);
    let token = world.files.begin(Transfer::Ranges { to, name, held: Arc::default(), is_over: false });
    let (set, id, column) = (here.table.set_name, here.record.id, here.column().name);
    let location = format!("{}/{set}({id})/{column}?sessiontoken={token}", exchange.root);
    Ok(Outgoing::empty(200)
        .header("location", location)
        .header("x-ms-chunk-size", CHUNK.to_string())
        .header("accept-ranges", "bytes"))
}

/// One piece. The one that was sent last may come again: its answer may have been lost.
pub(super) fn take(world: &mut World, exchange: &Exchange<'_>, here: Here) -> Result<Outgoing, Refusal> {
    let wrong = |why: &str| Refusal::new(400, "0x80040203", format!("The piece of the file can't be taken: {why}."));
    let token = exchange.options.value("sessiontoken").unwrap_or_default();
    let header = exchange.request.header("content-range").ok_or_else(|| wrong("it has no Content-Range"))?;
    let (first, end, length) = range::sent(header).ok_or_else(|| wrong("its Content-Range is none"))?;
    if let Kind::File(most) | Kind::Image(most) = here.column().kind {
        limits::check_size(length, limits::in_bytes(most))?;
    }
    let body = &exchange.request.body;
    if end - first != body.len() {
        return Err(wrong("it is not as long as its Content-Range says"));
    }
    let Some(Transfer::Ranges { to, name, held, is_over }) = world.files.transfer(token) else {
        return Err(wrong("there is no such session"));
    };
    if *to != (here.record, here.place) {
        return Err(wrong("the session is about another file"));
    }
    if *is_over {
        return Ok(Outgoing::empty(204));
    }
    let arrived = held.len();
    if first == arrived {
        Arc::make_mut(held).extend_from_slice(body);
    } else if end != arrived || held.get(first..) != Some(body.as_slice()) {
        return Err(wrong("it does not follow the one before"));
    }
    if held.len() < length {
        return Ok(Outgoing::empty(206));
    }
    *is_over = true;
    let (name, bytes) = (name.clone(), std::mem::take(held));
    here.put(world, exchange.caller, (&name, "application/octet-stream"), Arc::unwrap_or_clone(bytes))?;
    Ok(Outgoing::empty(204))
}
