//! Records of a query, one after the other, however many pages they fill: in constant memory, the next page asked for
//! while the last rows of this one are still being handed out. Nothing here knows what is done with them.

use std::collections::VecDeque;

use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::dataverse::DataverseError;
use crate::dataverse::client::Client;
use crate::dataverse::inner_pages::InnerPages;
use crate::dataverse::query::Query;
use crate::dataverse::reader::{Piece, Reader};
use crate::record::Record;

/// How many pieces of a page may wait to be handed out: some dozen kilobytes each.
const PIECES_AHEAD: usize = 4;

/// Records in order. Dropping it stops the reading.
#[derive(Debug)]
pub struct RowStream {
    arriving: mpsc::Receiver<Piece>,
    ready: VecDeque<Record>,
    inner: InnerPages,
    reader: JoinHandle<()>,
    total: Option<u64>,
    has_more: bool,
    has_ended: bool,
}

impl Client {
    /// Asks for the rows of `query`. To be called inside a tokio runtime: the reading goes on beside the caller.
    #[must_use]
    pub fn rows(&self, query: Query) -> RowStream {
        self.rows_within(query, 0)
    }

    /// The same for rows that stand in so many collections of other rows.
    pub(super) fn rows_within(&self, query: Query, level: usize) -> RowStream {
        let inner = InnerPages::new(self, query.annotations, query.page_size, level);
        let (sender, arriving) = mpsc::channel(PIECES_AHEAD);
        let reader = Reader::new(self.clone(), query, sender);
        RowStream {
            arriving,
            ready: VecDeque::new(),
            inner,
            reader: tokio::spawn(reader.run()),
            total: None,
            has_more: false,
            has_ended: false,
        }
    }
}

impl RowStream {
    /// The next record, `None` after the last one that was asked for.
    ///
    /// # Errors
    /// Whatever kept the next record away. Records handed out before it are good, but they are not all.
    pub async fn next(&mut self) -> Result<Option<Record>, DataverseError> {
        loop {
            if let Some(record) = self.ready.pop_front() {
                return match self.inner.whole(record).await {
                    Ok(record) => Ok(Some(record)),
                    Err(problem) => {
                        // No later record may look like the next one.
                        self.ready.clear();
                        self.has_ended = true;
                        Err(problem)
                    }
                };
            }
            if self.has_ended {
                return Ok(None);
            }
            match self.arriving.recv().await {
                Some(Piece::Rows(rows)) => self.ready.extend(rows),
                Some(Piece::End { count, has_more }) => {
                    self.has_ended = true;
                    self.total = count;
                    self.has_more = has_more;
                }
                Some(Piece::Failed(error)) => {
                    self.has_ended = true;
                    return Err(error);
                }
                // The reader says how it ended, always. If it did not, it is gone, and so may rows be.
                None => {
                    self.has_ended = true;
                    return Err(DataverseError::StreamLost);
                }
            }
        }
    }

    /// How many rows there are in all, if the query asked and the stream has ended. The service counts to 5000 at most.
    #[must_use]
    pub const fn total(&self) -> Option<u64> {
        self.total
    }

    /// Whether there are more rows than `top` allowed; known when the stream has ended.
    #[must_use]
    pub const fn has_more(&self) -> bool {
        self.has_more
    }
}

impl Drop for RowStream {
    fn drop(&mut self) {
        self.reader.abort();
    }
}
