//! Requests in the caller's own words, and their answers as they come. What may be asked is judged as everywhere: the
//! bearer's origin is pinned, a read-only connection refuses changes, and only what is harmless twice is sent twice.

use bytes::Bytes;
use serde::Deserialize;

use crate::dataverse::client::{LONGEST_ANSWER, NotSent, headers_of};
use crate::dataverse::{Client, DataverseError};
use crate::net::{Body, Idempotency, Method, Request};
use crate::problem::Problem;

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
    pub refused: Option<Problem>,
    body: Arriving,
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
    /// When the connection breaks.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, Problem> {
        match &mut self.body {
            Arriving::Whole(body) => Ok(body.take()),
            Arriving::Pieces(body) => Ok(body.chunk().await?),
        }
    }

    /// The whole body.
    ///
    /// # Errors
    /// When the connection breaks, or it is longer than anything that is taken into memory.
    pub async fn read(&mut self) -> Result<Bytes, Problem> {
        match &mut self.body {
            Arriving::Whole(body) => Ok(body.take().unwrap_or_default()),
            Arriving::Pieces(body) => Ok(body.read(LONGEST_ANSWER).await?.into()),
        }
    }
}

impl Client {
    /// Sends a request as it is. What the service refuses is an answer too.
    ///
    /// # Errors
    /// [`DataverseError::ReadOnly`] before anything is sent, [`DataverseError::OutcomeUnknown`], or whatever kept the answer
    /// away.
    pub async fn raw(&self, raw: &Raw) -> Result<RawAnswer, Problem> {
        if !raw.is_read() {
            self.check_writable()?;
        }
        let mut retry = self.retry(raw.idempotency());
        match self.send(&raw.to_request(), &mut retry).await {
            Ok(sent) => {
                let kind = sent.response.header("content-type").unwrap_or_default();
                // No part of the API answers with a page: a captive portal does.
                if raw.path.starts_with("/api/") && kind.starts_with("text/html") {
                    return Err(self.not_dataverse(sent.response.status, kind).into());
                }
                let headers = headers_of(&sent.response);
                let status = sent.response.status;
                Ok(RawAnswer { status, headers, refused: None, body: Arriving::Pieces(sent.response.body) })
            }
            Err(NotSent::Refused { refusal, may_have_happened }) if may_have_happened && !raw.is_read() => {
                Err(DataverseError::unknown_after(refusal).into())
            }
            Err(NotSent::Refused { mut refusal, .. }) => {
                let (headers, body) = refusal.whole.take().map(|whole| (whole.headers, whole.body)).unwrap_or_default();
                Ok(RawAnswer {
                    status: refusal.status,
                    headers,
                    body: Arriving::Whole((!body.is_empty()).then(|| body.into())),
                    refused: Some(DataverseError::Refused(refusal).into()),
                })
            }
            Err(NotSent::Failed(problem)) => Err(problem),
        }
    }

    /// The path of an address that stays at this organisation.
    ///
    /// # Errors
    /// When it leads elsewhere.
    pub fn adopt(&self, link: &str) -> Result<String, Problem> {
        Ok(self.origin().adopt(link)?)
    }

    /// Where a page says that the next one is; `None` at the last one, and for what is no page.
    ///
    /// # Errors
    /// When the link leads elsewhere.
    pub fn next_path(&self, page: &[u8]) -> Result<Option<String>, Problem> {
        #[derive(Deserialize)]
        struct Page {
            #[serde(rename = "@odata.nextLink")]
            next: Option<String>,
        }
        let next = serde_json::from_slice::<Page>(page).ok().and_then(|page| page.next);
        next.map(|link| self.adopt(&link)).transpose()
    }

    /// A link back to a page that was read already: the pages would never end.
    #[must_use]
    pub fn cyclic(page: usize) -> Problem {
        DataverseError::CyclicLink { page }.into()
    }
}
