//! Runs the checks in their order; a fault silences what rests on it. What each check looks at lives in `checks.rs`.

use std::future::Future;
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::time::timeout;

use crate::clock::Clock;
use crate::connection::Connection;
use crate::context::Context;
use crate::doctor::{Examination, Finding, Verdict, checks};
use crate::problem::{Diagnose, Exit, Phrase, Problem, Who};
use crate::settings::EnvironmentConnection;
use crate::tenant::{Parsed, TenantError};

/// How long an examination may take. Half a minute is promised, and a keyring that hangs holds the thread for 8 s more.
const LONGEST: Duration = Duration::from_secs(21);

/// A check that was still waiting when the time was up.
#[derive(Debug, thiserror::Error)]
#[error("nothing came of the check `{id}` within {} s", LONGEST.as_secs())]
pub struct OutOfTime {
    id: &'static str,
}

impl Diagnose for OutOfTime {
    fn phrase(&self) -> &'static Phrase {
        &OUT_OF_TIME
    }

    fn facts(&self) -> Vec<(&'static str, String)> {
        vec![("check", self.id.to_owned())]
    }
}

/// The phrases of this room.
pub const PHRASES: &[&Phrase] = &[&OUT_OF_TIME];

static OUT_OF_TIME: Phrase = Phrase {
    code: "doctor/out-of-time",
    exit: Exit::Unreachable,
    who: Who::You,
    meaning: "the other side holds the connection and doesn't get on, or another process holds what is needed; what follows was not looked at",
    remedy: &["run `d365conn doctor --only {check} -vv` to see which request stands still"],
};

/// What is examined.
#[derive(Debug)]
pub enum Subject {
    /// A saved connection.
    Saved(Box<Connection>),
    /// The connection that lives in the environment.
    Environment(Box<EnvironmentConnection>),
    /// An address alone, before any connection: accepted or refused.
    Address(Box<Result<Parsed, TenantError>>),
}

/// How far the examination goes.
#[derive(Debug, Default)]
pub struct Scope {
    /// Whether everything that needs the network is left out.
    pub is_offline: bool,
    /// The checks to report; all when empty.
    pub only: Vec<String>,
}

/// What a check that found no fault saw.
pub(super) struct Seen<T> {
    /// For the checks that rest on this one.
    pub value: T,
    /// Worth a remark, though not wrong.
    pub is_note: bool,
    /// By name.
    pub evidence: Vec<(&'static str, Value)>,
}

impl<T> Seen<T> {
    pub(super) fn ok(value: T, evidence: Vec<(&'static str, Value)>) -> Self {
        Self { value, is_note: false, evidence }
    }

    pub(super) fn note(value: T, evidence: Vec<(&'static str, Value)>) -> Self {
        Self { value, is_note: true, evidence }
    }
}

/// An examination under way.
pub(super) struct Examining<'a> {
    pub(super) context: &'a Context,
    pub(super) is_offline: bool,
    findings: Vec<Finding>,
    began: Instant,
}

impl Examining<'_> {
    /// Makes one check and writes down what it found.
    pub(super) async fn check<T>(
        &mut self,
        id: &'static str,
        work: impl Future<Output = Result<Seen<T>, Problem>>,
    ) -> Option<T> {
        if self.left().is_zero() {
            self.skip(&[id]);
            return None;
        }
        let began = Clock::steady();
        let result = self.in_time(id, work).await;
        let took = began.elapsed();
        match result {
            Ok(Seen { value, is_note, evidence }) => {
                let verdict = if is_note { Verdict::Note } else { Verdict::Ok };
                self.findings.push(Finding { id, verdict, took, evidence, problem: None });
                Some(value)
            }
            Err(problem) => {
                let evidence = Vec::new();
                self.findings.push(Finding { id, verdict: Verdict::Fault, took, evidence, problem: Some(problem) });
                None
            }
        }
    }

    /// What is left of the time for all of it.
    fn left(&self) -> Duration {
        LONGEST.saturating_sub(self.began.elapsed())
    }

    /// The outcome of a piece of work, if it comes in time.
    pub(super) async fn in_time<T>(
        &self,
        id: &'static str,
        work: impl Future<Output = Result<T, Problem>>,
    ) -> Result<T, Problem> {
        timeout(self.left(), Box::pin(work)).await.unwrap_or_else(|_| Err(OutOfTime { id }.into()))
    }

    /// Writes down that these were not looked at.
    pub(super) fn skip(&mut self, ids: &[&'static str]) {
        for id in ids {
            self.findings.push(Finding {
                id,
                verdict: Verdict::Skipped,
                took: std::time::Duration::ZERO,
                evidence: Vec::new(),
                problem: None,
            });
        }
    }

    /// Writes down what one piece of work showed about several links at once.
    pub(super) fn record(&mut self, finding: Finding) {
        self.findings.push(finding);
    }
}

/// Examines `subject`.
pub async fn examine(context: &Context, subject: Subject, scope: &Scope) -> Examination {
    let mut examining =
        Examining { context, is_offline: scope.is_offline, findings: Vec::new(), began: Clock::steady() };
    let connection = match &subject {
        Subject::Saved(connection) => Some(connection.name.to_string()),
        Subject::Environment(_) | Subject::Address(_) => None,
    };
    Box::pin(checks::all(&mut examining, subject)).await;
    let mut findings = examining.findings;
    if !scope.only.is_empty() {
        findings.retain(|finding| scope.only.iter().any(|id| id == finding.id));
    }
    Examination { connection, findings }
}
