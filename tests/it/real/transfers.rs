//! Large files on their way: killed in the middle and gone on with, byte for byte, and in little memory. What is refused is not
//! asked here.

use std::path::{Path, PathBuf};

use d365conn::sandbox::Sandbox;
use serde_json::Value;

use super::home::Home;
use super::person::{connect, sandbox};
use super::started::{Started, wait_for};
use crate::world::noise;

const MEBIBYTE: usize = 1024 * 1024;
const UPLOAD: &str = "records nl_project files upload --key nl_code=NLP-001 nl_contract large";
const DOWNLOAD: &str = "records nl_project files download --key nl_code=NLP-001 nl_contract down";

/// A home with a connection and a file of so many bytes.
fn home(sandbox: &Sandbox, length: usize) -> (Home, Vec<u8>) {
    let home = Home::with_light_secrets();
    connect(&home, sandbox, "--store file").succeeds();
    let sent = noise(length);
    std::fs::write(home.path("large"), &sent).unwrap();
    (home, sent)
}

/// The files in a directory whose names end like this.
fn found(directory: &Path, ending: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(directory).into_iter().flatten().flatten().map(|entry| entry.path());
    entries.filter(|path| path.to_string_lossy().ends_with(ending)).collect()
}

fn pieces(sandbox: &Sandbox) -> usize {
    sandbox.requests().iter().filter(|request| request.path.ends_with("/UploadBlock")).count()
}

#[test]
#[ignore = "needs a machine fast enough for many processes"]
fn what_was_killed_on_its_way_goes_on_and_is_the_same_byte_for_byte() {
    let sandbox = sandbox();
    let (home, sent) = home(&sandbox, 40 * MEBIBYTE + 3);
    sandbox.listen();
    let upload = home.start(UPLOAD);
    let notes = home.path("home/.local/state/d365conn/uploads");
    wait_for("two blocks", || {
        let text = std::fs::read_to_string(found(&notes, ".json").first()?).ok()?;
        let note: Value = serde_json::from_str(&text).ok()?;
        (note["blocks"].as_u64()? >= 2).then_some(())
    });
    upload.signal("KILL");
    let _ = upload.finish();
    let before = pieces(&sandbox);
    assert!((2..11).contains(&before), "{before}");
    let requests = sandbox.requests();
    let body = requests.iter().rev().find(|request| request.path.ends_with("/UploadBlock"));
    let body: Value = serde_json::from_slice(&body.unwrap().wire.as_ref().unwrap().body).unwrap();
    let token = body["FileContinuationToken"].as_str().unwrap();
    assert_eq!(home.files_with(&[token]), [] as [PathBuf; 0], "the token of an upload is kept like a secret");
    let rest = home.run(UPLOAD);
    assert!(rest.stderr.contains("going on after"), "{}", rest.stderr);
    let _ = rest.succeeds();
    assert!(pieces(&sandbox) <= 12, "eleven blocks, of which one may have come twice");
    assert_eq!(found(&notes, ".json"), [] as [PathBuf; 0]);

    let download = home.start(DOWNLOAD);
    let folder = home.path("");
    wait_for("some ranges", || {
        let part = found(&folder, ".d365conn-part");
        (std::fs::metadata(part.first()?).ok()?.len() > 6_000_000).then_some(())
    });
    download.signal("KILL");
    let _ = download.finish();
    assert!(!home.path("down").exists(), "half a file never has its name");
    let rest = home.run(DOWNLOAD);
    assert!(rest.stderr.contains("going on after"), "{}", rest.stderr);
    let _ = rest.succeeds();
    assert!(std::fs::read(home.path("down")).unwrap() == sent, "other bytes");
    assert_eq!(found(&folder, ".d365conn-part"), [] as [PathBuf; 0]);
}

/// The most memory that a process had, in KiB, as the kernel counts it.
fn peak(mut started: Started) -> u64 {
    let status = format!("/proc/{}/status", started.id());
    let mut most = 0;
    while !started.has_ended() {
        let text = std::fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or_default();
        most = most.max(line.trim().trim_end_matches(" kB").parse().unwrap_or(0));
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    let _ = started.finish().succeeds();
    most
}

#[test]
#[ignore = "needs a machine fast enough for a hundred megabytes"]
fn a_hundred_megabytes_go_up_and_down_in_little_memory() {
    let sandbox = sandbox();
    let (home, sent) = home(&sandbox, 100_000_000);
    for line in [UPLOAD, DOWNLOAD] {
        let peak = peak(home.start(line));
        assert!(peak > 0 && peak < 80_000, "{line}: {peak} KiB");
    }
    assert!(std::fs::read(home.path("down")).unwrap() == sent, "other bytes");
}
