//! Commands that are killed, or refused by the disk, at every single change they make to their files: what is there
//! afterwards is the old or the new, and the next command works. Which bytes the files hold is not asked here.

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, SystemTime};

use d365conn::paths::Places;
use d365conn::sandbox::{INES, Options, Robot, Sandbox};
use d365conn::secret::Secret;
use d365conn::store::{FileVault, Vault as _};

use super::bus::{Bus, Keyring};
use super::home::{Home, PASSPHRASE};
use super::keyring::{PASSWORD, entries};
use super::search::Search;
use super::started::{Finished, Started};

const MARK: &str = "Qk1llM3atEveryC4ll9z";

/// The calls that change files. Those in question marks are not on every machine.
const CALLS: &str = "openat,write,pwrite64,fsync,fdatasync,ftruncate,fchmod,fchmodat,mkdirat,unlinkat,linkat,\
                     ?renameat,renameat2,?rename,?unlink,?mkdir,?chmod,?link,?open";

/// Where the files of a home are, below it.
const PLACES: [&str; 2] = ["home/.config/d365conn", "home/.local/state/d365conn"];

/// One command that changes files, from a state of things that is copied for every run.
struct Scene {
    start: Home,
    sandbox: Sandbox,
    line: String,
}

/// Where a scene is played: a home, and a keyring if there is one.
struct Stage {
    keyring: Option<(Keyring, Bus)>,
    home: Home,
}

impl Stage {
    /// Once `doctor --fix` has been there, all that is kept belongs to a connection of the list, in the store that it names.
    #[track_caller]
    fn is_swept(&self, what: &str) {
        let fixed = self.home.run("doctor --fix --yes");
        assert_eq!(fixed.status.code(), Some(0), "{what}: {}", fixed.stderr);
        let path = self.home.path(PLACES[0]).join("connections.toml");
        let list = std::fs::read_to_string(path).unwrap_or_default().parse::<toml::Table>().unwrap();
        let saved = list.get("connections").and_then(toml::Value::as_array).cloned().unwrap_or_default();
        let owned = |store: &str| -> BTreeSet<String> {
            let of_store = saved.iter().filter(|one| one["store"].as_str() == Some(store));
            of_store.map(|one| one["id"].as_str().unwrap().to_owned()).collect()
        };
        let places = Places { config: self.home.path(PLACES[0]), state: self.home.path(PLACES[1]) };
        let vault = FileVault::new(&places, Box::new(|_| Ok(Secret::new(PASSPHRASE))));
        assert_eq!(vault.unowned(&owned("file")).unwrap(), [], "{what}: left in the file");
        if self.keyring.is_some() {
            let (owned, found) = (owned("keyring"), entries(&self.home));
            let mut labels = found.lines().filter(|line| line.starts_with("label = "));
            assert!(
                labels.all(|label| owned.iter().any(|id| label.contains(id))),
                "{what}: left in the keyring: {found}"
            );
        }
    }
}

/// The nth call of that name.
#[derive(Debug, Clone)]
struct Point {
    call: String,
    nth: usize,
    text: String,
}

impl Scene {
    /// `line` in a home with nothing in it but an empty secret file.
    fn first_connect() -> Self {
        let sandbox = sandbox();
        let line = connect(&sandbox);
        Self { start: Home::with_light_secrets(), sandbox, line }
    }

    /// `line` in a home with a connection called `demo`.
    fn connected(line: &str) -> Self {
        let scene = Self::first_connect();
        sign_in(scene.start.start(&scene.line)).succeeds();
        Self { line: line.to_owned(), ..scene }
    }

    /// A home as it is at the beginning of the scene.
    fn home(&self) -> Home {
        let home = Home::with_passphrase();
        for place in PLACES {
            copy(&self.start.path(place), &home.path(place));
        }
        home
    }

    /// Runs the command of the scene under strace.
    fn play(&self, home: &Home, options: &[&str]) -> Finished {
        let mut command = home.program("strace");
        // Its own thread writes all files, and only that is counted.
        command.args(["-qq", "-y", "-s", "300"]).args(options).arg(super::home::binary());
        command.args(self.line.split_whitespace());
        sign_in(Started::of(command))
    }

    /// Every call that changes a file of ours, in order, and the order itself.
    fn points(&self) -> (Vec<Point>, Vec<String>) {
        self.points_in(&Stage { keyring: None, home: self.home() })
    }

    fn points_in(&self, stage: &Stage) -> (Vec<Point>, Vec<String>) {
        let home = &stage.home;
        let calls = home.path("calls");
        let trace = format!("trace={CALLS}");
        self.play(home, &["-o", calls.to_str().unwrap(), "-e", &trace]).succeeds();
        let calls = std::fs::read_to_string(calls).unwrap();
        let mut counted = std::collections::BTreeMap::<&str, usize>::new();
        let mut points = Vec::new();
        let mut ours = Vec::new();
        for line in calls.lines() {
            let Some((call, rest)) = line.split_once('(') else { continue };
            let nth = counted.entry(call).or_default();
            *nth += 1;
            let is_ours = PLACES.iter().any(|place| line.contains(home.path(place).to_str().unwrap()));
            let only_reads =
                call.starts_with("open") && !["O_CREAT", "O_RDWR", "O_WRONLY"].iter().any(|flag| rest.contains(flag));
            if is_ours && !line.contains("ENOENT") {
                ours.push(line.to_owned());
                if !only_reads {
                    points.push(Point { call: call.to_owned(), nth: *nth, text: line.to_owned() });
                }
            }
        }
        assert!(points.len() >= 5, "{points:?}");
        (points, ours)
    }

    /// Whatever happened: nothing secret lies about, the list is whole, and the next command works or says what to do.
    #[track_caller]
    fn is_sound(&self, home: &Home, what: &str) {
        let left = Self::looks_through(home, what);
        let list = home.run("connections list -o json");
        let code = list.status.code();
        assert_eq!(code, Some(0), "{what}: {}", list.stderr);
        let list: serde_json::Value = serde_json::from_str(&list.stdout).unwrap_or_default();
        let names: Vec<&str> = list.as_array().unwrap().iter().filter_map(|one| one["name"].as_str()).collect();
        assert!(names.is_empty() || names == ["demo"], "{what}: {names:?}");
        for path in &left {
            let file = std::fs::File::options().write(true).open(path).unwrap();
            file.set_modified(SystemTime::now() - Duration::from_secs(2 * 60 * 60)).unwrap();
        }
        if names.is_empty() {
            let again = sign_in(home.start(&connect(&self.sandbox)));
            assert_eq!(again.status.code(), Some(0), "{what}: {}", again.stderr);
        }
        let rows = home.run("accounts list --top 1 -o id");
        if rows.status.code() == Some(0) {
            assert_eq!(rows.stdout.trim().len(), 36, "{what}");
        } else {
            // Signed in no more, or its secrets are gone: both are told with the same way out.
            assert!(matches!(rows.status.code(), Some(4 | 11)), "{what}: {}", rows.stderr);
            let again = sign_in(home.start("reconnect demo --no-browser"));
            assert!(rows.stderr.contains("d365conn reconnect demo"), "{what}: {}", rows.stderr);
            assert_eq!(again.status.code(), Some(0), "{what}: {}", again.stderr);
        }
        home.run("connections set demo --label swept").succeeds();
        // What a sign-in leaves, the next sign-in sweeps.
        if left.iter().any(|path| path.exists()) {
            assert_eq!(sign_in(home.start("reconnect demo --no-browser")).status.code(), Some(0), "{what}");
        }
        let left: Vec<&PathBuf> = left.iter().filter(|path| path.exists()).collect();
        assert!(left.is_empty(), "{what}: left for ever: {left:?}");
    }

    /// Looks into every file for secrets; gives back temporary files that were left behind.
    #[track_caller]
    fn looks_through(home: &Home, what: &str) -> Vec<PathBuf> {
        let mut search = Search::default();
        search.add(MARK);
        search.add(PASSPHRASE);
        let mut left = Vec::new();
        for (path, content) in home.files() {
            search.passes(&format!("{} after {what}", path.display()), &content);
            let mode = std::fs::metadata(&path).unwrap().permissions().mode() & 0o777;
            assert_eq!(mode, 0o600, "{what}: {}", path.display());
            let name = path.file_name().unwrap().to_str().unwrap();
            if name.starts_with(".d365conn-") {
                left.push(path);
            }
        }
        left
    }

    /// Kills the command at each of its changes; `is_fine` looks at what is left.
    fn killed_at_each_change(&self, stage: impl Fn() -> Stage, is_fine: impl Fn(&Stage, &str)) {
        let (points, _) = self.points_in(&stage());
        for Point { call, nth, text } in &points {
            let stage = stage();
            let inject = format!("inject={call}:signal=KILL:when={nth}");
            let finished = self.play(&stage.home, &["-o", "/dev/null", "-e", &inject]);
            let what = format!("kill at {text}");
            assert_eq!(finished.status.signal(), Some(9), "{what}: {:?} {}", finished.status, finished.stderr);
            is_fine(&stage, &what);
        }
    }

    /// Kills the command at each of its changes, and sees to it that nothing is kept for ever that no connection owns.
    fn swept_after_every_kill(&self, has_keyring: bool) {
        let stage = || {
            let mut home = self.home();
            if home.path(PLACES[0]).join("connections.toml").exists() {
                // What was kept in the home that this one is a copy of belongs to that one until it is renewed.
                home.run(RENEW).succeeds();
            }
            let keyring = has_keyring.then(|| {
                let bus = Bus::start(&mut home);
                (Keyring::unlocked(&home, PASSWORD), bus)
            });
            Stage { keyring, home }
        };
        self.killed_at_each_change(stage, |stage, what| {
            Self::looks_through(&stage.home, what);
            stage.is_swept(what);
        });
    }

    /// Kills the command at each of its changes.
    fn killed_everywhere(&self) {
        let stage = || Stage { keyring: None, home: self.home() };
        self.killed_at_each_change(stage, |stage, what| self.is_sound(&stage.home, what));
    }

    /// Lets each of its changes fail in the ways in which a disk can fail it.
    fn refused_everywhere(&self) {
        let (points, _) = self.points();
        for Point { call, nth, text } in &points {
            let errors: &[&str] = match call.as_str() {
                "write" | "pwrite64" => &["ENOSPC", "EDQUOT", "EIO", "EINTR"],
                "openat" | "open" => &["EROFS", "ENOSPC", "EINTR"],
                "fsync" | "fdatasync" => &["EIO", "ENOSPC", "EINTR"],
                _ => &["EROFS", "EIO"],
            };
            for error in errors {
                let home = self.home();
                let inject = format!("inject={call}:error={error}:when={nth}");
                let finished = self.play(&home, &["-o", "/dev/null", "-e", &inject]);
                let what = format!("{error} at {text}");
                let said = &finished.stderr;
                match finished.status.code() {
                    Some(0) => {}
                    Some(11) => {
                        let is_named =
                            ["paths/", "store/", "commands/secrets-left"].iter().any(|code| said.contains(code));
                        assert!(is_named && said.contains("fix: "), "{what}: {said}");
                        assert!(PLACES.iter().any(|place| said.contains(&place[5..])), "{what} names no file: {said}");
                    }
                    other => panic!("{what}: {other:?}: {said}"),
                }
                assert!(*error != "EINTR" || finished.status.code() == Some(0), "{what}: {said}");
                assert!(Self::looks_through(&home, &what).is_empty(), "{what}: something was left behind");
                self.is_sound(&home, &what);
            }
        }
    }
}

fn sandbox() -> Sandbox {
    // Every command renews, because its token is nearly over.
    let options = Options { token_life: Duration::from_secs(200), mark: MARK.to_owned(), ..Options::default() };
    Sandbox::start_in_background(options).unwrap()
}

fn connect(sandbox: &Sandbox) -> String {
    format!("connect --no-browser --name demo --store file --tenant-url {}", sandbox.address())
}

/// Signs in, where the command gets so far as to ask for it, and waits for the end.
#[track_caller]
fn sign_in(started: Started) -> Finished {
    if let Some(address) = started.address_or_end() {
        (Robot::new(INES).in_background())(&address);
    }
    started.finish()
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    std::fs::set_permissions(
        to,
        std::fs::metadata(from).map_or_else(|_| std::fs::Permissions::from_mode(0o700), |it| it.permissions()),
    )
    .unwrap();
    for entry in std::fs::read_dir(from).into_iter().flatten().flatten() {
        let to = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &to);
        } else {
            std::fs::copy(entry.path(), to).unwrap();
        }
    }
}

const RENEW: &str = "accounts list --top 1 -o id";
const CHANGE: &str = "connections set demo --label changed";
const FORGET: &str = "disconnect demo";

#[test]
#[ignore = "needs strace"]
fn a_sign_in_that_is_killed_leaves_the_old_or_the_new() {
    Scene::first_connect().killed_everywhere();
}

#[test]
#[ignore = "needs strace"]
fn a_renewal_that_is_killed_leaves_the_old_or_the_new() {
    Scene::connected(RENEW).killed_everywhere();
}

#[test]
#[ignore = "needs strace"]
fn a_change_of_the_list_that_is_killed_leaves_the_old_or_the_new() {
    Scene::connected(CHANGE).killed_everywhere();
}

#[test]
#[ignore = "needs strace"]
fn a_farewell_that_is_killed_leaves_the_old_or_the_new() {
    Scene::connected(FORGET).killed_everywhere();
}

#[test]
#[ignore = "needs strace"]
fn whatever_is_killed_leaves_no_secret_that_can_not_be_swept() {
    let rename = "connections rename demo moved";
    for line in [RENEW, CHANGE, FORGET, "reconnect demo --no-browser", rename] {
        Scene::connected(line).swept_after_every_kill(false);
    }
    Scene::first_connect().swept_after_every_kill(false);
}

#[test]
#[ignore = "needs strace"]
fn an_import_that_is_killed_leaves_no_secret_that_can_not_be_swept() {
    let scene = Scene::connected("");
    let start = &scene.start;
    let (bundle, passphrase) = (start.path("bundle"), start.path("passphrase"));
    let (bundle, passphrase) = (bundle.display(), passphrase.display());
    start.run(&format!("connections export demo --encrypt -f {bundle} --passphrase-file {passphrase}")).succeeds();
    let line = format!("connections import {bundle} --passphrase-file {passphrase} --name second --store file");
    Scene { line, ..scene }.swept_after_every_kill(false);
}

#[test]
#[ignore = "needs strace, dbus-daemon, gnome-keyring, gdbus and secret-tool"]
fn a_sign_in_and_a_move_that_are_killed_leave_no_secret_in_the_keyring_that_can_not_be_swept() {
    Scene::connected("connections set demo --store keyring").swept_after_every_kill(true);
    let scene = Scene::first_connect();
    let line = scene.line.replace("--store file", "--store keyring");
    Scene { line, ..scene }.swept_after_every_kill(true);
}

#[test]
#[ignore = "needs strace"]
fn a_sign_in_that_the_disk_refuses_leaves_the_old_or_the_new() {
    Scene::first_connect().refused_everywhere();
}

#[test]
#[ignore = "needs strace"]
fn a_renewal_that_the_disk_refuses_leaves_the_old_or_the_new() {
    Scene::connected(RENEW).refused_everywhere();
}

#[test]
#[ignore = "needs strace"]
fn a_change_of_the_list_that_the_disk_refuses_leaves_the_old_or_the_new() {
    Scene::connected(CHANGE).refused_everywhere();
}

#[test]
#[ignore = "needs strace"]
fn a_farewell_that_the_disk_refuses_leaves_the_old_or_the_new() {
    Scene::connected(FORGET).refused_everywhere();
}

/// A limit on the size of files ends a write in the midst of it.
#[test]
#[ignore = "needs prlimit"]
fn a_write_that_is_cut_short_leaves_the_old() {
    for (line, is_fatal) in [(RENEW, false), (CHANGE, true)] {
        let scene = Scene::connected(line);
        for limit in [0, 1, 100, 250] {
            let home = scene.home();
            let before = home.files();
            let mut command = home.program("sh");
            command.args(["-c", "trap '' XFSZ; exec prlimit --fsize=\"$0\" \"$@\"", &limit.to_string()]);
            command.arg(super::home::binary()).args(line.split_whitespace());
            let finished = Started::of(command).finish();
            let what = format!("{line} with files of {limit} bytes");
            assert!(finished.stderr.contains(&PLACES[usize::from(!is_fatal)][5..]), "{what}: {}", finished.stderr);
            assert_eq!(finished.status.code(), Some(if is_fatal { 11 } else { 0 }), "{what}: {}", finished.stderr);
            let is_kept = |(path, content): &(PathBuf, Vec<u8>)| {
                path.to_str().unwrap().contains("/locks/") || home.files().contains(&(path.clone(), content.clone()))
            };
            assert!(before.iter().all(is_kept), "{what} changed something");
            scene.is_sound(&home, &what);
        }
    }
}

/// What is played on a disk of 64 KiB on which so many pages are free; then there is room again.
const ON_A_SMALL_DISK: &str = r#"
set -e
free=$1; binary=$2; shift 2
mount -t tmpfs -o size=64k,mode=700 none "$HOME"
mkdir -p "$HOME/.config" "$HOME/.local/state"
cp -r "$TMPDIR/config" "$HOME/.config/d365conn"
cp -r "$TMPDIR/state" "$HOME/.local/state/d365conn"
dd if=/dev/zero of="$HOME/filler" bs=4096 count=99 2>/dev/null || true
truncate -s "-$((free * 4096))" "$HOME/filler"
set +e
"$binary" "$@" >"$TMPDIR/stdout" 2>"$TMPDIR/stderr"
echo "ended with $?"
find "$HOME" -name '.d365conn-*' | sed 's/^/left /'
rm "$HOME/filler"
"$binary" connections list -o id >/dev/null && "$binary" accounts list --top 1 -o id | wc -c
"#;

#[test]
#[ignore = "needs unshare"]
fn a_full_disk_leaves_the_old_and_is_told() {
    for (line, code) in [(RENEW, 0), (CHANGE, 11)] {
        let scene = Scene::connected(line);
        let mut full = 0;
        for free in 0..6 {
            let home = Home::with_passphrase();
            copy(&scene.start.path(PLACES[0]), &home.path("tmp/config"));
            copy(&scene.start.path(PLACES[1]), &home.path("tmp/state"));
            let mut command = home.program("unshare");
            // As an ordinary user where that is allowed, else as root.
            let is_allowed = Command::new("unshare").args(["-Urm", "true"]).stderr(Stdio::null()).status();
            command.arg(if is_allowed.is_ok_and(|status| status.success()) { "-Urm" } else { "-m" });
            command.args(["sh", "-c", ON_A_SMALL_DISK, "sh", &free.to_string()]).arg(super::home::binary());
            command.args(line.split_whitespace());
            let finished = Started::of(command).finish();
            let said = std::fs::read_to_string(home.path("tmp/stderr")).unwrap();
            let what = format!("{line} on a disk with {free} free pages: {}{}{said}", finished.stdout, finished.stderr);
            assert!(finished.stdout.ends_with("37\n") && !finished.stdout.contains("left "), "{what}");
            if said.contains("no room") {
                full += 1;
                assert!(finished.stdout.starts_with(&format!("ended with {code}\n")), "{what}");
            } else {
                assert!(finished.stdout.starts_with("ended with 0\n"), "{what}");
            }
        }
        assert!(full > 0, "{line}: the disk was never full");
    }
}

/// Who loses power may lose what was not forced to the disk, in any order.
#[test]
#[ignore = "needs strace"]
fn a_file_is_on_the_disk_before_it_takes_its_name_and_the_name_is_afterwards() {
    for scene in [Scene::first_connect(), Scene::connected(RENEW), Scene::connected(CHANGE), Scene::connected(FORGET)] {
        let (_, calls) = scene.points();
        let renames: Vec<usize> = (0..calls.len()).filter(|at| calls[*at].starts_with("rename")).collect();
        assert!(!renames.is_empty(), "{}", calls.join("\n"));
        for at in renames {
            let quoted: Vec<&str> = calls[at].split('"').skip(1).step_by(2).collect();
            let [temporary, path] = quoted[..] else { panic!("{}", calls[at]) };
            let is_sync_of = |call: &&String, of: &str| call.starts_with("fsync(") && call.contains(&format!("<{of}>"));
            let written = calls[..at]
                .iter()
                .rposition(|call| call.starts_with("write(") && call.contains(&format!("<{temporary}>")));
            let synced = calls[..at].iter().rposition(|call| is_sync_of(&call, temporary));
            assert!(
                written.is_some() && written < synced,
                "{path} is named before it is on the disk: {}",
                calls.join("\n")
            );
            let directory = Path::new(path).parent().unwrap().to_str().unwrap();
            let next = calls[at..].iter().position(|call| is_sync_of(&call, directory)).map(|step| at + step);
            let another = calls[at + 1..].iter().position(|call| call.starts_with("rename")).map(|step| at + 1 + step);
            assert!(
                next.is_some() && another.is_none_or(|another| next < Some(another)),
                "{path}: its name may be lost: {}",
                calls.join("\n")
            );
        }
    }
}
