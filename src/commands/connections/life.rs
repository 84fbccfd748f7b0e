//! How long a connection lasts if nobody uses it: judged from what is noted of it. Pure; nothing is asked here.

use jiff::Timestamp;

use crate::auth::REFRESH_TOKEN_IDLE;
use crate::store::{Health, Noted};

/// So close to its end a connection is spoken of in a list.
pub(super) const SOON: i64 = 30;

/// What ends a connection, and when at the latest.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Ending {
    /// `refresh_token_idle`, `access_token` or `certificate`.
    pub what: &'static str,
    /// When.
    pub at: Timestamp,
}

/// When the refresh token dies if it is not used again; `None` where nobody knows when it was issued, or it is dead.
pub(super) fn ending(noted: &Noted) -> Option<Ending> {
    let issued = noted.refresh_token_issued?;
    let at = issued.checked_add(REFRESH_TOKEN_IDLE).ok()?;
    Some(Ending { what: "refresh_token_idle", at })
}

/// Whole days from `now` to `end`; none once it is over.
pub(super) fn days_left(end: Timestamp, now: Timestamp) -> i64 {
    (end.as_second().saturating_sub(now.as_second()) / (24 * 3600)).max(0)
}

/// How the connection is known to be: a token that lay idle for too long is dead, although nobody has tried it.
pub(super) fn known(noted: &Noted, now: Timestamp) -> Health {
    match (&noted.health, ending(noted)) {
        (Health::Ok, Some(Ending { at, .. })) if at <= now => Health::NeedsReconnect {
            code: "auth/refresh-token-expired".to_owned(),
            reason: "its sign-in was not used for 90 days".to_owned(),
            at,
        },
        (health, _) => health.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 24 * 3600;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn noted(health: Health, issued: Option<i64>) -> Noted {
        Noted { health, refresh_token_issued: issued.map(at), ..Noted::NOTHING }
    }

    #[test]
    fn ninety_days_are_counted_from_the_last_renewal_and_only_where_it_is_known() {
        let end = ending(&noted(Health::Ok, Some(10 * DAY))).unwrap();
        assert_eq!(end, Ending { what: "refresh_token_idle", at: at(100 * DAY) });
        assert_eq!(ending(&noted(Health::Ok, None)), None);
        for (now, days) in [(10 * DAY, 90), (10 * DAY + 1, 89), (100 * DAY - 1, 0), (100 * DAY, 0), (200 * DAY, 0)] {
            assert_eq!(days_left(end.at, at(now)), days, "{now}");
        }
    }

    #[test]
    fn a_sign_in_that_lay_idle_too_long_is_known_to_be_dead() {
        let note = noted(Health::Ok, Some(0));
        assert_eq!(known(&note, at(90 * DAY - 1)), Health::Ok);
        assert!(matches!(known(&note, at(90 * DAY)), Health::NeedsReconnect { .. }));
        assert_eq!(known(&noted(Health::Ok, None), at(900 * DAY)), Health::Ok);
        assert_eq!(known(&noted(Health::Unknown, Some(0)), at(900 * DAY)), Health::Unknown);
    }
}
