//! DOOR (time): what time it is, and waiting. The one place that asks the system for either; a clock can be set instead.

#![expect(clippy::disallowed_methods, reason = "this is the door to the system's time")]

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// Where the time comes from: the system, or a hand that was set. Clones share the hand.
#[derive(Debug, Clone, Default)]
pub struct Clock {
    hand: Option<Arc<Mutex<Timestamp>>>,
}

impl Clock {
    /// The system's clock.
    #[must_use]
    pub fn system() -> Self {
        Self::default()
    }

    /// A clock that stands at `moment` until it is moved: by [`Clock::advance`], or by waiting.
    #[must_use]
    pub fn set_at(moment: Timestamp) -> Self {
        Self { hand: Some(Arc::new(Mutex::new(moment))) }
    }

    /// The time now, in UTC.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        match &self.hand {
            None => Timestamp::now(),
            Some(hand) => *hand.lock().unwrap_or_else(PoisonError::into_inner),
        }
    }

    /// What a clock on the wall here shows at `moment`: the system's time zone, where `TZ` has its say as in every program.
    /// A set clock hangs in Greenwich.
    #[must_use]
    pub fn on_the_wall(&self, moment: Timestamp) -> jiff::civil::DateTime {
        let zone = if self.hand.is_none() { TimeZone::system() } else { TimeZone::UTC };
        zone.to_datetime(moment)
    }

    /// The moment at which a clock on the wall here shows `wall`: the first of two where clocks are put back. `None` for a
    /// date that there is not.
    #[must_use]
    pub fn moment_on_the_wall(&self, wall: jiff::civil::DateTime) -> Option<Timestamp> {
        let zone = if self.hand.is_none() { TimeZone::system() } else { TimeZone::UTC };
        zone.to_ambiguous_timestamp(wall).compatible().ok()
    }

    /// Moves a set clock forward. The system's clock is nobody's to move: then it does nothing.
    pub fn advance(&self, by: Duration) {
        if let Some(hand) = &self.hand {
            let mut hand = hand.lock().unwrap_or_else(PoisonError::into_inner);
            *hand = hand.checked_add(by).unwrap_or(Timestamp::MAX);
        }
    }

    /// Waits because a service asked for it. On a set clock the time passes at once.
    ///
    /// Deadlines on the outside world (a browser, a keyring, a socket) do not use this: they run on real time always.
    pub async fn wait(&self, duration: Duration) {
        match self.hand {
            None => tokio::time::sleep(duration).await,
            Some(_) => self.advance(duration),
        }
    }

    /// A steady time to measure from, for how long something took; never for a date.
    #[must_use]
    pub fn steady() -> Instant {
        Instant::now()
    }
}

/// Does `work` in real time, for at most `limit`: what others wait for must end. `None` when it didn't.
pub async fn real_limit<T>(limit: Duration, work: impl Future<Output = T>) -> Option<T> {
    tokio::time::timeout(limit, work).await.ok()
}

/// Waits in real time, whatever a clock was set to: for looking again at something outside, such as a lock that another
/// process holds.
pub async fn real_pause(duration: Duration) {
    tokio::time::sleep(duration).await;
}

/// The same, for code that is not asynchronous: this thread does nothing else meanwhile.
pub fn real_pause_blocking(duration: Duration) {
    std::thread::sleep(duration);
}
