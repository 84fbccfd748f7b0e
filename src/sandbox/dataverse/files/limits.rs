//! What the organisation takes as a file: how large, of what kind. Nothing is stored here.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::sandbox::data::{Column, Kind, Schema, Table};
use crate::sandbox::dataverse::refusal::Refusal;
use crate::sandbox::world::{Changes, Row, Value, World};

/// What files of pictures begin with: GIF, JPEG, TIFF in both orders of bytes, BMP, PNG.
const PICTURES: [&[u8]; 6] = [b"GIF8", b"\xff\xd8\xff", b"II*\0", b"MM\0*", b"BM", b"\x89PNG\r\n\x1a\n"];

fn setting<'world>(world: &'world World, column: &str) -> Option<&'world Value> {
    let table = Schema::of_sandbox().by_name("organization")?;
    let organisation: &Row = world.rows(table).next()?;
    organisation.value(table.place(column)?)
}

/// Refuses what `organization.blockedattachments` lists.
pub(super) fn check_name(world: &World, name: &str) -> Result<(), Refusal> {
    let blocked = setting(world, "blockedattachments").and_then(Value::as_text).unwrap_or_default();
    let ending = name.rsplit_once('.').map(|(_, ending)| ending.to_lowercase()).unwrap_or_default();
    if ending.is_empty() || !blocked.split(';').any(|other| other == ending) {
        return Ok(());
    }
    let message = format!("Attachment blocked: '{name}' is not a valid file type.");
    Err(Refusal::new(400, "0x80043E09", message))
}

/// Refuses what is larger than `most` bytes.
pub(super) fn check_size(length: usize, most: usize) -> Result<(), Refusal> {
    if length <= most {
        return Ok(());
    }
    let message = format!("Attachment file size is too big: {length} bytes, and {most} are allowed.");
    Err(Refusal::new(400, "0x80044a02", message))
}

/// The most bytes that a note or an attachment may have.
pub(super) fn largest_note(world: &World) -> usize {
    let most = setting(world, "maxuploadfilesize").and_then(Value::as_whole);
    most.and_then(|most| usize::try_from(most).ok()).unwrap_or_default()
}

/// Asks that the file of a note, or of an attachment, is base64, of a size and of a kind that is taken.
pub(in crate::sandbox::dataverse) fn check_note(
    world: &World,
    table: &Table,
    changes: &Changes,
) -> Result<(), Refusal> {
    let body = match table.logical_name {
        "annotation" => "documentbody",
        "activitymimeattachment" => "body",
        _ => return Ok(()),
    };
    let text = |column: &str| {
        let place = table.place(column)?;
        changes.iter().find(|(at, _)| *at == place).and_then(|(_, value)| value.as_ref()).and_then(Value::as_text)
    };
    if let Some(name) = text("filename") {
        check_name(world, name)?;
    }
    let Some(text) = text(body) else { return Ok(()) };
    let bytes = STANDARD.decode(text).map_err(|_| Refusal::payload(table, &format!("'{body}' is no base64.")))?;
    check_size(bytes.len(), largest_note(world))
}

/// Asks that what is written into a column of pictures is one.
pub(in crate::sandbox::dataverse) fn check_image(table: &Table, changes: &Changes) -> Result<(), Refusal> {
    for (place, value) in changes {
        let column = table.column(*place);
        if let (Kind::Image(most), Some(Value::Text(text))) = (&column.kind, value) {
            let bytes = STANDARD.decode(text.as_bytes());
            let bytes = bytes.map_err(|_| Refusal::payload(table, &format!("'{}' is no base64.", column.name)))?;
            check_picture(column, &bytes, *most)?;
        }
    }
    Ok(())
}

/// Refuses what is no picture, or larger than `most` KiB.
pub(super) fn check_picture(column: &Column, bytes: &[u8], most: u32) -> Result<(), Refusal> {
    let reason = if !PICTURES.iter().any(|beginning| bytes.starts_with(beginning)) {
        "the file is no picture of a kind that is known".to_owned()
    } else if bytes.len() > in_bytes(most) {
        format!("File size is too big. MaxSize: {most} KB, Uploaded filesize: {} KB", bytes.len() / 1024)
    } else {
        return Ok(());
    };
    let message = format!("Error occured when processing image. Reason: {reason}. ({})", column.name);
    Err(Refusal::new(400, "0x80072553", message))
}

/// KiB in bytes.
pub(super) fn in_bytes(kibibytes: u32) -> usize {
    usize::try_from(kibibytes).unwrap_or(usize::MAX).saturating_mul(1024)
}
