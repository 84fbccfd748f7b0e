//! A program under `exec` as the system sees it: one process, its environment, its arguments, what it has open, how signals
//! reach it and how it ends. What the program does with its token is in `python`.

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Command, Stdio};

use d365conn::sandbox::{DAEMON, Sandbox};

use super::home::{Home, PASSPHRASE, binary};
use super::person::{connect, sandbox, secrets_sent};
use super::started::{Started, wait_for};

/// Secrets that stand in the environment and were not asked for.
const CANARIES: [(&str, &str); 3] = [
    ("D365CONN_CLIENT_SECRET", "canary-of-the-app"),
    ("D365CONN_LATER_SECRET", "canary-of-tomorrow"),
    ("d365conn_refresh_token", "canary-in-small-letters"),
];

fn saved(sandbox: &Sandbox) -> Home {
    let mut home = Home::with_passphrase();
    connect(&home, sandbox, "--store file").succeeds();
    for (name, value) in CANARIES {
        home.set(name, value);
    }
    home
}

fn of_environment(sandbox: &Sandbox) -> Home {
    let mut home = Home::new();
    home.set("D365CONN_TENANT_URL", &sandbox.address());
    home.set("AZURE_CLIENT_ID", DAEMON.client_id);
    home.set("AZURE_CLIENT_SECRET", DAEMON.secret.unwrap());
    home
}

fn exec(home: &Home, words: &[&str]) -> Command {
    let mut command = home.program(binary());
    command.arg("exec").arg("--").args(words);
    command
}

/// `$0` is the binary.
fn shell(home: &Home, script: &str) -> Started {
    let mut command = home.program("sh");
    command.args(["-c", script]).arg(binary());
    Started::of(command)
}

fn proc(id: u32, file: &str) -> String {
    String::from_utf8(std::fs::read(format!("/proc/{id}/{file}")).unwrap()).unwrap()
}

/// Starts `sleep` under `exec`; comes back once it sleeps.
fn asleep(home: &Home) -> Started {
    let started = Started::of(exec(home, &["sleep", "300"]));
    let id = started.id();
    wait_for("sleep in our place", || (proc(id, "comm") == "sleep\n").then_some(()));
    started
}

fn environment(id: u32) -> BTreeMap<String, String> {
    let text = proc(id, "environ");
    text.split_terminator('\0').map(|pair| pair.split_once('=').unwrap()).map(|(a, b)| (a.into(), b.into())).collect()
}

fn open(id: u32) -> BTreeSet<String> {
    let numbers = std::fs::read_dir(format!("/proc/{id}/fd")).unwrap();
    numbers.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[test]
#[ignore = "needs /proc and sleep"]
fn a_program_finds_its_token_in_the_environment_and_no_other_secret() {
    let sandbox = sandbox();
    for (home, connection) in [(saved(&sandbox), "sandbox".to_owned()), (of_environment(&sandbox), sandbox.address())] {
        let started = asleep(&home);
        let environment = environment(started.id());
        let ours: Vec<&str> = environment
            .keys()
            .map(String::as_str)
            .filter(|name| name.to_uppercase().starts_with("D365CONN_"))
            .collect();
        let mut expected = vec!["D365CONN_ACCESS_TOKEN", "D365CONN_EXEC_CONNECTION", "D365CONN_TENANT_URL"];
        expected.extend((connection == "sandbox").then_some("D365CONN_STORE_PASSPHRASE_FILE"));
        expected.sort_unstable();
        assert_eq!(ours, expected);
        assert_eq!(environment["D365CONN_EXEC_CONNECTION"], connection);
        assert_eq!(environment["D365CONN_TENANT_URL"], sandbox.address());
        let token = environment["D365CONN_ACCESS_TOKEN"].clone();
        assert!(sandbox.issued_secrets().contains(&token));
        assert_eq!(environment["HOME"], home.path("home").to_str().unwrap());

        let text = proc(started.id(), "environ").replace(&token, "");
        let others = sandbox.issued_secrets().into_iter().chain(secrets_sent(&sandbox));
        let others = others.chain(CANARIES.map(|(_, value)| value.to_owned()));
        let others = others.chain([PASSPHRASE.to_owned(), DAEMON.secret.unwrap().to_owned()]);
        for secret in others {
            assert!(!text.contains(&secret), "a secret is left: {secret}");
        }
        assert_eq!(proc(started.id(), "cmdline"), "sleep\x00300\x00");
    }
}

#[test]
#[ignore = "needs /proc and sleep"]
fn a_program_inherits_what_it_would_without_us_and_no_habit_of_ours_about_signals() {
    let sandbox = sandbox();
    let home = saved(&sandbox);
    let started = asleep(&home);
    let mut alone = home.program("sleep");
    alone.arg("300");
    let alone = Started::of(alone);
    wait_for("sleep", || (proc(alone.id(), "comm") == "sleep\n").then_some(()));
    // Whoever runs the tests may have something open, too, and a program's libraries are open for a moment.
    wait_for("the same to be open", || (open(started.id()) == open(alone.id())).then_some(()));
    // Signals 1 to 31: those above belong to the C library, which ignores some of them in whatever it spawns.
    let habits = |id| {
        let status = proc(id, "status");
        ["SigBlk:", "SigIgn:", "SigCgt:"].map(|kind| {
            let mask = status.lines().find_map(|line| line.strip_prefix(kind)).unwrap();
            u64::from_str_radix(mask.trim(), 16).unwrap() & 0x7fff_ffff
        })
    };
    assert_eq!(habits(started.id()), habits(alone.id()));
    // Ours are off while we hold more than one token; the program's own are its own business.
    assert_eq!(proc(started.id(), "limits"), proc(alone.id(), "limits"));
    let [_, ignored, _] = habits(started.id());
    assert_eq!(ignored & (1 << 12), 0, "a broken pipe is ignored, as in Rust programs");
}

#[test]
#[ignore = "needs /proc, sleep and a shell with kill"]
fn a_signal_that_is_sent_to_us_reaches_the_program() {
    let sandbox = sandbox();
    let home = saved(&sandbox);
    for (name, number) in [("TERM", 15), ("INT", 2), ("KILL", 9)] {
        let started = asleep(&home);
        started.signal(name);
        assert_eq!(started.finish().status.signal(), Some(number), "{name}");
    }
    // One that the program answers in its own way.
    let started = Started::of(exec(
        &home,
        &["sh", "-c", "trap 'echo caught; exit 7' TERM; echo ready; while :; do sleep 0.05; done"],
    ));
    started.hears("readiness", |text| text.contains("ready").then_some(()));
    started.signal("TERM");
    let finished = started.finish();
    assert_eq!((finished.status.code(), finished.stdout.as_str()), (Some(7), "ready\ncaught\n"));
}

#[test]
#[ignore = "needs sh"]
fn a_shell_sees_the_program_s_own_end() {
    let sandbox = sandbox();
    let home = saved(&sandbox);
    for (program, status) in [
        ("true", 0),
        ("sh -c 'exit 3'", 3),
        ("sh -c 'exit 255'", 255),
        ("sh -c 'kill -KILL $$'", 137),
        ("sh -c 'kill -TERM $$'", 143),
        ("/etc/passwd", 126),
        ("no-such-program", 127),
    ] {
        let finished = shell(&home, &format!("\"$0\" exec -- {program}; echo $?")).finish();
        let stderr = finished.stderr.clone();
        assert_eq!(finished.succeeds(), format!("{status}\n"), "{program}: {stderr}");
    }
}

#[test]
#[ignore = "needs sh and cat"]
fn the_streams_are_the_program_s() {
    let sandbox = sandbox();
    let home = saved(&sandbox);
    let finished = shell(&home, "printf 'a\\000b' | \"$0\" exec -- sh -c 'cat; printf err >&2' | od -An -c").finish();
    assert_eq!(finished.stderr, "err");
    assert_eq!(finished.succeeds().split_whitespace().collect::<Vec<_>>(), ["a", "\\0", "b"]);
    // A writer whose reader has gone ends by SIGPIPE, as it would without us.
    let finished = shell(&home, "{ \"$0\" exec -- sh -c 'yes; exit $?'; echo $? >&2; } | head -1").finish();
    assert_eq!((finished.stdout.as_str(), finished.stderr.as_str()), ("y\n", "141\n"));
}

#[test]
#[ignore = "needs a working directory with a program in it"]
fn a_program_of_the_working_directory_is_run_only_when_it_is_named_so() {
    let sandbox = sandbox();
    let mut home = saved(&sandbox);
    let trap = home.path("ls");
    std::fs::write(&trap, "#!/bin/sh\necho trapped\n").unwrap();
    std::fs::set_permissions(&trap, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    assert_eq!(Started::of(exec(&home, &["./ls"])).finish().succeeds(), "trapped\n");
    home.set("PATH", &format!(":.:{}", std::env::var("PATH").unwrap()));
    assert!(!Started::of(exec(&home, &["ls"])).finish().succeeds().contains("trapped"));
    home.set("PATH", ".:");
    assert_eq!(Started::of(exec(&home, &["ls"])).finish().status.code(), Some(127));
}

#[test]
#[ignore = "needs strace and curl"]
fn no_argument_of_any_program_ever_holds_the_token() {
    let sandbox = sandbox();
    let mut home = saved(&sandbox);
    home.set("URL", &format!("{}/api/data/v9.2/accounts?$select=name&$top=1", sandbox.address()));
    for script in [
        "\"$0\" token -o header | curl -sS --fail -H @- \"$URL\"",
        "TOKEN=$(\"$0\" token); printf 'header = \"Authorization: Bearer %s\"\\n' \"$TOKEN\" | curl -sS --fail -K - \"$URL\"",
        "\"$0\" exec -- sh -c 'printf \"Authorization: Bearer %s\" \"$D365CONN_ACCESS_TOKEN\" | curl -sS --fail -H @- \"$URL\"'",
    ] {
        let mut command = home.program("strace");
        command.args(["-f", "-qq", "-s", "9999", "-e", "trace=execve", "-o"]).arg(home.path("calls"));
        command.args(["sh", "-c", script]).arg(binary()).stdin(Stdio::null());
        let rows = Started::of(command).finish().succeeds();
        assert!(rows.contains("\"name\""), "{rows}");
        let calls = home.calls();
        assert!(calls.iter().any(|call| call.contains("curl")), "{calls:?}");
        for secret in sandbox.issued_secrets() {
            assert!(!calls.iter().any(|call| call.contains(&secret)), "{script}");
        }
    }
}
