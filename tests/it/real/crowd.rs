//! Crowds of processes on one connection: one of them renews, one of them opens a browser, and who dies or stops in the
//! middle holds nobody up. What a single command means is not asked here.

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use d365conn::connection::ConnectionId;
use d365conn::sandbox::{Fault, INES, Robot, Sandbox};

use super::bus::{Bus, Keyring};
use super::home::{Home, binary};
use super::person::{connect, grants, sandbox, sign_in};
use super::started::{Finished, Started, wait_for};
use crate::world::World;

/// An empty secret file whose key costs next to nothing.
const LIGHT_SECRETS: &[u8] = include_bytes!("../../data/secrets-light.d365");
/// What every process of a crowd does.
const LINE: &str = "accounts list --top 1 -o id";
/// Too short to be used while somebody else renews it, long enough to be proved with.
const NEARLY_OVER: Fault = Fault::ShortLivedToken { seconds: 50 };

/// Tells how long something took, to whoever runs these tests by hand.
fn report(text: std::fmt::Arguments<'_>) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

/// A file store that opens at once.
fn light() -> Home {
    let home = Home::with_passphrase();
    d365conn::paths::write_own(&state(&home).join("secrets.d365"), LIGHT_SECRETS).unwrap();
    home
}

fn state(home: &Home) -> PathBuf {
    home.path("home").join(".local/state/d365conn")
}

/// The lock of the one connection that was used so far, once there is one.
fn lock_of(home: &Home) -> PathBuf {
    let is_of_connection = |path: &PathBuf| {
        let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default().to_owned();
        serde_json::from_value::<ConnectionId>(stem.into()).is_ok()
    };
    let locks = std::fs::read_dir(state(home).join("locks")).unwrap().map(|entry| entry.unwrap().path());
    let mut locks: Vec<PathBuf> = locks.filter(is_of_connection).collect();
    assert_eq!(locks.len(), 1, "{locks:?}");
    locks.remove(0)
}

fn has_open(process: u32, path: &Path) -> bool {
    let opened = std::fs::read_dir(format!("/proc/{process}/fd")).into_iter().flatten().flatten();
    opened.into_iter().any(|fd| std::fs::read_link(fd.path()).is_ok_and(|target| target == path))
}

/// How many processes of this machine, besides this one, have a file open.
fn openers(path: &Path) -> usize {
    let processes = std::fs::read_dir("/proc").unwrap().flatten();
    let ids = processes.filter_map(|entry| entry.file_name().to_str().and_then(|name| name.parse::<u32>().ok()));
    ids.filter(|id| *id != std::process::id() && has_open(*id, path)).count()
}

fn is_held(path: &Path) -> bool {
    File::open(path).is_ok_and(|file| matches!(file.try_lock(), Err(std::fs::TryLockError::WouldBlock)))
}

/// Starts `size` processes before a lock that is held, lets go when all of them stand before it, or the first must lose its
/// patience soon, and gives back how long they then took, all together. Each has to succeed.
fn crowd(home: &Home, lock: &Path, size: usize, start: impl Fn(usize) -> Started) -> Duration {
    let gate = File::options().write(true).open(lock).unwrap();
    gate.lock().unwrap();
    let begin = Instant::now();
    let mut crowd: Vec<Started> = (0..size).map(start).collect();
    wait_for("the crowd before the lock", || {
        if let Some(place) = crowd.iter_mut().position(Started::has_ended) {
            panic!("one didn't wait: {:?}", crowd.remove(place).finish());
        }
        let is_late = begin.elapsed() > Duration::from_secs(20);
        (is_late || crowd.iter().all(|one| has_open(one.id(), lock))).then_some(())
    });
    drop(gate);
    let begin = Instant::now();
    for one in crowd {
        assert_eq!(one.finish().succeeds().lines().count(), 1);
    }
    let took = begin.elapsed();
    home.run(LINE).succeeds();
    took
}

/// Sees to it that the stored token is nearly over.
fn shorten(home: &Home, sandbox: &Sandbox) {
    // It renews once to prove the refresh token, and once more because what it got is nearly over.
    sandbox.faults().order_times(NEARLY_OVER, 2);
    home.run("doctor").succeeds();
    assert_eq!(sandbox.faults().pending(), []);
}

/// Crowds of every size, each with a token that is nearly over and an Entra that revokes whoever uses a refresh token twice.
fn crowds(home: &Home, sandbox: &Sandbox, what: &str, sizes: &[usize], start: impl Fn(usize) -> Started) {
    sandbox.faults().order(Fault::ReuseDetection);
    for &size in sizes {
        shorten(home, sandbox);
        let before = grants(sandbox, "refresh_token");
        let took = crowd(home, &lock_of(home), size, &start);
        assert_eq!(grants(sandbox, "refresh_token"), before + 1, "{what}: {size} processes");
        report(format_args!("{what}: {size} processes, 1 token request, {took:?} after the start"));
    }
}

#[test]
#[ignore = "takes long: a crowd of a hundred processes"]
fn of_a_crowd_with_the_secret_file_one_asks_entra() {
    let (home, sandbox) = (light(), sandbox());
    connect(&home, &sandbox, "--store file").succeeds();
    crowds(&home, &sandbox, "light file", &[2, 8, 32, 100], |_| home.start(LINE));
}

#[test]
#[ignore = "takes long: a crowd that derives real keys"]
fn of_a_crowd_with_a_secret_file_at_its_real_cost_one_asks_entra() {
    let (home, sandbox) = (Home::with_passphrase(), sandbox());
    connect(&home, &sandbox, "--store file").succeeds();
    crowds(&home, &sandbox, "real file", &[32], |_| home.start(LINE));
}

#[test]
#[ignore = "needs dbus-daemon, gnome-keyring and gdbus"]
fn of_a_crowd_with_the_keyring_one_asks_entra_whatever_directories_each_was_given() {
    let mut home = Home::new();
    let _bus = Bus::start(&mut home);
    let _keyring = Keyring::unlocked(&home, "open-sesame");
    let sandbox = sandbox();
    connect(&home, &sandbox, "").succeeds();
    home.run(LINE).succeeds();
    let config = home.path("home").join(".config/d365conn/connections.toml");
    let config = std::fs::read(config).unwrap();
    crowds(&home, &sandbox, "keyring", &[2, 8, 32, 100], |number| {
        let mut command = home.command(LINE);
        let own = home.path(&format!("own-{}", number % 4));
        if number % 4 > 0 {
            d365conn::paths::write_own(&own.join("d365conn/connections.toml"), &config).unwrap();
            command.current_dir(&own);
        }
        match number % 4 {
            1 => command.env("XDG_CONFIG_HOME", &own).env("XDG_STATE_HOME", &own),
            2 => command.env("D365CONN_CONFIG_DIR", own.join("d365conn")).env("D365CONN_STATE_DIR", own.join("state")),
            3 => command.env("D365CONN_CONFIG_DIR", own.join("d365conn")).env_remove("XDG_RUNTIME_DIR"),
            _ => &mut command,
        };
        Started::of(command)
    });
}

/// Starts a process that holds the lock for half a minute, because Entra does not answer it.
fn owner(home: &Home, sandbox: &Sandbox, lock: &Path) -> Started {
    sandbox.faults().order(Fault::TokenSilent);
    let owner = home.start(LINE);
    wait_for("the owner to ask Entra", || sandbox.faults().pending().is_empty().then_some(()));
    assert!(is_held(lock));
    owner
}

/// Starts a process that waits for the lock.
fn waiter(home: &Home, lock: &Path) -> Started {
    let waiter = home.start(LINE);
    wait_for("the waiter before the lock", || has_open(waiter.id(), lock).then_some(()));
    waiter
}

fn connected_for(seconds: u32) -> (Home, Sandbox) {
    let (home, sandbox) = (light(), sandbox());
    sandbox.faults().order(Fault::ShortLivedToken { seconds });
    connect(&home, &sandbox, "--store file").succeeds();
    (home, sandbox)
}

#[test]
#[ignore = "needs a shell with kill"]
fn when_the_owner_is_killed_the_next_goes_on_at_once() {
    let (home, sandbox) = connected_for(50);
    let lock = lock_of(&home);
    let mut slowest = Duration::ZERO;
    for _ in 0..50 {
        let owner = owner(&home, &sandbox, &lock);
        let waiter = waiter(&home, &lock);
        sandbox.faults().order(NEARLY_OVER);
        let before = grants(&sandbox, "refresh_token");
        owner.signal("KILL");
        let begin = Instant::now();
        wait_for("the next to ask Entra", || (grants(&sandbox, "refresh_token") > before).then_some(()));
        slowest = slowest.max(begin.elapsed());
        waiter.finish().succeeds();
        assert_eq!(owner.finish().status.code(), None);
    }
    report(format_args!("50 owners killed; the slowest successor asked Entra {slowest:?} after"));
    assert!(slowest < Duration::from_secs(5), "{slowest:?}");
}

#[test]
#[ignore = "needs a shell with kill, and takes half a minute"]
fn when_the_owner_is_stopped_others_use_what_is_valid_or_name_it_after_half_a_minute() {
    let (home, sandbox) = connected_for(50);
    let lock = lock_of(&home);
    let owner = owner(&home, &sandbox, &lock);
    owner.signal("STOP");
    // Fifty seconds are not enough to begin with while somebody renews; when the wait is over they are better than nothing.
    let patient = home.start(LINE);
    patient.finish().succeeds();
    // When the next one's wait is over, so are they.
    let finished = home.run(LINE);
    let took = finished.took;
    let said = finished.fails(11, "store/lock-timeout");
    assert!(said.contains(&format!("process {} kept", owner.id())), "{said}");
    assert!(said.contains(&format!("kill -CONT {}", owner.id())), "{said}");
    assert!((30..40).contains(&took.as_secs()), "{took:?}");
    // It may find that it was away for too long; it has done no harm.
    owner.signal("CONT");
    assert!(matches!(owner.finish().status.code(), Some(0 | 6)));
    home.run(LINE).succeeds();
}

#[test]
#[ignore = "needs a shell with kill"]
fn while_the_owner_is_stopped_a_token_with_minutes_left_is_used_at_once() {
    let (home, sandbox) = connected_for(200);
    let owner = owner(&home, &sandbox, &lock_of(&home));
    owner.signal("STOP");
    let finished = home.run(LINE);
    assert!(finished.took < Duration::from_secs(10), "{:?}", finished.took);
    finished.succeeds();
    owner.signal("KILL");
    assert_eq!(owner.finish().status.code(), None);
}

#[test]
#[ignore = "needs script of util-linux"]
fn thirty_that_connect_open_one_browser() {
    let (mut home, sandbox) = (light(), sandbox());
    let (program, opened) = (home.path("browser"), home.path("opened"));
    let script = format!("#!/bin/sh\nprintf '%s\\n' \"$1\" >> '{}'\n", opened.display());
    std::fs::write(&program, script).unwrap();
    std::fs::set_permissions(&program, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    home.set("BROWSER", program.to_str().unwrap());
    let line = format!("{} connect --store file --name demo --tenant-url {}", binary().display(), sandbox.address());
    let crowd: Vec<Started> = (0..30)
        .map(|_| {
            let mut command = home.program("script");
            command.args(["-q", "-e", "-c", &line, "/dev/null"]);
            Started::of(command)
        })
        .collect();
    let lock = state(&home).join("sign-ins/demo.lock");
    wait_for("thirty before the sign-in", || (openers(&lock) == 30).then_some(()));
    let address = wait_for("a browser", || std::fs::read_to_string(&opened).ok().filter(|text| text.ends_with('\n')));
    let begin = Instant::now();
    Robot::new(INES).in_background()(address.trim());
    let finished: Vec<Finished> = crowd.into_iter().map(Started::finish).collect();
    report(format_args!("30 connects served by one sign-in, {:?} after it began", begin.elapsed()));
    let said = |words: &str| finished.iter().filter(|finished| finished.stdout.contains(words)).count();
    assert!(finished.iter().all(|finished| finished.status.code() == Some(0)), "{finished:?}");
    assert_eq!(said("is signing in to `demo` already"), 29);
    assert_eq!(said("has signed in to `demo` meanwhile"), 29);
    assert_eq!(std::fs::read_to_string(&opened).unwrap().lines().count(), 1);
    assert_eq!(grants(&sandbox, "authorization_code"), 1);
    home.run(LINE).succeeds();
}

/// What may become of a command whose connection is disconnected or signed in again meanwhile.
fn is_fair(exit: i32, said: &str) -> bool {
    let codes = [
        "session/secrets-gone",
        "session/overtaken",
        "store/no-connection",
        "store/unknown-connection",
        "session/client-secret-gone",
        "session/disconnected",
    ];
    exit == 0 || ([2, 4, 11].contains(&exit) && codes.iter().any(|code| said.contains(code)))
}

/// What races with what, in turn. Every command but the first begins a little later, each time by another while.
const RACES: [[&str; 4]; 4] = [
    [LINE, "disconnect sandbox", "reconnect sandbox", LINE],
    [LINE, "reconnect sandbox", LINE, "reconnect sandbox"],
    ["connect --tenant-url {org} --store file", LINE, "disconnect sandbox", "reconnect sandbox"],
    ["reconnect sandbox", LINE, "connect --tenant-url {org} --store file --read-only", LINE],
];

/// How five hundred races went.
#[derive(Debug, Default)]
struct Tally {
    races: usize,
    gone: usize,
    succeeded: std::collections::BTreeMap<&'static str, usize>,
    failed: std::collections::BTreeMap<&'static str, usize>,
}

fn race(world: &World, number: usize, tally: &Mutex<Tally>) {
    if registered(world).is_empty() {
        world.connect();
    }
    world.pass(Duration::from_secs(2 * 3600));
    let lines = RACES[number % RACES.len()];
    let outcomes: Vec<_> = std::thread::scope(|scope| {
        let runs: Vec<_> = lines
            .into_iter()
            .enumerate()
            .map(|(turn, line)| {
                let run = move || {
                    std::thread::sleep(Duration::from_millis((number * turn * 7 % 60) as u64));
                    world.run(line)
                };
                (line, scope.spawn(run))
            })
            .collect();
        runs.into_iter().map(|(line, run)| (line, run.join().unwrap())).collect()
    });
    for (line, outcome) in &outcomes {
        assert!(is_fair(outcome.exit.into(), &outcome.stderr), "race {number}: {line}: {}", outcome.stderr);
    }
    // Secrets are where a connection is, and nowhere else: whoever has secrets had a lock.
    let registered = registered(world);
    for id in locked(world) {
        assert_eq!(has_secrets(world, &id), registered.contains(&id), "race {number}: {outcomes:?}");
    }
    if !registered.is_empty() {
        // Whoever won, the refresh token that is stored is a live one.
        world.pass(Duration::from_secs(2 * 3600));
        world.run(LINE).succeeds();
    }
    let mut tally = tally.lock().unwrap();
    tally.races += 1;
    tally.gone += usize::from(registered.is_empty());
    for (line, outcome) in outcomes {
        let command = line.split(' ').next().unwrap();
        let book = if outcome.exit == 0 { &mut tally.succeeded } else { &mut tally.failed };
        *book.entry(command).or_default() += 1;
    }
}

#[test]
#[ignore = "takes long: five hundred races"]
fn in_five_hundred_races_nothing_that_was_forgotten_comes_back() {
    let begin = Instant::now();
    let tally = Mutex::new(Tally::default());
    std::thread::scope(|scope| {
        for worker in 0..2 {
            let tally = &tally;
            scope.spawn(move || {
                let world = World::connected();
                world.sandbox.faults().order(Fault::ReuseDetection);
                (0..250).for_each(|number| race(&world, 250 * worker + number, tally));
            });
        }
    });
    report(format_args!("500 races in {:?}: {:?}", begin.elapsed(), tally.into_inner().unwrap()));
}

fn places(world: &World) -> d365conn::paths::Places {
    d365conn::paths::Places { config: world.path("config"), state: world.path("state") }
}

fn registered(world: &World) -> Vec<ConnectionId> {
    let connections = d365conn::store::Registry::new(&places(world)).read().unwrap();
    connections.iter().map(|connection| connection.id.clone()).collect()
}

/// Every connection that was ever locked since this was asked last.
fn locked(world: &World) -> Vec<ConnectionId> {
    let locks = std::fs::read_dir(world.path("state/locks")).unwrap().map(|entry| entry.unwrap().path());
    let mut ids = Vec::new();
    for path in locks {
        let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default().to_owned();
        if let Ok(id) = serde_json::from_value(stem.into()) {
            ids.push(id);
            // Nobody is at work now; what is still there will be locked again.
            std::fs::remove_file(&path).unwrap();
        }
    }
    ids
}

fn has_secrets(world: &World, id: &ConnectionId) -> bool {
    use d365conn::store::Vault as _;
    let passphrase = std::fs::read_to_string(world.path("passphrase")).unwrap();
    let source = Box::new(move |_| Ok(d365conn::secret::Secret::new(passphrase.trim_end())));
    d365conn::store::FileVault::new(&places(world), source).read(id).unwrap().is_some()
}

#[test]
#[ignore = "needs dbus-daemon, gnome-keyring, gdbus and secret-tool"]
fn in_thirty_races_on_the_keyring_nothing_that_was_forgotten_comes_back() {
    let mut home = Home::new();
    let _bus = Bus::start(&mut home);
    let _keyring = Keyring::unlocked(&home, "open-sesame");
    let sandbox = sandbox();
    sandbox.faults().order(Fault::ReuseDetection);
    let (begin, mut gone) = (Instant::now(), 0);
    for number in 0..30 {
        if home.run("connections list -o id").succeeds().is_empty() {
            connect(&home, &sandbox, "--name demo").succeeds();
        }
        shorten(&home, &sandbox);
        let reconnect = home.start("reconnect demo --no-browser");
        reconnect.address();
        // Every third race is lost by nobody.
        let mut lines = [LINE, LINE, if number % 3 == 0 { LINE } else { "disconnect demo" }, LINE];
        lines.rotate_left(number % 4);
        let (first, rest) = lines.split_at(2);
        let mut others: Vec<Started> = first.iter().map(|line| home.start(line)).collect();
        sign_in(&reconnect);
        others.extend(rest.iter().map(|line| home.start(line)));
        others.push(reconnect);
        for other in others {
            let finished = other.finish();
            let exit = finished.status.code().unwrap_or(-1);
            assert!(is_fair(exit, &finished.stderr), "race {number}: {finished:?}");
        }
        let mut search = home.program("secret-tool");
        search.args(["search", "--all", "service", "d365conn"]);
        let entries = Started::of(search).finish();
        let is_gone = home.run("connections list -o id").succeeds().is_empty();
        assert_eq!(format!("{}{}", entries.stdout, entries.stderr).is_empty(), is_gone, "race {number}: {entries:?}");
        if !is_gone {
            home.run("doctor").succeeds();
        }
        gone += usize::from(is_gone);
    }
    report(format_args!("30 races on the keyring in {:?}; {gone} times the connection was gone", begin.elapsed()));
}

#[test]
#[ignore = "takes half a minute"]
fn a_token_endpoint_that_never_answers_holds_the_connection_for_half_a_minute_at_most() {
    let (home, sandbox) = connected_for(1);
    let lock = lock_of(&home);
    let owner = owner(&home, &sandbox, &lock);
    // Whoever comes after it waits for the lock, and then finds an Entra that answers.
    let second = waiter(&home, &lock);
    let (owner, second) = (owner.finish(), second.finish());
    let took = owner.took;
    let said = owner.fails(6, "session/renewal-too-slow");
    assert!(said.contains("doctor -c"), "{said}");
    assert!((29..40).contains(&took.as_secs()), "{took:?}");
    second.succeeds();
}
