//! The encrypted secret file, used only where it was asked for: reading and changing it, and asking for its passphrase once.
//! Nothing here writes a secret in the clear.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::connection::{ConnectionId, StoreKind};
use crate::paths::{self, Places};
use crate::problem::Problem;
use crate::secret::Secret;
use crate::store::envelope::Envelope;
use crate::store::error::Refusal;
use crate::store::sealing::{Broken, Key, Recipe, SHORTEST_PASSPHRASE, Unable, is_long_enough};
use crate::store::secret_record::{About, SecretRecord};
use crate::store::{StoreError, Unowned, Vault, lock};

/// Far more than the secrets of ten thousand connections take.
const LIMIT: u64 = 64 * 1024 * 1024;

/// How long a change waits for another process's change, which takes milliseconds.
const PATIENCE: Duration = Duration::from_secs(30);

/// What the passphrase is wanted for, so that a prompt can ask for a new one twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// The file is there.
    Open,
    /// There is no file yet: this passphrase will be its passphrase.
    Create,
}

/// Where the passphrase comes from. Asked when it is first needed, and once at most.
pub type PassphraseSource = Box<dyn Fn(Purpose) -> Result<Secret, Problem> + Send + Sync>;

/// `secrets.d365` in the state directory: every connection's secrets under one passphrase.
///
/// The file proves what is in it, but not that it is the newest: whoever can put a whole older file back can bring back
/// secrets that were replaced since.
pub struct FileVault {
    path: PathBuf,
    locks: PathBuf,
    source: PassphraseSource,
    asked: Mutex<Asked>,
}

/// What came of asking for the passphrase.
#[derive(Default)]
struct Asked {
    passphrase: Option<Secret>,
    key: Option<(Recipe, Key)>,
}

impl FileVault {
    /// The file at its place. Touches nothing and asks for nothing yet.
    #[must_use]
    pub fn new(places: &Places, passphrase: PassphraseSource) -> Self {
        Self {
            path: places.state.join("secrets.d365"),
            locks: places.state.join("locks"),
            source: passphrase,
            asked: Mutex::default(),
        }
    }

    /// Whether there is such a file.
    ///
    /// # Errors
    /// [`StoreError::Files`].
    pub fn exists(&self) -> Result<bool, StoreError> {
        Ok(self.bytes()?.is_some())
    }

    fn bytes(&self) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(paths::read_own(&self.path, LIMIT)?)
    }

    /// Hands the file's content, opened, to `look`.
    fn opened<T>(
        &self,
        bytes: &[u8],
        look: impl FnOnce(Envelope, &Key) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let recipe = Envelope::recipe_of(bytes).map_err(|broken| self.broken(broken))?;
        self.with_key(recipe, Purpose::Open, |key| {
            look(Envelope::open(bytes, key).map_err(|broken| self.broken(broken))?, key)
        })
    }

    /// Changes the file, or the one to be made, with every other process kept out.
    fn change(&self, change: impl FnOnce(&mut Envelope, &Key) -> Result<(), StoreError>) -> Result<(), StoreError> {
        // The passphrase first: a person may take minutes to type it, and others would wait for the lock.
        let planned = if let Some(bytes) = self.bytes()? {
            self.opened(&bytes, |envelope, _| Ok(envelope.recipe))?
        } else {
            let recipe = Recipe::fresh().map_err(|Unable| unable())?;
            self.with_key(recipe, Purpose::Create, |_| Ok(recipe))?
        };
        let _held = lock::hold(&self.locks.join("secrets.lock"), PATIENCE)?;
        let save = |mut envelope: Envelope, key: &Key| {
            change(&mut envelope, key)?;
            let bytes = envelope.to_bytes(key).map_err(|Unable| unable())?;
            Ok(paths::write_own(&self.path, &bytes)?)
        };
        match self.bytes()? {
            Some(bytes) => self.opened(&bytes, save),
            None => self.with_key(planned, Purpose::Create, |key| save(Envelope::new(planned), key)),
        }
    }

    /// Hands over the key for `recipe`: the one made before, or one made now of a passphrase that is asked for only once.
    fn with_key<T>(
        &self,
        recipe: Recipe,
        purpose: Purpose,
        use_it: impl FnOnce(&Key) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        let Asked { passphrase, key } = &mut *asked;
        let passphrase = match passphrase {
            Some(known) => known,
            unknown => {
                let given = (self.source)(purpose).map_err(|problem| StoreError::Passphrase(Refusal(problem)))?;
                if given.is_empty() {
                    return Err(StoreError::EmptyPassphrase);
                }
                if purpose == Purpose::Create && !is_long_enough(&given) {
                    return Err(StoreError::ShortPassphrase { least: SHORTEST_PASSPHRASE });
                }
                unknown.insert(given)
            }
        };
        let key = match key {
            Some((made_for, key)) if *made_for == recipe => key,
            other => &mut other.insert((recipe, recipe.key(passphrase).map_err(|Unable| unable())?)).1,
        };
        use_it(key)
    }

    fn broken(&self, broken: Broken) -> StoreError {
        let path = self.path.clone();
        match broken {
            Broken::Newer { version } => StoreError::FileNewer { path, version },
            Broken::Damaged { reason } => StoreError::FileDamaged { path, reason },
            Broken::WrongKey => StoreError::WrongPassphrase { path },
        }
    }
}

fn unable() -> StoreError {
    StoreError::StoreFailed { detail: "there was not enough memory or no randomness to encrypt with".to_owned() }
}

impl Vault for FileVault {
    fn kind(&self) -> StoreKind {
        StoreKind::File
    }

    /// Beside the file, wherever the variables have put it: who finds the file finds the lock.
    fn lock_places(&self) -> Vec<PathBuf> {
        vec![self.locks.clone()]
    }

    /// Creates the file when there is none yet, and writes one that is there anew as it is: no trial record can be left.
    fn probe(&self) -> Result<(), StoreError> {
        self.change(|_, _| Ok(()))?;
        match self.bytes()? {
            Some(bytes) => self.opened(&bytes, |_, _| Ok(())),
            None => Err(StoreError::StoreFailed { detail: "it did not give back what it was given".to_owned() }),
        }
    }

    /// # Errors
    /// [`StoreError::FileVanished`] too: a connection says that its secrets are here, so there must have been a file.
    fn read(&self, id: &ConnectionId) -> Result<Option<SecretRecord>, StoreError> {
        let Some(bytes) = self.bytes()? else { return Err(StoreError::FileVanished { path: self.path.clone() }) };
        self.opened(&bytes, |envelope, key| {
            let halves = envelope.find(&id.to_string(), key).map_err(|broken| self.broken(broken))?;
            halves.map(|(about, secrets)| SecretRecord::of_halves(&about, &secrets)).transpose()
        })
    }

    fn write(&self, id: &ConnectionId, record: &SecretRecord) -> Result<(), StoreError> {
        let (about, secrets) = record.halves();
        self.change(|envelope, key| envelope.insert(&id.to_string(), &about, &secrets, key).map_err(|Unable| unable()))
    }

    fn remove(&self, id: &ConnectionId) -> Result<(), StoreError> {
        self.clear(&id.to_string())
    }

    fn unowned(&self, owned: &BTreeSet<String>) -> Result<Vec<Unowned>, StoreError> {
        let Some(bytes) = self.bytes()? else { return Ok(Vec::new()) };
        self.opened(&bytes, |envelope, key| {
            let others = envelope.ids().filter(|id| !owned.contains(*id));
            others
                .map(|id| {
                    let about = envelope.about(id, key).map_err(|broken| self.broken(broken))?;
                    let About { configuration, made_for } = About::from_half(&about)?;
                    let address = made_for.map(|made_for| made_for.address().to_owned());
                    Ok(Unowned { name: id.to_owned(), configuration, address })
                })
                .collect()
        })
    }

    fn clear(&self, name: &str) -> Result<(), StoreError> {
        if !self.exists()? {
            return Ok(());
        }
        self.change(|envelope, _| {
            envelope.remove(name);
            Ok(())
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use crate::problem::Diagnose as _;
    use crate::store::secrets::tests::secrets as some;

    use super::*;

    /// A record of these secrets, made for nothing in particular.
    fn secrets(pairs: &[(&str, &str)]) -> SecretRecord {
        SecretRecord::unbound(some(pairs))
    }

    struct Home {
        directory: tempfile::TempDir,
        prompts: Arc<AtomicUsize>,
    }

    impl Home {
        fn new() -> Self {
            Self { directory: tempfile::tempdir().unwrap(), prompts: Arc::default() }
        }

        fn places(&self) -> Places {
            Places { config: self.directory.path().join("config"), state: self.directory.path().join("state") }
        }

        /// As a new process would open it.
        fn vault(&self, passphrase: &'static str) -> FileVault {
            let prompts = Arc::clone(&self.prompts);
            FileVault::new(
                &self.places(),
                Box::new(move |_| {
                    prompts.fetch_add(1, Ordering::SeqCst);
                    Ok(Secret::new(passphrase))
                }),
            )
        }

        fn file(&self) -> PathBuf {
            self.places().state.join("secrets.d365")
        }
    }

    fn code(result: Result<impl Sized, StoreError>) -> &'static str {
        result.err().map_or("none", |error| error.phrase().code)
    }

    #[test]
    fn secrets_are_there_for_the_next_process_and_the_passphrase_is_asked_for_once() {
        let home = Home::new();
        let (one, two) = (ConnectionId::random(), ConnectionId::random());
        let vault = home.vault("correct horse");
        vault.probe().unwrap();
        vault.write(&one, &secrets(&[("refresh-token", "r1")])).unwrap();
        vault.write(&two, &secrets(&[("client-secret", "s")])).unwrap();
        vault.write(&one, &secrets(&[("refresh-token", "r2")])).unwrap();
        assert_eq!(home.prompts.load(Ordering::SeqCst), 1);
        let next = home.vault("correct horse");
        assert!(next.read(&one).unwrap().unwrap().is_same_as(&secrets(&[("refresh-token", "r2")])));
        assert!(next.read(&two).unwrap().unwrap().is_same_as(&secrets(&[("client-secret", "s")])));
        assert!(next.read(&ConnectionId::random()).unwrap().is_none());
        next.remove(&one).unwrap();
        assert!(next.read(&one).unwrap().is_none());
        assert_eq!(home.prompts.load(Ordering::SeqCst), 2);
    }

    #[test]
    fn wrong_damaged_newer_and_vanished_are_four_different_things() {
        let home = Home::new();
        let id = ConnectionId::random();
        home.vault("the right one").write(&id, &secrets(&[("a", "b")])).unwrap();
        let whole = paths::read_own(&home.file(), LIMIT).unwrap().unwrap();
        let wrong = home.vault("a wrong one");
        assert_eq!(code(wrong.read(&id)), "store/wrong-passphrase");
        assert_eq!(code(wrong.write(&id, &secrets(&[]))), "store/wrong-passphrase");
        assert_eq!(code(wrong.remove(&id)), "store/wrong-passphrase");
        assert_eq!(
            paths::read_own(&home.file(), LIMIT).unwrap().unwrap(),
            whole,
            "a wrong passphrase changed the file"
        );
        let mut hurt = whole.clone();
        hurt[60] ^= 1;
        let mut newer = whole.clone();
        newer[8] = 9;
        for (bytes, expected) in
            [(hurt, "store/file-damaged"), (vec![], "store/file-damaged"), (newer, "store/file-newer")]
        {
            paths::write_own(&home.file(), &bytes).unwrap();
            let vault = home.vault("the right one");
            assert_eq!(code(vault.read(&id)), expected);
            assert_eq!(code(vault.write(&id, &secrets(&[]))), expected);
            assert_eq!(paths::read_own(&home.file(), LIMIT).unwrap().unwrap(), bytes);
        }
        paths::remove_own(&home.file()).unwrap();
        assert_eq!(code(home.vault("the right one").read(&id)), "store/file-vanished");
        assert_eq!(code(home.vault("the right one").remove(&id)), "none");
        home.vault("the right one").write(&id, &secrets(&[("a", "c")])).unwrap();
        assert!(home.vault("the right one").read(&id).unwrap().is_some());
    }

    #[test]
    fn no_passphrase_means_no_file() {
        let home = Home::new();
        assert_eq!(code(home.vault("").probe()), "store/empty-passphrase");
        assert_eq!(code(home.vault("seven77").probe()), "store/short-passphrase");
        let refusing = FileVault::new(&home.places(), Box::new(|_| Err(StoreError::NoConnection.into())));
        assert_eq!(code(refusing.probe()), "store/no-connection", "the source's own reason is what is told");
        assert!(!home.file().exists());
    }

    #[test]
    fn a_new_file_is_announced_as_new() {
        let home = Home::new();
        let seen = Arc::new(Mutex::new(Vec::new()));
        for _ in 0..2 {
            let log = Arc::clone(&seen);
            let source = Box::new(move |purpose| {
                log.lock().unwrap().push(purpose);
                Ok(Secret::new("passphrase"))
            });
            FileVault::new(&home.places(), source).probe().unwrap();
        }
        assert_eq!(*seen.lock().unwrap(), [Purpose::Create, Purpose::Open]);
    }

    #[test]
    fn processes_that_create_the_file_at_once_lose_nothing() {
        let home = Home::new();
        let ids: Vec<_> = (0..4).map(|_| ConnectionId::random()).collect();
        std::thread::scope(|scope| {
            for id in &ids {
                let vault = home.vault("the same one");
                scope.spawn(move || vault.write(id, &secrets(&[("a", "b")])).unwrap());
            }
        });
        let vault = home.vault("the same one");
        assert!(ids.iter().all(|id| vault.read(id).unwrap().is_some()));
    }
}
