//! What ends a question at the terminal before it is answered. Nothing is asked here.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use crate::clock::Clock;
use crate::output::OutputError;

/// What ends a question before it is answered.
#[derive(Default)]
pub(super) struct QuestionEnd {
    at: Mutex<Option<Instant>>,
    is_withdrawn: AtomicBool,
}

impl QuestionEnd {
    /// From then on no question is waited for.
    pub(super) fn set(&self, at: Instant) {
        *self.at.lock().unwrap_or_else(PoisonError::into_inner) = Some(at);
    }

    /// Ends the question that stands, if one does; `false` lets the next one be asked.
    pub(super) fn withdraw(&self, is_withdrawn: bool) {
        self.is_withdrawn.store(is_withdrawn, Ordering::Relaxed);
    }

    /// Why a question that stands is not waited for any more.
    pub(super) fn over(&self) -> Option<OutputError> {
        if self.is_withdrawn.load(Ordering::Relaxed) {
            return Some(OutputError::Withdrawn);
        }
        let at = *self.at.lock().unwrap_or_else(PoisonError::into_inner);
        at.filter(|at| *at <= Clock::steady()).map(|_| OutputError::QuestionOver)
    }
}
