//! Sees an upload through: what of it has arrived is remembered between runs, if the connection is a saved one. How it is
//! sent is not known here.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};

use crate::commands::records::files::Given;
use crate::commands::records::files::given::Meter;
use crate::context::Context;
use crate::dataverse::{BLOCK, Begun, Client, Courier, Holder, SentOrShown, Source};
use crate::problem::Problem;
use crate::settings::{Changes, Target};
use crate::store::{UploadMemory, UploadNote};

/// What is remembered of an upload.
pub(in crate::commands::records) struct Memory<'a> {
    context: &'a Context,
    /// Nowhere for a connection that leaves nothing behind.
    kept: Option<UploadMemory>,
    note: Option<UploadNote>,
    arrived: Sha256,
}

impl<'a> Memory<'a> {
    /// Of uploads to `holder`.
    pub fn of(context: &'a Context, client: &Client, holder: &Holder) -> Result<Self, Problem> {
        let kept = match context.target()? {
            Target::Environment(_) => None,
            Target::Named(_) | Target::Default => {
                let connection = context.saved_connection(None)?;
                let table = &holder.table.logical_name;
                let place = format!("{}\n{table}\n{}\n{}", client.address(), holder.id, holder.column);
                Some(UploadMemory::new(context.places()?, context.vault_of(&connection)?, &place))
            }
        };
        Ok(Self { context, kept, note: None, arrived: Sha256::new() })
    }

    /// Sends the file, shows how far it is, and says what is kept if it breaks off.
    pub async fn see_through(
        &mut self,
        client: &Client,
        holder: &Holder,
        given: &mut Given,
    ) -> Result<SentOrShown<()>, Problem> {
        let length = given.length();
        // Where requests are only shown, nothing is on its way.
        let is_sent = self.context.settings.changes == Changes::Sent;
        let meter = is_sent.then(|| Meter::start(self.context, 0, Some(length)));
        let told = |done: u64| {
            if let Some(meter) = &meter {
                meter.tell(done, Some(length));
            }
        };
        let sent = client.send_file(holder, given, self, &told).await;
        drop(meter);
        if let (Err(_), Some(blocks)) = (&sent, self.note.as_ref().map(|note| note.blocks).filter(|blocks| *blocks > 0))
        {
            let arrived = (blocks * BLOCK).min(length);
            self.context.screen.note(&format!("{arrived} bytes have arrived; the same command goes on with the rest"));
        }
        Ok(sent?)
    }

    fn digest(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.arrived.clone().finalize())
    }
}

impl Courier for Memory<'_> {
    async fn begun(&mut self, source: &mut dyn Source) -> Result<Option<Begun>, Problem> {
        let Some((note, token)) = self.kept.as_ref().and_then(|kept| kept.find(self.context.clock.now())) else {
            return Ok(None);
        };
        if note.length != source.length() || note.name != source.name() || note.blocks * BLOCK > note.length + BLOCK {
            return Ok(None);
        }
        // What has arrived has to be what the file holds now.
        let mut offset = 0;
        while offset < (note.blocks * BLOCK).min(note.length) {
            let length = BLOCK.min(note.length - offset);
            self.arrived.update(source.read(offset, usize::try_from(length).unwrap_or(usize::MAX))?);
            offset += length;
        }
        if note.blocks > 0 && self.digest() != note.digest {
            self.arrived = Sha256::new();
            return Ok(None);
        }
        if offset > 0 {
            self.context.screen.note(&format!("going on after {offset} bytes that have arrived before"));
        }
        let begun = Begun { token, blocks: note.blocks, before: note.before.clone() };
        self.note = Some(note);
        Ok(Some(begun))
    }

    async fn begin(&mut self, source: &dyn Source, begun: &Begun) -> Result<(), Problem> {
        self.arrived = Sha256::new();
        self.note = None;
        let Some(kept) = &self.kept else { return Ok(()) };
        let note = UploadNote::new(self.context.clock.now(), source.name(), source.length(), begun.before.clone());
        match kept.keep_token(&begun.token).await.and_then(|()| kept.note(&note)) {
            Ok(()) => self.note = Some(note),
            // The upload itself needs none of it.
            Err(error) => self.context.screen.warn(&format!("an upload that breaks off will begin anew: {error}")),
        }
        Ok(())
    }

    fn arrived(&mut self, begun: &Begun, bytes: &[u8]) -> Result<(), Problem> {
        self.arrived.update(bytes);
        let digest = self.digest();
        let (Some(kept), Some(note)) = (&self.kept, &mut self.note) else { return Ok(()) };
        note.blocks = begun.blocks;
        note.digest = digest;
        // A note that is behind sends a block again.
        let _ = kept.note(note);
        Ok(())
    }

    async fn over(&mut self) -> Result<(), Problem> {
        self.note = None;
        if let Some(kept) = &self.kept
            && let Err(error) = kept.forget().await
        {
            self.context.screen.warn(&format!("the note about the upload could not be removed: {error}"));
        }
        Ok(())
    }
}
