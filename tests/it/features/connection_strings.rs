//! Connection strings of XRM tooling: those of users sign in as `connect` does, the others are refused with a way out
//! before anything is sent, and nothing of a string is ever shown.

use std::sync::{Arc, Mutex};

use d365conn::sandbox::{DAEMON, OWN_DESKTOP_APP, OWN_WEB_APP};

use crate::world::{Outcome, World};

const IMPORT: &str = "connections import --from connection-string --store file";

fn import(world: &World, more: &str, string: &str) -> Outcome {
    world.run_with_stdin(&format!("{IMPORT} {more}"), &string.replace("{org}", &world.sandbox.address()))
}

fn shown(world: &World) -> serde_json::Value {
    serde_json::from_str(&world.run("connections show -o json").succeeds()).unwrap()
}

/// A world, and the addresses that its browser was sent to.
fn watched() -> (World, Arc<Mutex<Vec<String>>>) {
    let mut world = World::new();
    let opened = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&opened);
    world.seat_hand(move |url| log.lock().unwrap().push(url.to_owned()));
    (world, opened)
}

/// What Entra was asked for.
fn asked(opened: &Mutex<Vec<String>>, name: &str) -> Option<String> {
    let address = url::Url::parse(opened.lock().unwrap().first()?).unwrap();
    address.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

#[test]
fn a_user_signs_in_as_connect_would() {
    let (world, opened) = watched();
    let string = "AuthType=OAuth;Username=ines.moreau@northlight.example;Url={org};AppId=51f81489-12ee-4a9e-aaae-a2591f45987d;\
                  RedirectUri=app://58145B91-0C36-4500-8554-080854F2AC97;TokenCacheStorePath=c:\\cache;LoginPrompt=Auto";
    let outcome = import(&world, "--name northlight", string);
    assert!(outcome.stderr.contains("TokenCacheStorePath"), "{}", outcome.stderr);
    outcome.succeeds();
    let connection = shown(&world);
    assert_eq!((&connection["name"], &connection["app"]), (&"northlight".into(), &"managed".into()));
    assert_eq!(asked(&opened, "login_hint").as_deref(), Some("ines.moreau@northlight.example"));
    assert_eq!(asked(&opened, "prompt"), None);
    world.run("accounts list --top 1 -o id").succeeds();
}

#[test]
fn an_own_app_its_secret_and_the_prompt_are_taken_from_the_string() {
    let (world, opened) = watched();
    let string = format!("AuthType=OAuth;Url={{org}};ClientId={};LoginPrompt=Always", OWN_DESKTOP_APP.client_id);
    import(&world, "", &string).succeeds();
    assert_eq!(shown(&world)["client_id"], OWN_DESKTOP_APP.client_id);
    assert_eq!(asked(&opened, "prompt").as_deref(), Some("login"));

    let world = World::new();
    let string = format!(
        "AuthType=OAuth;Url={{org}};ClientId={};ClientSecret=\"{}\"",
        OWN_WEB_APP.client_id,
        OWN_WEB_APP.secret.unwrap()
    );
    import(&world, "--no-graph", &string).succeeds();
    world.pass(std::time::Duration::from_secs(2 * 60 * 60));
    world.run("accounts list --top 1 -o id").succeeds();
}

#[test]
fn flags_of_the_sign_in_are_those_of_connect() {
    let (world, opened) = watched();
    let string = "AuthType=OAuth;Url={org};Username=ada;LoginPrompt=Never";
    import(&world, "--login-hint ines --prompt consent --response-mode query", string).succeeds();
    assert_eq!(asked(&opened, "login_hint").as_deref(), Some("ines"));
    assert_eq!(asked(&opened, "prompt").as_deref(), Some("consent"));
    let world = World::new().without_terminal();
    import(&world, "", "AuthType=OAuth;Url={org}").fails(2, "commands/nobody-at-the-browser");
    // A bundle needs no sign-in, so its flags are a mistake there.
    world.run("connections import x.bundle --no-browser").fails(2, "--from");
    world.run("connections import").fails(2, "FILE");
}

#[test]
fn a_file_may_hold_the_string_on_several_lines() {
    let world = World::new();
    let string = format!("\u{feff}AuthType=OAuth;\r\n  Url={};\r\n", world.sandbox.address());
    std::fs::write(world.path("crm.txt"), string).unwrap();
    world.run(&format!("{IMPORT} {}", world.path("crm.txt").display())).succeeds();
    world.run("accounts list --top 1 -o id").succeeds();
}

#[test]
fn a_redirect_uri_of_a_window_is_replaced_and_one_of_this_computer_kept() {
    let world = World::new();
    let string = format!("AuthType=OAuth;Url={{org}};ClientId={};RedirectUri=app://window", OWN_DESKTOP_APP.client_id);
    let outcome = import(&world, "", &string);
    assert!(outcome.stderr.contains("http://localhost is used instead"), "{}", outcome.stderr);
    outcome.succeeds();
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let world = World::new();
    let string = format!(
        "AuthType=OAuth;Url={{org}};ClientId={};Secret='{}';ReplyUrl=http://localhost:{port}/callback",
        OWN_WEB_APP.client_id,
        OWN_WEB_APP.secret.unwrap()
    );
    import(&world, "", &string).succeeds();
    assert_eq!(shown(&world)["redirect_uri"], format!("http://localhost:{port}/callback"));
    let said =
        import(&World::new(), "", "AuthType=OAuth;Url={org};RedirectUri=https://contoso.example").fails(2, "auth/");
    assert!(said.contains("https"), "{said}");
}

#[test]
fn a_users_password_is_refused_before_anything_is_sent() {
    for string in [
        "AuthType=Office365;Url={org};Username=ada@contoso.com;Password=hunter2",
        "AuthType=OAuth;Url={org};Username=ada@contoso.com;Password=hunter2",
        "AuthType=AD;Url=http://crm.contoso.local/contoso;Domain=CONTOSO;Username=ada;Password=hunter2",
        "AuthType=IFD;Url=https://contoso.example;Username=ada;Password=hunter2",
    ] {
        let world = World::new();
        let before = world.files();
        let said = import(&world, "", string).fails(2, "settings/connection-string-password");
        assert!(said.contains("multi-factor") && said.contains("WS-Trust"), "{said}");
        assert!(
            said.contains("d365conn connect --tenant-url ") && said.contains("D365CONN_CLIENT_SECRET_FILE"),
            "{said}"
        );
        assert!(!said.contains("hunter2"), "{said}");
        assert!(world.sandbox.requests().is_empty(), "something was sent");
        assert_eq!(world.files(), before);
    }
}

#[test]
fn an_application_is_connected_with_its_secret_which_is_not_shown() {
    let world = World::new();
    let string = format!(
        "AuthType=ClientSecret;Url={{org}};ClientId={};ClientSecret={}",
        DAEMON.client_id,
        DAEMON.secret.unwrap()
    );
    import(&world, "--prompt login", &string).fails(2, "commands/flag-of-another-flow");
    assert!(world.sandbox.requests().is_empty());
    let outcome = import(&world, "", &string);
    assert!(!outcome.stderr.contains(DAEMON.secret.unwrap()), "{}", outcome.stderr);
    outcome.succeeds();
    assert_eq!(shown(&world)["auth"], "secret");
    world.run("accounts list --top 1").succeeds();
}

#[test]
fn an_application_with_a_certificate_of_windows_is_told_what_to_do() {
    let world = World::new();
    let string = format!("AuthType=Certificate;Url={{org}};ClientId={};Thumbprint=0F4C", DAEMON.client_id);
    import(&world, "", &string).fails(2, "settings/connection-string-certificate");
    assert!(world.sandbox.requests().is_empty());
}

#[test]
fn a_string_that_is_none_says_where_and_shows_nothing_of_it() {
    let world = World::new();
    for (string, code, where_it_is) in [
        ("AuthType=OAuth;Url={org};Password=abc;hunter2", "settings/connection-string-unreadable", "part 4"),
        ("AuthType=OAuth;Url={org};Password=abc;hunter2=x", "settings/connection-string-unknown-part", "part 4"),
        ("AuthType=OAuth;Url={org};Server={org}", "settings/connection-string-twice", "part 3"),
        ("AuthType=OAuth;Username=hunter2", "settings/connection-string-incomplete", "`Url`"),
        ("AuthType=hunter2;Url={org}", "settings/connection-string-auth-type", "AuthType"),
        ("AuthType=OAuth;Url=http://contoso.crm.dynamics.com", "tenant/", "https"),
    ] {
        let said = import(&world, "-vv", string).fails(2, code);
        assert!(said.contains(where_it_is) && !said.contains("hunter2"), "{said}");
    }
    world.run_with_stdin(IMPORT, "\n").fails(2, "output/");
    assert!(world.sandbox.requests().is_empty());
}
