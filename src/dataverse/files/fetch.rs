//! A file comes down: range by range or block by block, from wherever it was broken off. Whoever takes the bytes is not known
//! here.

use crate::dataverse::DataverseError;
use std::ops::Range;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;

use crate::dataverse::client::Client;
use crate::dataverse::files::blocks::BLOCK;
use crate::dataverse::files::stored::{Way, length_of};
use crate::dataverse::files::{FileError, Holder, Stored, requests};
use crate::dataverse::send_error::NotSent;
use crate::net::{Idempotency, Response, Retry};
use crate::problem::Problem;
use crate::secret::Secret;

/// "The file can't be fetched in pieces": Microsoft Learn, "Use file column data", of files under keys of the customer's own.
const NOT_IN_PIECES: u32 = 0x8009_0017;

/// A block of a download.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Block {
    data: String,
}

/// How far a download has come.
struct Course<'a> {
    /// The first byte that is still missing.
    at: u64,
    /// How many there are, once that was told.
    length: Option<u64>,
    take: &'a mut dyn FnMut(&[u8]) -> Result<(), Problem>,
    told: &'a dyn Fn(u64, Option<u64>),
}

impl Course<'_> {
    fn put(&mut self, bytes: &[u8]) -> Result<(), DataverseError> {
        (self.take)(bytes)?;
        self.at += bytes.len() as u64;
        (self.told)(self.at, self.length);
        Ok(())
    }

    fn is_over(&self) -> bool {
        self.length.is_some_and(|length| self.at >= length)
    }
}

impl Client {
    /// Fetches a file from its byte `from` on and hands its bytes to `take`, piece by piece; `told` hears how far it is and
    /// how many there are. Gives the length of the whole file.
    ///
    /// What breaks is asked for again from the first byte that is missing.
    ///
    /// # Errors
    /// [`FileError::Changed`] when it is another file by now, [`FileError::WrongLength`], or whatever kept it away; what
    /// `take` has got is good in any case but the first two.
    pub async fn fetch(
        &self,
        stored: &Stored,
        from: u64,
        take: &mut dyn FnMut(&[u8]) -> Result<(), Problem>,
        told: &dyn Fn(u64, Option<u64>),
    ) -> Result<u64, DataverseError> {
        let mut course = Course { at: from, length: stored.length, take, told };
        match &stored.way {
            Way::Here(bytes) => {
                let rest = usize::try_from(from).ok().and_then(|from| bytes.get(from..)).unwrap_or_default();
                course.put(rest)?;
            }
            Way::Ranges { is_full } => self.fetch_ranges(&stored.holder, *is_full, &mut course).await?,
            Way::Blocks { token } => self.fetch_blocks(token, &mut course).await?,
        }
        let length = course.length.unwrap_or(course.at);
        if course.at != length {
            return Err(FileError::WrongLength { expected: length, got: course.at }.into());
        }
        let is_in_pieces = from > 0 || length > BLOCK;
        if is_in_pieces && self.version(&stored.holder).await?.as_ref() != Some(&stored.version) {
            return Err(FileError::Changed { id: stored.holder.id, column: stored.holder.column.clone() }.into());
        }
        Ok(length)
    }

    async fn fetch_ranges(
        &self,
        holder: &Holder,
        is_full: bool,
        course: &mut Course<'_>,
    ) -> Result<(), DataverseError> {
        let mut is_ranged = true;
        while !course.is_over() {
            let end = course.at.saturating_add(BLOCK);
            let mut retry = self.retry(Idempotency::Safe);
            // A range is asked for again until it is whole; what has come of it is not.
            while course.at < end && !course.is_over() {
                let range = is_ranged.then_some(course.at..end.min(course.length.unwrap_or(u64::MAX)));
                let arrived = self.fetch_range(holder, is_full, range.clone(), course, &mut retry).await;
                match arrived {
                    Ok(Arrived::Whole) => return Ok(()),
                    Ok(Arrived::Part) => break,
                    Ok(Arrived::Broken) => {}
                    Err(NotSent::Refused { refusal, .. }) if is_ranged && refusal.code == Some(NOT_IN_PIECES) => {
                        is_ranged = false;
                    }
                    Err(other) => return Err(other.into()),
                }
            }
        }
        Ok(())
    }

    async fn fetch_range(
        &self,
        holder: &Holder,
        is_full: bool,
        range: Option<Range<u64>>,
        course: &mut Course<'_>,
        retry: &mut Retry,
    ) -> Result<Arrived, NotSent> {
        let request = requests::get(holder, is_full, range);
        let mut sent = self.exchange(&request, retry).await?;
        if sent.response.status == 204 {
            let (table, column) = (holder.table.logical_name.clone(), holder.column.clone());
            return Err(DataverseError::from(FileError::Empty { table, id: holder.id, column }).into());
        }
        self.expect_file(&sent.response)?;
        let length = length_of(&sent.response);
        if let (Some(before), Some(now)) = (course.length, length)
            && before != now
        {
            return Err(
                DataverseError::from(FileError::Changed { id: holder.id, column: holder.column.clone() }).into()
            );
        }
        course.length = length.or(course.length);
        let mut skipped = skipped(&sent.response, course.at)
            .ok_or_else(|| NotSent::from(self.malformed(&"it holds other bytes of the file than were asked for")))?;
        let (status, before) = (sent.response.status, course.at);
        loop {
            match sent.response.body.steady_chunk().await {
                Ok(None) if status == 200 => return Ok(Arrived::Whole),
                // Nothing at all is no progress, and asking again would give as little.
                Ok(None) if course.at == before => return Ok(Arrived::Whole),
                Ok(None) => return Ok(Arrived::Part),
                Ok(Some(bytes)) => {
                    let skip = usize::try_from(skipped).unwrap_or(usize::MAX).min(bytes.len());
                    skipped -= skip as u64;
                    course.put(&bytes[skip..])?;
                }
                Err(error) => {
                    let Some(failure) = error.failure() else { return Err(error.into()) };
                    if !self.wait_after(failure, retry, &error).await {
                        return Err(error.into());
                    }
                    return Ok(Arrived::Broken);
                }
            }
        }
    }

    async fn fetch_blocks(&self, token: &Secret, course: &mut Course<'_>) -> Result<(), DataverseError> {
        while !course.is_over() {
            let length = course.length.map_or(BLOCK, |length| BLOCK.min(length - course.at));
            let request = requests::fetch(course.at, length, token.expose());
            let block: Block = self.read_as(&request).await?;
            let bytes = STANDARD.decode(block.data).map_err(|error| self.malformed(&error))?;
            if bytes.is_empty() || bytes.len() as u64 > length {
                return Err(self.malformed(&"a block has another length than was asked for"));
            }
            course.put(&bytes)?;
        }
        Ok(())
    }
}

/// What came of a range.
enum Arrived {
    /// The end of the file.
    Whole,
    /// The end of the range.
    Part,
    /// It broke off.
    Broken,
}

/// How many bytes of an answer are there already; `None` when it begins behind what is missing.
fn skipped(response: &Response, at: u64) -> Option<u64> {
    if response.status != 206 {
        // Whoever knows no ranges sends the whole file.
        return Some(at);
    }
    let Some(range) = response.header("content-range") else { return Some(0) };
    let first = range.trim().strip_prefix("bytes")?.trim_start().split(['-', '/']).next()?;
    let first: u64 = first.trim().parse().ok()?;
    at.checked_sub(first)
}
