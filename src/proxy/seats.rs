//! Who is being served: which connections have a request under way and since when each has been idle, and when the proxy was
//! last of use. No socket is touched here.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::clock::Clock;

/// The requests of one connection, or of all of them. Clones are the same seat.
#[derive(Debug, Clone)]
pub(super) struct Seat(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    under_way: usize,
    since: Instant,
}

/// A request under way; it ends when this is dropped.
#[derive(Debug)]
pub(super) struct UnderWay(Seat);

impl Seat {
    /// Idle from now on.
    pub(super) fn new() -> Self {
        Self(Arc::new(Mutex::new(State { under_way: 0, since: Clock::steady() })))
    }

    /// A request begins.
    pub(super) fn begin(&self) -> UnderWay {
        self.state().under_way += 1;
        UnderWay(self.clone())
    }

    /// How long nothing has been under way; `None` while something is.
    pub(super) fn idle_for(&self) -> Option<Duration> {
        let state = self.state();
        (state.under_way == 0).then(|| Clock::steady().saturating_duration_since(state.since))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.under_way = state.under_way.saturating_sub(1);
        state.since = Clock::steady();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seat_is_idle_when_its_last_request_has_ended() {
        let seat = Seat::new();
        let (first, second) = (seat.begin(), seat.clone().begin());
        drop(first);
        assert_eq!(seat.idle_for(), None);
        drop(second);
        assert!(seat.idle_for().is_some());
    }
}
