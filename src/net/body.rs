//! The body of an answer while it arrives: it may not fall silent, and may not drip for ever.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::time::{Instant, timeout};

use crate::net::NetError;
use crate::net::limits::{ENOUGH, Limits};

/// A body that is still arriving. Dropping it closes the stream.
///
/// It has to be whole within ten times the longest silence, unless whoever reads it says that it gets on: by
/// [`Body::renew`], or by reading it as a file with [`Body::steady_chunk`]. Only the time in which it is waited for counts.
#[derive(Debug)]
pub struct Body {
    source: Source,
    host: Arc<str>,
    limits: Limits,
    /// What is left of the time in which it has to get on.
    left: Duration,
    /// What came of a file in that time.
    came: u64,
}

/// Where a body comes from.
#[derive(Debug)]
enum Source {
    Arriving(reqwest::Response),
    Whole(Option<Bytes>),
}

impl Body {
    pub(super) fn arriving(incoming: reqwest::Response, host: &str, limits: Limits) -> Self {
        Self { source: Source::Arriving(incoming), host: host.into(), limits, left: limits.window(), came: 0 }
    }

    pub(super) fn replaced_by(self, body: Bytes) -> Self {
        Self { source: Source::Whole(Some(body)), ..self }
    }

    /// The next piece, decompressed, `None` at the end.
    ///
    /// # Errors
    /// [`NetError`] when the stream breaks, falls silent or gets on too slowly.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, NetError> {
        let incoming = match &mut self.source {
            Source::Whole(body) => return Ok(body.take()),
            Source::Arriving(incoming) => incoming,
        };
        if self.left.is_zero() {
            return Err(self.too_slow());
        }
        let began = Instant::now();
        let outcome = timeout(self.limits.idle.min(self.left), incoming.chunk()).await;
        self.left = self.left.saturating_sub(began.elapsed());
        match outcome {
            Ok(piece) => piece.map_err(|error| NetError::of_body(&error, &self.host)),
            Err(_) if self.left.is_zero() => Err(self.too_slow()),
            Err(_) => Err(NetError::Silent { host: self.host.to_string(), after: self.limits.idle }),
        }
    }

    /// The next piece of a file, which may take as long as it likes while it gets on.
    ///
    /// # Errors
    /// As [`Body::chunk`].
    pub async fn steady_chunk(&mut self) -> Result<Option<Bytes>, NetError> {
        let piece = self.chunk().await?;
        self.came += piece.as_ref().map_or(0, |piece| piece.len() as u64);
        if self.came >= ENOUGH {
            self.renew();
        }
        Ok(piece)
    }

    /// What came was what was waited for, such as a whole row: the time begins anew.
    pub const fn renew(&mut self) {
        self.left = self.limits.window();
        self.came = 0;
    }

    /// All of it, up to `limit` bytes after decompression.
    ///
    /// # Errors
    /// [`NetError`] when the stream breaks, takes too long or is longer.
    pub async fn read(&mut self, limit: usize) -> Result<Vec<u8>, NetError> {
        let mut all = Vec::new();
        while let Some(piece) = self.chunk().await? {
            if all.len() + piece.len() > limit {
                return Err(NetError::TooLarge { host: self.host.to_string(), limit });
            }
            all.extend_from_slice(&piece);
        }
        Ok(all)
    }

    fn too_slow(&self) -> NetError {
        NetError::TooSlow { host: self.host.to_string(), within: self.limits.window() }
    }
}
