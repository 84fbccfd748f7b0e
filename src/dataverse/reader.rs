//! Reads the pages of a query, one link after the other, and sends their rows on in pieces. Nothing here waits for a
//! particular consumer, and no row is ever sent twice.
//!
//! A page that breaks is asked for again under its own link. As many rows as were sent on already are left out of the
//! second reading, and only if they are byte for byte the same; otherwise the reading ends with an error.

use bytes::Bytes;
use tokio::sync::mpsc;

use crate::dataverse::client::{Client, Sent};
use crate::dataverse::error_body::ErrorBody;
use crate::dataverse::page::{PageError, Side, Splitter};
use crate::dataverse::query::Query;
use crate::dataverse::refusal::Refusal;
use crate::dataverse::seen_pages::SeenPages;
use crate::dataverse::{DataverseError, codes};
use crate::net::{Body, Failure, Idempotency, NetError, Request};
use crate::record::Record;

/// The most pages without a row, one after the other. Filters on what the user may see make a few lawful.
const MOST_EMPTY_PAGES: usize = 50;

/// What the reader sends on. The last piece is always `End` or `Failed`.
pub(super) enum Piece {
    Rows(Vec<Record>),
    End { count: Option<u64>, has_more: bool },
    Failed(DataverseError),
}

/// Reads pages and sends their rows on.
pub(super) struct Reader {
    client: Client,
    query: Query,
    sender: mpsc::Sender<Piece>,
    /// Rows that may still be sent on.
    left: u64,
    count: Option<u64>,
}

/// How a page ended.
enum PageEnd {
    /// It was read to its end.
    Whole(Side),
    /// A row came that is more than was asked for. Beside it the count, if it was waited for.
    OneTooMany(Option<u64>),
    /// Nobody listens any more.
    Unwanted,
}

/// Why a page did not end.
enum Trouble {
    /// Asking for the page again may help.
    Passing(Failure, DataverseError),
    /// It can't.
    Lasting(DataverseError),
}

/// What was sent on of a page so far.
#[derive(Default)]
struct Given {
    rows: usize,
    print: Fingerprint,
}

/// One reading of a page.
struct Reading {
    body: Body,
    splitter: Splitter,
    bare_refusal: Refusal,
    /// Rows still to be left out, because an earlier reading sent them on.
    to_skip: usize,
    skipped: Fingerprint,
}

impl Reader {
    pub(super) fn new(client: Client, query: Query, sender: mpsc::Sender<Piece>) -> Self {
        let left = query.top.unwrap_or(u64::MAX);
        Self { client, query, sender, left, count: None }
    }

    pub(super) async fn run(mut self) {
        let piece = match self.read_all().await {
            Ok(Some(has_more)) => Piece::End { count: self.count, has_more },
            Ok(None) => return,
            Err(error) => Piece::Failed(error),
        };
        // An error here means that nobody listens any more.
        let _ = self.sender.send(piece).await;
    }

    /// Reads page after page. Gives whether there is more than was asked for, or `None` when nobody listens.
    async fn read_all(&mut self) -> Result<Option<bool>, DataverseError> {
        if self.left == 0 {
            return Ok(Some(false));
        }
        let mut request = self.query.to_request();
        let mut seen = SeenPages::from(&request.path);
        let mut empty_pages = 0;
        let mut previous = None;
        let mut page = 0;
        loop {
            page += 1;
            let mut given = Given::default();
            let side = match self.read_page(&request, &mut given).await? {
                PageEnd::Whole(side) => side,
                PageEnd::OneTooMany(count) => {
                    self.count = self.count.or(count);
                    return Ok(Some(true));
                }
                PageEnd::Unwanted => return Ok(None),
            };
            self.count = self.count.or(side.count);
            let Some(path) = self.next_path(&side, page)? else {
                let has_more = side.has_more_records();
                if has_more && self.query.fetch.is_none() {
                    return Err(DataverseError::NoNextPage);
                }
                return Ok(Some(has_more));
            };
            if self.left == 0 {
                return Ok(Some(true));
            }
            // A service whose page number moves on while its cookie stands still sends the same page under ever new links.
            if given.rows > 0 && previous == Some(given.print) {
                return Err(DataverseError::CyclicLink { page });
            }
            seen.go_on_to(&path)?;
            empty_pages = if given.rows == 0 { empty_pages + 1 } else { 0 };
            if empty_pages > MOST_EMPTY_PAGES {
                return Err(DataverseError::EmptyPages { pages: empty_pages });
            }
            previous = Some(given.print);
            request.path = path;
        }
    }

    /// Where the page after this one is.
    fn next_path(&self, side: &Side, page: usize) -> Result<Option<String>, DataverseError> {
        if let Some(fetch) = &self.query.fetch {
            let next = fetch.next_page(side, self.query.sent_page_size(), page as u64);
            let next = next.map_err(|why| self.client.malformed(&why))?;
            return Ok(next.map(|document| self.query.fetch_path(&document)));
        }
        side.next_link.as_ref().map(|link| Ok(self.client.origin().adopt(link)?)).transpose()
    }

    /// Reads one page, again if need be.
    async fn read_page(&mut self, request: &Request, given: &mut Given) -> Result<PageEnd, DataverseError> {
        let mut retry = self.client.retry(Idempotency::Safe);
        loop {
            let sent = self.client.exchange(request, &mut retry).await?;
            self.client.expect_json(&sent.response)?;
            match self.read_once(Reading::new(sent, given), given).await {
                Ok(end) => return Ok(end),
                Err(Trouble::Lasting(error)) => return Err(error),
                Err(Trouble::Passing(failure, error)) => {
                    if !self.client.wait_after(failure, &mut retry, &error.to_string()).await {
                        return Err(error);
                    }
                }
            }
        }
    }

    async fn read_once(&mut self, mut reading: Reading, given: &mut Given) -> Result<PageEnd, Trouble> {
        let mut rows = Vec::new();
        let mut is_one_too_many = false;
        while let Some(piece) = reading.body.chunk().await.map_err(of_net)? {
            reading.splitter.push(&piece, &mut rows).map_err(|error| self.of_page(error, &reading))?;
            if !rows.is_empty() {
                reading.body.renew();
            }
            let mut records = Vec::with_capacity(rows.len());
            for row in rows.drain(..) {
                if reading.to_skip > 0 {
                    reading.skip(&row, given).map_err(|()| self.page_changed(given))?;
                } else if self.left == 0 {
                    is_one_too_many = true;
                    break;
                } else {
                    given.print.add(&row);
                    given.rows += 1;
                    self.left -= 1;
                    records.push(Record::parse(row).map_err(|error| Trouble::Lasting(self.client.malformed(&error)))?);
                }
            }
            if !records.is_empty() && self.sender.send(Piece::Rows(records)).await.is_err() {
                return Ok(PageEnd::Unwanted);
            }
            // The count stands beside the rows, anywhere: whoever wants it reads the few rows that are left.
            if is_one_too_many && !self.query.count {
                return Ok(PageEnd::OneTooMany(None));
            }
        }
        let splitter = std::mem::take(&mut reading.splitter);
        let side = splitter.finish().map_err(|error| self.of_page(error, &reading))?;
        if reading.to_skip > 0 {
            return Err(self.page_changed(given));
        }
        Ok(if is_one_too_many { PageEnd::OneTooMany(side.count) } else { PageEnd::Whole(side) })
    }

    fn of_page(&self, error: PageError, reading: &Reading) -> Trouble {
        let host = self.client.origin().host().to_owned();
        match error {
            PageError::Malformed(why) => Trouble::Lasting(DataverseError::Malformed { host, why }),
            PageError::CutShort => Trouble::Passing(Failure::Broken, DataverseError::CutShort { host }),
            PageError::Reported { code, message } => {
                let refusal = reading.bare_refusal.clone().with_body(&ErrorBody { code, message });
                let is_transient = refusal.code.is_some_and(codes::is_transient);
                let error = DataverseError::Refused(Box::new(refusal));
                if is_transient { Trouble::Passing(Failure::RolledBack, error) } else { Trouble::Lasting(error) }
            }
        }
    }

    fn page_changed(&self, given: &Given) -> Trouble {
        let host = self.client.origin().host().to_owned();
        Trouble::Lasting(DataverseError::PageChanged { host, given: given.rows })
    }
}

fn of_net(error: NetError) -> Trouble {
    match error.failure() {
        Some(failure) => Trouble::Passing(failure, error.into()),
        None => Trouble::Lasting(error.into()),
    }
}

impl Reading {
    fn new(sent: Sent, given: &Given) -> Self {
        Self {
            body: sent.response.body,
            splitter: Splitter::new(),
            bare_refusal: sent.bare_refusal,
            to_skip: given.rows,
            skipped: Fingerprint::default(),
        }
    }

    /// Leaves a row out; an error when all that is left out turns out to be other rows than were sent on.
    fn skip(&mut self, row: &Bytes, given: &Given) -> Result<(), ()> {
        self.skipped.add(row);
        self.to_skip -= 1;
        if self.to_skip == 0 && self.skipped != given.print { Err(()) } else { Ok(()) }
    }
}

/// Tells whether the same rows came again. Cheap, because every row pays for it, and no defence against forgery: a
/// service that could forge it could send any rows it likes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Fingerprint(u64);

impl Fingerprint {
    fn add(&mut self, row: &[u8]) {
        let (words, rest) = row.as_chunks::<8>();
        for word in words {
            self.mix(u64::from_le_bytes(*word));
        }
        let mut last = [0; 8];
        last[..rest.len()].copy_from_slice(rest);
        self.mix(u64::from_le_bytes(last));
        self.mix(row.len() as u64);
    }

    fn mix(&mut self, word: u64) {
        self.0 = (self.0.rotate_left(5) ^ word).wrapping_mul(0x517C_C1B7_2722_0A95);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn print(rows: &[&str]) -> Fingerprint {
        let mut print = Fingerprint::default();
        for row in rows {
            print.add(row.as_bytes());
        }
        print
    }

    #[test]
    fn other_rows_leave_another_print() {
        let rows = print(&["{\"a\":1}", "{\"a\":2}"]);
        assert_eq!(rows, print(&["{\"a\":1}", "{\"a\":2}"]));
        for other in [
            &["{\"a\":2}", "{\"a\":1}"][..],
            &["{\"a\":1}"],
            &["{\"a\":1}{\"a\":2}"],
            &["{\"a\":1}", "{\"a\":3}"],
            &["{\"a\":1}", "{\"a\":2}", ""],
        ] {
            assert_ne!(rows, print(other), "{other:?}");
        }
    }
}
