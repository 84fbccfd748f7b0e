//! The bytes of files that records keep, and the transfers that are under way. Nobody is refused anything here.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use uuid::Uuid;

use crate::sandbox::world::{Link, made_id};

/// A file of a record.
#[derive(Debug, Clone)]
pub(crate) struct StoredFile {
    /// The record that keeps it.
    pub record: Link,
    /// What it is called.
    pub name: String,
    /// Its media type.
    pub kind: String,
    /// What is in it.
    pub bytes: Arc<[u8]>,
}

/// A transfer in pieces.
#[derive(Debug, Clone)]
pub(crate) enum Transfer {
    /// Up, in ranges that follow each other.
    Ranges {
        /// Where it goes: the record and the place of its column.
        to: (Link, u16),
        /// What it is called.
        name: String,
        /// What has arrived.
        held: Arc<Vec<u8>>,
        /// Whether all of it has arrived and is stored.
        is_over: bool,
    },
    /// Up, in named blocks whose order is told at the end.
    Blocks {
        /// The record and the place of its column; none where the end names the record.
        to: Option<(Link, u16)>,
        /// What has arrived, by name.
        held: BTreeMap<String, Arc<[u8]>>,
    },
    /// Down.
    Down(Arc<[u8]>),
}

/// Every file, and every transfer.
#[derive(Debug, Clone, Default)]
pub(crate) struct Files {
    stored: Arc<HashMap<Uuid, StoredFile>>,
    transfers: Arc<HashMap<String, Transfer>>,
    made: u64,
    /// What every token ends with.
    mark: String,
}

impl Files {
    /// From now on every token ends with `mark`.
    pub fn mark(&mut self, mark: &str) {
        mark.clone_into(&mut self.mark);
    }

    /// A file by its id.
    pub fn find(&self, id: Uuid) -> Option<&StoredFile> {
        self.stored.get(&id)
    }

    /// Stores a file under a new id.
    pub fn store(&mut self, file: StoredFile) -> Uuid {
        let id = self.next_id();
        Arc::make_mut(&mut self.stored).insert(id, file);
        id
    }

    /// Lets a file go; `false` when there was none.
    pub fn remove(&mut self, id: Uuid) -> bool {
        self.stored.contains_key(&id) && Arc::make_mut(&mut self.stored).remove(&id).is_some()
    }

    /// Lets the files of a record go.
    pub fn remove_of(&mut self, record: Link) {
        if self.stored.values().any(|file| file.record == record) {
            Arc::make_mut(&mut self.stored).retain(|_, file| file.record != record);
        }
    }

    /// A transfer by its token.
    pub fn transfer(&mut self, token: &str) -> Option<&mut Transfer> {
        Arc::make_mut(&mut self.transfers).get_mut(token)
    }

    /// Begins a transfer and gives its token.
    pub fn begin(&mut self, transfer: Transfer) -> String {
        let token = format!("{}{}{}", self.next_id().simple(), self.next_id().simple(), self.mark);
        Arc::make_mut(&mut self.transfers).insert(token.clone(), transfer);
        token
    }

    /// Ends a transfer.
    pub fn end(&mut self, token: &str) {
        Arc::make_mut(&mut self.transfers).remove(token);
    }

    fn next_id(&mut self) -> Uuid {
        self.made += 1;
        made_id(u64::from(u32::MAX) << 20 | self.made)
    }
}
