//! Every command has examples in its help, and the examples run.

use d365conn::sandbox::{INES, JOB_TOKEN, Provider, Robot};

use super::device::run_beside;
use crate::pair::Pair;
use crate::world::World;

/// The words of every command below `command`, itself included.
fn walk(command: &clap::Command, words: &[String], found: &mut Vec<(Vec<String>, String)>) {
    let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    found.push((words.to_vec(), help));
    for sub in command.get_subcommands().filter(|sub| sub.get_name() != "help") {
        let words = [words, &[sub.get_name().to_owned()]].concat();
        walk(sub, &words, found);
    }
}

fn all() -> Vec<(Vec<String>, String)> {
    let mut root = d365conn::cli::command();
    root.build();
    let mut found = Vec::new();
    walk(&root, &[], &mut found);
    found
}

#[test]
fn every_command_has_an_example() {
    for (words, help) in all() {
        assert!(help.contains("Examples:\n  "), "d365conn {}", words.join(" "));
    }
}

#[test]
fn the_examples_run() {
    let mut lines: Vec<String> = all()
        .into_iter()
        .flat_map(|(_, help)| help.lines().map(str::trim).map(str::to_owned).collect::<Vec<_>>())
        .filter(|line| line.starts_with("d365conn ") || line.contains("| d365conn "))
        .collect();
    lines.sort();
    lines.dedup();
    assert!(lines.len() > 30);
    for line in lines {
        // These stay until somebody ends them, open a real browser, or play everything once more.
        if ["sandbox", "demo", "proxy"].iter().any(|word| line.contains(word)) {
            continue;
        }
        if line.starts_with("d365conn exec ") {
            run_in_a_process(&line);
        } else {
            run_example(&line);
        }
    }
}

/// A bundle of contoso in `world`'s own directory, and no connection of that name any more.
fn pack_contoso(world: &World) {
    let (file, passphrase) = (world.path("contoso.bundle"), world.path("passphrase"));
    let pack = format!(
        "connections export contoso --encrypt -f {} --passphrase-file {}",
        file.display(),
        passphrase.display()
    );
    world.run(&pack).succeeds();
    world.run("disconnect contoso").succeeds();
}

/// What stands for an id in an example, and which records it may be; a longer name comes before one that it ends with.
const PLACEHOLDERS: [(&str, &str, &str); 24] = [
    ("INACTIVE_ACCOUNT_ID", "accounts", "statecode eq 1"),
    ("INACTIVE_CONTACT_ID", "contacts", "statecode eq 1"),
    ("CLOSED_OPPORTUNITY_ID", "opportunities", "statecode ne 0"),
    ("CLOSED_INCIDENT_ID", "incidents", "statecode ne 0"),
    ("CLOSED_TASK_ID", "tasks", "statecode ne 0"),
    ("CLOSED_PHONECALL_ID", "phonecalls", "statecode ne 0"),
    ("CLOSED_APPOINTMENT_ID", "appointments", "statecode eq 1 or statecode eq 2"),
    ("CLOSED_EMAIL_ID", "emails", "statecode ne 0"),
    ("DRAFT_PRODUCT_ID", "products", "statecode ne 0"),
    ("DRAFT_QUOTE_ID", "quotes", "statecode eq 0"),
    ("ACCOUNT_ID", "accounts", "statecode eq 0"),
    ("PRODUCT_ID", "products", "statecode eq 0"),
    ("QUOTE_ID", "quotes", "statecode eq 1"),
    ("ORDER_ID", "orders", "statecode eq 0"),
    ("INVOICE_ID", "invoices", "statecode eq 0"),
    ("CAMPAIGN_ID", "campaigns", "statecode eq 0"),
    ("CONTACT_ID", "contacts", "statecode eq 0"),
    ("LEAD_ID", "leads", "statecode eq 0"),
    ("OPPORTUNITY_ID", "opportunities", "statecode eq 0"),
    ("INCIDENT_ID", "incidents", "statecode eq 0"),
    ("TASK_ID", "tasks", "statecode eq 0"),
    ("PHONECALL_ID", "phonecalls", "statecode eq 0"),
    ("APPOINTMENT_ID", "appointments", "statecode eq 3"),
    ("EMAIL_ID", "emails", "statecode eq 0"),
];

/// What an app proves itself with, where the example says so.
fn stand_by(world: &mut World, line: &str) {
    if line.contains("--certificate ") {
        let pair = Pair::new();
        assert!(world.sandbox.register_certificate(d365conn::sandbox::DAEMON.client_id, pair.certificate.as_bytes()));
        let file = pair.both_in(world, "nightly.pem");
        if line.contains("reconnect") {
            let connect = format!(
                "connect --tenant-url {{org}} --store file --name nightly --auth certificate --client-id {} --certificate {}",
                d365conn::sandbox::DAEMON.client_id,
                file.display()
            );
            world.run(&connect).succeeds();
        }
    }
    if line.contains("--auth federated") {
        let url = Provider::Github.request_url(&world.sandbox.address());
        world.set("ACTIONS_ID_TOKEN_REQUEST_URL", &url);
        world.set("ACTIONS_ID_TOKEN_REQUEST_TOKEN", JOB_TOKEN);
    }
}

fn run_example(line: &str) {
    let is_first = line.contains("connect --tenant-url") && !line.contains("--from");
    let world = if is_first { World::new() } else { World::connected() };
    let mut world = world;
    if line.contains("managed-identity") {
        world.move_to_azure();
    }
    if line.contains("--auth az") {
        #[cfg(not(unix))]
        return;
        #[cfg(unix)]
        world.install_azure_cli().answers(&world.sandbox.azure_cli(d365conn::sandbox::INES));
    }
    if !is_first && line.contains("contoso") {
        world.run("connect --tenant-url {org} --store file --name contoso").succeeds();
    }
    if line.contains("contoso-own") {
        let app = d365conn::sandbox::OWN_WEB_APP;
        let connect = format!(
            "connect --tenant-url {{org}} --store file --name contoso-own --client-id {} --client-secret-stdin",
            app.client_id
        );
        world.run_with_stdin(&connect, app.secret.unwrap()).succeeds();
    }
    stand_by(&mut world, line);
    let is_ours = |command: &&str| command.starts_with("d365conn ");
    let mut command = line.rsplit("| ").find(is_ours).unwrap_or(line).trim_end().to_owned();
    let string = format!("AuthType=OAuth;Url={};", world.sandbox.address());
    let stdin = match line.rsplit_once(" | ") {
        _ if line.ends_with(" < contoso.txt") => string.as_str(),
        Some((before, after)) if before.starts_with("printf") && after.contains("DAEMON_ID") => {
            d365conn::sandbox::DAEMON.secret.unwrap()
        }
        Some((before, _)) if before.starts_with("printf") => d365conn::sandbox::OWN_WEB_APP.secret.unwrap(),
        Some((before, _)) => before.trim_start_matches("echo ").trim_matches('\''),
        None => "",
    };
    if let Some((before, _redirect)) = command.split_once(" > ") {
        command = before.to_owned();
    }
    if let Some((before, _input)) = command.split_once(" < ") {
        command = before.to_owned();
    }
    if command.contains("import contoso.bundle") {
        pack_contoso(&world);
    }
    if command.contains("NOTE_ID") {
        let account = world.run("accounts list --top 1 -o id").succeeds();
        let passphrase = world.path("passphrase").display().to_string();
        let note = world.run(&format!("accounts add-note {} --file {passphrase}", account.trim())).succeeds();
        command = command.replace("NOTE_ID", note.trim());
    }
    if command.contains(" contract.pdf") {
        std::fs::write(world.path("contract.pdf"), "%PDF-1.7").unwrap();
        command = command.replace("contract.pdf", &world.path("contract.pdf").display().to_string());
    }
    if command.contains(" operations.ndjson") {
        let operation =
            "{\"method\": \"PATCH\", \"path\": \"accounts(accountnumber='NL-0007')\", \"body\": {\"fax\": \"1\"}}";
        std::fs::write(world.path("operations.ndjson"), operation).unwrap();
        command = command.replace("operations.ndjson", &world.path("operations.ndjson").display().to_string());
    }
    if command.contains(".bundle") && !command.contains("--passphrase-file") {
        // Nobody types a passphrase here.
        command.push_str(" --passphrase-file passphrase.txt");
    }
    if command.contains("connect --tenant-url") || command.contains("connections import ") {
        command.push_str(" --store file");
    }
    for (file, own) in [
        ("contoso.bundle", "contoso.bundle"),
        ("passphrase.txt", "passphrase"),
        ("renewed.pem", "nightly.pem"),
        (" nightly.pem", "nightly.pem"),
    ] {
        let flag = file.strip_suffix(own).unwrap_or_default();
        command = command.replace(file, &format!("{flag}{}", world.path(own).display()));
    }
    for (placeholder, nouns, filter) in PLACEHOLDERS {
        if command.contains(placeholder) {
            let ids = world.run(&format!("{nouns} list --filter \"{filter}\" --top 2 -o id")).succeeds();
            let mut ids = ids.lines();
            let (first, second) = (ids.next().unwrap(), ids.next().unwrap());
            command = command.replace(&format!("{placeholder}_2"), second).replace(placeholder, first);
        }
    }
    let command = command
        .replace("https://contoso.crm4.dynamics.com", "{org}")
        .replace("contoso.crm4.dynamics.com", "{org}")
        .replace("DAEMON_ID", d365conn::sandbox::DAEMON.client_id)
        .replace("WEB_APP_ID", d365conn::sandbox::OWN_WEB_APP.client_id)
        .replace("APP_ID", d365conn::sandbox::OWN_DESKTOP_APP.client_id);
    let words = command.strip_prefix("d365conn ").unwrap_or_default();
    let outcome = if words.contains("--auth device") {
        run_beside(&world, words, Some(Robot::new(INES)), true)
    } else {
        world.run_with_stdin(words, stdin)
    };
    assert_eq!(outcome.exit, 0, "{line}\nran: {command}\n{}", outcome.stderr);
}

/// What takes the place of its process gets one. Programs in an example are ones that look for their token.
fn run_in_a_process(line: &str) {
    let world = World::new();
    world.run("connect --tenant-url {org} --store file --name contoso").succeeds();
    let programs = world.path("programs");
    std::fs::create_dir(&programs).unwrap();
    for name in ["python3", "d365conn"] {
        seeker(&programs, name);
    }
    let output = world.process(line.strip_prefix("d365conn ").unwrap(), &programs).output().unwrap();
    assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
}

#[cfg(unix)]
fn seeker(directory: &std::path::Path, name: &str) {
    use std::os::unix::fs::PermissionsExt as _;

    let path = directory.join(name);
    std::fs::write(&path, "#!/bin/sh\ntest -n \"$D365CONN_ACCESS_TOKEN\"\n").unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
}

#[cfg(windows)]
fn seeker(directory: &std::path::Path, name: &str) {
    let script = "@if defined D365CONN_ACCESS_TOKEN (exit /b 0) else (exit /b 1)\r\n";
    std::fs::write(directory.join(name).with_extension("cmd"), script).unwrap();
}
