//! `disconnect`: a connection can always be let go, and what can't be removed with it is named.

use crate::world::World;

fn is_saved(world: &World, name: &str) -> bool {
    world.run("connections list -o id").succeeds().lines().any(|line| line == name)
}

#[test]
fn a_store_that_is_damaged_does_not_keep_the_connection() {
    let world = World::connected();
    std::fs::write(world.path("state/secrets.d365"), "not what was written").unwrap();
    let said = world.run("disconnect sandbox").fails(11, "commands/secrets-left");
    assert!(said.contains("`sandbox` is forgotten") && said.contains("myaccount.microsoft.com"), "{said}");
    assert!(!is_saved(&world, "sandbox"));
}

#[test]
fn a_mistyped_passphrase_loses_nothing() {
    let world = World::connected();
    let right = std::fs::read(world.path("passphrase")).unwrap();
    std::fs::write(world.path("passphrase"), "another one").unwrap();
    world.run("disconnect sandbox").fails(11, "store/wrong-passphrase");
    assert!(is_saved(&world, "sandbox"));
    std::fs::write(world.path("passphrase"), right).unwrap();
    world.run("disconnect sandbox").succeeds();
    assert!(!is_saved(&world, "sandbox"));
}

#[test]
fn the_default_is_not_forgotten_because_no_name_was_typed() {
    let world = World::connected().without_terminal();
    let said = world.run("disconnect").fails(2, "output/no-terminal");
    assert!(said.contains("`--yes`") && is_saved(&world, "sandbox"), "{said}");
    world.run("connections rename sandbox first").succeeds();
    let line = "connect --tenant-url {org} --from first --name second --no-default";
    world.run(line).succeeds();
    let said = world.run("disconnect --yes").fails(2, "commands/which-to-forget");
    assert!(said.contains("first, second"), "{said}");
    assert!(is_saved(&world, "first") && is_saved(&world, "second"));
    let outcome = world.run("disconnect first");
    assert!(outcome.stderr.contains("`first` was the default connection, and none is now"), "{}", outcome.stderr);
    assert!(outcome.stderr.contains("`second` is the only one left"), "{}", outcome.stderr);
    // Without a default the only one is meant.
    world.run("accounts list --top 1").succeeds();
    world.run("disconnect --yes").succeeds();
    assert!(!is_saved(&world, "second"));
}

#[test]
fn when_the_default_goes_and_several_stay_nothing_is_guessed() {
    let world = World::connected();
    for name in ["second", "third"] {
        world.run(&format!("connect --tenant-url {{org}} --store file --name {name}")).succeeds();
    }
    let outcome = world.run("disconnect sandbox");
    assert!(outcome.stderr.contains("d365conn connections use NAME"), "{}", outcome.stderr);
    outcome.succeeds();
    let said = world.run("accounts list").fails(2, "store/no-default");
    assert!(said.contains("second, third"), "{said}");
    let outcome = world.run("-c third disconnect");
    assert!(!outcome.stderr.contains("default"), "{}", outcome.stderr);
    outcome.succeeds();
}

#[test]
fn all_are_forgotten_even_if_one_store_keeps_its_secrets() {
    let world = World::connected();
    world.run("connect --tenant-url {org} --store file --name second").succeeds();
    std::fs::write(world.path("state/secrets.d365"), "not what was written").unwrap();
    let said = world.run("disconnect --all --yes").fails(11, "commands/secrets-left");
    assert!(said.contains("`sandbox` is forgotten") && said.contains("`second` is forgotten"), "{said}");
    assert_eq!(world.run("connections list -o id").succeeds(), "");
}

#[test]
fn all_are_kept_when_nobody_can_be_asked() {
    let world = World::connected().without_terminal();
    let said = world.run("disconnect --all").fails(2, "output/no-terminal");
    assert!(said.contains("`--yes`"), "{said}");
    assert!(is_saved(&world, "sandbox"));
}

#[test]
fn the_saved_default_is_not_forgotten_when_the_environment_means_another() {
    let mut world = World::connected();
    let address = world.sandbox.address();
    world.set("D365CONN_TENANT_URL", &address);
    world.set("D365CONN_ACCESS_TOKEN", "x");
    for command in ["disconnect", "reconnect", "connections show"] {
        let said = world.run(command).fails(2, "settings/not-saved");
        assert!(said.contains("d365conn connections list"), "{said}");
    }
    assert!(is_saved(&world, "sandbox"));
    world.run("disconnect sandbox").succeeds();
}

/// The list of connections after something has happened to it, and the world it is in.
fn with_list(change: impl Fn(&str) -> Vec<u8>) -> (World, Vec<u8>) {
    let world = World::connected();
    world.run("connect --tenant-url {org} --store file --name second").succeeds();
    let file = world.path("config/connections.toml");
    let bad = change(&std::fs::read_to_string(&file).unwrap());
    std::fs::write(&file, &bad).unwrap();
    (world, bad)
}

fn list_of(world: &World) -> Vec<u8> {
    std::fs::read(world.path("config/connections.toml")).unwrap()
}

/// Whether the connection still signs in once its list is whole again.
fn signs_in(world: &World, list: &str, name: &str) -> bool {
    std::fs::write(world.path("config/connections.toml"), list).unwrap();
    world.run(&format!("-c {name} accounts list --top 1 -o id")).exit == 0
}

#[test]
fn a_connection_can_be_let_go_from_a_list_that_is_damaged() {
    type Change = fn(&str) -> Vec<u8>;
    let changes: [(&str, Change); 3] = [
        ("text behind it", |good| format!("{good}\nnonsense").into_bytes()),
        ("bytes that are no text", |good| [b"\xff\xfe\n", good.as_bytes()].concat()),
        ("the other entry", |good| good.replacen("tenant_url = \"", "tenant_url = \"nonsense", 1).into_bytes()),
    ];
    for (what, change) in changes {
        let good = std::cell::RefCell::new(String::new());
        let (world, bad) = with_list(|text| {
            text.clone_into(&mut good.borrow_mut());
            change(text)
        });
        let said = world.run("disconnect second").fails(11, "commands/entry-left");
        assert!(said.contains("`second`") && said.contains("connections.toml"), "{what}: {said}");
        assert_eq!(list_of(&world), bad, "{what}: the list was changed");
        assert!(!signs_in(&world, &good.borrow(), "second"), "{what}: its secrets are still there");
        assert!(signs_in(&world, &good.borrow(), "sandbox"), "{what}: the other one lost its secrets");
    }
}

#[test]
fn what_a_later_release_wrote_is_refused_and_nothing_is_touched() {
    let good = std::cell::RefCell::new(String::new());
    let (world, bad) = with_list(|text| {
        text.clone_into(&mut good.borrow_mut());
        text.replace("version = 1", "version = 3").into_bytes()
    });
    for line in ["disconnect second", "disconnect --all --yes"] {
        world.run(line).fails(11, "store/registry-newer");
        assert_eq!(list_of(&world), bad);
    }
    assert!(signs_in(&world, &good.borrow(), "sandbox") && signs_in(&world, &good.borrow(), "second"));
}

#[test]
fn signing_out_of_everything_works_on_a_damaged_list_which_is_kept_aside_and_named() {
    type Change = fn(&str) -> Vec<u8>;
    let changes: [(&str, Change); 4] = [
        ("text behind it", |good| format!("{good}\nnonsense").into_bytes()),
        ("an entry cut off", |good| good[..good.rfind("store = ").unwrap()].into()),
        ("nothing but garbage", |_| b"garbage".to_vec()),
        ("nothing at all", |_| Vec::new()),
    ];
    for (what, change) in changes {
        let good = std::cell::RefCell::new(String::new());
        let (world, bad) = with_list(|text| {
            text.clone_into(&mut good.borrow_mut());
            change(text)
        });
        let outcome = world.run("disconnect --all --yes");
        assert!(outcome.stderr.contains("connections.toml.bad"), "{what}: {}", outcome.stderr);
        outcome.succeeds();
        assert_eq!(std::fs::read(world.path("config/connections.toml.bad")).unwrap(), bad, "{what}");
        assert_eq!(world.run("connections list -o id").succeeds(), "", "{what}");
        assert!(!signs_in(&world, &good.borrow(), "sandbox"), "{what}");
        assert!(!signs_in(&world, &good.borrow(), "second"), "{what}");
    }
}

#[test]
fn a_list_of_which_nothing_is_left_gives_one_way_out() {
    for bad in [&b""[..], b"garbage", &[0; 64]] {
        let (world, _) = with_list(|_| bad.to_vec());
        std::fs::remove_file(world.path("config/connections.toml.previous")).unwrap();
        let secrets = std::fs::read(world.path("state/secrets.d365")).unwrap();
        for line in ["disconnect second", "disconnect --all --yes"] {
            let said = world.run(line).fails(11, "commands/secrets-not-found");
            assert!(said.contains("secrets.d365") && said.contains("connections.toml"), "{said}");
            assert_eq!(said.matches("\n     or ").count(), 0, "more than one way out: {said}");
        }
        assert_eq!(list_of(&world), bad);
        assert_eq!(std::fs::read(world.path("state/secrets.d365")).unwrap(), secrets);
    }
}

#[test]
fn a_name_that_a_damaged_list_does_not_hold_takes_nothing_with_it() {
    let (world, bad) = with_list(|good| format!("{good}\nnonsense").into_bytes());
    world.run("disconnect third").fails(11, "commands/secrets-not-found");
    assert_eq!(list_of(&world), bad);
    let good = String::from_utf8(bad).unwrap().replace("\nnonsense", "");
    assert!(signs_in(&world, &good, "sandbox") && signs_in(&world, &good, "second"));
}
