//! A bench for the tests of Entra: requests without sockets, on a clock that is moved by hand. It judges nothing.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::directory::Entra;
use super::form::{Form, encode};
use super::jwt;
use crate::sandbox::faults::{Fault, Faults};
use crate::sandbox::{INES, Incoming, Outgoing, Registration, TENANT_ID};

pub(super) const ORIGIN: &str = "http://127.0.0.1:4711";
pub(super) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub(super) const BOTH: &str =
    "@/user_impersonation openid profile offline_access https://graph.microsoft.com/User.Read";
pub(super) const ONE: &str = "@/user_impersonation openid profile offline_access";

/// An Entra, and what a client of it keeps.
pub(super) struct Bench {
    pub entra: Entra,
    pub now: Timestamp,
}

/// Replaces or takes away (`None`) parameters of a request.
pub(super) type Changes<'a> = &'a [(&'a str, Option<&'a str>)];

impl Bench {
    pub(super) fn new() -> Self {
        let now = "2026-11-23T19:20:31Z".parse().unwrap();
        Self { entra: Entra::new(Faults::default(), Duration::from_secs(4611)), now }
    }

    pub(super) fn suffering(fault: Fault) -> Self {
        let bench = Self::new();
        bench.entra.faults.order(fault);
        bench
    }

    pub(super) fn pass(&mut self, seconds: u64) {
        self.now = self.now.checked_add(Duration::from_secs(seconds)).unwrap();
    }

    pub(super) fn get(&mut self, path: &str, query: &str) -> Outgoing {
        self.ask("GET", path, query, "", &[])
    }

    pub(super) fn post(&mut self, path: &str, body: &str) -> Outgoing {
        self.ask("POST", path, "", body, &[("content-type", "application/x-www-form-urlencoded")])
    }

    pub(super) fn ask(
        &mut self,
        method: &str,
        path: &str,
        query: &str,
        body: &str,
        headers: &[(&str, &str)],
    ) -> Outgoing {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let (path, query) = (path.replace('~', TENANT_ID), query.to_owned());
        let request = Incoming { method: method.to_owned(), path, query, headers, body: body.as_bytes().to_vec() };
        self.entra.answer(ORIGIN, self.now, &request).expect("an address of Entra's")
    }

    /// The authorize request of `client`, changed.
    pub(super) fn authorize(&mut self, client: &Registration, scope: &str, changes: Changes) -> Outgoing {
        let query = authorize_query(client, scope, changes);
        self.get("/~/oauth2/v2.0/authorize", &query)
    }

    /// From the sign-in page to the answer, as Inès, accepting what is asked.
    pub(super) fn go_on(&mut self, page: &Outgoing) -> Outgoing {
        let login = encode(&[
            ("ticket", ticket(page)),
            ("user_name", INES.user_name.to_owned()),
            ("password", INES.password.to_owned()),
        ]);
        let next = self.post("/~/login", &login);
        if title(&next) == "Permissions requested" {
            let consent = encode(&[("ticket", ticket(&next)), ("decision", "accept".to_owned())]);
            return self.post("/~/consent", &consent);
        }
        next
    }

    /// A code for `client`.
    pub(super) fn code(&mut self, client: &Registration, scope: &str) -> String {
        let page = self.authorize(client, scope, &[]);
        let answer = self.go_on(&page);
        location(&answer).first("code").expect("a code").to_owned()
    }

    /// Redeems `code`, changed.
    pub(super) fn redeem(&mut self, client: &Registration, code: &str, changes: Changes) -> Outgoing {
        let body = changed(
            vec![
                ("grant_type", "authorization_code".to_owned()),
                ("client_id", client.client_id.to_owned()),
                ("code", code.to_owned()),
                ("redirect_uri", "http://localhost:53682".to_owned()),
                ("code_verifier", VERIFIER.to_owned()),
                ("scope", ONE.replace('@', ORIGIN)),
            ]
            .into_iter()
            .chain(client.secret.map(|secret| ("client_secret", secret.to_owned())))
            .collect(),
            changes,
        );
        self.post("/~/oauth2/v2.0/token", &body)
    }

    /// Signs in and redeems: the token answer.
    pub(super) fn connect(&mut self, client: &Registration, scope: &str) -> Value {
        let code = self.code(client, scope);
        let answer = self.redeem(client, &code, &[]);
        assert_eq!(answer.status, 200, "{}", text(&answer));
        json(&answer)
    }

    /// Uses a refresh token, changed.
    pub(super) fn refresh(&mut self, client: &Registration, token: &Value, changes: Changes) -> Outgoing {
        let body = changed(
            vec![
                ("grant_type", "refresh_token".to_owned()),
                ("client_id", client.client_id.to_owned()),
                ("refresh_token", token.as_str().unwrap().to_owned()),
                ("scope", ONE.replace('@', ORIGIN)),
            ]
            .into_iter()
            .chain(client.secret.map(|secret| ("client_secret", secret.to_owned())))
            .collect(),
            changes,
        );
        self.post("/~/oauth2/v2.0/token", &body)
    }
}

pub(super) fn authorize_query(client: &Registration, scope: &str, changes: Changes) -> String {
    changed(
        vec![
            ("client_id", client.client_id.to_owned()),
            ("response_type", "code".to_owned()),
            ("redirect_uri", "http://localhost:53682".to_owned()),
            ("scope", scope.replace('@', ORIGIN)),
            ("state", "st&te".to_owned()),
            ("nonce", "once".to_owned()),
            ("code_challenge", jwt::base64url(Sha256::digest(VERIFIER))),
            ("code_challenge_method", "S256".to_owned()),
        ],
        changes,
    )
}

/// `@` in a new value stands for the origin.
pub(super) fn changed<'a>(mut pairs: Vec<(&'a str, String)>, changes: Changes<'a>) -> String {
    for (name, value) in changes {
        pairs.retain(|(old, _)| old != name);
        pairs.extend(value.map(|value| (*name, value.replace('@', ORIGIN))));
    }
    encode(&pairs)
}

pub(super) fn text(answer: &Outgoing) -> &str {
    std::str::from_utf8(&answer.body).unwrap()
}

pub(super) fn json(answer: &Outgoing) -> Value {
    serde_json::from_str(text(answer)).unwrap_or_else(|_| panic!("no JSON: {}", text(answer)))
}

pub(super) fn header<'a>(answer: &'a Outgoing, name: &str) -> Option<&'a str> {
    answer.headers.iter().find(|(header, _)| header == name).map(|(_, value)| value.as_str())
}

pub(super) fn title(answer: &Outgoing) -> &str {
    between(text(answer), "<title>", "</title>").unwrap_or_default()
}

pub(super) fn ticket(page: &Outgoing) -> String {
    between(text(page), "name=\"ticket\" value=\"", "\"").expect("a ticket").to_owned()
}

/// The query of a redirect.
pub(super) fn location(answer: &Outgoing) -> Form {
    let location = header(answer, "location").unwrap_or_else(|| panic!("no redirect: {}", title(answer)));
    let (target, query) = location.split_once('?').unwrap();
    assert_eq!(target, "http://localhost:53682/");
    Form::parse(query.as_bytes())
}

pub(super) fn between<'a>(text: &'a str, before: &str, after: &str) -> Option<&'a str> {
    text.split_once(before)?.1.split_once(after).map(|(inner, _)| inner)
}

/// Status, `error` and AADSTS number of a token answer.
pub(super) fn verdict(answer: &Outgoing) -> (u16, String, u64) {
    let body = json(answer);
    let error = body["error"].as_str().unwrap_or_default().to_owned();
    (answer.status, error, body["error_codes"][0].as_u64().unwrap_or_default())
}
