//! Files in and out of notes: names that are no paths, files that are not written over, bytes that stay what they are.

use crate::world::World;

/// A note on an account, with `bytes` in it under `name`.
fn note(world: &World, name: &str, bytes: &[u8]) -> String {
    let account = world.run("accounts list --top 1 -o id").succeeds().trim().to_owned();
    let note = world.run(&format!("accounts add-note {account} --text x")).succeeds().trim().to_owned();
    std::fs::write(world.path("given.bin"), bytes).unwrap();
    let file = world.path("given.bin").display().to_string();
    world.run(&format!("records annotation files upload {note} documentbody {file}")).succeeds();
    let name = serde_json::json!({ "filename": name }).to_string();
    world.run_with_stdin(&format!("records annotation update {note} --data -"), &name).succeeds();
    note
}

#[test]
fn a_file_comes_back_as_it_went() {
    let world = World::connected();
    let bytes: Vec<u8> = (0..=255).cycle().take(300_000).collect();
    let note = note(&world, "a.bin", &bytes);
    let out = world.path("out.bin");
    let line = format!("records annotation files download {note} documentbody {}", out.display());
    assert_eq!(world.run(&line).succeeds().trim(), out.display().to_string());
    assert_eq!(std::fs::read(&out).unwrap(), bytes);
    std::fs::write(&out, "precious").unwrap();
    world.run(&line).fails(2, "paths/file-exists");
    assert_eq!(std::fs::read_to_string(&out).unwrap(), "precious");
    world.run(&format!("{line} --force")).succeeds();
    assert_eq!(std::fs::read(&out).unwrap(), bytes);
}

#[test]
fn a_file_goes_to_standard_output_byte_for_byte() {
    let world = World::connected();
    let note = note(&world, "a.txt", b"hello\r\n\x1b[31m");
    let text = world.run(&format!("records annotation files download {note} documentbody -")).succeeds();
    assert_eq!(text, "hello\r\n\u{1b}[31m");
}

#[test]
fn the_service_s_name_for_a_file_never_leads_anywhere() {
    let world = World::connected();
    let directory = world.path("downloads");
    std::fs::create_dir(&directory).unwrap();
    for (given, kept) in [
        ("../../evil.sh", "evil.sh"),
        ("C:\\Windows\\nul.txt", "_nul.txt"),
        ("invoice\u{202e}fdp.exe.txt", "invoicefdp.exe.txt"),
    ] {
        let note = note(&world, given, b"x");
        let line = format!("records annotation files download {note} documentbody {}", directory.display());
        assert_eq!(world.run(&line).succeeds().trim(), directory.join(kept).display().to_string());
    }
    assert_eq!(std::fs::read_dir(&directory).unwrap().count(), 3);
    assert!(!world.path("evil.sh").exists());
}

#[test]
fn what_keeps_no_file_is_told_apart() {
    let world = World::connected();
    let account = world.run("accounts list --top 1 -o id").succeeds().trim().to_owned();
    let bare = world.run(&format!("accounts add-note {account} --text x")).succeeds().trim().to_owned();
    world.run(&format!("records annotation files download {bare} documentbody -")).fails(3, "dataverse/file-empty");
    world.run(&format!("accounts files download {account} name -")).fails(2, "dataverse/no-files");
    world.run(&format!("records annotation files download {bare} notetext -")).fails(2, "dataverse/no-files");
    world.run("records annotation files download x documentbody -").fails(2, "dataverse/");
    let missing = "00000000-0000-4000-8000-000000000001";
    world.run(&format!("records annotation files download {missing} documentbody -")).fails(3, "0x80040217");
    world
        .run(&format!("records annotation files upload {bare} documentbody no-such-file"))
        .fails(2, "paths/file-missing");
    std::fs::write(world.path("big.bin"), vec![7_u8; 5_242_881]).unwrap();
    let big = world.path("big.bin").display().to_string();
    world
        .run(&format!("records annotation files upload {bare} documentbody {big}"))
        .fails(2, "dataverse/file-too-large");
    world.run("connections set sandbox --read-only true").succeeds();
    let small = world.path("passphrase").display().to_string();
    world.run(&format!("records annotation files upload {bare} documentbody {small}")).fails(5, "dataverse/read-only");
}
