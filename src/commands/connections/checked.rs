//! What a check found of one connection: as a word, as a row, as a note for later. Nothing is asked here.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::commands::connections::life::{Ending, days_left, ending};
use crate::connection::Connection;
use crate::context::Context;
use crate::dataverse::WhoAmI;
use crate::problem::{Exit, Problem};
use crate::store::HealthBook;

/// What a connection that works said.
pub(super) struct Proof {
    /// Who is connected.
    pub ids: WhoAmI,
    /// The organisation's name, if it may be read.
    pub organisation: Option<String>,
    /// Until when the connection works although it has no refresh token.
    pub access_token_ends: Option<Timestamp>,
}

/// One connection and what was found.
pub(super) struct Checked {
    connection: Connection,
    /// The proof, or what stood in its way.
    pub outcome: Result<Proof, Problem>,
    ending: Option<Ending>,
    days_left: Option<i64>,
}

impl Checked {
    /// The keys of `connections check`, in order; they are promised.
    pub(super) const KEYS: [&str; 14] = [
        "name",
        "tenant_url",
        "status",
        "user",
        "organisation",
        "days_left",
        "ends",
        "ends_on",
        "code",
        "service_code",
        "message",
        "remedy",
        "user_id",
        "organisation_id",
    ];

    /// Takes an outcome in, and notes what only a check finds out: that a sign-in is refused for another reason than a dead
    /// token is no less in need of a user.
    pub(super) fn of(context: &Context, connection: Connection, outcome: Result<Proof, Problem>) -> Self {
        if let Err(problem) = &outcome
            && problem.needs_sign_in()
            && let Ok(places) = context.places()
        {
            let code = problem.diagnosis().service_code().unwrap_or_else(|| problem.phrase().code.to_owned());
            let now = context.clock.now();
            let noted = HealthBook::new(places).set_needs_reconnect(&connection.id, code, problem.to_string(), now);
            if let Err(error) = noted {
                context.trace().decision(|| format!("could not mark the connection: {error}"));
            }
        }
        let ending = match &outcome {
            Ok(Proof { access_token_ends: Some(end), .. }) => Some(Ending { what: "access_token", at: *end }),
            Ok(_) => match context.certificate_end(&connection) {
                Some(at) => Some(Ending { what: "certificate", at }),
                None => ending(&context.noted(&connection.id)),
            },
            Err(_) => None,
        };
        let days_left = ending.as_ref().map(|ending| days_left(ending.at, context.clock.now()));
        Self { connection, outcome, ending, days_left }
    }

    /// Whether the connection works.
    pub(super) fn is_well(&self) -> bool {
        self.outcome.is_ok()
    }

    /// How it is, in a word.
    fn status(&self) -> &'static str {
        match self.outcome.as_ref().map_err(Problem::exit) {
            Ok(_) => "ok",
            Err(Exit::SignIn) => "needs-reconnect",
            Err(Exit::Unreachable) => "unreachable",
            Err(Exit::Forbidden) => "not-allowed",
            Err(Exit::Busy) => "busy",
            Err(Exit::Store) => "no-secrets",
            Err(_) => "failed",
        }
    }

    /// The row.
    pub(super) fn fields(&self) -> Vec<(&'static str, Value)> {
        let proof = self.outcome.as_ref().ok();
        let problem = self.outcome.as_ref().err();
        let values = [
            json!(self.connection.name.as_str()),
            json!(self.connection.tenant_url.as_str()),
            json!(self.status()),
            json!(self.connection.account.user),
            json!(proof.and_then(|proof| proof.organisation.as_ref())),
            json!(self.days_left),
            json!(self.ending.as_ref().map(|ending| ending.what)),
            json!(self.ending.as_ref().map(|ending| ending.at.to_string())),
            json!(problem.map(|problem| problem.phrase().code)),
            json!(problem.and_then(|problem| problem.diagnosis().service_code())),
            json!(problem.map(ToString::to_string)),
            json!(problem.map(remedy)),
            json!(proof.map(|proof| &proof.ids.user_id)),
            json!(proof.map(|proof| &proof.ids.organisation_id)),
        ];
        Self::KEYS.into_iter().zip(values).collect()
    }
}

fn remedy(problem: &Problem) -> Vec<String> {
    let remedy = problem.phrase().remedy_with(&problem.diagnosis().facts());
    if remedy.is_empty() { problem.phrase().remedy_in_general() } else { remedy }
}
