//! Files in columns: up and down, at once and in pieces, broken off and gone on with, refused before anything is sent.

use std::path::PathBuf;

use d365conn::sandbox::Fault;

use crate::world::{World, noise as bytes};

const MEBIBYTE: usize = 1024 * 1024;

fn file(world: &World, name: &str, bytes: &[u8]) -> String {
    let path = world.path(name);
    std::fs::write(&path, bytes).unwrap();
    path.display().to_string()
}

/// The paths asked for since `from`, without those for metadata.
fn asked(world: &World, from: usize) -> Vec<String> {
    let requests = world.sandbox.requests().into_iter().skip(from);
    let told = requests.map(|request| {
        let path = request.path.strip_prefix("/api/data/v9.2/").unwrap_or(&request.path).to_owned();
        format!("{} {path}", request.method)
    });
    told.filter(|line| !line.contains("EntityDefinitions") && !line.contains("/token")).collect()
}

fn count(lines: &[String], part: &str) -> usize {
    lines.iter().filter(|line| line.contains(part)).count()
}

fn parts(world: &World) -> Vec<PathBuf> {
    let is_part = |path: &PathBuf| path.extension().is_some_and(|ending| ending == "d365conn-part");
    world.files().into_iter().map(|(path, _)| path).filter(is_part).collect()
}

#[test]
fn a_small_file_goes_up_at_once_comes_down_by_its_name_and_goes_away() {
    let world = World::connected();
    let sent = bytes(300_000);
    let given = file(&world, "Tilbud é.bin", &sent);
    let before = world.sandbox.requests().len();
    world.run(&format!("records nl_project files upload --key nl_code=NLP-004 nl_contract '{given}'")).succeeds();
    assert_eq!(count(&asked(&world, before), "/nl_contract"), 1, "{:?}", asked(&world, before));
    let folder = world.path("down");
    std::fs::create_dir(&folder).unwrap();
    let line = format!("records nl_projects files download --key nl_code=NLP-004 nl_contract {}", folder.display());
    let path = folder.join("Tilbud é.bin");
    assert_eq!(world.run(&line).succeeds().trim(), path.display().to_string());
    assert_eq!(std::fs::read(&path).unwrap(), sent);
    world.run(&line).fails(2, "paths/file-exists");
    world.run(&format!("{line} --force")).succeeds();
    world.run("records nl_project files delete --key nl_code=NLP-004 nl_contract").succeeds();
    let gone = "records nl_project files download --key nl_code=NLP-004 nl_contract -";
    world.run(gone).fails(3, "dataverse/file-empty");
    world.run("records nl_project files delete --key nl_code=NLP-004 nl_contract").fails(3, "dataverse/file-empty");
}

#[test]
fn a_large_file_goes_up_in_blocks_and_comes_down_in_ranges_whatever_breaks() {
    let world = World::connected();
    let sent = bytes(9 * MEBIBYTE + 17);
    let given = file(&world, "large.bin", &sent);
    for fault in [Fault::PieceUnavailable, Fault::LosePiece] {
        world.sandbox.faults().order(fault);
    }
    let before = world.sandbox.requests().len();
    world.run(&format!("records nl_project files upload --key nl_code=NLP-001 nl_contract {given}")).succeeds();
    let lines = asked(&world, before);
    assert_eq!(count(&lines, "InitializeFileBlocksUpload"), 1, "{lines:?}");
    assert_eq!(count(&lines, "UploadBlock"), 5, "three blocks, of which one was missed and one was lost");
    assert_eq!(count(&lines, "CommitFileBlocksUpload"), 1);
    assert!(!world.path("state/uploads").read_dir().unwrap().any(|_| true), "what is over is forgotten");
    world.sandbox.faults().order_times(Fault::CutDownload, 3);
    let out = world.path("out.bin");
    let before = world.sandbox.requests().len();
    let line = format!("records nl_project files download --key nl_code=NLP-001 nl_contract {}", out.display());
    world.run(&line).succeeds();
    assert_eq!(count(&asked(&world, before), "/$value"), 6, "three ranges, cut three times");
    assert!(std::fs::read(&out).unwrap() == sent, "other bytes");
    assert_eq!(parts(&world), [] as [PathBuf; 0]);
}

#[test]
fn a_download_that_broke_off_is_gone_on_with_unless_the_file_is_another_one() {
    let world = World::connected();
    let (first, second) = (bytes(6 * MEBIBYTE), bytes(5 * MEBIBYTE)[1..].to_vec());
    let given = file(&world, "given.bin", &first);
    let upload = format!("records nl_project files upload --key nl_code=NLP-001 nl_contract {given}");
    world.run(&upload).succeeds();
    let out = world.path("out.bin");
    let line = format!("records nl_project files download --key nl_code=NLP-001 nl_contract {}", out.display());
    world.sandbox.faults().order_times(Fault::CutDownload, 5);
    let told = world.run(&line).fails(6, "net/");
    assert!(told.contains("bytes have arrived and are kept"), "{told}");
    assert!(!out.exists() && parts(&world).len() == 1);
    let resumed = world.run(&line);
    assert!(resumed.stderr.contains("going on after 4"), "{}", resumed.stderr);
    resumed.succeeds();
    assert!(std::fs::read(&out).unwrap() == first, "other bytes");
    world.sandbox.faults().order_times(Fault::CutDownload, 5);
    world.run(&format!("{line} --force")).fails(6, "net/");
    std::fs::write(&given, &second).unwrap();
    world.run(&upload).succeeds();
    let anew = world.run(&format!("{line} --force"));
    assert!(!anew.stderr.contains("going on"), "{}", anew.stderr);
    anew.succeeds();
    assert!(std::fs::read(&out).unwrap() == second, "other bytes");
    assert_eq!(parts(&world), [] as [PathBuf; 0]);
}

#[test]
fn an_upload_that_broke_off_is_gone_on_with_unless_the_file_has_changed() {
    let world = World::connected();
    let mut sent = bytes(10 * MEBIBYTE);
    let given = file(&world, "given.bin", &sent);
    let line = format!("records nl_project files upload --key nl_code=NLP-001 nl_contract {given}");
    let fail = || {
        world.sandbox.faults().order_times(Fault::PieceUnavailable, 5);
        let told = world.run(&line).fails(6, "dataverse/");
        assert!(told.contains("4194304 bytes have arrived"), "{told}");
    };
    let go_on = |blocks: usize| {
        let before = world.sandbox.requests().len();
        world.run(&line).succeeds();
        assert_eq!(count(&asked(&world, before), "UploadBlock"), blocks);
    };
    fail();
    let notes = world.path("state/uploads");
    assert_eq!(notes.read_dir().unwrap().count(), 1);
    go_on(2);
    fail();
    sent[5] ^= 1;
    std::fs::write(&given, &sent).unwrap();
    go_on(3);
    assert_eq!(notes.read_dir().unwrap().count(), 0);
    let down = world.path("down.bin");
    world
        .run(&format!("records nl_project files download --key nl_code=NLP-001 nl_contract {}", down.display()))
        .succeeds();
    assert!(std::fs::read(down).unwrap() == sent, "other bytes");
}

#[test]
fn a_large_note_takes_and_gives_its_file_in_blocks() {
    let world = World::connected();
    let sent = bytes(5_000_000);
    let given = file(&world, "scan.bin", &sent);
    let project = world.run("records nl_project list --top 1 -o id").succeeds().trim().to_owned();
    let before = world.sandbox.requests().len();
    let note = world.run(&format!("records nl_project add-note {project} --subject Scan --file {given}")).succeeds();
    assert_eq!(count(&asked(&world, before), "UploadBlock"), 2);
    let note = note.trim();
    let out = world.path("out.bin");
    let line = format!("records annotation files download {note} documentbody {}", out.display());
    world.run(&line).succeeds();
    assert!(std::fs::read(&out).unwrap() == sent, "other bytes");
    let small = file(&world, "small.bin", b"small");
    world.run(&format!("records annotation files upload {note} documentbody {small}")).succeeds();
    let text = world.run(&format!("records annotation files download {note} documentbody -")).succeeds();
    assert_eq!(text, "small");
    world.run(&format!("records annotation files upload {note} documentbody {given}")).succeeds();
    world.run(&format!("{line} --force")).succeeds();
    assert!(std::fs::read(&out).unwrap() == sent, "other bytes");
    world.run(&format!("records annotation files delete {note} documentbody")).succeeds();
    world.run(&format!("records annotation files download {note} documentbody -")).fails(3, "dataverse/file-empty");
}

#[test]
fn a_note_whose_file_broke_off_says_how_to_go_on() {
    let world = World::connected();
    let given = file(&world, "scan.bin", &bytes(5_000_000));
    let account = world.run("accounts list --top 1 -o id").succeeds().trim().to_owned();
    world.sandbox.faults().order_times(Fault::PieceUnavailable, 5);
    let told = world.run(&format!("accounts add-note {account} --file {given}")).fails(6, "dataverse/");
    let note = told.split("the note ").nth(1).and_then(|rest| rest.split(' ').next()).unwrap().to_owned();
    let before = world.sandbox.requests().len();
    world.run(&format!("records annotation files upload {note} documentbody {given}")).succeeds();
    assert_eq!(count(&asked(&world, before), "UploadBlock"), 1, "the other one has arrived before");
}

#[test]
fn a_picture_comes_back_as_it_was_given() {
    let world = World::connected();
    let mut picture = b"\x89PNG\r\n\x1a\n".to_vec();
    picture.extend(bytes(200_000));
    let given = file(&world, "logo.png", &picture);
    let account = "--key accountnumber=NL-0007";
    let download = format!("accounts files download {account} entityimage");
    world.run(&format!("{download} -")).fails(3, "dataverse/file-empty");
    world.run(&format!("accounts files upload {account} entityimage {given}")).succeeds();
    let folder = world.path("down");
    std::fs::create_dir(&folder).unwrap();
    world.run(&format!("{download} {}", folder.display())).succeeds();
    assert!(std::fs::read(folder.join("entityimage.png")).unwrap() == picture, "other bytes");
    world.run(&format!("accounts files delete {account} entityimage")).succeeds();
    world.run(&format!("{download} -")).fails(3, "dataverse/file-empty");
    let text = file(&world, "text.png", b"no picture");
    world
        .run(&format!("accounts files upload {account} entityimage {text}"))
        .fails(1, "dataverse/not-a-picture, 0x80072553");
}

#[test]
fn what_can_not_go_is_refused_before_anything_is_sent() {
    let world = World::connected();
    let small = file(&world, "small.txt", b"small");
    let empty = file(&world, "empty.txt", b"");
    let big = file(&world, "big.bin", &bytes(MEBIBYTE + 1));
    let blocked = file(&world, "large.exe", &bytes(5 * MEBIBYTE));
    let folder = world.path("").display().to_string();
    let before = world.sandbox.requests().len();
    let upload = |what: &str| world.run(&format!("records nl_project files upload --key nl_code=NLP-005 {what}"));
    upload("nl_contract no-such-file").fails(2, "paths/file-missing");
    upload(&format!("nl_contract {empty}")).fails(2, "paths/file-empty");
    upload(&format!("nl_contract {folder}")).fails(2, "paths/file-is-directory");
    let there = format!("records nl_project files download --key nl_code=NLP-001 nl_contract {small}");
    world.run(&there).fails(2, "paths/file-exists");
    let nowhere = format!("records nl_project files download --key nl_code=NLP-001 nl_contract {folder}/none/x");
    world.run(&nowhere).fails(2, "paths/file-unwritable");
    world
        .run(&format!("records nl_project files upload Alder nl_contract {small}"))
        .fails(2, "dataverse/bad-record-id");
    assert_eq!(asked(&world, before), [] as [&str; 0]);
    let told = upload(&format!("nl_name {small}")).fails(2, "dataverse/no-files");
    assert!(told.contains("these do: nl_contract, nl_offer, nl_photo"), "{told}");
    let told = upload(&format!("nl_contrat {small}")).fails(2, "dataverse/column-not-there");
    assert!(told.contains("nl_contract"), "{told}");
    let task = world.run("records task list --top 1 -o id").succeeds();
    let line = format!("records task files upload {} subject {small}", task.trim());
    world.run(&line).fails(2, "dataverse/no-file-columns");
    upload(&format!("nl_offer {big}")).fails(2, "dataverse/file-too-large");
    upload(&format!("nl_contract {blocked}")).fails(2, "dataverse/file-blocked");
    let lines = asked(&world, before);
    assert_eq!(count(&lines, "PATCH") + count(&lines, "Initialize"), 0, "{lines:?}");
    let script = file(&world, "small.exe", b"MZ");
    upload(&format!("nl_contract {script}")).fails(1, "0x80043E09");
    world.run("connections set sandbox --read-only true").succeeds();
    upload(&format!("nl_contract {small}")).fails(5, "dataverse/read-only");
    world.run("records nl_project files delete --key nl_code=NLP-001 nl_contract").fails(5, "dataverse/read-only");
    world.run("records nl_project files download --key nl_code=NLP-001 nl_contract -").succeeds();
}

#[test]
fn a_rehearsal_shows_every_request_and_no_byte() {
    let world = World::connected();
    let small = file(&world, "small.txt", b"seen by nobody");
    let large = file(&world, "large.bin", &bytes(5 * MEBIBYTE));
    let before = world.sandbox.requests().len();
    let upload = |what: &str| {
        world
            .run(&format!("records nl_project files upload --key nl_code=NLP-005 nl_contract {what} --dry-run"))
            .succeeds()
    };
    let shown = upload(&small);
    assert!(shown.contains("/nl_contract\n") && shown.contains("(14 bytes)"), "{shown}");
    assert!(shown.contains("x-ms-file-name: small.txt") && !shown.contains("nobody"), "{shown}");
    let shown = upload(&large);
    for part in ["InitializeFileBlocksUpload", "(4194304 bytes)", "(1048576 bytes)", "CommitFileBlocksUpload"] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    assert!(shown.len() < 10_000, "{}", shown.len());
    let account = world.run("accounts list --top 1 -o id").succeeds();
    let shown = world.run(&format!("accounts add-note {} --file {small} --dry-run", account.trim())).succeeds();
    assert!(shown.contains("(14 bytes)"), "{shown}");
    let outcome = world.run(&format!("accounts add-note {} --file {large} --dry-run -o json -q", account.trim()));
    assert_eq!(outcome.stderr, "");
    let shown: Vec<serde_json::Value> =
        outcome.succeeds().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let urls: Vec<_> = shown.iter().map(|it| it["url"].as_str().unwrap().rsplit('/').next().unwrap()).collect();
    assert_eq!(urls.len(), 5, "{urls:?}");
    assert_eq!(urls[0], "annotations");
    assert!(urls[2].contains("Block") && urls[2] == urls[3], "{urls:?}");
    let id = serde_json::from_str::<serde_json::Value>(shown[0]["body"].as_str().unwrap()).unwrap();
    let id = id["annotationid"].as_str().unwrap();
    assert!(shown[1]["body"].as_str().unwrap().contains(id), "the record created above: {}", shown[1]);
    let shown = world.run("records nl_project files delete --key nl_code=NLP-001 nl_contract --dry-run").succeeds();
    assert!(shown.starts_with("DELETE "), "{shown}");
    let lines = asked(&world, before);
    assert!(lines.iter().all(|line| line.starts_with("GET ")), "{lines:?}");
    // A download changes nothing, so it is no rehearsal.
    assert!(
        world
            .run("records nl_project files download --key nl_code=NLP-001 nl_contract - --dry-run")
            .succeeds()
            .contains("%PDF")
    );
}
