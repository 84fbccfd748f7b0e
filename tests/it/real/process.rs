//! The built binary as a process among others: signals, closed pipes, a full disk, and what it opens before it has to.
//! Nothing here asks what a command means.

use std::process::Stdio;

use super::home::{Home, binary};
use super::person::{connect, sandbox};
use super::started::Started;

#[test]
#[ignore = "needs a shell with kill"]
fn ctrl_c_ends_a_sign_in_and_nothing_is_saved() {
    let home = Home::with_passphrase();
    let sandbox = sandbox();
    let started = home.start(&format!("connect --no-browser --store file --tenant-url {}", sandbox.address()));
    started.address();
    started.signal("INT");
    let finished = started.finish();
    finished.was_interrupted();
    assert_eq!(finished.stdout, "");
    assert!(!finished.stderr.contains("panicked"), "{}", finished.stderr);
    assert_eq!(home.run("connections list -o json").succeeds().trim(), "[]");
}

#[test]
#[ignore = "needs bash"]
fn whoever_reads_only_the_first_line_is_no_error() {
    let home = Home::with_passphrase();
    let sandbox = sandbox();
    connect(&home, &sandbox, "--store file").succeeds();
    let mut command = home.program("bash");
    command.args(["-c", "\"$0\" contacts list --all -o ndjson | head -1; echo \"${PIPESTATUS[0]}\""]).arg(binary());
    let finished = Started::of(command).finish();
    assert_eq!(finished.stderr, "");
    let lines: Vec<&str> = finished.stdout.lines().collect();
    assert_eq!((lines.len(), lines.last()), (2, Some(&"0")), "{lines:?}");

    // A reader that has gone before the first row is written.
    let mut command = home.command("contacts list --all -o json");
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    command.stdout(writer);
    let finished = Started::of(command).finish();
    assert_eq!((finished.status.code(), finished.stderr.as_str()), (Some(0), ""));
}

#[test]
#[ignore = "needs /dev/full"]
fn output_that_can_t_be_written_is_an_error() {
    let home = Home::with_passphrase();
    let sandbox = sandbox();
    connect(&home, &sandbox, "--store file").succeeds();
    for line in
        ["contacts list --all -o json", "contacts list --top 1", "version", "connections list", "explain AADSTS65001"]
    {
        let mut command = home.command(line);
        command.stdout(Stdio::from(std::fs::File::options().write(true).open("/dev/full").unwrap()));
        let finished = Started::of(command).finish();
        let code = finished.status.code();
        assert!(
            code.is_some_and(|code| code != 0 && code != 70 && code != 101),
            "{line}: {code:?}: {}",
            finished.stderr
        );
        assert!(!finished.stderr.is_empty(), "{line}: silent");
    }
}

#[test]
#[ignore = "needs strace"]
fn what_needs_no_network_opens_no_socket_and_starts_no_program() {
    let home = Home::with_passphrase();
    let sandbox = sandbox();
    connect(&home, &sandbox, "--store file").succeeds();
    for line in [
        "--version",
        "--help",
        "version",
        "connections list",
        "explain AADSTS65001",
        "completions bash",
        "app setup --secret",
    ] {
        let finished = Started::of(home.traced("trace=socket,connect,execve,clone,clone3,vfork", line)).finish();
        assert!(!finished.succeeds().is_empty(), "{line}");
        let calls: Vec<String> = home.calls().into_iter().filter(|call| call.contains('(')).collect();
        assert_eq!(calls.len(), 1, "{line}: {calls:?}");
        assert!(calls[0].starts_with("execve("), "{line}: {calls:?}");
    }
}
