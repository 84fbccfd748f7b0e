//! What was asked of the sandbox, for tests that want to know. Values of query strings aren't kept: codes travel there.

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
    /// The fields of the body, of requests to the token and device code endpoints only; in the order sent.
    pub form: Vec<(String, String)>,
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
pub(super) struct Journal(VecDeque<Seen>);

impl Journal {
    /// Writes a request down; `answer` is `None` when it got none.
    pub(super) fn note(&mut self, request: &Incoming, answer: Option<&Outgoing>) {
        if self.0.len() == LIMIT {
            self.0.pop_front();
        }
        let has_form =
            request.path.ends_with("/oauth2/v2.0/token") || request.path.ends_with("/oauth2/v2.0/devicecode");
        self.0.push_back(Seen {
            method: request.method.clone(),
            path: request.path.clone(),
            query_names: Form::parse(request.query.as_bytes()).names(),
            status: answer.map(|answer| answer.status),
            is_authorised: request.header("authorization").is_some(),
            client_request_id: request.header("client-request-id").map(str::to_owned),
            form: if has_form { Form::parse(&request.body).into_pairs() } else { Vec::new() },
        });
    }

    /// All of them, oldest first.
    pub(super) fn entries(&self) -> Vec<Seen> {
        self.0.iter().cloned().collect()
    }
}
