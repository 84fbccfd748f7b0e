//! The `Prefer` header: what the caller would like and what of it is granted. It never acts on it.

use crate::sandbox::Incoming;

/// The most records on one page.
pub(super) const LARGEST_PAGE: usize = 5000;

/// What was asked for in `Prefer`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Preferences {
    /// `odata.maxpagesize`, at most 5000.
    pub page_size: Option<usize>,
    /// `return=representation`.
    pub has_representation: bool,
    /// `odata.include-annotations`: names, or beginnings of names when they end in `*`.
    annotations: Vec<String>,
    /// What the service would do and the sandbox can't; never passed over, because the answer would be another one.
    pub absent: Option<&'static str>,
    /// The preferences that are honoured, as they were written.
    pub applied: Vec<String>,
}

impl Preferences {
    /// Reads every `Prefer` header of a request.
    pub fn read(request: &Incoming) -> Self {
        let mut preferences = Self::default();
        for (_, value) in request.headers.iter().filter(|(name, _)| name == "prefer") {
            for preference in split(value) {
                preferences.take(preference);
            }
        }
        preferences
    }

    fn take(&mut self, preference: &str) {
        let (name, value) = preference.split_once('=').unwrap_or((preference, ""));
        let value = value.trim().trim_matches('"');
        match name.trim() {
            "odata.maxpagesize" => match value.parse() {
                Ok(size) if size > 0 => self.page_size = Some(LARGEST_PAGE.min(size)),
                _ => return,
            },
            "odata.include-annotations" => {
                self.annotations = value.split(',').map(|pattern| pattern.trim().to_owned()).collect();
            }
            "return" if value == "representation" => self.has_representation = true,
            "odata.track-changes" => {
                self.absent = Some("change tracking (Prefer: odata.track-changes)");
                return;
            }
            "respond-async" => {
                self.absent = Some("background operations (Prefer: respond-async)");
                return;
            }
            _ => return,
        }
        self.applied.push(preference.to_owned());
    }

    /// Whether an annotation is asked for, by its name without `@`.
    pub fn wants(&self, annotation: &str) -> bool {
        self.annotations.iter().any(|pattern| match pattern.strip_suffix('*') {
            Some(beginning) => annotation.starts_with(beginning),
            None => pattern == annotation,
        })
    }

    /// Whether any annotation is asked for.
    pub fn has_annotations(&self) -> bool {
        !self.annotations.is_empty()
    }
}

/// Whether a request says in any of its `Prefer` headers that it prefers `name`.
pub(super) fn prefers(request: &Incoming, name: &str) -> bool {
    request.headers.iter().any(|(header, value)| header == "prefer" && split(value).contains(&name))
}

/// The preferences in one header: parted by commas outside quotes.
fn split(value: &str) -> Vec<&str> {
    let (mut parts, mut start, mut is_quoted) = (Vec::new(), 0, false);
    for (at, character) in value.char_indices() {
        match character {
            '"' => is_quoted = !is_quoted,
            ',' | ';' if !is_quoted => {
                parts.push(value[start..at].trim());
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(value[start..].trim());
    parts.retain(|part| !part.is_empty());
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(headers: &[&str]) -> Preferences {
        let headers = headers.iter().map(|value| ("prefer".to_owned(), (*value).to_owned())).collect();
        let (method, path, query) = ("GET".to_owned(), String::new(), String::new());
        Preferences::read(&Incoming { method, path, query, headers, body: Vec::new() })
    }

    #[test]
    fn preferences_come_in_one_header_or_in_several() {
        let one = read(&["odata.maxpagesize=50, odata.include-annotations=\"a.b,c.*\",return=representation"]);
        let several = read(&["odata.maxpagesize=50", "odata.include-annotations=\"a.b,c.*\"", "return=representation"]);
        assert_eq!(one, several);
        assert_eq!(one.page_size, Some(50));
        assert!(one.has_representation && one.wants("a.b") && one.wants("c.d") && !one.wants("a.bc"));
        assert_eq!(one.applied[1], "odata.include-annotations=\"a.b,c.*\"");
    }

    #[test]
    fn what_is_not_honoured_is_not_said_to_be() {
        let preferences = read(&["odata.maxpagesize=0, return=minimal, odata.nothing=1, handling=strict"]);
        assert_eq!(preferences, Preferences::default());
        for absent in ["respond-async", "odata.track-changes"] {
            assert!(read(&[absent]).absent.is_some_and(|feature| feature.contains(absent)), "{absent}");
        }
        assert_eq!(read(&["odata.maxpagesize=99999"]).page_size, Some(LARGEST_PAGE));
        assert!(read(&["odata.include-annotations=\"*\""]).wants("anything.at.all"));
    }
}
