//! The body of an answer on its way to the client: here as a whole, or arriving and no faster than it is taken. What is in
//! it is not looked at here.

use std::pin::Pin;
use std::task::{Context, Poll};

use hyper::body::{Body, Bytes, Frame, SizeHint};
use tokio::sync::mpsc;

/// Pieces that may wait to be taken.
const AHEAD: usize = 2;

/// The rest of the answer will not come. Whoever reads it must not take what came for all of it.
#[derive(Debug, thiserror::Error)]
#[error("the answer was cut short")]
pub(super) struct CutShort;

/// The side that feeds a [`Passage`]. Dropped without [`Source::end`], it cuts the answer short.
#[derive(Debug)]
pub(super) struct Source(mpsc::Sender<Option<Bytes>>);

/// The body of an answer.
#[derive(Debug)]
pub(super) enum Passage {
    /// All of it.
    Whole(Option<Bytes>),
    /// Still arriving, `length` bytes in all if that is known.
    Arriving {
        /// The pieces; `None` is the end.
        pieces: mpsc::Receiver<Option<Bytes>>,
        /// From the service's `Content-Length`, where nothing is changed on the way.
        length: Option<u64>,
        /// Whether the end has come.
        is_over: bool,
    },
}

impl Passage {
    /// A body that is here.
    pub(super) fn whole(bytes: impl Into<Bytes>) -> Self {
        Self::Whole(Some(bytes.into()).filter(|bytes| !bytes.is_empty()))
    }

    /// A body that will come, and the side that feeds it.
    pub(super) fn arriving(length: Option<u64>) -> (Source, Self) {
        let (source, pieces) = mpsc::channel(AHEAD);
        (Source(source), Self::Arriving { pieces, length, is_over: false })
    }
}

impl Source {
    /// Hands over a piece; waits while the client takes its time. `false` when the client has gone.
    pub(super) async fn give(&self, bytes: Bytes) -> bool {
        bytes.is_empty() || self.0.send(Some(bytes)).await.is_ok()
    }

    /// Says that it is whole.
    pub(super) async fn end(self) {
        // A client that has gone needs no end.
        let _ = self.0.send(None).await;
    }
}

impl Body for Passage {
    type Data = Bytes;
    type Error = CutShort;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, CutShort>>> {
        match &mut *self {
            Self::Whole(bytes) => Poll::Ready(bytes.take().map(|bytes| Ok(Frame::data(bytes)))),
            Self::Arriving { is_over: true, .. } => Poll::Ready(None),
            Self::Arriving { pieces, is_over, .. } => pieces.poll_recv(context).map(|piece| match piece {
                Some(Some(bytes)) => Some(Ok(Frame::data(bytes))),
                Some(None) => {
                    *is_over = true;
                    None
                }
                None => {
                    *is_over = true;
                    Some(Err(CutShort))
                }
            }),
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(self, Self::Whole(None) | Self::Arriving { is_over: true, .. })
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(bytes) => {
                SizeHint::with_exact(bytes.as_ref().map_or(0, |bytes| u64::try_from(bytes.len()).unwrap_or(u64::MAX)))
            }
            Self::Arriving { length: Some(length), .. } => SizeHint::with_exact(*length),
            Self::Arriving { .. } => SizeHint::default(),
        }
    }
}
