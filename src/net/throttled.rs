//! The failure of a service that asks for more patience than is allowed. It decides nothing: the retry policy does.

use std::time::Duration;

use crate::net::phrases;
use crate::problem::{Diagnose, Phrase};

/// A wait would be longer than `--max-wait`: the one that the service asks for, or ours where it names none.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{}", told(self))]
pub struct Throttled {
    /// Who asks.
    pub host: String,
    /// The HTTP status.
    pub status: u16,
    /// The wait.
    pub wait: Duration,
    /// Whether the service asked for it.
    pub is_asked: bool,
    /// What `--max-wait` allows in all.
    pub limit: Duration,
    /// The service's code, if it sent one: `0x80072322`.
    pub code: Option<String>,
    /// Ids for a support desk, if there are any.
    pub trace: Option<String>,
}

impl Diagnose for Throttled {
    fn phrase(&self) -> &'static Phrase {
        if self.status == 429 { &phrases::THROTTLED } else { &phrases::ASKS_TO_WAIT }
    }

    fn facts(&self) -> Vec<(&'static str, String)> {
        // A second more, for the little by which waits are scattered.
        let minutes = self.limit.saturating_add(self.wait).as_secs().saturating_add(1).div_ceil(60);
        vec![
            ("host", self.host.clone()),
            ("wait", duration(self.wait)),
            ("longer_wait", duration(Duration::from_secs(minutes.saturating_mul(60)))),
        ]
    }

    fn service_code(&self) -> Option<String> {
        self.code.clone()
    }

    fn trace(&self) -> Option<String> {
        self.trace.clone()
    }
}

fn told(throttled: &Throttled) -> String {
    let Throttled { host, status, wait, is_asked, limit, .. } = throttled;
    let (wait, limit) = (duration(*wait), duration(*limit));
    if *is_asked {
        format!("{host} answered {status} and asks to wait {wait}, and {limit} in all are allowed")
    } else {
        format!(
            "{host} answered {status} and names no time to wait; another {wait} is more than the {limit} that are allowed in all"
        )
    }
}

/// A duration as it may be typed: `90s`, `5m`, `1h`; parts of a second are a whole one.
fn duration(duration: Duration) -> String {
    let seconds = duration.as_secs().saturating_add(u64::from(duration.subsec_nanos() > 0));
    match seconds {
        0 => "0s".to_owned(),
        _ if seconds % 3600 == 0 => format!("{}h", seconds / 3600),
        _ if seconds % 60 == 0 => format!("{}m", seconds / 60),
        _ => format!("{seconds}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_throttled_user_is_told_the_limit_that_would_do() {
        let throttled = Throttled {
            host: "contoso.crm.dynamics.com".into(),
            status: 429,
            wait: Duration::from_secs(700),
            is_asked: true,
            limit: Duration::from_secs(600),
            code: None,
            trace: None,
        };
        assert_eq!(
            throttled.to_string(),
            "contoso.crm.dynamics.com answered 429 and asks to wait 700s, and 10m in all are allowed"
        );
        let remedy = throttled.phrase().remedy_with(&throttled.facts());
        assert!(remedy[0].contains("`--max-wait 22m`"), "{remedy:?}");
        let own = Throttled { wait: Duration::from_millis(1_200), is_asked: false, ..throttled.clone() };
        assert_eq!(
            own.to_string(),
            "contoso.crm.dynamics.com answered 429 and names no time to wait; another 2s is more than the 10m that are allowed in all"
        );
        let down = Throttled { status: 503, ..throttled };
        assert_eq!((down.phrase().code, down.phrase().exit), ("net/asks-to-wait", crate::problem::Exit::Unreachable));
        for (seconds, text) in [(300, "5m"), (301, "301s"), (3600, "1h"), (59, "59s")] {
            assert_eq!(duration(Duration::from_secs(seconds)), text);
        }
    }
}
