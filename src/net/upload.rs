//! The body of a request that is passed on while it arrives: one side feeds it, the other sends it, and neither runs
//! ahead of the other. Nothing here knows where it goes.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use tokio::sync::mpsc;

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
