//! Which connection needs a reconnect, so that a list can say so without asking the keyring or the network. Never a secret.

use std::path::PathBuf;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::connection::ConnectionId;
use crate::paths::{self, Places};
use crate::store::StoreError;

const VERSION: u32 = 1;
const LIMIT: u64 = 64 * 1024;

/// How a connection fared the last time it was used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Health {
    /// It signed in.
    Ok,
    /// Its sign-in is no longer accepted: only the user can mend that.
    NeedsReconnect {
        /// The service's code, such as `AADSTS50173`.
        code: String,
        /// Why, as a fragment for people.
        reason: String,
        /// When it was noticed.
        at: Timestamp,
    },
    /// It was not used yet, or what was noted can't be read.
    Unknown,
}

#[derive(Serialize, Deserialize)]
struct Note {
    version: u32,
    #[serde(flatten)]
    state: State,
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "kebab-case")]
enum State {
    Ok,
    NeedsReconnect { code: String, reason: String, at: Timestamp },
}

/// The notes on every connection: one small file each.
#[derive(Debug, Clone)]
pub struct HealthBook {
    directory: PathBuf,
}

impl HealthBook {
    /// The book at its place. Touches nothing.
    #[must_use]
    pub fn new(places: &Places) -> Self {
        Self { directory: places.state.join("health") }
    }

    /// What is noted on this connection. A note that can't be read is none: nothing depends on it.
    #[must_use]
    pub fn of(&self, id: &ConnectionId) -> Health {
        let note = paths::read_own(&self.path(id), LIMIT).ok().flatten();
        match note.and_then(|bytes| serde_json::from_slice::<Note>(&bytes).ok()) {
            Some(Note { version: VERSION, state: State::Ok }) => Health::Ok,
            Some(Note { version: VERSION, state: State::NeedsReconnect { code, reason, at } }) => {
                Health::NeedsReconnect { code, reason, at }
            }
            _ => Health::Unknown,
        }
    }

    /// Notes that the connection signed in. Writes only when something else was noted.
    ///
    /// # Errors
    /// [`StoreError::Files`]. A note that can't be taken is no reason to fail a command.
    pub fn set_ok(&self, id: &ConnectionId) -> Result<(), StoreError> {
        if self.of(id) == Health::Ok { Ok(()) } else { self.write(id, State::Ok) }
    }

    /// Notes that the connection's sign-in is no longer accepted.
    ///
    /// # Errors
    /// As [`HealthBook::set_ok`].
    pub fn set_needs_reconnect(
        &self,
        id: &ConnectionId,
        code: impl Into<String>,
        reason: impl Into<String>,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        self.write(id, State::NeedsReconnect { code: code.into(), reason: reason.into(), at })
    }

    /// Removes the note on a connection that is gone.
    ///
    /// # Errors
    /// As [`HealthBook::set_ok`].
    pub fn forget(&self, id: &ConnectionId) -> Result<(), StoreError> {
        Ok(paths::remove_own(&self.path(id))?)
    }

    fn path(&self, id: &ConnectionId) -> PathBuf {
        self.directory.join(format!("{id}.json"))
    }

    fn write(&self, id: &ConnectionId, state: State) -> Result<(), StoreError> {
        let path = self.path(id);
        // Texts and numbers only: there is nothing in a note that JSON could refuse.
        let json = serde_json::to_vec(&Note { version: VERSION, state }).unwrap_or_default();
        Ok(paths::write_own(&path, &json)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn book(home: &tempfile::TempDir) -> HealthBook {
        HealthBook::new(&Places { config: home.path().to_owned(), state: home.path().join("state") })
    }

    #[test]
    fn health_is_remembered_until_it_changes() {
        let home = tempfile::tempdir().unwrap();
        let (book, id) = (book(&home), ConnectionId::random());
        assert_eq!(book.of(&id), Health::Unknown);
        let at: Timestamp = "2026-11-23T19:22:07Z".parse().unwrap();
        book.set_needs_reconnect(&id, "AADSTS50173", "the password was changed", at).unwrap();
        let noted = Health::NeedsReconnect {
            code: "AADSTS50173".to_owned(),
            reason: "the password was changed".to_owned(),
            at,
        };
        assert_eq!(book.of(&id), noted);
        assert_eq!(book.of(&ConnectionId::random()), Health::Unknown);
        book.set_ok(&id).unwrap();
        book.set_ok(&id).unwrap();
        assert_eq!(book.of(&id), Health::Ok);
        book.forget(&id).unwrap();
        book.forget(&id).unwrap();
        assert_eq!(book.of(&id), Health::Unknown);
    }

    #[test]
    fn the_oldest_note_is_read_and_what_is_no_note_is_unknown() {
        let home = tempfile::tempdir().unwrap();
        let (book, id) = (book(&home), ConnectionId::random());
        let read = |json: &str| {
            paths::write_own(&book.path(&id), json.as_bytes()).unwrap();
            book.of(&id)
        };
        assert_eq!(read(r#"{"version":1,"state":"ok"}"#), Health::Ok);
        let worn = r#"{"version":1,"state":"needs-reconnect","code":"A","reason":"b","at":"2026-11-23T19:22:07Z"}"#;
        assert!(matches!(read(worn), Health::NeedsReconnect { code, .. } if code == "A"));
        for other in ["", "{}", r#"{"version":2,"state":"ok"}"#, r#"{"version":1,"state":"new"}"#, "\0\0"] {
            assert_eq!(read(other), Health::Unknown, "{other}");
        }
    }
}
