//! What was asked of the sandbox, for tests that want to know. Values of query strings aren't kept: codes travel there. What
//! was asked of the Web API is kept whole for those who listen to it, but for the credential.

use std::collections::VecDeque;

use super::entra::Form;
use super::{Incoming, Outgoing};

/// Entries kept; older ones go.
const LIMIT: usize = 100_000;

/// One request and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// `GET`, `POST`, …
    pub method: String,
    /// Path as sent, without the query.
    pub path: String,
    /// Names of the query's parameters, in the order sent.
    pub query_names: Vec<String>,
    /// Status of the answer; `None` when the connection was closed without one.
    pub status: Option<u16>,
    /// Whether an `Authorization` header was sent.
    pub is_authorised: bool,
    /// `client-request-id`, if sent.
    pub client_request_id: Option<String>,
    /// The request itself, of requests to the Web API only, and only since somebody listens.
    pub wire: Option<Wire>,
    /// The fields of the body, of requests to the token and device code endpoints only; in the order sent.
    pub form: Vec<(String, String)>,
}

/// A request to the Web API as it came, without its credential.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wire {
    /// The query, decoded; empty when there is none.
    pub query: Vec<(String, String)>,
    /// Headers, their names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Wire {
    fn of(request: &Incoming) -> Self {
        let headers = request.headers.iter().filter(|(name, _)| !matches!(name.as_str(), "authorization" | "cookie"));
        Self {
            query: Form::parse(request.query.as_bytes()).into_pairs(),
            headers: headers.cloned().collect(),
            body: request.body.clone(),
        }
    }

    /// The first value of a header; `name` in lower case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(header, _)| header == name).map(|(_, value)| value.as_str())
    }
}

impl Seen {
    /// The first value of a field of the body.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&str> {
        self.form.iter().find(|(field, _)| field == name).map(|(_, value)| value.as_str())
    }

    /// Whether it went to the token endpoint.
    #[must_use]
    pub fn is_token_request(&self) -> bool {
        self.path.ends_with("/oauth2/v2.0/token")
    }
}

/// The last requests.
#[derive(Debug, Default)]
pub(super) struct Journal {
    entries: VecDeque<Seen>,
    listens: bool,
}

impl Journal {
    /// From now on requests to the Web API are kept whole.
    pub(super) fn listen(&mut self) {
        self.listens = true;
    }

    /// Writes a request down; `answer` is `None` when it got none.
    pub(super) fn note(&mut self, request: &Incoming, answer: Option<&Outgoing>) {
        if self.entries.len() == LIMIT {
            self.entries.pop_front();
        }
        let has_form =
            request.path.ends_with("/oauth2/v2.0/token") || request.path.ends_with("/oauth2/v2.0/devicecode");
        let is_data = self.listens && request.path.starts_with("/api/data/");
        self.entries.push_back(Seen {
            method: request.method.clone(),
            path: request.path.clone(),
            query_names: Form::parse(request.query.as_bytes()).names(),
            status: answer.map(|answer| answer.status),
            is_authorised: request.header("authorization").is_some(),
            client_request_id: request.header("client-request-id").map(str::to_owned),
            wire: is_data.then(|| Wire::of(request)),
            form: if has_form { Form::parse(&request.body).into_pairs() } else { Vec::new() },
        });
    }

    /// All of them, oldest first.
    pub(super) fn entries(&self) -> Vec<Seen> {
        self.entries.iter().cloned().collect()
    }
}
