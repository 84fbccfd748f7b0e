//! What can go wrong with rows: in what was typed, on the way, and at the service. Never a token, never an address's query.

use std::error::Error;
use std::fmt;

use crate::dataverse::nearest::any_of;
use crate::dataverse::phrases::{self, access};
use crate::dataverse::refusal::Refusal;
use crate::dataverse::{BatchError, CallableError, FileError, RecordId, Table, ValueError, VerbError};
use crate::net::{ForeignLink, NetError, Retry, Throttled};
use crate::problem::{Diagnose, Phrase, Problem};

/// Why rows did not come or did not go.
#[derive(Debug, thiserror::Error)]
pub enum DataverseError {
    /// The service said no.
    #[error("the service answered {}", answer(.0))]
    Refused(Box<Refusal>),
    /// Something else answered: a captive portal, a proxy's page, another web server.
    #[error("{host} answered {status} with {kind} instead of JSON{}", said(words))]
    NotDataverse {
        /// Host that was asked.
        host: String,
        /// HTTP status.
        status: u16,
        /// Content type, or what else was wrong.
        kind: String,
        /// What it says, where it was read.
        words: String,
    },
    /// The answer sends us elsewhere. It was not followed.
    #[error("{host} answered {status} and points to {target}")]
    Redirected {
        /// Host that was asked.
        host: String,
        /// HTTP status.
        status: u16,
        /// Host of the `Location` header, or words for its absence.
        target: String,
    },
    /// JSON that is not what this request gives.
    #[error("the answer of {host} can't be read: {why}")]
    Malformed {
        /// Host that was asked.
        host: String,
        /// What is wrong with it.
        why: String,
    },
    /// The JSON ends in the middle although the connection ended well.
    #[error("the answer of {host} ends in the middle of a page")]
    CutShort {
        /// Host that was asked.
        host: String,
    },
    /// There are more rows, and nothing says where.
    #[error("there are more rows, and the service gives no link to them")]
    NoNextPage,
    /// A page broke after some of its rows were handed out, and reading it again gave other rows.
    #[error("a page of {host} broke after {given} rows and had changed when it was read again")]
    PageChanged {
        /// Host that was asked.
        host: String,
        /// Rows of the page that were handed out.
        given: usize,
    },
    /// A link to a page that was read already, or a page that repeats the one before.
    #[error("page {page} leads back to a page that was read already")]
    CyclicLink {
        /// The page's number, from 1.
        page: usize,
    },
    /// Too many pages without a row, one after the other.
    #[error("{pages} pages in a row were empty, and the service promises yet another")]
    EmptyPages {
        /// How many.
        pages: usize,
    },
    /// The task that reads pages ended without a word.
    #[error("the pages stopped without an end and without an error")]
    StreamLost,
    /// A change was sent, and its answer was lost.
    #[error("it is not known whether {}", open_question(made.as_deref()))]
    OutcomeUnknown {
        /// How the answer was lost.
        #[source]
        cause: Lost,
        /// How it was sent.
        sending: Sending,
        /// The record that would have been made.
        made: Option<Box<Unconfirmed>>,
    },
    /// A write over a read-only connection.
    #[error("the connection is read-only")]
    ReadOnly {
        /// What it is called.
        connection: Option<String>,
    },
    /// A write over a connection that was forgotten meanwhile.
    #[error("the connection has been forgotten meanwhile")]
    Disconnected,
    /// Not a GUID.
    #[error("`{}` is not the id of a record", text.escape_debug())]
    BadRecordId {
        /// As given.
        text: String,
        /// The column by which the record could be named instead, where that is known.
        column: Option<String>,
    },
    /// Not `column=text` nor `column:=JSON`.
    #[error("`{}` is not a value for a column", word.escape_debug())]
    BadValueWord {
        /// As given.
        word: String,
    },
    /// `column:=…` or `--data` is not JSON, or `--data` is not an object.
    #[error("{place} is not {wanted}")]
    BadJson {
        /// Where it was given: `--data`, or the column's name.
        place: String,
        /// What it should be.
        wanted: &'static str,
        /// Where it goes wrong.
        #[source]
        cause: serde_json::Error,
    },
    /// The same column twice.
    #[error("the column {column} is given twice")]
    ColumnTwice {
        /// The column, or the path to it inside nested JSON.
        column: String,
    },
    /// FetchXML that is not well formed, or no query.
    #[error("the FetchXML is wrong at line {line}, character {column}: {why}")]
    BadFetchXml {
        /// From 1.
        line: usize,
        /// In characters, from 1.
        column: usize,
        /// What is wrong.
        why: String,
    },
    /// No such view.
    #[error("the table {table} has no view `{}`", name.escape_debug())]
    UnknownView {
        /// As given.
        name: String,
        /// The table.
        table: String,
        /// Names that look like it, the nearest first.
        near: Vec<String>,
    },
    /// Several views of one name.
    #[error("several views are called `{}`: {}", name.escape_debug(), candidates.join(", "))]
    AmbiguousView {
        /// As given.
        name: String,
        /// Their ids, with whose they are.
        candidates: Vec<String>,
    },
    /// Nothing to search for, or too much.
    #[error("{length} characters are no text to search for")]
    BadSearch {
        /// How many there are.
        length: usize,
    },
    /// The organisation has no search.
    #[error("Dataverse search is not on in this organisation: {status}")]
    SearchNotEnabled {
        /// What the service calls its state.
        status: String,
    },
    /// `--expand` is not written as the service reads it.
    #[error("the expansion is wrong at character {place}: {why}")]
    BadExpand {
        /// In characters, from 1.
        place: usize,
        /// What is wrong.
        why: &'static str,
    },
    /// No such table.
    #[error("there is no table `{}`", name.escape_debug())]
    UnknownTable {
        /// As given.
        name: String,
        /// Names that look like it, the nearest first.
        near: Vec<String>,
    },
    /// A name of several tables.
    #[error("`{}` is a name of several tables: {}", name.escape_debug(), tables.join(", "))]
    AmbiguousTable {
        /// As given.
        name: String,
        /// Their logical names.
        tables: Vec<String>,
        /// For each of them a name to which no other answers.
        candidates: Vec<String>,
    },
    /// No answer, or half of one.
    #[error(transparent)]
    Net(#[from] NetError),
    /// A link of the service that leads elsewhere.
    #[error(transparent)]
    ForeignLink(#[from] ForeignLink),
    /// The service asks for more patience than is allowed.
    #[error(transparent)]
    Throttled(#[from] Throttled),
    /// A value, a lookup or a key.
    #[error(transparent)]
    Value(#[from] ValueError),
    /// One of the CRM's own verbs.
    #[error(transparent)]
    Verb(#[from] VerbError),
    /// A file in a record.
    #[error(transparent)]
    File(#[from] FileError),
    /// A batch, or one operation of it.
    #[error(transparent)]
    Batch(#[from] BatchError),
    /// What was given to an action or a function.
    #[error(transparent)]
    Callable(#[from] CallableError),
    /// What a part met that the caller lent.
    #[error(transparent)]
    Caller(#[from] CallerError),
    /// An address beyond what the service takes.
    #[error("the request's address has {length} characters, {longest} are allowed")]
    AddressTooLong {
        /// Its length.
        length: usize,
        /// The most that may be.
        longest: usize,
    },
}

/// What a part met that the caller lent to this room: its token source, a file it reads or writes, its screen. What is
/// inside is the caller's own; nothing here asks what it is.
#[derive(Debug)]
pub struct CallerError(Problem);

impl fmt::Display for CallerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Error for CallerError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.diagnosis().source()
    }
}

impl Diagnose for CallerError {
    fn phrase(&self) -> &'static Phrase {
        self.0.phrase()
    }

    fn facts(&self) -> Vec<(&'static str, String)> {
        self.0.diagnosis().facts()
    }

    fn service_code(&self) -> Option<String> {
        self.0.diagnosis().service_code()
    }

    fn trace(&self) -> Option<String> {
        self.0.diagnosis().trace()
    }
}

impl From<Problem> for DataverseError {
    fn from(problem: Problem) -> Self {
        Self::Caller(CallerError(problem))
    }
}

impl DataverseError {
    /// What the service said when it said no.
    #[must_use]
    pub fn refusal(&self) -> Option<&Refusal> {
        match self {
            Self::Refused(refusal) => Some(refusal),
            _ => None,
        }
    }

    /// Whether there is no such record: in the service's own words, or by a search that matched nothing. A 404 that says
    /// nothing of the kind is none of these.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        self.is_nothing_found() || self.refusal().is_some_and(Refusal::is_record_missing)
    }

    /// Whether a search was answered, and matched nothing.
    #[must_use]
    pub const fn is_nothing_found(&self) -> bool {
        matches!(self, Self::Value(ValueError::NothingFound { .. }))
    }

    /// Whether the service says that this user may not.
    #[must_use]
    pub fn is_forbidden(&self) -> bool {
        self.refusal().is_some_and(Refusal::is_forbidden)
    }

    /// Whether the service says that it does not know what was asked for: an address, a kind of column, a message.
    #[must_use]
    pub fn is_unknown_to_service(&self) -> bool {
        self.refusal().is_some_and(Refusal::is_unknown_to_service)
    }

    /// Whether the service itself said no to this very request, and would say so again: no sign-in, no limit and no fault
    /// of its own kept it from answering.
    #[must_use]
    pub fn is_refused(&self) -> bool {
        self.refusal().is_some_and(Refusal::is_lasting)
    }

    /// Whether nobody knows whether a change was made.
    #[must_use]
    pub const fn is_unknown_outcome(&self) -> bool {
        matches!(self, Self::OutcomeUnknown { .. })
    }

    /// The error of another room, or of a part of this one, that this one is.
    fn beneath(&self) -> Option<&dyn Diagnose> {
        match self {
            Self::Net(error) => Some(error),
            Self::ForeignLink(error) => Some(error),
            Self::Throttled(error) => Some(error),
            Self::Value(error) => Some(error),
            Self::Verb(error) => Some(error),
            Self::File(error) => Some(error),
            Self::Batch(error) => Some(error),
            Self::Callable(error) => Some(error),
            Self::Caller(error) => Some(error),
            _ => None,
        }
    }

    /// The refusal of a repeated change may come from the first one, whose answer was lost.
    pub(super) fn unknown_after(refusal: Box<Refusal>, sending: Sending) -> Self {
        Self::unknown(Lost::AtTheService(Box::new(Self::Refused(refusal))), sending)
    }

    /// Nobody knows whether the change was made.
    pub(super) const fn unknown(cause: Lost, sending: Sending) -> Self {
        Self::OutcomeUnknown { cause, sending, made: None }
    }

    /// The same error of a create, which names the record that may be there.
    pub(super) fn about_making(self, table: &Table, id: RecordId) -> Self {
        match self {
            Self::OutcomeUnknown { cause, sending, .. } => {
                let (table, id_column) = (table.logical_name.clone(), table.id_column.clone());
                Self::OutcomeUnknown { cause, sending, made: Some(Box::new(Unconfirmed { table, id_column, id })) }
            }
            other => other,
        }
    }
}

/// How a change was sent whose answer was lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sending {
    /// How often it left.
    pub times: u32,
    /// Whether it would have been done twice if it had been sent twice.
    pub is_once: bool,
    /// Whether it may have been carried out, whatever came later.
    pub is_open: bool,
}

impl Sending {
    /// Not sent yet.
    pub(super) const fn new(retry: &Retry) -> Self {
        Self { times: 0, is_once: retry.is_once(), is_open: false }
    }

    /// What is to be said of it.
    fn told(self) -> String {
        match (self.times, self.is_once) {
            (2.., _) => format!("it was sent {} times, which does no more than once would", self.times),
            (_, true) => "it was not sent again, because that could do it twice".to_owned(),
            (_, false) => "it was sent once".to_owned(),
        }
    }
}

/// A record that a create would have made, under an id that we chose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unconfirmed {
    table: String,
    id_column: String,
    id: RecordId,
}

/// `the account 5d0c… was created`.
fn open_question(made: Option<&Unconfirmed>) -> String {
    made.map_or_else(|| "the change was made".to_owned(), |made| format!("the {} {} was created", made.table, made.id))
}

/// How an answer was lost.
#[derive(Debug, thiserror::Error)]
pub enum Lost {
    /// On the way.
    #[error(transparent)]
    OnTheWay(#[from] NetError),
    /// The service, or something before it, answered that it failed half-way.
    #[error("{0}")]
    AtTheService(Box<DataverseError>),
}

impl Diagnose for DataverseError {
    fn phrase(&self) -> &'static Phrase {
        match self {
            Self::Refused(refusal) => refusal.phrase(),
            Self::NotDataverse { .. } => &phrases::NOT_DATAVERSE,
            Self::Redirected { .. } => &phrases::REDIRECTED,
            Self::Malformed { .. } => &phrases::MALFORMED,
            Self::CutShort { .. } => &phrases::CUT_SHORT,
            Self::NoNextPage => &phrases::NO_NEXT_PAGE,
            Self::PageChanged { .. } => &phrases::PAGE_CHANGED,
            Self::CyclicLink { .. } => &phrases::CYCLIC_LINK,
            Self::EmptyPages { .. } => &phrases::EMPTY_PAGES,
            Self::StreamLost => &phrases::STREAM_LOST,
            Self::OutcomeUnknown { .. } => &phrases::OUTCOME_UNKNOWN,
            Self::ReadOnly { .. } => &access::READ_ONLY,
            Self::Disconnected => &access::DISCONNECTED,
            Self::BadRecordId { .. } => &phrases::BAD_RECORD_ID,
            Self::BadValueWord { .. } => &phrases::BAD_VALUE_WORD,
            Self::BadJson { .. } => &phrases::BAD_JSON,
            Self::ColumnTwice { .. } => &phrases::COLUMN_TWICE,
            Self::BadExpand { .. } => &phrases::reading::BAD_EXPAND,
            Self::BadFetchXml { .. } => &phrases::reading::BAD_FETCHXML_TEXT,
            Self::UnknownView { .. } => &phrases::reading::UNKNOWN_VIEW,
            Self::AmbiguousView { .. } => &phrases::reading::AMBIGUOUS_VIEW,
            Self::BadSearch { .. } => &phrases::reading::BAD_SEARCH,
            Self::SearchNotEnabled { .. } => &phrases::reading::SEARCH_NOT_ENABLED,
            Self::UnknownTable { .. } => &phrases::UNKNOWN_TABLE,
            Self::AmbiguousTable { .. } => &phrases::AMBIGUOUS_TABLE,
            Self::AddressTooLong { .. } => &phrases::ADDRESS_TOO_LONG,
            Self::Net(error) => error.phrase(),
            Self::ForeignLink(error) => error.phrase(),
            Self::Throttled(error) => error.phrase(),
            Self::Value(error) => error.phrase(),
            Self::Verb(error) => error.phrase(),
            Self::File(error) => error.phrase(),
            Self::Batch(error) => error.phrase(),
            Self::Callable(error) => error.phrase(),
            Self::Caller(error) => error.phrase(),
        }
    }

    fn facts(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::Refused(refusal) => refusal.facts(),
            Self::NotDataverse { host, .. }
            | Self::Redirected { host, .. }
            | Self::Malformed { host, .. }
            | Self::CutShort { host }
            | Self::PageChanged { host, .. } => vec![("host", host.clone())],
            Self::ReadOnly { connection: Some(connection) } => vec![("connection", connection.clone())],
            Self::BadRecordId { text, column: Some(column) } if !text.contains(NOT_IN_QUOTES) => {
                vec![("example", format!("{column}=\"{text}\""))]
            }
            Self::OutcomeUnknown { sending, made, .. } => {
                let mut facts = vec![("sending", sending.told())];
                if let Some(made) = made {
                    facts.push(("table", made.table.clone()));
                    facts.push(("id", made.id.to_string()));
                    facts.push(("id_column", made.id_column.clone()));
                }
                facts
            }
            Self::ColumnTwice { column } => vec![("column", column.clone())],
            Self::UnknownView { near, .. } | Self::UnknownTable { near, .. } if !near.is_empty() => {
                vec![("nearest", any_of(near))]
            }
            Self::AmbiguousTable { candidates, .. } => vec![("candidates", any_of(candidates))],
            _ => self.beneath().map(Diagnose::facts).unwrap_or_default(),
        }
    }

    fn service_code(&self) -> Option<String> {
        match self {
            Self::Refused(refusal) => refusal.code.map(|code| format!("0x{code:08X}")),
            _ => self.beneath().and_then(Diagnose::service_code),
        }
    }

    fn trace(&self) -> Option<String> {
        match self {
            Self::Refused(refusal) => Some(refusal.trace()),
            _ => self.beneath().and_then(Diagnose::trace),
        }
    }
}

/// Whether a character would mean something else between a shell's double quotes, or on a screen.
const NOT_IN_QUOTES: fn(char) -> bool = |c| matches!(c, '"' | '\\' | '$' | '`' | '!') || c.is_control();

/// `403: Principal user … is missing prvReadAccount privilege`: status and text without the final full stop.
fn answer(refusal: &Refusal) -> String {
    let message = refusal.message.trim().trim_end_matches('.');
    if message.is_empty() {
        format!("{} without a word of why", refusal.status)
    } else {
        format!("{}: {message}", refusal.status)
    }
}

/// `: Sign in to the hotel's network`.
fn said(words: &str) -> String {
    if words.is_empty() { String::new() } else { format!(": {}", words.trim_end_matches('.')) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_read_only_connection_is_named_in_the_way_out() {
        let problem: Problem = DataverseError::ReadOnly { connection: Some("contoso-prod".into()) }.into();
        let remedy = problem.phrase().remedy_with(&problem.diagnosis().facts());
        assert_eq!(remedy[0], "run `d365conn connections set contoso-prod --read-only false` to allow writes");
        let nameless: Problem = DataverseError::ReadOnly { connection: None }.into();
        assert_eq!(nameless.phrase().remedy_with(&nameless.diagnosis().facts()).len(), 1);
    }

    #[test]
    fn a_name_is_offered_in_the_place_of_an_id_where_a_shell_takes_it_as_it_stands() {
        let first = |text: &str, column: Option<&str>| {
            let bad = DataverseError::BadRecordId { text: text.into(), column: column.map(str::to_owned) };
            bad.phrase().remedy_with(&bad.facts())[0].clone()
        };
        assert_eq!(
            first("Ida Holm", Some("fullname")),
            "name it by a value that no other record has: `fullname=\"Ida Holm\"` in the place of the id"
        );
        for (text, column) in [("Ida Holm", None), ("$(id)", Some("name")), ("a\nb", Some("name"))] {
            assert_eq!(first(text, column), "run `d365conn records <table> list -o id` to see the ids of a table");
        }
    }

    #[test]
    fn near_names_are_offered_and_nothing_is_when_there_are_none() {
        let near = DataverseError::UnknownTable { name: "acount".into(), near: vec!["account".into()] };
        assert_eq!(near.phrase().remedy_with(&near.facts())[0], "run the command again with `account`");
        let far = DataverseError::UnknownTable { name: "zzz".into(), near: vec![] };
        assert_eq!(far.phrase().remedy_with(&far.facts()).len(), 1);
    }

    #[test]
    fn every_phrase_of_the_room_is_unique_and_has_a_way_out_without_facts() {
        let mut seen = std::collections::BTreeSet::new();
        for phrase in phrases::PHRASES {
            assert!(phrase.code.starts_with("dataverse/"), "{}", phrase.code);
            assert!(seen.insert(phrase.code), "{} twice", phrase.code);
            assert!(!phrase.meaning.ends_with('.'), "{}", phrase.code);
            // A line with a gap is left out when nothing fills it; something must remain.
            let facts = [("host", "h".to_owned()), ("column", "c".to_owned())];
            assert!(!phrase.remedy_with(&facts).is_empty(), "{}", phrase.code);
        }
    }
}
