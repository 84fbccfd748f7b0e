//! A file goes up: what it has to be first, then at once or in blocks. Where it is read from and what is remembered of it is
//! not known here.

use bytes::Bytes;
use serde::Deserialize;
use serde_json::json;

use crate::dataverse::client::Client;
use crate::dataverse::files::blocks::{BLOCK, Begun, count};
use crate::dataverse::files::{FileError, Holder, HolderKind, requests};
use crate::dataverse::{Body, DataverseError, Query, SentOrShown, Write, mime_type};
use crate::net::Idempotency;
use crate::problem::Problem;

/// A file to be sent.
pub trait Source {
    /// What it is to be called.
    fn name(&self) -> String;

    /// How many bytes it has.
    fn length(&self) -> u64;

    /// The `length` bytes that begin at `offset`.
    ///
    /// # Errors
    /// When they can't be read.
    fn read(&mut self, offset: u64, length: usize) -> Result<Vec<u8>, Problem>;
}

/// Whoever sees an upload through: what it remembers is there in the next run.
pub trait Courier {
    /// The upload of this file to the same place that was broken off, if there is one and what has arrived of it is what
    /// `source` holds now.
    ///
    /// # Errors
    /// When the file can't be read.
    fn begun(&mut self, source: &mut dyn Source) -> impl Future<Output = Result<Option<Begun>, Problem>>;

    /// An upload has begun.
    ///
    /// # Errors
    /// When that can't be remembered.
    fn begin(&mut self, source: &dyn Source, begun: &Begun) -> impl Future<Output = Result<(), Problem>>;

    /// Another block has arrived, these bytes.
    ///
    /// # Errors
    /// When that can't be remembered.
    fn arrived(&mut self, begun: &Begun, bytes: &[u8]) -> Result<(), Problem>;

    /// The upload is over, or worth nothing any more.
    ///
    /// # Errors
    /// When that can't be remembered.
    fn over(&mut self) -> impl Future<Output = Result<(), Problem>>;
}

/// What an organisation says of attachments. Source: Microsoft Learn, "Organization table".
#[derive(Deserialize)]
struct Limits {
    blockedattachments: Option<String>,
    maxuploadfilesize: Option<u64>,
}

#[derive(Deserialize)]
struct Page {
    value: Vec<Limits>,
}

impl Client {
    /// Refuses a file that the service would refuse after its last byte, as far as that is cheap to know: how long it may
    /// be, and, for one that goes in blocks, whether its kind is taken.
    ///
    /// # Errors
    /// [`FileError::TooLarge`], [`FileError::Blocked`], [`crate::dataverse::DataverseError::ReadOnly`]; whatever kept the
    /// answers away.
    pub async fn check_file(&self, holder: &Holder, name: &str, length: u64) -> Result<(), DataverseError> {
        self.check_writable()?;
        let too_large = |most: u64| FileError::TooLarge { column: holder.column.clone(), length, most };
        if let Some(most) = self.most_bytes(holder).await?.filter(|most| length > *most) {
            return Err(too_large(most).into());
        }
        if length <= BLOCK {
            return Ok(());
        }
        let limits = self.limits().await?;
        if let Some(most) = limits.maxuploadfilesize.filter(|most| holder.kind.is_body() && length > *most) {
            return Err(too_large(most).into());
        }
        let ending = name.rsplit_once('.').map(|(_, ending)| ending.to_lowercase()).unwrap_or_default();
        let blocked = limits.blockedattachments.unwrap_or_default();
        let is_blocked = !ending.is_empty() && blocked.split(';').any(|other| other.trim() == ending);
        if is_blocked && holder.kind != HolderKind::Image {
            return Err(FileError::Blocked { name: name.to_owned(), ending }.into());
        }
        Ok(())
    }

    /// Sends a file to where `holder` keeps one, in the place of the one that is there.
    ///
    /// One that fits into a block goes at once; a larger one in blocks, of which those that `courier` remembers are not
    /// sent again. `told` hears how many bytes have arrived.
    ///
    /// # Errors
    /// [`crate::dataverse::DataverseError::ReadOnly`]; whatever the service refuses.
    pub async fn send_file(
        &self,
        holder: &Holder,
        source: &mut dyn Source,
        courier: &mut impl Courier,
        told: &dyn Fn(u64),
    ) -> Result<SentOrShown<()>, DataverseError> {
        self.check_writable()?;
        // Blocks make new attachments only.
        if source.length() <= BLOCK || holder.kind == HolderKind::Attachment {
            return self.send_at_once(holder, source).await;
        }
        self.send_in_blocks(holder, source, courier, told).await
    }

    /// The file in one request.
    async fn send_at_once(&self, holder: &Holder, source: &mut dyn Source) -> Result<SentOrShown<()>, DataverseError> {
        let (name, length) = (source.name(), source.length());
        let bytes = source.read(0, usize::try_from(length).unwrap_or(usize::MAX))?;
        if !holder.kind.is_body() {
            let request = requests::put(holder, &name, Bytes::from(bytes));
            return Ok(self.send(&request, &mut self.retry(Idempotency::Keyed)).await?.map(drop));
        }
        let mut body = json!({
            "filename": name,
            "mimetype": mime_type(&name),
            holder.column.as_str(): self.told_or_encoded(&bytes),
        });
        if holder.kind == HolderKind::Note {
            body["isdocument"] = true.into();
        }
        let body = Body::parse(Some(&body.to_string()), &[] as &[&str])?;
        let write = Write::Update { table: holder.table.clone(), id: holder.id, body, if_match: None };
        Ok(self.write(&write).await?.map(drop))
    }

    async fn send_in_blocks(
        &self,
        holder: &Holder,
        source: &mut dyn Source,
        courier: &mut impl Courier,
        told: &dyn Fn(u64),
    ) -> Result<SentOrShown<()>, DataverseError> {
        // The token of one that was broken off is not for showing.
        let mut begun = if self.is_rehearsing() { None } else { courier.begun(source).await? };
        loop {
            let is_taken_up = begun.is_some();
            let done = self.send_rest(holder, source, courier, begun.take(), told).await;
            match done {
                // The service knows an upload for some time only; what it forgot is begun anew, once.
                Err(error) if is_taken_up && error.is_refused() => {
                    courier.over().await?;
                }
                Ok(SentOrShown::Sent(())) => return Ok(SentOrShown::Sent(courier.over().await?)),
                other => return other,
            }
        }
    }

    async fn send_rest(
        &self,
        holder: &Holder,
        source: &mut dyn Source,
        courier: &mut impl Courier,
        begun: Option<Begun>,
        told: &dyn Fn(u64),
    ) -> Result<SentOrShown<()>, DataverseError> {
        let (name, length) = (source.name(), source.length());
        let mut begun = if let Some(begun) = begun {
            begun
        } else if let SentOrShown::Sent(begun) = self.begin_blocks(holder, &name).await? {
            courier.begin(source, &begun).await?;
            begun
        } else {
            Begun::shown()
        };
        while begun.blocks < count(length) {
            let offset = begun.blocks * BLOCK;
            told(offset);
            let bytes = source.read(offset, usize::try_from(BLOCK.min(length - offset)).unwrap_or(usize::MAX))?;
            if let SentOrShown::Sent(()) = self.send_block(&mut begun, &bytes).await? {
                courier.arrived(&begun, &bytes)?;
            }
        }
        told(length);
        self.end_blocks(holder, &name, &begun).await
    }

    /// What the organisation says of attachments; an answer without it limits nothing.
    async fn limits(&self) -> Result<Limits, DataverseError> {
        let query = Query {
            select: ["blockedattachments", "maxuploadfilesize"].map(str::to_owned).to_vec(),
            top: Some(1),
            ..Query::of("organizations")
        };
        let none = Limits { blockedattachments: None, maxuploadfilesize: None };
        match self.read_as::<Page>(&query.to_request()).await {
            Ok(page) => Ok(page.value.into_iter().next().unwrap_or(none)),
            // Whoever may write a record may still not read the organisation's settings; the service judges by itself.
            Err(error) if error.is_refused() => Ok(none),
            Err(error) => Err(error),
        }
    }
}
