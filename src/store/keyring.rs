//! DOOR (the operating system's keyring): every call to it, each on one thread of its own and with a deadline, because a
//! keyring may never answer. Nothing here knows what is kept.

#![expect(clippy::disallowed_methods, reason = "this is the door to the keyring")]

use std::collections::{BTreeSet, HashMap};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use keyring_core::{Entry, Error};
use zeroize::Zeroizing;

use crate::clock::Clock;
use crate::connection::{ConnectionId, StoreKind};
use crate::store::chunks::{self, Blobs};
use crate::store::secret_record::{About, SecretRecord};
use crate::store::verdict::{self, Complaint, judge, judge_again};
use crate::store::{ConfigurationId, StoreError, Unowned, Vault};

/// Under this service name, and under connection ids as user names, the entries can be found with the system's own tools.
const SERVICE: &str = "d365conn";
/// How the names of trial entries begin.
const PROBE: &str = "probe-";
/// Only the Secret Service is another process that may hang, and shows labels to people.
const IS_SECRET_SERVICE: bool = cfg!(all(unix, not(target_os = "macos")));

/// How long a keyring may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// Until it answers at all; what passes this is hung.
    pub to_answer: Duration,
    /// From one of its answers to the next; what passes this waits for a person to unlock it.
    pub to_finish: Duration,
}

impl Patience {
    /// Nobody is there to unlock anything.
    pub const UNATTENDED: Self = Self { to_answer: Duration::from_secs(8), to_finish: Duration::from_secs(3) };
    /// A person may be typing the keyring's password.
    pub const AT_TERMINAL: Self = Self { to_answer: Duration::from_secs(60), to_finish: Duration::from_secs(60) };
}

/// A keyring that many processes ask at once is slow all the time: only what takes this many times as long as its slowest
/// answer so far is taken for a wait.
const SLOWER: u32 = 3;

impl Patience {
    /// How long to wait for the next answer, after answers of which the slowest took so long.
    fn limit(self, slowest: Option<Duration>) -> Duration {
        match slowest {
            None => self.to_answer,
            Some(slowest) => self.to_finish.max((slowest * SLOWER).min(self.to_answer)),
        }
    }
}

impl From<Duration> for Patience {
    fn from(both: Duration) -> Self {
        Self { to_answer: both, to_finish: both }
    }
}

/// The operating system's keyring: the Secret Service, the Keychain, the Credential Manager.
///
/// Secrets are kept in small parts under the connection's id. After a call has run out of time, or a person has answered it
/// with no, no further one of this process is tried: each fails at once as the first did. The thread of a call that ran out
/// of time is left behind; it is never waited for, so the process can end.
pub struct KeyringVault {
    patience: Patience,
    lock_places: Vec<PathBuf>,
    slow: Option<(Duration, Box<dyn Fn() + Send + Sync>)>,
    told: AtomicBool,
    owner: Owner,
    line: Mutex<Line>,
}

/// Says which configuration the trial entries are of.
type Owner = Arc<dyn Fn() -> Option<ConfigurationId> + Send + Sync>;

type Job = Box<dyn FnOnce() + Send>;

enum Line {
    Idle,
    Open(Sender<Job>),
    Broken(Break),
}

/// Why no further call is tried.
enum Break {
    /// It didn't answer in time.
    Hung,
    /// It answered, and then let us wait so long for the next answer: nobody unlocked it.
    Locked(Duration),
    /// A person was asked and said no; the keyring's own words.
    Denied(String),
}

enum Signal<T> {
    Answered,
    Done(Result<T, StoreError>),
}

impl KeyringVault {
    /// The keyring of this user, with the directories in which its locks may lie, the best first. Touches nothing yet.
    #[must_use]
    pub fn new(patience: impl Into<Patience>, lock_places: Vec<PathBuf>) -> Self {
        Self {
            patience: patience.into(),
            lock_places,
            slow: None,
            told: AtomicBool::new(false),
            owner: Arc::new(|| None),
            line: Mutex::new(Line::Idle),
        }
    }

    /// Asks `owner` which configuration this is when a trial entry is made: one that is left behind is then known as its.
    #[must_use]
    pub fn owned_by(mut self, owner: impl Fn() -> Option<ConfigurationId> + Send + Sync + 'static) -> Self {
        self.owner = Arc::new(owner);
        self
    }

    /// Calls `tell` when a call has taken `after` and goes on, the first time only: to say on the screen what is awaited.
    #[must_use]
    pub fn when_slow(mut self, after: Duration, tell: impl Fn() + Send + Sync + 'static) -> Self {
        self.slow = Some((after, Box::new(tell)));
        self
    }

    /// Runs `work` on the keyring's thread, one at a time, and waits for it within limits.
    fn call<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Keyring) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let mut line = self.line.lock().unwrap_or_else(PoisonError::into_inner);
        if matches!(*line, Line::Idle) {
            *line = Line::Open(start()?);
        }
        let jobs = match &*line {
            Line::Open(jobs) => jobs,
            Line::Broken(cause) => return Err(self.told_again(cause)),
            Line::Idle => return Err(ended()),
        };
        let (signals, news) = mpsc::channel();
        let job: Job = Box::new(move || {
            let answers = signals.clone();
            let on_answer = move || {
                let _ = answers.send(Signal::Answered);
            };
            let outcome = Keyring::reach(Box::new(on_answer)).and_then(|keyring| work(&keyring));
            let _ = signals.send(Signal::Done(outcome));
        });
        jobs.send(job).map_err(|_| ended())?;
        let (mut slowest, mut first_answer) = (None, None);
        loop {
            let began = Clock::steady();
            let limit = self.patience.limit(slowest);
            match self.wait(&news, limit) {
                Ok(Signal::Answered) => {
                    slowest = slowest.max(Some(began.elapsed()));
                    first_answer.get_or_insert_with(Clock::steady);
                }
                Ok(Signal::Done(outcome)) => {
                    let waited = first_answer.map_or(Duration::ZERO, |since| since.elapsed());
                    return outcome.map_err(|error| {
                        let error = judge_again(error, waited);
                        if let StoreError::StoreDenied { detail } = &error {
                            *line = Line::Broken(Break::Denied(detail.clone()));
                        }
                        error
                    });
                }
                Err(RecvTimeoutError::Timeout) => {
                    let cause = if slowest.is_some() { Break::Locked(limit) } else { Break::Hung };
                    let error = self.told_again(&cause);
                    *line = Line::Broken(cause);
                    return Err(error);
                }
                Err(RecvTimeoutError::Disconnected) => {
                    // A panic in the keyring's own code ended the thread; the next call gets a new one.
                    *line = Line::Idle;
                    return Err(ended());
                }
            }
        }
    }

    fn wait<T>(&self, news: &Receiver<T>, limit: Duration) -> Result<T, RecvTimeoutError> {
        let Some((after, tell)) = self.slow.as_ref().filter(|(after, _)| *after < limit) else {
            return news.recv_timeout(limit);
        };
        match news.recv_timeout(*after) {
            Err(RecvTimeoutError::Timeout) => {
                if !self.told.swap(true, Ordering::Relaxed) {
                    tell();
                }
                news.recv_timeout(limit.saturating_sub(*after))
            }
            news => news,
        }
    }

    fn told_again(&self, cause: &Break) -> StoreError {
        match cause {
            Break::Hung => StoreError::StoreTimeout { seconds: self.patience.to_answer.as_secs() },
            Break::Locked(waited) => {
                let detail = format!("it answered, then waited {} s for somebody to unlock it", waited.as_secs());
                StoreError::StoreLocked { detail }
            }
            Break::Denied(detail) => StoreError::StoreDenied { detail: detail.clone() },
        }
    }
}

impl Vault for KeyringVault {
    fn kind(&self) -> StoreKind {
        StoreKind::Keyring
    }

    fn lock_places(&self) -> Vec<PathBuf> {
        self.lock_places.clone()
    }

    fn probe(&self) -> Result<(), StoreError> {
        let owner = Arc::clone(&self.owner);
        self.call(move |keyring| keyring.probe(&owner))
    }

    fn read(&self, id: &ConnectionId) -> Result<Option<SecretRecord>, StoreError> {
        let (name, owner) = (id.to_string(), Arc::clone(&self.owner));
        let bytes = self.call(move |keyring| {
            let value = chunks::read(keyring, &name)?;
            if value.is_none() {
                // A keyring that can keep nothing also says that there is nothing: it is believed only if it can.
                keyring.probe(&owner)?;
            }
            Ok(value)
        })?;
        bytes.map(|bytes| SecretRecord::from_bytes(&bytes)).transpose()
    }

    fn write(&self, id: &ConnectionId, record: &SecretRecord) -> Result<(), StoreError> {
        let (name, bytes) = (id.to_string(), record.to_bytes());
        self.call(move |keyring| chunks::write(keyring, &name, &bytes))
    }

    fn remove(&self, id: &ConnectionId) -> Result<(), StoreError> {
        let name = id.to_string();
        self.call(move |keyring| chunks::remove(keyring, &name))
    }

    fn unowned(&self, owned: &BTreeSet<String>) -> Result<Vec<Unowned>, StoreError> {
        let owned = owned.clone();
        self.call(move |keyring| {
            let names = keyring.names()?;
            let others = names.iter().filter(|name| !owned.contains(*name));
            others.map(|name| Ok(Unowned { name: name.clone(), ..keyring.described(name)? })).collect()
        })
    }

    fn clear(&self, name: &str) -> Result<(), StoreError> {
        let name = name.to_owned();
        self.call(
            move |keyring| {
                if name.starts_with(PROBE) { keyring.delete(&name) } else { chunks::remove(keyring, &name) }
            },
        )
    }
}

/// Starts the keyring's thread. It ends when the vault does.
fn start() -> Result<Sender<Job>, StoreError> {
    let (jobs, queue) = mpsc::channel::<Job>();
    std::thread::Builder::new()
        .name("keyring".to_owned())
        .spawn(move || queue.into_iter().for_each(|job| job()))
        .map_err(|error| StoreError::StoreFailed { detail: format!("no thread could be started for it: {error}") })?;
    Ok(jobs)
}

fn ended() -> StoreError {
    StoreError::StoreFailed { detail: "its thread ended".to_owned() }
}

/// The keyring itself, only ever touched on its own thread.
struct Keyring {
    on_answer: Box<dyn Fn()>,
}

impl Keyring {
    /// Connects, and asks for something that isn't there: an answer that no lock can hold up.
    fn reach(on_answer: Box<dyn Fn()>) -> Result<Self, StoreError> {
        // Opens the store and makes it the one that entries are made in.
        keyring::Entry::store_status().as_ref().map_err(complain)?;
        let keyring = Self { on_answer };
        if IS_SECRET_SERVICE {
            keyring.get("nothing")?;
        } else {
            (keyring.on_answer)();
        }
        Ok(keyring)
    }

    /// Says that the keyring has answered, whatever it answered.
    fn heard<T>(&self, answer: T) -> T {
        (self.on_answer)();
        answer
    }

    fn probe(&self, owner: &Owner) -> Result<(), StoreError> {
        let name = format!("{PROBE}{}", ConnectionId::random());
        let value = owner().map_or_else(|| "probe".to_owned(), |owner| owner.to_string());
        // Whoever sweeps what dead trials left may take this one for such: then it is tried once more.
        for _ in 0..2 {
            self.set(&name, value.as_bytes())?;
            let seen = self.get(&name);
            self.delete(&name)?;
            if seen?.is_some_and(|bytes| *bytes == value.as_bytes()) {
                return Ok(());
            }
        }
        Err(StoreError::StoreFailed { detail: "it did not give back what it was given".to_owned() })
    }

    /// The names of all values and trials, finished or not.
    fn names(&self) -> Result<BTreeSet<String>, StoreError> {
        let found =
            self.heard(Entry::search(&HashMap::from([("service", SERVICE)]))).map_err(|error| complain(&error))?;
        let specified = found.iter().filter_map(|entry| self.heard(entry.get_specifiers()));
        let ours = specified.filter(|(service, _)| service == SERVICE);
        Ok(ours.map(|(_, name)| name.split('.').next().unwrap_or_default().to_owned()).collect())
    }

    /// Whose it is, as far as its first part tells.
    fn described(&self, name: &str) -> Result<Unowned, StoreError> {
        let unknown = Unowned { name: name.to_owned(), configuration: None, address: None };
        if name.starts_with(PROBE) {
            let value = self.get(name)?.unwrap_or_default();
            let configuration = std::str::from_utf8(&value).ok().and_then(ConfigurationId::parse);
            return Ok(Unowned { configuration, ..unknown });
        }
        for part in chunks::first_parts(name) {
            if let Some(About { configuration, made_for }) =
                self.get(&part)?.and_then(|bytes| About::from_beginning(&bytes))
            {
                return Ok(Unowned { configuration, address: made_for.map(|it| it.address().to_owned()), ..unknown });
            }
        }
        Ok(unknown)
    }
}

impl Blobs for Keyring {
    fn get(&self, name: &str) -> Result<Option<Zeroizing<Vec<u8>>>, StoreError> {
        match self.heard(entry(name)?.get_secret()) {
            Ok(bytes) => Ok(Some(Zeroizing::new(bytes))),
            Err(Error::NoEntry) => Ok(None),
            Err(error) if has_just_gone(&error) => Ok(None),
            Err(error) => Err(complain(&error)),
        }
    }

    fn set(&self, name: &str, bytes: &[u8]) -> Result<(), StoreError> {
        match self.heard(entry(name)?.set_secret(bytes)) {
            // Found, then removed by another process before it could be changed: now there is none, and one is made.
            Err(error) if has_just_gone(&error) => entry(name)?.set_secret(bytes).map_err(|error| complain(&error)),
            set => set.map_err(|error| complain(&error)),
        }
    }

    fn delete(&self, name: &str) -> Result<(), StoreError> {
        match self.heard(entry(name)?.delete_credential()) {
            Ok(()) | Err(Error::NoEntry) => Ok(()),
            Err(error) if has_just_gone(&error) => Ok(()),
            Err(error) => Err(complain(&error)),
        }
    }
}

/// Whether the entry was there when it was looked for, and gone a moment later. The Secret Service finds entries in one
/// call and reads them in another; in between, another process may remove them.
fn has_just_gone(error: &Error) -> bool {
    match error {
        Error::PlatformFailure(cause) | Error::NoStorageAccess(cause) => verdict::is_gone(&cause.to_string()),
        _ => false,
    }
}

fn entry(name: &str) -> Result<Entry, StoreError> {
    let made = if IS_SECRET_SERVICE {
        Entry::new_with_modifiers(SERVICE, name, &HashMap::from([("label", label(name).as_str())]))
    } else {
        Entry::new(SERVICE, name)
    };
    made.map_err(|error| complain(&error))
}

/// What somebody who looks into the keyring reads of an entry. It is not encrypted there, so it names nobody.
fn label(name: &str) -> String {
    match name.split_once('.') {
        Some((id, part)) => format!("d365conn: secrets of connection {id}, part {part}"),
        None if name.starts_with(PROBE) => "d365conn: trial entry, removed at once".to_owned(),
        None => format!("d365conn: secrets of connection {name}"),
    }
}

/// The keyring's error as one of ours. Some of its errors carry the secret and show it in `Debug`: only words that can't
/// are taken over.
fn complain(error: &Error) -> StoreError {
    match error {
        Error::NoStorageAccess(cause) => judge(Complaint::NoAccess, cause.to_string()),
        Error::PlatformFailure(cause) => judge(Complaint::Platform, cause.to_string()),
        Error::BadEncoding(_) | Error::BadDataFormat(..) => {
            StoreError::SecretsDamaged { reason: "the keyring can't decode its entry" }
        }
        Error::Ambiguous(entries) => {
            StoreError::StoreFailed { detail: format!("it has {} entries of one name", entries.len()) }
        }
        other => judge(Complaint::Platform, other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_that_runs_out_of_time_is_the_last_one_tried() {
        let vault =
            KeyringVault::new(Patience { to_answer: Duration::from_millis(5), to_finish: Duration::ZERO }, Vec::new());
        // The thread is kept busy, as by a keyring that hangs; it is let go when the test is over.
        let (jobs, queue) = mpsc::channel::<Job>();
        *vault.line.lock().unwrap() = Line::Open(jobs);
        let first = vault.probe();
        assert!(matches!(first, Err(StoreError::StoreTimeout { .. })));
        let second = vault.read(&ConnectionId::random());
        assert!(matches!(second, Err(StoreError::StoreTimeout { .. })));
        assert_eq!(queue.into_iter().count(), 1, "the second call was tried all the same");
    }

    #[test]
    fn a_label_says_whose_entry_it_is_and_what_for() {
        assert_eq!(label("ID"), "d365conn: secrets of connection ID");
        assert_eq!(label("ID.a.0"), "d365conn: secrets of connection ID, part a.0");
        assert_eq!(label("probe-ID"), "d365conn: trial entry, removed at once");
    }

    #[test]
    fn a_keyring_that_is_slow_all_the_time_is_given_longer_before_it_is_called_locked() {
        let patience = Patience::UNATTENDED;
        for (slowest, limit) in
            [(None, 8000), (Some(20), 3000), (Some(1000), 3000), (Some(2000), 6000), (Some(4000), 8000)]
        {
            assert_eq!(patience.limit(slowest.map(Duration::from_millis)), Duration::from_millis(limit), "{slowest:?}");
        }
    }

    #[test]
    fn a_slow_keyring_is_spoken_of_once() {
        let (told, heard) = mpsc::channel();
        let vault = KeyringVault::new(Duration::from_millis(40), Vec::new())
            .when_slow(Duration::from_millis(1), move || told.send(()).unwrap());
        let (jobs, _queue) = mpsc::channel::<Job>();
        *vault.line.lock().unwrap() = Line::Open(jobs);
        assert!(vault.probe().is_err());
        drop(vault);
        assert_eq!(heard.into_iter().count(), 1);
    }

    #[test]
    fn an_error_that_carries_the_secret_shows_nothing_of_it() {
        for error in [Error::BadEncoding(b"hunter2".to_vec()), Error::BadDataFormat(b"hunter2".to_vec(), "x".into())] {
            let ours = complain(&error);
            assert!(!format!("{ours} {ours:?}").contains("hunter2"));
        }
    }
}
