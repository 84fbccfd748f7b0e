//! What to do after an answer or a failure: give it to the caller, wait, or give up. Pure: it reads no clock and no randomness.

use std::time::Duration;

use jiff::Timestamp;

/// What happens when a request is sent twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Idempotency {
    /// Nothing changes at all: a read.
    Safe,
    /// The same as when it is sent once: an update or a delete of one record, a create under a key that we chose.
    Keyed,
    /// Something happens twice: an action, a create whose key the service chooses.
    Once,
}

/// What to do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Hand the answer, or the failure, to the caller.
    Done,
    /// Wait this long, then send the same request again.
    WaitAndRetry(Duration),
    /// The service asks for a longer wait than is allowed.
    TooLong(Duration),
    /// The service names no time, and the wait that we would choose is longer than is allowed.
    OutOfPatience(Duration),
}

/// A failure for which there is no status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// The request never left: refused, no route, no connection in time.
    NotSent,
    /// The request may have arrived; the answer did not, or not whole.
    Broken,
    /// The service says that it rolled the request back and that trying again may help: a deadlock, a time-out in its database.
    RolledBack,
}

/// The most tries after a failure for which the service named no time to wait.
const MOST_TRIES: u32 = 5;
/// The most tries when nobody could be reached: somebody may be waiting at the terminal for the answer "refused".
const MOST_CONNECTS: u32 = 3;
/// The longest wait that we choose ourselves.
const LONGEST_OWN_WAIT: Duration = Duration::from_secs(60);

/// The course of one request: how often it was tried and how long it waited already.
#[derive(Debug, Clone)]
pub struct Retry {
    idempotency: Idempotency,
    max_wait: Duration,
    tries: u32,
    waited: Duration,
    jitter: Jitter,
}

impl Retry {
    /// A request that has not been sent yet. It waits at most `max_wait` in all.
    #[must_use]
    pub const fn new(idempotency: Idempotency, max_wait: Duration, jitter: Jitter) -> Self {
        Self { idempotency, max_wait, tries: 0, waited: Duration::ZERO, jitter }
    }

    /// Whether the request changes nothing.
    #[must_use]
    pub const fn is_read(&self) -> bool {
        matches!(self.idempotency, Idempotency::Safe)
    }

    /// Whether it would be done twice if it were sent twice.
    #[must_use]
    pub const fn is_once(&self) -> bool {
        matches!(self.idempotency, Idempotency::Once)
    }

    /// How often the request has failed so far.
    #[must_use]
    pub const fn tries(&self) -> u32 {
        self.tries
    }

    /// Judges an answer by its status. `retry_after` is the header as it came, `now` the time to read a date against: the
    /// answer's own, where it has one, because clocks differ.
    ///
    /// 429 was not executed, so it is sent again whatever it is. 502, 503 and 504 may have been executed, so they are
    /// sent again only if that is harmless. Source: Microsoft Learn, "Service protection API limits".
    pub fn after_status(&mut self, status: u16, retry_after_header: Option<&str>, now: Timestamp) -> Verdict {
        let asked = retry_after_header.and_then(|value| retry_after(value, now)).filter(|wait| !wait.is_zero());
        match (status, self.idempotency) {
            (429, _) | (502..=504, Idempotency::Safe | Idempotency::Keyed) => {}
            _ => return Verdict::Done,
        }
        self.tries += 1;
        match asked {
            Some(wait) => {
                if !self.allows(wait) {
                    return Verdict::TooLong(wait);
                }
                // Never earlier than asked; a little later, so that many processes don't come back as one.
                Verdict::WaitAndRetry(wait.saturating_add(self.jitter.up_to(Duration::from_millis(50))))
            }
            None if status != 429 && self.tries >= MOST_TRIES => Verdict::Done,
            None => self.wait_own(),
        }
    }

    /// Judges a failure without a status.
    pub fn after_failure(&mut self, failure: Failure) -> Verdict {
        let (is_allowed, most) = match failure {
            Failure::NotSent => (true, MOST_CONNECTS),
            Failure::RolledBack | Failure::Broken => (self.idempotency != Idempotency::Once, MOST_TRIES),
        };
        self.tries += 1;
        if !is_allowed || self.tries >= most {
            return Verdict::Done;
        }
        match self.wait_own() {
            // Not the service asked for this wait: the failure itself is the better thing to report.
            Verdict::OutOfPatience(_) => Verdict::Done,
            verdict => verdict,
        }
    }

    /// 1 s, 2 s, 4 s … 60 s, of which a random half is left out.
    fn wait_own(&mut self) -> Verdict {
        let full = Duration::from_secs(1 << self.tries.saturating_sub(1).min(6)).min(LONGEST_OWN_WAIT);
        let wait = full / 2 + self.jitter.up_to(full / 2);
        if self.allows(wait) { Verdict::WaitAndRetry(wait) } else { Verdict::OutOfPatience(wait) }
    }

    /// Whether there is time left for another wait; if so it is taken.
    fn allows(&mut self, wait: Duration) -> bool {
        let total = self.waited.saturating_add(wait);
        let is_allowed = total <= self.max_wait;
        if is_allowed {
            self.waited = total;
        }
        is_allowed
    }
}

/// Reads `Retry-After`: seconds, or an HTTP date (RFC 9110 §10.2.3); and what is sent in their place: seconds with a
/// fraction, and a time span as .NET writes it, `[days.]hours:minutes:seconds`. Parts of a second are a whole one: it is never
/// too early. A date in the past is no wait; more seconds than fit are the longest wait there is. `None` for anything else: a
/// negative number, words, nothing.
#[must_use]
pub fn retry_after(value: &str, now: Timestamp) -> Option<Duration> {
    let value = value.trim();
    if let Some(wait) = seconds(value).or_else(|| time_span(value)) {
        return Some(wait);
    }
    Some(Duration::try_from(http_date(value)?.duration_since(now)).map_or(Duration::ZERO, whole_seconds))
}

/// A date as HTTP writes it, in the form of today and in the two of old (RFC 9110 §5.6.7).
#[must_use]
pub fn http_date(value: &str) -> Option<Timestamp> {
    let value = value.trim();
    let today = jiff::fmt::rfc2822::DateTimeParser::new().relaxed_weekday(true).parse_timestamp(value);
    let old = || {
        let (_, rest) = value.split_once([',', ' '])?;
        let formats = ["%d-%b-%y %H:%M:%S GMT", "%b %e %H:%M:%S %Y"];
        let parsed = formats.iter().find_map(|format| jiff::civil::DateTime::strptime(format, rest.trim()).ok());
        jiff::tz::Offset::UTC.to_timestamp(parsed?).ok()
    };
    today.ok().or_else(old)
}

/// `12` and `12.5`.
fn seconds(value: &str) -> Option<Duration> {
    let (whole, fraction) = value.split_once('.').unwrap_or((value, "0"));
    let are_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !are_digits(whole) || !are_digits(fraction) {
        return None;
    }
    let is_more = fraction.bytes().any(|byte| byte != b'0');
    let seconds = whole.parse::<u64>().unwrap_or(u64::MAX).saturating_add(u64::from(is_more));
    Some(if seconds == u64::MAX { Duration::MAX } else { Duration::from_secs(seconds) })
}

/// `00:00:02`, `1.00:00:00`, `00:00:02.5`.
fn time_span(value: &str) -> Option<Duration> {
    let (front, last) = value.rsplit_once(':')?;
    let (front, minutes) = front.rsplit_once(':')?;
    let (days, hours) = front.split_once('.').unwrap_or(("0", front));
    let number =
        |text: &str| text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse::<u64>().ok()).flatten();
    let minutes =
        number(days)?.checked_mul(24)?.checked_add(number(hours)?)?.checked_mul(60)?.checked_add(number(minutes)?)?;
    Some(Duration::from_secs(minutes.checked_mul(60)?).saturating_add(seconds(last)?))
}

fn whole_seconds(wait: Duration) -> Duration {
    Duration::from_secs(wait.as_secs().saturating_add(u64::from(wait.subsec_nanos() > 0)))
}

/// Scatters waits. Not random enough for anything else (`SplitMix64`, Steele, Lea and Flood 2014).
#[derive(Debug, Clone, Copy)]
pub struct Jitter(u64);

impl Jitter {
    /// Starts from `seed`: random in life, fixed in tests.
    #[must_use]
    pub const fn seeded(seed: u64) -> Self {
        Self(seed)
    }

    /// Another one, which goes its own way.
    #[must_use]
    pub fn split(&mut self) -> Self {
        Self(self.next())
    }

    /// A duration between nothing and `most`, in milliseconds.
    fn up_to(&mut self, most: Duration) -> Duration {
        let milliseconds = u64::try_from(most.as_millis()).unwrap_or(u64::MAX - 1);
        Duration::from_millis(self.next() % (milliseconds + 1))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEN_MINUTES: Duration = Duration::from_secs(600);

    fn now() -> Timestamp {
        "2026-03-01T12:00:00Z".parse().unwrap()
    }

    fn retry(idempotency: Idempotency) -> Retry {
        Retry::new(idempotency, TEN_MINUTES, Jitter::seeded(7))
    }

    /// The whole seconds that are waited, -1 for `Done`, -2 for `TooLong`.
    fn seconds(verdict: Verdict) -> i64 {
        match verdict {
            Verdict::Done => -1,
            Verdict::TooLong(_) => -2,
            Verdict::OutOfPatience(_) => -3,
            Verdict::WaitAndRetry(wait) => i64::try_from(wait.as_secs()).unwrap(),
        }
    }

    #[test]
    fn retry_after_is_read_in_every_form() {
        let table = [
            ("0", Some(0)),
            ("23", Some(23)),
            (" 7 ", Some(7)),
            ("Sun, 01 Mar 2026 12:00:30 GMT", Some(30)),
            ("Mon, 01 Mar 2026 12:00:30 GMT", Some(30)),
            ("Sun, 01 Mar 2026 11:00:00 GMT", Some(0)),
            ("-5", None),
            ("", None),
            ("soon", None),
            ("1.5", Some(2)),
            ("3.9", Some(4)),
            ("3.0", Some(3)),
            ("0.2", Some(1)),
            ("00:00:02", Some(2)),
            ("00:05:00", Some(300)),
            ("1.01:00:00", Some(90_000)),
            ("00:00:02.1", Some(3)),
            ("Sunday, 01-Mar-26 12:00:30 GMT", Some(30)),
            ("Sun Mar  1 12:00:30 2026", Some(30)),
            ("1.", None),
            (".5", None),
            ("3,5", None),
            ("1e3", None),
            ("12:00", None),
            ("::", None),
            ("99999999999999999999:00:00", None),
            ("+5", None),
            ("99999999999999999999999999", Some(u64::MAX)),
        ];
        for (value, expected) in table {
            assert_eq!(retry_after(value, now()).map(|wait| wait.as_secs()), expected, "{value:?}");
        }
    }

    #[test]
    fn a_wait_of_exactly_what_is_allowed_is_waited_and_ours_is_not_told_as_the_service_s() {
        let mut exact = Retry::new(Idempotency::Safe, Duration::from_secs(300), Jitter::seeded(1));
        assert_eq!(seconds(exact.after_status(429, Some("300"), now())), 300);
        assert_eq!(exact.after_status(429, Some("1"), now()), Verdict::TooLong(Duration::from_secs(1)));
        let mut hasty = Retry::new(Idempotency::Safe, Duration::ZERO, Jitter::seeded(1));
        assert!(matches!(hasty.after_status(429, None, now()), Verdict::OutOfPatience(_)));
        assert!(matches!(hasty.after_status(503, Some("soon"), now()), Verdict::OutOfPatience(_)));
    }

    #[test]
    fn a_429_is_waited_out_as_asked_whatever_the_request_is() {
        for idempotency in [Idempotency::Safe, Idempotency::Keyed, Idempotency::Once] {
            assert_eq!(seconds(retry(idempotency).after_status(429, Some("23"), now())), 23);
        }
    }

    #[test]
    fn a_429_never_comes_back_early_and_hardly_late() {
        for seed in 0..100 {
            let mut retry = Retry::new(Idempotency::Safe, TEN_MINUTES, Jitter::seeded(seed));
            let Verdict::WaitAndRetry(wait) = retry.after_status(429, Some("2"), now()) else { panic!("no wait") };
            assert!((Duration::from_secs(2)..=Duration::from_millis(2050)).contains(&wait), "{wait:?}");
        }
    }

    #[test]
    fn a_429_without_a_usable_time_is_waited_out_longer_each_time() {
        for header in [None, Some("0"), Some("-5"), Some("garbage"), Some("Sun, 01 Mar 2026 11:00:00 GMT")] {
            let mut retry = retry(Idempotency::Once);
            let mut total = Duration::ZERO;
            let mut count = 0;
            while let Verdict::WaitAndRetry(wait) = retry.after_status(429, header, now()) {
                assert!(wait >= Duration::from_millis(500), "{header:?} waits {wait:?}");
                total += wait;
                count += 1;
                assert!(count < 100, "{header:?} never ends");
            }
            assert!(total <= TEN_MINUTES && total > Duration::from_secs(500), "{header:?} waited {total:?}");
        }
    }

    #[test]
    fn ten_years_are_too_long() {
        assert_eq!(seconds(retry(Idempotency::Safe).after_status(429, Some("315360000"), now())), -2);
        assert_eq!(seconds(retry(Idempotency::Safe).after_status(503, Some("99999999999999999999999"), now())), -2);
        assert_eq!(
            seconds(retry(Idempotency::Safe).after_status(429, Some("Sun, 01 Mar 2036 12:00:00 GMT"), now())),
            -2
        );
    }

    #[test]
    fn waits_add_up_to_the_limit() {
        let mut retry = retry(Idempotency::Safe);
        assert_eq!(seconds(retry.after_status(429, Some("400"), now())), 400);
        assert_eq!(seconds(retry.after_status(429, Some("400"), now())), -2);
    }

    #[test]
    fn an_unavailable_service_is_asked_again_only_if_that_is_harmless() {
        let table = [
            (Idempotency::Safe, 503, Some("3"), 3),
            (Idempotency::Keyed, 503, Some("3"), 3),
            (Idempotency::Once, 503, Some("3"), -1),
            (Idempotency::Once, 502, None, -1),
            (Idempotency::Safe, 500, None, -1),
            (Idempotency::Safe, 501, None, -1),
            (Idempotency::Safe, 400, None, -1),
            (Idempotency::Safe, 401, None, -1),
            (Idempotency::Safe, 404, Some("3"), -1),
            (Idempotency::Safe, 412, None, -1),
            (Idempotency::Safe, 200, None, -1),
        ];
        for (idempotency, status, header, expected) in table {
            let verdict = retry(idempotency).after_status(status, header, now());
            assert_eq!(seconds(verdict), expected, "{idempotency:?} {status} {header:?}");
        }
    }

    #[test]
    fn a_service_that_stays_down_is_given_up_after_five_tries() {
        for status in [502, 503, 504] {
            let mut retry = retry(Idempotency::Safe);
            let waits = std::iter::from_fn(|| match retry.after_status(status, None, now()) {
                Verdict::WaitAndRetry(wait) => Some(wait),
                _ => None,
            });
            assert_eq!(waits.count(), 4);
        }
    }

    #[test]
    fn a_broken_answer_is_asked_for_again_unless_it_may_have_done_something() {
        assert!(matches!(retry(Idempotency::Safe).after_failure(Failure::Broken), Verdict::WaitAndRetry(_)));
        assert!(matches!(retry(Idempotency::Keyed).after_failure(Failure::Broken), Verdict::WaitAndRetry(_)));
        assert_eq!(retry(Idempotency::Once).after_failure(Failure::Broken), Verdict::Done);
        assert!(matches!(retry(Idempotency::Once).after_failure(Failure::NotSent), Verdict::WaitAndRetry(_)));
        assert_eq!(retry(Idempotency::Once).after_failure(Failure::RolledBack), Verdict::Done);
    }

    #[test]
    fn a_refused_connection_is_reported_soon() {
        let mut retry = retry(Idempotency::Safe);
        let mut total = Duration::ZERO;
        while let Verdict::WaitAndRetry(wait) = retry.after_failure(Failure::NotSent) {
            total += wait;
        }
        assert_eq!(retry.tries(), 3);
        assert!(total <= Duration::from_secs(3), "{total:?}");
    }

    #[test]
    fn a_short_limit_reports_the_failure_and_not_the_wait() {
        let mut retry = Retry::new(Idempotency::Safe, Duration::ZERO, Jitter::seeded(1));
        assert_eq!(retry.after_failure(Failure::Broken), Verdict::Done);
    }

    #[test]
    fn many_processes_scatter() {
        let waits: std::collections::BTreeSet<_> = (0..100)
            .filter_map(|seed| {
                match Retry::new(Idempotency::Safe, TEN_MINUTES, Jitter::seeded(seed)).after_status(503, None, now()) {
                    Verdict::WaitAndRetry(wait) => Some(wait),
                    _ => None,
                }
            })
            .collect();
        assert!(waits.len() > 50, "{} different waits", waits.len());
    }
}
