//! The body of a request on its way: fed by one side while the other sends it, or whole from the beginning; and how far it
//! is. Nothing here knows where it goes.

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout_at};

use crate::net::NetError;
use crate::net::limits::{ENOUGH, Limits};

/// Pieces that may wait to be sent.
const AHEAD: usize = 2;

/// A body that is still being fed. Dropping it tells the feeding side that nobody wants more.
#[derive(Debug)]
pub struct Upload {
    pieces: mpsc::Receiver<Piece>,
    length: Option<u64>,
    is_over: bool,
}

/// The side that feeds an [`Upload`]. Dropped before [`Feed::end`], it breaks the request off: half a body never looks
/// like a whole one.
#[derive(Debug)]
pub struct Feed(mpsc::Sender<Piece>);

#[derive(Debug)]
enum Piece {
    Bytes(Bytes),
    End,
}

/// The body was broken off by whoever fed it.
#[derive(Debug, thiserror::Error)]
#[error("the body to be sent was broken off")]
pub struct BrokenOff;

impl Upload {
    /// A body of `length` bytes, if that is known, and the side that feeds it.
    #[must_use]
    pub fn new(length: Option<u64>) -> (Feed, Self) {
        let (feed, pieces) = mpsc::channel(AHEAD);
        (Feed(feed), Self { pieces, length, is_over: false })
    }
}

impl Feed {
    /// Hands over a piece; waits while too many are ahead.
    ///
    /// # Errors
    /// [`BrokenOff`] when nobody sends it any more.
    pub async fn give(&self, bytes: Bytes) -> Result<(), BrokenOff> {
        self.0.send(Piece::Bytes(bytes)).await.map_err(|_| BrokenOff)
    }

    /// Says that it is whole.
    ///
    /// # Errors
    /// [`BrokenOff`] when nobody sends it any more.
    pub async fn end(self) -> Result<(), BrokenOff> {
        self.0.send(Piece::End).await.map_err(|_| BrokenOff)
    }
}

impl Body for Upload {
    type Data = Bytes;
    type Error = BrokenOff;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BrokenOff>>> {
        if self.is_over {
            return Poll::Ready(None);
        }
        self.pieces.poll_recv(context).map(|piece| match piece {
            Some(Piece::Bytes(bytes)) => Some(Ok(Frame::data(bytes))),
            Some(Piece::End) => {
                self.is_over = true;
                None
            }
            None => {
                self.is_over = true;
                Some(Err(BrokenOff))
            }
        })
    }

    fn is_end_stream(&self) -> bool {
        self.is_over
    }

    fn size_hint(&self) -> SizeHint {
        self.length.map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}

/// A whole body that is handed over in pieces, so that its way can be followed.
#[derive(Debug)]
pub(super) struct Pieces(Bytes);

impl Pieces {
    /// The length of one.
    pub(super) const SIZE: usize = 64 * 1024;

    pub(super) const fn of(body: Bytes) -> Self {
        Self(body)
    }
}

impl Body for Pieces {
    type Data = Bytes;
    type Error = BrokenOff;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BrokenOff>>> {
        if self.0.is_empty() {
            return Poll::Ready(None);
        }
        let length = self.0.len().min(Self::SIZE);
        Poll::Ready(Some(Ok(Frame::data(self.0.split_to(length)))))
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.0.len() as u64)
    }
}

/// A body that says how far it is.
#[derive(Debug)]
pub(super) struct Watched<B> {
    body: B,
    progress: Progress,
}

impl<B> Watched<B> {
    pub(super) const fn new(body: B, progress: Progress) -> Self {
        Self { body, progress }
    }
}

impl<B: Body<Data = Bytes> + Unpin> Body for Watched<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let frame = Pin::new(&mut self.body).poll_frame(context);
        if let Poll::Ready(frame) = &frame {
            let bytes = match frame {
                Some(Ok(frame)) => frame.data_ref().map_or(0, Bytes::len),
                Some(Err(_)) | None => 0,
            };
            self.progress.add(bytes, frame.is_none() || self.body.is_end_stream());
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// How far the body of a request is. Clones watch the same one.
#[derive(Debug, Clone)]
pub(super) struct Progress(Arc<Mutex<Gone>>);

/// What has gone out.
#[derive(Debug, Clone, Copy)]
struct Gone {
    bytes: u64,
    /// When the last of it went.
    last: Instant,
    is_whole: bool,
}

impl Progress {
    pub(super) fn new() -> Self {
        Self(Arc::new(Mutex::new(Gone { bytes: 0, last: Instant::now(), is_whole: false })))
    }

    /// There is nothing to follow.
    pub(super) fn over(self) -> Self {
        self.add(0, true);
        self
    }

    fn add(&self, bytes: usize, is_whole: bool) {
        let mut gone = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        gone.bytes += bytes as u64;
        gone.last = Instant::now();
        gone.is_whole |= is_whole;
    }

    fn look(&self) -> Gone {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for the beginning of an answer: as long as the body goes out and gets on, and then until silence is too long.
    pub(super) async fn answered<T>(
        &self,
        answer: impl Future<Output = T>,
        host: &str,
        limits: Limits,
    ) -> Result<T, NetError> {
        let mut answer = pin!(answer);
        let (mut began, mut before) = (Instant::now(), 0);
        loop {
            let gone = self.look();
            let silence = if gone.is_whole { limits.answer } else { limits.idle };
            let deadline = gone.last + silence;
            let deadline = if gone.is_whole { deadline } else { deadline.min(began + limits.window()) };
            if let Ok(answer) = timeout_at(deadline, answer.as_mut()).await {
                return Ok(answer);
            }
            let now = self.look();
            if now.last == gone.last && gone.last + silence <= deadline {
                return Err(NetError::NoResponse { host: host.to_owned(), after: silence });
            }
            if !now.is_whole && began.elapsed() >= limits.window() {
                if now.bytes < before + ENOUGH {
                    return Err(NetError::TooSlow { host: host.to_owned(), within: limits.window() });
                }
                (began, before) = (Instant::now(), now.bytes);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const LIMITS: Limits = Limits {
        connect: Duration::from_secs(1),
        idle: Duration::from_millis(150),
        answer: Duration::from_millis(400),
    };

    /// How the wait for an answer ends that never comes, and after which limit.
    async fn ended(progress: Progress) -> NetError {
        progress.answered(std::future::pending::<()>(), "x", LIMITS).await.unwrap_err()
    }

    #[tokio::test]
    async fn silence_is_longer_before_an_answer_than_while_a_body_goes_out() {
        let waiting = ended(Progress::new().over()).await;
        assert!(matches!(waiting, NetError::NoResponse { after, .. } if after == LIMITS.answer), "{waiting:?}");
        let stuck = ended(Progress::new()).await;
        assert!(matches!(stuck, NetError::NoResponse { after, .. } if after == LIMITS.idle), "{stuck:?}");
    }

    #[tokio::test]
    async fn a_body_that_drips_out_ends_and_one_that_gets_on_does_not() {
        for (piece, ends) in [(1, true), (Pieces::SIZE, false)] {
            let progress = Progress::new();
            let feed = progress.clone();
            let feeding = async move {
                for _ in 0..60 {
                    crate::clock::real_pause(Duration::from_millis(40)).await;
                    feed.add(piece, false);
                }
            };
            tokio::select! {
                error = ended(progress) => assert!(ends && matches!(error, NetError::TooSlow { .. }), "{piece}: {error:?}"),
                () = feeding => assert!(!ends, "{piece} bytes at a time went on for ever"),
            }
        }
    }
}
