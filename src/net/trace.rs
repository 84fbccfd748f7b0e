//! What `-v` and `-vv` show of the traffic: method, place, status, time and ids. Never a body, a query value or a header
//! that is not on the list.

use std::sync::Arc;

/// How much of the traffic is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum TraceLevel {
    /// Nothing.
    #[default]
    Quiet,
    /// Decisions (`-v`).
    Decisions,
    /// Decisions and every request (`-vv`).
    Requests,
}

/// A place to send trace lines to. Clones share it.
#[derive(Clone, Default)]
pub struct Trace {
    level: TraceLevel,
    sink: Option<Sink>,
}

type Sink = Arc<dyn Fn(&str) + Send + Sync>;

impl Trace {
    /// A trace at `level` whose lines go to `sink`.
    pub fn new(level: TraceLevel, sink: impl Fn(&str) + Send + Sync + 'static) -> Self {
        Self { level, sink: Some(Arc::new(sink)) }
    }

    /// A decision worth knowing: which credential was chosen, why something waits.
    pub fn decision(&self, text: impl FnOnce() -> String) {
        self.say(TraceLevel::Decisions, text);
    }

    /// One request or answer.
    pub fn request(&self, text: impl FnOnce() -> String) {
        self.say(TraceLevel::Requests, text);
    }

    fn say(&self, level: TraceLevel, text: impl FnOnce() -> String) {
        if let (true, Some(sink)) = (self.level >= level, &self.sink) {
            sink(&text());
        }
    }
}

/// A path with its query values hidden: names of options stay, their values may hold anything.
#[must_use]
pub fn path_without_values(path: &str) -> String {
    let Some((path, query)) = path.split_once('?') else { return path.to_owned() };
    let names: Vec<String> = query
        .split('&')
        .map(|pair| pair.split_once('=').map_or_else(|| pair.to_owned(), |(name, _)| format!("{name}=…")))
        .collect();
    format!("{path}?{}", names.join("&"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn query_values_stay_out_of_the_trace() {
        assert_eq!(path_without_values("/token?code=SECRET&state=x"), "/token?code=…&state=…");
        assert_eq!(path_without_values("/api"), "/api");
    }
}
