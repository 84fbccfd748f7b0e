//! What is known of a connection without asking the keyring or the network: whether it needs a reconnect, since when its
//! sign-in counts, and where a move left a second copy of its secrets. Never a secret.

use std::path::PathBuf;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::connection::{ConnectionId, StoreKind};
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

/// Everything that is noted on one connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Noted {
    /// How it fared.
    pub health: Health,
    /// When the refresh token that it has now was issued, where that is known.
    pub refresh_token_issued: Option<Timestamp>,
    /// The store in which a move of its secrets may have left a copy that is no longer used, or is not used yet.
    pub copy_in: Option<StoreKind>,
}

impl Noted {
    /// Nothing is noted.
    pub const NOTHING: Self = Self { health: Health::Unknown, refresh_token_issued: None, copy_in: None };
}

/// Version 1. What a later release adds is left aside by an earlier one, and may be absent for a later one.
#[derive(Serialize, Deserialize)]
struct Note {
    version: u32,
    #[serde(flatten)]
    state: State,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    refresh_token_issued: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    copy_in: Option<StoreKind>,
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "kebab-case")]
enum State {
    Ok,
    NeedsReconnect { code: String, reason: String, at: Timestamp },
    Unknown,
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

    /// How this connection fared. A note that can't be read is none: nothing depends on it.
    #[must_use]
    pub fn of(&self, id: &ConnectionId) -> Health {
        self.noted(id).health
    }

    /// All that is noted on this connection. A note that can't be read is none.
    #[must_use]
    pub fn noted(&self, id: &ConnectionId) -> Noted {
        let note = paths::read_own(&self.path(id), LIMIT).ok().flatten();
        match note.and_then(|bytes| serde_json::from_slice::<Note>(&bytes).ok()) {
            Some(Note { version: VERSION, state, refresh_token_issued, copy_in }) => {
                let health = match state {
                    State::Ok => Health::Ok,
                    State::NeedsReconnect { code, reason, at } => Health::NeedsReconnect { code, reason, at },
                    State::Unknown => Health::Unknown,
                };
                Noted { health, refresh_token_issued, copy_in }
            }
            _ => Noted::NOTHING,
        }
    }

    /// Notes that the connection signed in. Writes only when something else was noted.
    ///
    /// # Errors
    /// [`StoreError::Files`]. A note that can't be taken is no reason to fail a command.
    pub fn set_ok(&self, id: &ConnectionId) -> Result<(), StoreError> {
        self.set_renewed(id, None)
    }

    /// Notes that a token was renewed, and when the refresh token that came with it was `issued`; `None` where none came, so
    /// that the connection still has the one before.
    ///
    /// # Errors
    /// As [`HealthBook::set_ok`].
    pub fn set_renewed(&self, id: &ConnectionId, issued: Option<Timestamp>) -> Result<(), StoreError> {
        self.change(id, |noted| {
            noted.health = Health::Ok;
            noted.refresh_token_issued = issued.or(noted.refresh_token_issued);
        })
    }

    /// Notes that a user signed in, and when the refresh token was `issued`; `None` where none came: then there is none.
    ///
    /// # Errors
    /// As [`HealthBook::set_ok`].
    pub fn set_connected(&self, id: &ConnectionId, issued: Option<Timestamp>) -> Result<(), StoreError> {
        self.change(id, |noted| {
            noted.health = Health::Ok;
            noted.refresh_token_issued = issued;
        })
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
        let health = Health::NeedsReconnect { code: code.into(), reason: reason.into(), at };
        self.change(id, |noted| {
            noted.health = health;
            // The days of a dead token are not worth counting.
            noted.refresh_token_issued = None;
        })
    }

    /// Notes where a copy of the connection's secrets is left, or that none is.
    ///
    /// # Errors
    /// As [`HealthBook::set_ok`].
    pub fn set_copy_in(&self, id: &ConnectionId, store: Option<StoreKind>) -> Result<(), StoreError> {
        self.change(id, |noted| noted.copy_in = store)
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

    /// Writes what `change` makes of the note, if that is something else.
    fn change(&self, id: &ConnectionId, change: impl FnOnce(&mut Noted)) -> Result<(), StoreError> {
        let before = self.noted(id);
        let mut after = before.clone();
        change(&mut after);
        if after == before {
            return Ok(());
        }
        let Noted { health, refresh_token_issued, copy_in } = after;
        let state = match health {
            Health::Ok => State::Ok,
            Health::NeedsReconnect { code, reason, at } => State::NeedsReconnect { code, reason, at },
            Health::Unknown => State::Unknown,
        };
        // Texts and numbers only: there is nothing in a note that JSON could refuse.
        let json = serde_json::to_vec(&Note { version: VERSION, state, refresh_token_issued, copy_in });
        Ok(paths::write_own(&self.path(id), &json.unwrap_or_default())?)
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
    fn a_refresh_token_keeps_its_date_until_another_one_comes_or_it_dies() {
        let home = tempfile::tempdir().unwrap();
        let (book, id) = (book(&home), ConnectionId::random());
        let [monday, friday] = ["2026-11-23T09:00:00Z", "2026-11-27T09:00:00Z"].map(|at| at.parse().unwrap());
        book.set_ok(&id).unwrap();
        assert_eq!(book.noted(&id).refresh_token_issued, None);
        book.set_connected(&id, Some(monday)).unwrap();
        book.set_renewed(&id, None).unwrap();
        book.set_ok(&id).unwrap();
        assert_eq!(book.noted(&id).refresh_token_issued, Some(monday));
        book.set_renewed(&id, Some(friday)).unwrap();
        assert_eq!(book.noted(&id).refresh_token_issued, Some(friday));
        book.set_needs_reconnect(&id, "AADSTS50173", "revoked", friday).unwrap();
        assert_eq!(book.noted(&id).refresh_token_issued, None);
        book.set_connected(&id, Some(friday)).unwrap();
        book.set_connected(&id, None).unwrap();
        assert_eq!(book.noted(&id).refresh_token_issued, None, "the date of a token that was replaced");
    }

    #[test]
    fn a_copy_is_remembered_whatever_happens_to_the_connection() {
        let home = tempfile::tempdir().unwrap();
        let (book, id) = (book(&home), ConnectionId::random());
        book.set_copy_in(&id, Some(StoreKind::Keyring)).unwrap();
        assert_eq!(book.of(&id), Health::Unknown);
        book.set_ok(&id).unwrap();
        book.set_needs_reconnect(&id, "A", "b", Timestamp::UNIX_EPOCH).unwrap();
        assert_eq!(book.noted(&id).copy_in, Some(StoreKind::Keyring));
        book.set_copy_in(&id, None).unwrap();
        assert_eq!(book.noted(&id).copy_in, None);
        assert!(matches!(book.of(&id), Health::NeedsReconnect { .. }));
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
