//! The built binary as a process among others: signals, closed pipes, a full disk, and what it opens before it has to.
//! Nothing here asks what a command means.

use std::process::Stdio;

use d365conn::sandbox::DAEMON;

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
#[ignore = "needs a shell with ulimit"]
fn a_limit_on_open_files_that_is_too_low_is_told_before_anything_is_sent() {
    let mut home = Home::new();
    let sandbox = sandbox();
    home.set("D365CONN_TENANT_URL", &sandbox.address());
    home.set("D365CONN_CLIENT_ID", DAEMON.client_id);
    home.set("D365CONN_CLIENT_SECRET", DAEMON.secret.unwrap());
    for limit in ["4", "5", "6", "8", "12"] {
        let mut command = home.program("sh");
        command.args(["-c", "ulimit -n \"$0\"; exec \"$@\"", limit]).arg(binary()).args(["accounts", "list"]);
        let said = Started::of(command).finish().fails(1, "net/too-many-files");
        assert!(said.contains("`ulimit -n 1024`"), "{limit}: {said}");
    }
    assert_eq!(sandbox.requests().len(), 0);
    home.run("accounts list --top 1").succeeds();
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

#[test]
#[ignore = "needs strace"]
fn an_address_that_is_refused_opens_no_socket_and_starts_no_program() {
    let home = Home::with_passphrase();
    for address in [
        "https://contoso.crm4.dynamics.com@evil.example",
        "https://ines:word@contoso.crm4.dynamics.com",
        "https://contoso.crm4.dynamics.com\\@evil.example",
        "https://contoso.crm4.dynamics.com.evil.example",
        "https://contoso.crm4.dynamics.com%2eevil.example",
        "https://c\u{43e}ntoso.crm4.dynamics.com",
        "https://xn--cntoso-emg.crm4.dynamics.com",
        "http://contoso.crm4.dynamics.com",
        "https://contoso.crm4.dynamics.com:8443",
        "https://0x7f.1",
        "https://localhost",
        "https://contoso.crm4.dynamics.com.",
        "https://login.microsoftonline.com",
    ] {
        let line = format!("connect --no-browser --store file --tenant-url {address}");
        let finished =
            Started::of(home.traced("trace=socket,connect,sendto,execve,clone,clone3,vfork", &line)).finish();
        finished.fails(2, "tenant/");
        let calls: Vec<String> = home.calls().into_iter().filter(|call| call.contains('(')).collect();
        assert_eq!(calls.len(), 1, "{address}: {calls:?}");
        assert!(calls[0].starts_with("execve("), "{address}: {calls:?}");
    }
    assert_eq!(home.files(), []);
}

/// What a checked-out repository may hold: none of it is opened, whatever it is called.
#[test]
#[ignore = "needs strace"]
fn a_file_in_the_working_directory_has_no_say() {
    let home = Home::with_light_secrets();
    let sandbox = sandbox();
    connect(&home, &sandbox, "--store file --name demo").succeeds();
    let place = home.path("checkout");
    std::fs::create_dir(&place).unwrap();
    let settings = "D365CONN_TENANT_URL=https://evil.crm4.dynamics.com\nD365CONN_CONNECTION=evil\nHTTPS_PROXY=http://evil.example\n\
                    SSL_CERT_FILE=evil.pem\nD365CONN_STORE=memory\n";
    let names = [
        ".env",
        ".d365conn.toml",
        "d365conn.toml",
        "connections.toml",
        ".d365conn",
        "config.toml",
        ".netrc",
        "xdg-open",
    ];
    for name in names {
        std::fs::write(place.join(name), settings).unwrap();
    }
    for line in ["connections list -o id", "accounts list --top 1 -o id"] {
        let mut command = home.traced("trace=openat,open,stat,statx,newfstatat,access,faccessat2,execve", line);
        command.current_dir(&place);
        assert!(!Started::of(command).finish().succeeds().is_empty(), "{line}");
        for call in home.calls() {
            // Beside the handle of a directory that was opened by its whole path, a name is one of that directory.
            let is_of_handle =
                call.split_once('(').is_some_and(|(_, rest)| rest.starts_with(|c: char| c.is_ascii_digit()));
            let is_named = names.iter().any(|name| call.contains(&format!("\"{name}\"")));
            assert!((!is_named || is_of_handle) && !call.contains("\".\""), "{line}: {call}");
            assert!(!call.contains(place.to_str().unwrap()), "{line}: {call}");
        }
    }
}
