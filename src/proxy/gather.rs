//! Takes in the body of a request: whole while it is short, so that it can be sent twice, and otherwise as it arrives. What
//! becomes of it is decided elsewhere.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::BodyExt as _;
use hyper::body::{Body as _, Incoming};
use tokio::time::timeout;

use crate::net::{Content, Feed, Upload};
use crate::proxy::Refusal;
use crate::proxy::links::Inward;

/// What is kept in memory to be sent again, in bytes.
pub(super) const KEPT: usize = 1 << 20;
/// The longest body: as much as Dataverse takes for a file in one piece.
const LONGEST: u64 = 128 << 20;
/// Longest silence of a client in the middle of its body.
const PATIENCE: Duration = Duration::from_secs(60);

/// A body that was taken in.
#[derive(Debug)]
pub(super) enum Gathered {
    /// There is none.
    Nothing,
    /// All of it.
    Whole(Bytes),
    /// The beginning, and the rest that is still arriving.
    Begun(Begun),
}

/// A long body, of which the beginning is here.
#[derive(Debug)]
pub(super) struct Begun {
    first: Vec<u8>,
    rest: Incoming,
    length: Option<u64>,
    links: Option<Inward>,
}

/// Reads a body as far as it is kept. `links` changes it on its way.
pub(super) async fn gather(mut body: Incoming, mut links: Option<Inward>) -> Result<Gathered, Refusal> {
    let length = body.size_hint().exact();
    if length.is_some_and(|length| length > LONGEST) {
        return Err(Refusal::TooLong);
    }
    let mut first = Vec::new();
    while let Some(piece) = next(&mut body).await? {
        first.extend_from_slice(&piece);
        if first.len() > KEPT {
            // Where links are changed, nobody knows how long it will be.
            let length = length.filter(|_| links.is_none());
            return Ok(Gathered::Begun(Begun { first, rest: body, length, links }));
        }
    }
    if let Some(links) = links.take() {
        first = changed(links, &first);
    }
    Ok(if first.is_empty() { Gathered::Nothing } else { Gathered::Whole(first.into()) })
}

fn changed(mut links: Inward, body: &[u8]) -> Vec<u8> {
    let mut changed = links.pass(body);
    changed.extend(links.end());
    changed
}

/// The next piece of a body, `None` at its end.
async fn next(body: &mut Incoming) -> Result<Option<Bytes>, Refusal> {
    loop {
        return match timeout(PATIENCE, body.frame()).await {
            Ok(None) => Ok(None),
            Ok(Some(Ok(frame))) => match frame.into_data() {
                Ok(bytes) => Ok(Some(bytes)),
                // Trailers mean nothing to the Web API.
                Err(_) => continue,
            },
            Ok(Some(Err(_))) | Err(_) => Err(Refusal::BodyBroken),
        };
    }
}

impl Gathered {
    /// What goes out first, and the work that feeds it, if it is still arriving.
    pub(super) fn into_content(self) -> (Content, Option<tokio::task::JoinHandle<Result<(), Refusal>>>) {
        match self {
            Self::Nothing => (Content::None, None),
            Self::Whole(bytes) => (Content::Whole(bytes), None),
            Self::Begun(begun) => {
                let (feed, upload) = Upload::new(begun.length);
                (Content::Arriving(upload), Some(tokio::spawn(begun.feed(feed))))
            }
        }
    }
}

impl Begun {
    /// Feeds all of it, no faster than it is sent. A body that breaks off or grows too long is never ended, so the service
    /// can't take it for whole.
    async fn feed(mut self, feed: Feed) -> Result<(), Refusal> {
        let mut total = 0;
        let mut piece = Some(Bytes::from(std::mem::take(&mut self.first)));
        while let Some(bytes) = piece {
            total += u64::try_from(bytes.len()).unwrap_or(u64::MAX);
            if total > LONGEST {
                return Err(Refusal::TooLong);
            }
            let bytes = match &mut self.links {
                Some(links) => links.pass(&bytes).into(),
                None => bytes,
            };
            if !bytes.is_empty() && feed.give(bytes).await.is_err() {
                // The service has answered already, or can't be reached: that is told by the request itself.
                return Ok(());
            }
            piece = next(&mut self.rest).await?;
        }
        if let Some(links) = self.links {
            let last = links.end();
            if !last.is_empty() && feed.give(last.into()).await.is_err() {
                return Ok(());
            }
        }
        let _ = feed.end().await;
        Ok(())
    }
}
