//! The files that the built binary makes: for their owner alone under every umask, and nowhere but where they belong. What
//! is in them is not asked here.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use d365conn::sandbox::{INES, Robot, Sandbox};

use super::home::{Home, binary};
use super::person::{sandbox, sandbox_of_short_tokens};
use super::started::{Finished, Started};

/// Everything below a directory, with its mode and owner.
fn all(directory: &Path) -> Vec<(PathBuf, u32, u32)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        let metadata = std::fs::symlink_metadata(&path).unwrap();
        found.push((path.clone(), metadata.mode() & 0o7777, metadata.uid()));
        if metadata.is_dir() {
            found.extend(all(&path));
        }
    }
    found
}

fn connect_line(sandbox: &Sandbox) -> String {
    format!("connect --no-browser --name demo --store file --tenant-url {}", sandbox.address())
}

fn sign_in(started: Started) -> Finished {
    if let Some(address) = started.address_or_end() {
        (Robot::new(INES).in_background())(&address);
    }
    started.finish()
}

/// `d365conn LINE` behind a line of shell.
fn behind(home: &Home, shell: &str, line: &str) -> Started {
    let mut command = home.program("sh");
    command.args(["-c", &format!("{shell}; exec \"$0\" \"$@\"")]).arg(binary()).args(line.split_whitespace());
    Started::of(command)
}

#[test]
#[ignore = "needs a machine fast enough for many processes"]
fn every_file_is_for_its_owner_alone_under_every_umask() {
    for umask in ["000", "022", "077", "277", "777"] {
        let sandbox = sandbox_of_short_tokens();
        let home = Home::with_passphrase();
        let shell = format!("umask {umask}");
        sign_in(behind(&home, &shell, &connect_line(&sandbox))).succeeds();
        behind(&home, &shell, "accounts list --top 1").finish().succeeds();
        behind(&home, &shell, "connections set demo --label x").finish().succeeds();
        let all = all(&home.path("home"));
        assert!(all.len() > 8, "{all:?}");
        for (path, mode, _) in all {
            let expected = if path.is_dir() { 0o700 } else { 0o600 };
            assert_eq!(mode, expected, "umask {umask}: {} has {mode:o}", path.display());
        }
    }
}

/// Root may do what its own rights forbid, so somebody else plays the umask that takes everything away.
#[test]
#[ignore = "needs setpriv, and root to use it"]
fn a_user_who_may_do_nothing_with_new_files_connects_and_goes_on() {
    let sandbox = sandbox_of_short_tokens();
    let home = Home::with_passphrase();
    let is_root = std::fs::metadata(home.path("passphrase")).unwrap().uid() == 0;
    if !is_root {
        return;
    }
    let reachable = tempfile::tempdir_in("/tmp").unwrap();
    std::fs::copy(binary(), reachable.path().join("d365conn")).unwrap();
    for (path, mode) in [(reachable.path().to_owned(), 0o755), (home.path("").parent().unwrap().to_owned(), 0o755)] {
        std::fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(mode)).unwrap();
    }
    std::fs::set_permissions(home.path(""), std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    std::fs::set_permissions(home.path("passphrase"), std::os::unix::fs::PermissionsExt::from_mode(0o644)).unwrap();
    std::os::unix::fs::chown(home.path("home"), Some(65_534), Some(65_534)).unwrap();
    let somebody = |line: &str| {
        let mut command = home.program("setpriv");
        command.args(["--reuid", "65534", "--regid", "65534", "--clear-groups"]);
        command.args(["sh", "-c", "umask 777; exec \"$0\" \"$@\""]).arg(reachable.path().join("d365conn"));
        command.args(line.split_whitespace());
        sign_in(Started::of(command))
    };
    somebody(&connect_line(&sandbox)).succeeds();
    somebody("accounts list --top 1").succeeds();
    somebody("connections set demo --label x").succeeds();
    somebody("disconnect demo").succeeds();
}

/// Nothing was made but below the two places.
#[track_caller]
fn nothing_lies_about(home: &Home, before: &[(PathBuf, u32, u32)], allowed: &str) {
    let after = all(&home.path(""));
    let strange: Vec<_> = after
        .iter()
        .filter(|one| !before.contains(one) && !one.0.starts_with(home.path(allowed)))
        .map(|one| one.0.clone())
        .collect();
    assert_eq!(strange, Vec::<PathBuf>::new());
}

#[test]
#[ignore = "needs a machine fast enough for many processes"]
fn without_a_home_nothing_is_saved_anywhere_else() {
    let sandbox = sandbox();
    for (name, value, code) in [
        ("HOME", None, "paths/no-home"),
        ("HOME", Some(""), "paths/no-home"),
        ("HOME", Some("home"), "paths/no-home"),
        ("D365CONN_STATE_DIR", Some("state"), "paths/relative-directory"),
        ("D365CONN_CONFIG_DIR", Some("./config"), "paths/relative-directory"),
    ] {
        let home = Home::with_passphrase();
        let before = all(&home.path(""));
        let mut command = home.command(&connect_line(&sandbox));
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
        let expected = if code == "paths/no-home" { 11 } else { 2 };
        Started::of(command).finish().fails(expected, code);
        nothing_lies_about(&home, &before, "nothing");
    }
}

#[test]
#[ignore = "needs a machine fast enough for many processes"]
fn relative_directories_of_the_desktop_are_passed_over() {
    let (mut home, sandbox) = (Home::with_light_secrets(), sandbox());
    home.set("XDG_CONFIG_HOME", "config");
    home.set("XDG_STATE_HOME", "../state");
    let before = all(&home.path(""));
    sign_in(home.start(&connect_line(&sandbox))).succeeds();
    home.run("accounts list --top 1").succeeds();
    nothing_lies_about(&home, &before, "home");
    assert!(home.path("home/.config/d365conn/connections.toml").exists());
}

#[test]
#[ignore = "needs a machine fast enough for many processes"]
fn a_path_that_is_no_text_is_a_path() {
    let sandbox = sandbox();
    let home = Home::with_passphrase();
    let odd = home.path("home").join(OsStr::from_bytes(b"od\xffd \x1b[2Jname"));
    let run = |line: &str| {
        let mut command = home.command(line);
        command.env("HOME", &odd);
        sign_in(Started::of(command))
    };
    run(&connect_line(&sandbox)).succeeds();
    run("accounts list --top 1").succeeds();
    assert!(odd.join(".config/d365conn/connections.toml").exists());
    // Where it is shown, it can't play tricks on a terminal.
    std::fs::write(odd.join(".config/d365conn/connections.toml"), "nonsense").unwrap();
    let said = run("connections list").fails(11, "store/registry-damaged");
    assert!(!said.contains('\u{1b}') && said.contains("name"), "{said:?}");
}

#[test]
#[ignore = "needs a machine fast enough for many processes"]
fn a_path_longer_than_the_system_takes_is_told() {
    let (mut home, sandbox) = (Home::with_passphrase(), sandbox());
    let long = format!("{}/{}", home.path("home").display(), "abcdefgh/".repeat(500));
    home.set("HOME", &long);
    for line in [connect_line(&sandbox).as_str(), "connections list"] {
        let finished = home.run(line);
        let said = finished.stderr.clone();
        assert!(said.contains("paths/") && said.len() < 64 * 1024, "{said}");
        finished.fails(11, "paths/");
    }
}

#[test]
#[ignore = "needs unshare"]
fn on_a_home_that_takes_no_writes_nothing_is_saved_and_a_connection_in_the_environment_works() {
    let sandbox = sandbox();
    let run = |home: &Home, line: &str| {
        let is_allowed = Command::new("unshare").args(["-Urm", "true"]).stderr(Stdio::null()).status();
        let way = if is_allowed.is_ok_and(|status| status.success()) { "-Urm" } else { "-m" };
        let mut command = home.program("unshare");
        command.args([way, "sh", "-c", "mount -t tmpfs -o ro none \"$HOME\" && exec \"$0\" \"$@\""]);
        command.arg(binary()).args(line.split_whitespace());
        Started::of(command).finish()
    };
    let mut home = Home::with_passphrase();
    let before = all(&home.path(""));
    run(&home, &connect_line(&sandbox)).fails(11, "paths/read-only");
    assert_eq!(run(&home, "connections list -o json").succeeds().trim(), "[]");
    home.set("D365CONN_TENANT_URL", &sandbox.address());
    home.set("D365CONN_CLIENT_ID", d365conn::sandbox::DAEMON.client_id);
    home.set("D365CONN_CLIENT_SECRET", d365conn::sandbox::DAEMON.secret.unwrap());
    run(&home, "accounts list --top 1").succeeds();
    nothing_lies_about(&home, &before, "nothing");
}
