//! Talks to one organisation: token, standard headers, waits, retries, and the judgement of every answer. It knows no
//! table, and it never learns how a token is made.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use serde::de::DeserializeOwned;

use crate::clock::Clock;
use crate::connection::Look;
use crate::dataverse::answer::{LONGEST_REFUSAL, words_unless_too_slow};
use crate::dataverse::codes;
use crate::dataverse::error::{Lost, Sending};
use crate::dataverse::impersonation::Impersonation;
use crate::dataverse::inner_pages::InnerPages;
use crate::dataverse::refusal::Refusal;
use crate::dataverse::seen_pages::SeenPages;
use crate::dataverse::send_error::NotSent;
use crate::dataverse::time_zone::DayZone;
use crate::dataverse::{Catalog, DataverseError, Expand, RecordId, SentOrShown, Table, query};
use crate::net::{AccessToken, Failure, Http, Idempotency, Jitter, Origin, Request, Response, Retry};
use crate::net::{Throttled, TokenSource, Trace, Verdict, http_date};
use crate::problem::Problem;
use crate::record::Record;

/// The longest answer that is read whole, after decompression. Pages are not: they stream.
pub(super) const LONGEST_ANSWER: usize = 64 << 20;
/// What a client is made of.
pub struct ClientParts {
    /// What sends requests.
    pub http: Http,
    /// The organisation; the bearer goes nowhere else.
    pub origin: Origin,
    /// Where the bearer comes from.
    pub tokens: Arc<dyn TokenSource>,
    /// The time, and waiting.
    pub clock: Clock,
    /// How long one request may wait in all because the service asks for it.
    pub max_wait: Duration,
    /// The name of the connection, if it refuses every write.
    pub read_only: Option<String>,
    /// Where decisions are told.
    pub trace: Trace,
}

/// A way to one organisation. Clones are cheap and wait together when the service is busy.
#[derive(Clone)]
pub struct Client {
    shared: Arc<Shared>,
    /// What it is called: only errors need it.
    connection: Option<Arc<str>>,
    /// What is known of its tables.
    catalog: Arc<Catalog>,
    /// On whose behalf everything is asked and done.
    acting_as: Option<Arc<Impersonation>>,
    /// Who is told of a change instead of the service.
    rehearsal: Option<Rehearsal>,
    /// Whether they are told of reads in the place of changes too.
    shows_reads: bool,
    /// Where a day begins at midnight, for columns that keep days as moments.
    day_zone: Arc<DayZone>,
    /// What may be done over the connection by now.
    pub(super) look: Option<Look>,
}

/// Takes a request that would have been sent, with its headers.
pub type Rehearsal = Arc<dyn Fn(&Request) -> Result<(), Problem> + Send + Sync>;

struct Shared {
    parts: ClientParts,
    jitter: Mutex<Jitter>,
    /// No request of any clone leaves before this moment: the service asked for it.
    not_before: Mutex<Option<Timestamp>>,
}

/// A success whose body has not been read.
pub(super) struct Sent {
    pub response: Response,
    /// What the service would be quoted with if it turned the success into an error while the body arrives.
    pub bare_refusal: Refusal,
}

impl Client {
    /// A client of these parts. Nothing is sent.
    #[must_use]
    pub fn new(parts: ClientParts) -> Self {
        let seed = uuid::Uuid::new_v4().as_u64_pair().0;
        let connection = parts.read_only.as_deref().map(Arc::from);
        let shared = Shared { parts, jitter: Mutex::new(Jitter::seeded(seed)), not_before: Mutex::new(None) };
        Self {
            shared: Arc::new(shared),
            connection,
            catalog: Arc::new(Catalog::in_memory()),
            acting_as: None,
            rehearsal: None,
            shows_reads: false,
            day_zone: Arc::default(),
            look: None,
        }
    }

    /// The same way, which keeps what it learns of tables in `catalog`.
    #[must_use]
    pub fn with_catalog(self, catalog: Catalog) -> Self {
        Self { catalog: Arc::new(catalog), ..self }
    }

    /// The same way with another zone of days.
    pub(super) fn with_day_zone(self, day_zone: DayZone) -> Self {
        Self { day_zone: Arc::new(day_zone), ..self }
    }

    pub(super) fn day_zone(&self) -> &DayZone {
        &self.day_zone
    }

    /// The same way on behalf of a user: by sign-in name, user id or object id in Entra.
    #[must_use]
    pub fn acting_as(self, user: &str) -> Self {
        Self { acting_as: Some(Arc::new(Impersonation::of(user.to_owned()))), ..self }
    }

    /// The same way, on which changes are told to `tell` and not sent; whoever asked for one gets [`SentOrShown::Shown`].
    #[must_use]
    pub fn rehearsing(self, tell: Rehearsal) -> Self {
        Self { rehearsal: Some(tell), ..self }
    }

    /// The same way, whose rehearsal shows batches that only read too: they are a part of something that changes more.
    #[must_use]
    pub fn showing_reads(self) -> Self {
        Self { shows_reads: true, ..self }
    }

    /// Whether changes are told and not sent.
    pub(super) fn is_rehearsing(&self) -> bool {
        self.rehearsal.is_some()
    }

    /// The same way, whose errors name the connection in their remedies.
    #[must_use]
    pub fn named(self, connection: &str) -> Self {
        Self { connection: Some(connection.into()), ..self }
    }

    /// The organisation's address: no trailing slash.
    #[must_use]
    pub fn address(&self) -> &str {
        self.origin().as_str()
    }

    /// Whether this connection refuses every write.
    #[must_use]
    pub fn is_read_only(&self) -> bool {
        self.parts().read_only.is_some()
    }

    /// An access token that is valid now, for those who speak to the organisation by themselves.
    ///
    /// # Errors
    /// Whatever the token source met.
    pub async fn token(&self) -> Result<AccessToken, DataverseError> {
        Ok(self.parts().tokens.token().await?)
    }

    async fn token_instead_of(&self, rejected: &AccessToken, why: &[String]) -> Result<AccessToken, DataverseError> {
        Ok(self.parts().tokens.token_instead_of(rejected, why).await?)
    }

    /// One record by its id. No column named means all of them; `annotations` asks for labels and names as well.
    ///
    /// # Errors
    /// [`DataverseError::Refused`] (exit 3 when there is no such record), or whatever kept the answer away.
    pub async fn get(
        &self,
        table: &Table,
        id: &RecordId,
        select: &[String],
        annotations: bool,
    ) -> Result<Record, DataverseError> {
        self.get_with(table, id, select, None, annotations).await
    }

    /// The same with related records.
    ///
    /// # Errors
    /// As [`Client::get`].
    pub async fn get_with(
        &self,
        table: &Table,
        id: &RecordId,
        select: &[String],
        expand: Option<&Expand>,
        annotations: bool,
    ) -> Result<Record, DataverseError> {
        self.get_at(table, &id.to_string(), select, expand, annotations).await
    }

    /// The same by a key as it stands in an address.
    pub(super) async fn get_at(
        &self,
        table: &Table,
        key: &str,
        select: &[String],
        expand: Option<&Expand>,
        annotations: bool,
    ) -> Result<Record, DataverseError> {
        let request = query::one_record(&table.entity_set, key, select, expand, annotations);
        let body = self.read(&request).await?;
        let record = Record::parse(body).map_err(|error| self.malformed(&error))?;
        // It describes the answer, not the record; a row of a list comes without it too.
        InnerPages::new(self, annotations, None, 0).whole(record.without("@odata.context")).await
    }

    pub(super) fn catalog(&self) -> &Catalog {
        &self.catalog
    }

    pub(super) fn origin(&self) -> &Origin {
        &self.parts().origin
    }

    pub(super) fn connection(&self) -> Option<&str> {
        self.connection.as_deref()
    }

    fn parts(&self) -> &ClientParts {
        &self.shared.parts
    }

    pub(super) fn now(&self) -> Timestamp {
        self.parts().clock.now()
    }

    /// The client id of the app that asked for itself by this token.
    pub(super) fn app_of(&self, token: &AccessToken) -> Option<String> {
        self.parts().tokens.app_of(token)
    }

    /// Whether everything is asked and done on behalf of another user.
    pub(super) const fn acts_as_another(&self) -> bool {
        self.acting_as.is_some()
    }

    pub(super) fn host(&self) -> String {
        self.origin().host().to_owned()
    }

    /// Sends a read and takes its JSON answer as a value.
    pub(super) async fn read_as<T: DeserializeOwned>(&self, request: &Request) -> Result<T, DataverseError> {
        let body = self.read(request).await?;
        serde_json::from_slice(&body).map_err(|error| self.malformed(&error))
    }

    /// Sends a read and takes the rows of its answer as values, those of every further page too.
    pub(super) async fn read_rows<T: DeserializeOwned>(&self, request: &Request) -> Result<Vec<T>, DataverseError> {
        #[derive(serde::Deserialize)]
        struct Rows<T> {
            value: Vec<T>,
            #[serde(rename = "@odata.nextLink")]
            next_link: Option<String>,
        }
        let (mut request, mut rows, mut seen) = (request.clone(), Vec::new(), SeenPages::from(&request.path));
        loop {
            let page: Rows<T> = self.read_as(&request).await?;
            rows.extend(page.value);
            let Some(link) = page.next_link else { return Ok(rows) };
            request.path = self.origin().adopt(&link)?;
            seen.go_on_to(&request.path)?;
        }
    }

    /// Sends a read and takes its whole answer as plain text.
    pub(super) async fn read_text(&self, request: &Request) -> Result<String, DataverseError> {
        let is_text = |response: &Response| match response.header("content-type") {
            Some(kind) if !kind.starts_with("text/plain") && !is_json(kind) => {
                Err(self.not_dataverse(response.status, kind))
            }
            _ => Ok(()),
        };
        let body = self.read_if(request, is_text).await?;
        String::from_utf8(body).map_err(|error| self.malformed(&error))
    }

    /// Sends a read and takes its whole JSON answer; one that breaks in the middle is asked for again.
    pub(super) async fn read(&self, request: &Request) -> Result<Vec<u8>, DataverseError> {
        self.read_if(request, |response| self.expect_json(response)).await
    }

    async fn read_if(
        &self,
        request: &Request,
        judge: impl Fn(&Response) -> Result<(), DataverseError>,
    ) -> Result<Vec<u8>, DataverseError> {
        let mut retry = self.retry(Idempotency::Safe);
        loop {
            let mut sent = self.exchange(request, &mut retry).await?;
            judge(&sent.response)?;
            match sent.response.body.read(LONGEST_ANSWER).await {
                Ok(body) => return Ok(body),
                Err(error) => {
                    let Some(failure) = error.failure() else { return Err(error.into()) };
                    if !self.wait_after(failure, &mut retry, &error).await {
                        return Err(error.into());
                    }
                }
            }
        }
    }

    /// The course of a new request.
    pub(super) fn retry(&self, idempotency: Idempotency) -> Retry {
        let jitter = self.shared.jitter.lock().unwrap_or_else(PoisonError::into_inner).split();
        Retry::new(idempotency, self.parts().max_wait, jitter)
    }

    /// Sends what may change something as [`Client::exchange`] does, or shows it where nothing is to change.
    pub(super) async fn send(&self, request: &Request, retry: &mut Retry) -> Result<SentOrShown<Sent>, NotSent> {
        let is_change = may_change(request, retry);
        let is_shown = is_change || (self.shows_reads && request.body.is_some());
        if let Some(tell) = self.rehearsal.as_ref().filter(|_| is_shown) {
            let (request, _) = self.outgoing(request).await?;
            tell(&request).map_err(DataverseError::from)?;
            return Ok(SentOrShown::Shown);
        }
        self.exchange(request, retry).await.map(SentOrShown::Sent)
    }

    /// Sends `request` until it succeeds, is refused, or the policy gives up. The body of a success has not been read. What
    /// may change something goes through [`Client::send`].
    pub(super) async fn exchange(&self, request: &Request, retry: &mut Retry) -> Result<Sent, NotSent> {
        let mut sending = Sending::new(retry);
        let is_change = may_change(request, retry);
        match self.send_until(request, retry, &mut sending).await {
            // Whatever ended it, an earlier try may have been carried out.
            Err(NotSent::Failed(error)) if is_change && sending.is_open && !error.is_unknown_outcome() => {
                Err(DataverseError::unknown(Lost::AtTheService(Box::new(error)), sending).into())
            }
            sent => sent,
        }
    }

    async fn send_until(&self, request: &Request, retry: &mut Retry, sending: &mut Sending) -> Result<Sent, NotSent> {
        let (request, is_carried) = self.outgoing(request).await?;
        let mut replacement = None;
        loop {
            self.wait_for_all().await;
            let token = match &replacement {
                Some(token) => Clone::clone(token),
                None => self.token().await?,
            };
            let was_open = sending.is_open;
            let Some(sent) = self.try_once(&request, is_carried, &token, retry, sending).await? else { continue };
            if is_multipart(&sent.response) {
                // The status is that of one operation inside; what happened to each is in the body.
                return Ok(sent);
            }
            match sent.response.status {
                // 304 comes to those who sent a version along.
                200..=299 | 304 => return Ok(sent),
                300..=399 => return Err(self.redirected(&sent.response).into()),
                401 if replacement.is_none() => replacement = Some(self.another_token(sent.response, &token).await?),
                status => {
                    if status == 401 {
                        self.parts().tokens.take_note(&sent.response.challenges());
                    }
                    self.wait_after_refusal(&request, sent, retry, was_open, sending).await?;
                }
            }
        }
    }

    /// Sends the request once and gives its answer, whatever it says. `None` after a failure and the wait for the next try.
    async fn try_once(
        &self,
        request: &Request,
        is_carried: bool,
        token: &AccessToken,
        retry: &mut Retry,
        sending: &mut Sending,
    ) -> Result<Option<Sent>, NotSent> {
        let parts = self.parts();
        let client_request_id = uuid::Uuid::new_v4().hyphenated().to_string();
        let at = parts.clock.now();
        let outgoing = request.clone().header("x-ms-client-request-id", &client_request_id);
        let mut response = match parts.http.send(&parts.origin, &outgoing, Some(&token.secret)).await {
            Ok(response) => response,
            Err(error) => {
                let Some(failure) = error.failure() else { return Err(error.into()) };
                let is_broken = failure == Failure::Broken;
                sending.times += u32::from(is_broken);
                sending.is_open |= is_broken;
                if self.wait_after(failure, retry, &error).await {
                    return Ok(None);
                }
                // Whatever ended it, an earlier try may have arrived.
                if sending.is_open && may_change(request, retry) {
                    return Err(DataverseError::unknown(Lost::OnTheWay(error), *sending).into());
                }
                return Err(error.into());
            }
        };
        sending.times += 1;
        sending.is_open |= matches!(response.status, 502 | 504);
        if is_carried && is_multipart(&response) {
            response = match self.unpacked(response).await {
                Ok(response) => response?,
                Err(error) => match error.failure() {
                    Some(failure) if self.wait_after(failure, retry, &error).await => return Ok(None),
                    _ => return Err(error.into()),
                },
            };
        }
        let bare_refusal = self.bare_refusal(&response, token, client_request_id, at);
        Ok(Some(Sent { response, bare_refusal }))
    }

    /// The token in the place of one that was refused.
    async fn another_token(&self, mut response: Response, refused: &AccessToken) -> Result<AccessToken, NotSent> {
        self.parts().trace.decision(|| "401: asking for another access token, once".to_owned());
        let challenges = response.challenges();
        // Read to its end so that the connection can be used again; what it says is said again if it matters.
        words_unless_too_slow(response.body.read(LONGEST_REFUSAL).await)?;
        Ok(self.token_instead_of(refused, &challenges).await?)
    }

    /// Waits after a refusal if the policy says so; else the refusal is the error. `was_open` says of the tries before this
    /// one whether they may have been carried out.
    async fn wait_after_refusal(
        &self,
        request: &Request,
        sent: Sent,
        retry: &mut Retry,
        was_open: bool,
        sending: &mut Sending,
    ) -> Result<(), NotSent> {
        let is_change = may_change(request, retry);
        let Sent { mut response, bare_refusal } = sent;
        let refusal = self.refused(bare_refusal, &mut response, is_change.then_some(*sending)).await?;
        let (status, is_asked_for) = (response.status, response.header("retry-after").is_some());
        let verdict = self.verdict(refusal.as_ref().ok(), &response, retry);
        match verdict {
            Verdict::WaitAndRetry(wait) => {
                // A 503 may come from something in between, behind which the try went on.
                sending.is_open |= matches!(status, 502..=504);
                let whose = if is_asked_for { "asked for" } else { "our own choice" };
                self.parts().trace.decision(|| format!("{status}: waiting {:.1} s, {whose}", wait.as_secs_f64()));
                if status == 429 || is_asked_for {
                    self.hold_all_for(wait);
                } else {
                    self.parts().clock.wait(wait).await;
                }
                Ok(())
            }
            Verdict::TooLong(wait) | Verdict::OutOfPatience(wait) => {
                let is_asked = matches!(verdict, Verdict::TooLong(_));
                if status != 429 && ((is_change && sending.is_open) || !is_asked) {
                    return Err(NotSent::refused(refusal?, is_change, was_open, *sending));
                }
                Err(self.throttled(status, wait, is_asked, refusal.ok().as_ref()).into())
            }
            Verdict::Done => {
                let refusal = self.advised(refusal?, &request.path).await;
                Err(NotSent::refused(refusal, is_change, was_open, *sending))
            }
        }
    }

    /// What to do after a refusal. A date is meant by the clock of whoever wrote it.
    fn verdict(&self, refusal: Option<&Refusal>, response: &Response, retry: &mut Retry) -> Verdict {
        let retry_after = response.header("retry-after");
        match refusal.and_then(|refusal| refusal.code) {
            Some(code) if codes::is_transient(code) && retry_after.is_none() && response.status != 429 => {
                retry.after_failure(Failure::RolledBack)
            }
            _ => {
                let now = response.header("date").and_then(http_date).unwrap_or_else(|| self.now());
                retry.after_status(response.status, retry_after, now)
            }
        }
    }

    /// A wait that is longer than is allowed.
    fn throttled(&self, status: u16, wait: Duration, is_asked: bool, refusal: Option<&Refusal>) -> DataverseError {
        let code = refusal.and_then(|refusal| refusal.code).map(|code| format!("0x{code:08X}"));
        let (host, limit, trace) = (self.host(), self.parts().max_wait, refusal.map(Refusal::trace));
        Throttled { host, status, wait, is_asked, limit, code, trace }.into()
    }

    /// The header that says on whose behalf requests are made, if it is somebody else's.
    pub(super) async fn behalf(&self) -> Result<Option<(&'static str, String)>, DataverseError> {
        let Some(impersonation) = &self.acting_as else { return Ok(None) };
        let own = Self { acting_as: None, ..self.clone() };
        // Asking who is meant is a request too, on our own behalf.
        Box::pin(impersonation.header(&own)).await.cloned().map(Some)
    }

    /// Waits after a failure if the policy says so; `false` means that it gives up.
    pub(super) async fn wait_after(
        &self,
        failure: Failure,
        retry: &mut Retry,
        why: &(dyn fmt::Display + Sync),
    ) -> bool {
        match retry.after_failure(failure) {
            Verdict::WaitAndRetry(wait) => {
                let tries = retry.tries();
                self.parts().trace.decision(|| format!("{why}: try {} in {:.1} s", tries + 1, wait.as_secs_f64()));
                self.parts().clock.wait(wait).await;
                true
            }
            Verdict::Done | Verdict::TooLong(_) | Verdict::OutOfPatience(_) => false,
        }
    }

    /// Asks that an answer of success is JSON: a captive portal answers 200 with a page.
    pub(super) fn expect_json(&self, response: &Response) -> Result<(), DataverseError> {
        match response.header("content-type") {
            Some(kind) if !is_json(kind) => Err(self.not_dataverse(response.status, kind)),
            _ if response.status == 204 => Err(self.malformed(&"it is empty")),
            _ => Ok(()),
        }
    }

    /// JSON that is not what was asked for.
    pub(super) fn malformed(&self, why: &dyn fmt::Display) -> DataverseError {
        DataverseError::Malformed { host: self.host(), why: why.to_string() }
    }

    pub(super) fn not_dataverse(&self, status: u16, kind: &str) -> DataverseError {
        let kind = kind.split(';').next().unwrap_or_default().trim().to_owned();
        DataverseError::NotDataverse { host: self.host(), status, kind, words: String::new() }
    }

    fn redirected(&self, response: &Response) -> DataverseError {
        let target = match response.header("location").map(url::Url::parse) {
            Some(Ok(url)) => url.host_str().unwrap_or("nowhere").to_owned(),
            Some(Err(_)) => "another path".to_owned(),
            None => "nowhere".to_owned(),
        };
        DataverseError::Redirected { host: self.host(), status: response.status, target }
    }

    /// Keeps every request of every clone back for this long.
    pub(super) fn hold_all_for(&self, wait: Duration) {
        let until = self.parts().clock.now().checked_add(wait).unwrap_or(Timestamp::MAX);
        let mut not_before = self.shared.not_before.lock().unwrap_or_else(PoisonError::into_inner);
        *not_before = (*not_before).max(Some(until));
    }

    async fn wait_for_all(&self) {
        loop {
            let until = *self.shared.not_before.lock().unwrap_or_else(PoisonError::into_inner);
            let Some(until) = until else { return };
            match Duration::try_from(until.duration_since(self.parts().clock.now())) {
                Ok(wait) if !wait.is_zero() => self.parts().clock.wait(wait).await,
                _ => return,
            }
        }
    }
}

/// Every header of an answer, its name in lower case.
pub(super) fn headers_of(response: &Response) -> Vec<(String, Vec<u8>)> {
    response.headers().map(|(name, value)| (name.to_owned(), value.to_vec())).collect()
}

pub(super) fn is_change(request: &Request) -> bool {
    request.method != crate::net::Method::GET
}

/// Whether sending it may change something: a message that only reads is a POST too.
fn may_change(request: &Request, retry: &Retry) -> bool {
    is_change(request) && !retry.is_read()
}

pub(super) fn is_multipart(response: &Response) -> bool {
    response.header("content-type").is_some_and(|kind| kind.to_ascii_lowercase().starts_with("multipart/mixed"))
}

pub(super) fn is_json(content_type: &str) -> bool {
    let kind = content_type.split(';').next().unwrap_or_default().trim();
    kind.eq_ignore_ascii_case("application/json") || kind.to_ascii_lowercase().ends_with("+json")
}
