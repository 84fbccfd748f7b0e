//! Several commands on one connection at once: one browser, one renewal, and nothing that was forgotten comes back. The
//! crowds of a hundred processes are with the real parts.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, Instant};

use d365conn::connection::{Connection, ConnectionId, ConnectionName, StoreKind};
use d365conn::net::{Http, HttpOptions, TokenSource as _, Trace};
use d365conn::output::{Captured, Screen, ScreenOptions, Stdio, Terminals};
use d365conn::paths::Places;
use d365conn::sandbox::{INES, OWN_WEB_APP, Robot};
use d365conn::secret::Secret;
use d365conn::session::{Session, SessionParts, testimony};
use d365conn::store::{CredentialLock, FileVault, Registry, ResidentVault, SecretRecord, Secrets, StoreError, Vault};

use crate::world::World;

const LINE: &str = "connect --tenant-url {org} --store file";

fn places(world: &World) -> Places {
    Places { config: world.path("config"), state: world.path("state") }
}

fn vault(world: &World) -> FileVault {
    let passphrase = std::fs::read_to_string(world.path("passphrase")).unwrap();
    FileVault::new(&places(world), Box::new(move |_| Ok(Secret::new(passphrase.trim_end()))))
}

/// The secrets of the saved connection.
fn secrets_in(world: &World) -> Secrets {
    resident(world, Arc::new(vault(world))).read().unwrap().unwrap()
}

fn resident(world: &World, inner: Arc<dyn Vault>) -> ResidentVault {
    ResidentVault::new(inner, &saved(world), Registry::new(&places(world)), testimony)
}

/// `secrets` as the saved connection's.
fn record(world: &World, secrets: &Secrets) -> SecretRecord {
    resident(world, Arc::new(vault(world))).record(secrets).unwrap()
}

fn saved(world: &World) -> Connection {
    let connections = Registry::new(&places(world)).read().unwrap();
    connections.find(&ConnectionName::parse("sandbox").unwrap()).unwrap().clone()
}

fn token_requests(world: &World) -> usize {
    world.sandbox.requests().iter().filter(|request| request.is_token_request()).count()
}

fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
}

/// A command that runs beside the test and can be listened to.
struct Beside {
    thread: std::thread::JoinHandle<u8>,
    hearing: Captured,
}

/// Starts `LINE` in the same world.
fn beside(world: &Arc<World>, line: &str) -> Beside {
    let words: Vec<String> = line.replace("{org}", &world.sandbox.address()).split(' ').map(str::to_owned).collect();
    let (mut streams, hearing) = Stdio::captured();
    streams.terminals = Terminals { stdin: true, stdout: false, stderr: true, width: Some(100) };
    let world = Arc::clone(world);
    Beside { thread: std::thread::spawn(move || world.run_on(&words, streams, &[])), hearing }
}

impl Beside {
    /// Waits until it has said something.
    fn says(&self, words: &str) {
        let begin = Instant::now();
        while !self.hearing.stderr().contains(words) {
            assert!(begin.elapsed() < Duration::from_secs(30), "no {words} in: {}", self.hearing.stderr());
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    fn ends(self) -> (u8, String) {
        (self.thread.join().unwrap(), self.hearing.stderr())
    }
}

/// A world at whose browser, when it opens for the first time, `then` happens before anybody signs in. Every later time
/// the demo user signs in at once. How often it opened is counted.
fn world_where(
    connected: bool,
    then: impl Fn(&Arc<World>) -> Robot + Send + Sync + 'static,
) -> (Arc<World>, Arc<AtomicUsize>) {
    let mut world = if connected { World::connected() } else { World::new() };
    let opened = Arc::new(AtomicUsize::new(0));
    let itself: Arc<OnceLock<std::sync::Weak<World>>> = Arc::default();
    let (count, weak) = (Arc::clone(&opened), Arc::clone(&itself));
    world.seat_alone(move |url| {
        let world = weak.get().unwrap().upgrade().unwrap();
        let robot = if count.fetch_add(1, Ordering::SeqCst) == 0 { then(&world) } else { Robot::new(INES) };
        robot.in_background()(url);
    });
    let world = Arc::new(world);
    itself.set(Arc::downgrade(&world)).unwrap();
    (world, opened)
}

/// Where the commands are that were started from within a browser.
type Others = Arc<Mutex<Vec<Beside>>>;

/// A browser at which `lines` are started and heard waiting before `robot` signs in.
fn crowd(connected: bool, lines: &'static [&'static str], robot: Robot) -> (Arc<World>, Arc<AtomicUsize>, Others) {
    let others: Others = Arc::default();
    let started = Arc::clone(&others);
    let (world, opened) = world_where(connected, move |world| {
        let waiting: Vec<Beside> = lines.iter().map(|line| beside(world, line)).collect();
        for one in &waiting {
            one.says("is signing in to `sandbox` already");
        }
        *started.lock().unwrap() = waiting;
        robot.clone()
    });
    (world, opened, others)
}

fn ends(others: &Others) -> Vec<(u8, String)> {
    std::mem::take(&mut *others.lock().unwrap()).into_iter().map(Beside::ends).collect()
}

#[test]
fn those_who_connect_while_somebody_does_wait_and_find_it_done() {
    let (world, opened, others) = crowd(false, &[LINE; 5], Robot::new(INES));
    world.run(LINE).succeeds();
    for (exit, said) in ends(&others) {
        assert_eq!(exit, 0, "{said}");
        assert!(said.contains("another process has signed in to `sandbox` meanwhile"), "{said}");
        assert!(said.contains("connected to"), "{said}");
    }
    assert_eq!((opened.load(Ordering::SeqCst), token_requests(&world)), (1, 1));
    assert_eq!(secrets_in(&world).names().count(), 3);
    world.run("accounts list --top 1").succeeds();
}

#[test]
fn those_who_reconnect_while_somebody_does_find_it_done_too() {
    let (world, opened, others) = crowd(true, &["reconnect", "reconnect"], Robot::new(INES));
    world.run("reconnect").succeeds();
    for (exit, said) in ends(&others) {
        assert_eq!(exit, 0, "{said}");
    }
    assert_eq!(opened.load(Ordering::SeqCst), 1);
}

#[test]
fn when_the_first_is_cancelled_the_next_takes_over_and_the_rest_find_it_done() {
    let (world, opened, others) = crowd(false, &[LINE; 3], Robot::new(INES).cancelling());
    world.run(LINE).fails(4, "AADSTS65004");
    for (exit, said) in ends(&others) {
        assert_eq!(exit, 0, "{said}");
    }
    assert_eq!(opened.load(Ordering::SeqCst), 2);
}

#[test]
fn who_wanted_something_else_signs_in_after_the_first() {
    let (world, opened, others) =
        crowd(false, &["connect --tenant-url {org} --store file --read-only"], Robot::new(INES));
    world.run(LINE).succeeds();
    let (exit, said) = ends(&others).remove(0);
    assert_eq!(exit, 0, "{said}");
    assert_eq!(opened.load(Ordering::SeqCst), 2);
    assert!(saved(&world).read_only);
}

#[test]
fn a_client_secret_that_differs_is_another_sign_in() {
    let others: Others = Arc::default();
    let started = Arc::clone(&others);
    let (world, opened) = world_where(false, move |world| {
        let line = format!("{LINE} --client-id {} --client-secret-file", OWN_WEB_APP.client_id);
        std::fs::write(world.path("wrong"), "not the secret").unwrap();
        let other = beside(world, &format!("{line} {}", world.path("wrong").display()));
        other.says("is signing in to `sandbox` already");
        started.lock().unwrap().push(other);
        Robot::new(INES)
    });
    std::fs::write(world.path("right"), OWN_WEB_APP.secret.unwrap()).unwrap();
    let right = world.path("right");
    let line = format!("{LINE} --client-id {} --client-secret-file {}", OWN_WEB_APP.client_id, right.display());
    world.run(&line).succeeds();
    let (exit, said) = ends(&others).remove(0);
    assert_eq!(exit, 4, "{said}");
    assert!(said.contains("AADSTS7000215"), "{said}");
    assert_eq!(opened.load(Ordering::SeqCst), 2);
}

#[test]
fn a_wait_for_somebody_elses_sign_in_ends_as_any_other() {
    let (world, opened) = world_where(false, |world| {
        let (exit, said) = beside(world, &format!("{LINE} --wait 1s")).ends();
        assert_eq!(exit, 4, "{said}");
        assert!(said.contains("session/sign-in-elsewhere"), "{said}");
        assert!(said.contains(&format!("process {} was still", std::process::id())), "{said}");
        Robot::new(INES)
    });
    world.run(LINE).succeeds();
    assert_eq!(opened.load(Ordering::SeqCst), 1);
}

#[test]
fn who_disconnects_while_the_user_is_in_the_browser_has_the_last_word() {
    let (world, _) = world_where(true, |world| {
        let (exit, said) = beside(world, "disconnect sandbox").ends();
        assert_eq!(exit, 0, "{said}");
        Robot::new(INES)
    });
    let id = saved(&world).id;
    let said = world.run("reconnect").fails(4, "session/overtaken");
    assert!(said.contains("was disconnected while") && said.contains("`d365conn connections list`"), "{said}");
    assert!(vault(&world).read(&id).unwrap().is_none(), "nothing that was forgotten comes back");
    assert_eq!(world.run("connections list -o json").succeeds().trim(), "[]");
}

#[test]
fn while_somebody_renews_a_token_with_minutes_left_is_used_without_a_wait() {
    let world = World::connected();
    world.pass(Duration::from_secs(4611 - 200));
    let (vault, id) = (vault(&world), saved(&world).id);
    let before = token_requests(&world);
    let lock = block_on(CredentialLock::acquire(&vault, &id, Duration::ZERO)).unwrap();
    let begin = Instant::now();
    world.run("accounts list --top 1").succeeds();
    assert!(begin.elapsed() < Duration::from_secs(20), "it waited for the lock");
    assert_eq!(token_requests(&world), before);
    drop(lock);
    world.run("accounts list --top 1").succeeds();
    assert_eq!(token_requests(&world), before + 1);
}

/// What somebody does to a vault behind a session's back.
type Meddling = Box<dyn Fn(&FileVault) + Send + Sync>;

/// A vault in which, while Entra is asked, somebody is busy who doesn't know of the lock.
struct Meddled {
    vault: FileVault,
    reads: AtomicUsize,
    meddling: Meddling,
}

impl Vault for Meddled {
    fn kind(&self) -> StoreKind {
        self.vault.kind()
    }

    fn lock_places(&self) -> Vec<std::path::PathBuf> {
        self.vault.lock_places()
    }

    fn probe(&self) -> Result<(), StoreError> {
        self.vault.probe()
    }

    fn read(&self, id: &ConnectionId) -> Result<Option<SecretRecord>, StoreError> {
        // Before the lock, under it, and then before saving.
        if self.reads.fetch_add(1, Ordering::SeqCst) == 2 {
            (self.meddling)(&self.vault);
        }
        self.vault.read(id)
    }

    fn write(&self, id: &ConnectionId, record: &SecretRecord) -> Result<(), StoreError> {
        self.vault.write(id, record)
    }

    fn remove(&self, id: &ConnectionId) -> Result<(), StoreError> {
        self.vault.remove(id)
    }
}

/// A session on the world's connection, with somebody meddling.
fn meddled(world: &World, meddling: Meddling) -> Session {
    Session::new(SessionParts {
        max_wait: std::time::Duration::from_secs(600),
        environment: d365conn::environment::Environment::default(),
        connection: saved(world),
        http: Http::open(
            &HttpOptions { idle_timeout: Duration::from_secs(30), ..HttpOptions::default() },
            Trace::default(),
        )
        .unwrap(),
        vault: Arc::new(resident(
            world,
            Arc::new(Meddled { vault: vault(world), reads: AtomicUsize::new(0), meddling }),
        )),
        places: places(world),
        clock: world.clock.clone(),
        trace: Trace::default(),
        screen: Screen::new(Stdio::captured().0, &ScreenOptions::default()),
    })
}

#[test]
fn a_command_that_a_disconnect_overtakes_says_so_and_offers_no_reconnect() {
    let world = World::connected();
    world.pass(Duration::from_secs(2 * 3600));
    let session = meddled(&world, Box::new(|_| ()));
    world.run("disconnect sandbox").succeeds();
    let problem = block_on(session.token()).unwrap_err();
    assert_eq!((problem.phrase().code, problem.phrase().exit.code()), ("session/disconnected", 2));
    assert!(problem.to_string().contains("`sandbox` was disconnected"), "{problem}");
    assert!(!problem.phrase().remedy.iter().any(|line| line.contains("reconnect")));
}

#[test]
fn a_renewal_never_brings_back_what_was_removed_meanwhile() {
    let world = World::connected();
    world.pass(Duration::from_secs(2 * 3600));
    let id = saved(&world).id;
    let removed = id.clone();
    let session = meddled(&world, Box::new(move |vault| vault.remove(&removed).unwrap()));
    assert!(block_on(session.token()).is_ok(), "what was begun before goes on");
    assert!(vault(&world).read(&id).unwrap().is_none());
}

#[test]
fn a_renewal_never_replaces_what_was_stored_meanwhile() {
    let world = World::connected();
    world.pass(Duration::from_secs(2 * 3600));
    let id = saved(&world).id;
    let mut newer = Secrets::new();
    newer.insert("refresh_token", Secret::new("of a newer sign-in"));
    let kept = newer.clone();
    let newer = record(&world, &newer);
    let session = meddled(&world, Box::new(move |vault| vault.write(&id, &newer).unwrap()));
    assert!(block_on(session.token()).is_ok());
    assert!(secrets_in(&world).is_same_as(&kept));
}

#[test]
fn a_token_that_is_dead_elsewhere_only_is_not_called_dead() {
    let world = World::connected();
    world.pass(Duration::from_secs(2 * 3600));
    let id = saved(&world).id;
    let good = secrets_in(&world);
    let mut dead = good.clone();
    dead.insert("refresh_token", Secret::new("1.A-never-given-out"));
    resident(&world, Arc::new(vault(&world))).write(&dead).unwrap();
    let good = record(&world, &good);
    // While the dead one is refused, a good one is stored from another computer.
    let replaced = id.clone();
    let session = meddled(&world, Box::new(move |vault| vault.write(&replaced, &good).unwrap()));
    assert!(block_on(session.token()).is_ok());
    assert!(!world.run("connections list -o json").succeeds().contains("needs-reconnect"));
    world.run("accounts list --top 1").succeeds();
}

#[test]
fn a_renewal_on_demand_is_one_even_if_the_token_is_young() {
    let world = World::connected();
    let before = token_requests(&world);
    let session = meddled(&world, Box::new(|_| ()));
    block_on(session.renewed()).unwrap();
    assert_eq!(token_requests(&world), before + 1);
    // What was renewed is what the next command finds.
    world.run("accounts list --top 1").succeeds();
    assert_eq!(token_requests(&world), before + 1);
}
