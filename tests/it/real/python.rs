//! Microsoft's own client for Dataverse, from a Python environment with the pinned `python/requirements.txt`, over a token of
//! ours. The scripts are in `python/*.py`; the client is used as it comes, behind TLS because it insists on https.

use std::path::{Path, PathBuf};
use std::process::Command;

use d365conn::sandbox::Sandbox;
use serde_json::Value;

use super::home::{Home, binary};
use super::person::{connect, sandbox};
use super::started::Started;

/// The interpreter that has the client.
fn python() -> PathBuf {
    let python = std::env::var_os("D365CONN_TEST_PYTHON");
    python
        .expect("D365CONN_TEST_PYTHON names a Python with python/requirements.txt installed; .ci/run makes one")
        .into()
}

fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/real/python").join(name)
}

/// A home with a saved connection, where `d365conn` is on the PATH.
fn home(sandbox: &Sandbox) -> Home {
    let mut home = Home::with_passphrase();
    connect(&home, sandbox, "--store file").succeeds();
    let path = format!("{}:{}", binary().parent().unwrap().display(), std::env::var("PATH").unwrap());
    home.set("PATH", &path);
    home
}

/// What the script printed holds the rows that we list ourselves, one page after the other, and what it made.
fn lists_what_we_list(home: &Home, sandbox: &Sandbox, command: Command) {
    let told: Value = serde_json::from_str(&Started::of(command).finish().succeeds()).unwrap();
    let rows: Vec<(String, String)> = serde_json::from_value(told["rows"].clone()).unwrap();
    let ours: Vec<Value> =
        serde_json::from_str(&home.run("accounts list --all --select accountid,name -o json").succeeds()).unwrap();
    let text = |row: &Value, name: &str| row[name].as_str().unwrap_or_default().to_owned();
    let mut ours: Vec<(String, String)> = ours.iter().map(|row| (text(row, "accountid"), text(row, "name"))).collect();
    let mut theirs = rows;
    ours.sort();
    theirs.sort();
    assert!(theirs.len() > 100, "{told}");
    assert_eq!(theirs, ours);
    assert!(told["pages"].as_u64().unwrap() > 5, "{told}");
    assert!(theirs.contains(&(told["made"].as_str().unwrap().to_owned(), "Made by the SDK".to_owned())), "{told}");
    let renewals = sandbox.requests().iter().filter(|request| request.is_token_request()).count();
    assert_eq!(renewals, 1, "the token of the sign-in is good for all of it");
}

#[test]
#[ignore = "needs D365CONN_TEST_PYTHON, a Python with tests/it/real/python/requirements.txt"]
fn microsoft_s_python_client_works_with_tokens_that_a_script_asks_for() {
    let sandbox = sandbox();
    let home = home(&sandbox);
    let mut command = home.program(python());
    command.arg("-B").arg(script("by_token.py")).arg(sandbox.address());
    lists_what_we_list(&home, &sandbox, command);
}

#[test]
#[ignore = "needs D365CONN_TEST_PYTHON, a Python with tests/it/real/python/requirements.txt"]
fn microsoft_s_python_client_works_under_exec() {
    let sandbox = sandbox();
    let home = home(&sandbox);
    let mut command = home.program(binary());
    command.args(["exec", "--"]).arg(python()).arg("-B").arg(script("by_exec.py"));
    lists_what_we_list(&home, &sandbox, command);
}

#[test]
#[ignore = "needs D365CONN_TEST_PYTHON, a Python with tests/it/real/python/requirements.txt"]
fn microsoft_s_python_client_does_a_day_s_work() {
    let sandbox = sandbox();
    let home = home(&sandbox);
    let mut command = home.program(binary());
    command.args(["exec", "--"]).arg(python()).arg("-B").arg(script("work.py"));
    let seen: Value = serde_json::from_str(&Started::of(command).finish().succeeds()).unwrap();
    let expected = serde_json::json!({
        "one": "+45 1",
        "pages": [3, 3, 1],
        "rows": [
            ["SDK many 0", "first"],
            ["SDK many 1", "second"],
            ["SDK many 2", "all"],
            ["SDK many 3", "all"],
            ["SDK many 4", "all"],
            ["SDK one", "upserted"],
            ["SDK upserted", null],
        ],
        "batch": [[200, null], [204, null], [204, null], [204, null], [404, "0x80040217"], [200, null]],
        "failing": [[400, "0x80048d19"]],
        "left": [
            "SDK batch", "SDK many 0", "SDK many 1", "SDK many 2", "SDK many 3", "SDK many 4", "SDK set", "SDK upserted",
        ],
    });
    assert_eq!(seen, expected);
}

#[test]
#[ignore = "needs D365CONN_TEST_PYTHON, a Python with tests/it/real/python/requirements.txt"]
fn what_microsoft_s_python_client_sends_at_once_and_in_pieces_we_fetch_as_it_was() {
    let sandbox = sandbox();
    let home = home(&sandbox);
    let sent: Vec<Vec<u8>> = [1_000, 9_000_001].map(|length| (0..=255_u8).cycle().take(length).collect()).to_vec();
    let files = [home.path("small.pdf"), home.path("large.pdf")];
    for (file, bytes) in files.iter().zip(&sent) {
        std::fs::write(file, bytes).unwrap();
    }
    let mut command = home.program(binary());
    command.args(["exec", "--"]).arg(python()).arg("-B").arg(script("files.py")).args(&files);
    let ids: Vec<String> = serde_json::from_str(&Started::of(command).finish().succeeds()).unwrap();
    for (id, bytes) in ids.iter().zip(&sent) {
        let out = home.path("out.pdf");
        let line = format!("records nl_project files download {id} nl_contract {} --force", out.display());
        home.run(&line).succeeds();
        assert!(std::fs::read(out).unwrap() == *bytes, "other bytes");
    }
}
