//! What is the same for every step of one request to Entra: where, when, and under which correlation id.

use std::time::Duration;

use jiff::Timestamp;
use uuid::Uuid;

use super::form::Form;
use crate::sandbox::Incoming;

/// The circumstances of one request.
#[derive(Debug, Clone)]
pub(super) struct Visit {
    /// The sandbox's origin as the client spelled it, without a slash at the end.
    pub origin: String,
    /// First segment of the path: a tenant id or a word such as `organizations`; empty outside of a tenant.
    pub tenant: String,
    /// When it happens.
    pub now: Timestamp,
    /// The client's correlation id if it sent a valid one, else a new one.
    pub correlation_id: String,
    /// Names this one request.
    pub trace_id: String,
}

impl Visit {
    /// The circumstances of `request`.
    pub(super) fn of(request: &Incoming, origin: &str, tenant: &str, now: Timestamp) -> Self {
        let query = Form::parse(request.query.as_bytes());
        let sent = query.first("client-request-id").or_else(|| request.header("client-request-id"));
        let correlation_id = sent.and_then(|id| Uuid::try_parse(id).ok()).unwrap_or_else(Uuid::new_v4);
        Self {
            origin: origin.to_owned(),
            tenant: tenant.to_owned(),
            now,
            correlation_id: correlation_id.to_string(),
            trace_id: Uuid::new_v4().to_string(),
        }
    }

    /// The same, that much later.
    pub(super) fn ahead_by(&self, ahead: Duration) -> Self {
        Self { now: self.now.checked_add(ahead).unwrap_or(self.now), ..self.clone() }
    }

    /// The time as Entra's errors write it: `2026-11-23 19:20:31Z`.
    pub(super) fn stamp(&self) -> String {
        self.now.strftime("%Y-%m-%d %H:%M:%SZ").to_string()
    }
}
