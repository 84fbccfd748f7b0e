//! What is known of a file in a record before its first byte comes: its name, how long it is, and what tells this version
//! of it from the next one.

use crate::dataverse::DataverseError;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;

use crate::dataverse::client::Client;
use crate::dataverse::files::blocks::BLOCK;
use crate::dataverse::files::{FileError, Holder, HolderKind, requests};
use crate::dataverse::send_error::NotSent;
use crate::net::{Idempotency, Response};
use crate::record::Record;
use crate::secret::Secret;

/// A file that a record keeps.
#[derive(Debug, Clone)]
pub struct Stored {
    /// Where.
    pub holder: Holder,
    /// What the service calls it: not to be trusted as a path.
    pub name: String,
    /// What tells it from what stood and will stand in its place.
    pub version: String,
    /// How many bytes it has, where that is told before they come.
    pub length: Option<u64>,
    /// How it is fetched.
    pub(super) way: Way,
}

/// How a file is fetched.
#[derive(Debug, Clone)]
pub(super) enum Way {
    /// In ranges; of an image the one that was given, or the small one where there is no other.
    Ranges { is_full: bool },
    /// In blocks, under a token.
    Blocks { token: Secret },
    /// With its record: it was small enough.
    Here(Vec<u8>),
}

/// What an opened download in blocks says.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Opened {
    file_continuation_token: Secret,
    file_size_in_bytes: u64,
}

/// So many bytes of an image tell what kind it is.
const BEGINNING: u64 = 16;
/// What images begin with, and what their names end with.
const IMAGES: [(&[u8], &str); 6] = [
    (b"\x89PNG", "png"),
    (b"\xff\xd8\xff", "jpg"),
    (b"GIF8", "gif"),
    (b"BM", "bmp"),
    (b"II*\0", "tiff"),
    (b"MM\0*", "tiff"),
];

impl Client {
    /// The file that `holder` keeps.
    ///
    /// # Errors
    /// [`FileError::Empty`] when there is none, [`FileError::Damaged`], or whatever kept the answer away.
    pub async fn stored(&self, holder: &Holder) -> Result<Stored, DataverseError> {
        let empty = || FileError::Empty {
            table: holder.table.logical_name.clone(),
            id: holder.id,
            column: holder.column.clone(),
        };
        let record = self.facts_of(holder).await?;
        let version = version_in(holder, &record).ok_or_else(empty)?;
        let text = |name: &str| record.cell(name).map(|cell| cell.text().into_owned()).unwrap_or_default();
        let stored = |name: String, length, way| Stored { holder: holder.clone(), name, version, length, way };
        match holder.kind {
            HolderKind::File => {
                let name = holder.beside.first().map(|name| text(name)).unwrap_or_default();
                Ok(stored(name, None, Way::Ranges { is_full: true }))
            }
            HolderKind::Image => {
                for is_full in [true, false] {
                    if let Some((name, length)) = self.image(holder, is_full).await? {
                        return Ok(stored(name, length, Way::Ranges { is_full }));
                    }
                }
                Err(empty().into())
            }
            HolderKind::Note | HolderKind::Attachment => {
                let length = text("filesize").parse::<u64>().ok();
                if length.is_some_and(|length| length > BLOCK) {
                    let request = requests::open(holder);
                    let opened: Opened = self.read_as(&request).await?;
                    let way = Way::Blocks { token: opened.file_continuation_token };
                    return Ok(stored(text("filename"), Some(opened.file_size_in_bytes), way));
                }
                let record = self.get(&holder.table, &holder.id, std::slice::from_ref(&holder.column), false).await?;
                let bytes = body(&record, holder)?.ok_or_else(empty)?;
                Ok(stored(text("filename"), Some(bytes.len() as u64), Way::Here(bytes)))
            }
        }
    }

    /// What tells the file that is there now from others; `None` when there is none.
    ///
    /// # Errors
    /// Whatever kept the answer away.
    pub async fn version(&self, holder: &Holder) -> Result<Option<String>, DataverseError> {
        let record = self.facts_of(holder).await?;
        Ok(version_in(holder, &record))
    }

    async fn facts_of(&self, holder: &Holder) -> Result<Record, DataverseError> {
        let mut select = holder.beside.clone();
        if holder.kind == HolderKind::File || select.is_empty() {
            select.push(holder.column.clone());
        }
        self.get(&holder.table, &holder.id, &select, false).await
    }

    /// Name and length of an image; `None` when there is none of this size.
    async fn image(&self, holder: &Holder, is_full: bool) -> Result<Option<(String, Option<u64>)>, DataverseError> {
        let request = requests::get(holder, is_full, Some(0..BEGINNING));
        let mut sent = match self.exchange(&request, &mut self.retry(Idempotency::Safe)).await {
            Ok(sent) if sent.response.status == 204 => return Ok(None),
            Ok(sent) => sent,
            Err(NotSent::Refused { refusal, .. }) if refusal.status == 404 => return Ok(None),
            Err(other) => return Err(other.into()),
        };
        self.expect_file(&sent.response)?;
        let length = length_of(&sent.response);
        let name = sent.response.header("x-ms-file-name").map(decoded).unwrap_or_default();
        // A whole image may come where a part was asked for; its beginning is enough, and the rest is hung up on.
        let beginning = sent.response.body.chunk().await?.unwrap_or_default();
        let kind = IMAGES.iter().find(|(start, _)| beginning.starts_with(start)).map_or("bin", |(_, kind)| kind);
        let is_named = name.rsplit_once('.').is_some_and(|(stem, _)| !stem.is_empty());
        let name = if is_named { name } else { format!("{}.{kind}", holder.column) };
        Ok(Some((name, length)))
    }

    /// Refuses what is no file: a captive portal answers 200 with a page.
    pub(super) fn expect_file(&self, response: &Response) -> Result<(), DataverseError> {
        let says_so = ["x-ms-file-size", "content-range", "content-disposition"];
        let kind = response.header("content-type").unwrap_or_default();
        let is_file =
            says_so.iter().any(|name| response.header(name).is_some()) || kind.starts_with("application/octet-stream");
        if is_file { Ok(()) } else { Err(self.not_dataverse(response.status, kind)) }
    }
}

/// What the record says about the version of its file.
fn version_in(holder: &Holder, record: &Record) -> Option<String> {
    let text = |name: &str| {
        let cell = record.cell(name)?;
        let text = cell.text().into_owned();
        (!text.is_empty()).then_some(text)
    };
    match holder.kind {
        HolderKind::File => text(&holder.column),
        HolderKind::Image if holder.beside.is_empty() => text(&holder.column).and_then(|_| text("@odata.etag")),
        HolderKind::Image => {
            let id = text(&holder.beside[0])?;
            Some(holder.beside.iter().skip(1).filter_map(|name| text(name)).fold(id, |all, more| all + "/" + &more))
        }
        // A note says whether it has a file in the body alone, and its version is that of the record.
        HolderKind::Note | HolderKind::Attachment => text("@odata.etag"),
    }
}

/// The bytes in the body of a note or an attachment; `None` when there are none.
fn body(record: &Record, holder: &Holder) -> Result<Option<Vec<u8>>, FileError> {
    let text = record.cell(&holder.column).map(|cell| cell.text().into_owned()).unwrap_or_default();
    if text.is_empty() {
        return Ok(None);
    }
    // Old clients broke the lines of what they stored.
    let text: String = text.split_ascii_whitespace().collect();
    STANDARD.decode(text).map(Some).map_err(|cause| FileError::Damaged { id: holder.id, cause })
}

/// How many bytes the whole file has, as an answer with some of them says.
pub(super) fn length_of(response: &Response) -> Option<u64> {
    let total = || response.header("content-range")?.rsplit_once('/')?.1.trim().parse().ok();
    let length = || {
        let is_whole = response.status == 200;
        response.header("content-length").filter(|_| is_whole)?.trim().parse().ok()
    };
    response.header("x-ms-file-size").and_then(|size| size.trim().parse().ok()).or_else(total).or_else(length)
}

/// A name as headers carry it: what is not ASCII is percent-encoded.
fn decoded(name: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = name.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let hex = after.get(..2).and_then(|hex| u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok());
        if let (b'%', Some(byte)) = (first, hex) {
            bytes.push(byte);
            rest = &after[2..];
        } else {
            bytes.push(*first);
            rest = after;
        }
    }
    String::from_utf8(bytes).unwrap_or_else(|_| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataverse::Table;

    fn holder() -> Holder {
        Holder {
            table: Table {
                logical_name: "annotation".into(),
                entity_set: "annotations".into(),
                id_column: "annotationid".into(),
                name_column: None,
            },
            id: crate::dataverse::RecordId::parse("5d0c0001-1111-ef11-8400-000d3ab1c111").expect("an id"),
            column: "documentbody".into(),
            kind: HolderKind::Note,
            beside: Vec::new(),
        }
    }

    fn taken(json: &str) -> Result<Option<Vec<u8>>, FileError> {
        body(&Record::parse(json.to_owned()).expect("a record"), &holder())
    }

    #[test]
    fn a_body_is_read_whatever_its_lines_and_a_damaged_one_is_none() {
        assert_eq!(taken("{\"documentbody\":\"aGVs\\r\\nbG8=\"}").expect("a file"), Some(b"hello".to_vec()));
        assert_eq!(taken("{\"documentbody\":null}").expect("none"), None);
        assert!(matches!(taken("{\"documentbody\":\"a\"}"), Err(FileError::Damaged { .. })));
    }

    #[test]
    fn a_name_in_a_header_is_decoded_where_it_is_encoded() {
        for (given, expected) in [
            ("a.txt", "a.txt"),
            ("%C3%A9.txt", "\u{e9}.txt"),
            ("100%.txt", "100%.txt"),
            ("%ff.txt", "%ff.txt"),
            ("a%2", "a%2"),
        ] {
            assert_eq!(decoded(given), expected);
        }
    }
}
