//! Requests in the caller's own words, and their answers as they come. What may be asked is judged as everywhere: the
//! bearer's origin is pinned, a read-only connection refuses changes, and only what is harmless twice is sent twice.

use bytes::Bytes;

use crate::dataverse::client::{LONGEST_ANSWER, Sent, headers_of, is_json};
use crate::dataverse::error_body::ErrorBody;
use crate::dataverse::inner_pages::is_cut;
use crate::dataverse::refusal::Refusal;
use crate::dataverse::send_error::NotSent;
use crate::dataverse::{Client, DataverseError, PageError, SentOrShown, Side, Splitter};
use crate::net::{Body, Idempotency, Method, Request};

/// What POST only reads. Source: Microsoft Learn, "Dataverse search".
const READING_POSTS: [&str; 6] = [
    "/api/data/v9.2/searchquery",
    "/api/data/v9.2/searchsuggest",
    "/api/data/v9.2/searchautocomplete",
    "/api/search/v2.0/query",
    "/api/search/v2.0/suggest",
    "/api/search/v2.0/autocomplete",
];

/// A request in the caller's own words.
#[derive(Debug, Clone)]
pub struct Raw {
    /// GET, POST, …
    pub method: Method,
    /// Path and query, beginning with `/`, encoded.
    pub path: String,
    /// Headers. Each takes the place of ours of that name.
    pub headers: Vec<(String, String)>,
    /// The body, if there is one.
    pub body: Option<Bytes>,
}

impl Raw {
    fn idempotency(&self) -> Idempotency {
        match self.method {
            Method::GET => Idempotency::Safe,
            Method::PUT | Method::PATCH | Method::DELETE => Idempotency::Keyed,
            _ if self.is_read() => Idempotency::Safe,
            _ => Idempotency::Once,
        }
    }

    /// Whether nothing changes. A path with anything behind the known one is not known.
    fn is_read(&self) -> bool {
        self.method == Method::GET || (self.method == Method::POST && READING_POSTS.contains(&self.path.as_str()))
    }

    fn to_request(&self) -> Request {
        let request = Request {
            method: self.method.clone(),
            path: self.path.clone(),
            headers: Vec::new(),
            body: self.body.clone(),
        };
        self.headers.iter().fold(request, |request, (name, value)| request.header(name.clone(), value.clone()))
    }
}

/// An answer as it comes.
#[derive(Debug)]
pub struct RawAnswer {
    /// The HTTP status.
    pub status: u16,
    /// Names in lower case.
    pub headers: Vec<(String, Vec<u8>)>,
    /// What is wrong, if the service said no; its own words are in the body all the same.
    pub refused: Option<DataverseError>,
    body: Arriving,
    page: Option<Watched>,
    side: Option<Side>,
    has_cut_rows: bool,
}

/// A JSON answer on its way through, read along for what stands around its rows. What is no page is passed over.
#[derive(Debug)]
struct Watched {
    splitter: Splitter,
    has_begun: bool,
    has_cut_rows: bool,
    bare_refusal: Refusal,
}

impl Watched {
    /// Takes a piece; whether it may still be a page.
    fn push(&mut self, piece: &Bytes) -> Result<bool, DataverseError> {
        self.has_begun |= !piece.is_empty();
        let mut rows = Vec::new();
        match self.splitter.push(piece, &mut rows) {
            Ok(()) => {
                self.has_cut_rows |= rows.iter().any(|row| std::str::from_utf8(row).is_ok_and(is_cut));
                Ok(true)
            }
            Err(error) => self.judged(error).map(|()| false),
        }
    }

    /// What stood around the rows, if it was a page.
    fn end(mut self) -> Result<Option<Side>, DataverseError> {
        if !self.has_begun {
            return Ok(None);
        }
        match std::mem::take(&mut self.splitter).finish() {
            Ok(side) => Ok(Some(side)),
            Err(error) => self.judged(error).map(|()| None),
        }
    }

    /// An answer that broke off, and an error in the place of the rest, are errors; everything else is no page.
    fn judged(&self, error: PageError) -> Result<(), DataverseError> {
        match error {
            PageError::Malformed(_) => Ok(()),
            PageError::CutShort => Err(DataverseError::CutShort { host: self.bare_refusal.host.clone() }),
            PageError::Reported { code, message } => {
                let refusal = self.bare_refusal.clone().with_body(&ErrorBody { code, message });
                Err(DataverseError::Refused(Box::new(refusal)))
            }
        }
    }
}

#[derive(Debug)]
enum Arriving {
    Whole(Option<Bytes>),
    Pieces(Body),
}

impl RawAnswer {
    /// The next piece of the body, `None` at its end.
    ///
    /// # Errors
    /// When the connection breaks, and at the end of JSON that breaks off.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, DataverseError> {
        let piece = match &mut self.body {
            Arriving::Whole(body) => body.take(),
            Arriving::Pieces(body) => body.steady_chunk().await?,
        };
        self.watch(piece.as_ref())?;
        Ok(piece)
    }

    /// The whole body.
    ///
    /// # Errors
    /// When the connection breaks, or it is longer than anything that is taken into memory, and for JSON that breaks off.
    pub async fn read(&mut self) -> Result<Bytes, DataverseError> {
        let whole: Bytes = match &mut self.body {
            Arriving::Whole(body) => body.take().unwrap_or_default(),
            Arriving::Pieces(body) => body.read(LONGEST_ANSWER).await?.into(),
        };
        self.watch(Some(&whole))?;
        self.watch(None)?;
        Ok(whole)
    }

    /// Whether a link leads to further rows; known once the body was taken.
    #[must_use]
    pub fn has_next_link(&self) -> bool {
        self.side.as_ref().is_some_and(|side| side.next_link.is_some())
    }

    /// Whether a Fetch query has more rows, to which no link leads; known once the body was taken.
    #[must_use]
    pub fn has_more_records(&self) -> bool {
        self.side.as_ref().is_some_and(|side| side.next_link.is_none() && side.has_more_records())
    }

    /// Whether collections inside the rows go on in further pages; known once the body was taken.
    #[must_use]
    pub const fn has_cut_rows(&self) -> bool {
        self.has_cut_rows
    }

    fn watch(&mut self, piece: Option<&Bytes>) -> Result<(), DataverseError> {
        let Some(mut page) = self.page.take() else { return Ok(()) };
        match piece {
            Some(piece) if page.push(piece)? => self.page = Some(page),
            Some(_) => {}
            None => {
                self.has_cut_rows = page.has_cut_rows;
                self.side = page.end()?;
            }
        }
        Ok(())
    }
}

impl Client {
    /// Sends a request as it is. What the service refuses is an answer too.
    ///
    /// # Errors
    /// [`DataverseError::ReadOnly`] before anything is sent, [`DataverseError::OutcomeUnknown`], or whatever kept the answer
    /// away.
    pub async fn raw(&self, raw: &Raw) -> Result<SentOrShown<RawAnswer>, DataverseError> {
        if !raw.is_read() {
            self.check_writable()?;
        }
        let mut retry = self.retry(raw.idempotency());
        match self.send(&raw.to_request(), &mut retry).await {
            Ok(SentOrShown::Shown) => Ok(SentOrShown::Shown),
            Ok(SentOrShown::Sent(sent)) => self.raw_answer(raw, Ok(sent)).map(SentOrShown::Sent),
            Err(not_sent) => self.raw_answer(raw, Err(not_sent)).map(SentOrShown::Sent),
        }
    }

    /// Sends a request that only reads, as it is.
    ///
    /// # Errors
    /// As [`Client::raw`].
    pub(super) async fn read_raw(&self, raw: &Raw) -> Result<RawAnswer, DataverseError> {
        let sent = self.exchange(&raw.to_request(), &mut self.retry(Idempotency::Safe)).await;
        self.raw_answer(raw, sent)
    }

    fn raw_answer(&self, raw: &Raw, sent: Result<Sent, NotSent>) -> Result<RawAnswer, DataverseError> {
        match sent {
            Ok(sent) => {
                let kind = sent.response.header("content-type").unwrap_or_default();
                // No part of the API answers with a page: a captive portal does.
                if raw.path.starts_with("/api/") && kind.starts_with("text/html") {
                    return Err(self.not_dataverse(sent.response.status, kind));
                }
                let headers = headers_of(&sent.response);
                let status = sent.response.status;
                let page = is_json(kind).then(|| Watched {
                    splitter: Splitter::new(),
                    has_begun: false,
                    has_cut_rows: false,
                    bare_refusal: sent.bare_refusal,
                });
                let body = Arriving::Pieces(sent.response.body);
                Ok(RawAnswer { status, headers, refused: None, body, page, side: None, has_cut_rows: false })
            }
            Err(NotSent::Refused { refusal, may_have_happened, sending }) if may_have_happened && !raw.is_read() => {
                Err(DataverseError::unknown_after(refusal, sending))
            }
            Err(NotSent::Refused { mut refusal, .. }) => {
                let (headers, body) = refusal.whole.take().map(|whole| (whole.headers, whole.body)).unwrap_or_default();
                Ok(RawAnswer {
                    status: refusal.status,
                    headers,
                    body: Arriving::Whole((!body.is_empty()).then(|| body.into())),
                    refused: Some(DataverseError::Refused(refusal)),
                    page: None,
                    side: None,
                    has_cut_rows: false,
                })
            }
            Err(NotSent::Failed(error)) => Err(error),
        }
    }

    /// The path of an address that stays at this organisation.
    ///
    /// # Errors
    /// When it leads elsewhere.
    pub fn adopt(&self, link: &str) -> Result<String, DataverseError> {
        Ok(self.origin().adopt(link)?)
    }

    /// Where the answer that was read says that the next page is; `None` at the last one, and for what is no page.
    ///
    /// # Errors
    /// When the link leads elsewhere.
    pub fn next_path(&self, answer: &RawAnswer) -> Result<Option<String>, DataverseError> {
        answer.side.as_ref().and_then(|side| side.next_link.as_deref()).map(|link| self.adopt(link)).transpose()
    }

    /// A link back to a page that was read already: the pages would never end.
    #[must_use]
    pub fn cyclic(page: usize) -> DataverseError {
        DataverseError::CyclicLink { page }
    }
}
