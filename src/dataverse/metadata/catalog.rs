//! Definitions that were asked for already: in memory for this run, on disk for a day. A file that can't be read, or is
//! damaged or old, is as good as none. What is inside a definition is not judged here.

use std::collections::HashMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::dataverse::Callables;
use crate::dataverse::metadata::{Definition, TableNames};
use crate::paths;

/// The version of the files.
const VERSION: u32 = 1;
/// The age at which a file is asked for again.
const LIFE: SignedDuration = SignedDuration::from_hours(24);
/// More than any organisation's list of tables.
const LIMIT: u64 = 64 << 20;
/// The file with the names of every table; no logical name has a capital letter or a dash.
const TABLES: &str = "all-tables";
/// The file with every action and function.
const CALLABLES: &str = "all-callables";

/// Definitions of one organisation.
pub struct Catalog {
    /// Where they are kept; nowhere for a connection that leaves no trace.
    directory: Option<PathBuf>,
    held: Mutex<Held>,
}

#[derive(Default)]
struct Held {
    tables: Option<Arc<Vec<TableNames>>>,
    definitions: HashMap<String, Arc<Definition>>,
    callables: Option<Arc<Callables>>,
    /// Files that stand for nothing any more.
    ignores_files: bool,
}

#[derive(Serialize, Deserialize)]
struct File<T> {
    version: u32,
    read_at: Timestamp,
    content: T,
}

impl Catalog {
    /// One that forgets everything at the end of the run.
    #[must_use]
    pub fn in_memory() -> Self {
        Self { directory: None, held: Mutex::default() }
    }

    /// One that keeps its files in `directory`. Touches nothing.
    #[must_use]
    pub fn kept_in(directory: PathBuf) -> Self {
        Self { directory: Some(directory), held: Mutex::default() }
    }

    /// The name of the directory for an organisation: its host, with nothing in it that a path could trip over.
    #[must_use]
    pub fn directory_name(host: &str) -> String {
        host.chars().map(|c| if c.is_ascii_alphanumeric() || matches!(c, '.' | '-') { c } else { '_' }).collect()
    }

    /// Whether asking for more than is needed now pays off later.
    pub(in crate::dataverse) fn is_kept(&self) -> bool {
        self.directory.is_some()
    }

    /// From now on what is on disk counts for nothing; it is written anew.
    pub(super) fn forget(&self) {
        *self.held() = Held { ignores_files: true, ..Held::default() };
    }

    /// Every table's names.
    pub(super) fn tables(&self, now: Timestamp) -> Option<Arc<Vec<TableNames>>> {
        if let Some(tables) = &self.held().tables {
            return Some(Arc::clone(tables));
        }
        let tables = Arc::new(self.read::<Vec<TableNames>>(TABLES, now)?);
        self.held().tables = Some(Arc::clone(&tables));
        Some(tables)
    }

    /// Keeps every table's names.
    pub(super) fn keep_tables(&self, tables: Vec<TableNames>, now: Timestamp) -> Arc<Vec<TableNames>> {
        self.write(TABLES, &tables, now);
        let tables = Arc::new(tables);
        self.held().tables = Some(Arc::clone(&tables));
        tables
    }

    /// One table.
    pub(in crate::dataverse) fn definition(&self, logical_name: &str, now: Timestamp) -> Option<Arc<Definition>> {
        if let Some(definition) = self.held().definitions.get(logical_name) {
            return Some(Arc::clone(definition));
        }
        let definition = Arc::new(self.read::<Definition>(logical_name, now)?);
        self.held().definitions.insert(logical_name.to_owned(), Arc::clone(&definition));
        Some(definition)
    }

    /// Keeps one table.
    pub(super) fn keep_definition(&self, definition: Definition, now: Timestamp) -> Arc<Definition> {
        let name = definition.names.logical_name.clone();
        self.write(&name, &definition, now);
        let definition = Arc::new(definition);
        self.held().definitions.insert(name, Arc::clone(&definition));
        definition
    }

    /// Every action and function.
    pub(in crate::dataverse) fn callables(&self, now: Timestamp) -> Option<Arc<Callables>> {
        if let Some(callables) = &self.held().callables {
            return Some(Arc::clone(callables));
        }
        let callables = Arc::new(self.read::<Callables>(CALLABLES, now)?);
        self.held().callables = Some(Arc::clone(&callables));
        Some(callables)
    }

    /// Keeps every action and function.
    pub(in crate::dataverse) fn keep_callables(&self, callables: Callables, now: Timestamp) -> Arc<Callables> {
        self.write(CALLABLES, &callables, now);
        let callables = Arc::new(callables);
        self.held().callables = Some(Arc::clone(&callables));
        callables
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The file of a table; `None` for a name that no file should have.
    fn path(&self, name: &str) -> Option<PathBuf> {
        let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'_' | b'-');
        let directory = self.directory.as_ref().filter(|_| !name.is_empty() && name.bytes().all(is_plain))?;
        Some(directory.join(format!("{name}.json")))
    }

    fn read<T: DeserializeOwned>(&self, name: &str, now: Timestamp) -> Option<T> {
        if self.held().ignores_files {
            return None;
        }
        let bytes = paths::read_own(&self.path(name)?, LIMIT).ok().flatten()?;
        let file: File<T> = serde_json::from_slice(&bytes).ok()?;
        let age = now.duration_since(file.read_at);
        (file.version == VERSION && !age.is_negative() && age < LIFE).then_some(file.content)
    }

    /// A file that can't be written costs the next run a request, and no run its result.
    fn write<T: Serialize>(&self, name: &str, content: &T, now: Timestamp) {
        let Some(path) = self.path(name) else { return };
        if let Ok(json) = serde_json::to_vec(&File { version: VERSION, read_at: now, content }) {
            let _ = paths::write_own(&path, &json);
        }
    }
}

impl fmt::Debug for Catalog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Catalog").field("directory", &self.directory).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn tables(name: &str) -> Vec<TableNames> {
        vec![TableNames {
            logical_name: name.to_owned(),
            schema_name: String::new(),
            entity_set: format!("{name}s"),
            label: None,
            id_column: format!("{name}id"),
            name_column: None,
            type_code: None,
            is_activity: false,
            is_custom: false,
        }]
    }

    #[test]
    fn what_was_kept_is_there_for_a_day() {
        let home = tempfile::tempdir().unwrap();
        let (now, directory) = (at("2026-11-23T09:00:00Z"), home.path().join("metadata/contoso"));
        Catalog::kept_in(directory.clone()).keep_tables(tables("account"), now);
        let read = |now| Catalog::kept_in(directory.clone()).tables(now).map(|tables| tables[0].logical_name.clone());
        assert_eq!(read(now).as_deref(), Some("account"));
        assert_eq!(read(at("2026-11-24T08:59:59Z")).as_deref(), Some("account"));
        assert_eq!(read(at("2026-11-24T09:00:00Z")), None, "a day old");
        assert_eq!(read(at("2026-11-23T08:59:59Z")), None, "from the future");
        let catalog = Catalog::kept_in(directory);
        catalog.forget();
        assert!(catalog.tables(now).is_none());
    }

    #[test]
    fn a_damaged_file_is_as_good_as_none() {
        let home = tempfile::tempdir().unwrap();
        let now = at("2026-11-23T09:00:00Z");
        let path = home.path().join("all-tables.json");
        for damage in
            ["", "{", "{\"version\":1}", "{\"version\":2,\"read_at\":\"2026-11-23T09:00:00Z\",\"content\":[]}"]
        {
            paths::write_own(&path, damage.as_bytes()).unwrap();
            assert!(Catalog::kept_in(home.path().to_owned()).tables(now).is_none(), "{damage}");
        }
        paths::write_own(&path, b"{\"version\":1,\"read_at\":\"2026-11-23T09:00:00Z\",\"content\":[]}").unwrap();
        assert!(Catalog::kept_in(home.path().to_owned()).tables(now).is_some(), "version 1 is read");
    }

    #[test]
    fn a_name_from_the_service_never_becomes_another_path() {
        let catalog = Catalog::kept_in(PathBuf::from("/d"));
        for name in ["../x", "a/b", "", "a.b", "A"] {
            assert_eq!(catalog.path(name), None, "{name}");
        }
        assert_eq!(catalog.path("new_boat"), Some(PathBuf::from("/d/new_boat.json")));
        assert_eq!(Catalog::directory_name("127.0.0.1:80"), "127.0.0.1_80");
    }
}
