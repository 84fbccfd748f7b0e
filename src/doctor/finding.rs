//! What a check found. Nothing here checks anything.

use std::time::Duration;

use serde_json::{Map, Value, json};

use crate::problem::{Exit, Problem};

/// The checks that there are, in the order in which they are made.
pub const CHECKS: [&str; 10] =
    ["address", "dns", "tcp", "tls", "challenge", "authority", "app", "store", "token", "whoami"];

/// How a check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// As it should be.
    Ok,
    /// Worth knowing, not wrong.
    Note,
    /// Wrong.
    Fault,
    /// Not looked at, because something it rests on is wrong or absent.
    Skipped,
}

impl Verdict {
    /// The word in JSON and on the screen.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Note => "note",
            Self::Fault => "fault",
            Self::Skipped => "skipped",
        }
    }
}

/// One check's result.
#[derive(Debug)]
pub struct Finding {
    /// The check: `address`, `dns`, `store`, `token`, …
    pub id: &'static str,
    /// How it ended.
    pub verdict: Verdict,
    /// How long it took.
    pub took: Duration,
    /// What was seen, by name. Never a secret.
    pub evidence: Vec<(&'static str, Value)>,
    /// What is wrong, where something is.
    pub problem: Option<Problem>,
}

/// All findings about one connection.
#[derive(Debug)]
pub struct Examination {
    /// The connection's name, if it has one.
    pub connection: Option<String>,
    /// In the order in which they were made.
    pub findings: Vec<Finding>,
}

impl Examination {
    /// Whether nothing is wrong.
    #[must_use]
    pub fn is_well(&self) -> bool {
        self.findings.iter().all(|finding| finding.verdict != Verdict::Fault)
    }

    /// The status to end with.
    #[must_use]
    pub fn exit(&self) -> Exit {
        if self.is_well() { Exit::Done } else { Exit::Unwell }
    }

    /// The promised JSON object.
    #[must_use]
    pub fn to_json(&self) -> Value {
        json!({
            "connection": self.connection,
            "verdict": if self.is_well() { "well" } else { "unwell" },
            "findings": self.findings.iter().map(Finding::to_json).collect::<Vec<_>>(),
        })
    }
}

impl Finding {
    fn to_json(&self) -> Value {
        let evidence: Map<String, Value> =
            self.evidence.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        let mut finding = json!({
            "id": self.id,
            "verdict": self.verdict.word(),
            "ms": u64::try_from(self.took.as_millis()).unwrap_or(u64::MAX),
            "evidence": evidence,
        });
        if let (Some(problem), Some(object)) = (&self.problem, finding.as_object_mut()) {
            let facts = problem.diagnosis().facts();
            let phrase = problem.phrase();
            object.insert("code".to_owned(), json!(phrase.code));
            object.insert("meaning".to_owned(), json!(phrase.meaning_with(&facts)));
            object.insert("remedy".to_owned(), json!(phrase.remedy_with(&facts)));
            object.insert("exit".to_owned(), json!(phrase.exit.code()));
            object.insert("message".to_owned(), json!(problem.to_string()));
            if let Some(service_code) = problem.diagnosis().service_code() {
                object.insert("service_code".to_owned(), json!(service_code));
            }
        }
        finding
    }
}
