//! Requests against a fresh demo company, for the tests of this room. It never listens on a socket.

use serde_json::Value as Json;
use uuid::Uuid;

use crate::sandbox::data::Schema;
use crate::sandbox::dataverse::answer;
use crate::sandbox::odata::encode;
use crate::sandbox::world::World;
use crate::sandbox::{Caller, INES, Incoming, Outgoing};

/// Where the sandbox pretends to be.
pub(super) const ORIGIN: &str = "http://127.0.0.1:5000";
/// The Web API's root.
pub(super) const ROOT: &str = "/api/data/v9.2/";

/// A world to try requests on.
pub(super) struct Trial {
    pub(super) world: World,
}

/// A request being put together.
pub(super) struct Asking<'trial> {
    trial: &'trial mut Trial,
    request: Incoming,
}

/// An answer.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    headers: Vec<(String, String)>,
    pub(super) text: String,
}

impl Trial {
    /// The demo company on a Monday morning.
    pub(super) fn new() -> Self {
        Self { world: World::new("2026-11-23T10:30:00Z".parse().unwrap()) }
    }

    /// A request; the query is written readably and encoded here.
    pub(super) fn ask(&mut self, method: &str, address: &str) -> Asking<'_> {
        let (path, query) = address.split_once('?').unwrap_or((address, ""));
        let encoded = |option: &str| match option.split_once('=') {
            Some((name, value)) => format!("{name}={}", encode(value)),
            None => option.to_owned(),
        };
        // An ampersand parts options only where an option begins behind it, so that values may hold one.
        let query = query.replace("&$", "\u{0}$").replace("&@", "\u{0}@");
        let query = query.split('\u{0}').filter(|it| !it.is_empty()).map(encoded).collect::<Vec<_>>().join("&");
        self.ask_verbatim(method, &format!("{ROOT}{}", path.replace(' ', "%20")), &query)
    }

    /// A request whose path and query are taken as they stand.
    pub(super) fn ask_verbatim(&mut self, method: &str, path: &str, query: &str) -> Asking<'_> {
        let (method, path, query) = (method.to_owned(), path.to_owned(), query.to_owned());
        let request = Incoming { method, path, query, headers: Vec::new(), body: Vec::new() };
        Asking { trial: self, request }
    }

    /// `GET`, answered with JSON.
    pub(super) fn get(&mut self, address: &str) -> Json {
        let answer = self.ask("GET", address).answer();
        assert_eq!(answer.status, 200, "{address}: {}", answer.text);
        answer.json()
    }

    /// The names (or other text) in a column of a list.
    pub(super) fn column(&mut self, address: &str, column: &str) -> Vec<String> {
        let json = self.get(address);
        let rows = json["value"].as_array().unwrap();
        rows.iter().map(|row| row[column].as_str().unwrap_or("null").to_owned()).collect()
    }

    /// The GUID of the first record a filter finds.
    pub(super) fn find(&mut self, set: &str, filter: &str) -> Uuid {
        let table = Schema::of_sandbox().by_set(set).unwrap();
        let key = table.column(table.key).name;
        let ids = self.column(&format!("{set}?$select={key}&$top=1&$filter={filter}"), key);
        ids[0].parse().unwrap()
    }

    /// Status and error code of a request without a body.
    pub(super) fn refused(&mut self, method: &str, address: &str) -> (u16, String, String) {
        self.ask(method, address).answer().error()
    }
}

impl Asking<'_> {
    /// With a header.
    pub(super) fn header(mut self, name: &str, value: &str) -> Self {
        self.request.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// With a body.
    pub(super) fn body(mut self, body: &str) -> Self {
        self.request.body = body.as_bytes().to_vec();
        self
    }

    /// Asked by the demo user.
    pub(super) fn answer(self) -> Answer {
        self.answer_to(&Caller { user_id: INES.user_id })
    }

    /// Asked by somebody.
    pub(super) fn answer_to(self, caller: &Caller) -> Answer {
        let Outgoing { status, headers, body } = answer(&mut self.trial.world, ORIGIN, caller, &self.request);
        Answer { status, headers, text: String::from_utf8(body).unwrap() }
    }
}

impl Answer {
    /// The body as JSON.
    pub(super) fn json(&self) -> Json {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    /// The first header of a name.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(header, _)| header == name).map(|(_, value)| value.as_str())
    }

    /// Status, code and message of an error.
    pub(super) fn error(&self) -> (u16, String, String) {
        let error = &self.json()["error"];
        let text = |name: &str| error[name].as_str().unwrap_or_else(|| panic!("no error: {}", self.text)).to_owned();
        (self.status, text("code"), text("message"))
    }
}
