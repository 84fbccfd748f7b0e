//! What the next sign-in of a connection must satisfy, because a service demanded it and a renewal could not give it. Text
//! that is handed on as it came: nothing here knows its meaning, and it is no secret.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::connection::ConnectionId;
use crate::paths::{self, Places};
use crate::store::StoreError;

const VERSION: u32 = 1;
/// Far more than a demand may be long; JSON in JSON takes more room.
const LIMIT: u64 = 64 * 1024;

#[derive(Serialize, Deserialize)]
struct Note {
    version: u32,
    demand: String,
}

/// The open demands on every connection: one small file each, as long as there is one.
#[derive(Debug, Clone)]
pub struct DemandBook {
    directory: PathBuf,
}

impl DemandBook {
    /// The book at its place. Touches nothing.
    #[must_use]
    pub fn new(places: &Places) -> Self {
        Self { directory: places.state.join("demands") }
    }

    /// What is demanded of this connection's next sign-in. A note that can't be read demands nothing: the service will say
    /// it again.
    #[must_use]
    pub fn of(&self, id: &ConnectionId) -> Option<String> {
        let bytes = paths::read_own(&self.path(id), LIMIT).ok().flatten()?;
        let note: Note = serde_json::from_slice(&bytes).ok()?;
        (note.version == VERSION).then_some(note.demand)
    }

    /// Notes a demand in place of the one before.
    ///
    /// # Errors
    /// [`StoreError::Files`]. A note that can't be taken is no reason to fail a command.
    pub fn note(&self, id: &ConnectionId, demand: impl Into<String>) -> Result<(), StoreError> {
        // One text and one number: there is nothing in a note that JSON could refuse.
        let json = serde_json::to_vec(&Note { version: VERSION, demand: demand.into() }).unwrap_or_default();
        Ok(paths::write_own(&self.path(id), &json)?)
    }

    /// Strikes the demand: it was met, or the connection is gone.
    ///
    /// # Errors
    /// As [`DemandBook::note`].
    pub fn strike(&self, id: &ConnectionId) -> Result<(), StoreError> {
        Ok(paths::remove_own(&self.path(id))?)
    }

    fn path(&self, id: &ConnectionId) -> PathBuf {
        self.directory.join(format!("{id}.json"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_demand_stands_until_it_is_struck() {
        let home = tempfile::tempdir().unwrap();
        let book = DemandBook::new(&Places { config: home.path().to_owned(), state: home.path().join("state") });
        let id = ConnectionId::random();
        assert_eq!(book.of(&id), None);
        book.strike(&id).unwrap();
        book.note(&id, "first").unwrap();
        book.note(&id, r#"{"a":"b"}"#).unwrap();
        assert_eq!(book.of(&id).as_deref(), Some(r#"{"a":"b"}"#));
        assert_eq!(book.of(&ConnectionId::random()), None);
        for other in ["", "{}", r#"{"version":2,"demand":"x"}"#, r#"{"version":1}"#] {
            paths::write_own(&book.path(&id), other.as_bytes()).unwrap();
            assert_eq!(book.of(&id), None, "{other}");
        }
        book.strike(&id).unwrap();
        assert_eq!(book.of(&id), None);
    }
}
