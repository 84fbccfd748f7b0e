//! How long a sign-in may take: what `--wait` says, or what is usual without it.

use std::time::{Duration, Instant};

use crate::clock::Clock;

/// How long a person is waited for where nothing else was said, from the moment on at which there is something to do.
const USUAL: Duration = Duration::from_secs(5 * 60);

/// How long a sign-in may take.
#[derive(Debug, Clone, Copy)]
pub struct Wait {
    /// What was typed, and when the command began that it bounds.
    typed: Option<(Duration, Instant)>,
}

impl Wait {
    /// The wait of a command that begins now.
    #[must_use]
    pub fn beginning_now(typed: Option<Duration>) -> Self {
        Self { typed: typed.map(|typed| (typed, Clock::steady())) }
    }

    /// How long a person is waited for in all, for messages.
    #[must_use]
    pub fn in_all(self) -> Duration {
        self.typed.map_or(USUAL, |(typed, _)| typed)
    }

    /// How long a person who has just been shown what to do is waited for.
    #[must_use]
    pub fn left(self) -> Duration {
        self.left_of_typed().unwrap_or(USUAL)
    }

    /// What is left of the time for the whole command; `None` where none was typed.
    #[must_use]
    pub fn left_of_typed(self) -> Option<Duration> {
        self.typed.map(|(typed, began)| typed.saturating_sub(began.elapsed()))
    }

    /// When the whole command has to be over, where that was typed.
    #[must_use]
    pub fn end(self) -> Option<Instant> {
        self.typed.and_then(|(typed, began)| began.checked_add(typed))
    }
}
