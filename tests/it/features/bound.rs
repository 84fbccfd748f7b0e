//! Secrets go to nobody but those they were made for, whatever somebody writes into the list of connections; and each way
//! out of that refusal asks for the secrets anew. Files of the first release are judged before they are trusted.

use d365conn::sandbox::{DAEMON, OWN_WEB_APP, Options, Sandbox};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::world::World;

const TWO_HOURS: std::time::Duration = std::time::Duration::from_secs(7200);

fn elsewhere() -> Sandbox {
    Sandbox::start_in_background(Options::default()).unwrap()
}

fn list(world: &World) -> String {
    std::fs::read_to_string(world.path("config/connections.toml")).unwrap()
}

fn write_list(world: &World, text: &str) {
    std::fs::write(world.path("config/connections.toml"), text).unwrap();
}

/// The list with another value for `key`, in every entry that has it; with a new line for one that none has.
fn edited(list: &str, key: &str, value: &str) -> String {
    let is_of = |line: &&str| line.starts_with(&format!("{key} = "));
    if list.lines().any(|line| is_of(&line)) {
        let lines = list.lines().map(|line| if is_of(&line) { format!("{key} = {value}") } else { line.to_owned() });
        return lines.collect::<Vec<_>>().join("\n") + "\n";
    }
    format!("{}\n{key} = {value}\n", list.trim_end())
}

/// What the other sandbox was told of what this one has given out, or of what an app was given.
fn secrets_told(elsewhere: &Sandbox, world: &World) -> Vec<String> {
    let mut secrets = world.sandbox.issued_secrets();
    secrets.extend([OWN_WEB_APP.secret, DAEMON.secret].into_iter().flatten().map(str::to_owned));
    let told = format!("{:?}", elsewhere.requests());
    secrets.into_iter().filter(|secret| told.contains(secret.as_str())).collect()
}

fn web_app(world: &World) {
    let line = format!(
        "connect --tenant-url {{org}} --store file --client-id {} --client-secret-stdin",
        OWN_WEB_APP.client_id
    );
    world.run_with_stdin(&line, OWN_WEB_APP.secret.unwrap()).succeeds();
}

fn daemon(world: &World) {
    let line = format!(
        "connect --tenant-url {{org}} --store file --auth secret --client-id {} --client-secret-stdin",
        DAEMON.client_id
    );
    world.run_with_stdin(&line, DAEMON.secret.unwrap()).succeeds();
}

/// A world in which nobody can be asked any more after the connection was made.
fn connected_without_terminal(connect: fn(&World)) -> World {
    let mut world = World::new();
    connect(&world);
    // Else whoever makes a machine's identity of a connection waits for a machine of Azure's.
    world.move_to_azure();
    world.without_terminal()
}

#[test]
fn an_edited_address_gets_no_request_at_all_and_both_addresses_are_named() {
    type Connect = fn(&World);
    let ways: [(&str, Connect); 3] = [("a user", World::connect), ("a web app", web_app), ("a daemon", daemon)];
    for (who, connect) in ways {
        let world = World::new();
        connect(&world);
        let (good, elsewhere) = (list(&world), elsewhere());
        write_list(&world, &edited(&good, "tenant_url", &format!("\"{}\"", elsewhere.address())));
        // With a good token in the cache, and with one that has to be renewed.
        for _ in 0..2 {
            for line in ["whoami", "accounts list --top 1", "token", "connections check", "api WhoAmI"] {
                let outcome = world.run(line);
                let said = format!("{}{}", outcome.stdout, outcome.stderr);
                let expected = if line == "connections check" { 10 } else { 11 };
                assert_eq!(outcome.exit, expected, "{who}, {line}: {said}");
                assert!(said.contains("store/made-for-another"), "{who}, {line}: {said}");
                assert!(
                    said.contains(&world.sandbox.address()) && said.contains(&elsewhere.address()),
                    "{line}: {said}"
                );
            }
            assert_eq!(elsewhere.requests().len(), 0, "{who}");
            world.pass(TWO_HOURS);
        }
        let doctor = world.run("doctor -o json");
        assert!(doctor.stdout.contains("store/made-for-another"), "{who}: {}", doctor.stdout);
        assert_eq!(elsewhere.requests().len(), 0, "{who}: doctor asked");
        write_list(&world, &good);
        world.run("accounts list --top 1 -o id").succeeds();
    }
}

#[test]
fn a_hundred_edited_lists_send_nothing_to_whom_the_secrets_were_not_made_for() {
    const KEYS: [&str; 18] = [
        "tenant_url",
        "tenant",
        "client_id",
        "id",
        "app",
        "auth",
        "store",
        "user",
        "user_id",
        "organisation_id",
        "tenant_override",
        "redirect_uri",
        "response_mode",
        "no_graph",
        "label",
        "read_only",
        "has_client_secret",
        "name",
    ];
    let elsewhere = elsewhere();
    let worlds = [World::connect as fn(&World), web_app, daemon].map(|connect| {
        let world = connected_without_terminal(connect);
        let good = list(&world);
        world.pass(TWO_HOURS);
        (world, good)
    });
    let address = elsewhere.address();
    let port = address.rsplit(':').next().unwrap().to_owned();
    let guid = "\"9b1f0a52-6c5e-4d7d-8f3b-0a1b2c3d4e5f\"".to_owned();
    let values = move |key: &str| -> Vec<String> {
        let texts = |texts: &[&str]| texts.iter().map(|text| format!("\"{text}\"")).collect();
        match key {
            "tenant_url" => {
                vec![format!("\"{address}\""), format!("\"{address}/\""), format!("\"http://127.0.0.2:{port}\"")]
            }
            "client_id" => {
                vec![guid.clone(), format!("\"{}\"", OWN_WEB_APP.client_id), format!("\"{}\"", DAEMON.client_id)]
            }
            "tenant" | "tenant_override" => {
                vec![
                    guid.clone(),
                    "\"evil.example\"".to_owned(),
                    format!("\"x@127.0.0.1:{port}\""),
                    "\"../../x\"".to_owned(),
                ]
            }
            "app" => texts(&["managed", "own"]),
            // Not those of persons: they would wait for somebody to sign in, and show nothing that is kept.
            "auth" => texts(&["browser", "secret", "az", "managed-identity"]),
            "store" => texts(&["keyring", "file"]),
            "redirect_uri" => vec![format!("\"{address}/callback\""), "\"http://localhost:1\"".to_owned()],
            "response_mode" => texts(&["query", "form-post"]),
            "no_graph" | "read_only" | "has_client_secret" => vec!["true".to_owned(), "false".to_owned()],
            _ => vec![guid.clone(), format!("\"{address}\"")],
        }
    };
    let edit = (0..worlds.len(), prop::sample::select(&KEYS[..]), any::<prop::sample::Index>());
    let mut runner = TestRunner::new(Config { cases: 100, failure_persistence: None, ..Config::default() });
    let outcome = runner.run(&edit, |(world, key, value)| {
        let (world, good) = &worlds[world];
        let value = value.get(&values(key)).clone();
        write_list(world, &edited(good, key, &value));
        let is_bound =
            ["tenant_url", "tenant", "client_id", "id"].contains(&key) && !good.contains(&format!("{key} = {value}\n"));
        let before = world.sandbox.requests().len();
        for line in ["accounts list --top 1 -o id", "reconnect", "connections check --expires-within 1d"] {
            let ended = world.run(line);
            if is_bound {
                prop_assert!(
                    [2, 11].contains(&ended.exit),
                    "{line} with {key} = {value}: {} {}",
                    ended.exit,
                    ended.stderr
                );
            }
        }
        prop_assert_eq!(elsewhere.requests().len(), 0, "{} = {}", key, value);
        if is_bound {
            prop_assert_eq!(world.sandbox.requests().len(), before, "{} = {}", key, value);
        }
        write_list(world, good);
        Ok(())
    });
    assert!(outcome.is_ok(), "{outcome:?}");
}

#[test]
fn a_reconnect_after_such_an_edit_takes_no_kept_secret_along() {
    let world = World::connected();
    let elsewhere = elsewhere();
    write_list(&world, &edited(&list(&world), "tenant_url", &format!("\"{}\"", elsewhere.address())));
    let outcome = world.run("reconnect");
    assert!(outcome.stderr.contains("nothing that is kept is used"), "{}", outcome.stderr);
    assert!(!elsewhere.requests().is_empty(), "nobody signed in there");
    assert_eq!(secrets_told(&elsewhere, &world), Vec::<String>::new());
    if outcome.exit == 0 {
        world.run("whoami").succeeds();
        assert_eq!(secrets_told(&elsewhere, &world), Vec::<String>::new());
    }
}

#[test]
fn the_secret_of_an_app_is_asked_for_anew_after_such_an_edit() {
    type Connect = fn(&World);
    for connect in [web_app as Connect, daemon] {
        let world = World::new();
        connect(&world);
        let world = world.without_terminal();
        let elsewhere = elsewhere();
        write_list(&world, &edited(&list(&world), "tenant_url", &format!("\"{}\"", elsewhere.address())));
        let said = world.run("reconnect").fails(11, "store/made-for-another");
        assert!(said.contains("--client-secret-stdin"), "{said}");
        assert_eq!(elsewhere.requests().len(), 0);
    }
    let world = World::new();
    daemon(&world);
    let elsewhere = elsewhere();
    write_list(&world, &edited(&list(&world), "tenant_url", &format!("\"{}\"", elsewhere.address())));
    world.run_with_stdin("reconnect --client-secret-stdin", DAEMON.secret.unwrap()).succeeds();
    world.run("accounts list --top 1 -o id").succeeds();
    assert!(!elsewhere.requests().is_empty());
}

#[test]
fn a_kept_secret_is_shown_to_no_other_tenant_by_a_reconnect() {
    let world = World::new();
    daemon(&world);
    let good = list(&world);
    let before = world.sandbox.requests().iter().filter(|request| request.is_token_request()).count();
    write_list(&world, &edited(&good, "tenant_override", "\"evil.example\""));
    world.run("reconnect").fails(11, "session/other-tenant");
    let after = world.sandbox.requests().iter().filter(|request| request.is_token_request()).count();
    assert_eq!(before, after);
}

#[test]
fn neither_a_bundle_nor_another_connection_is_a_way_round() {
    let world = World::connected();
    let elsewhere = elsewhere();
    write_list(&world, &edited(&list(&world), "tenant_url", &format!("\"{}\"", elsewhere.address())));
    let passphrase = world.path("passphrase").display().to_string();
    let export = format!("connections export sandbox --encrypt --passphrase-file {passphrase}");
    world.run(&export).fails(11, "store/made-for-another");
    let from = format!("connect --name other --store file --from sandbox --tenant-url {}", elsewhere.address());
    world.run(&from).fails(11, "store/made-for-another");
    world.run("connections set sandbox --store keyring").fails(11, "store/made-for-another");
    assert_eq!(elsewhere.requests().len(), 0);
}

#[test]
fn two_connections_can_t_exchange_their_ids() {
    let world = World::connected();
    world.run("connect --tenant-url {org} --store file --name second").succeeds();
    let good = list(&world);
    let ids: Vec<&str> = good.lines().filter_map(|line| line.strip_prefix("id = ")).collect();
    let (first, second) = (ids[0], ids[1]);
    // An id that is nobody's leads to no secrets; one that is another's is another's even where all else is alike.
    write_list(&world, &good.replace(first, "\"9b1f0a52-6c5e-4d7d-8f3b-0a1b2c3d4e5f\""));
    world.run("-c sandbox accounts list --top 1").fails(11, "session/secrets-gone");
    let swapped = good.replace(first, "FIRST").replace(second, first).replace("FIRST", second);
    let elsewhere = elsewhere();
    let at = swapped.find(&format!("id = {first}")).unwrap();
    let (before, after) = swapped.split_at(at);
    let address = format!("tenant_url = \"{}\"", world.sandbox.address());
    write_list(
        &world,
        &format!("{before}{}", after.replacen(&address, &format!("tenant_url = \"{}\"", elsewhere.address()), 1)),
    );
    world.run("-c second accounts list --top 1").fails(11, "store/made-for-another");
    assert_eq!(elsewhere.requests().len(), 0);
}

/// A world with the files that the first release left, whose sandbox was at this address.
fn first_release() -> World {
    let world = World::untouched();
    let put = |name: &str, bytes: &[u8]| d365conn::paths::write_own(&world.path(name), bytes).unwrap();
    put("config/connections.toml", include_bytes!("../../data/first-release/connections.toml"));
    put("state/secrets.d365", include_bytes!("../../data/first-release/secrets.d365"));
    world
}

/// Packs the connection, which reads all of its secrets and asks nobody.
fn pack(world: &World, name: &str) -> crate::world::Outcome {
    let passphrase = world.path("passphrase").display().to_string();
    world.run(&format!("connections export {name} --encrypt --passphrase-file {passphrase}"))
}

#[test]
fn what_the_first_release_kept_is_read_and_bound_from_then_on() {
    let world = first_release();
    let first = pack(&world, "nightly");
    assert!(!first.stderr.contains("older release"), "{}", first.stderr);
    first.succeeds();
    // Its token told what it was made for; now the record does, and an edited list is seen without any token.
    let good = list(&world);
    write_list(&world, &edited(&good, "tenant", "\"contoso.onmicrosoft.com\""));
    pack(&world, "nightly").fails(11, "store/made-for-another");
    write_list(&world, &good);
    pack(&world, "nightly").succeeds();
    assert_eq!(std::fs::read(world.path("state/secrets.d365")).unwrap()[8], 2, "it is not in the present form");
}

#[test]
fn what_the_first_release_kept_is_judged_by_its_token_where_the_list_was_edited_before() {
    let other = "\"9b1f0a52-6c5e-4d7d-8f3b-0a1b2c3d4e5f\"";
    for (key, value) in [("tenant_url", "\"http://127.0.0.1:18366\""), ("tenant", other), ("client_id", other)] {
        let world = first_release();
        write_list(&world, &edited(&list(&world), key, value));
        let said = pack(&world, "nightly").fails(11, "store/made-for-another");
        assert!(said.contains(value.trim_matches('"')), "{said}");
    }
}

#[test]
fn where_no_token_of_the_first_release_tells_one_line_says_that_the_list_was_believed() {
    let world = first_release();
    let first = pack(&world, "moved");
    assert_eq!(first.stderr.matches("an older release kept the secrets of `moved`").count(), 1, "{}", first.stderr);
    first.succeeds();
    let second = pack(&world, "moved");
    assert!(!second.stderr.contains("older release"), "{}", second.stderr);
    second.succeeds();
    write_list(&world, &edited(&list(&world), "tenant_url", "\"http://127.0.0.1:18366\""));
    pack(&world, "moved").fails(11, "store/made-for-another");
}
