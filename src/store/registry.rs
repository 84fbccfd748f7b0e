//! The connections file: read at any time, changed under a lock, replaced whole. Never a secret in it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::paths::{self, Places, Stamp};
use crate::problem::Problem;
use crate::store::configuration::ConfigurationSeed;
use crate::store::written::{self, Unreadable};
use crate::store::{ConfigurationId, Connections, Remains, StoreError, lock, remains};

/// Far more than ten thousand connections take.
const LIMIT: u64 = 16 * 1024 * 1024;

/// How long a change waits for another process's change, which takes milliseconds.
const PATIENCE: Duration = Duration::from_secs(30);

/// `connections.toml`, with the list before its last change beside it as `connections.toml.previous`.
#[derive(Debug, Clone)]
pub struct Registry {
    path: PathBuf,
    previous: PathBuf,
    lock: PathBuf,
}

impl Registry {
    /// The registry at its place. Touches nothing.
    #[must_use]
    pub fn new(places: &Places) -> Self {
        Self {
            path: places.config.join("connections.toml"),
            previous: places.config.join("connections.toml.previous"),
            lock: places.state.join("locks").join("connections.lock"),
        }
    }

    /// The saved connections; none when there is no file yet. Takes no lock: the file is only ever replaced whole.
    ///
    /// # Errors
    /// [`StoreError::RegistryDamaged`], [`StoreError::RegistryNewer`], [`StoreError::Files`].
    pub fn read(&self) -> Result<Connections, StoreError> {
        let bytes = paths::read_own(&self.path, LIMIT)?;
        bytes.map_or_else(|| Ok(Connections::none()), |bytes| self.parse(&bytes))
    }

    /// What the file system says of the list; `None` when there is none.
    #[must_use]
    pub fn stamp(&self) -> Option<Stamp> {
        Stamp::of(&self.path)
    }

    fn parse(&self, bytes: &[u8]) -> Result<Connections, StoreError> {
        let path = || self.path.clone();
        let text = std::str::from_utf8(bytes).map_err(|error| StoreError::RegistryDamaged {
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
        Ok(remains::remains(&text_of(&self.path)?))
    }

    /// The same, with what the list before the last change names beside it, and the configuration whose lists they are, if
    /// one of them tells.
    ///
    /// # Errors
    /// [`StoreError::Files`].
    pub fn remains_of_both(&self) -> Result<(Vec<Remains>, Option<ConfigurationId>), StoreError> {
        let texts = [text_of(&self.path)?, text_of(&self.previous)?];
        let mut found: Vec<Remains> = Vec::new();
        for remains in texts.iter().flat_map(|text| remains::remains(text)) {
            if !found.iter().any(|known| known.id == remains.id && known.store == remains.store) {
                found.push(remains);
            }
        }
        let seed = texts.iter().find_map(|text| remains::configuration(text));
        Ok((found, seed.map(|seed| seed.id_in(&self.directory()))))
    }

    /// Moves a list that can't be read away, and says where it is now. The next change begins a new one.
    ///
    /// # Errors
    /// [`StoreError::Files`], [`StoreError::LockTimeout`].
    pub fn set_aside(&self) -> Result<PathBuf, StoreError> {
        let _held = lock::hold(&self.lock, PATIENCE)?;
        Ok(paths::set_aside(&self.path, "bad")?)
    }

    /// Which configuration this is; `None` before its list was written for the first time.
    ///
    /// # Errors
    /// As [`Registry::read`].
    pub fn configuration(&self) -> Result<Option<ConfigurationId>, StoreError> {
        Ok(self.read()?.configuration.map(|seed| seed.id_in(&self.directory())))
    }

    /// Which configuration this is. It stands in the list before the first record names it.
    ///
    /// # Errors
    /// As [`Registry::change`].
    pub fn ensured_configuration(&self) -> Result<ConfigurationId, StoreError> {
        if let Some(known) = self.configuration()? {
            return Ok(known);
        }
        let ensure = |connections: &mut Connections| {
            Ok::<_, StoreError>(*connections.configuration.get_or_insert_with(ConfigurationSeed::random))
        };
        let seed = self.changed(ensure)?;
        Ok(seed.id_in(&self.directory()))
    }

    /// `connections.toml` itself, for messages.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn directory(&self) -> PathBuf {
        paths::resolved(self.path.parent().unwrap_or(&self.path))
    }

    /// Lets `change` at the connections as they are now, with every other process kept out, and saves what it leaves. When
    /// it fails, or leaves them as they were, nothing is written.
    ///
    /// # Errors
    /// What `change` returns; as [`Registry::read`]; [`StoreError::LockTimeout`] after 30 seconds.
    pub fn change<T>(&self, change: impl FnOnce(&mut Connections) -> Result<T, Problem>) -> Result<T, Problem> {
        self.changed(change)
    }

    fn changed<T, E: From<StoreError>>(&self, change: impl FnOnce(&mut Connections) -> Result<T, E>) -> Result<T, E> {
        let _held = lock::hold(&self.lock, PATIENCE)?;
        let old = paths::read_own(&self.path, LIMIT).map_err(StoreError::from)?;
        let before = old.as_deref().map_or_else(|| Ok(Connections::none()), |bytes| self.parse(bytes))?;
        let mut after = before.clone();
        let outcome = change(&mut after)?;
        if after != before {
            after.configuration.get_or_insert_with(ConfigurationSeed::random);
            let text = written::write(&after).map_err(|error| StoreError::RegistryDamaged {
                path: self.path.clone(),
                line: None,
                reason: error.to_string(),
            })?;
            if let Some(old) = old {
                paths::write_own(&self.previous, &old).map_err(StoreError::from)?;
            }
            paths::write_own(&self.path, text.as_bytes()).map_err(StoreError::from)?;
        }
        Ok(outcome)
    }
}

fn text_of(path: &Path) -> Result<String, StoreError> {
    let bytes = paths::read_own(path, LIMIT)?.unwrap_or_default();
    Ok(String::from_utf8_lossy(&bytes).into_owned())
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
    fn the_list_before_the_last_change_is_kept_for_its_owner_alone() {
        let home = Home::new();
        home.registry.change(|connections| Ok(connections.put(connection("one")))).unwrap();
        assert!(!home.registry.previous.exists());
        let first = home.bytes();
        home.registry.change(|connections| Ok(connections.put(connection("two")))).unwrap();
        assert_eq!(paths::read_own(&home.registry.previous, LIMIT).unwrap(), Some(first));
        #[cfg(unix)]
        {
            let metadata = home.registry.previous.metadata().unwrap();
            assert_eq!(std::os::unix::fs::MetadataExt::mode(&metadata) & 0o777, 0o600);
        }
    }

    #[test]
    fn a_configuration_has_one_id_from_its_first_write_on() {
        let home = Home::new();
        assert_eq!(home.registry.configuration().unwrap(), None);
        let id = home.registry.ensured_configuration().unwrap();
        assert_eq!(home.registry.ensured_configuration().unwrap(), id);
        home.registry.change(|connections| Ok(connections.put(connection("one")))).unwrap();
        assert_eq!(home.registry.configuration().unwrap(), Some(id.clone()));
        home.registry.change(|connections| Ok(connections.remove(&name("one")))).unwrap();
        assert_eq!(home.registry.configuration().unwrap(), Some(id));
        assert_ne!(
            Home::new().registry.ensured_configuration().unwrap(),
            home.registry.ensured_configuration().unwrap()
        );
    }

    #[test]
    fn what_both_lists_name_is_made_out_and_so_is_whose_they_are() {
        let home = Home::new();
        let (one, two) = (connection("one"), connection("two"));
        home.registry.change(|connections| Ok(connections.put(one.clone()))).unwrap();
        home.registry.change(|connections| Ok(connections.put(two.clone()))).unwrap();
        let configuration = home.registry.configuration().unwrap();
        let ids = |bad: &[u8]| {
            home.write(bad);
            let (found, whose) = home.registry.remains_of_both().unwrap();
            assert_eq!(whose, configuration, "{}", String::from_utf8_lossy(bad));
            found.into_iter().map(|remains| remains.id).collect::<Vec<_>>()
        };
        let good = home.bytes();
        assert_eq!(ids(&[&good, &b"nonsense"[..]].concat()), [one.id.clone(), two.id]);
        assert_eq!(ids(b"garbage"), [one.id]);
    }

    #[test]
    fn whoever_looks_again_at_a_connection_sees_the_last_change_whatever_the_clock_says() {
        use crate::clock::Clock;
        use crate::connection::{Connection, Standing};
        for now in ["1999-01-01T00:00:00Z", "2199-01-01T00:00:00Z"] {
            let home = Home::new();
            let one = connection("one");
            let put = |read_only| {
                let changed = Connection { read_only, ..one.clone() };
                home.registry.change(|connections| Ok(connections.put(changed))).unwrap();
            };
            put(false);
            let clock = Clock::set_at(now.parse().unwrap());
            let look = crate::store::look_at(home.registry.clone(), clock, &one, |_| true);
            for is_refused in [false, true, false, true] {
                put(is_refused);
                let standing = if is_refused { Standing::ReadOnly } else { Standing::Open };
                assert_eq!([look(), look()], [standing, standing], "{now}");
            }
            let good = home.bytes();
            home.write(b"nonsense");
            assert_eq!(look(), Standing::ReadOnly, "what can't be read takes nothing back");
            home.write(&good);
            home.registry.change(|connections| Ok(connections.remove(&name("one")))).unwrap();
            assert_eq!([look(), look()], [Standing::Gone, Standing::Gone], "{now}");
        }
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
