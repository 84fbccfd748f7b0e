//! The connections file: read at any time, changed under a lock, replaced whole. Never a secret in it.

use std::path::PathBuf;
use std::time::Duration;

use crate::paths::{self, Places};
use crate::problem::Problem;
use crate::store::written::{self, Unreadable};
use crate::store::{Connections, Remains, StoreError, lock, remains};

/// Far more than ten thousand connections take.
const LIMIT: u64 = 16 * 1024 * 1024;

/// How long a change waits for another process's change, which takes milliseconds.
const PATIENCE: Duration = Duration::from_secs(30);

/// `connections.toml`.
#[derive(Debug, Clone)]
pub struct Registry {
    path: PathBuf,
    lock: PathBuf,
}

impl Registry {
    /// The registry at its place. Touches nothing.
    #[must_use]
    pub fn new(places: &Places) -> Self {
        Self { path: places.config.join("connections.toml"), lock: places.state.join("locks").join("connections.lock") }
    }

    /// The saved connections; none when there is no file yet. Takes no lock: the file is only ever replaced whole.
    ///
    /// # Errors
    /// [`StoreError::RegistryDamaged`], [`StoreError::RegistryNewer`], [`StoreError::Files`].
    pub fn read(&self) -> Result<Connections, StoreError> {
        let Some(bytes) = paths::read_own(&self.path, LIMIT)? else { return Ok(Connections::none()) };
        let path = || self.path.clone();
        let text = std::str::from_utf8(&bytes).map_err(|error| StoreError::RegistryDamaged {
            path: path(),
            line: Some(bytes[..error.valid_up_to()].split(|byte| *byte == b'\n').count()),
            reason: "it is not UTF-8 text".to_owned(),
        })?;
        written::read(text).map_err(|unreadable| match unreadable {
            Unreadable::Newer { version } => StoreError::RegistryNewer { path: path(), version },
            Unreadable::Damaged { line, reason } => StoreError::RegistryDamaged { path: path(), line, reason },
        })
    }

    /// What can be made out of a list that as a whole can't be read; nothing when there is none.
    ///
    /// # Errors
    /// [`StoreError::Files`].
    pub fn remains(&self) -> Result<Vec<Remains>, StoreError> {
        let bytes = paths::read_own(&self.path, LIMIT)?.unwrap_or_default();
        Ok(remains::remains(&String::from_utf8_lossy(&bytes)))
    }

    /// Lets `change` at the connections as they are now, with every other process kept out, and saves what it leaves. When
    /// it fails, or leaves them as they were, nothing is written.
    ///
    /// # Errors
    /// What `change` returns; as [`Registry::read`]; [`StoreError::LockTimeout`] after 30 seconds.
    pub fn change<T>(&self, change: impl FnOnce(&mut Connections) -> Result<T, Problem>) -> Result<T, Problem> {
        let _held = lock::hold(&self.lock, PATIENCE)?;
        let before = self.read()?;
        let mut after = before.clone();
        let outcome = change(&mut after)?;
        if after != before {
            let text = written::write(&after).map_err(|error| StoreError::RegistryDamaged {
                path: self.path.clone(),
                line: None,
                reason: error.to_string(),
            })?;
            paths::write_own(&self.path, text.as_bytes()).map_err(StoreError::from)?;
        }
        Ok(outcome)
    }
}

#[cfg(test)]
mod tests {
    use crate::store::connections::tests::{connection, name};

    use super::*;

    struct Home {
        directory: tempfile::TempDir,
        registry: Registry,
    }

    impl Home {
        fn new() -> Self {
            let directory = tempfile::tempdir().unwrap();
            let places = Places { config: directory.path().join("config"), state: directory.path().join("state") };
            Self { registry: Registry::new(&places), directory }
        }

        fn write(&self, bytes: &[u8]) {
            paths::write_own(&self.registry.path, bytes).unwrap();
        }

        fn bytes(&self) -> Vec<u8> {
            paths::read_own(&self.registry.path, LIMIT).unwrap().unwrap()
        }
    }

    #[test]
    fn looking_at_no_connections_leaves_no_trace() {
        let home = Home::new();
        assert!(home.registry.read().unwrap().is_empty());
        assert_eq!(home.directory.path().read_dir().unwrap().count(), 0);
    }

    #[test]
    fn a_change_is_there_for_the_next_reader() {
        let home = Home::new();
        let one = connection("one");
        home.registry.change(|connections| Ok(connections.put(one.clone()))).unwrap();
        assert_eq!(home.registry.read().unwrap().find(&name("one")), Some(&one));
    }

    #[test]
    fn a_change_that_fails_or_changes_nothing_writes_nothing() {
        let home = Home::new();
        home.registry.change(|connections| Ok(connections.put(connection("one")))).unwrap();
        // A comment shows whether the file was written again.
        let mut marked = home.bytes();
        marked.extend_from_slice(b"# mine\n");
        home.write(&marked);
        home.registry.change(|_| Ok(())).unwrap();
        let failed = home.registry.change(|connections| {
            connections.remove(&name("one"));
            Err::<(), _>(StoreError::NoConnection.into())
        });
        assert_eq!(failed.unwrap_err().phrase().code, "store/no-connection");
        assert_eq!(home.bytes(), marked);
    }

    #[test]
    fn a_damaged_or_newer_file_is_refused_and_left_as_it_is() {
        let cases: [(&[u8], &str); 5] = [
            (b"version = 3\n", "store/registry-newer"),
            (b"", "store/registry-damaged"),
            (b"version = 1\n[[connections]\n", "store/registry-damaged"),
            (b"version = 1\n\xff", "store/registry-damaged"),
            (&[0; 4096], "store/registry-damaged"),
        ];
        for (bytes, code) in cases {
            let home = Home::new();
            home.write(bytes);
            assert_eq!(Problem::from(home.registry.read().unwrap_err()).phrase().code, code);
            let refused = home.registry.change(|connections| Ok(connections.put(connection("one"))));
            assert_eq!(refused.unwrap_err().phrase().code, code);
            assert_eq!(home.bytes(), bytes);
        }
    }

    #[test]
    fn the_line_of_the_damage_is_named() {
        let home = Home::new();
        home.write(b"version = 1\n\n[[connections]]\nname = 7\n");
        let error = home.registry.read().unwrap_err();
        assert!(error.to_string().contains("line 4"), "{error}");
    }

    #[test]
    fn changes_made_at_once_are_all_kept() {
        let home = Home::new();
        std::thread::scope(|scope| {
            for worker in 0..8 {
                let registry = &home.registry;
                scope.spawn(move || {
                    for turn in 0..5 {
                        let one = connection(&format!("c-{worker}-{turn}"));
                        registry.change(|connections| Ok(connections.put(one))).unwrap();
                    }
                });
            }
        });
        assert_eq!(home.registry.read().unwrap().iter().len(), 40);
    }
}
