//! What a process of ours keeps to itself: its memory, its variables and its open files, from whoever looks in and from the
//! programs that it starts; and what a panic tells. Commands that start programs for the user have tests of their own.

use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::process::{Command, Stdio};

use d365conn::sandbox::Sandbox;

use super::home::{Home, binary};
use super::person::{sandbox, sign_in};
use super::started::{Started, wait_for};

/// A browser that writes down what it was given, and opens nothing.
const STUB: &str = "#!/bin/sh\n{ echo \"argv $*\"; ulimit -S -c; env; for fd in /proc/self/fd/*; do readlink \"$fd\"; done; } \
                    > \"$HOME/seen.new\" 2>&1\nmv \"$HOME/seen.new\" \"$HOME/seen\"\n";

fn waiting_for_a_user(home: &Home, sandbox: &Sandbox) -> Started {
    let started = home.start(&format!("connect --no-browser --store file --tenant-url {}", sandbox.address()));
    started.address();
    started
}

#[test]
#[ignore = "needs script"]
fn a_browser_is_given_no_secret_and_no_open_file_and_its_own_limits() {
    let mut home = Home::with_light_secrets();
    let sandbox = sandbox();
    let stub = home.path("stub");
    std::fs::write(&stub, STUB).unwrap();
    std::fs::set_permissions(&stub, std::fs::Permissions::from_mode(0o755)).unwrap();
    home.set("BROWSER", stub.to_str().unwrap());
    let secrets = [
        ("D365CONN_CLIENT_SECRET", "planted-client-secret"),
        ("AZURE_CLIENT_SECRET", "planted-azure-secret"),
        ("D365CONN_ACCESS_TOKEN", "planted-access-token"),
        ("D365CONN_REFRESH_TOKEN", "planted-refresh-token"),
        ("https_proxy", "http://planted:proxy-password@127.0.0.1:9"),
        ("ALL_PROXY", "http://planted:proxy-password@127.0.0.1:9"),
    ];
    for (name, value) in secrets {
        home.set(name, value);
    }
    let line = format!(
        "ulimit -S -c 4096; exec {} connect --store file --wait 30s --tenant-url {}",
        binary().display(),
        sandbox.address()
    );
    // The browser is opened for somebody at a terminal only.
    let mut command = home.program("script");
    command.args(["-qefc", &line, "/dev/null"]);
    let started = Started::of(command);
    let seen = wait_for("the browser", || std::fs::read_to_string(home.path("home/seen")).ok());
    assert!(seen.starts_with("argv http://127.0.0.1:") && seen.contains("/authorize?"), "{seen}");
    assert_eq!(seen.lines().nth(1), Some("4096"), "{seen}");
    assert!(seen.contains("HOME=") && !seen.contains("planted"), "{seen}");
    assert!(secrets.iter().all(|(name, _)| !seen.contains(name)), "{seen}");
    // What the stub itself opens is its own file and the directory it looks into.
    let strange = seen.lines().filter(|line| {
        line.contains("socket:") || line.contains("anon_inode") || line.contains(".lock") || line.contains("secrets")
    });
    assert_eq!(strange.count(), 0, "{seen}");
    started.signal("KILL");
}

#[test]
#[ignore = "needs setpriv"]
fn a_process_that_may_hold_secrets_leaves_no_core_file_and_is_looked_into_by_nobody() {
    let home = Home::with_light_secrets();
    let sandbox = sandbox();
    let started = waiting_for_a_user(&home, &sandbox);
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", started.id())).unwrap();
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
    assert_eq!(core.split_whitespace().nth(4), Some("0"), "{core}");
    // What can't be dumped belongs to root in /proc, whoever runs it.
    let is_root = std::fs::metadata(home.path("passphrase")).unwrap().uid() == 0;
    let somebody = |command: &mut Command| {
        let mut outer = Command::new("setpriv");
        outer.args(["--reuid", "65534", "--regid", "65534", "--clear-groups"]);
        outer.arg(command.get_program()).args(command.get_args()).env_clear();
        outer.env("D365CONN_CONFIG_DIR", "/nonexistent/c").env("D365CONN_STATE_DIR", "/nonexistent/s");
        outer.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        Started::of(outer)
    };
    if is_root {
        // Somebody else must be able to reach the binary.
        let directory = tempfile::tempdir_in("/tmp").unwrap();
        std::fs::set_permissions(directory.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
        let reachable = directory.path().join("d365conn");
        std::fs::copy(binary(), &reachable).unwrap();
        let owner = |started: &Started| std::fs::metadata(format!("/proc/{}/environ", started.id())).unwrap().uid();
        let ours = somebody(Command::new(&reachable).arg("sandbox"));
        ours.hears("address", |text| text.contains("http://").then_some(()));
        let other = somebody(Command::new("sleep").arg("60"));
        wait_for("another program", || (owner(&other) == 65534).then_some(()));
        assert_eq!(owner(&ours), 0, "the process can be looked into");
    } else {
        assert_eq!(std::fs::metadata(format!("/proc/{}/environ", started.id())).unwrap().uid(), 0);
    }
    sign_in(&started);
    started.finish().succeeds();
}

/// What the other side of `a_panic_on_another_thread_…` does, in a process of its own: nothing, unless it is told to.
#[test]
#[ignore = "plays a part in another test"]
fn a_thread_panics() {
    let Some(secret) = std::env::var_os("PANIC_WITH") else { return };
    d365conn::problem::take_charge_of_panics(d365conn::output::tell_of_panic);
    let _ = std::thread::spawn(move || panic!("holding {secret:?}")).join();
    let exit = d365conn::run_process(["d365conn".into(), "version".into()]);
    assert_eq!(exit.code(), 70);
}

#[test]
fn a_panic_on_another_thread_ends_with_70_and_tells_nothing_but_its_place() {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "real::children::a_thread_panics", "--ignored", "--nocapture", "--test-threads=1"]);
    command.env("PANIC_WITH", "planted-in-a-panic").env("RUST_BACKTRACE", "full");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let finished = Started::of(command).finish();
    assert_eq!(finished.status.code(), Some(0), "{}{}", finished.stdout, finished.stderr);
    assert!(finished.stdout.contains("1 passed"), "{}", finished.stdout);
    assert!(finished.stderr.contains("d365conn hit a bug at tests/it/real/children.rs:"), "{}", finished.stderr);
    let said = format!("{}{}", finished.stdout, finished.stderr);
    assert!(!said.contains("planted") && !said.contains("stack backtrace"), "{said}");
}
