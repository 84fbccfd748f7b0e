//! A file goes up in blocks: each has a name, may be sent twice, and counts only when the end names it. So what was broken off
//! goes on with the first block that is missing, in another process too. Nothing here reads the file.
//!
//! Dataverse knows another way for large files, ranges under a session's address (`x-ms-transfer-mode: chunked`). How such a
//! session is taken up again after its client died is written down nowhere, and it serves columns alone; the messages with
//! blocks serve columns, notes and attachments, and a block that comes again replaces itself. So there is one mechanism.
//!
//! Source: Microsoft Learn, "Use file column data" and "Use file attachments with notes".

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;

use crate::dataverse::DataverseError;
use crate::dataverse::client::Client;
use crate::dataverse::files::{Holder, requests};
use crate::dataverse::send_error::NotSent;
use crate::net::{Idempotency, Request};
use crate::secret::Secret;

/// The bytes of a block: the most that the service takes in one.
pub const BLOCK: u64 = 4_194_304;

/// An upload that has begun.
#[derive(Debug, Clone)]
pub struct Begun {
    /// What names it to the service. Who has it and a token of the organisation can write to the upload.
    pub token: Secret,
    /// How many blocks have arrived.
    pub blocks: u64,
    /// What stood in the file's place before.
    pub before: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Answer {
    file_continuation_token: Secret,
}

/// How many blocks so many bytes are.
pub(super) const fn count(length: u64) -> u64 {
    length.div_ceil(BLOCK)
}

impl Client {
    /// Begins an upload in blocks.
    ///
    /// # Errors
    /// When the record is not there, or the service refuses.
    pub(super) async fn begin_blocks(&self, holder: &Holder, name: &str) -> Result<Begun, DataverseError> {
        let before = self.version(holder).await?;
        // Begun twice it is begun once more, and what nobody ends is thrown away.
        let body = self.answered(&requests::begin(holder, name), Idempotency::Keyed).await?;
        let answer: Answer = serde_json::from_slice(&body).map_err(|error| self.malformed(&error))?;
        Ok(Begun { token: answer.file_continuation_token, blocks: 0, before })
    }

    /// Sends the next block. The same block sent twice is one block.
    ///
    /// # Errors
    /// When the service refuses.
    pub(super) async fn send_block(&self, begun: &mut Begun, bytes: &[u8]) -> Result<(), DataverseError> {
        let request = requests::block(begun.blocks, &STANDARD.encode(bytes), begun.token.expose());
        self.send(&request, &mut self.retry(Idempotency::Keyed)).await?;
        begun.blocks += 1;
        Ok(())
    }

    /// Makes the blocks the file. Where the answer is lost, the record says whether it has another file by now.
    ///
    /// # Errors
    /// When the service refuses, or it can't be told what came of it.
    pub(super) async fn end_blocks(&self, holder: &Holder, name: &str, begun: &Begun) -> Result<(), DataverseError> {
        let request = requests::end(holder, name, begun.blocks, begun.token.expose());
        match self.send(&request, &mut self.retry(Idempotency::Keyed)).await {
            Ok(_) => Ok(()),
            Err(NotSent::Refused { refusal, may_have_happened: true, .. }) => {
                if self.version(holder).await? == begun.before {
                    return Err(DataverseError::Refused(refusal));
                }
                Ok(())
            }
            Err(other) => Err(other.into()),
        }
    }

    /// Shows every request of an upload in blocks, without the bytes.
    ///
    /// # Errors
    /// When they can't be shown.
    pub(super) async fn show_blocks(&self, holder: &Holder, name: &str, length: u64) -> Result<(), DataverseError> {
        const TOKEN: &str = "(the token that the first answer gives)";
        let blocks = count(length);
        let first = std::iter::once(requests::begin(holder, name));
        let data = |number: u64| format!("({} bytes)", BLOCK.min(length - number * BLOCK));
        let all = first.chain((0..blocks).map(|number| requests::block(number, &data(number), TOKEN)));
        for request in all.chain([requests::end(holder, name, blocks, TOKEN)]) {
            match self.send(&request, &mut self.retry(Idempotency::Keyed)).await.map_err(DataverseError::from) {
                Ok(_) => {}
                Err(error) if error.is_rehearsal() => {}
                Err(error) => return Err(error),
            }
        }
        Err(DataverseError::Rehearsed)
    }

    async fn answered(&self, request: &Request, idempotency: Idempotency) -> Result<Vec<u8>, DataverseError> {
        let mut sent = self.send(request, &mut self.retry(idempotency)).await?;
        self.expect_json(&sent.response)?;
        Ok(sent.response.body.read(LONGEST_ANSWER).await?)
    }
}

/// More than any token.
const LONGEST_ANSWER: usize = 1 << 20;
