//! A connection that lives in the environment alone, as a build runner has it: what the process opens, writes and connects
//! to, seen by strace. Nothing is saved here, so nothing is read back.

use std::os::unix::fs::PermissionsExt as _;

use d365conn::sandbox::{DAEMON, INES, JOB_TOKEN, Provider, Sandbox};

use super::home::Home;
use super::person::sandbox;
use super::started::Started;
use crate::pair::Pair;

/// Whether a call changes a file or makes one.
fn is_write(call: &str) -> bool {
    // A line about a signal is no call.
    let name = if call.starts_with("---") { "" } else { call.split('(').next().unwrap_or_default() };
    let opens = ["open", "openat", "openat2", "creat"].contains(&name);
    let changes =
        ["mkdir", "rename", "unlink", "link", "symlink", "chmod", "chown", "truncate", "mknod", "utime", "rmdir"];
    let is_change = changes.iter().any(|change| name.contains(change)) && !name.contains("readlink");
    let is_opened_for_it = opens && ["O_WRONLY", "O_RDWR", "O_CREAT", "O_TRUNC"].iter().any(|flag| call.contains(flag));
    (is_opened_for_it || is_change || name == "creat")
        && !["\"/dev/null\"", "\"/dev/tty\""].iter().any(|free| call.contains(free))
}

#[test]
#[ignore = "needs strace"]
fn nothing_is_written_and_no_bus_is_asked_when_the_connection_is_in_the_environment() {
    let sandbox = sandbox();
    let mut home = Home::new();
    home.set("D365CONN_CLIENT_ID", DAEMON.client_id);
    home.set("D365CONN_CLIENT_SECRET", DAEMON.secret.unwrap());
    writes_nothing(&sandbox, home);
}

#[test]
#[ignore = "needs strace"]
fn nothing_is_written_where_a_machine_signs_in_as_itself() {
    let sandbox = sandbox();
    let mut home = Home::new();
    home.set("D365CONN_AUTH", "managed-identity");
    home.set("AZURE_POD_IDENTITY_AUTHORITY_HOST", &sandbox.address());
    writes_nothing(&sandbox, home);
}

#[test]
#[ignore = "needs strace"]
fn nothing_is_written_where_the_azure_cli_lends_a_token_and_its_words_hold_no_secret() {
    let sandbox = sandbox();
    let mut home = Home::new();
    home.set("D365CONN_AUTH", "az");
    home.set("AZURE_CLIENT_SECRET", "planted-secret");
    let directory = home.path("azure-cli");
    std::fs::create_dir(&directory).unwrap();
    let answer = directory.join("answer");
    std::fs::write(&answer, sandbox.azure_cli(INES)).unwrap();
    std::fs::write(directory.join("az"), format!("#!/bin/sh\nexec /bin/cat {}\n", answer.display())).unwrap();
    std::fs::set_permissions(directory.join("az"), std::fs::Permissions::from_mode(0o755)).unwrap();
    home.set("PATH", &format!("{}:{}", directory.display(), std::env::var("PATH").unwrap()));
    let calls = writes_nothing(&sandbox, home);
    let started: Vec<&String> = calls.iter().filter(|call| call.starts_with("execve(")).collect();
    assert!(started.iter().any(|call| call.contains("get-access-token")), "{started:?}");
    holds_no_secret(&sandbox, &calls, "planted-secret");
}

#[test]
#[ignore = "needs strace"]
fn nothing_is_written_where_a_certificate_signs_in_and_no_word_holds_its_password() {
    let sandbox = sandbox();
    let mut home = Home::new();
    let pair = Pair::new();
    assert!(sandbox.register_certificate(DAEMON.client_id, pair.certificate.as_bytes()));
    let file = home.path("nightly.pfx");
    std::fs::write(&file, pair.pfx("planted-password")).unwrap();
    home.set("D365CONN_CLIENT_ID", DAEMON.client_id);
    home.set("D365CONN_CERTIFICATE_FILE", file.to_str().unwrap());
    home.set("D365CONN_CERTIFICATE_PASSWORD", "planted-password");
    holds_no_secret(&sandbox, &writes_nothing(&sandbox, home), "planted-password");
}

#[test]
#[ignore = "needs strace"]
fn nothing_is_written_where_another_provider_vouches_by_a_file_or_a_runner() {
    let sandbox = sandbox();
    let mut home = Home::new();
    home.set("D365CONN_CLIENT_ID", DAEMON.client_id);
    let file = home.path("token");
    let assertion = sandbox.cluster_assertion().unwrap();
    std::fs::write(&file, &assertion).unwrap();
    home.set("D365CONN_FEDERATED_TOKEN_FILE", file.to_str().unwrap());
    holds_no_secret(&sandbox, &writes_nothing(&sandbox, home), &assertion);

    let mut home = Home::new();
    home.set("D365CONN_CLIENT_ID", DAEMON.client_id);
    home.set("D365CONN_AUTH", "federated");
    home.set("ACTIONS_ID_TOKEN_REQUEST_URL", &Provider::Github.request_url(&sandbox.address()));
    home.set("ACTIONS_ID_TOKEN_REQUEST_TOKEN", JOB_TOKEN);
    holds_no_secret(&sandbox, &writes_nothing(&sandbox, home), JOB_TOKEN);
}

/// No program that was started was given a secret as a word.
fn holds_no_secret(sandbox: &Sandbox, calls: &[String], planted: &str) {
    let started: Vec<&String> = calls.iter().filter(|call| call.starts_with("execve(")).collect();
    let secrets = [sandbox.issued_secrets(), vec![planted.to_owned()]].concat();
    assert!(!started.is_empty());
    assert!(secrets.iter().all(|secret| !started.iter().any(|call| call.contains(secret.as_str()))), "{started:?}");
}

/// Lists accounts under strace; gives back what it saw, without a write and without a bus.
fn writes_nothing(sandbox: &Sandbox, mut home: Home) -> Vec<String> {
    home.set("D365CONN_TENANT_URL", &sandbox.address());
    home.set("CI", "true");
    let finished = Started::of(home.traced("trace=%file,%desc,connect", "accounts list --top 3 -o json")).finish();
    let rows: serde_json::Value = serde_json::from_str(&finished.succeeds()).unwrap();
    assert_eq!(rows.as_array().unwrap().len(), 3);

    let calls = home.calls();
    assert!(
        calls.iter().any(|call| call.starts_with("connect(") && call.contains("sin_port")),
        "strace saw no connection"
    );
    let writes: Vec<&String> = calls.iter().filter(|call| is_write(call)).collect();
    assert_eq!(writes, Vec::<&String>::new());
    let buses: Vec<&String> =
        calls.iter().filter(|call| call.starts_with("connect(") && call.contains("AF_UNIX")).collect();
    assert_eq!(buses, Vec::<&String>::new());
    assert_eq!(home.files(), Vec::new());
    calls
}

#[test]
#[ignore = "needs strace"]
fn the_watch_for_writes_sees_what_a_saved_connection_writes() {
    assert!(is_write(r#"openat(AT_FDCWD, "/home/x/connections.toml", O_WRONLY|O_CREAT|O_CLOEXEC, 0600) = 3"#));
    assert!(is_write(r#"mkdir("/home/x/.config", 0700) = 0"#));
    assert!(is_write(r#"renameat2(AT_FDCWD, "a", AT_FDCWD, "b", 0) = 0"#));
    assert!(!is_write(r#"openat(AT_FDCWD, "/etc/hosts", O_RDONLY|O_CLOEXEC) = 3"#));
    assert!(!is_write(r#"openat(AT_FDCWD, "/dev/null", O_RDWR) = 3"#));
    assert!(!is_write(r#"readlink("/proc/self/exe", "x", 1) = 1"#));
}
