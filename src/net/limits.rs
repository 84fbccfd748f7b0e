//! How long each part of a request and its answer may take. Pure: it reads no clock.

use std::time::Duration;

/// A file has to get on by so many bytes in every window.
pub(super) const ENOUGH: u64 = 64 * 1024;

/// The limits of one request.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// Until there is a connection.
    pub connect: Duration,
    /// Longest silence while a body is sent or an answer arrives.
    pub idle: Duration,
    /// Longest silence before an answer begins.
    pub answer: Duration,
}

impl Limits {
    /// Longest time in which an answer has to be whole, the next row has to come, or a file has to get on: whoever sends a
    /// byte now and then is never silent, and would never end.
    pub(super) const fn window(self) -> Duration {
        self.idle.saturating_mul(10)
    }
}
