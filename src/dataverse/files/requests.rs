//! The requests by which files go up, come down and go away. Pure: nothing is sent here.
//!
//! Source: Microsoft Learn, "Use file column data", "Use image column data" and "Use file attachments with notes".

use std::ops::Range;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde_json::{Value, json};

use crate::dataverse::encode::{API, query_value, resource};
use crate::dataverse::files::{Holder, HolderKind};
use crate::dataverse::mime_type;
use crate::net::{Method, Request};

const BYTES: &str = "application/octet-stream";
const NAMESPACE: &str = "Microsoft.Dynamics.CRM.";

fn property(holder: &Holder) -> String {
    format!("{API}{}({})/{}", resource(&holder.table.entity_set), holder.id, resource(&holder.column))
}

fn change(method: Method, path: String, body: Option<Bytes>) -> Request {
    Request { method, path, headers: Vec::new(), body }
}

fn message(name: &str, body: &Value) -> Request {
    change(Method::POST, format!("{API}{name}"), Some(body.to_string().into()))
}

/// The whole file at once.
pub(super) fn put(holder: &Holder, name: &str, bytes: Bytes) -> Request {
    let path = property(holder);
    let is_plain = name.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ');
    // A header holds plain letters; every other name stands in the address.
    let path = if is_plain { path } else { format!("{path}?x-ms-file-name={}", query_value(name)) };
    let request = change(Method::PATCH, path, Some(bytes)).header("Content-Type", BYTES);
    if is_plain { request.header("x-ms-file-name", name) } else { request }
}

/// Some bytes of the file; all of them without a range. Of an image the one that was given, unless the small one is asked
/// for.
pub(super) fn get(holder: &Holder, is_full: bool, range: Option<Range<u64>>) -> Request {
    let size = if holder.kind == HolderKind::Image && is_full { "?size=full" } else { "" };
    // What is compressed on its way has other offsets.
    let request = Request::get(format!("{}/$value{size}", property(holder)))
        .header("Accept", "*/*")
        .header("Accept-Encoding", "identity");
    match range {
        Some(range) => request.header("Range", format!("bytes={}-{}", range.start, range.end.saturating_sub(1))),
        None => request,
    }
}

/// The file goes away.
pub(super) fn remove(holder: &Holder) -> Request {
    let record = || format!("{API}{}({})", resource(&holder.table.entity_set), holder.id);
    let emptied = |body: Value| change(Method::PATCH, record(), Some(body.to_string().into())).header("If-Match", "*");
    match holder.kind {
        HolderKind::File => change(Method::DELETE, property(holder), None),
        HolderKind::Image => emptied(json!({ holder.column.as_str(): null })),
        HolderKind::Note => {
            emptied(json!({"isdocument": false, "documentbody": null, "filename": null, "mimetype": null}))
        }
        HolderKind::Attachment => emptied(json!({"body": null, "filename": null, "mimetype": null})),
    }
}

/// The record as messages name it.
fn target(holder: &Holder, name: Option<&str>) -> Value {
    let mut target = json!({
        "@odata.type": format!("{NAMESPACE}{}", holder.table.logical_name),
        holder.table.id_column.as_str(): holder.id.to_string(),
    });
    if let Some(name) = name.filter(|_| holder.kind.is_body()) {
        target["filename"] = name.into();
        target["mimetype"] = mime_type(name).into();
        if holder.kind == HolderKind::Note {
            target["isdocument"] = true.into();
        }
    }
    target
}

/// `InitializeFileBlocksUpload` → `File`.
fn word(kind: HolderKind) -> &'static str {
    match kind {
        HolderKind::File | HolderKind::Image => "File",
        HolderKind::Note => "Annotation",
        HolderKind::Attachment => "Attachment",
    }
}

/// An upload in blocks begins.
pub(super) fn begin(holder: &Holder, name: &str) -> Request {
    let mut body = json!({ "Target": target(holder, Some(name)) });
    if !holder.kind.is_body() {
        body["FileName"] = name.into();
        body["FileAttributeName"] = holder.column.as_str().into();
    }
    message(&format!("Initialize{}BlocksUpload", word(holder.kind)), &body)
}

/// The name of a block: all are equally long, and the same number has the same one in every run.
fn block_id(number: u64) -> String {
    STANDARD.encode(format!("{number:012}"))
}

/// A block.
pub(super) fn block(number: u64, data: &str, token: &str) -> Request {
    message("UploadBlock", &json!({"BlockId": block_id(number), "BlockData": data, "FileContinuationToken": token}))
}

/// The blocks make a file.
pub(super) fn end(holder: &Holder, name: &str, blocks: u64, token: &str) -> Request {
    let list: Vec<String> = (0..blocks).map(block_id).collect();
    let mut body = json!({"BlockList": list, "FileContinuationToken": token});
    if holder.kind.is_body() {
        body["Target"] = target(holder, Some(name));
    } else {
        body["FileName"] = name.into();
        body["MimeType"] = mime_type(name).into();
    }
    message(&format!("Commit{}BlocksUpload", word(holder.kind)), &body)
}

/// A download in blocks begins.
pub(super) fn open(holder: &Holder) -> Request {
    message(&format!("Initialize{}BlocksDownload", word(holder.kind)), &json!({ "Target": target(holder, None) }))
}

/// A block of a download.
pub(super) fn fetch(offset: u64, length: u64, token: &str) -> Request {
    message("DownloadBlock", &json!({"Offset": offset, "BlockLength": length, "FileContinuationToken": token}))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataverse::{RecordId, Table};

    fn holder(kind: HolderKind) -> Holder {
        let (table, set, column) = match kind {
            HolderKind::Note => ("annotation", "annotations", "documentbody"),
            _ => ("nl_project", "nl_projects", "nl_contract"),
        };
        Holder {
            table: Table {
                logical_name: table.to_owned(),
                entity_set: set.to_owned(),
                id_column: format!("{table}id"),
                name_column: None,
            },
            id: RecordId::parse("5d0c0001-1111-ef11-8400-000d3ab1c111").expect("an id"),
            column: column.to_owned(),
            kind,
            beside: Vec::new(),
        }
    }

    fn header<'a>(request: &'a Request, name: &str) -> Option<&'a str> {
        request.headers.iter().find(|(header, _)| header == name).map(|(_, value)| value.as_str())
    }

    #[test]
    fn a_name_stands_in_a_header_or_encoded_in_the_address() {
        let plain = put(&holder(HolderKind::File), "a b.pdf", Bytes::new());
        assert_eq!(header(&plain, "x-ms-file-name"), Some("a b.pdf"));
        let other = put(&holder(HolderKind::File), "\u{e9}&.pdf", Bytes::new());
        assert!(other.path.ends_with("/nl_contract?x-ms-file-name=%C3%A9%26.pdf"), "{}", other.path);
        assert_eq!(header(&other, "x-ms-file-name"), None);
        let sly = put(&holder(HolderKind::File), "a\r\nb: c", Bytes::new());
        assert!(sly.path.ends_with("=a%0D%0Ab:%20c"), "{}", sly.path);
    }

    #[test]
    fn a_range_is_written_with_its_last_byte() {
        let request = get(&holder(HolderKind::Image), true, Some(4..8));
        assert!(request.path.ends_with("/nl_contract/$value?size=full"));
        assert_eq!(header(&request, "Range"), Some("bytes=4-7"));
    }

    #[test]
    fn names_of_blocks_are_equally_long_and_each_is_another_one() {
        let ids: Vec<String> = [0, 9, 10, 2_559].map(block_id).to_vec();
        assert!(ids.iter().all(|id| id.len() == 16), "{ids:?}");
        assert!(ids.windows(2).all(|two| two[0] != two[1]));
    }

    #[test]
    fn a_note_is_told_with_its_file_and_a_column_by_its_name() {
        let text = |request: Request| String::from_utf8(request.body.unwrap_or_default().to_vec()).expect("text");
        let note = text(end(&holder(HolderKind::Note), "a.pdf", 1, "t"));
        assert!(note.contains("\"filename\":\"a.pdf\"") && note.contains("\"annotationid\""), "{note}");
        let file = text(begin(&holder(HolderKind::File), "a.pdf"));
        assert!(file.contains("\"FileAttributeName\":\"nl_contract\""), "{file}");
    }
}
