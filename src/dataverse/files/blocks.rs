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

use crate::dataverse::client::Client;
use crate::dataverse::files::{Holder, requests};
use crate::dataverse::send_error::NotSent;
use crate::dataverse::{DataverseError, SentOrShown};
use crate::net::Idempotency;
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

impl Begun {
    /// What stands for an upload whose beginning was shown.
    pub(super) fn shown() -> Self {
        let token = Secret::new("(the token that the first answer gives)");
        Self { token, blocks: 0, before: None }
    }
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
    pub(super) async fn begin_blocks(&self, holder: &Holder, name: &str) -> Result<SentOrShown<Begun>, DataverseError> {
        // Where nothing is sent the record itself may have been shown only.
        let before = if self.is_rehearsing() { None } else { self.version(holder).await? };
        // Begun twice it is begun once more, and what nobody ends is thrown away.
        let request = requests::begin(holder, name);
        let SentOrShown::Sent(mut sent) = self.send(&request, &mut self.retry(Idempotency::Keyed)).await? else {
            return Ok(SentOrShown::Shown);
        };
        self.expect_json(&sent.response)?;
        let body = sent.response.body.read(LONGEST_ANSWER).await?;
        let answer: Answer = serde_json::from_slice(&body).map_err(|error| self.malformed(&error))?;
        Ok(SentOrShown::Sent(Begun { token: answer.file_continuation_token, blocks: 0, before }))
    }

    /// Sends the next block. The same block sent twice is one block.
    ///
    /// # Errors
    /// When the service refuses.
    pub(super) async fn send_block(&self, begun: &mut Begun, bytes: &[u8]) -> Result<SentOrShown<()>, DataverseError> {
        let request = requests::block(begun.blocks, &self.told_or_encoded(bytes), begun.token.expose());
        let sent = self.send(&request, &mut self.retry(Idempotency::Keyed)).await?;
        begun.blocks += 1;
        Ok(sent.map(drop))
    }

    /// The bytes of a file as they travel in JSON; where they are only shown, how many there are.
    pub(super) fn told_or_encoded(&self, bytes: &[u8]) -> String {
        if self.is_rehearsing() { format!("({} bytes)", bytes.len()) } else { STANDARD.encode(bytes) }
    }

    /// Makes the blocks the file. Where the answer is lost, the record says whether it has another file by now.
    ///
    /// # Errors
    /// When the service refuses, or it can't be told what came of it.
    pub(super) async fn end_blocks(
        &self,
        holder: &Holder,
        name: &str,
        begun: &Begun,
    ) -> Result<SentOrShown<()>, DataverseError> {
        let request = requests::end(holder, name, begun.blocks, begun.token.expose());
        match self.send(&request, &mut self.retry(Idempotency::Keyed)).await {
            Ok(sent) => Ok(sent.map(drop)),
            Err(NotSent::Refused { refusal, may_have_happened: true, .. }) => {
                if self.version(holder).await? == begun.before {
                    return Err(DataverseError::Refused(refusal));
                }
                Ok(SentOrShown::Sent(()))
            }
            Err(other) => Err(other.into()),
        }
    }
}

/// More than any token.
const LONGEST_ANSWER: usize = 1 << 20;
