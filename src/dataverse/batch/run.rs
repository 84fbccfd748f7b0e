//! Sends a batch and gives every operation its own verdict. An operation that the service was too busy for is sent again;
//! one whose answer was lost is called unknown.

use std::borrow::Cow;
use std::error::Error as _;

use jiff::Timestamp;

use crate::dataverse::batch::answers::{Answer, read};
use crate::dataverse::batch::wire;
use crate::dataverse::batch::{BatchError, Operation};
use crate::dataverse::client::Client;
use crate::dataverse::error_body::ErrorBody;
use crate::dataverse::refusal::Refusal;
use crate::dataverse::send_error::NotSent;
use crate::dataverse::{DataverseError, RecordId, SentOrShown};
use crate::net::{Idempotency, Verdict as Wait, retry_after};

/// The most operations in one batch. Source: Microsoft Learn, "Execute batch operations using the Web API".
pub const MOST_OPERATIONS: usize = 1000;
/// The longest answer to a batch that is read.
const LONGEST_ANSWER: usize = 256 << 20;

/// How a batch is carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Course {
    /// All of it or nothing.
    pub atomic: bool,
    /// Whether the operations behind a failed one are carried out.
    pub goes_on: bool,
    /// Whether it is harmless to send the same operations twice.
    pub may_repeat: bool,
}

/// How one operation ended.
#[derive(Debug)]
pub struct Outcome {
    /// The HTTP status it was answered with, if it was.
    pub status: Option<u16>,
    /// What came of it.
    pub verdict: Verdict,
}

/// What came of an operation.
#[derive(Debug)]
pub enum Verdict {
    /// It was carried out.
    Done {
        /// The record that was made or changed, where the service names it.
        record: Option<RecordId>,
        /// What it was answered with, if it was text.
        body: Option<String>,
    },
    /// It was not, or nobody knows.
    Failed(DataverseError),
}

impl Outcome {
    /// Whether it was carried out.
    #[must_use]
    pub const fn is_done(&self) -> bool {
        matches!(self.verdict, Verdict::Done { .. })
    }

    /// It was not carried out, because the service would not take its batch.
    #[must_use]
    pub fn not_sent(why: &str) -> Self {
        Self::failed(BatchError::NotSent { why: why.to_owned() })
    }

    /// It was not carried out, because one before it failed.
    #[must_use]
    pub fn not_reached() -> Self {
        Self::failed(BatchError::NotReached)
    }

    fn failed(error: impl Into<DataverseError>) -> Self {
        Self { status: None, verdict: Verdict::Failed(error.into()) }
    }
}

/// One round of a batch: what it was answered with, or why it was not.
enum Round {
    Answered {
        answers: Vec<Answer>,
        bare: Box<Refusal>,
    },
    /// Sent, and the answer was lost.
    Lost(String),
    /// Not taken.
    Refused(DataverseError),
    /// Not sent, because nothing is to change.
    Shown,
}

impl Client {
    /// Asks that a read-only connection is not asked for a change. Nothing is sent.
    ///
    /// # Errors
    /// [`DataverseError::ReadOnly`].
    pub fn check_operations(&self, operations: &[Operation]) -> Result<(), DataverseError> {
        if operations.iter().any(Operation::is_change) { self.check_writable() } else { Ok(()) }
    }

    /// Sends at most [`MOST_OPERATIONS`] operations in one batch; the outcomes are in the order of the operations.
    ///
    /// # Errors
    /// [`DataverseError::ReadOnly`] before anything is sent, and whatever kept the batch as a whole from being taken. When
    /// some of it was carried out, or may have been, that is told in the outcomes instead.
    pub async fn batch(
        &self,
        operations: &[Operation],
        course: Course,
    ) -> Result<SentOrShown<Vec<Outcome>>, DataverseError> {
        self.check_operations(operations)?;
        // Whether a header around a batch holds for what is in it is nowhere written: each operation says it itself.
        let operations = match self.behalf().await? {
            Some(header) => Cow::Owned(operations.iter().map(|operation| operation.on_behalf(&header)).collect()),
            None => Cow::Borrowed(operations),
        };
        let is_read = !operations.iter().any(Operation::is_change);
        let idempotency = match (is_read, course.may_repeat) {
            (true, _) => Idempotency::Safe,
            (false, true) => Idempotency::Keyed,
            (false, false) => Idempotency::Once,
        };
        let mut patience = self.retry(idempotency);
        let mut outcomes: Vec<Option<Outcome>> = operations.iter().map(|_| None).collect();
        let mut pending: Vec<usize> = (0..operations.len()).collect();
        let mut is_first = true;
        while !pending.is_empty() {
            let asked: Vec<&Operation> = pending.iter().map(|place| &operations[*place]).collect();
            let (answers, bare) = match self.round(&asked, course, idempotency).await {
                Round::Answered { answers, bare } => (answers, bare),
                Round::Shown => return Ok(SentOrShown::Shown),
                Round::Refused(error) if is_first => return Err(error),
                Round::Refused(error) => {
                    let why = error.to_string();
                    fill(&mut outcomes, &pending, || BatchError::NotSent { why: why.clone() });
                    break;
                }
                Round::Lost(why) => {
                    fill(&mut outcomes, &pending, || BatchError::Unknown { why: why.clone() });
                    break;
                }
            };
            is_first = false;
            let asked_wait = sort(&answers, &bare, &mut outcomes, &mut pending, course, self.now());
            if pending.is_empty() {
                break;
            }
            match patience.after_status(429, asked_wait.as_deref(), self.now()) {
                Wait::WaitAndRetry(wait) => self.hold_all_for(wait),
                Wait::Done | Wait::TooLong(_) | Wait::OutOfPatience(_) => {
                    fill(&mut outcomes, &pending, || BatchError::Busy);
                    break;
                }
            }
        }
        let lost = || Outcome::failed(BatchError::Unknown { why: "the answer leaves it out".to_owned() });
        Ok(SentOrShown::Sent(outcomes.into_iter().map(|outcome| outcome.unwrap_or_else(lost)).collect()))
    }

    async fn round(&self, asked: &[&Operation], course: Course, idempotency: Idempotency) -> Round {
        let boundary = uuid::Uuid::new_v4().simple().to_string();
        let request = wire::request(asked, &boundary, course.atomic, course.goes_on);
        let mut retry = self.retry(idempotency);
        loop {
            let mut sent = match self.send(&request, &mut retry).await {
                Ok(SentOrShown::Sent(sent)) => sent,
                Ok(SentOrShown::Shown) => return Round::Shown,
                Err(NotSent::Failed(error)) if error.is_unknown_outcome() => {
                    return Round::Lost(error.source().map_or_else(|| error.to_string(), ToString::to_string));
                }
                Err(not_sent) => return Round::Refused(not_sent.into()),
            };
            let kind = sent.response.header("content-type").unwrap_or_default().to_owned();
            let body = match sent.response.body.read(LONGEST_ANSWER).await {
                Ok(body) => body,
                Err(error) => match error.failure() {
                    Some(failure) if self.wait_after(failure, &mut retry, &error).await => continue,
                    _ => return Round::Lost(error.to_string()),
                },
            };
            let ids: Vec<&str> = asked.iter().map(|operation| operation.id.as_str()).collect();
            return match read(&kind, &body, &ids, course.atomic) {
                Some(answers) => Round::Answered { answers, bare: Box::new(sent.bare_refusal) },
                None => Round::Lost(self.malformed(&"it is no answer to a batch").to_string()),
            };
        }
    }
}

/// Gives every answered operation its outcome. What the service was too busy for stays pending, and the wait that it asks
/// for is given back.
fn sort(
    answers: &[Answer],
    bare: &Refusal,
    outcomes: &mut [Option<Outcome>],
    pending: &mut Vec<usize>,
    course: Course,
    now: Timestamp,
) -> Option<String> {
    let (mut throttled, mut wait) = (Vec::new(), None::<String>);
    for (place, answer) in pending.iter().zip(answers) {
        if answer.status == 429 {
            throttled.push(*place);
            let seconds = |wait: Option<&str>| wait.and_then(|wait| retry_after(wait, now));
            if let Some(asked) =
                answer.header("retry-after").filter(|asked| seconds(Some(asked)) > seconds(wait.as_deref()))
            {
                wait = Some(asked.to_owned());
            }
        } else {
            outcomes[*place] = Some(outcome(answer, bare));
        }
    }
    let unanswered = &pending[answers.len().min(pending.len())..];
    let has_failed = answers.last().is_some_and(|answer| answer.status >= 400);
    if !throttled.is_empty() && !course.goes_on {
        // It stopped because the service was busy: the rest follows once it no longer is.
        throttled.extend(unanswered);
    } else if has_failed && !course.goes_on {
        fill(outcomes, unanswered, || BatchError::NotReached);
    }
    *pending = throttled;
    wait
}

fn fill(outcomes: &mut [Option<Outcome>], places: &[usize], error: impl Fn() -> BatchError) {
    for place in places {
        outcomes[*place] = Some(Outcome::failed(error()));
    }
}

fn outcome(answer: &Answer, bare: &Refusal) -> Outcome {
    let status = Some(answer.status);
    if answer.status >= 400 {
        let mut refusal = Refusal { status: answer.status, ..bare.clone() };
        let id = ["x-ms-service-request-id", "req_id"].iter().find_map(|name| answer.header(name));
        refusal.service_request_id = id.map(str::to_owned).or(refusal.service_request_id);
        let refusal = match ErrorBody::parse(&answer.body) {
            Some(body) => refusal.with_body(&body),
            None => refusal,
        };
        return Outcome { status, verdict: Verdict::Failed(DataverseError::Refused(Box::new(refusal))) };
    }
    let address = answer.header("odata-entityid").or_else(|| answer.header("location"));
    // After an upsert by alternate key it repeats that key, which is no id.
    let record = address.and_then(|address| {
        let (_, key) = address.strip_suffix(')')?.rsplit_once('(')?;
        RecordId::parse(key).ok()
    });
    let body = (!answer.body.is_empty()).then(|| String::from_utf8_lossy(&answer.body).into_owned());
    Outcome { status, verdict: Verdict::Done { record, body } }
}
