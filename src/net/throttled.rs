//! The failure of a service that asks for more patience than is allowed. It decides nothing: the retry policy does.

use std::time::Duration;

use crate::net::phrases;
use crate::problem::{Diagnose, Phrase};

/// The service asks to wait longer than `--max-wait`.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{host} asks to wait {wait_text}, and {limit_text} in all are allowed", wait_text = duration(*.wait), limit_text = duration(*.limit))]
pub struct Throttled {
    /// Who asks.
    pub host: String,
    /// The wait that was asked for.
    pub wait: Duration,
    /// What `--max-wait` allows in all.
    pub limit: Duration,
    /// The service's code, if it sent one: `0x80072322`.
    pub code: Option<String>,
    /// Ids for a support desk, if there are any.
    pub trace: Option<String>,
}

impl Diagnose for Throttled {
    fn phrase(&self) -> &'static Phrase {
        &phrases::THROTTLED
    }

    fn facts(&self) -> Vec<(&'static str, String)> {
        let minutes = self.limit.saturating_add(self.wait).as_secs().div_ceil(60);
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

/// A duration as it may be typed: `90s`, `5m`, `1h`; rounded up, to whole minutes where nobody counts seconds any more.
fn duration(duration: Duration) -> String {
    let seconds = duration.as_secs().saturating_add(u64::from(duration.subsec_nanos() > 0));
    match seconds {
        0 => "0s".to_owned(),
        _ if seconds % 3600 == 0 => format!("{}h", seconds / 3600),
        120.. => format!("{}m", seconds.div_ceil(60)),
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
            wait: Duration::from_millis(700_020),
            limit: Duration::from_secs(600),
            code: None,
            trace: None,
        };
        assert_eq!(throttled.to_string(), "contoso.crm.dynamics.com asks to wait 12m, and 10m in all are allowed");
        let remedy = throttled.phrase().remedy_with(&throttled.facts());
        assert!(remedy[0].contains("`--max-wait 22m`"), "{remedy:?}");
    }
}
