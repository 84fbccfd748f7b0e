//! The npm client dynamics-web-api, from the pinned `node/package-lock.json`, used as it comes over a token of ours.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::home::{Home, binary};
use super::person::{connect, sandbox};
use super::started::Started;

/// The directory that the client is installed in.
fn modules() -> PathBuf {
    let modules = std::env::var_os("D365CONN_TEST_NODE_MODULES");
    modules.expect("D365CONN_TEST_NODE_MODULES names the node_modules of tests/it/real/node; .ci/run makes them").into()
}

#[test]
#[ignore = "needs node, and D365CONN_TEST_NODE_MODULES with tests/it/real/node/package-lock.json installed"]
fn dynamics_web_api_does_a_day_s_work() {
    let sandbox = sandbox();
    let home = Home::with_passphrase();
    connect(&home, &sandbox, "--store file").succeeds();
    let mut command = home.program(binary());
    command.args(["exec", "--", "node"]).arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/real/node/work.cjs"));
    command.env("DYNAMICS_WEB_API", modules().join("dynamics-web-api"));
    command.env("PATH", std::env::var_os("PATH").unwrap());
    let seen: Value = serde_json::from_str(&Started::of(command).finish().succeeds()).unwrap();
    let expected = json!({
        "one": "+45 1",
        "nested": ["First", 2],
        "batch": [4, 1],
        "set": 2,
        "rows": ["DWA batch 0", "DWA batch 1", "DWA batch 2", "DWA one", "DWA set", "DWA two"],
        "many": 2,
        "failing": [400, "0x80048d19"],
        "left": ["DWA batch 0", "DWA batch 1", "DWA batch 2", "DWA many 1", "DWA many 2", "DWA set", "DWA two"],
    });
    assert_eq!(seen, expected);
}

#[test]
#[ignore = "needs node, and D365CONN_TEST_NODE_MODULES with tests/it/real/node/package-lock.json installed"]
fn dynamics_web_api_sends_fetches_and_removes_a_file() {
    let sandbox = sandbox();
    let home = Home::with_passphrase();
    connect(&home, &sandbox, "--store file").succeeds();
    let id = home.run("records nl_project list --top 1 -o id").succeeds();
    let mut command = home.program(binary());
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/real/node/files.cjs");
    command.args(["exec", "--", "node"]).arg(script).arg(id.trim());
    command.env("DYNAMICS_WEB_API", modules().join("dynamics-web-api"));
    command.env("PATH", std::env::var_os("PATH").unwrap());
    let seen: Value = serde_json::from_str(&Started::of(command).finish().succeeds()).unwrap();
    assert_eq!(seen, json!({ "file": ["dwa.bin", 9_000_001, 0], "gone": true, "left": null }));
}
