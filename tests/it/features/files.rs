//! Files of our own that are something else: every command that meets one says so and leaves it alone. What files look like
//! that we made ourselves is asked of the built binary.

#![cfg(unix)]

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::world::{Outcome, World};

/// What somebody may put where a file of ours should be.
const OBSTACLES: [&str; 6] =
    ["a symbolic link", "a dangling link", "a hard link", "a pipe", "a directory", "a file of somebody else"];

const PRECIOUS: &[u8] = b"precious, and nobody's business";

/// Puts an obstacle at `path` and gives back what must stay untouched, if it can be made here.
fn obstruct(world: &World, path: &Path, obstacle: &str) -> bool {
    let target = world.path("precious");
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    match obstacle {
        "a symbolic link" => symlink(&target, path).unwrap(),
        "a dangling link" => symlink(world.path("nowhere"), path).unwrap(),
        "a hard link" => fs::hard_link(&target, path).unwrap(),
        "a directory" => fs::create_dir(path).unwrap(),
        "a pipe" => {
            let made = std::process::Command::new("mkfifo").arg(path).status();
            return made.is_ok_and(|status| status.success());
        }
        _ => {
            fs::write(path, PRECIOUS).unwrap();
            // Only root can give files away.
            return std::os::unix::fs::chown(path, Some(65_534), None).is_ok();
        }
    }
    true
}

/// A connected world with something precious in it, and the path of one of its files.
fn world(file: &str) -> (World, PathBuf) {
    let world = World::connected();
    fs::write(world.path("precious"), PRECIOUS).unwrap();
    // Names of locks and notes are ids: the file that connecting made shows which.
    let (directory, name) = file.rsplit_once('/').unwrap();
    let health = fs::read_dir(world.path("state/health")).unwrap().next().unwrap().unwrap().path();
    let id = health.file_stem().unwrap().to_str().unwrap();
    let path = world.path(directory).join(name.replace("ID", id));
    (world, path)
}

#[track_caller]
fn is_untouched(world: &World, path: &Path, what: &str) {
    assert_eq!(fs::read(world.path("precious")).unwrap(), PRECIOUS, "{what}");
    assert!(!world.path("nowhere").exists(), "{what}: the end of a dangling link was made");
    let there = fs::symlink_metadata(path).unwrap();
    assert!(!there.is_file() || there.nlink() > 1 || there.uid() == 65_534, "{what}: it was replaced");
}

/// Runs `line` with each obstacle in place of `file`, and hands over what came of it. The token has to be renewed each time.
fn with_each_obstacle(file: &str, line: &str, look: impl Fn(&Path, &str, Outcome)) {
    let (world, path) = world(file);
    let aside = world.path("aside");
    for obstacle in OBSTACLES {
        world.pass(Duration::from_secs(7200));
        let _ = fs::rename(&path, &aside);
        if obstruct(&world, &path, obstacle) {
            let what = format!("{line} with {obstacle} at {file}");
            look(&path, &what, world.run(line));
            is_untouched(&world, &path, &what);
        }
        let _ = fs::remove_file(&path).or_else(|_| fs::remove_dir(&path));
        let _ = fs::rename(&aside, &path);
    }
}

#[test]
fn whatever_is_no_file_of_ours_is_refused_by_name_and_left_alone() {
    for (file, line) in [
        ("config/connections.toml", "connections list"),
        ("config/connections.toml", "connections set sandbox --label x"),
        ("config/connections.toml", "disconnect sandbox"),
        ("state/secrets.d365", "accounts list"),
        ("state/secrets.d365", "connect --tenant-url {org} --store file --name another"),
        ("state/locks/connections.lock", "connections set sandbox --label x"),
        ("state/locks/ID.lock", "accounts list"),
    ] {
        with_each_obstacle(file, line, |path, what, outcome| {
            assert_eq!(outcome.exit, 11, "{what}: {}", outcome.stderr);
            assert!(outcome.stderr.contains("paths/not-ours"), "{what}: {}", outcome.stderr);
            assert!(outcome.stderr.contains(path.to_str().unwrap()), "{what}: {}", outcome.stderr);
        });
    }
}

#[test]
fn what_can_be_done_without_is_done_without() {
    for (file, is_told) in [("state/locks/secrets.lock", true), ("state/health/ID.json", false)] {
        with_each_obstacle(file, "accounts list --top 1 -o id", |path, what, outcome| {
            assert_eq!(outcome.exit, 0, "{what}: {}", outcome.stderr);
            assert_eq!(outcome.stderr.contains(path.to_str().unwrap()), is_told, "{what}: {}", outcome.stderr);
        });
    }
}

#[test]
fn rights_that_were_too_wide_are_taken_back() {
    let (world, list) = world("config/connections.toml");
    let secrets = world.path("state/secrets.d365");
    for path in [&list, &secrets] {
        fs::set_permissions(path, fs::Permissions::from_mode(0o666)).unwrap();
        fs::set_permissions(path.parent().unwrap(), fs::Permissions::from_mode(0o2777)).unwrap();
    }
    world.run("accounts list --top 1").succeeds();
    let mode = |path: &Path| fs::metadata(path).unwrap().mode() & 0o777;
    assert_eq!([mode(&list), mode(&secrets)], [0o600, 0o600]);
    world.pass(Duration::from_secs(7200));
    world.run("accounts list --top 1").succeeds();
    world.run("connections set sandbox --label x").succeeds();
    assert_eq!([&list, &secrets].map(|path| mode(path.parent().unwrap()) & 0o022), [0, 0]);
}

#[test]
fn a_directory_of_somebody_else_is_refused() {
    let (world, list) = world("config/connections.toml");
    let directory = list.parent().unwrap();
    if std::os::unix::fs::chown(directory, Some(65_534), None).is_err() {
        return;
    }
    let before = fs::read(&list).unwrap();
    let said = world.run("connections set sandbox --label x").fails(11, "paths/not-ours");
    assert!(said.contains(directory.to_str().unwrap()), "{said}");
    assert_eq!(fs::read(&list).unwrap(), before);
}

#[test]
fn garbage_in_every_file_is_told_and_kept_and_a_connection_can_still_be_made() {
    let contents: [&[u8]; 4] = [b"", b"\0\0\0\0\0\0\0\0", b"garbage\n", &[0xff; 4096]];
    for content in contents {
        for (file, line, code) in [
            ("config/connections.toml", "connections list", "store/registry-damaged"),
            ("config/connections.toml", "connections set sandbox --label x", "store/registry-damaged"),
            ("state/secrets.d365", "accounts list", "store/file-damaged"),
        ] {
            let (world, path) = world(file);
            fs::write(&path, content).unwrap();
            let said = world.run(line).fails(11, code);
            assert!(said.contains(path.to_str().unwrap()) && said.contains("fix: "), "{said}");
            assert_eq!(fs::read(&path).unwrap(), content, "{line}");
            fs::rename(&path, world.path("away")).unwrap();
            world.run("connect --tenant-url {org} --store file --name sandbox").succeeds();
            world.run("accounts list --top 1").succeeds();
        }
        let (world, health) = world("state/health/ID.json");
        fs::write(&health, content).unwrap();
        world.run("connections list").succeeds();
        world.run("accounts list --top 1").succeeds();
    }
}

#[test]
fn a_file_far_too_large_is_told_and_not_read() {
    let (world, list) = world("config/connections.toml");
    fs::File::options().write(true).open(&list).unwrap().set_len(1 << 30).unwrap();
    world.run("connections list").fails(11, "paths/too-large");
    let (world, secrets) = self::world("state/secrets.d365");
    fs::File::options().write(true).open(&secrets).unwrap().set_len(1 << 30).unwrap();
    world.run("accounts list").fails(11, "paths/too-large");
}
